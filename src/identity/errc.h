#pragma once

#include <system_error>

namespace escucha::identity {

enum class Errc {
    WrongCredentials = 1,  ///< No such login, inactive, or wrong password: never says which.
    Locked,                ///< Too many wrong passwords; the detail is the whole seconds to wait.
    NoSession,             ///< No such session, expired, or its user is no longer active.
    WrongCsrfToken,
    WeakPassword,  ///< Not one we hash; chosen by a person, the detail is a PasswordFault's word.
    NoMemory,      ///< Argon2id could not get its 64 MiB.
    SecondFactorRequired,  ///< The password is right; a code is missing.
    WrongSecondFactor,     ///< The password is right; the code is not, or was used before.
    SecondFactorState,     ///< There is one already, or none.
    OpenKeyFile,           ///< Others than its owner may read the key file.
    BadKeyFile,
    UnknownKey,  ///< Sealed with a key that the key file does not hold.
    Damaged,     ///< A sealed value was changed or moved.
};

const std::error_category& identity_category();
inline std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), identity_category()};
}

}  // namespace escucha::identity

template <>
struct std::is_error_code_enum<escucha::identity::Errc> : std::true_type {};
