#include "flow/context.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/errc.h"
#include "flow/detail/keyed_value.h"

namespace escucha::flow {
namespace {

Datum datum(std::string name, Type type, Value value) {
    Datum one;
    one.name = std::move(name);
    one.type = type;
    one.value = std::move(value);
    one.at = from_micros(1'795'424'400'000'000);
    return one;
}

}  // namespace

TEST_CASE("a later value replaces the earlier one in its place") {
    Context context;
    REQUIRE(context.give(datum("a", Type::Number, std::int64_t{1})));
    REQUIRE(context.give(datum("b", Type::Number, std::int64_t{2})));
    REQUIRE(context.give(datum("a", Type::Number, std::int64_t{3})));
    REQUIRE(context.data().size() == 2);
    CHECK(to_text(context.data()[0].value) == "3");
    context.forget("a");
    CHECK(context.find("a") == nullptr);
}

TEST_CASE("the context holds as many data as its limit and a datum needs a name") {
    Context context;
    for (std::size_t i = 0; i < Context::kMaxData; ++i) {
        REQUIRE(context.give(datum("d" + std::to_string(i), Type::Text, std::string{"x"})));
    }
    CHECK(context.give(datum("more", Type::Text, std::string{"x"})).error().code == Errc::TooLarge);
    CHECK(context.give(datum("d0", Type::Text, std::string{"y"})).has_value());
    CHECK(context.give(datum("", Type::Text, std::string{"x"})).error().code ==
          Errc::InvalidArgument);
}

TEST_CASE("what people may see depends on the sensitivity") {
    auto one = datum("saldo", Type::Money, speech::Money{.minor_units = 5, .currency = "EUR"});
    for (const auto shown : {Sensitivity::Public, Sensitivity::Internal, Sensitivity::Personal}) {
        one.sensitivity = shown;
        CHECK(one.shown() == "5 EUR");
        CHECK(one.is_sensitive() == (shown == Sensitivity::Personal));
    }
    for (const auto hidden : {Sensitivity::Financial, Sensitivity::Secret}) {
        one.sensitivity = hidden;
        CHECK(one.shown() == "•••");
        CHECK(one.is_sensitive());
    }
}

TEST_CASE("values are read only in the form of their type") {
    const auto good = [](Type type, std::string_view text) {
        const auto value = parse_value(type, text);
        return value.has_value() && to_text(value.value()) == text;
    };
    CHECK(good(Type::Money, "-1205 EUR"));
    CHECK(good(Type::Date, "2028-02-29"));
    CHECK(good(Type::Time, "00:00"));
    CHECK(good(Type::Number, "-5"));
    CHECK(good(Type::Digits, "0012"));
    CHECK(good(Type::Phone, "+34600111222"));
    CHECK(good(Type::Text, ""));
    CHECK(good(Type::Text, std::string(kMaxValueBytes, 'a')));
    CHECK(!good(Type::Text, std::string(kMaxValueBytes + 1, 'a')));
    for (const auto* bad : {"12.05 EUR", "5EUR", "5 eur", "EUR", " 5 EUR", ""}) {
        CHECK_MESSAGE(!good(Type::Money, bad), bad);
    }
    for (const auto* bad : {"2026-02-29", "2026-13-01", "2026-1-1", "26-01-01", ""}) {
        CHECK_MESSAGE(!good(Type::Date, bad), bad);
    }
    for (const auto* bad : {"24:00", "12:60", "1:00", "12-00", "-1:00", ""}) {
        CHECK_MESSAGE(!good(Type::Time, bad), bad);
    }
    CHECK(!good(Type::Number, "1e3"));
    CHECK(!good(Type::Number, "99999999999999999999"));
    CHECK(!good(Type::Digits, "12a"));
    CHECK(!good(Type::Phone, "+"));
}

TEST_CASE("any context comes back from its JSON as it was") {
    CHECK(rc::check(
        "save then restore", [](const std::vector<std::int64_t>& numbers, std::uint8_t reasks) {
            Context context;
            for (const auto number : numbers) {
                auto one = datum("n" + std::to_string(number % 90), Type::Number, number);
                one.given_by = static_cast<GivenBy>(number & 3);
                one.sensitivity = static_cast<Sensitivity>((number & 0x7F) % 5);
                one.verified = number % 2 == 0 ? "document" : "";
                one.source = number % 3 == 0 ? "demo \"x\"\n" : "";
                if (number % 5 == 0) one.as_of = from_micros(1'795'424'400'000'000);
                static_cast<void>(context.give(one));
            }
            for (int i = 0; i < reasks; ++i) context.count_reask();
            const auto restored = Context::restore(context.save());
            RC_ASSERT(restored.has_value());
            RC_ASSERT(restored.value() == context);
        }));
}

TEST_CASE("a damaged context names what is wrong") {
    const auto error = [](std::string_view json) { return Context::restore(json).error().detail; };
    CHECK(error(R"({"data": [{"name": "a"}]})").starts_with("/data/0"));
    CHECK(error(R"({"data": 5})").starts_with("/data"));
    CHECK(error(R"({"data": [{"name":"a","type":"number","value":"x","given_by":"caller",
        "at":"2026-11-23T00:00:00Z","sensitivity":"public"}]})") ==
          "/data/0/value: expected a whole number");
}

TEST_CASE("keys become the value that the variable's type asks for") {
    const speech::Date today{.year = 2026, .month = 11, .day = 23};
    CollectNode node;
    const auto read = [&](Type type, std::string_view keys) {
        const auto value = detail::value_of_keys(node, type, keys, today);
        return value ? to_text(*value) : std::string{"none"};
    };
    CHECK(read(Type::Date, "2311") == "2026-11-23");
    CHECK(read(Type::Date, "2211") == "2027-11-22");
    CHECK(read(Type::Date, "2902") == "2028-02-29");
    CHECK(read(Type::Date, "3002") == "none");
    CHECK(read(Type::Date, "01012025") == "2025-01-01");
    CHECK(read(Type::Date, "231") == "none");
    CHECK(read(Type::Time, "9") == "09:00");
    CHECK(read(Type::Time, "21") == "21:00");
    CHECK(read(Type::Time, "930") == "09:30");
    CHECK(read(Type::Time, "2359") == "23:59");
    CHECK(read(Type::Time, "24") == "none");
    CHECK(read(Type::Time, "1260") == "none");
    CHECK(read(Type::Money, "12") == "1200 EUR");
    node.currency = "CLP";
    CHECK(read(Type::Money, "12") == "12 CLP");
    node.least = 2;
    node.most = 5;
    CHECK(read(Type::Number, "1") == "none");
    CHECK(read(Type::Number, "2") == "2");
    CHECK(read(Type::Number, "5") == "5");
    CHECK(read(Type::Number, "6") == "none");
    CHECK(read(Type::Digits, "0007") == "0007");
    CHECK(read(Type::Number, "99999999999999999999999999999999") == "none");
}

}  // namespace escucha::flow
