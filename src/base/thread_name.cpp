#include "base/thread_name.h"

#include <pthread.h>

#include "base/check.h"

namespace escucha {

void name_this_thread(const char* name) {
    ESC_CHECK(::pthread_setname_np(::pthread_self(), name) == 0);
}

}  // namespace escucha
