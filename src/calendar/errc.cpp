#include "calendar/errc.h"

namespace escucha::calendar {

namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "escucha.calendar"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::UnknownZone:
                return "unknown time zone";
            case Errc::InvalidHours:
                return "invalid opening hours";
            case Errc::InvalidJson:
                return "not a stored calendar";
            case Errc::StaleZoneData:
                return "the time zone data give wrong answers";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& calendar_category() {
    static const Category category;
    return category;
}

}  // namespace escucha::calendar
