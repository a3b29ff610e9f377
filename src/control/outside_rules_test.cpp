#include <doctest/doctest.h>

#include <algorithm>

#include "control/outside_rules.h"

using namespace escucha;
using namespace escucha::control;
using namespace std::chrono_literals;

namespace {

// 2027-01-15, a Friday, 09:00 in Madrid.
const WallTime kFridayMorning{1'800'000'000s};

struct Company {
    OutsideRules rules{.allow = {"+346", "+347", "+349"}, .deny = {"+34905"}};
    OutsideUse use{};
    WallTime now = kFridayMorning;

    [[nodiscard]] std::optional<OutsideRefusal> asks(std::string_view dialled) const {
        return refusal(rules, dialled, "34", use, now);
    }
};

}  // namespace

TEST_CASE("a number is called when the longest prefix that fits it allows it") {
    Company company;
    CHECK(company.asks("+34600123456") == std::nullopt);
    CHECK(company.asks("600 12 34 56") == std::nullopt);
    CHECK(company.asks("0034 910 000 100") == std::nullopt);
    CHECK(company.asks("905123456") == OutsideRefusal::Denied);
    CHECK(company.asks("+34806123456") == OutsideRefusal::NotAllowed);
    CHECK(company.asks("+882123456789") == OutsideRefusal::NotAllowed);
    company.rules.allow.push_back("+34905111");
    CHECK(company.asks("905111222") == std::nullopt);
    CHECK(company.asks("905112222") == OutsideRefusal::Denied);
    // Alike, the denial wins; and nothing allows what nothing names.
    company.rules.deny.push_back("+34905111");
    CHECK(company.asks("905111222") == OutsideRefusal::Denied);
    company.rules.allow.clear();
    CHECK(company.asks("+34600123456") == OutsideRefusal::NotAllowed);
}

TEST_CASE("what is no number is refused as none") {
    const Company company;
    for (const char* dialled : {"", "ana", "+", "+34600123456789012"}) {
        CAPTURE(dialled);
        CHECK(company.asks(dialled) == OutsideRefusal::NotANumber);
    }
}

TEST_CASE("an emergency number is not called, however it is written and whatever is allowed") {
    Company company;
    company.rules.allow.push_back("+");
    for (const char* dialled : {"112", "1 1 2", "+34112", "0034 112", "34112", "091", "+34 091"}) {
        CAPTURE(dialled);
        CHECK(company.asks(dialled) == OutsideRefusal::Emergency);
    }
    CHECK(company.asks("+341121212") == std::nullopt);
    company.rules.emergency = {"110"};
    CHECK(company.asks("110") == OutsideRefusal::Emergency);
}

TEST_CASE("the caps hold at their edge") {
    Company company;
    company.rules.calls_max = 2;
    company.rules.calls_per_day = 10;
    company.rules.minutes_per_day = 60;
    company.use = {.live = 1, .calls = 9, .talked = 60min - 1s};
    CHECK(company.asks("600123456") == std::nullopt);
    company.use.talked = 60min;
    CHECK(company.asks("600123456") == OutsideRefusal::TooLongToday);
    company.use = {.live = 1, .calls = 10};
    CHECK(company.asks("600123456") == OutsideRefusal::TooManyToday);
    company.use = {.live = 2, .calls = 2};
    CHECK(company.asks("600123456") == OutsideRefusal::TooManyAtOnce);
    company.rules.calls_max = 0;
    company.use = {};
    CHECK(company.asks("600123456") == OutsideRefusal::TooManyAtOnce);
}

TEST_CASE("outside the hours nothing is called") {
    Company company;
    calendar::CalendarConfig week;
    week.zone = "Europe/Madrid";
    for (std::size_t day = 0; day < 5; ++day) week.week.at(day) = {{.opens = 9h, .closes = 18h}};
    auto hours = calendar::OpeningHours::make(week);
    REQUIRE(hours.has_value());
    company.rules.hours = std::make_shared<const calendar::OpeningHours>(std::move(hours).value());
    CHECK(company.asks("600123456") == std::nullopt);
    company.now = kFridayMorning - 1s;
    CHECK(company.asks("600123456") == OutsideRefusal::Closed);
    company.now = kFridayMorning + 24h;
    CHECK(company.asks("600123456") == OutsideRefusal::Closed);
    CHECK(company.asks("112") == OutsideRefusal::Emergency);
}

TEST_CASE("each refusal has a word of its own") {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < kOutsideRefusals; ++i) {
        const auto one = word(static_cast<OutsideRefusal>(i));
        CHECK(one.starts_with("outside_"));
        CHECK(std::find(words.begin(), words.end(), one) == words.end());
        words.push_back(one);
    }
}
