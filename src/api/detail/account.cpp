#include <boost/json/array.hpp>

#include "api/detail/event_feed.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/secrets.h"
#include "identity/device.h"
#include "identity/errc.h"
#include "identity/second_factor.h"
#include "identity/users.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

Text text_of(identity::PasswordFault fault) {
    switch (fault) {
        case identity::PasswordFault::TooShort:
            return {"Es demasiado corta: use al menos 15 caracteres, por ejemplo cuatro palabras.",
                    "It is too short: use at least 15 characters, for example four words."};
        case identity::PasswordFault::TooLong:
            return {"Es demasiado larga: use como mucho 256 bytes.",
                    "It is too long: use at most 256 bytes."};
        case identity::PasswordFault::NotText:
            return {"Contiene signos que no son texto: escríbala de nuevo.",
                    "It holds signs that are no text: type it again."};
        case identity::PasswordFault::Guessable:
            return {
                "Es de las primeras que se prueban. Elija palabras que no tengan que ver con "
                "usted ni con la empresa.",
                "It is one of the first to be guessed. Choose words that have nothing to do "
                "with you or the company."};
        case identity::PasswordFault::Unchanged:
            return {"Es la misma que ya tenía: elija otra.",
                    "It is the one you have: choose another."};
    }
    return {};
}

/// A wrong password of somebody who is signed in is a field's fault, not the session's end.
Problem present_problem(const Error& error) {
    Problem problem{error};
    if (problem.code == Code::BadCredentials) {
        problem.faults.push_back(
            {"/password",
             {"Esa no es su contraseña actual.", "That is not your present password."}});
    }
    return problem;
}

/// The operator has no account.
Attempt<void> check_has_account(const Call& call) {
    if (call.session_token.empty()) return Problem{Code::Forbidden};
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

Attempt<const identity::SecretKeys*> account_keys(const Call& call) {
    if (call.services.config.account_keys == nullptr) return Problem{Code::Unavailable};
    return call.services.config.account_keys;
}

json::value word_or_null(std::string_view word) {
    return word.empty() ? json::value{} : json::value(word);
}

json::object session_record(const identity::SessionView& session, const std::string& own) {
    const auto device = identity::device_of(session.user_agent);
    return {{"id", session.id},
            {"browser", word_or_null(device.browser)},
            {"system", word_or_null(device.system)},
            {"address", word_or_null(session.address)},
            {"created_at", to_rfc3339(session.created_at)},
            {"last_seen_at", to_rfc3339(session.last_seen_at)},
            {"expires_at", to_rfc3339(session.expires_at)},
            {"is_this", session.id == own}};
}

}  // namespace

Result<store::Connection> writer(Call& call) { return call.services.database.connect(); }

Result<store::Connection> across_companies(Call& call) {
    return call.services.database.connect(store::Access::ReadOnly);
}

Problem password_problem(const Error& error, std::string pointer) {
    const auto fault = error.code == identity::Errc::WeakPassword
                           ? identity::parse_password_fault(error.detail)
                           : std::nullopt;
    if (!fault) return Problem{error};
    return Problem::field(std::move(pointer), text_of(*fault));
}

Answer sessions_answer(Call& call, UserId user) {
    ESC_TRY(auto connection, across_companies(call));
    ESC_TRY(const auto sessions,
            identity::sessions_of(connection, user, call.now, call.services.config.sessions));
    // The operator and a key have none.
    const std::string own =
        call.session_token.empty() ? std::string{} : identity::session_id(call.session_token);
    json::array items;
    for (const auto& session : sessions) items.push_back(session_record(session, own));
    return json_response(json::object{{"items", std::move(items)}});
}

Answer change_own_password(Call& call) {
    ESC_TRY(check_has_account(call));
    call.is_secret = true;
    const std::string present = call.text("password");
    const std::string chosen = call.text("new_password");
    ESC_TRY(auto connection, writer(call));
    const auto changed = identity::change_password(connection,
                                                   call.services.config.password_rules,
                                                   call.who.account,
                                                   {present, chosen, call.session_token},
                                                   call.now);
    if (!changed && changed.error().code == identity::Errc::WeakPassword) {
        return password_problem(changed.error(), "/new_password");
    }
    if (!changed) return present_problem(changed.error());
    call.services.feed.end_sessions();
    return net::Response{204, {}, {}};
}

Answer list_own_sessions(Call& call) {
    ESC_TRY(check_has_account(call));
    return sessions_answer(call, call.who.account);
}

Answer end_other_sessions(Call& call) {
    ESC_TRY(check_has_account(call));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(identity::sign_out_elsewhere(connection, call.who.account, call.session_token));
    call.services.feed.end_sessions();
    return net::Response{204, {}, {}};
}

Answer end_own_session(Call& call) {
    ESC_TRY(check_has_account(call));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(identity::revoke_session(connection, call.who.account, call.path.at(0)));
    call.services.feed.end_sessions();
    return net::Response{204, {}, {}};
}

Answer get_second_factor(Call& call) {
    ESC_TRY(check_has_account(call));
    ESC_TRY(auto connection, across_companies(call));
    ESC_TRY(const auto state, identity::second_factor_of(connection, call.who.account));
    return json_response(json::object{{"since", or_null(state.since)},
                                      {"recovery_codes_left", state.recovery_codes_left}});
}

Answer begin_second_factor(Call& call) {
    ESC_TRY(check_has_account(call));
    call.is_secret = true;
    ESC_TRY(const auto keys, account_keys(call));
    ESC_TRY(auto connection, writer(call));
    const std::string password = call.text("password");
    const auto proved = identity::check_password(connection, call.who.account, password, call.now);
    if (!proved) return present_problem(proved.error());
    ESC_TRY(const auto begun,
            identity::begin_second_factor(connection, *keys, call.who.account, call.now));
    return json_response(json::object{{"secret", begun.secret}, {"uri", begun.uri}}, 201);
}

Answer confirm_second_factor(Call& call) {
    ESC_TRY(check_has_account(call));
    call.is_secret = true;
    ESC_TRY(const auto keys, account_keys(call));
    ESC_TRY(auto connection, writer(call));
    const std::string code = call.text("code");
    ESC_TRY(const auto codes,
            identity::confirm_second_factor(connection, *keys, call.who.account, code, call.now));
    json::array items;
    for (const std::string& one : codes) items.push_back(json::string{one});
    return json_response(json::object{{"recovery_codes", std::move(items)}});
}

Answer drop_second_factor(Call& call) {
    ESC_TRY(check_has_account(call));
    call.is_secret = true;
    ESC_TRY(auto connection, writer(call));
    const std::string password = call.text("password");
    const auto proved = identity::check_password(connection, call.who.account, password, call.now);
    if (!proved) return present_problem(proved.error());
    ESC_TRY(identity::drop_second_factor(connection, call.who.account));
    return net::Response{204, {}, {}};
}

}  // namespace escucha::api
