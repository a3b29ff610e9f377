#include "sim/reading.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace escucha::sim {
namespace {

/// What a thief has at most when the alarm comes, over the seeds.
struct Bound {
    const char* thief;
    std::uint32_t lost;
    bool is_blocked;
};
constexpr Bound kBounds[] = {
    {"slow", 30, true},
    {"fast", 20, true},
    {"lists", 250, true},
    {"colluding", 20, true},
    {"screenshot", 2'500, false},
    {"export", 200, false},
};
constexpr std::uint64_t kSeeds = 3;

TEST_CASE("every thief is detected, with few customers lost before the alarm") {
    for (const Bound& bound : kBounds) {
        for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
            ReadingOptions options;
            options.seed = seed;
            const TheftReport report = run_theft(bound.thief, options);
            CAPTURE(bound.thief);
            CAPTURE(seed);
            CHECK(report.is_detected);
            CHECK(report.lost <= bound.lost);
            CHECK((report.is_blocked || !bound.is_blocked));
            if (report.signal == guard::Signal::CanaryContacted) {
                CHECK(report.is_among_suspects);
                CHECK(report.suspects <= 3);
            }
            fmt::print("{}, seed {}: {}, lost {} before the alarm\n",
                       bound.thief,
                       seed,
                       guard::word(report.signal),
                       report.lost);
        }
    }
}

TEST_CASE("two who collude are found as two") {
    CHECK(run_theft("colluding", {}).signal == guard::Signal::Together);
}

TEST_CASE("without canaries the screenshot thief is not found: that is what they are for") {
    ReadingOptions options;
    options.canaries = 0;
    options.weeks = 1;
    CHECK_FALSE(run_theft("screenshot", options).is_detected);
}

TEST_CASE("honest weeks raise few alarms and block hardly anybody") {
    std::uint32_t blocks = 0, weeks = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        ReadingOptions options;
        options.seed = seed;
        const auto reports = run_honest(options);
        CHECK(reports.size() == 4);
        for (const HonestReport& report : reports) {
            CAPTURE(report.habit);
            CHECK(report.reads > 5'000);
            CHECK(report.alarms_per_week() <= 0.15);
            blocks += report.blocks;
            weeks += report.agent_weeks;
            fmt::print("{}, seed {}: {:.3f} false alarms an agent-week\n",
                       report.habit,
                       seed,
                       report.alarms_per_week());
        }
    }
    CHECK(blocks * 200 <= weeks);
}

TEST_CASE("one seed is one reading") {
    const TheftReport first = run_theft("slow", {});
    const TheftReport again = run_theft("slow", {});
    CHECK(first.lost == again.lost);
    CHECK(first.took == again.took);
    CHECK(first.lost_to_block == again.lost_to_block);
}

}  // namespace
}  // namespace escucha::sim
