#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "calendar/opening_hours.h"

namespace escucha::calendar {

using namespace std::chrono_literals;

namespace {

WallTime utc(std::string_view text) {
    const auto time = parse_rfc3339(text);
    REQUIRE(time);
    return *time;
}

LocalDate date(int year, unsigned month, unsigned day) {
    return {std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
}

constexpr Interval kWholeDay{0min, 1440min};

CalendarConfig every_day(std::string zone, std::vector<Interval> hours) {
    CalendarConfig config;
    config.zone = std::move(zone);
    config.week.fill(hours);
    return config;
}

OpeningHours hours(CalendarConfig config) {
    auto made = OpeningHours::make(std::move(config));
    REQUIRE(made);
    return std::move(made).value();
}

std::string next(const OpeningHours& open, std::string_view from) {
    const auto time = open.next_opening(utc(from));
    return time ? to_rfc3339(*time) : "never";
}

std::string closes(const OpeningHours& open, std::string_view from) {
    const auto time = open.closes_at(utc(from));
    return time ? to_rfc3339(*time) : "never";
}

}  // namespace

TEST_CASE("the system's zone files pass the start-up test") {
    const auto result = self_test();
    CHECK_MESSAGE(result, (result ? "" : result.error().message()));
}

TEST_CASE("a zone that is not in the files is unknown") {
    for (const std::string_view name : {"", "Europe/Atlantis", "../../etc/passwd", "localtime/x"}) {
        const auto zone = Zone::find(name);
        REQUIRE_FALSE(zone);
        CHECK(zone.error().code == Errc::UnknownZone);
    }
}

TEST_CASE("local parts follow summer time and half-hour zones") {
    const auto madrid = to_local_parts(utc("2026-07-15T22:30:05Z"), "Europe/Madrid");
    REQUIRE(madrid);
    CHECK(madrid.value().date == date(2026, 7, 16));
    CHECK(madrid.value().weekday == std::chrono::Thursday);
    CHECK(madrid.value().hour == 0);
    CHECK(madrid.value().minute == 30);
    CHECK(madrid.value().second == 5);
    CHECK(madrid.value().utc_offset == 2h);
    const auto kolkata = to_local_parts(utc("1969-12-31T23:59:59.5Z"), "Asia/Kolkata");
    REQUIRE(kolkata);
    CHECK(kolkata.value().date == date(1970, 1, 1));
    CHECK(kolkata.value().minute == 29);
    CHECK_FALSE(to_local_parts(utc("2026-07-15T22:30:05Z"), "Nowhere"));
}

TEST_CASE("a reading the clock skips is the jump, one it repeats is either") {
    const Zone madrid = Zone::find("Europe/Madrid").value();
    const auto at = [&](LocalDate d, std::chrono::minutes m, Zone::Repeated r) {
        return to_rfc3339(madrid.to_utc(d, m, r));
    };
    for (const auto repeated : {Zone::Repeated::First, Zone::Repeated::Last}) {
        CHECK(at(date(2026, 3, 29), 2h + 30min, repeated) == "2026-03-29T01:00:00.000Z");
        CHECK(at(date(2026, 3, 29), 3h, repeated) == "2026-03-29T01:00:00.000Z");
        CHECK(at(date(2026, 3, 28), 25h, repeated) == "2026-03-29T00:00:00.000Z");
    }
    CHECK(at(date(2026, 10, 25), 2h + 30min, Zone::Repeated::First) == "2026-10-25T00:30:00.000Z");
    CHECK(at(date(2026, 10, 25), 2h + 30min, Zone::Repeated::Last) == "2026-10-25T01:30:00.000Z");
}

TEST_CASE("split shifts are half open") {
    const OpeningHours open = hours(every_day("Europe/Madrid", {{9h, 14h}, {16h, 19h + 30min}}));
    CHECK_FALSE(open.is_open(utc("2026-11-23T07:59:59.999999Z")));
    CHECK(open.is_open(utc("2026-11-23T08:00:00Z")));
    CHECK(open.is_open(utc("2026-11-23T12:59:59.999999Z")));
    CHECK_FALSE(open.is_open(utc("2026-11-23T13:00:00Z")));
    CHECK(next(open, "2026-11-23T13:00:00Z") == "2026-11-23T15:00:00.000Z");
    CHECK(next(open, "2026-11-23T18:30:00Z") == "2026-11-24T08:00:00.000Z");
    CHECK(next(open, "2026-11-23T09:00:00Z") == "2026-11-23T09:00:00.000Z");
    CHECK(closes(open, "2026-11-23T09:00:00Z") == "2026-11-23T13:00:00.000Z");
    CHECK(closes(open, "2026-11-23T14:00:00Z") == "2026-11-23T14:00:00.000Z");
}

TEST_CASE("a night shift belongs to the date on which it began") {
    CalendarConfig config;
    config.zone = "America/Bogota";
    config.week[4] = {{22h, 6h}};  // Friday.
    config.holidays = {{date(2026, 11, 28), "un sábado festivo"}};
    const OpeningHours open = hours(config);
    CHECK(open.is_open(utc("2026-11-28T03:00:00Z")));
    CHECK(open.is_open(utc("2026-11-28T10:59:59Z")));  // Saturday 05:59, Friday's night.
    CHECK_FALSE(open.is_open(utc("2026-11-28T11:00:00Z")));
    CHECK_FALSE(open.is_open(utc("2026-11-27T10:00:00Z")));  // Friday 05:00 is Thursday's.
    config.holidays = {{date(2026, 11, 27), "un viernes festivo"}};
    CHECK_FALSE(hours(config).is_open(utc("2026-11-28T10:00:00Z")));
}

TEST_CASE("a special day replaces the hours and wins over a holiday") {
    CalendarConfig config = every_day("Europe/Madrid", {{9h, 18h}});
    config.holidays = {{date(2026, 12, 25), "Navidad"}, {date(2026, 12, 24), "Nochebuena"}};
    config.special_days = {{date(2026, 12, 31), {}, "Inventario"},
                           {date(2026, 12, 24), {{10h, 13h}}, "Nochebuena, medio día"}};
    const OpeningHours open = hours(config);
    CHECK_FALSE(open.is_open(utc("2026-12-24T08:30:00Z")));
    CHECK(open.is_open(utc("2026-12-24T09:00:00Z")));
    CHECK(next(open, "2026-12-24T12:00:00Z") == "2026-12-26T08:00:00.000Z");
    CHECK_FALSE(open.is_open(utc("2026-12-31T10:00:00Z")));
    CHECK(open.day_name(utc("2026-12-24T23:30:00Z")) == "Navidad");  // 00:30 of the 25th.
    CHECK(open.day_name(utc("2026-12-24T10:30:00Z")) == "Nochebuena, medio día");
    CHECK(open.day_name(utc("2026-12-26T10:30:00Z")).empty());
}

TEST_CASE("summer time shortens and lengthens a night") {
    const OpeningHours open = hours(every_day("Europe/Madrid", {{22h, 6h}}));
    const auto length = [&](std::string_view opening) {
        return *open.closes_at(utc(opening)) - utc(opening);
    };
    CHECK(length("2026-03-27T21:00:00Z") == 8h);
    CHECK(length("2026-03-28T21:00:00Z") == 7h);
    CHECK(length("2026-10-24T20:00:00Z") == 9h);
}

TEST_CASE("an opening in a repeated hour is the first, a closing in it the last") {
    const OpeningHours from = hours(every_day("Europe/Madrid", {{2h + 30min, 4h}}));
    CHECK(next(from, "2026-10-24T12:00:00Z") == "2026-10-25T00:30:00.000Z");
    const OpeningHours until = hours(every_day("Europe/Madrid", {{1h, 2h + 30min}}));
    CHECK(closes(until, "2026-10-24T23:10:00Z") == "2026-10-25T01:30:00.000Z");
}

TEST_CASE("hours that a jump of the clock swallows do not open") {
    const OpeningHours open = hours(every_day("Europe/Madrid", {{2h + 10min, 2h + 50min}}));
    CHECK_FALSE(open.is_open(utc("2026-03-29T01:00:00Z")));
    CHECK(next(open, "2026-03-28T12:00:00Z") == "2026-03-30T00:10:00.000Z");
}

TEST_CASE("where the clock changes at midnight, days of 23 and 25 hours are whole days") {
    CalendarConfig config;
    config.zone = "America/Santiago";
    config.week[5] = {kWholeDay};  // Saturday
    config.week[6] = {kWholeDay};  // Sunday
    const OpeningHours open = hours(config);
    // Saturday 4 April 2026 has 25 hours; 00:00 of Sunday 6 September does not exist.
    CHECK(next(open, "2026-04-03T12:00:00Z") == "2026-04-04T03:00:00.000Z");
    CHECK(closes(open, "2026-04-04T03:00:00Z") == "2026-04-06T04:00:00.000Z");
    CHECK(next(open, "2026-09-04T12:00:00Z") == "2026-09-05T04:00:00.000Z");
    CHECK(closes(open, "2026-09-05T04:00:00Z") == "2026-09-07T03:00:00.000Z");
    config.week[5].clear();
    CHECK(next(hours(config), "2026-09-05T12:00:00Z") == "2026-09-06T04:00:00.000Z");
}

TEST_CASE("always open never closes, and never open never opens") {
    const OpeningHours always = hours(every_day("Europe/Madrid", {kWholeDay}));
    CHECK(closes(always, "2026-11-23T00:00:00Z") == "never");
    CHECK(next(always, "2026-11-23T00:00:00Z") == "2026-11-23T00:00:00.000Z");
    const OpeningHours never = hours(every_day("Europe/Madrid", {}));
    CHECK(next(never, "2026-11-23T00:00:00Z") == "never");
    CHECK_FALSE(never.is_open(utc("2026-11-23T12:00:00Z")));
}

TEST_CASE("the next opening is open, and nothing before it is") {
    const OpeningHours open =
        hours(every_day("America/New_York", {{9h, 12h}, {13h, 17h}, {23h, 1h}}));
    const bool holds = rc::check("no instant between is open", [&] {
        const auto start = utc("2026-01-01T00:00:00Z");
        const WallTime time = start + std::chrono::minutes{*rc::gen::inRange(0, 525'600)};
        const auto opening = open.next_opening(time);
        RC_ASSERT(opening.has_value());
        RC_ASSERT(open.is_open(*opening));
        for (WallTime t = time; t < *opening; t += 7min) RC_ASSERT(!open.is_open(t));
        const auto closing = open.closes_at(*opening);
        RC_ASSERT(closing.has_value());
        RC_ASSERT(!open.is_open(*closing));
        RC_ASSERT(open.is_open(*closing - 1us));
    });
    CHECK(holds);
}

TEST_CASE("hours out of range are refused at their edges") {
    const auto ok = [](std::vector<Interval> list) {
        return static_cast<bool>(OpeningHours::make(every_day("Europe/Madrid", std::move(list))));
    };
    CHECK(ok({{0min, 1440min}}));
    CHECK(ok({{1439min, 0min}}));
    CHECK_FALSE(ok({{1440min, 10min}}));
    CHECK_FALSE(ok({{-1min, 10min}}));
    CHECK_FALSE(ok({{0min, 1441min}}));
    CHECK(ok(std::vector<Interval>(kMaxIntervalsPerDay, {1min, 2min})));
    CHECK_FALSE(ok(std::vector<Interval>(kMaxIntervalsPerDay + 1, {1min, 2min})));

    CalendarConfig config = every_day("Europe/Madrid", {});
    config.holidays = {{date(2026, 2, 29), "no existe"}};
    CHECK_FALSE(OpeningHours::make(config));
    config.holidays = {{date(2026, 2, 28), "a"}, {date(2026, 2, 28), "b"}};
    CHECK_FALSE(OpeningHours::make(config));
    config.holidays.clear();
    for (std::size_t i = 0; i < kMaxDays; ++i) {
        const std::chrono::sys_days day{std::chrono::days{20'000 + static_cast<int>(i)}};
        config.holidays.push_back({LocalDate{day}, "día"});
    }
    CHECK(OpeningHours::make(config));
    config.holidays.push_back({date(2000, 1, 1), "uno más"});
    CHECK_FALSE(OpeningHours::make(config));
}

TEST_CASE("the stored form is read back, and refused with the place of the fault") {
    const std::string text =
        R"({"zone":"Europe/Madrid","week":{"mon":["09:00-14:00","16:00-19:30"],"fri":["22:00-06:00"]},)"
        R"("special_days":[{"date":"2026-12-24","hours":["09:00-13:00"],"name":"Nochebuena"}],)"
        R"("holidays":[{"date":"2026-12-25","name":"Navidad"}]})";
    const auto open = decode_opening_hours(text);
    REQUIRE(open);
    CHECK(open.value().config().week[0][1] == Interval{16h, 19h + 30min});
    CHECK(open.value().zone().name() == "Europe/Madrid");
    CHECK(encode(open.value().config()) == text);

    const auto fault = [](std::string_view bad) {
        const auto result = decode_opening_hours(bad);
        REQUIRE_FALSE(result);
        return result.error().detail;
    };
    CHECK(fault("[") == "not a JSON object");
    CHECK(fault("{}") == "/zone");
    CHECK(fault(R"({"zone":"Europe/Madrid"})") == "week");
    CHECK(fault(R"({"zone":"Europe/Madrid","week":{},"weeks":1})") == "/weeks");
    CHECK(fault(R"({"zone":"Europe/Madrid","week":{"lun":[]}})") == "week/lun");
    CHECK(fault(R"({"zone":"Europe/Madrid","week":{"mon":["9-14"]}})") == "week/mon");
    CHECK(fault(R"({"zone":"Europe/Madrid","week":{"mon":["09:60-14:00"]}})") == "week/mon");
    CHECK(
        fault(R"({"zone":"Europe/Madrid","week":{},"holidays":[{"date":"2026-2-3","name":""}]})") ==
        "holidays/0/date");
    CHECK(
        fault(
            R"({"zone":"Europe/Madrid","week":{},"holidays":[{"date":"2026-02-30","name":""}]})") ==
        "holidays: no such date");
    CHECK(
        fault(
            R"({"zone":"Europe/Madrid","week":{},"special_days":[{"date":"2026-02-03","name":""}]})") ==
        "special_days/0/hours");
    CHECK(fault(R"({"zone":"Nowhere","week":{}})") == "Nowhere");
}

}  // namespace escucha::calendar
