#include "cases/errc.h"

namespace escucha::cases {

namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "escucha.cases"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::ReferenceLength:
                return "a reference has 8 to 10 digits";
            case Errc::ReferenceCharacter:
                return "a reference has only digits";
            case Errc::ReferenceCheckDigit:
                return "the check digit does not match";
            case Errc::ReferencesExhausted:
                return "no references left";
            case Errc::IllegalTransition:
                return "the status does not lead there";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& cases_category() {
    static const Category category;
    return category;
}

}  // namespace escucha::cases
