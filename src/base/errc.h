#pragma once

#include <system_error>

namespace escucha {

/// Failures any folder may meet at its border. Folders with their own have their own errc.h.
enum class Errc {
    InvalidArgument = 1,  ///< Malformed input; the detail says which.
    TooLarge,             ///< Over a named limit.
    NotFound,
    Conflict,     ///< The thing is not in a state that allows this.
    Forbidden,
    Timeout,
    Unavailable,  ///< A part that is needed is down or overloaded.
    Io,           ///< The operating system refused; the detail says what.
};

const std::error_category& base_category();
inline std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), base_category()};
}

}  // namespace escucha

template <>
struct std::is_error_code_enum<escucha::Errc> : std::true_type {};
