// What leaves as a file: asked for, decided by somebody else, made, fetched a few times.

#include "exports/desk.h"

#include <sodium.h>
#include <boost/json/array.hpp>

#include "api/detail/export_answer.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"
#include "base/errc.h"
#include "exports/archive.h"
#include "exports/lines.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

using exports::Request;
using identity::Permission;

/// A program has nobody who answers for it, and the operator's token is no person.
Attempt<void> check_is_person(const Call& call) {
    if (call.who.key || call.who.user.is_nil()) {
        return Problem{Code::Forbidden,
                       {"Una exportación la piden y la aprueban personas, con su sesión.",
                        "People ask for and approve exports, with their own session."}};
    }
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

/// The request, for who asked and for who may decide; anybody else learns nothing of it.
Attempt<Request> find_request(Call& call) {
    ESC_TRY(const auto id, call.id<exports::ExportTag>(0));
    ESC_TRY(auto found, exports::find(call.db, call.company(), id));
    if (!found) return Problem{Code::NotFound};
    if (found->asked_by != call.who.user && !call.may(Permission::ApproveExport)) {
        return Problem{Code::NotFound};
    }
    return std::move(*found);
}

Attempt<Request> own_request(Call& call) {
    ESC_TRY(auto request, find_request(call));
    if (request.asked_by != call.who.user) return Problem{Code::Forbidden};
    return request;
}

Permission needed_for(exports::What what) {
    return exports::is_sound(what) ? Permission::ListenToOwn : exports::source_of(what).needs;
}

/// Of sound: an agent who hears his own gets no others'.
std::optional<AgentId> only_own(const Call& call) {
    if (call.may(Permission::ListenToAll)) return std::nullopt;
    return call.who.agent;
}

/// What a person may have as a file, now: asked when it is asked for and when it is made.
Attempt<void> check_may_have(Call& call, const Request& request) {
    if (!call.may(needed_for(request.what))) return Problem{Code::Forbidden};
    for (std::size_t i = 0; i < request.columns.size(); ++i) {
        const auto* column = exports::find_column(request.what, request.columns[i]);
        if (column == nullptr || !call.may(column->needs)) {
            return Problem::field("/columns/" + std::to_string(i),
                                  {"Esta columna no existe o usted no puede verla.",
                                   "There is no such column, or you may not see it."});
        }
    }
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

Attempt<std::int64_t> count_lines(Call& call, const Request& request) {
    const auto counted = exports::count(call.db, request, only_own(call));
    if (!counted && counted.error().code == escucha::Errc::InvalidArgument) {
        return Problem::field("/filter/" + counted.error().detail,
                              {"Este filtro no es válido.", "This filter is not valid."});
    }
    ESC_TRY(const auto lines, counted);
    const auto most = exports::is_sound(request.what) ? exports::kMaxRecordings : exports::kMaxRows;
    if (lines > most) {
        const std::string limit = std::to_string(most);
        return Problem::field("/filter",
                              {"Son más de " + limit + ": acote lo que pide.",
                               "These are more than " + limit + ": ask for less."});
    }
    if (lines == 0) {
        return Problem::field("/filter",
                              {"No hay nada que exportar.", "There is nothing to export."});
    }
    return lines;
}

Attempt<Request> read_request(Call& call) {
    Request request;
    request.id = call.services.ids.make<exports::ExportId>(call.now);
    request.company = call.company();
    request.what = exports::parse_what(call.text("what")).value();
    request.language = call.language == Language::En ? "en" : "es";
    request.reason = call.text("reason");
    request.asked_by = call.who.user;
    request.asked_at = call.now;
    request.expires_at = call.now + exports::kAskedFor;
    for (const auto& member : call.body.at("filter").as_object()) {
        request.filter[std::string{member.key()}] = std::string{member.value().as_string()};
    }
    for (const auto& key : call.body.at("columns").as_array()) {
        request.columns.emplace_back(key.as_string());
    }
    const bool is_by_one = request.what == exports::What::Recording ||
                           request.what == exports::What::ContactRecordings;
    if (is_by_one && request.filter.empty()) {
        return Problem::field("/filter", {"Diga cuál.", "Say which one."});
    }
    if (exports::is_sound(request.what) != request.columns.empty()) {
        return Problem::field("/columns",
                              {"Elija al menos una columna; las grabaciones no tienen.",
                               "Choose at least one column; recordings have none."});
    }
    return request;
}

/// A change of the request's row, by the one writer.
template <typename Change>
Attempt<void> write(Call& call, Change change) {
    ESC_TRY(call.services.journal.write(std::move(change)));
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

/// Tells the pages that something waits or went on; the fact itself is in the row and the audit
/// log.
Attempt<void> announce(Call& call, std::string_view type, const Request& request) {
    Event event = fact(call, type);
    event.with("export", request.id.to_string());
    std::vector<Event> events;
    events.push_back(std::move(event));
    return commit(call, std::move(events));
}

void note(Call& call, const Request& request) {
    call.seen.made = request.id.to_string();
    call.seen.changed["what"] = json::string{exports::word(request.what)};
    call.seen.changed["rows"] = request.expected_rows;
    call.seen.changed["reason"] = request.reason;
}

Answer decide(Call& call, exports::Decision decision) {
    ESC_TRY(check_is_person(call));
    ESC_TRY(const auto request, find_request(call));
    if (request.asked_by == call.who.user) {
        return Problem{Code::Forbidden,
                       {"Lo que usted pidió lo decide otra persona.",
                        "What you asked for is decided by somebody else."}};
    }
    const std::string reason = call.text("reason");
    ESC_TRY(write(call, [&](store::Connection& connection) {
        return exports::decide(connection, request, call.who.user, decision, reason, call.now);
    }));
    note(call, request);
    call.seen.changed["decision"] = decision == exports::Decision::Approve ? "approve" : "refuse";
    ESC_TRY(announce(call, "export_decided", request));
    return export_answer(call, request.id, 200);
}

}  // namespace

Answer list_export_columns(Call& call) {
    const auto what = exports::parse_what(call.query_text("what").value_or(""));
    if (!what) return Problem{Code::BadField};
    json::array items;
    for (const exports::Column* column : exports::columns_for(*what, call.who.permissions)) {
        const auto& name = call.language == Language::En ? column->en : column->es;
        items.push_back(
            json::object{{"key", json::string{column->key}},
                         {"label", json::string{name}},
                         {"sensitivity", json::string{exports::word(column->sensitivity)}}});
    }
    return json_response(json::object{{"items", std::move(items)}});
}

Answer list_exports(Call& call) {
    const std::string view = call.query_text("view").value_or("mine");
    ESC_TRY(const auto cursor, before<exports::ExportTag>(call));
    exports::Listed which{.company = call.company(),
                          .asked_by = std::nullopt,
                          .not_asked_by = std::nullopt,
                          .state = std::nullopt,
                          .before = cursor,
                          .limit = call.limit() + 1};
    if (view == "mine") {
        which.asked_by = call.who.user;
    } else if (!call.may(Permission::ApproveExport)) {
        return Problem{Code::Forbidden};
    } else if (view == "waiting") {
        which.not_asked_by = call.who.user;
        which.state = exports::State::Asked;
    }
    ESC_TRY(const auto found, exports::list(call.db, which));
    json::array items;
    for (const Request& request : found) {
        ESC_TRY(auto item, export_record(call, request));
        items.push_back(std::move(item));
    }
    return page(std::move(items), call.limit());
}

Answer ask_export(Call& call) {
    ESC_TRY(check_is_person(call));
    ESC_TRY(auto request, read_request(call));
    ESC_TRY(check_may_have(call, request));
    ESC_TRY(request.expected_rows, count_lines(call, request));
    const auto key = exports::make_mark_key();
    const auto added = call.services.journal.write(
        [&](store::Connection& connection) { return exports::add(connection, request, key); });
    if (!added && added.error().code == escucha::Errc::TooLarge) {
        return Problem{Code::Conflict,
                       {"Tiene demasiadas exportaciones abiertas: retire alguna.",
                        "You have too many open exports: withdraw one."}};
    }
    ESC_TRY(added);
    note(call, request);
    ESC_TRY(announce(call, "export_asked", request));
    return export_answer(call, request.id, 201);
}

Answer get_export(Call& call) {
    ESC_TRY(const auto request, find_request(call));
    return export_answer(call, request.id, 200);
}

Answer approve_export(Call& call) { return decide(call, exports::Decision::Approve); }
Answer refuse_export(Call& call) { return decide(call, exports::Decision::Refuse); }

Answer make_export(Call& call) {
    ESC_TRY(check_is_person(call));
    ESC_TRY(const auto request, own_request(call));
    ESC_TRY(check_may_have(call, request));
    // What may be heard or has grown is looked at again: the approval was for what was counted.
    ESC_TRY(count_lines(call, request));
    ESC_TRY(write(call, [&](store::Connection& connection) {
        return exports::begin_making(connection, request, call.now);
    }));
    call.is_secret = true;
    std::string passphrase = exports::make_passphrase();
    const auto taken = call.services.exports.make(
        {.request = request, .asker = call.who.login, .passphrase = passphrase});
    if (!taken) {
        ESC_TRY(write(call, [&](store::Connection& connection) {
            return exports::give_up_making(connection, request.id, "interrupted");
        }));
        return Problem{Code::Unavailable,
                       {"Ahora se hacen otras exportaciones. Inténtelo en unos minutos.",
                        "Other exports are being made. Try again in some minutes."}};
    }
    note(call, request);
    auto response = json_response(json::object{{"passphrase", passphrase}}, 202);
    sodium_memzero(passphrase.data(), passphrase.size());
    return response;
}

Answer get_export_file(Call& call) {
    ESC_TRY(check_is_person(call));
    ESC_TRY(const auto request, own_request(call));
    // Whoever may not see it any more does not fetch it either.
    ESC_TRY(check_may_have(call, request));
    const auto path = call.services.exports.file_of(request.id);
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (request.state != exports::State::Ready || error) return Problem{Code::WrongState};
    // A part of a file would be a download that is not counted.
    ESC_TRY(write(call, [&](store::Connection& connection) {
        return exports::count_download(connection, request, call.now);
    }));
    note(call, request);
    call.seen.changed["rows"] = request.rows;
    call.seen.changed["customers"] = request.customers;
    call.seen.changed["download"] = request.downloads + 1;
    net::Response response{
        200, {{"Content-Type", "application/zip"}}, net::FileBody{path.string(), 0, size}};
    response.with("Content-Disposition",
                  "attachment; filename=\"" + exports::file_name(request) + ".zip\"");
    return response;
}

Answer withdraw_export(Call& call) {
    ESC_TRY(check_is_person(call));
    ESC_TRY(const auto request, own_request(call));
    ESC_TRY(write(call, [&](store::Connection& connection) {
        return exports::withdraw(connection, request);
    }));
    call.services.exports.sweep_soon();
    ESC_TRY(announce(call, "export_decided", request));
    return export_answer(call, request.id, 200);
}

}  // namespace escucha::api
