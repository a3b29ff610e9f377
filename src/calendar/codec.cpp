// The stored form of opening hours.

#include <algorithm>

#include <boost/json.hpp>

#include "calendar/opening_hours.h"

namespace escucha::calendar {

namespace {

namespace json = boost::json;
using std::chrono::minutes;

constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

Error bad(std::string where) { return fail(Errc::InvalidJson, std::move(where)); }

std::optional<unsigned> digits(std::string_view text) {
    unsigned value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
}

std::optional<minutes> parse_time(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const auto hour = digits(text.substr(0, 2));
    const auto minute = digits(text.substr(3, 2));
    if (!hour || !minute || *minute > 59) return std::nullopt;
    return minutes{*hour * 60 + *minute};
}

std::optional<LocalDate> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = digits(text.substr(0, 4));
    const auto month = digits(text.substr(5, 2));
    const auto day = digits(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    return LocalDate{std::chrono::year{static_cast<int>(*year)},
                     std::chrono::month{*month},
                     std::chrono::day{*day}};
}

std::string two(std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

std::string print(Interval interval) {
    const auto clock = [](minutes m) { return two(m.count() / 60) + ":" + two(m.count() % 60); };
    return clock(interval.opens) + "-" + clock(interval.closes);
}

std::string print(LocalDate date) {
    std::string year = std::to_string(static_cast<int>(date.year()));
    year.insert(0, 4 - std::min<std::size_t>(4, year.size()), '0');
    return year + "-" + two(static_cast<unsigned>(date.month())) + "-" +
           two(static_cast<unsigned>(date.day()));
}

Result<std::vector<Interval>> read_hours(const json::value& value, const std::string& where) {
    const json::array* list = value.if_array();
    if (list == nullptr) return bad(where);
    std::vector<Interval> hours;
    for (const json::value& item : *list) {
        const json::string* text = item.if_string();
        if (text == nullptr || text->size() != 11 || (*text)[5] != '-') return bad(where);
        const std::string_view view{*text};
        const auto opens = parse_time(view.substr(0, 5));
        const auto closes = parse_time(view.substr(6));
        if (!opens || !closes) return bad(where);
        hours.push_back({*opens, *closes});
    }
    return hours;
}

Result<void> only_keys(const json::object& object,
                       std::initializer_list<std::string_view> keys,
                       const std::string& where) {
    for (const auto& [key, value] : object) {
        if (std::find(keys.begin(), keys.end(), std::string_view{key}) == keys.end()) {
            return bad(where + "/" + std::string{key});
        }
    }
    return ok();
}

Result<std::string> read_text(const json::object& object,
                              std::string_view key,
                              const std::string& where) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_string()) return bad(where + "/" + std::string{key});
    return std::string{value->get_string()};
}

/// Calls `read(object, where)` for each element of the list `key`, if there is one.
template <typename Read>
Result<void> read_list(const json::object& root, std::string_view key, Read read) {
    const json::value* value = root.if_contains(key);
    if (value == nullptr) return ok();
    const json::array* list = value->if_array();
    if (list == nullptr) return bad(std::string{key});
    for (std::size_t i = 0; i < list->size(); ++i) {
        const std::string where = std::string{key} + "/" + std::to_string(i);
        const json::object* object = (*list)[i].if_object();
        if (object == nullptr) return bad(where);
        ESC_TRY(read(*object, where));
    }
    return ok();
}

Result<LocalDate> read_date(const json::object& object, const std::string& where) {
    ESC_TRY(const std::string text, read_text(object, "date", where));
    const auto date = parse_date(text);
    if (!date) return bad(where + "/date");
    return *date;
}

Result<void> read_week(const json::object& root, CalendarConfig& config) {
    const json::value* week = root.if_contains("week");
    const json::object* days = week == nullptr ? nullptr : week->if_object();
    if (days == nullptr) return bad("week");
    ESC_TRY(only_keys(*days, {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, "week"));
    for (std::size_t i = 0; i < kDays.size(); ++i) {
        const json::value* hours = days->if_contains(kDays[i]);
        if (hours == nullptr) continue;
        ESC_TRY(config.week[i], read_hours(*hours, "week/" + std::string{kDays[i]}));
    }
    return ok();
}

Result<SpecialDay> read_special(const json::object& object, const std::string& where) {
    ESC_TRY(only_keys(object, {"date", "hours", "name"}, where));
    SpecialDay day;
    ESC_TRY(day.date, read_date(object, where));
    ESC_TRY(day.name, read_text(object, "name", where));
    const json::value* hours = object.if_contains("hours");
    if (hours == nullptr) return bad(where + "/hours");
    ESC_TRY(day.hours, read_hours(*hours, where + "/hours"));
    return day;
}

Result<Holiday> read_holiday(const json::object& object, const std::string& where) {
    ESC_TRY(only_keys(object, {"date", "name"}, where));
    Holiday day;
    ESC_TRY(day.date, read_date(object, where));
    ESC_TRY(day.name, read_text(object, "name", where));
    return day;
}

json::array print_hours(const std::vector<Interval>& hours) {
    json::array list;
    for (const Interval interval : hours) list.emplace_back(print(interval));
    return list;
}

}  // namespace

Result<OpeningHours> decode_opening_hours(std::string_view text) {
    boost::system::error_code error;
    const json::value value = json::parse({text.data(), text.size()}, error);
    const json::object* root = error ? nullptr : value.if_object();
    if (root == nullptr) return bad("not a JSON object");
    ESC_TRY(only_keys(*root, {"zone", "week", "special_days", "holidays"}, ""));

    CalendarConfig config;
    ESC_TRY(config.zone, read_text(*root, "zone", ""));
    ESC_TRY(read_week(*root, config));
    const auto add_special = [&](const json::object& object, const std::string& where) {
        auto day = read_special(object, where);
        if (!day) return Result<void>{day.error()};
        config.special_days.push_back(std::move(day).value());
        return Result<void>{ok()};
    };
    const auto add_holiday = [&](const json::object& object, const std::string& where) {
        auto day = read_holiday(object, where);
        if (!day) return Result<void>{day.error()};
        config.holidays.push_back(std::move(day).value());
        return Result<void>{ok()};
    };
    ESC_TRY(read_list(*root, "special_days", add_special));
    ESC_TRY(read_list(*root, "holidays", add_holiday));
    return OpeningHours::make(std::move(config));
}

std::string encode(const CalendarConfig& config) {
    json::object week;
    for (std::size_t i = 0; i < kDays.size(); ++i) {
        if (!config.week[i].empty()) week[kDays[i]] = print_hours(config.week[i]);
    }
    json::object root{{"zone", config.zone}, {"week", std::move(week)}};
    json::array special_days;
    for (const SpecialDay& day : config.special_days) {
        special_days.push_back(json::object{
            {"date", print(day.date)}, {"hours", print_hours(day.hours)}, {"name", day.name}});
    }
    json::array holidays;
    for (const Holiday& day : config.holidays) {
        holidays.push_back(json::object{{"date", print(day.date)}, {"name", day.name}});
    }
    if (!special_days.empty()) root["special_days"] = std::move(special_days);
    if (!holidays.empty()) root["holidays"] = std::move(holidays);
    return json::serialize(root);
}

}  // namespace escucha::calendar
