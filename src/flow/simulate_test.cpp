#include "flow/simulate.h"

#include <doctest/doctest.h>

#include "base/errc.h"
#include "flow/detail/test_flow.h"

namespace escucha::flow {
namespace {

std::shared_ptr<const Document> small() {
    return std::make_shared<const Document>(testing::parse_good(testing::small_flow()));
}

std::string error_of(std::string_view script) {
    const auto transcript = simulate(small(), script);
    REQUIRE(!transcript.has_value());
    return transcript.error().detail;
}

}  // namespace

TEST_CASE("a script's fault is named with its line") {
    CHECK(error_of("key 1\nfly\n") == "line 2: \"fly\" is not a word of the script");
    CHECK(error_of("caller \"+34").starts_with("line 1: a quote"));
    CHECK(error_of("at noon").starts_with("line 1: at"));
    CHECK(error_of("language de").starts_with("line 1: language"));
    CHECK(error_of("key").starts_with("line 1: which keys"));
    CHECK(error_of("wait 0").starts_with("line 1: wait"));
}

TEST_CASE("a script at its limit is walked and a longer one is refused") {
    CHECK(simulate(small(), std::string(kMaxScriptBytes, '\n')).has_value());
    CHECK(simulate(small(), std::string(kMaxScriptBytes + 1, '\n')).error().code == Errc::TooLarge);
}

TEST_CASE("an empty script shows where the flow first waits, and masks what is sensitive") {
    const auto waits = simulate(small(), "").value();
    CHECK(waits.ends_with("... the caller is at [menu]\n"));
    const auto keyed = simulate(small(), "key 1\nkeys 50#\nkey 1").value();
    CHECK(keyed.find("cincuenta") == std::string::npos);
    CHECK(keyed.find("amount = •••") != std::string::npos);
    CHECK(keyed.find("keys of 3") != std::string::npos);
}

TEST_CASE("the same script gives the same transcript") {
    const auto* script = "number found name=\"Ana\"\nkey 2\nsilence\nhang_up\n";
    CHECK(simulate(small(), script).value() == simulate(small(), script).value());
}

}  // namespace escucha::flow
