#include "identity/errc.h"

#include <string>

namespace escucha::identity {
namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "identity"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::WrongCredentials:
                return "wrong user or password";
            case Errc::Locked:
                return "too many wrong passwords";
            case Errc::NoSession:
                return "not signed in";
            case Errc::WrongCsrfToken:
                return "wrong CSRF token";
            case Errc::WeakPassword:
                return "not a password that can be taken";
            case Errc::NoMemory:
                return "not enough memory to check a password";
            case Errc::SecondFactorRequired:
                return "a code of the second factor is required";
            case Errc::WrongSecondFactor:
                return "wrong code of the second factor";
            case Errc::SecondFactorState:
                return "the second factor is set up already, or not at all";
            case Errc::OpenKeyFile:
                return "the account key file may be read by others; make it mode 0600";
            case Errc::BadKeyFile:
                return "not an account key file";
            case Errc::UnknownKey:
                return "the account key file does not hold the key of this secret";
            case Errc::Damaged:
                return "a sealed secret was changed";
        }
        return "unknown";
    }
};

}  // namespace

const std::error_category& identity_category() {
    static const Category category;
    return category;
}

}  // namespace escucha::identity
