#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace escucha::calendar {

using LocalDate = std::chrono::year_month_day;

/// A wall-clock reading in some zone, for speech and pages.
struct LocalParts {
    LocalDate date;
    std::chrono::weekday weekday;
    unsigned hour = 0;    ///< 0 to 23
    unsigned minute = 0;  ///< 0 to 59
    unsigned second = 0;
    std::chrono::seconds utc_offset{};  ///< East of Greenwich is positive.
};

/// An IANA zone ("America/Bogota"). Cheap to copy; lives for ever. Any thread.
class Zone {
public:
    /// Error: `UnknownZone`.
    static Result<Zone> find(std::string_view name);

    [[nodiscard]] LocalParts to_local(WallTime time) const;

    /// For a reading that the clock shows twice.
    enum class Repeated { First, Last };
    /// The instant at which the clock shows `minute_of_day` (0 to 2880: past 1440 is the next
    /// date) on `date`. A reading that the clock skips is the instant of the jump.
    [[nodiscard]] WallTime to_utc(LocalDate date,
                                  std::chrono::minutes minute_of_day,
                                  Repeated repeated) const;

    [[nodiscard]] std::string_view name() const;

private:
    explicit Zone(const void* zone) : zone_{zone} {}
    const void* zone_;
};

/// `Zone::find(zone)` and `to_local` in one.
Result<LocalParts> to_local_parts(WallTime time, std::string_view zone);

/// Known transitions of Madrid, Mexico City, Bogotá, Santiago, Buenos Aires and New York, to be run
/// at start: the library ignores the rule at the end of a zone file, so slim files and years after
/// 2037 would silently lose summer time. Error: `StaleZoneData`, naming the first wrong one.
Result<void> self_test();

}  // namespace escucha::calendar
