// The companies of an installation, as far as one session reaches: which they are, who of one works
// for another as well, their lines, and the queues that somebody stops.

#include <algorithm>

#include <boost/json/array.hpp>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/secrets.h"
#include "base/errc.h"
#include "identity/memberships.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kLine =
    "SELECT l.id, l.name, l.dialled, l.language, l.is_recorded, f.id, f.name FROM line l"
    " JOIN flow f ON f.id = l.flow_id WHERE l.company_id = ?";

Attempt<json::object> encode_line(const store::Row& row) {
    Columns columns{row};
    json::object line;
    for (const char* name : {"id", "name", "dialled", "language"}) line[name] = columns.text();
    line["is_recorded"] = columns.next<bool>();
    const std::string flow = columns.text();
    line["flow"] = named_or_null(flow, columns.text());
    ESC_TRY(columns.done());
    return line;
}

Attempt<json::object> line_record(Call& call, LineId id) {
    ESC_TRY(const auto row,
            call.db.query_one(std::string{kLine} + " AND l.id = ?", {call.company(), id}));
    if (!row) return Problem{Code::NotFound};
    return encode_line(*row);
}

/// What goes on in a company, for who may watch its floor.
Attempt<json::value> live_figures(Call& call, const identity::Membership& membership) {
    if (!membership.permissions.has(identity::Permission::WatchFloor)) return json::value{};
    ESC_TRY(const auto floor, call.services.port.floor(membership.company));
    std::int64_t waiting = 0, talking = 0, ready = 0;
    for (const auto& contact : floor.contacts) {
        if (contact.state == server::ContactState::Waiting ||
            contact.state == server::ContactState::Offered) {
            ++waiting;
        } else if (contact.state == server::ContactState::Talking ||
                   contact.state == server::ContactState::Held) {
            ++talking;
        }
    }
    for (const auto& agent : floor.agents) {
        if (agent.state == server::AgentState::Ready) ++ready;
    }
    return json::object{{"waiting", waiting}, {"talking", talking}, {"ready", ready}};
}

/// The state of the person's agent there; null of who takes no contacts.
Attempt<json::value> own_state(Call& call,
                               store::Connection& connection,
                               const identity::Membership& membership) {
    if (!membership.permissions.has(identity::Permission::TakeContacts)) return json::value{};
    ESC_TRY(const auto row,
            connection.query_one("SELECT id FROM agent WHERE user_id = ? AND company_id = ?",
                                 {membership.user, membership.company}));
    if (!row) return json::value{};
    ESC_TRY(const auto agent, row->get<AgentId>(0));
    const auto view = call.services.port.agent(membership.company, agent);
    if (!view) return json::value{};
    return json::value(word(view.value().state));
}

/// What `account` is in a company, for who may give people to it: the session's own membership
/// there says so.
Attempt<identity::Membership> governed(Call& call, CompanyId company) {
    if (call.session_token.empty()) return Problem{Code::Forbidden};
    ESC_TRY(auto connection, across_companies(call));
    ESC_TRY(const auto own, identity::memberships_of(connection, call.who.account));
    const auto found = std::ranges::find(own, company, &identity::Membership::company);
    if (found == own.end()) return Problem{Code::NotFound};
    if (!found->permissions.has(identity::Permission::ManageUsers)) return Problem{Code::Forbidden};
    return *found;
}

