#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "flow/document.h"

namespace escucha::sim {

/// What to simulate. The same options give the same day, event by event.
struct Options {
    std::uint64_t seed = 1;
    std::uint32_t agents = 50;
    std::uint32_t contacts = 8000;  ///< Spread over `length`, with two peaks.
    std::chrono::hours length{12};
    std::uint32_t kills = 0;  ///< How often the control process dies, at random instants.
    std::function<void(const std::string&)> journal{};  ///< Gets each committed event, printed.
    std::uint32_t media_kills = 0;                      ///< The same of the media process.
    std::uint32_t lost_ends = 0;  ///< Of a thousand legs, how many end without a word.
};

/// The demo's two flows, as the centre runs them.
struct Flows {
    std::shared_ptr<const flow::Document> service;       ///< Dialled as 100.
    std::shared_ptr<const flow::Document> grandparents;  ///< Dialled as 200.
};
/// Reads 100-servicio.json and 200-abuelos.json. Error: what the file or its reader says.
Result<Flows> load_flows(const std::string& folder);

struct Report {
    std::uint64_t seed = 0;
    std::uint64_t digest = 0;  ///< Of every committed journal event, in order.
    std::string failure;       ///< Empty when every checker was content.
    std::vector<std::string> last_events;

    std::uint64_t steps = 0;   ///< Simulated happenings.
    std::uint64_t events = 0;  ///< Journal events.
    std::uint64_t contacts = 0;
    std::uint64_t refused = 0;
    std::uint64_t connected = 0;
    std::uint64_t abandoned = 0;  ///< In a queue.
    std::uint64_t self_served = 0;
    std::uint64_t offers = 0;
    std::uint64_t offers_returned = 0;
    std::uint64_t transfers = 0;
    std::uint64_t outside = 0;           ///< Numbers that were called.
    std::uint64_t outside_answered = 0;  ///< Of these.
    std::uint64_t outside_attended = 0;  ///< Of these: the agent talked with the number first.
    std::uint64_t consultations = 0;     ///< Colleagues who were asked.
    std::uint64_t attended = 0;          ///< Of these, the caller went on with them.
    std::uint64_t conferences = 0;
    std::uint64_t taken_over = 0;    ///< Of these, the agent left and a colleague went on.
    std::uint64_t supervisions = 0;  ///< Supervisors who were in a conversation.
    std::uint64_t repaired = 0;
    std::uint64_t ends_lost = 0;
    std::uint64_t restarts = 0;
    double wait_p50_s = 0;
    double wait_p95_s = 0;
};

/// A day of a contact centre: production cores, simulated telephones, agents, callers, sound and
/// store, on a virtual clock. Checkers run after every event:
///
/// - every contact that arrived ends once, with a known outcome and a case;
/// - nobody is served twice, no agent or telephone is in two calls;
/// - offers follow the order of the queue; nobody leaves a queue they are not in;
/// - an agent's states follow one another as journalled;
/// - no answered caller is left in silence;
/// - totals of the journal agree with those of the cores, and nobody is left at the end.
Report run_day(const Options& options, const Flows& flows);

}  // namespace escucha::sim
