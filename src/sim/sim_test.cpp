#include "sim/day.h"

#include <doctest/doctest.h>

namespace escucha::sim {

namespace {

Flows demo_flows() {
    auto flows = load_flows(ESCUCHA_SOURCE_DIR "/demo/flows");
    REQUIRE(flows);
    return std::move(flows).value();
}

/// A short day: enough for queues to build up and for agents to be idle.
Options short_day(std::uint64_t seed) {
    return {.seed = seed, .agents = 12, .contacts = 400, .length = std::chrono::hours{2}};
}

}  // namespace

TEST_CASE("a day without faults breaks no rule, and people are served") {
    const Flows flows = demo_flows();
    Report all;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const Report report = run_day(short_day(seed), flows);
        CAPTURE(seed);
        CHECK(report.failure == "");
        CHECK(report.repaired == 0);
        CHECK(report.contacts > 380);
        CHECK(report.connected > 150);
        CHECK(report.offers_returned > 20);
        CHECK(report.self_served > 5);
        CHECK(report.outside > 3);
        all.outside_answered += report.outside_answered;
        all.outside_attended += report.outside_attended;
        all.consultations += report.consultations;
        all.attended += report.attended;
        all.conferences += report.conferences;
        all.taken_over += report.taken_over;
        all.supervisions += report.supervisions;
    }
    CHECK(all.outside_answered > 5);
    CHECK(all.outside_attended > 0);
    CHECK(all.consultations > 15);
    CHECK(all.attended > 3);
    CHECK(all.conferences > 8);
    CHECK(all.taken_over > 3);
    CHECK(all.supervisions > 5);
}

TEST_CASE("one seed is one day, two seeds are two") {
    const Flows flows = demo_flows();
    const Report first = run_day(short_day(7), flows);
    const Report again = run_day(short_day(7), flows);
    CHECK(first.digest == again.digest);
    CHECK(first.steps == again.steps);
    CHECK(first.digest != run_day(short_day(8), flows).digest);
}

TEST_CASE("the control process may die at any instant without losing or doubling anybody") {
    const Flows flows = demo_flows();
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        Options options = short_day(seed);
        options.kills = 40;
        const Report report = run_day(options, flows);
        CAPTURE(seed);
        CHECK(report.failure == "");
        CHECK(report.restarts > 20);
    }
}

TEST_CASE("the media process may die at any instant") {
    const Flows flows = demo_flows();
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        Options options = short_day(seed);
        options.media_kills = 30;
        const Report report = run_day(options, flows);
        CAPTURE(seed);
        CHECK(report.failure == "");
    }
}

TEST_CASE("legs that end without a word are found and their calls ended") {
    const Flows flows = demo_flows();
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        Options options = short_day(seed);
        options.lost_ends = 100;
        options.kills = seed % 2 == 0 ? 10 : 0;
        const Report report = run_day(options, flows);
        CAPTURE(seed);
        CHECK(report.failure == "");
        CHECK(report.ends_lost > 10);
        CHECK(report.repaired >= report.ends_lost / 2);
    }
}

TEST_CASE("flows that are not there are an error, not an empty day") {
    CHECK_FALSE(load_flows("/nonexistent"));
}

}  // namespace escucha::sim
