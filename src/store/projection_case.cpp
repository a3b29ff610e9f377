#include "store/detail/projection_step.h"

namespace escucha::store::projection {
namespace {

/// Joins the contact to the case: the contact's present case, and one of the case's contacts.
/// 1 when it was not one of them before.
Result<std::int64_t> join(Step& step) {
    const auto& event = step.event;
    ESC_TRY(step.run("UPDATE contact SET case_id = ? WHERE id = ? AND company_id = ?",
                     {event.case_id, event.contact, event.company}));
    return step.connection.execute(
        "INSERT INTO case_contact (case_id, contact_id, company_id, linked_at_us)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (case_id, contact_id) DO NOTHING",
        {event.case_id, event.contact, event.company, event.at});
}

/// A contact that turned out to be about a case that was there before.
Result<void> link(Step& step) {
    const auto& event = step.event;
    if (!event.contact || !event.case_id) return ok();
    ESC_TRY(const auto added, join(step));
    return step.run(
        "UPDATE case_file SET contacts = contacts + ?, updated_at_us = ?,"
        " customer_id = COALESCE(customer_id,"
        " (SELECT customer_id FROM contact WHERE id = ?))"
        " WHERE id = ? AND company_id = ?",
        {added, event.at, event.contact, event.case_id, event.company});
}

std::optional<std::string> unless_empty(std::string text) {
    if (text.empty()) return std::nullopt;
    return text;
}

/// The case's own words, as a search finds them: after every change of subject or topic.
Result<void> refresh_case_key(Step& step) {
    const auto& event = step.event;
    ESC_TRY(const auto row,
            step.connection.query_one("SELECT subject, topic FROM case_file WHERE id = ?",
                                      {event.case_id}));
    if (!row) return ok();
    ESC_TRY(const auto fields, (row->as<std::string, std::string>()));
    return step.run("UPDATE case_file SET search_key = ? WHERE id = ?",
                    {search_key(std::get<0>(fields) + " " + std::get<1>(fields)), event.case_id});
}

Result<void> refresh_search_key(Step& step) {
    const auto& event = step.event;
    ESC_TRY(const auto row,
            step.connection.query_one("SELECT name, document_id FROM customer WHERE id = ?",
                                      {event.customer}));
    if (!row) return ok();
    ESC_TRY(const auto fields, (row->as<std::string, std::string>()));
    return step.run("UPDATE customer SET search_key = ? WHERE id = ?",
                    {search_key(std::get<0>(fields) + " " + std::get<1>(fields)), event.customer});
}

}  // namespace

Result<void> case_opened(Step& step) {
    const auto& event = step.event;
    ESC_TRY(
        const auto opened,
        step.connection.execute(
            "INSERT INTO case_file (id, company_id, reference, kind, topic, subject, status,"
            " customer_id, opened_by, opened_at_us, opened_in, caller, updated_at_us, contacts,"
            " search_key) VALUES (?, ?, ?, ?, ?, ?, 'open',"
            " COALESCE(?, (SELECT customer_id FROM contact WHERE id = ?)), ?, ?, ?,"
            " COALESCE((SELECT caller FROM contact WHERE id = ?), ''), ?, ?, ?)"
            " ON CONFLICT (id) DO NOTHING",
            {event.case_id,
             event.company,
             step.text("reference"),
             step.text("kind"),
             step.text("topic"),
             step.text("subject"),
             event.customer,
             event.contact,
             step.text("opened_by"),
             event.at,
             event.contact,
             event.contact,
             event.at,
             event.contact ? 1 : 0,
             search_key(step.text("subject") + " " + step.text("topic"))}));
    if (opened == 0) return link(step);
    if (!event.contact) return ok();
    ESC_TRY(join(step));
    return ok();
}

// A later value takes the earlier one's place in the order; the journal keeps both.
Result<void> case_datum_recorded(Step& step) {
    const auto& event = step.event;
    return step.run(
        "INSERT INTO case_datum (case_id, name, company_id, type, value, given_by, verified,"
        " sensitivity, contact_id, first_seq, recorded_at_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (case_id, name) DO UPDATE SET type = excluded.type, value = excluded.value,"
        " given_by = excluded.given_by, verified = excluded.verified,"
        " sensitivity = excluded.sensitivity,"
        " contact_id = excluded.contact_id, recorded_at_us = excluded.recorded_at_us"
        " WHERE case_datum.company_id = excluded.company_id",
        {event.case_id,
         step.text("name"),
         event.company,
         step.text("type"),
         step.maybe_text("value"),
         step.text("given_by"),
         step.text("verified"),
         step.maybe_text("sensitivity").value_or("personal"),
         event.contact,
         event.seq,
         event.at});
}

Result<void> case_linked(Step& step) { return link(step); }

Result<void> reference_spoken(Step& step) {
    return step.run(
        "UPDATE case_file SET times_spoken = times_spoken + ?"
        " WHERE id = ? AND company_id = ?",
        {step.integer("times"), step.event.case_id, step.event.company});
}

Result<void> case_updated(Step& step) {
    const auto& event = step.event;
    ESC_TRY(
        step.run("UPDATE case_file SET status = COALESCE(?, status), topic = COALESCE(?, topic),"
                 " subject = COALESCE(?, subject), next_step = COALESCE(?, next_step),"
                 " owner = COALESCE(?, owner), due = COALESCE(?, due), updated_at_us = ?"
                 " WHERE id = ? AND company_id = ?",
                 {step.maybe_text("status"),
                  step.maybe_text("topic"),
                  step.maybe_text("subject"),
                  step.maybe_text("next_step"),
                  step.maybe_text("owner"),
                  step.maybe_text("due"),
                  event.at,
                  event.case_id,
                  event.company}));
    ESC_TRY(refresh_case_key(step));
    if (step.text("status") == "closed") {
        return step.run(
            "UPDATE case_file SET closed_at_us = COALESCE(closed_at_us, ?)"
            " WHERE id = ? AND company_id = ?",
            {event.at, event.case_id, event.company});
    }
    // Opened again: it is no longer closed, and its outcome no longer holds.
    return step.run(
        "UPDATE case_file SET closed_at_us = NULL, outcome = ''"
        " WHERE id = ? AND company_id = ? AND status <> 'closed'"
        " AND closed_at_us IS NOT NULL",
        {event.case_id, event.company});
}

Result<void> case_closed(Step& step) {
    return step.run(
        "UPDATE case_file SET status = 'closed', outcome = ?, closed_at_us = ?,"
        " updated_at_us = ? WHERE id = ? AND company_id = ?",
        {step.text("outcome"),
         step.event.at,
         step.event.at,
         step.event.case_id,
         step.event.company});
}

// The disposition is also the case's present next step; an empty field keeps what the case had.
Result<void> disposition_recorded(Step& step) {
    const auto& event = step.event;
    ESC_TRY(
        step.run("INSERT INTO disposition (seq, company_id, contact_id, case_id, agent_id, topic,"
                 " outcome, next_step, owner, due, recorded_at_us)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 {event.seq,
                  event.company,
                  event.contact,
                  event.case_id,
                  event.agent,
                  step.text("topic"),
                  step.text("outcome"),
                  step.text("next_step"),
                  step.text("owner"),
                  step.text("due"),
                  event.at}));
    ESC_TRY(
        step.run("UPDATE case_file SET topic = COALESCE(?, topic),"
                 " next_step = COALESCE(?, next_step), owner = COALESCE(?, owner),"
                 " due = COALESCE(?, due), updated_at_us = ? WHERE id = ? AND company_id = ?",
                 {unless_empty(step.text("topic")),
                  unless_empty(step.text("next_step")),
                  unless_empty(step.text("owner")),
                  unless_empty(step.text("due")),
                  event.at,
                  event.case_id,
                  event.company}));
    ESC_TRY(refresh_case_key(step));
    return step.count(DayTable::Agent, event.agent, {{"dispositions", 1}});
}

