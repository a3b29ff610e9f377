#include "flow/context.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/errc.h"
#include "base/overloaded.h"

namespace escucha::flow {

namespace {

template <typename Enum, std::size_t N>
using Words = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Words<Type, 8> kTypes = {{{Type::Text, "text"},
                                    {Type::Digits, "digits"},
                                    {Type::Money, "money"},
                                    {Type::Date, "date"},
                                    {Type::Time, "time"},
                                    {Type::Number, "number"},
                                    {Type::Reference, "reference"},
                                    {Type::Phone, "phone"}}};
constexpr Words<GivenBy, 4> kGivenBy = {{{GivenBy::Caller, "caller"},
                                         {GivenBy::Number, "number"},
                                         {GivenBy::System, "system"},
                                         {GivenBy::Agent, "agent"}}};

template <typename Enum, std::size_t N>
std::string_view word_of(const Words<Enum, N>& words, Enum value) {
    for (const auto& [candidate, word] : words) {
        if (candidate == value) return word;
    }
    return {};
}

template <typename Enum, std::size_t N>
std::optional<Enum> value_of(const Words<Enum, N>& words, std::string_view text) {
    for (const auto& [value, word] : words) {
        if (word == text) return value;
    }
    return std::nullopt;
}

template <typename Integer>
std::optional<Integer> parse_whole(std::string_view text) {
    Integer value{};
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stopped != end || text.empty()) return std::nullopt;
    return value;
}

bool is_all_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string padded(int value, std::size_t width) {
    auto text = std::to_string(value);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

std::optional<speech::Money> parse_money(std::string_view text) {
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const auto units = parse_whole<std::int64_t>(text.substr(0, space));
    const auto currency = text.substr(space + 1);
    const bool is_code =
        currency.size() == 3 &&
        std::all_of(currency.begin(), currency.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!units || !is_code) return std::nullopt;
    return speech::Money{.minor_units = *units, .currency = std::string{currency}};
}

std::optional<speech::Date> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = parse_whole<int>(text.substr(0, 4));
    const auto month = parse_whole<int>(text.substr(5, 2));
    const auto day = parse_whole<int>(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    return speech::make_date(*year, *month, *day);
}

std::optional<speech::TimeOfDay> parse_time(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    if (!is_all_digits(text.substr(0, 2)) || !is_all_digits(text.substr(3))) return std::nullopt;
    const auto hour = parse_whole<int>(text.substr(0, 2));
    const auto minute = parse_whole<int>(text.substr(3));
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    return speech::TimeOfDay{.hour = *hour, .minute = *minute};
}

bool is_phone(std::string_view text) {
    const auto digits = text.starts_with('+') ? text.substr(1) : text;
    return !digits.empty() && is_all_digits(digits);
}

template <typename T>
Result<Value> checked(std::optional<T> value, const char* form) {
    if (!value) return fail(Errc::InvalidArgument, std::string{"expected "} + form);
    return Value{*std::move(value)};
}

}  // namespace

std::string_view to_text(Type type) { return word_of(kTypes, type); }
std::string_view to_text(GivenBy given_by) { return word_of(kGivenBy, given_by); }
std::optional<Type> parse_type(std::string_view text) { return value_of(kTypes, text); }
std::optional<GivenBy> parse_given_by(std::string_view text) { return value_of(kGivenBy, text); }

std::string to_text(const Value& value) {
    return std::visit(overloaded{
                          [](const std::string& text) { return text; },
                          [](std::int64_t number) { return std::to_string(number); },
                          [](const speech::Money& money) {
                              return std::to_string(money.minor_units) + " " + money.currency;
                          },
                          [](const speech::Date& date) {
                              return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" +
                                     padded(date.day, 2);
                          },
                          [](const speech::TimeOfDay& time) {
                              return padded(time.hour, 2) + ":" + padded(time.minute, 2);
                          },
                      },
                      value);
}

Result<Value> parse_value(Type type, std::string_view text) {
    if (text.size() > kMaxValueBytes) return fail(Errc::TooLarge, "value");
    switch (type) {
        case Type::Text:
            return Value{std::string{text}};
        case Type::Digits:
        case Type::Reference:
            if (text.empty() || !is_all_digits(text)) {
                return fail(Errc::InvalidArgument, "expected digits");
            }
            return Value{std::string{text}};
        case Type::Phone:
            if (!is_phone(text)) return fail(Errc::InvalidArgument, "expected a phone number");
            return Value{std::string{text}};
        case Type::Number:
            return checked(parse_whole<std::int64_t>(text), "a whole number");
        case Type::Money:
            return checked(parse_money(text), "money as \"1205 EUR\"");
        case Type::Date:
            return checked(parse_date(text), "a date as 2026-11-23");
        case Type::Time:
            return checked(parse_time(text), "a time as 15:20");
    }
    return fail(Errc::InvalidArgument, "type");
}

std::string Datum::shown() const { return is_masked() ? "•••" : to_text(value); }

Result<void> Context::give(Datum datum) {
    if (datum.name.empty()) return fail(Errc::InvalidArgument, "a datum needs a name");
    const auto same = std::find_if(
        data_.begin(), data_.end(), [&](const Datum& known) { return known.name == datum.name; });
    if (same != data_.end()) {
        *same = std::move(datum);
        return ok();
    }
    if (data_.size() >= kMaxData) return fail(Errc::TooLarge, "context");
    data_.push_back(std::move(datum));
    return ok();
}

const Datum* Context::find(std::string_view name) const {
    for (const auto& datum : data_) {
        if (datum.name == name) return &datum;
    }
    return nullptr;
}

void Context::forget(std::string_view name) {
    std::erase_if(data_, [&](const Datum& datum) { return datum.name == name; });
}

}  // namespace escucha::flow
