#include "recording/chain.h"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "base/hex.h"

namespace escucha::recording {
namespace {

Ended ended() {
    return {.company = CompanyId{Uuid{.high = 1, .low = 1}},
            .recording = RecordingId{Uuid{.high = 2, .low = 2}},
            .contact = ContactId{Uuid{.high = 3, .low = 3}},
            .file = {1, 2, 3},
            .duration_ms = 4'000,
            .bytes = 5'000,
            .is_complete = true,
            .reason = "stopped"};
}

}  // namespace

TEST_CASE("a link answers for every word of its fact, for those before it and for its number") {
    const ChainTip start;
    const ChainTip first = next_link(start, ended());
    CHECK(first.number == 1);
    const std::vector<std::function<void(Ended&)>> changes{
        [](Ended& e) { e.company = CompanyId{Uuid{.high = 1, .low = 2}}; },
        [](Ended& e) { e.recording = RecordingId{Uuid{.high = 2, .low = 3}}; },
        [](Ended& e) { e.contact = ContactId{Uuid{.high = 3, .low = 4}}; },
        [](Ended& e) { e.file[31] = 1; },
        [](Ended& e) { ++e.duration_ms; },
        [](Ended& e) { ++e.bytes; },
        [](Ended& e) { e.is_complete = false; },
        [](Ended& e) { e.reason = "io"; },
    };
    for (const auto& change : changes) {
        Ended other = ended();
        change(other);
        CHECK(next_link(start, other).link != first.link);
    }
    CHECK(next_link(first, ended()).link != first.link);
    CHECK(next_link(ChainTip{.number = 1}, ended()).link != first.link);
}

TEST_CASE("the first link of a known fact never changes: chains of years must go on verifying") {
    CHECK(to_hex(next_link({}, ended()).link) ==
          "e2f13ff1b998c1776739cf5c7d358c6fcfc120366dbfdecb4925f5e7e6c8104b");
}

TEST_CASE("a tip is printed and read back; anything else is none") {
    const ChainTip tip = next_link({}, ended());
    CHECK(ChainTip::parse(tip.print()) == tip);
    const std::string zeros(64, '0');
    for (const std::string& bad : {std::string{},
                                   std::string{"1"},
                                   "x " + zeros,
                                   "-1 " + zeros,
                                   "1 " + zeros + "0",
                                   "1 z" + zeros.substr(1)}) {
        CHECK_FALSE(ChainTip::parse(bad));
    }
}

}  // namespace escucha::recording
