#include "store/detail/projection_step.h"

namespace escucha::store::projection {
namespace {

/// The counter of the time an agent spent in `state`, as a literal; empty for signed out.
std::string_view time_column(std::string_view state) {
    if (state == "ready") return "ready_ms";
    if (state == "not_ready") return "not_ready_ms";
    if (state == "offered") return "offered_ms";
    if (state == "talking") return "talking_ms";
    if (state == "wrap_up") return "wrap_up_ms";
    return {};
}

}  // namespace

Result<void> agent_state_changed(Step& step) {
    const auto& event = step.event;
    const std::string state = step.text("state");
    ESC_TRY(
        step.run("UPDATE agent_state_log SET ended_at_us = ?"
                 " WHERE agent_id = ? AND ended_at_us IS NULL",
                 {event.at, event.agent}));
    ESC_TRY(
        step.run("INSERT INTO agent_state_log (seq, company_id, agent_id, state, reason,"
                 " contact_id, started_at_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
                 {event.seq,
                  event.company,
                  event.agent,
                  state,
                  step.text("reason"),
                  event.contact,
                  event.at}));
    ESC_TRY(
        step.run("INSERT INTO agent_state (agent_id, company_id, state, reason, since_us, until,"
                 " contact_id) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (agent_id) DO UPDATE SET"
                 " state = excluded.state, reason = excluded.reason,"
                 " since_us = excluded.since_us, until = excluded.until,"
                 " contact_id = excluded.contact_id",
                 {event.agent,
                  event.company,
                  state,
                  step.text("reason"),
                  event.at,
                  step.text("until"),
                  event.contact}));
    const std::string_view column = time_column(step.text("previous"));
    if (column.empty()) return ok();
    return step.count(DayTable::Agent, event.agent, {{column, step.integer("previous_ms")}});
}

}  // namespace escucha::store::projection
