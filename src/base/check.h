#pragma once

/// Core invariants. Stays on in release: a restart is rehearsed, a wrong history is not.
/// Never guards input from a peer, a user, a file or a clock; those get a Result.
#define ESC_CHECK(condition)                                                      \
    (static_cast<bool>(condition) ? static_cast<void>(0)                          \
                                  : ::escucha::check_failed(#condition, __FILE__, __LINE__))

namespace escucha {

/// Writes the broken invariant to standard error and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace escucha
