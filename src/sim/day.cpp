#include "sim/day.h"

#include <fstream>
#include <iterator>

#include "base/errc.h"
#include "sim/detail/config.h"
#include "sim/detail/media.h"
#include "sim/detail/people.h"
#include "sim/detail/shell.h"

namespace escucha::sim {

using namespace std::chrono_literals;

namespace {

/// Monday 23 November 2026, 08:00 in Madrid.
constexpr std::int64_t kStartMicros = 1'795'417'200'000'000;
constexpr Duration kLookForSilence = 5s;
/// After the shift: the last callers lose patience, the last agents finish.
constexpr Duration kAfterHours = 4h;

Result<std::shared_ptr<const flow::Document>> load(const std::string& path) {
    std::ifstream file{path};
    if (!file) return fail(Errc::NotFound, path);
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    ESC_TRY(flow::Document document, flow::parse(text));
    return std::make_shared<const flow::Document>(std::move(document));
}

void watch(World& world, Instant until) {
    world.callers->check_silence();
    if (world.clock.now().mono < until) {
        world.clock.after(kLookForSilence, [&world, until] { watch(world, until); });
    }
}

void schedule_faults(World& world) {
    const Duration day = world.options.length;
    for (std::uint32_t n = 0; n < world.options.kills; ++n) {
        world.clock.after(world.dice.between(10min, day), [&world, n] {
            if (n % 2 == 0) return world.shell->kill();
            world.shell->kill_at_commit();
        });
    }
    for (std::uint32_t n = 0; n < world.options.media_kills; ++n) {
        world.clock.after(world.dice.between(10min, day), [&world] {
            if (world.shell->is_up()) world.shell->kill_media();
        });
    }
}

/// One of the contacts that should have ended, with its flight recorder.
std::string describe_live(const control::Centre& centre) {
    const auto contacts = centre.contacts(company_id());
    const auto& one = contacts.front();
    std::string text = "still live in the evening: " + one.id.to_string();
    const auto trace = centre.trace_of(company_id(), one.id);
    for (const auto& line : trace.value_or(std::vector<control::TraceLine>{})) {
        text += "\n    " + to_rfc3339(line.at) + " " + line.kind + " " + line.text;
    }
    return text;
}

}  // namespace

Result<Flows> load_flows(const std::string& folder) {
    Flows flows;
    ESC_TRY(flows.service, load(folder + "/100-servicio.json"));
    ESC_TRY(flows.grandparents, load(folder + "/200-abuelos.json"));
    return flows;
}

Report run_day(const Options& options, const Flows& flows) {
    Clock clock{from_micros(kStartMicros)};
    Dice dice{options.seed};
    Ledger ledger{options.journal};
    World world{.options = options, .flows = flows, .clock = clock, .dice = dice, .ledger = ledger};
    Shell shell{world};
    Media media{world};
    Callers callers{world};
    Desks desks{world};
    Outsiders outsiders{world};
    world.shell = &shell;
    world.media = &media;
    world.callers = &callers;
    world.desks = &desks;
    world.outsiders = &outsiders;

    const Instant end = clock.now().mono + options.length + kAfterHours;
    shell.start();
    desks.schedule_day();
    callers.schedule_day();
    schedule_faults(world);
    watch(world, end);

    Report report;
    report.seed = options.seed;
    while (!ledger.has_failed() && clock.now().mono < end && clock.step()) ++report.steps;
    if (!ledger.has_failed() && shell.is_up()) {
        if (shell.centre()->live_contacts() != 0) {
            ledger.fail(describe_live(*shell.centre()));
        } else if (const auto broken = shell.centre()->broken_invariant()) {
            ledger.fail(*broken);
        }
    }
    report.refused = callers.refused();
    report.restarts = shell.restarts();
    report.ends_lost = shell.ends_lost();
    ledger.close(report);
    return report;
}

}  // namespace escucha::sim
