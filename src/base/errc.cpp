#include "base/errc.h"

namespace escucha {

namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "escucha"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::InvalidArgument: return "invalid argument";
            case Errc::TooLarge: return "too large";
            case Errc::NotFound: return "not found";
            case Errc::Conflict: return "not possible in the present state";
            case Errc::Forbidden: return "forbidden";
            case Errc::Timeout: return "timed out";
            case Errc::Unavailable: return "unavailable";
            case Errc::Io: return "input/output error";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& base_category() {
    static const Category category;
    return category;
}

}  // namespace escucha
