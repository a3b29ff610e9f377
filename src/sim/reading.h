#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "guard/guard.h"

namespace escucha::sim {

/// Weeks of reading in a company, on a virtual clock: people who work, and people who steal, before
/// the production guard.
struct ReadingOptions {
    std::uint64_t seed = 1;
    std::uint32_t customers = 20'000;
    std::uint32_t canaries = 100;  ///< Of these customers.
    std::uint32_t weeks = 4;
    std::uint32_t people = 10;  ///< Honest ones of each habit.
};

/// What became of a thief.
struct TheftReport {
    std::string thief;  ///< One of `kThieves`.
    bool is_detected = false;
    guard::Signal signal{};   ///< Of the first alarm that is more than low.
    std::uint32_t lost = 0;   ///< Different customers taken before that alarm.
    Duration took{};          ///< Of shifts' time from the first theft, nights included.
    bool is_blocked = false;  ///< Within the weeks.
    std::uint32_t lost_to_block = 0;
    std::uint32_t suspects = 0;  ///< Of a canary's alarm: who had read it.
    bool is_among_suspects = false;
};

/// What honest people of one habit met with.
struct HonestReport {
    std::string habit;  ///< "busy", "slow", "back_office", "reviewing"
    std::uint32_t agent_weeks = 0;
    std::uint64_t reads = 0;
    std::map<guard::Signal, std::uint32_t> alarms;  ///< Canaries that were opened not among them.
    std::uint32_t low = 0;                          ///< Canaries that were opened.
    std::uint32_t blocks = 0;

    [[nodiscard]] double alarms_per_week() const;
};

/// One thief, who does an agent's honest work beside it. Known names as in TheftReport.
TheftReport run_theft(const std::string& thief, const ReadingOptions& options);
/// Nobody steals.
std::vector<HonestReport> run_honest(const ReadingOptions& options);

inline constexpr const char* kThieves[] = {
    "slow", "fast", "lists", "colluding", "screenshot", "export"};

}  // namespace escucha::sim
