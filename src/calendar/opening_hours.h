#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "calendar/errc.h"
#include "calendar/zone.h"

namespace escucha::calendar {

inline constexpr std::size_t kMaxIntervalsPerDay = 8;
inline constexpr std::size_t kMaxDays = 2000;  ///< Special days, and as many holidays.
/// How far `next_opening` and `closes_at` look.
inline constexpr std::chrono::days kSearchDays{400};

/// Open from `opens` until just before `closes`, in minutes of the local day. One that closes at or
/// before its opening ends on the next date and belongs to the one on which it began: 22:00-06:00
/// of a Friday is Friday's. 00:00-24:00 is the whole day.
struct Interval {
    std::chrono::minutes opens{};   ///< 0 to 1439
    std::chrono::minutes closes{};  ///< 0 to 1440
    bool operator==(const Interval&) const = default;
};

/// Replaces the week's hours on its date and wins over a holiday. No hours: closed.
struct SpecialDay {
    LocalDate date;
    std::vector<Interval> hours;
    std::string name;
    bool operator==(const SpecialDay&) const = default;
};

/// Closed, unless a special day says otherwise. A shift of the day before still ends at its hour.
struct Holiday {
    LocalDate date;
    std::string name;
    bool operator==(const Holiday&) const = default;
};

struct CalendarConfig {
    std::string zone;
    std::array<std::vector<Interval>, 7> week;  ///< Monday first.
    std::vector<SpecialDay> special_days;
    std::vector<Holiday> holidays;
    bool operator==(const CalendarConfig&) const = default;
};

/// Opening hours in a time zone. Immutable, any thread. Where the clock repeats an hour, an opening
/// in it is the first one and a closing in it the last; where the clock jumps, both are the jump.
class OpeningHours {
public:
    /// Errors: UnknownZone, InvalidHours.
    static Result<OpeningHours> make(CalendarConfig config);

    [[nodiscard]] bool is_open(WallTime time) const;
    /// The first instant from `time` on that is open: `time` itself when it is. nullopt when there
    /// is none within kSearchDays.
    [[nodiscard]] std::optional<WallTime> next_opening(WallTime time) const;
    /// The first instant from `time` on that is closed; nullopt when there is none within
    /// kSearchDays.
    [[nodiscard]] std::optional<WallTime> closes_at(WallTime time) const;
    /// The holiday or special day on the local date of `time`, for an honest sentence; or empty.
    [[nodiscard]] std::string_view day_name(WallTime time) const;

    [[nodiscard]] const CalendarConfig& config() const { return config_; }
    [[nodiscard]] const Zone& zone() const { return zone_; }

private:
    struct Spell {
        WallTime from, until;
    };
    OpeningHours(CalendarConfig config, Zone zone);
    [[nodiscard]] const std::vector<Interval>& hours_of(LocalDate date) const;
    [[nodiscard]] std::optional<Spell> spell_at(WallTime time) const;
    [[nodiscard]] Spell spell_of(LocalDate date, Interval interval) const;

    CalendarConfig config_;  // Days sorted by date.
    Zone zone_;
};

/// The stored form: {"zone":"Europe/Madrid","week":{"mon":["09:00-14:00","16:00-19:30"],...},
/// "special_days":[{"date":"2026-12-24","hours":["09:00-13:00"],"name":"Nochebuena"}],
/// "holidays":[{"date":"2026-12-25","name":"Navidad"}]}. Unknown keys are refused.
/// Errors: InvalidJson; those of `OpeningHours::make`.
Result<OpeningHours> decode_opening_hours(std::string_view json);
std::string encode(const CalendarConfig& config);

}  // namespace escucha::calendar
