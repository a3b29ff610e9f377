#include <boost/json/array.hpp>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/range.h"
#include "api/detail/records.h"
#include "api/detail/remembered.h"

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
    return std::move(found.front().as_object());
}

/// The file of a recording below the recordings folder. A path that leads out of it is not there.
Attempt<std::filesystem::path> file_of(Call& call, RecordingId id) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT path FROM recording WHERE company_id = ? AND id = ?",
                              {call.company(), id}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto text, row->get<std::string>(0));
    const std::filesystem::path root = call.services.config.recordings_dir;
    std::error_code error;
    const auto canonical_root = std::filesystem::weakly_canonical(root, error);
    const auto path = std::filesystem::weakly_canonical(root / text, error);
    const auto relative = path.lexically_relative(canonical_root);
    if (error || relative.empty() || *relative.begin() == "..") return Problem{Code::NotFound};
    if (!std::filesystem::is_regular_file(path, error)) return Problem{Code::NotFound};
    return path;
}

Attempt<void> note_listening(Call& call, const json::object& recording, RecordingId id) {
    if (!call.services.listening.is_new({call.who.user, id}, call.now)) {
        return BOOST_OUTCOME_V2_NAMESPACE::success();
    }
    Event played = fact(call, "recording_played");
    const auto id_in = [](const json::value& named) {
        return named.is_null() ? std::string{} : std::string{named.at("id").as_string()};
    };
    played.contact = ContactId::parse(std::string{recording.at("contact_id").as_string()});
    played.case_id = CaseId::parse(id_in(recording.at("case")));
    played.customer = CustomerId::parse(id_in(recording.at("customer")));
    played.with("recording", id.to_string()).with("user", call.who.user.to_string());
    std::vector<Event> events;
    events.push_back(std::move(played));
    return commit(call, std::move(events));
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
    return page(std::move(items), call.limit());
}

Answer get_recording(Call& call) {
    ESC_TRY(const auto id, call.id<RecordingTag>(0));
    ESC_TRY(const auto recording, recording_record(call, id));
    return json_response(recording);
}

Answer get_recording_audio(Call& call) {
    ESC_TRY(const auto id, call.id<RecordingTag>(0));
    ESC_TRY(const auto recording, recording_record(call, id));
    ESC_TRY(const auto path, file_of(call, id));
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(path, error);
    if (error) return Problem{Code::NotFound};
    const RangeAsked range = parse_range(call.request.header("range"), size);
    if (range.kind == RangeAsked::Kind::Unsatisfiable) {
        auto refusal = to_response(Problem{Code::RangeNotSatisfiable}, call.language);
        refusal.with("Content-Range", "bytes */" + std::to_string(size));
        return refusal;
    }
    ESC_TRY(note_listening(call, recording, id));
    const bool is_part = range.kind == RangeAsked::Kind::Part;
    net::Response response{is_part ? 206U : 200U,
                           {{"Content-Type", "audio/wav"}, {"Accept-Ranges", "bytes"}},
                           net::FileBody{path.string(), range.offset, range.length}};
    if (is_part) {
        response.with("Content-Range",
                      "bytes " + std::to_string(range.offset) + '-' +
                          std::to_string(range.offset + range.length - 1) + '/' +
                          std::to_string(size));
    }
    return response;
}

}  // namespace escucha::api
