#include "rtp/one_way.h"

#include <doctest/doctest.h>

namespace escucha::rtp {
namespace {

using Verdict = OneWayWatch::Verdict;
using Expected = OneWayWatch::Expected;
constexpr Duration kMoment = std::chrono::milliseconds{100};

/// Observes one whole window with that many packets each way in it.
struct Watch {
    OneWayWatch watch;
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    Instant now{};

    Verdict window(std::uint64_t heard,
                   std::uint64_t told,
                   Expected expected = Expected::BothWays) {
        watch.observe(received, sent, expected, now);
        received += heard;
        sent += told;
        now += OneWayWatch::kWindow;
        watch.observe(received, sent, expected, now);
        return watch.verdict();
    }
};

}  // namespace

TEST_CASE("a leg is one way when a whole window had packets one way only") {
    Watch w;
    CHECK(w.window(250, 250) == Verdict::No);
    CHECK(w.window(0, 250) == Verdict::NothingHeard);
    CHECK(w.window(250, 0) == Verdict::NothingSent);
    CHECK(w.window(0, 0) == Verdict::No);
    CHECK(w.window(1, 250) == Verdict::No);
    CHECK(w.watch.total() == 2 * OneWayWatch::kWindow);
}

TEST_CASE("the verdict falls at the end of the window, not before") {
    OneWayWatch watch;
    watch.observe(0, 0, Expected::BothWays, Instant{});
    watch.observe(0, 250, Expected::BothWays, Instant{} + OneWayWatch::kWindow - Duration{1});
    CHECK(watch.verdict() == Verdict::No);
    watch.observe(0, 250, Expected::BothWays, Instant{} + OneWayWatch::kWindow);
    CHECK(watch.verdict() == Verdict::NothingHeard);
}

TEST_CASE("a leg on hold is not one way, and starts afresh afterwards") {
    Watch w;
    CHECK(w.window(0, 250) == Verdict::NothingHeard);
    CHECK(w.window(0, 250, Expected::Otherwise) == Verdict::No);
    w.watch.observe(w.received, w.sent, Expected::BothWays, w.now);
    w.watch.observe(w.received, w.sent + 5, Expected::BothWays, w.now + kMoment);
    CHECK(w.watch.verdict() == Verdict::No);
    CHECK(w.watch.total() == OneWayWatch::kWindow);
}

}  // namespace escucha::rtp
