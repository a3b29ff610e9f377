#include "base/time.h"

#include <ctime>

#include <fmt/format.h>

namespace escucha {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

/// Exactly `count` digits starting at `at`.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

struct Tail {
    Duration fraction{0};
    Duration offset{0};
};

/// What follows the seconds: an optional fraction, then "Z" or "+hh:mm".
std::optional<Tail> parse_tail(std::string_view text) {
    Tail tail;
    if (!text.empty() && text[0] == '.') {
        std::size_t i = 1;
        int scale = 100'000;
        for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, scale /= 10) {
            if (i > 6) return std::nullopt;
            tail.fraction += Duration{(text[i] - '0') * scale};
        }
        if (i == 1) return std::nullopt;
        text.remove_prefix(i);
    }
    if (text == "Z" || text == "z") return tail;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
    const auto hours = digits(text, 1, 2);
    const auto minutes = digits(text, 4, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    tail.offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    if (text[0] == '-') tail.offset = -tail.offset;
    return tail;
}

constexpr std::string_view kAfterYear = "-00-00T00:00:00.000Z";

void put_digits(char* at, int count, std::int64_t value) {
    for (int i = count - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

Now read_clocks() {
    const auto read = [](clockid_t clock) {
        timespec t{};
        clock_gettime(clock, &t);
        return Duration{std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1'000};
    };
    return Now{.mono = Instant{read(CLOCK_MONOTONIC)}, .wall = WallTime{read(CLOCK_REALTIME)}};
}

std::string to_rfc3339(WallTime time) {
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{
        std::chrono::floor<std::chrono::milliseconds>(time - day)};
    // By hand: it is written some ten times a call, and a format string is read anew each time.
    std::string text = fmt::format_int{int{date.year()}}.str();
    if (text.size() < 4) text.insert(0, 4 - text.size(), '0');
    text += kAfterYear;
    char* const at = text.data() + text.size() - kAfterYear.size();
    put_digits(at + 1, 2, unsigned{date.month()});
    put_digits(at + 4, 2, unsigned{date.day()});
    put_digits(at + 7, 2, clock.hours().count());
    put_digits(at + 10, 2, clock.minutes().count());
    put_digits(at + 13, 2, clock.seconds().count());
    put_digits(at + 16, 3, clock.subseconds().count());
    return text;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
    if (text.size() < 20) return std::nullopt;
    if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return std::nullopt;
    if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
    const auto year = digits(text, 0, 4);
    const auto month = digits(text, 5, 2);
    const auto day = digits(text, 8, 2);
    const auto hour = digits(text, 11, 2);
    const auto minute = digits(text, 14, 2);
    const auto second = digits(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const auto tail = parse_tail(text.substr(19));
    if (!tail) return std::nullopt;
    return WallTime{sys_days{date}.time_since_epoch()} + std::chrono::hours{*hour} +
           std::chrono::minutes{*minute} + std::chrono::seconds{*second} + tail->fraction -
           tail->offset;
}

}  // namespace escucha
