#include "server/detail/overload.h"

#include <doctest/doctest.h>

namespace escucha::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong = Overload::kTarget + milliseconds{1};

Instant at(int ms) { return Instant{milliseconds{ms}}; }

}  // namespace

TEST_CASE("a queue that stays long is overload, and its end ends it at once") {
    Overload overload;
    overload.note({.socket = kLong}, at(1'000));
    CHECK_FALSE(overload.is_now());
    overload.note({.socket = kLong}, at(1'099));
    CHECK_FALSE(overload.is_now());
    overload.note({.socket = kLong}, at(1'100));
    CHECK(overload.is_now());
    overload.note({.socket = Overload::kTarget}, at(1'101));
    CHECK_FALSE(overload.is_now());
    overload.note({.socket = kLong}, at(1'102));
    CHECK_FALSE(overload.is_now());
}

TEST_CASE("one long wait, as after a pause of the machine, is no overload") {
    Overload overload;
    overload.note({.socket = milliseconds{3'000}}, at(5'000));
    overload.note({.socket = milliseconds{20}}, at(5'010));
    overload.note({.socket = milliseconds{0}}, at(5'200));
    CHECK_FALSE(overload.is_now());
}

TEST_CASE("a slow disk or media process refuses nobody until many wait for it") {
    const auto stays = [](const Backlog& backlog) {
        Overload overload;
        for (int ms = 0; ms <= 200; ++ms) overload.note(backlog, at(ms));
        return overload.is_now();
    };
    CHECK_FALSE(stays({.journal = kLong, .undecided = Overload::kManyUndecided - 1}));
    CHECK(stays({.journal = kLong, .undecided = Overload::kManyUndecided}));
    CHECK_FALSE(stays({.journal = milliseconds{50}, .undecided = 10'000}));
    CHECK_FALSE(stays({.media = kLong, .unmade = Overload::kManyUnmade - 1}));
    CHECK(stays({.media = kLong, .unmade = Overload::kManyUnmade}));
}

}  // namespace escucha::server
