#include <boost/json/array.hpp>

#include "api/detail/columns.h"
#include "api/detail/event_feed.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/secrets.h"
#include "base/errc.h"
#include "identity/passwords.h"
#include "identity/second_factor.h"
#include "identity/users.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kUser =
    "SELECT u.id, COALESCE(o.login, u.login), u.name, u.role, u.language, a.id, u.is_active,"
    " f.user_id, u.one_time_until_us, u.locked_until_us,"
    " (SELECT MAX(s.last_seen_us) FROM session s"
    " WHERE COALESCE(s.acting_id, s.user_id) = u.id), c.id, c.name"
    " FROM app_user u LEFT JOIN agent a ON a.user_id = u.id"
    " LEFT JOIN app_user o ON o.id = u.account_id LEFT JOIN company c ON c.id = o.company_id"
    " LEFT JOIN second_factor f ON f.user_id = COALESCE(o.id, u.id) AND f.confirmed_at_us > 0"
    " WHERE u.company_id = ?";

Attempt<json::object> encode_account(const store::Row& row, WallTime now) {
    Columns columns{row};
    json::object user;
    for (const char* name : {"id", "login", "name", "role", "language"})
        user[name] = columns.text();
    user["agent_id"] = or_null(columns.text());
    user["is_active"] = columns.next<bool>();
    user["has_second_factor"] = !columns.text().empty();
    user["must_change_password"] = columns.next<WallTime>() != WallTime{};
    const auto locked_until = columns.next<WallTime>();
    user["locked_until"] = locked_until > now ? json::value(to_rfc3339(locked_until)) : nullptr;
    user["last_seen_at"] = or_null(columns.next<std::optional<WallTime>>());
    const std::string home = columns.text();
    user["account_of"] = named_or_null(home, columns.text());
    ESC_TRY(columns.done());
    return user;
}

Attempt<json::object> account_record(Call& call, UserId id) {
    ESC_TRY(auto connection, across_companies(call));
    ESC_TRY(const auto row,
            connection.query_one(std::string{kUser} + " AND u.id = ?", {call.company(), id}));
    if (!row) return Problem{Code::NotFound};
    return encode_account(*row, call.now);
}

Answer account_answer(Call& call, UserId id, unsigned status = 200) {
    ESC_TRY(auto user, account_record(call, id));
    return json_response(user, status);
}