/// A person whose account is of this company, and who may no more than whoever asks.
Attempt<UserId> named_account(Call& call) {
    ESC_TRY(const auto id, call.id<UserTag>(0));
    ESC_TRY(const auto row,
            call.db.query_one("SELECT role FROM app_user WHERE company_id = ? AND id = ?"
                              " AND account_id IS NULL",
                              {call.company(), id}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto role, row->get<std::string>(0));
    ESC_TRY(const auto permissions, identity::find_permissions(call.db, call.company(), role));
    if (permissions && !call.may_give(*permissions)) return Problem{Code::Forbidden};
    return id;
}

/// The queues the new agent serves: those of the body, or all.
Attempt<std::vector<QueueId>> queues_of(Call& call,
                                        store::Connection& connection,
                                        CompanyId company) {
    std::vector<QueueId> queues;
    if (!call.has("queue_ids")) {
        ESC_TRY(const auto rows,
                connection.query("SELECT id FROM queue WHERE company_id = ?", {company}));
        for (const store::Row& row : rows) {
            ESC_TRY(const auto id, row.get<QueueId>(0));
            queues.push_back(id);
        }
        return queues;
    }
    const json::array& named = call.body.at("queue_ids").as_array();
    for (std::size_t i = 0; i < named.size(); ++i) {
        const auto id = QueueId::parse(std::string{named[i].as_string()});
        const auto known =
            id ? connection.query_one("SELECT id FROM queue WHERE company_id = ? AND id = ?",
                                      {company, *id})
               : Result<std::optional<store::Row>>{std::optional<store::Row>{}};
        if (!known) return Problem{known.error()};
        if (!known.value()) {
            return Problem::field(
                "/queue_ids/" + std::to_string(i),
                {"Esa empresa no tiene esa cola.", "That company has no such queue."});
        }
        queues.push_back(*id);
    }
    return queues;
}

Result<void> serve_queues(store::Connection& connection,
                          UserId user,
                          CompanyId company,
                          const std::vector<QueueId>& queues) {
    ESC_TRY(const auto row, connection.query_one("SELECT id FROM agent WHERE user_id = ?", {user}));
    if (!row) return ok();
    ESC_TRY(const auto agent, row->get<AgentId>(0));
    ESC_TRY(connection.execute("DELETE FROM agent_queue WHERE agent_id = ?", {agent}));
    for (const QueueId queue : queues) {
        ESC_TRY(connection.execute(
            "INSERT INTO agent_queue (agent_id, queue_id, company_id) VALUES (?, ?, ?)",
            {agent, queue, company}));
    }
    return ok();
}

Attempt<QueueId> named_queue(Call& call) {
    ESC_TRY(const auto queue, call.id<QueueTag>(0));
    ESC_TRY(const auto row,
            call.db.query_one("SELECT id FROM queue WHERE company_id = ? AND id = ?",
                              {call.company(), queue}));
    if (!row) return Problem{Code::NotFound};
    return queue;
}

/// Journal first; then the centre reads it again.
Attempt<void> tell(Call& call, Event event) {
    ESC_TRY(commit(call, {std::move(event)}));
    ESC_TRY(call.services.port.reload());
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

json::object encode_membership(const identity::Membership& membership) {
    return {{"id", membership.company.to_string()},
            {"key", membership.company_key},
            {"name", membership.company_name},
            {"role", membership.role}};
}

}  // namespace

Attempt<json::array> companies_of_session(Call& call, UserId account) {
    json::array items;
    ESC_TRY(auto connection, across_companies(call));
    ESC_TRY(const auto memberships, identity::memberships_of(connection, account));
    for (const auto& membership : memberships) items.push_back(encode_membership(membership));
    return items;
}

Answer list_companies(Call& call) {
    if (call.session_token.empty()) return Problem{Code::Forbidden};
    ESC_TRY(auto connection, across_companies(call));
    ESC_TRY(const auto memberships, identity::memberships_of(connection, call.who.account));
    json::array items;
    for (const auto& membership : memberships) {
        json::object item = encode_membership(membership);
        item["is_current"] = membership.company == call.company();
        ESC_TRY(item["agent_state"], own_state(call, connection, membership));
        ESC_TRY(item["live"], live_figures(call, membership));
        items.push_back(std::move(item));
    }
    return json_response(json::object{{"items", std::move(items)}});
}

Answer list_user_memberships(Call& call) {
    ESC_TRY(const auto account, named_account(call));
    ESC_TRY(auto items, companies_of_session(call, account));
    if (!items.empty()) items.erase(items.begin());  // This one.
    return json_response(json::object{{"items", std::move(items)}});
}

Answer add_user_membership(Call& call) {
    ESC_TRY(const auto account, named_account(call));
    const auto company = CompanyId::parse(call.text("company_id"));
    if (!company) return Problem{Code::NotFound};
    ESC_TRY(const auto own, governed(call, *company));
    const std::string role = call.text("role");
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(const auto permissions, identity::find_permissions(connection, *company, role));
    if (!permissions) {
        return Problem::field("/role",
                              {"Esa empresa no tiene ese rol.", "That company has no such role."});
    }
    // As within one company: nobody gives what he has not got there himself.
    identity::Permissions give = own.permissions;
    give.add(identity::Permission::TakeContacts);
    if (!give.has_all_of(*permissions)) return Problem{Code::Forbidden};
    ESC_TRY(const auto queues, queues_of(call, connection, *company));
    call.seen.made = account.to_string();
    call.seen.changed = {{"company", company->to_string()}, {"role", role}};
    const auto user =
        identity::add_membership(connection,
                                 {.account = account, .company = *company, .role = role},
                                 call.services.ids.make<UserId>(call.now),
                                 call.now);
    if (!user && user.error().code == store::Errc::Unique) {
        return Problem{Code::Conflict,
                       {"Ya trabaja para esa empresa.", "They work for that company already."}};
    }
    if (!user) return Problem{user.error()};
    ESC_TRY(serve_queues(connection, user.value(), *company, queues));
    ESC_TRY(call.services.port.reload());
    return json_response(encode_membership({.user = user.value(),
                                            .company = *company,
                                            .company_key = own.company_key,
                                            .company_name = own.company_name,
                                            .role = role,
                                            .permissions = *permissions}),
                         201);
}

Answer list_lines(Call& call) {
    ESC_TRY(const auto rows,
            call.db.query(std::string{kLine} + " ORDER BY l.dialled", {call.company()}));
    json::array items;
    for (const store::Row& row : rows) {
        ESC_TRY(auto line, encode_line(row));
        items.push_back(std::move(line));
    }
    return json_response(json::object{{"items", std::move(items)}});
}

Answer update_line(Call& call) {
    ESC_TRY(const auto id, call.id<LineTag>(0));
    ESC_TRY(const auto known, line_record(call, id));
    const auto given = [&](const char* name) {
        return call.has(name) ? call.text(name) : std::string{known.at(name).as_string()};
    };
    std::string flow{known.at("flow").as_object().at("id").as_string()};
    if (call.has("flow_id")) {
        flow = call.text("flow_id");
        ESC_TRY(const auto row,
                call.db.query_one("SELECT f.id FROM flow f JOIN flow_version v ON v.flow_id = f.id"
                                  " WHERE f.company_id = ? AND f.id = ?"
                                  " AND v.published_at_us IS NOT NULL LIMIT 1",
                                  {call.company(), flow}));
        if (!row) {
            return Problem::field("/flow_id",
                                  {"No hay ningún flujo publicado con ese identificador.",
                                   "There is no published flow of that id."});
        }
    }
    const bool is_recorded = call.has("is_recorded") ? call.body.at("is_recorded").as_bool()
                                                     : known.at("is_recorded").as_bool();
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(connection.execute(
        "UPDATE line SET name = ?, language = ?, flow_id = ?,"
        " is_recorded = ? WHERE company_id = ? AND id = ?",
        {given("name"), given("language"), flow, is_recorded, call.company(), id}));
    ESC_TRY(call.services.port.reload());
    ESC_TRY(const auto line, line_record(call, id));
    return json_response(line);
}

Answer stop_queue(Call& call) {
    ESC_TRY(const auto queue, named_queue(call));
    Event stopped = fact(call, "queue_stopped");
    stopped.queue = queue;
    stopped.with("reason", call.text("reason")).with("user", call.who.user.to_string());
    ESC_TRY(tell(call, std::move(stopped)));
    return net::Response{204, {}, {}};
}

Answer resume_queue(Call& call) {
    ESC_TRY(const auto queue, named_queue(call));
    Event resumed = fact(call, "queue_resumed");
    resumed.queue = queue;
    resumed.with("user", call.who.user.to_string());
    ESC_TRY(tell(call, std::move(resumed)));
    return net::Response{204, {}, {}};
}

}  // namespace escucha::api
