#include "store/detail/projection_step.h"

#include <span>
#include <vector>

namespace escucha::store::projection {
namespace {

/// Puts the contact in `state` from the event's instant on, with what `columns` sets besides. A
/// contact that has ended stays ended: what comes after (a late recording, a disposition) belongs
/// to its history only.
Result<void> enter(Step& step,
                   std::string_view state,
                   std::string_view columns = {},
                   std::initializer_list<Param> values = {}) {
    std::vector<Param> params{state, step.event.at};
    params.insert(params.end(), values.begin(), values.end());
    params.insert(params.end(), {step.event.contact, step.event.company});
    std::string sql{
        "UPDATE contact SET state = CASE WHEN ended_at_us IS NULL THEN ? ELSE state END,"
        " state_since_us = CASE WHEN ended_at_us IS NULL THEN ? ELSE state_since_us END"};
    sql.append(columns).append(" WHERE id = ? AND company_id = ?");
    ESC_TRY(step.connection.execute(sql, std::span<const Param>{params}));
    return ok();
}

Result<void> leave(Step& step, std::string_view from, std::string_view to) {
    return step.run(
        "UPDATE contact SET state = ?, state_since_us = ? WHERE id = ? AND company_id = ?"
        " AND state = ?",
        {to, step.event.at, step.event.contact, step.event.company, from});
}

/// Runs an UPDATE of the contact that returns one of its text columns; empty when it changed none.
Result<std::string> update_returning(Step& step,
                                     std::string_view sql,
                                     std::initializer_list<Param> params) {
    ESC_TRY(const auto row, step.connection.query_one(sql, params));
    if (!row) return std::string{};
    ESC_TRY(auto value, row->get<std::optional<std::string>>(0));
    return value.value_or(std::string{});
}

/// The counter an outcome goes to, as a literal; empty for one that is not counted.
std::string_view outcome_column(std::string_view outcome) {
    for (const std::string_view known : {"served",
                                         "self_served",
                                         "abandoned_menu",
                                         "abandoned_queue",
                                         "voicemail",
                                         "refused",
                                         "fault"}) {
        if (outcome == known) return known;
    }
    return {};
}

}  // namespace

Result<void> contact_arrived(Step& step) {
    const auto& event = step.event;
    const std::string line = step.text("line");
    ESC_TRY(const auto made,
            step.connection.execute(
                "INSERT INTO contact (id, company_id, channel, direction, line_id, caller, dialled,"
                " flow, flow_version, language, state, state_since_us, arrived_at_us)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'menu', ?, ?) ON CONFLICT (id) DO NOTHING",
                {event.contact,
                 event.company,
                 step.text("channel"),
                 step.text("direction"),
                 line,
                 step.text("caller"),
                 step.text("dialled"),
                 step.text("flow"),
                 step.integer("flow_version"),
                 step.text("language"),
                 event.at,
                 event.at}));
    if (made == 0) return ok();
    return step.count(DayTable::Line, line, {{"arrived", 1}});
}

Result<void> contact_identified(Step& step) {
    const auto& event = step.event;
    ESC_TRY(step.run("UPDATE contact SET customer_id = ? WHERE id = ? AND company_id = ?",
                     {event.customer, event.contact, event.company}));
    // Linked again to the same customer, the caller stays verified; wrong answers stay in any case.
    const auto verified_at =
        step.flag("verified") ? std::optional{event.at} : std::optional<WallTime>{};
    ESC_TRY(step.connection.execute(
        "INSERT INTO contact_verification (contact_id, company_id, customer_id, verified_at_us)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (contact_id) DO UPDATE SET"
        " right_questions = CASE WHEN contact_verification.customer_id = excluded.customer_id"
        " THEN contact_verification.right_questions ELSE '' END,"
        " verified_at_us = CASE WHEN contact_verification.customer_id = excluded.customer_id"
        " THEN COALESCE(contact_verification.verified_at_us, excluded.verified_at_us)"
        " ELSE excluded.verified_at_us END, customer_id = excluded.customer_id",
        {event.contact, event.company, event.customer, verified_at}));
    // A case opened before anybody knew who called gets its customer now.
    return step.run(
        "UPDATE case_file SET customer_id = ?, updated_at_us = ? WHERE company_id = ?"
        " AND customer_id IS NULL AND id = (SELECT case_id FROM contact WHERE id = ?)",
        {event.customer, event.at, event.company, event.contact});
}

Result<void> identity_checked(Step& step) {
    const auto& event = step.event;
    const auto verified_at =
        step.flag("verified") ? std::optional{event.at} : std::optional<WallTime>{};
    ESC_TRY(step.connection.execute(
        "INSERT INTO contact_verification (contact_id, company_id, customer_id, verified_at_us,"
        " right_questions, wrong) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (contact_id) DO UPDATE SET"
        " customer_id = excluded.customer_id, right_questions = excluded.right_questions,"
        " wrong = excluded.wrong, verified_at_us ="
        " COALESCE(contact_verification.verified_at_us, excluded.verified_at_us)",
        {event.contact,
         event.company,
         event.customer,
         verified_at,
         step.text("right_questions"),
         step.integer("wrong")}));
    return ok();
}

Result<void> reask_counted(Step& step) {
    ESC_TRY(const auto line,
            update_returning(step,
                             "UPDATE contact SET reasks = reasks + 1"
                             " WHERE id = ? AND company_id = ? RETURNING line_id",
                             {step.event.contact, step.event.company}));
    if (line.empty()) return ok();
    return step.count(DayTable::Line, line, {{"reasks", 1}});
}

Result<void> flow_node_entered(Step& step) {
    return step.run("UPDATE contact SET menu_node = ? WHERE id = ? AND company_id = ?",
                    {step.text("node"), step.event.contact, step.event.company});
}

Result<void> language_chosen(Step& step) {
    return step.run("UPDATE contact SET language = ? WHERE id = ? AND company_id = ?",
                    {step.text("language"), step.event.contact, step.event.company});
}

Result<void> contact_queued(Step& step) {
    const auto& event = step.event;
    ESC_TRY(enter(step,
                  "waiting",
                  ", queue_id = ?, queued_at_us = COALESCE(queued_at_us, ?)",
                  {event.queue, event.at}));
    // A missed offer puts the caller back in the same place: not a second entry.
    if (step.text("reason") == "offer_returned") return ok();
    return step.count(DayTable::Queue, event.queue, {{"offered", 1}});
}

Result<void> contact_left_queue(Step& step) {
    const auto& event = step.event;
    const std::string reason = step.text("reason");
    const std::int64_t wait = step.integer("wait_ms");
    constexpr std::int64_t kSoonMs = 20'000;
    if (reason != "answered" && reason != "abandoned") {
        ESC_TRY(enter(step, "menu", ", wait_ms = ?", {wait}));
        return step.count(
            DayTable::Queue, event.queue, {{"longest_wait_ms", wait}, {"left_otherwise", 1}});
    }
    ESC_TRY(step.run("UPDATE contact SET wait_ms = ? WHERE id = ? AND company_id = ?",
                     {wait, event.contact, event.company}));
    if (reason == "abandoned") {
        return step.count(
            DayTable::Queue,
            event.queue,
            {{"longest_wait_ms", wait}, {"abandoned", 1}, {"abandoned_wait_ms", wait}});
    }
    return step.count(DayTable::Queue,
                      event.queue,
                      {{"longest_wait_ms", wait},
                       {"answered", 1},
                       {"answered_20s", wait <= kSoonMs ? 1 : 0},
                       {"answered_wait_ms", wait}});
}

Result<void> offer_made(Step& step) {
    ESC_TRY(enter(step, "offered", ", offers = offers + 1"));
    return step.count(DayTable::Agent, step.event.agent, {{"offers", 1}});
}

Result<void> offer_returned(Step& step) {
    const std::string reason = step.text("reason");
    ESC_TRY(leave(step, "offered", "waiting"));
    if (reason == "declined") {
        return step.count(DayTable::Agent, step.event.agent, {{"declined", 1}});
    }
    // The caller who hung up while it rang is not the agent's miss.
    if (reason == "caller_left") return ok();
    return step.count(DayTable::Agent, step.event.agent, {{"missed", 1}});
}

Result<void> contact_connected(Step& step) {
    const auto& event = step.event;
    ESC_TRY(enter(step,
                  "talking",
                  ", agent_id = ?, ring_ms = ?, connected_at_us = COALESCE(connected_at_us, ?)",
                  {event.agent, step.integer("ring_ms"), event.at}));
    return step.count(DayTable::Agent, event.agent, {{"answered", 1}});
}

Result<void> hold_started(Step& step) { return leave(step, "talking", "held"); }

Result<void> hold_ended(Step& step) { return leave(step, "held", "talking"); }

Result<void> transfer_started(Step& step) {
    return step.run("UPDATE contact SET transfers = transfers + 1 WHERE id = ? AND company_id = ?",
                    {step.event.contact, step.event.company});
}

Result<void> contact_disconnected(Step& step) {
    const auto& event = step.event;
    const std::int64_t talk = step.integer("talk_ms");
    const std::int64_t hold = step.integer("hold_ms");
    ESC_TRY(const auto queue,
            update_returning(
                step,
                "UPDATE contact SET talk_ms = talk_ms + ?, hold_ms = hold_ms + ?,"
                " state_since_us = CASE WHEN state IN ('talking', 'held') THEN ? ELSE "
                "state_since_us END,"
                " state = CASE WHEN state IN ('talking', 'held') THEN 'menu' ELSE state END"
                " WHERE id = ? AND company_id = ? RETURNING queue_id",
                {talk, hold, event.at, event.contact, event.company}));
    ESC_TRY(step.count(DayTable::Agent, event.agent, {{"talk_ms", talk}, {"hold_ms", hold}}));
    if (queue.empty()) return ok();
    return step.count(DayTable::Queue, queue, {{"talk_ms", talk}, {"hold_ms", hold}});
}

Result<void> contact_ended(Step& step) {
    const auto& event = step.event;
    ESC_TRY(const auto line,
            update_returning(
                step,
                "UPDATE contact SET state = 'ended', state_since_us = ?, ended_at_us = ?,"
                " outcome = ?, ended_by = ?, duration_ms = ?, case_id = COALESCE(?, case_id),"
                " customer_id = COALESCE(?, customer_id)"
                " WHERE id = ? AND company_id = ? AND ended_at_us IS NULL RETURNING line_id",
                {event.at,
                 event.at,
                 step.text("outcome"),
                 step.text("ended_by"),
                 step.integer("duration_ms"),
                 event.case_id,
                 event.customer,
                 event.contact,
                 event.company}));
    const std::string_view column = outcome_column(step.text("outcome"));
    if (line.empty() || column.empty()) return ok();
    return step.count(DayTable::Line, line, {{column, 1}});
}

Result<void> recording_started(Step& step) {
    const std::string kind = step.text("kind");
    ESC_TRY(
        step.run("INSERT INTO recording (id, company_id, contact_id, kind, path, state,"
                 " started_at_us) VALUES (?, ?, ?, ?, ?, 'recording', ?)"
                 " ON CONFLICT (id) DO NOTHING",
                 {step.text("recording"),
                  step.event.company,
                  step.event.contact,
                  kind,
                  step.text("path"),
                  step.event.at}));
    if (kind != "voicemail") return ok();
    return enter(step, "voicemail");
}

Result<void> recording_paused(Step& step) {
    return step.run(
        "UPDATE recording SET state = 'paused', pauses = pauses + 1"
        " WHERE id = ? AND company_id = ? AND state = 'recording'",
        {step.text("recording"), step.event.company});
}

Result<void> recording_resumed(Step& step) {
    return step.run(
        "UPDATE recording SET state = 'recording', paused_ms = paused_ms + ?"
        " WHERE id = ? AND company_id = ? AND state = 'paused'",
        {step.integer("paused_ms"), step.text("recording"), step.event.company});
}

Result<void> recording_ended(Step& step) {
    return step.run(
        "UPDATE recording SET state = 'done', ended_at_us = ?, duration_ms = ?,"
        " bytes = ?, sha256 = ?, is_complete = ? WHERE id = ? AND company_id = ?",
        {step.event.at,
         step.integer("duration_ms"),
         step.integer("bytes"),
         step.text("sha256"),
         step.flag("complete"),
         step.text("recording"),
         step.event.company});
}

}  // namespace escucha::store::projection
