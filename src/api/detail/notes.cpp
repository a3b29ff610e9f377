#include "api/detail/notes.h"
#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"
#include "cases/sensitive_text.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kNote =
    "SELECT n.id, n.case_id, n.contact_id, n.agent_id, u.name, n.version, n.text,"
    " n.created_at_us, n.updated_at_us FROM case_note n"
    " LEFT JOIN agent a ON a.id = n.agent_id LEFT JOIN app_user u ON u.id = a.user_id"
    " WHERE n.company_id = ? AND ";

Attempt<json::object> encode_note(const store::Row& row) {
    Columns columns{row};
    json::object note;
    note["id"] = columns.text();
    note["case_id"] = columns.text();
    note["contact_id"] = or_null(columns.text());
    const std::string agent = columns.text();
    note["author"] = named_or_null(agent, columns.text());
    note["version"] = columns.next<std::int64_t>();
    note["text"] = columns.text();
    note["created_at"] = to_rfc3339(columns.next<WallTime>());
    note["updated_at"] = to_rfc3339(columns.next<WallTime>());
    ESC_TRY(columns.done());
    return note;
}

/// The agent a note is written as; none for a user who takes no contacts.
std::optional<AgentId> author(const Call& call) {
    if (call.who.agent.is_nil()) return std::nullopt;
    return call.who.agent;
}

Problem note_conflict(const json::object& stored) {
    Problem problem{Code::NoteConflict};
    problem.stored = stored;
    return problem;
}

bool is_written_by_caller(const Call& call, const json::object& stored) {
    const json::value& written_by = stored.at("author");
    const auto caller = author(call);
    if (written_by.is_null()) return !caller;
    return caller && written_by.at("id").as_string() == caller->to_string();
}

}  // namespace

Attempt<json::array> note_records(Call& call, CaseId id) {
    ESC_TRY(
        const auto rows,
        call.db.query(std::string{kNote} + "n.case_id = ? ORDER BY n.created_at_us, n.id LIMIT 500",
                      {call.company(), id}));
    json::array notes;
    for (const store::Row& row : rows) {
        ESC_TRY(auto note, encode_note(row));
        notes.push_back(std::move(note));
    }
    return notes;
}

Attempt<std::optional<json::object>> note_record(Call& call, NoteId id) {
    ESC_TRY(const auto row,
            call.db.query_one(std::string{kNote} + "n.id = ?", {call.company(), id}));
    if (!row) return std::optional<json::object>{};
    ESC_TRY(auto note, encode_note(*row));
    return std::optional{std::move(note)};
}

Attempt<std::optional<Event>> note_event(Call& call, const NoteWrite& write) {
    ESC_TRY(const auto stored, note_record(call, write.id));
    const std::int64_t present = stored ? stored->at("version").as_int64() : 0;
    if (stored) {
        if (!is_written_by_caller(call, *stored)) return Problem{Code::Forbidden};
        const bool is_same_case = stored->at("case_id").as_string() == write.case_id.to_string();
        const bool is_repeat =
            present == write.version && stored->at("text").as_string() == write.text;
        if (is_same_case && is_repeat) return std::optional<Event>{};
        if (!is_same_case) return note_conflict(*stored);
    }
    if (write.version != present + 1) {
        if (stored) return note_conflict(*stored);
        return Problem::field(
            "/version",
            {"Una nota nueva empieza por la versión 1.", "A new note begins with version 1."});
    }
    Event event = fact(call, "note_saved");
    event.contact = write.contact;
    event.case_id = write.case_id;
    event.with("note", write.id.to_string())
        .with("version", write.version)
        .with("text", write.text);
    return std::optional{std::move(event)};
}

Answer save_note(Call& call) {
    ESC_TRY(const auto id, call.id<NoteTag>(0));
    const auto case_id = CaseId::parse(call.text("case_id"));
    if (!case_id) return Problem{Code::NotFound};
    ESC_TRY(case_record(call, *case_id));
    NoteWrite write{.id = id,
                    .case_id = *case_id,
                    .contact = {},
                    .version = call.body.at("version").to_number<std::int64_t>(),
                    .text = cases::mask_sensitive(call.text("text"))};
    if (call.has("contact_id")) {
        const auto contact = ContactId::parse(call.text("contact_id"));
        if (!contact) return Problem{Code::NotFound};
        ESC_TRY(const auto row,
                call.db.query_one("SELECT id FROM contact WHERE company_id = ? AND id = ?",
                                  {call.company(), *contact}));
        if (!row) return Problem{Code::NotFound};
        write.contact = contact;
    }
    ESC_TRY(auto event, note_event(call, write));
    if (event) {
        std::vector<Event> events;
        events.push_back(std::move(*event));
        ESC_TRY(commit(call, std::move(events)));
    }
    ESC_TRY(const auto stored, note_record(call, id));
    if (!stored) return Problem{Code::NotFound};
    // Another window may have won the same version between the check and the commit.
    if (stored->at("version").as_int64() == write.version &&
        stored->at("text").as_string() != write.text) {
        return note_conflict(*stored);
    }
    return json_response(*stored);
}

}  // namespace escucha::api
