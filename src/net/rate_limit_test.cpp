#include "net/rate_limit.h"

#include <string>

#include <doctest/doctest.h>

using namespace escucha;
using namespace escucha::net;
using namespace std::chrono_literals;

namespace {

constexpr RateLimit::Key kKey{1, 2, 3};
const Instant kStart{std::chrono::hours{5}};

/// How many of `tried` are let in at `now`.
int let_in(RateLimit& limit, std::string_view name, Instant now, int tried) {
    int count = 0;
    for (int i = 0; i < tried; ++i) count += limit.take(name, now) ? 0 : 1;
    return count;
}

}  // namespace

TEST_CASE("so many at once, then one after each interval, and the refusal says how long") {
    RateLimit limit{Rate::per(1s, 10, 3), kKey};
    CHECK(let_in(limit, "a", kStart, 5) == 3);
    CHECK(limit.take("a", kStart) == 100ms);
    CHECK(limit.take("a", kStart + 99ms) == 1ms);
    CHECK(let_in(limit, "a", kStart + 100ms, 2) == 1);
    CHECK(let_in(limit, "a", kStart + 10s, 9) == 3);
}

TEST_CASE("names do not pay for one another, and a burst of one is one") {
    RateLimit limit{Rate::per(1min, 1, 1), kKey};
    CHECK(let_in(limit, "a", kStart, 2) == 1);
    CHECK(let_in(limit, "b", kStart, 2) == 1);
    CHECK(let_in(limit, "a", kStart + 59s, 1) == 0);
    CHECK(let_in(limit, "a", kStart + 60s, 1) == 1);
}

TEST_CASE("a flood of names takes no more memory, lets nobody in twice and refuses few others") {
    RateLimit limit{Rate::per(1min, 1, 1), kKey};
    constexpr int kFlood = 3'000;
    for (int i = 0; i < kFlood; ++i) limit.take("flood" + std::to_string(i), kStart);
    int refused = 0;
    constexpr int kHonest = 1'000;
    for (int i = 0; i < kHonest; ++i) {
        const std::string name = "honest" + std::to_string(i);
        refused += limit.take(name, kStart) ? 1 : 0;
        CHECK(limit.take(name, kStart).has_value());
    }
    // Both of a name's buckets must be others': about (4,000 / 32,768)² of them.
    CHECK(refused < kHonest / 50);
}
