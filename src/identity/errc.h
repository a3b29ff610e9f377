#pragma once

#include <system_error>

namespace escucha::identity {

enum class Errc {
    WrongCredentials = 1,  ///< No such login, inactive, or wrong password: never says which.
    Locked,                ///< Too many wrong passwords; the detail is the whole seconds to wait.
    NoSession,             ///< No such session, expired, or its user is no longer active.
    WrongCsrfToken,
    WeakPassword,  ///< Shorter than `kMinPasswordLength` or longer than the maximum.
    NoMemory,      ///< Argon2id could not get its 64 MiB.
};

const std::error_category& identity_category();
inline std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), identity_category()};
}

}  // namespace escucha::identity

template <>
struct std::is_error_code_enum<escucha::identity::Errc> : std::true_type {};
