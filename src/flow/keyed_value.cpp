#include "flow/detail/keyed_value.h"

#include <charconv>

namespace escucha::flow::detail {

namespace {

std::optional<std::int64_t> whole(std::string_view keys) {
    std::int64_t value = 0;
    const auto* end = keys.data() + keys.size();
    const auto [stopped, error] = std::from_chars(keys.data(), end, value);
    if (keys.empty() || error != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

std::optional<speech::Date> date_of(std::string_view keys, speech::Date today) {
    if (keys.size() != 4 && keys.size() != 8) return std::nullopt;
    const auto day = static_cast<int>(whole(keys.substr(0, 2)).value_or(0));
    const auto month = static_cast<int>(whole(keys.substr(2, 2)).value_or(0));
    if (keys.size() == 8) {
        return speech::make_date(static_cast<int>(whole(keys.substr(4)).value_or(0)), month, day);
    }
    // 29 February may be up to eight years away.
    for (int year = today.year; year <= today.year + 8; ++year) {
        const auto date = speech::make_date(year, month, day);
        if (date && *date >= today) return date;
    }
    return std::nullopt;
}

std::optional<speech::TimeOfDay> time_of(std::string_view keys) {
    if (keys.empty() || keys.size() > 4) return std::nullopt;
    const bool is_hour_only = keys.size() <= 2;
    const auto hours = is_hour_only ? keys : keys.substr(0, keys.size() - 2);
    const auto minutes = is_hour_only ? std::string_view{"0"} : keys.substr(keys.size() - 2);
    const speech::TimeOfDay time{.hour = static_cast<int>(whole(hours).value_or(99)),
                                 .minute = static_cast<int>(whole(minutes).value_or(99))};
    if (time.hour > 23 || time.minute > 59) return std::nullopt;
    return time;
}

int minor_digits_of(std::string_view currency) {
    return currency == "CLP" || currency == "PYG" || currency == "JPY" ? 0 : 2;
}

std::optional<Value> amount_of(const CollectNode& node, Type type, std::string_view keys) {
    constexpr std::int64_t kMost = 1'000'000'000'000;
    const auto value = whole(keys);
    if (!value || *value > kMost) return std::nullopt;
    if (node.least && *value < *node.least) return std::nullopt;
    if (node.most && *value > *node.most) return std::nullopt;
    if (type == Type::Number) return Value{*value};
    const std::int64_t scale = minor_digits_of(node.currency) == 2 ? 100 : 1;
    return Value{speech::Money{.minor_units = *value * scale, .currency = node.currency}};
}

}  // namespace

std::optional<Value> value_of_keys(const CollectNode& node,
                                   Type type,
                                   std::string_view keys,
                                   speech::Date today) {
    switch (type) {
        case Type::Number:
        case Type::Money:
            return amount_of(node, type, keys);
        case Type::Date: {
            const auto date = date_of(keys, today);
            return date ? std::optional<Value>{*date} : std::nullopt;
        }
        case Type::Time: {
            const auto time = time_of(keys);
            return time ? std::optional<Value>{*time} : std::nullopt;
        }
        case Type::Text:
        case Type::Digits:
        case Type::Reference:
        case Type::Phone:
            return Value{std::string{keys}};
    }
    return std::nullopt;
}

}  // namespace escucha::flow::detail
