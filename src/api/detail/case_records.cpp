#include "api/detail/columns.h"
#include "api/detail/json.h"
#include "api/detail/records.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

// An owner is a user, or a team, whose id is shown when it has no name here.
constexpr std::string_view kCase =
    "SELECT f.id, f.reference, f.status, f.kind, f.topic, f.subject, f.customer_id, c.name,"
    " f.owner, COALESCE(u.name, m.name, f.owner), f.next_step, f.due, f.outcome, f.opened_by,"
    " f.opened_at_us, f.updated_at_us, f.closed_at_us"
    " FROM case_file f LEFT JOIN customer c ON c.id = f.customer_id"
    " LEFT JOIN app_user u ON u.id = f.owner LEFT JOIN team m ON m.id = f.owner"
    " WHERE f.company_id = ? AND ";

Attempt<json::object> encode_case(const store::Row& row) {
    Columns columns{row};
    json::object matter;
    for (const char* name : {"id", "reference", "status", "kind", "topic", "subject"}) {
        matter[name] = columns.text();
    }
    const std::string customer = columns.text();
    matter["customer"] = named_or_null(customer, columns.text());
    const std::string owner = columns.text();
    matter["owner"] = named_or_null(owner, columns.text());
    for (const char* name : {"next_step", "due", "outcome"}) {
        matter[name] = or_null(columns.text());
    }
    matter["opened_by"] = columns.text();
    matter["opened_at"] = to_rfc3339(columns.next<WallTime>());
    const auto updated_at = columns.next<WallTime>();
    matter["updated_at"] = to_rfc3339(updated_at);
    matter["closed_at"] = or_null(columns.next<std::optional<WallTime>>());
    matter["version"] = std::to_string(to_micros(updated_at));
    ESC_TRY(columns.done());
    return matter;
}

}  // namespace

Attempt<json::array> case_records(Call& call,
                                  const std::string& where,
                                  std::vector<store::Param> params,
                                  std::int64_t limit) {
    params.insert(params.begin(), call.company());
    params.emplace_back(limit);
    const std::string sql = std::string{kCase} + where + " ORDER BY f.id DESC LIMIT ?";
    ESC_TRY(const auto rows, call.db.query(sql, params));
    json::array items;
    for (const store::Row& row : rows) {
        ESC_TRY(auto matter, encode_case(row));
        items.push_back(std::move(matter));
    }
    return items;
}

Attempt<json::object> case_record(Call& call, CaseId id) {
    ESC_TRY(auto found, case_records(call, "f.id = ?", {id}, 1));
    if (found.empty()) return Problem{Code::NotFound};
    call.seen.add(found.front().at("customer"));
    return std::move(found.front().as_object());
}

Attempt<json::array> live_cases_of(Call& call, const std::string& customer) {
    constexpr std::int64_t kMost = 50;
    return case_records(
        call, "f.customer_id = ? AND f.status NOT IN ('resolved', 'closed')", {customer}, kMost);
}

namespace {

// In the order in which they were first given; what nobody may see is shown as in a context.
Attempt<json::array> case_data(Call& call, CaseId id) {
    ESC_TRY(const auto rows,
            call.db.query("SELECT name, type, sensitivity, value, given_by, verified, contact_id,"
                          " recorded_at_us FROM case_datum WHERE company_id = ? AND case_id = ?"
                          " ORDER BY first_seq",
                          {call.company(), id}));
    json::array data;
    for (const store::Row& row : rows) {
        Columns columns{row};
        json::object datum;
        datum["name"] = columns.text();
        datum["type"] = columns.text();
        datum["sensitivity"] = columns.text();
        datum["value"] = columns.next<std::optional<std::string>>().value_or("•••");
        datum["given_by"] = columns.text();
        datum["verified"] = columns.text();
        datum["contact_id"] = or_null(columns.text());
        datum["at"] = to_rfc3339(columns.next<WallTime>());
        ESC_TRY(columns.done());
        data.push_back(std::move(datum));
    }
    return data;
}

}  // namespace

Attempt<json::object> case_detail(Call& call, CaseId id) {
    constexpr std::int64_t kMost = 200;
    ESC_TRY(auto matter, case_record(call, id));
    ESC_TRY(auto data, case_data(call, id));
    ESC_TRY(auto notes, note_records(call, id));
    const std::string of_case = "t.id IN (SELECT contact_id FROM case_contact WHERE case_id = ?)";
    ESC_TRY(auto contacts, contact_records(call, of_case, {id}, kMost));
    ESC_TRY(
        auto recordings,
        recording_records(call,
                          "r.contact_id IN (SELECT contact_id FROM case_contact WHERE case_id = ?)",
                          {id},
                          kMost));
    return json::object{{"case", std::move(matter)},
                        {"data", std::move(data)},
                        {"notes", std::move(notes)},
                        {"contacts", std::move(contacts)},
                        {"recordings", std::move(recordings)}};
}

}  // namespace escucha::api
