#include "api/detail/export_answer.h"

#include <boost/json/array.hpp>

#include "api/detail/json.h"
#include "exports/desk.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

Attempt<json::value> person(Call& call, const std::optional<UserId>& id) {
    if (!id) return json::value{};
    ESC_TRY(const auto row,
            call.db.query_one("SELECT name FROM app_user WHERE company_id = ? AND id = ?",
                              {call.company(), *id}));
    if (!row) return named_or_null(id->to_string(), "");
    ESC_TRY(const auto name, row->get<std::string>(0));
    return named_or_null(id->to_string(), name);
}

bool may_decide_now(const Call& call, const exports::Request& request) {
    return call.may(identity::Permission::ApproveExport) && !call.who.key &&
           !call.who.user.is_nil() && exports::may_decide(request, call.who.user);
}

}  // namespace

Attempt<json::object> export_record(Call& call, const exports::Request& request) {
    ESC_TRY(auto asked_by, person(call, request.asked_by));
    ESC_TRY(auto decided_by, person(call, request.decided_by));
    json::object filter;
    for (const auto& [name, value] : request.filter) filter[name] = value;
    json::array columns;
    for (const std::string& key : request.columns) columns.push_back(json::string{key});
    const bool is_ready = request.state == exports::State::Ready;
    return json::object{
        {"id", request.id.to_string()},
        {"what", json::string{exports::word(request.what)}},
        {"filter", std::move(filter)},
        {"columns", std::move(columns)},
        {"reason", request.reason},
        {"state", json::string{exports::word(request.state)}},
        {"asked_by", std::move(asked_by)},
        {"asked_at", to_rfc3339(request.asked_at)},
        {"expected_rows", request.expected_rows},
        {"decided_by", std::move(decided_by)},
        {"decided_at", or_null(request.decided_at)},
        {"decision_reason", or_null(request.decision_reason)},
        {"expires_at", to_rfc3339(request.expires_at)},
        {"failure", or_null(request.failure)},
        {"progress", number_or_null(call.services.exports.progress(request.id))},
        {"rows", request.rows},
        {"customers", request.customers},
        {"bytes", request.bytes},
        {"downloads", request.downloads},
        {"downloads_left", is_ready ? exports::kMaxDownloads - request.downloads : 0},
        {"is_mine", request.asked_by == call.who.user},
        {"may_decide", may_decide_now(call, request)}};
}

Answer export_answer(Call& call, exports::ExportId id, unsigned status) {
    ESC_TRY(const auto found, exports::find(call.db, call.company(), id));
    if (!found) return Problem{Code::NotFound};
    ESC_TRY(const auto record, export_record(call, *found));
    return json_response(record, status);
}

}  // namespace escucha::api
