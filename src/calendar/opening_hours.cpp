#include "calendar/opening_hours.h"

#include <algorithm>

namespace escucha::calendar {

namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::sys_days;

constexpr minutes kDay{24 * 60};

LocalDate plus(LocalDate date, days count) { return LocalDate{sys_days{date} + count}; }

bool is_valid(Interval interval) {
    return interval.opens >= minutes{0} && interval.opens < kDay && interval.closes >= minutes{0} &&
           interval.closes <= kDay;
}

Result<void> check_hours(const std::vector<Interval>& hours, const std::string& where) {
    if (hours.size() > kMaxIntervalsPerDay) {
        return fail(Errc::InvalidHours, where + ": too many intervals");
    }
    for (const Interval interval : hours) {
        if (!is_valid(interval)) return fail(Errc::InvalidHours, where + ": time out of range");
    }
    return ok();
}

/// Sorts by date and refuses impossible dates, doubles and too many.
template <typename Day>
Result<void> check_days(std::vector<Day>& list, const std::string& where) {
    if (list.size() > kMaxDays) return fail(Errc::InvalidHours, where + ": too many days");
    for (const Day& day : list) {
        if (!day.date.ok()) return fail(Errc::InvalidHours, where + ": no such date");
    }
    std::ranges::sort(list, {}, &Day::date);
    const auto twice = std::ranges::adjacent_find(list, {}, &Day::date);
    if (twice != list.end()) return fail(Errc::InvalidHours, where + ": a date twice");
    return ok();
}

template <typename Day>
const Day* find_day(const std::vector<Day>& list, LocalDate date) {
    const auto it = std::ranges::lower_bound(list, date, {}, &Day::date);
    return it != list.end() && it->date == date ? &*it : nullptr;
}

}  // namespace

Result<OpeningHours> OpeningHours::make(CalendarConfig config) {
    ESC_TRY(const Zone zone, Zone::find(config.zone));
    for (std::size_t day = 0; day < config.week.size(); ++day) {
        ESC_TRY(check_hours(config.week[day], "week/" + std::to_string(day)));
    }
    ESC_TRY(check_days(config.special_days, "special_days"));
    ESC_TRY(check_days(config.holidays, "holidays"));
    for (std::size_t i = 0; i < config.special_days.size(); ++i) {
        ESC_TRY(check_hours(config.special_days[i].hours, "special_days/" + std::to_string(i)));
    }
    return OpeningHours{std::move(config), zone};
}

OpeningHours::OpeningHours(CalendarConfig config, Zone zone)
    : config_{std::move(config)}, zone_{zone} {}

const std::vector<Interval>& OpeningHours::hours_of(LocalDate date) const {
    static const std::vector<Interval> kClosed;
    if (const SpecialDay* special = find_day(config_.special_days, date)) return special->hours;
    if (find_day(config_.holidays, date) != nullptr) return kClosed;
    return config_.week[std::chrono::weekday{sys_days{date}}.iso_encoding() - 1];
}

OpeningHours::Spell OpeningHours::spell_of(LocalDate date, Interval interval) const {
    const bool is_overnight = interval.closes <= interval.opens;
    const minutes closes = is_overnight ? interval.closes + kDay : interval.closes;
    return {.from = zone_.to_utc(date, interval.opens, Zone::Repeated::First),
            .until = zone_.to_utc(date, closes, Zone::Repeated::Last)};
}

// Looks at the date of `time` and the one before, whose night may still last. Of several spells
// that hold `time` the one that ends last.
std::optional<OpeningHours::Spell> OpeningHours::spell_at(WallTime time) const {
    const LocalDate today = zone_.to_local(time).date;
    std::optional<Spell> found;
    for (const LocalDate date : {plus(today, days{-1}), today}) {
        for (const Interval interval : hours_of(date)) {
            const Spell spell = spell_of(date, interval);
            if (time < spell.from || time >= spell.until) continue;
            if (!found || spell.until > found->until) found = spell;
        }
    }
    return found;
}

bool OpeningHours::is_open(WallTime time) const { return spell_at(time).has_value(); }

std::optional<WallTime> OpeningHours::next_opening(WallTime time) const {
    if (is_open(time)) return time;
    const LocalDate today = zone_.to_local(time).date;
    for (days ahead{0}; ahead <= kSearchDays; ++ahead) {
        std::optional<WallTime> first;
        const LocalDate date = plus(today, ahead);
        for (const Interval interval : hours_of(date)) {
            const Spell spell = spell_of(date, interval);
            // A jump of the clock may have swallowed it whole.
            if (spell.from < time || spell.until <= spell.from) continue;
            if (!first || spell.from < *first) first = spell.from;
        }
        if (first) return first;
    }
    return std::nullopt;
}

std::optional<WallTime> OpeningHours::closes_at(WallTime time) const {
    const WallTime limit = time + kSearchDays;
    while (time <= limit) {
        const auto spell = spell_at(time);
        if (!spell) return time;
        time = spell->until;
    }
    return std::nullopt;
}

std::string_view OpeningHours::day_name(WallTime time) const {
    const LocalDate date = zone_.to_local(time).date;
    if (const SpecialDay* special = find_day(config_.special_days, date)) return special->name;
    if (const Holiday* holiday = find_day(config_.holidays, date)) return holiday->name;
    return {};
}

}  // namespace escucha::calendar
