#include <boost/json/object.hpp>

#include "api/detail/cookie.h"
#include "api/detail/event_feed.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/secrets.h"
#include "identity/memberships.h"
#include "identity/passwords.h"

namespace escucha::api {
namespace {

namespace json = boost::json;
namespace outcome = BOOST_OUTCOME_V2_NAMESPACE;

json::object encode_user(const identity::Principal& who) {
    return {{"id", who.user.to_string()},
            {"login", who.login},
            {"name", who.name},
            {"role", who.role},
            {"language", who.language},
            {"agent_id", who.agent.is_nil() ? json::value{} : json::value(who.agent.to_string())}};
}

Attempt<json::value> company_of(Call& call, CompanyId company) {
    ESC_TRY(auto connection, across_companies(call));
    ESC_TRY(const auto row,
            connection.query_one("SELECT name FROM company WHERE id = ?", {company}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto name, row->get<std::string>(0));
    return named_or_null(company.to_string(), name);
}

Answer session_answer(Call& call, const identity::Principal& who, WallTime expires_at) {
    ESC_TRY(auto company, company_of(call, who.company));
    ESC_TRY(auto companies, companies_of_session(call, who.account));
    return json_response(json::object{{"user", encode_user(who)},
                                      {"company", std::move(company)},
                                      {"companies", std::move(companies)},
                                      {"permissions", names_of(who.permissions)},
                                      {"csrf_token", who.csrf_token},
                                      {"must_change_password", who.must_change_password},
                                      {"expires_at", to_rfc3339(expires_at)}});
}

}  // namespace

Answer sign_in(Call& call) {
    ESC_TRY(auto connection, call.services.database.connect());
    const std::string login = call.text("login");
    const std::string password = call.text("password");
    const std::string code = call.text("code");
    ESC_TRY(auto session,
            identity::sign_in(connection,
                              {.login = login,
                               .password = password,
                               .code = code,
                               .user_agent = call.request.header("user-agent"),
                               .address = call.request.peer},
                              call.now,
                              {.limits = call.services.config.sessions,
                               .keys = call.services.config.account_keys}));
    session.principal.csrf_token = session.csrf_token;
    ESC_TRY(call.db.see(session.principal.company));
    ESC_TRY(auto response, session_answer(call, session.principal, session.expires_at));
    const auto life = std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(session.expires_at - call.now).count());
    response.with("Set-Cookie", session_cookie_line(call.request.scheme, session.token, life));
    return response;
}

Answer get_session(Call& call) {
    // The operator has no session: its token does not expire while the server runs.
    if (call.session_token.empty()) {
        return session_answer(call, call.who, call.now + call.services.config.sessions.life);
    }
    ESC_TRY(auto connection, across_companies(call));
    ESC_TRY(const auto row,
            connection.query_one("SELECT expires_at_us FROM session WHERE token_hash = ?",
                                 {identity::sha256_hex(call.session_token)}));
    if (!row) return Problem{Code::NotSignedIn};
    ESC_TRY(const auto expires_at, row->get<WallTime>(0));
    return session_answer(call, call.who, expires_at);
}

Answer enter_company(Call& call) {
    if (call.session_token.empty()) return Problem{Code::Forbidden};
    const auto company = CompanyId::parse(call.text("company_id"));
    if (!company) return Problem{Code::NotFound};
    ESC_TRY(auto connection, call.services.database.connect());
    ESC_TRY(identity::act_in(connection, call.session_token, *company));
    // The streams of the company that is left.
    call.services.feed.end_sessions();
    ESC_TRY(
        call.who,
        identity::resolve(connection, call.session_token, call.now, call.services.config.sessions));
    return get_session(call);
}

Answer sign_out(Call& call) {
    if (!call.session_token.empty()) {
        ESC_TRY(auto connection, call.services.database.connect());
        ESC_TRY(identity::sign_out(connection, call.session_token));
    }
    net::Response response{204, {}, {}};
    response.with("Set-Cookie", session_cookie_line(call.request.scheme, "", "0"));
    return response;
}

Answer get_me(Call& call) {
    json::value agent = nullptr;
    if (!call.who.agent.is_nil()) {
        ESC_TRY(const auto view, call.services.port.agent(call.company(), call.who.agent));
        agent = encode(view);
    }
    ESC_TRY(auto company, company_of(call, call.company()));
    return json_response(json::object{{"user", encode_user(call.who)},
                                      {"company", std::move(company)},
                                      {"agent", std::move(agent)}});
}

}  // namespace escucha::api
