#include <map>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kEntry =
    "SELECT e.seq, e.at_us, e.type, e.contact_id, f.id, f.reference, e.agent_id, u.name, e.data"
    " FROM event e LEFT JOIN contact t ON t.id = e.contact_id"
    " LEFT JOIN case_file f ON f.id = COALESCE(e.case_id, t.case_id)"
    " LEFT JOIN agent a ON a.id = e.agent_id LEFT JOIN app_user u ON u.id = a.user_id"
    " WHERE e.type IN ('contact_arrived', 'contact_connected', 'outside_answered',"
    " 'contact_ended', 'case_opened',"
    " 'case_linked', 'case_updated', 'case_closed', 'note_saved', 'disposition_recorded',"
    " 'recording_ended', 'customer_created', 'customer_updated')"
    // Wrapped, so that SQLite goes by the numbers found below and not through the whole company.
    " AND COALESCE(e.company_id, '') = ? AND e.seq IN (";

/// One page of events, in SQL's words; `sources` is a UNION of selections of seq, each of which
/// takes the id and the seq to be below. The caller has seen that the id is the company's.
struct Source {
    std::string_view sources;
    std::size_t selections;
    std::string id;
};

constexpr std::string_view kOfCustomer =
    "SELECT seq FROM event WHERE customer_id = ? AND seq < ?"
    " UNION SELECT seq FROM event WHERE contact_id IN"
    " (SELECT id FROM contact WHERE customer_id = ?) AND seq < ?"
    " UNION SELECT seq FROM event WHERE case_id IN"
    " (SELECT id FROM case_file WHERE customer_id = ?) AND seq < ?";
constexpr std::string_view kOfCase =
    "SELECT seq FROM event WHERE case_id = ? AND seq < ?"
    " UNION SELECT seq FROM event WHERE contact_id IN"
    " (SELECT contact_id FROM case_contact WHERE case_id = ?) AND seq < ?";

Attempt<json::object> encode_entry(const store::Row& row) {
    Columns columns{row};
    json::object entry;
    entry["seq"] = columns.next<std::int64_t>();
    entry["at"] = to_rfc3339(columns.next<WallTime>());
    entry["kind"] = columns.text();
    entry["contact_id"] = or_null(columns.text());
    entry["case_id"] = or_null(columns.text());
    entry["case_reference"] = or_null(columns.text());
    const std::string agent = columns.text();
    entry["agent"] = named_or_null(agent, columns.text());
    json::error_code ignored;
    json::value data = json::parse(columns.text(), ignored);
    entry["data"] = data.is_object() ? std::move(data) : json::value(json::object{});
    ESC_TRY(columns.done());
    return entry;
}

/// A note is saved many times while it is written; its entry is the last one.
Attempt<bool> is_superseded(Call& call, const json::object& entry) {
    if (entry.at("kind").as_string() != "note_saved") return false;
    const json::object& data = entry.at("data").as_object();
    const auto* note = data.if_contains("note");
    const auto* version = data.if_contains("version");
    if (note == nullptr || version == nullptr || !version->is_number()) return false;
    ESC_TRY(const auto row,
            call.db.query_one("SELECT version FROM case_note WHERE company_id = ? AND id = ?",
                              {call.company(), std::string{note->as_string()}}));
    if (!row) return false;
    ESC_TRY(const auto present, row->get<std::int64_t>(0));
    return version->to_number<std::int64_t>() < present;
}

Attempt<std::int64_t> greatest_seq(const Call& call) {
    const auto cursor = call.query_text("cursor");
    if (!cursor) return std::numeric_limits<std::int64_t>::max();
    std::int64_t seq = 0;
    const auto [end, error] = std::from_chars(cursor->data(), cursor->data() + cursor->size(), seq);
    if (error != std::errc{} || end != cursor->data() + cursor->size())
        return Problem{Code::BadCursor};
    return seq;
}

Answer timeline(Call& call, const Source& source) {
    ESC_TRY(auto below, greatest_seq(call));
    const std::int64_t wanted = call.limit() + 1;
    json::array items;
    for (;;) {
        std::vector<store::Param> params{call.company()};
        for (std::size_t i = 0; i < source.selections; ++i) {
            params.emplace_back(source.id);
            params.emplace_back(below);
        }
        params.emplace_back(wanted);
        ESC_TRY(const auto rows,
                call.db.query(std::string{kEntry} + std::string{source.sources} +
                                  ") ORDER BY e.seq DESC LIMIT ?",
                              params));
        for (const store::Row& row : rows) {
            ESC_TRY(auto entry, encode_entry(row));
            below = entry.at("seq").as_int64();
            ESC_TRY(const bool is_old, is_superseded(call, entry));
            if (!is_old) items.push_back(std::move(entry));
        }
        const bool is_end = rows.size() < static_cast<std::size_t>(wanted);
        if (is_end || items.size() >= static_cast<std::size_t>(wanted)) break;
    }
    return page(std::move(items), call.limit(), "seq");
}

}  // namespace

Answer get_customer_timeline(Call& call) {
    ESC_TRY(const auto id, call.id<CustomerTag>(0));
    ESC_TRY(customer_record(call, id));
    return timeline(call, {kOfCustomer, 3, id.to_string()});
}

Answer get_case_timeline(Call& call) {
    ESC_TRY(const auto id, call.id<CaseTag>(0));
    ESC_TRY(case_record(call, id));
    return timeline(call, {kOfCase, 2, id.to_string()});
}

}  // namespace escucha::api
