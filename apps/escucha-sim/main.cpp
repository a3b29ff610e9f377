// A day of a contact centre on a virtual clock: `escucha-sim --seed 7`, `escucha-sim --seeds
// 1-100`.

#include <charconv>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "calendar/zone.h"
#include "sim/day.h"
#include "sim/reading.h"

namespace {

using escucha::sim::Options;
using escucha::sim::Report;

constexpr std::string_view kUsage =
    "escucha-sim: simulates a day of a contact centre with the production cores\n\n"
    "  --seed N          the day to simulate (1)\n"
    "  --seeds A-B       all days from A to B; stops at the first failure\n"
    "  --agents N        agents on shift (50)\n"
    "  --contacts N      calls of the day (8000)\n"
    "  --hours N         length of the day (12)\n"
    "  --kills N         how often the control process dies (0)\n"
    "  --media-kills N   how often the media process dies (0)\n"
    "  --lost-ends N     of a thousand legs, how many end without a word (0)\n"
    "  --journal TEXT    prints the journal's events that contain TEXT; \"\" is all\n"
    "  --thieves WEEKS   instead of a day: thieves and honest people before the guard\n"
    "  --flows FOLDER    the two demo flows (demo/flows)\n"
    "  --help            this text\n";

struct Wanted {
    Options options;
    std::uint64_t first = 1, last = 1;
    std::uint32_t thieves = 0;  ///< Weeks; 0: a day of calls.
    std::string flows = "demo/flows";
};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc{} || at != end) return std::nullopt;
    return value;
}

bool set_number(Wanted& wanted, std::string_view name, std::uint64_t value) {
    constexpr std::uint64_t kMost = 1'000'000;
    if (name == "--seed") {
        wanted.first = wanted.last = value;
        return true;
    }
    if (value > kMost) return false;
    const auto small = static_cast<std::uint32_t>(value);
    if (name == "--agents" && value > 0)
        wanted.options.agents = small;
    else if (name == "--contacts")
        wanted.options.contacts = small;
    else if (name == "--hours" && value > 0 && value <= 24) {
        wanted.options.length = std::chrono::hours{small};
    } else if (name == "--kills")
        wanted.options.kills = small;
    else if (name == "--media-kills")
        wanted.options.media_kills = small;
    else if (name == "--thieves" && value > 0 && value <= 52)
        wanted.thieves = small;
    else if (name == "--lost-ends" && value <= 1'000)
        wanted.options.lost_ends = small;
    else
        return false;
    return true;
}

bool set(Wanted& wanted, std::string_view name, std::string_view value) {
    if (name == "--flows") {
        wanted.flows = value;
        return true;
    }
    if (name == "--journal") {
        wanted.options.journal = [text = std::string{value}](const std::string& event) {
            if (event.find(text) != std::string::npos) fmt::print("{}\n", event);
        };
        return true;
    }
    if (name == "--seeds") {
        const auto dash = value.find('-');
        if (dash == std::string_view::npos) return false;
        const auto first = number(value.substr(0, dash));
        const auto last = number(value.substr(dash + 1));
        if (!first || !last || *first > *last) return false;
        wanted.first = *first;
        wanted.last = *last;
        return true;
    }
    const auto parsed = number(value);
    return parsed && set_number(wanted, name, *parsed);
}

void print(const Report& report) {
    fmt::print(
        "seed {}: digest {:016x}, {} steps, {} events, {} contacts ({} refused), {} connected, "
        "{} self-served, {} abandoned, {} transfers, {} offers ({} returned), {} repaired, "
        "{} restarts, wait p50 {:.1f} s, p95 {:.1f} s\n",
        report.seed,
        report.digest,
        report.steps,
        report.events,
        report.contacts,
        report.refused,
        report.connected,
        report.self_served,
        report.abandoned,
        report.transfers,
        report.offers,
        report.offers_returned,
        report.repaired,
        report.restarts,
        report.wait_p50_s,
        report.wait_p95_s);
    if (report.failure.empty()) return;
    fmt::print("\nFAILED with seed {}: {}\nThe last events:\n", report.seed, report.failure);
    for (const std::string& line : report.last_events) fmt::print("  {}\n", line);
}

void print(const escucha::sim::TheftReport& report) {
    if (!report.is_detected) {
        fmt::print("  {:<12} not detected\n", report.thief);
        return;
    }
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(report.took).count();
    fmt::print("  {:<12} {:<18} lost {:>5}, after {:>4} h {:>2} min",
               report.thief,
               escucha::guard::word(report.signal),
               report.lost,
               minutes / 60,
               minutes % 60);
    if (report.is_blocked) fmt::print(", {} when blocked", report.lost_to_block);
    if (report.suspects > 0) {
        fmt::print(", {} named, the thief {}",
                   report.suspects,
                   report.is_among_suspects ? "among them" : "not among them");
    }
    fmt::print("\n");
}

void print(const escucha::sim::HonestReport& report) {
    fmt::print(
        "  {:<12} {:>4} agent-weeks, {:>6} reads, {:.3f} false alarms an agent-week, {} blocks",
        report.habit,
        report.agent_weeks,
        report.reads,
        report.alarms_per_week(),
        report.blocks);
    for (const auto& [signal, count] : report.alarms) {
        fmt::print(", {} {}", escucha::guard::word(signal), count);
    }
    fmt::print("; canaries opened {}\n", report.low);
}

void run_thieves(const Wanted& wanted) {
    for (std::uint64_t seed = wanted.first; seed <= wanted.last; ++seed) {
        escucha::sim::ReadingOptions options;
        options.seed = seed;
        options.weeks = wanted.thieves;
        fmt::print("seed {}\n", seed);
        for (const char* thief : escucha::sim::kThieves) {
            print(escucha::sim::run_theft(thief, options));
        }
        for (const auto& report : escucha::sim::run_honest(options)) print(report);
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    Wanted wanted;
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
        if (arguments[i] == "--help") {
            fmt::print("{}", kUsage);
            return 0;
        }
        if (i + 1 == arguments.size() || !set(wanted, arguments[i], arguments[i + 1])) {
            fmt::print(stderr, "escucha-sim: cannot use {}\n\n{}", arguments[i], kUsage);
            return 2;
        }
    }
    if (wanted.thieves > 0) {
        run_thieves(wanted);
        return 0;
    }
    if (const auto zones = escucha::calendar::self_test(); !zones) {
        fmt::print(stderr, "escucha-sim: {}\n", zones.error().message());
        return 2;
    }
    const auto flows = escucha::sim::load_flows(wanted.flows);
    if (!flows) {
        fmt::print(stderr, "escucha-sim: {}\n", flows.error().message());
        return 2;
    }
    for (std::uint64_t seed = wanted.first; seed <= wanted.last; ++seed) {
        wanted.options.seed = seed;
        const Report report = escucha::sim::run_day(wanted.options, flows.value());
        print(report);
        std::fflush(stdout);
        if (!report.failure.empty()) return 1;
    }
    return 0;
}
