#include <boost/json/array.hpp>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/recorded_sound.h"
#include "api/detail/records.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kRecording =
    "SELECT r.id, r.kind, r.contact_id, f.id, f.reference, f.subject, t.customer_id, c.name,"
    " t.agent_id, u.name, r.started_at_us, r.state, r.duration_ms, r.bytes, r.sha256,"
    " r.is_complete"
    " FROM recording r JOIN contact t ON t.id = r.contact_id"
    " LEFT JOIN case_file f ON f.id = t.case_id LEFT JOIN customer c ON c.id = t.customer_id"
    " LEFT JOIN agent a ON a.id = t.agent_id LEFT JOIN app_user u ON u.id = a.user_id"
    // Wrapped, so that SQLite goes by the contact or the id and not through the whole company.
    " WHERE COALESCE(r.company_id, '') = ? AND ";

/// An agent hears the contacts he talked with, also those he passed on.
constexpr std::string_view kOwn =
    " AND EXISTS (SELECT 1 FROM event e WHERE e.contact_id = r.contact_id"
    " AND e.type = 'contact_connected' AND e.agent_id = ?)";

Attempt<json::object> encode_recording(const store::Row& row) {
    Columns columns{row};
    json::object recording;
    recording["id"] = columns.text();
    recording["kind"] = columns.text();
    recording["contact_id"] = columns.text();
    const std::string matter = columns.text();
    std::string reference = columns.text();
    std::string subject = columns.text();
    recording["case"] = nullptr;
    if (!matter.empty()) {
        recording["case"] =
            json::object{{"id", matter}, {"reference", reference}, {"subject", subject}};
    }
    const std::string customer = columns.text();
    recording["customer"] = named_or_null(customer, columns.text());
    const std::string agent = columns.text();
    recording["agent"] = named_or_null(agent, columns.text());
    recording["started_at"] = to_rfc3339(columns.next<WallTime>());
    const bool is_done = columns.text() == "done";
    const auto duration_ms = columns.next<std::int64_t>();
    const auto bytes = columns.next<std::int64_t>();
    recording["duration_ms"] = is_done ? json::value(duration_ms) : json::value(nullptr);
    recording["bytes"] = is_done ? json::value(bytes) : json::value(nullptr);
    recording["sha256"] = or_null(columns.text());
    recording["is_complete"] = columns.next<bool>();
    ESC_TRY(columns.done());
    return recording;
}

Attempt<json::object> recording_record(Call& call, RecordingId id) {
    ESC_TRY(auto found, recording_records(call, "r.id = ?", {id}, 1));
    if (found.empty()) return Problem{Code::NotFound};
    call.seen.add(found.front().at("customer"));
    call.seen.contact = ContactId::parse(std::string{found.front().at("contact_id").as_string()});
    return std::move(found.front().as_object());
}

}  // namespace

Attempt<json::array> recording_records(Call& call,
                                       const std::string& where,
                                       std::vector<store::Param> params,
                                       std::int64_t limit) {
    params.insert(params.begin(), call.company());
    std::string sql = std::string{kRecording} + where;
    if (!call.may(identity::Permission::ListenToAll)) {
        sql += kOwn;
        params.emplace_back(call.who.agent);
    }
    params.emplace_back(limit);
    ESC_TRY(const auto rows, call.db.query(sql + " ORDER BY r.id DESC LIMIT ?", params));
    json::array items;
    for (const store::Row& row : rows) {
        ESC_TRY(auto recording, encode_recording(row));
        items.push_back(std::move(recording));
    }
    return items;
}

Answer list_recordings(Call& call) {
    ESC_TRY(const auto cursor, before<RecordingTag>(call));
    std::string where = "r.id < ?";
    std::vector<store::Param> params{cursor};
    constexpr std::array<std::pair<const char*, std::string_view>, 5> kFilters{{
        {"contact_id", " AND r.contact_id = ?"},
        {"case_id", " AND r.contact_id IN (SELECT contact_id FROM case_contact WHERE case_id = ?)"},
        {"customer_id", " AND t.customer_id = ?"},
        {"agent_id", " AND t.agent_id = ?"},
        {"kind", " AND r.kind = ?"},
    }};
    for (const auto& [name, condition] : kFilters) {
        const auto value = call.query_text(name);
        if (!value) continue;
        where += condition;
        params.emplace_back(*value);
    }
    ESC_TRY(auto items, recording_records(call, where, std::move(params), call.limit() + 1));
    return page_of_customers(call, std::move(items));
}

Answer get_recording(Call& call) {
    ESC_TRY(const auto id, call.id<RecordingTag>(0));
    ESC_TRY(const auto recording, recording_record(call, id));
    return json_response(recording);
}

Answer get_recording_audio(Call& call) {
    ESC_TRY(const auto id, call.id<RecordingTag>(0));
    ESC_TRY(const auto recording, recording_record(call, id));
    ESC_TRY(auto sound, open_recorded(call, id));
    ESC_TRY(auto response, wav_response(call, std::move(sound)));
    if (response.status != 416) {
        ESC_TRY(note_listening(call, recording));
    }
    return response;
}

}  // namespace escucha::api
