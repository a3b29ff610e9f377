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
                return "a password has 8 to 256 bytes";
            case Errc::NoMemory:
                return "not enough memory to check a password";
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
