#include "control/outside_rules.h"

#include <algorithm>

#include "base/phone_number.h"

namespace escucha::control {

namespace {

// The length of the longest that `number` begins with; nullopt when it begins with none.
std::optional<std::size_t> longest_fit(const std::vector<std::string>& prefixes,
                                       std::string_view number) {
    std::optional<std::size_t> longest;
    for (const std::string& prefix : prefixes) {
        if (number.starts_with(prefix)) longest = std::max(longest.value_or(0), prefix.size());
    }
    return longest;
}

std::string only_digits(std::string_view text) {
    std::string digits;
    std::ranges::copy_if(
        text, std::back_inserter(digits), [](char c) { return c >= '0' && c <= '9'; });
    return digits;
}

// "112", "+34112", "0034112", "34112": an agent in a hurry may write any of them.
bool is_emergency(const std::vector<std::string>& numbers,
                  std::string_view dialled,
                  std::string_view calling_code) {
    const std::string digits = only_digits(dialled);
    const std::string code{calling_code};
    return std::ranges::any_of(numbers, [&](const std::string& number) {
        return digits == number || digits == code + number || digits == "00" + code + number;
    });
}

}  // namespace

// Spain: 112 for all; health, police, fire, guards and sea rescue of before it. And what visitors
// dial by habit.
std::vector<std::string> OutsideRules::default_emergency() {
    return {"112", "061", "062", "080", "085", "088", "091", "092", "900202202", "911", "999"};
}

std::string_view word(OutsideRefusal refusal) {
    switch (refusal) {
        case OutsideRefusal::NotConfigured:
            return "outside_not_configured";
        case OutsideRefusal::NotANumber:
            return "outside_not_a_number";
        case OutsideRefusal::Emergency:
            return "outside_emergency";
        case OutsideRefusal::Denied:
            return "outside_denied";
        case OutsideRefusal::NotAllowed:
            return "outside_not_allowed";
        case OutsideRefusal::Closed:
            return "outside_closed";
        case OutsideRefusal::TooManyAtOnce:
            return "outside_too_many_at_once";
        case OutsideRefusal::TooManyToday:
            return "outside_too_many_today";
        case OutsideRefusal::TooLongToday:
            return "outside_too_long_today";
    }
    return "outside_not_allowed";
}

std::optional<std::string> outside_number(std::string_view dialled, std::string_view calling_code) {
    const auto number = PhoneNumber::parse(dialled, calling_code);
    if (!number) return std::nullopt;
    return number->e164();
}

std::optional<OutsideRefusal> refusal(const OutsideRules& rules,
                                      std::string_view dialled,
                                      std::string_view calling_code,
                                      const OutsideUse& use,
                                      WallTime now) {
    if (is_emergency(rules.emergency, dialled, calling_code)) return OutsideRefusal::Emergency;
    const auto number = outside_number(dialled, calling_code);
    if (!number) return OutsideRefusal::NotANumber;
    const auto allowed = longest_fit(rules.allow, *number);
    const auto denied = longest_fit(rules.deny, *number);
    if (denied && denied >= allowed) return OutsideRefusal::Denied;
    if (!allowed) return OutsideRefusal::NotAllowed;
    if (rules.hours && !rules.hours->is_open(now)) return OutsideRefusal::Closed;
    if (use.live >= rules.calls_max) return OutsideRefusal::TooManyAtOnce;
    if (use.calls >= rules.calls_per_day) return OutsideRefusal::TooManyToday;
    if (use.talked >= std::chrono::minutes{rules.minutes_per_day}) {
        return OutsideRefusal::TooLongToday;
    }
    return std::nullopt;
}

}  // namespace escucha::control
