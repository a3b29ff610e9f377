#include "sip/errc.h"

#include <string>

namespace escucha::sip {

namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "sip"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::UnknownLeg:
                return "unknown leg";
            case Errc::WrongState:
                return "the leg is in another state";
            case Errc::NotRegistered:
                return "the phone is not registered";
            case Errc::Overloaded:
                return "a limit is reached";
            case Errc::UnknownTrunk:
                return "the trunk has no account";
            case Errc::Malformed:
                return "malformed";
        }
        return "unknown sip error";
    }
};

}  // namespace

const std::error_category& sip_category() {
    static const Category category;
    return category;
}

}  // namespace escucha::sip