/// The user of the path, when it is one of the company's, and one who may no more than whoever
/// asks: a password that one gives to somebody else is a way to become that person.
Attempt<UserId> named_user(Call& call) {
    ESC_TRY(const auto id, call.id<UserTag>(0));
    ESC_TRY(const auto row,
            call.db.query_one("SELECT role FROM app_user WHERE company_id = ? AND id = ?",
                              {call.company(), id}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto role, row->get<std::string>(0));
    ESC_TRY(const auto permissions, identity::find_permissions(call.db, call.company(), role));
    // A role that is gone gives nothing.
    if (permissions && !call.may_give(*permissions)) return Problem{Code::Forbidden};
    return id;
}

/// Of somebody else; `why` tells whoever named himself.
Attempt<UserId> named_other(Call& call, const Text& why) {
    ESC_TRY(const auto id, named_user(call));
    if (id == call.who.user) return Problem{Code::WrongState, why};
    return id;
}

/// A person of this company: of who is only a member of it, password and factors are the business
/// of the company that has the account.
Attempt<UserId> named_account_of(Call& call, const Text& why) {
    ESC_TRY(const auto id, named_other(call, why));
    ESC_TRY(const auto row,
            call.db.query_one("SELECT id FROM app_user WHERE id = ? AND account_id IS NULL", {id}));
    if (!row) {
        return Problem{Code::WrongState,
                       {"Su cuenta es de otra empresa: la contraseña se cambia allí.",
                        "Their account is another company's: the password is changed there."}};
    }
    return id;
}

/// One's own are changed under /me, where the present password is asked for.
Text own_account() {
    return {"Lo suyo se cambia en «Mi cuenta», con su contraseña actual.",
            "Your own is changed in “My account”, with your present password."};
}

/// The agent takes nothing more: a call that rings goes to the next one with its place kept, a
/// conversation goes on to its end, and the shift is over after it.
Attempt<void> end_shift(Call& call, AgentId agent) {
    server::ControlPort& port = call.services.port;
    const auto signed_out = port.command(call.company(), server::SignOut{agent});
    if (!signed_out) {
        // Not among the agents of the centre: then there is no shift.
        if (signed_out.error().code == escucha::Errc::NotFound) {
            return BOOST_OUTCOME_V2_NAMESPACE::success();
        }
        return Problem{signed_out.error()};
    }
    ESC_TRY(const auto view, port.agent(call.company(), agent));
    if (view.state == server::AgentState::Offered) {
        // It may have stopped ringing meanwhile, which is as good.
        static_cast<void>(port.command(call.company(), server::DeclineOffer{agent}));
    }
    // Whoever still talks stays known until the directory is read again.
    if (view.state == server::AgentState::SignedOut) {
        ESC_TRY(port.reload());
    }
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

}  // namespace

Answer list_users(Call& call) {
    ESC_TRY(auto connection, across_companies(call));
    ESC_TRY(const auto rows,
            connection.query(std::string{kUser} + " ORDER BY COALESCE(o.login, u.login)",
                             {call.company()}));
    json::array items;
    for (const store::Row& row : rows) {
        ESC_TRY(auto user, encode_account(row, call.now));
        items.push_back(std::move(user));
    }
    return json_response(json::object{{"items", std::move(items)}});
}

Answer get_user(Call& call) {
    ESC_TRY(const auto id, call.id<UserTag>(0));
    return account_answer(call, id);
}

Answer create_user(Call& call) {
    call.is_secret = true;
    ESC_TRY(const auto permissions,
            identity::find_permissions(call.db, call.company(), call.text("role")));
    if (!permissions) {
        return Problem::field("/role", {"No existe ese rol.", "There is no such role."});
    }
    if (!call.may_give(*permissions)) return Problem{Code::Forbidden};
    identity::NewUser wanted{.company = call.company(),
                             .login = call.text("login"),
                             .name = call.text("name"),
                             .role = call.text("role"),
                             .language = call.has("language") ? call.text("language") : "es",
                             .password = call.text("password")};
    ESC_TRY(auto connection, writer(call));
    const bool is_one_time = !call.has("password");
    if (is_one_time) {
        // Replaced below, before anybody knows it.
        wanted.password = identity::random_password();
    } else if (const auto good = identity::check_new_password(
                   connection, call.services.config.password_rules, wanted);
               !good) {
        return password_problem(good.error(), "/password");
    }
    const auto id = call.services.ids.make<UserId>(call.now);
    call.seen.made = id.to_string();
    call.seen.changed = {{"login", wanted.login}, {"role", wanted.role}};
    ESC_TRY(identity::add_user(connection, wanted, id, call.now));
    std::string password;
    if (is_one_time) {
        ESC_TRY(password,
                identity::give_one_time_password(connection, call.company(), id, call.now));
    }
    // A new agent is one the centre must know of.
    ESC_TRY(call.services.port.reload());
    ESC_TRY(auto user, account_record(call, id));
    if (is_one_time) user["one_time_password"] = password;
    return json_response(user, 201);
}

Answer reset_user_password(Call& call) {
    call.is_secret = true;
    ESC_TRY(const auto id, named_account_of(call, own_account()));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(const auto password,
            identity::give_one_time_password(connection, call.company(), id, call.now));
    call.services.feed.end_sessions();
    ESC_TRY(auto user, account_record(call, id));
    user["one_time_password"] = password;
    return json_response(user);
}

Answer unlock_user(Call& call) {
    ESC_TRY(const auto id, named_user(call));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(identity::unlock(connection, call.company(), id));
    return account_answer(call, id);
}

Answer deactivate_user(Call& call) {
    // Whoever does it stays: there is always an administrator left.
    ESC_TRY(const auto id,
            named_other(call,
                        {"No puede desactivarse usted: pídalo a otra persona.",
                         "You cannot deactivate yourself: ask somebody else."}));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(identity::set_activity(connection, call.company(), id, identity::Activity::Inactive));
    call.services.feed.end_sessions();
    ESC_TRY(auto user, account_record(call, id));
    const auto& agent = user["agent_id"];
    if (agent.is_string()) {
        if (const auto shift = AgentId::parse(std::string{agent.get_string()})) {
            ESC_TRY(end_shift(call, *shift));
        }
    }
    return json_response(user);
}

Answer activate_user(Call& call) {
    ESC_TRY(const auto id, named_user(call));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(identity::set_activity(connection, call.company(), id, identity::Activity::Active));
    ESC_TRY(call.services.port.reload());
    return account_answer(call, id);
}

Answer drop_user_second_factor(Call& call) {
    ESC_TRY(const auto id, named_account_of(call, own_account()));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(identity::drop_second_factor(connection, id));
    return net::Response{204, {}, {}};
}

Answer list_user_sessions(Call& call) {
    ESC_TRY(const auto id, named_user(call));
    return sessions_answer(call, id);
}

Answer end_user_sessions(Call& call) {
    ESC_TRY(const auto id, named_user(call));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(identity::sign_out_everywhere(connection, id));
    call.services.feed.end_sessions();
    return net::Response{204, {}, {}};
}

Answer end_user_session(Call& call) {
    ESC_TRY(const auto id, named_user(call));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(identity::revoke_session(connection, id, call.path.at(1)));
    call.services.feed.end_sessions();
    return net::Response{204, {}, {}};
}

}  // namespace escucha::api
