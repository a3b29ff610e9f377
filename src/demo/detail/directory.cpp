#include <algorithm>
#include <filesystem>

#include "base/errc.h"
#include "demo/detail/document.h"
#include "demo/detail/world.h"
#include "identity/memberships.h"
#include "identity/passwords.h"

namespace escucha::demo::detail {
namespace {

using Ids = std::map<std::string, std::string>;

std::string new_id(World& world) { return Uuid::v7(world.founded, world.rng).to_string(); }

Result<std::string> known(const Ids& ids, const std::string& key, std::string_view kind) {
    const auto found = ids.find(key);
    if (found == ids.end()) {
        return fail(Errc::InvalidArgument, std::string{kind} + " '" + key + "' does not exist");
    }
    return found->second;
}

Result<void> add_company(World& world, const Node& file) {
    ESC_TRY(const auto company, file.at("company"));
    ESC_TRY(const auto key, company.text("key"));
    ESC_TRY(const auto name, company.text("name"));
    ESC_TRY(const auto country, company.text("country"));
    ESC_TRY(const auto calling_code, company.text("calling_code"));
    ESC_TRY(world.zone, company.text("zone"));
    ESC_TRY(const auto currency, company.text("currency"));
    ESC_TRY(const auto language, company.text("language"));
    world.company = CompanyId::make(world.founded, world.rng);
    world.reference_key = static_cast<std::int64_t>(world.rng.next() >> 1U);
    ESC_TRY(world.connection.execute(
        "INSERT INTO company (id, key, name, country, calling_code, zone, currency, language,"
        " reference_key, created_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {world.company,
         key,
         name,
         country,
         calling_code,
         world.zone,
         currency,
         language,
         world.reference_key,
         world.founded}));
    return ok();
}

Result<Ids> add_calendars(World& world) {
    ESC_TRY(const auto file, Node::read(world.data_folder + "/calendars.json"));
    ESC_TRY(const auto calendars, file.list("calendars"));
    Ids ids;
    for (const Node& calendar : calendars) {
        ESC_TRY(const auto key, calendar.text("key"));
        ESC_TRY(const auto name, calendar.text("name"));
        ESC_TRY(const auto document, calendar.at("document"));
        ids[key] = new_id(world);
        ESC_TRY(world.connection.execute(
            "INSERT INTO calendar (id, company_id, key, name, document) VALUES (?, ?, ?, ?, ?)",
            {ids[key], world.company, key, name, document.print()}));
    }
    return ids;
}

Result<Ids> add_teams(World& world, const Node& file) {
    ESC_TRY(const auto teams, file.list("teams"));
    Ids ids;
    for (const Node& team : teams) {
        ESC_TRY(const auto key, team.text("key"));
        ESC_TRY(const auto name, team.text("name"));
        ids[key] = new_id(world);
        ESC_TRY(world.connection.execute(
            "INSERT INTO team (id, company_id, key, name) VALUES (?, ?, ?, ?)",
            {ids[key], world.company, key, name}));
    }
    return ids;
}

Result<void> add_queues(World& world, const Node& file) {
    ESC_TRY(const auto queues, file.list("queues"));
    for (const Node& queue : queues) {
        ESC_TRY(const auto key, queue.text("key"));
        ESC_TRY(const auto name, queue.text("name"));
        ESC_TRY(const auto ring_time, queue.integer("ring_time_s"));
        ESC_TRY(const auto wrap_up, queue.integer("wrap_up_s"));
        const auto id = QueueId::make(world.founded, world.rng);
        world.queues[key] = id;
        ESC_TRY(world.connection.execute(
            "INSERT INTO queue (id, company_id, key, name, ring_time_s, wrap_up_s)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            {id, world.company, key, name, ring_time, wrap_up}));
    }
    return ok();
}

Result<void> add_lines(World& world, const Node& file, const Ids& calendars) {
    ESC_TRY(const auto lines, file.list("lines"));
    for (const Node& line : lines) {
        ESC_TRY(const auto dialled, line.text("dialled"));
        ESC_TRY(const auto name, line.text("name"));
        ESC_TRY(const auto flow, line.text("flow"));
        ESC_TRY(const auto calendar_key, line.text("calendar"));
        ESC_TRY(const auto language, line.text("language"));
        ESC_TRY(const auto calendar, known(calendars, calendar_key, "calendar"));
        ESC_TRY(const auto row,
                world.connection.query_one("SELECT id FROM flow WHERE company_id = ? AND key = ?",
                                           {world.company, flow}));
        if (!row) {
            return fail(Errc::InvalidArgument,
                        "line " + dialled + " needs the flow " + world.flows_folder + "/" +
                            flow + ".json");
        }
        ESC_TRY(const auto flow_id, row->get<FlowId>(0));
        const auto id = LineId::make(world.founded, world.rng);
        world.lines[dialled] = {id, flow_id, dialled};
        const bool is_recorded = !line.has("recorded") || line.flag("recorded");
        ESC_TRY(world.connection.execute(
            "INSERT INTO line (id, company_id, dialled, name, flow_id, calendar_id, language,"
            " is_recorded) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            {id, world.company, dialled, name, flow_id, calendar, language, is_recorded}));
    }
    return ok();
}

Result<void> add_trunks(World& world, const Node& file) {
    ESC_TRY(const auto trunks, file.list("trunks"));
    for (const Node& trunk : trunks) {
        ESC_TRY(const auto name, trunk.text("name"));
        ESC_TRY(const auto cidrs, trunk.text("cidrs"));
        ESC_TRY(world.connection.execute(
            "INSERT INTO trunk (id, company_id, name, cidrs) VALUES (?, ?, ?, ?)",
            {new_id(world), world.company, name, cidrs}));
    }
    return ok();
}

Result<void> add_phone(World& world, const Node& phone, const std::string& realm, AgentId agent) {
    ESC_TRY(const auto username, phone.text("username"));
    ESC_TRY(const auto password, phone.text("password"));
    const auto ha1 = identity::sip_ha1(username, realm, password);
    ESC_TRY(world.connection.execute(
        "INSERT INTO phone (id, company_id, agent_id, username, realm, ha1_md5, ha1_sha256, label)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {new_id(world),
         world.company,
         agent,
         username,
         realm,
         ha1.md5,
         ha1.sha256,
         phone.text_or("label", "")}));
    return ok();
}

Result<void> add_agent(World& world, UserId id) {
    ESC_TRY(world.connection.execute("INSERT INTO agent (id, company_id, user_id) VALUES (?, ?, ?)",
                                     {AgentId{id.value()}, world.company, id}));
    return ok();
}

Result<void> place_agent(World& world, const Node& user, UserId id, const Ids& teams) {
    ESC_TRY(const auto team_key, user.text("team"));
    ESC_TRY(const auto team, known(teams, team_key, "team"));
    DemoAgent agent{.id = AgentId{id.value()}, .user = id, .queues = {}};
    ESC_TRY(world.connection.execute("UPDATE agent SET team_id = ? WHERE id = ?",
                                     {team, agent.id}));
    ESC_TRY(agent.queues, user.texts("queues"));
    for (const std::string& key : agent.queues) {
        const auto queue = world.queues.find(key);
        if (queue == world.queues.end()) return fail(Errc::InvalidArgument, "queue " + key);
        ESC_TRY(world.connection.execute(
            "INSERT INTO agent_queue (agent_id, queue_id, company_id) VALUES (?, ?, ?)",
            {agent.id, queue->second, world.company}));
    }
    world.agents.push_back(std::move(agent));
    return ok();
}

Result<void> add_users(World& world, const Node& file, const Ids& teams) {
    ESC_TRY(const auto password, file.text("password"));
    ESC_TRY(const auto realm, file.text("realm"));
    ESC_TRY(const auto users, file.list("users"));
    for (const Node& user : users) {
        ESC_TRY(const auto login, user.text("login"));
        ESC_TRY(const auto name, user.text("name"));
        ESC_TRY(const auto role, user.text("role"));
        ESC_TRY(const auto language, user.text("language"));
        // Set by the installation, chosen by nobody: identity::PasswordRules is not asked.
        ESC_TRY(const auto hash, identity::hash_password(password));
        const auto id = UserId::make(world.founded, world.rng);
        ESC_TRY(world.connection.execute(
            "INSERT INTO app_user (id, company_id, login, name, role, password_hash, language,"
            " created_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            {id, world.company, login, name, role, hash, language, world.founded}));
        if (user.has("team")) {
            ESC_TRY(add_agent(world, id));
            ESC_TRY(place_agent(world, user, id, teams));
        }
        if (user.has("phone")) {
            ESC_TRY(const auto phone, user.at("phone"));
            ESC_TRY(add_phone(world, phone, realm, AgentId{id.value()}));
        }
    }
    return ok();
}

/// People who have their account in a company that was loaded before.
Result<void> add_members(World& world, const Node& file, const Ids& teams) {
    if (!file.has("members")) return ok();
    ESC_TRY(const auto members, file.list("members"));
    for (const Node& member : members) {
        ESC_TRY(const auto login, member.text("login"));
        ESC_TRY(const auto role, member.text("role"));
        ESC_TRY(const auto row,
                world.connection.query_one("SELECT id FROM app_user WHERE login = ?", {login}));
        if (!row) return fail(Errc::InvalidArgument, "member " + login);
        ESC_TRY(const auto account, row->get<UserId>(0));
        const auto id = UserId::make(world.founded, world.rng);
        ESC_TRY(identity::insert_membership(
            world.connection,
            {.account = account, .company = world.company, .role = role},
            id,
            world.founded));
        if (member.has("team")) {
            ESC_TRY(place_agent(world, member, id, teams));
        }
    }
    return ok();
}

Result<void> share_trunks(World& world) {
    ESC_TRY(world.connection.execute("INSERT INTO trunk_company (trunk_id, company_id)"
                                     " SELECT id, ? FROM trunk WHERE company_id <> ?",
                                     {world.company, world.company}));
    return ok();
}

Result<void> add_words(World& world,
                       const Node& file,
                       std::string_view list,
                       std::string_view table) {
    ESC_TRY(const auto words, file.list(list));
    std::int64_t position = 0;
    for (const Node& word : words) {
        ESC_TRY(const auto key, word.text("key"));
        ESC_TRY(const auto es, word.text("es"));
        ESC_TRY(const auto en, word.text("en"));
        ESC_TRY(world.connection.execute("INSERT INTO " + std::string{table} +
                                             " (company_id, key, name_es, name_en, position)"
                                             " VALUES (?, ?, ?, ?, ?)",
                                         {world.company, key, es, en, ++position}));
        if (word.flag("closes_case")) {
            ESC_TRY(world.connection.execute(
                "UPDATE disposition_outcome SET closes_case = 1 WHERE company_id = ? AND key = ?",
                {world.company, key}));
        }
    }
    return ok();
}

Result<FlowId> flow_named(World& world, const std::string& key, const std::string& name) {
    ESC_TRY(const auto row,
            world.connection.query_one("SELECT id FROM flow WHERE company_id = ? AND key = ?",
                                       {world.company, key}));
    if (row) return row->get<FlowId>(0);
    const auto id = FlowId::make(world.founded, world.rng);
    ESC_TRY(
        world.connection.execute("INSERT INTO flow (id, company_id, key, name) VALUES (?, ?, ?, ?)",
                                 {id, world.company, key, name}));
    return id;
}

/// True when a version was added.
Result<bool> load_flow(World& world, const std::filesystem::path& path) {
    ESC_TRY(const auto text, read_file(path.string()));
    ESC_TRY(const auto document, Node::read(path.string()));
    const std::string key = path.stem().string();
    ESC_TRY(const auto id, flow_named(world, key, document.text_or("name", key)));
    ESC_TRY(const auto newest,
            world.connection.query_one("SELECT version, document FROM flow_version"
                                       " WHERE flow_id = ? ORDER BY version DESC LIMIT 1",
                                       {id}));
    std::int64_t version = 1;
    if (newest) {
        ESC_TRY(const auto fields, (newest->as<std::int64_t, std::string>()));
        if (std::get<1>(fields) == text) return false;
        version = std::get<0>(fields) + 1;
    }
    ESC_TRY(world.connection.execute(
        "INSERT INTO flow_version (flow_id, version, company_id, document, created_at_us,"
        " published_at_us) VALUES (?, ?, ?, ?, ?, ?)",
        {id, version, world.company, text, world.options.now, world.options.now}));
    return true;
}

}  // namespace

Result<std::int64_t> load_flows(World& world) {
    std::vector<std::filesystem::path> paths;
    std::error_code error;
    for (const auto& entry :
         std::filesystem::directory_iterator{world.flows_folder, error}) {
        if (entry.path().extension() == ".json") paths.push_back(entry.path());
    }
    if (error) return fail(Errc::NotFound, world.flows_folder);
    // The folder's order is the file system's; ids must not depend on it.
    std::sort(paths.begin(), paths.end());
    std::int64_t added = 0;
    for (const auto& path : paths) {
        ESC_TRY(const bool is_new, load_flow(world, path));
        added += is_new ? 1 : 0;
    }
    return added;
}

Result<void> load_directory(World& world) {
    ESC_TRY(const auto file, Node::read(world.data_folder + "/company.json"));
    ESC_TRY(add_company(world, file));
    ESC_TRY(load_flows(world));
    ESC_TRY(const auto calendars, add_calendars(world));
    ESC_TRY(const auto teams, add_teams(world, file));
    ESC_TRY(add_queues(world, file));
    ESC_TRY(add_lines(world, file, calendars));
    ESC_TRY(add_trunks(world, file));
    ESC_TRY(add_users(world, file, teams));
    ESC_TRY(add_members(world, file, teams));
    ESC_TRY(share_trunks(world));
    ESC_TRY(add_words(world, file, "not_ready_reasons", "not_ready_reason"));
    ESC_TRY(add_words(world, file, "topics", "disposition_topic"));
    return add_words(world, file, "outcomes", "disposition_outcome");
}

}  // namespace escucha::demo::detail