Result<void> note_saved(Step& step) {
    const auto& event = step.event;
    ESC_TRY(
        step.run("INSERT INTO case_note (id, company_id, case_id, contact_id, agent_id, version,"
                 " text, created_at_us, updated_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                 " ON CONFLICT (id) DO UPDATE SET version = excluded.version,"
                 " text = excluded.text, updated_at_us = excluded.updated_at_us"
                 " WHERE excluded.version > case_note.version",
                 {step.text("note"),
                  event.company,
                  event.case_id,
                  event.contact,
                  event.agent,
                  step.integer("version"),
                  step.text("text"),
                  event.at,
                  event.at}));
    return step.run("UPDATE case_file SET updated_at_us = ? WHERE id = ? AND company_id = ?",
                    {event.at, event.case_id, event.company});
}

Result<void> customer_created(Step& step) {
    const auto& event = step.event;
    ESC_TRY(
        step.run("INSERT INTO customer (id, company_id, name, document_id, address, language,"
                 " born_on, notes, created_at_us, updated_at_us)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                 {event.customer,
                  event.company,
                  step.text("name"),
                  step.text("document_id"),
                  step.text("address"),
                  step.text("language"),
                  step.text("born_on"),
                  step.text("notes"),
                  event.at,
                  event.at}));
    return refresh_search_key(step);
}

Result<void> customer_updated(Step& step) {
    const auto& event = step.event;
    ESC_TRY(
        step.run("UPDATE customer SET name = COALESCE(?, name),"
                 " document_id = COALESCE(?, document_id), address = COALESCE(?, address),"
                 " language = COALESCE(?, language), born_on = COALESCE(?, born_on),"
                 " notes = COALESCE(?, notes), version = version + 1, updated_at_us = ?"
                 " WHERE id = ? AND company_id = ?",
                 {step.maybe_text("name"),
                  step.maybe_text("document_id"),
                  step.maybe_text("address"),
                  step.maybe_text("language"),
                  step.maybe_text("born_on"),
                  step.maybe_text("notes"),
                  event.at,
                  event.customer,
                  event.company}));
    return refresh_search_key(step);
}

Result<void> contact_point_added(Step& step) {
    return step.run(
        "INSERT INTO contact_point (id, company_id, customer_id, kind, value, label,"
        " evidence, added_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, value = excluded.value,"
        " label = excluded.label, evidence = excluded.evidence",
        {step.text("point"),
         step.event.company,
         step.event.customer,
         step.text("kind"),
         step.text("value"),
         step.text("label"),
         step.text("evidence"),
         step.event.at});
}

Result<void> contact_point_removed(Step& step) {
    return step.run("DELETE FROM contact_point WHERE id = ? AND company_id = ?",
                    {step.text("point"), step.event.company});
}

}  // namespace escucha::store::projection
