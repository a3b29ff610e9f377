// The only file that includes Howard Hinnant's date-tz. Its to_sys() throws on gaps and on repeated
// hours, so readings are always resolved with get_info().

#include "calendar/zone.h"

#include <array>

#include <date/tz.h>

#include "base/check.h"
#include "calendar/errc.h"

namespace escucha::calendar {

namespace {

using Seconds = std::chrono::seconds;

const date::time_zone& tz(const void* zone) { return *static_cast<const date::time_zone*>(zone); }

struct KnownOffset {
    std::string_view zone;
    std::int64_t utc_s;  ///< Seconds since 1970.
    Seconds offset;
};

constexpr Seconds hours(int count) { return std::chrono::hours{count}; }

// Each pair brackets a transition by one second; the last of Madrid is near the end of what fat
// zone files list, the zones without summer time have lost theirs in the last years.
constexpr std::array kKnown{
    KnownOffset{"Europe/Madrid", 1'774'745'999, hours(1)},  // 2026-03-29T00:59:59Z
    KnownOffset{"Europe/Madrid", 1'774'746'000, hours(2)},
    KnownOffset{"Europe/Madrid", 1'792'889'999, hours(2)},  // 2026-10-25T00:59:59Z
    KnownOffset{"Europe/Madrid", 1'792'890'000, hours(1)},
    KnownOffset{"Europe/Madrid", 2'098'483'200, hours(2)},         // 2036-07-01
    KnownOffset{"America/Mexico_City", 1'782'864'000, hours(-6)},  // 2026-07-01
    KnownOffset{"America/Mexico_City", 1'656'633'600, hours(-5)},  // 2022-07-01
    KnownOffset{"America/Bogota", 1'782'864'000, hours(-5)},
    KnownOffset{"America/Santiago", 1'775'357'999, hours(-3)},  // 2026-04-05T02:59:59Z
    KnownOffset{"America/Santiago", 1'775'358'000, hours(-4)},
    KnownOffset{"America/Santiago", 1'788'667'199, hours(-4)},  // 2026-09-06T03:59:59Z
    KnownOffset{"America/Santiago", 1'788'667'200, hours(-3)},
    KnownOffset{"America/Argentina/Buenos_Aires", 1'782'864'000, hours(-3)},
    KnownOffset{"America/New_York", 1'772'953'199, hours(-5)},  // 2026-03-08T06:59:59Z
    KnownOffset{"America/New_York", 1'772'953'200, hours(-4)},
};

}  // namespace

Result<Zone> Zone::find(std::string_view name) {
    try {
        return Zone{date::locate_zone(name)};
    } catch (const std::exception&) {
        return fail(Errc::UnknownZone, std::string{name.substr(0, 64)});
    }
}

std::string_view Zone::name() const { return tz(zone_).name(); }

LocalParts Zone::to_local(WallTime time) const {
    const auto utc = date::floor<Seconds>(time);
    const date::sys_info info = tz(zone_).get_info(utc);
    const auto local = utc + info.offset;
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::hh_mm_ss clock{local - day};
    return {.date = LocalDate{day},
            .weekday = std::chrono::weekday{day},
            .hour = static_cast<unsigned>(clock.hours().count()),
            .minute = static_cast<unsigned>(clock.minutes().count()),
            .second = static_cast<unsigned>(clock.seconds().count()),
            .utc_offset = info.offset};
}

WallTime Zone::to_utc(LocalDate date, std::chrono::minutes minute_of_day, Repeated repeated) const {
    ESC_CHECK(date.ok());
    const auto reading = std::chrono::sys_days{date}.time_since_epoch() + minute_of_day;
    const date::local_info info = tz(zone_).get_info(date::local_time<Seconds>{reading});
    switch (info.result) {
        case date::local_info::nonexistent:
            return WallTime{info.second.begin.time_since_epoch()};
        case date::local_info::ambiguous:
            if (repeated == Repeated::Last) return WallTime{reading - info.second.offset};
            break;
        default:
            break;
    }
    return WallTime{reading - info.first.offset};
}

Result<LocalParts> to_local_parts(WallTime time, std::string_view zone) {
    ESC_TRY(const Zone found, Zone::find(zone));
    return found.to_local(time);
}

Result<void> self_test() {
    for (const KnownOffset& known : kKnown) {
        const WallTime time{std::chrono::seconds{known.utc_s}};
        const auto parts = to_local_parts(time, known.zone);
        if (!parts || parts.value().utc_offset != known.offset) {
            return fail(Errc::StaleZoneData, std::string{known.zone} + " at " + to_rfc3339(time));
        }
    }
    return ok();
}

}  // namespace escucha::calendar
