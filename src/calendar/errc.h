#pragma once

#include <system_error>

namespace escucha::calendar {

enum class Errc {
    UnknownZone = 1,  ///< Not in the system's zone files.
    InvalidHours,     ///< An interval, date or count is out of range; the detail says which.
    InvalidJson,      ///< The detail names the place.
    StaleZoneData,    ///< The zone files or their reader give wrong answers; the detail says where.
};

const std::error_category& calendar_category();
inline std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), calendar_category()};
}

}  // namespace escucha::calendar

template <>
struct std::is_error_code_enum<escucha::calendar::Errc> : std::true_type {};
