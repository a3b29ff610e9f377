#pragma once

namespace escucha {

/// Names the calling thread, at most 15 bytes, for who looks at the process with `top -H` or `perf`.
void name_this_thread(const char* name);

}  // namespace escucha
