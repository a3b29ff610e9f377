#include "server/detail/directory_loader.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "flow/validator.h"
#include "speech_engine/intake.h"
#include "store/journal.h"

namespace escucha::server {

namespace {

using control::Company;
using control::Line;
using CalendarPtr = std::shared_ptr<const calendar::OpeningHours>;

struct Loading {
    store::Connection& connection;
    Directory& out;
    const std::filesystem::path& prompts_dir;
    std::map<CompanyId, std::shared_ptr<Company>> companies;
    std::map<std::string, CalendarPtr> calendars;  ///< By the row's id.
    std::map<QueueId, std::vector<std::string>> music;

    void problem(std::string text) { out.problems.push_back(std::move(text)); }
    [[nodiscard]] CalendarPtr calendar(const std::optional<std::string>& id) const {
        if (!id) return nullptr;
        const auto found = calendars.find(*id);
        return found == calendars.end() ? nullptr : found->second;
    }
};

Result<void> load_companies(Loading& loading) {
    ESC_TRY(auto rows,
            loading.connection.query(
                "SELECT id, key, name, calling_code, zone, reference_key FROM company"));
    for (const auto& row : rows) {
        ESC_TRY(auto fields,
                (row.as<CompanyId,
                        std::string,
                        std::string,
                        std::string,
                        std::string,
                        std::int64_t>()));
        auto& [id, key, name, calling_code, zone, secret] = fields;
        auto company = std::make_shared<Company>();
        company->id = id;
        company->name = name;
        company->calling_code = calling_code;
        company->zone = zone;
        company->reference_key = store::reference_key_bits(secret);
        loading.out.companies.emplace(key, company);
        loading.companies.emplace(id, std::move(company));
    }
    ESC_TRY(auto calendars,
            loading.connection.query("SELECT id, company_id, key, document FROM calendar"));
    for (const auto& row : calendars) {
        ESC_TRY(auto fields, (row.as<std::string, CompanyId, std::string, std::string>()));
        auto& [id, company, key, document] = fields;
        auto hours = calendar::decode_opening_hours(document);
        if (!hours) {
            loading.problem(fmt::format("calendar {}: {}", key, hours.error().message()));
            continue;
        }
        const auto shared =
            std::make_shared<const calendar::OpeningHours>(std::move(hours).value());
        loading.calendars.emplace(id, shared);
        if (const auto owner = loading.companies.find(company); owner != loading.companies.end()) {
            owner->second->calendars.emplace(key, shared);
        }
    }
    return ok();
}

std::shared_ptr<const flow::Document> read_flow(Loading& loading,
                                                const std::string& name,
                                                const std::string& text) {
    auto document = flow::parse(text);
    if (!document) {
        loading.problem(fmt::format("flow {}: {}", name, document.error().message()));
        return nullptr;
    }
    if (flow::has_errors(flow::validate(document.value()))) {
        loading.problem(fmt::format("flow {}: has validation errors", name));
        return nullptr;
    }
    return std::make_shared<const flow::Document>(std::move(document).value());
}

// The newest published version; the calls that began in an older one keep theirs.
Result<void> load_lines(Loading& loading) {
    ESC_TRY(
        auto rows,
        loading.connection.query(
            "SELECT l.id, l.company_id, l.name, l.dialled, l.flow_id, l.language, l.is_recorded, "
            "v.version, v.document FROM line l JOIN flow_version v ON v.flow_id = l.flow_id "
            "WHERE v.version = (SELECT MAX(p.version) FROM flow_version p "
            "WHERE p.flow_id = l.flow_id AND p.published_at_us IS NOT NULL)"));
    for (const auto& row : rows) {
        ESC_TRY(auto fields,
                (row.as<LineId,
                        CompanyId,
                        std::string,
                        std::string,
                        FlowId,
                        std::string,
                        bool,
                        std::int64_t,
                        std::string>()));
        auto& [id, company, name, dialled, flow, language, is_recorded, version, text] = fields;
        const auto owner = loading.companies.find(company);
        auto document = read_flow(loading, name, text);
        if (owner == loading.companies.end() || !document) continue;
        loading.out.centre.lines.push_back(std::make_shared<const Line>(
            Line{.id = id,
                 .company = owner->second,
                 .name = name,
                 .dialled = dialled,
                 .flow = flow,
                 .flow_version = version,
                 .document = std::move(document),
                 .language = speech::parse_language(language).value_or(speech::Language::Es),
                 .is_recorded = is_recorded}));
    }
    return ok();
}

// Music is on the shelf "none", as no language is spoken in it.
Result<void> load_prompts(Loading& loading) {
    ESC_TRY(auto rows,
            loading.connection.query("SELECT company_id, language, name, sha256 FROM prompt"));
    for (const auto& row : rows) {
        ESC_TRY(auto fields, (row.as<CompanyId, std::string, std::string, std::string>()));
        auto& [company, language, name, sha256] = fields;
        const auto path = speech_engine::library_path(company, sha256);
        std::error_code error;
        if (!std::filesystem::is_regular_file(loading.prompts_dir / path, error)) {
            loading.problem(fmt::format("prompt {}/{}: its file {} is gone; upload it again",
                                        language,
                                        name,
                                        path.string()));
            continue;
        }
        loading.out.prompts[company][fmt::format("{}/{}.wav", language, name)] = path.string();
    }
    ESC_TRY(auto music,
            loading.connection.query("SELECT queue_id, company_id, name FROM queue_music"
                                     " ORDER BY queue_id, position"));
    for (const auto& row : music) {
        ESC_TRY(auto fields, (row.as<QueueId, CompanyId, std::string>()));
        auto& [queue, company, name] = fields;
        const auto& shelf = loading.out.prompts[company];
        const auto found = shelf.find(fmt::format("none/{}.wav", name));
        if (found != shelf.end()) loading.music[queue].push_back(found->second);
    }
    return ok();
}

Result<void> load_queues(Loading& loading) {
    ESC_TRY(
        auto rows,
        loading.connection.query(
            "SELECT q.id, q.company_id, q.key, q.name, q.ring_time_s, q.wrap_up_s, q.calendar_id,"
            " s.at_us FROM queue q LEFT JOIN queue_stop s ON s.queue_id = q.id"));
    for (const auto& row : rows) {
        ESC_TRY(auto fields,
                (row.as<QueueId,
                        CompanyId,
                        std::string,
                        std::string,
                        std::int64_t,
                        std::int64_t,
                        std::optional<std::string>,
                        std::optional<WallTime>>()));
        auto& [id, company, key, name, ring_s, wrap_up_s, calendar, stopped] = fields;
        loading.out.centre.queues.push_back(
            control::Queue{.acd = acd::QueueConfig{.id = id,
                                                   .company = company,
                                                   .name = name,
                                                   .ring_time = std::chrono::seconds{ring_s},
                                                   .wrap_up_time = std::chrono::seconds{wrap_up_s}},
                           .key = key,
                           .hours = loading.calendar(calendar),
                           .music = loading.music[id],
                           .is_stopped = stopped.has_value()});
    }
    return ok();
}

Result<void> load_agents(Loading& loading) {
    std::map<AgentId, std::vector<acd::Membership>> memberships;
    ESC_TRY(auto links, loading.connection.query("SELECT agent_id, queue_id FROM agent_queue"));
    for (const auto& row : links) {
        ESC_TRY(auto link, (row.as<AgentId, QueueId>()));
        memberships[std::get<0>(link)].push_back({.queue = std::get<1>(link)});
    }
    std::map<AgentId, std::string> phones;
    ESC_TRY(auto phone_rows,
            loading.connection.query(
                "SELECT username, realm, ha1_md5, ha1_sha256, agent_id FROM phone"));
    for (const auto& row : phone_rows) {
        ESC_TRY(
            auto fields,
            (row.as<std::string, std::string, std::string, std::string, std::optional<AgentId>>()));
        auto& [username, realm, md5, sha256, agent] = fields;
        loading.out.phones.push_back(
            {.username = username, .realm = realm, .ha1_md5 = md5, .ha1_sha256 = sha256});
        if (!agent) continue;
        phones.emplace(*agent, username);
        loading.out.agent_by_phone.emplace(username, *agent);
    }
    ESC_TRY(auto rows,
            loading.connection.query("SELECT a.id, a.company_id, a.user_id, u.name,"
                                     " COALESCE(u.account_id, u.id) FROM agent a"
                                     " JOIN app_user u ON u.id = a.user_id"
                                     " LEFT JOIN app_user o ON o.id = u.account_id"
                                     " WHERE u.is_active = 1"
                                     " AND (u.account_id IS NULL OR o.is_active = 1)"));
    auto& agents = loading.out.centre.agents;
    std::map<UserId, std::string> persons_phones;
    for (const auto& row : rows) {
        ESC_TRY(auto fields, (row.as<AgentId, CompanyId, UserId, std::string, UserId>()));
        auto& [id, company, user, name, person] = fields;
        agents.push_back(control::Agent{.profile = {.id = id,
                                                    .company = company,
                                                    .memberships = memberships[id],
                                                    .person = person},
                                        .user = user,
                                        .name = name,
                                        .phone = phones[id]});
        if (!agents.back().phone.empty()) persons_phones.emplace(person, agents.back().phone);
    }
    // Who is an agent of several companies has one telephone.
    for (control::Agent& agent : agents) {
        const auto phone = persons_phones.find(agent.profile.person);
        if (agent.phone.empty() && phone != persons_phones.end()) agent.phone = phone->second;
    }
    return ok();
}

Result<void> load_trunks(Loading& loading) {
    ESC_TRY(
        auto rows,
        loading.connection.query(
            "SELECT id, company_id, name, cidrs, username, realm, ha1_md5, ha1_sha256 FROM trunk "
            "WHERE is_enabled = 1"));
    std::map<TrunkId, std::vector<CompanyId>> others;
    ESC_TRY(auto shared,
            loading.connection.query("SELECT trunk_id, company_id FROM trunk_company"));
    for (const auto& row : shared) {
        ESC_TRY(const auto fields, (row.as<TrunkId, CompanyId>()));
        others[std::get<0>(fields)].push_back(std::get<1>(fields));
    }
    using Text = std::optional<std::string>;
    for (const auto& row : rows) {
        ESC_TRY(auto fields,
                (row.as<TrunkId, CompanyId, std::string, std::string, Text, Text, Text, Text>()));
        auto& [id, company, name, cidrs, username, realm, md5, sha256] = fields;
        sip::Trunk trunk{.id = id, .sources = {}, .credentials = {}, .is_identity_trusted = true};
        std::size_t from = 0;
        while (from < cidrs.size()) {
            const std::size_t end = std::min(cidrs.find_first_of(", ", from), cidrs.size());
            const auto part = std::string_view{cidrs}.substr(from, end - from);
            from = end + 1;
            if (part.empty()) continue;
            if (const auto range = sip::AddressRange::parse(part)) {
                trunk.sources.push_back(*range);
            } else {
                loading.problem(fmt::format("trunk {}: '{}' is not an address range", name, part));
            }
        }
        if (username && !username->empty()) {
            trunk.credentials = sip::Credentials{.username = *username,
                                                 .realm = realm.value_or(""),
                                                 .ha1_md5 = md5.value_or(""),
                                                 .ha1_sha256 = sha256.value_or("")};
        }
        loading.out.trunks.push_back(std::move(trunk));
        loading.out.trunk_names.push_back({.id = id, .name = name});
        loading.out.centre.trunks.push_back(
            {.id = id, .company = company, .others = std::move(others[id])});
    }
    return ok();
}

}  // namespace

Result<Directory> load_directory(store::Connection& connection,
                                 const std::filesystem::path& prompts_dir) {
    Directory directory;
    Loading loading{.connection = connection,
                    .out = directory,
                    .prompts_dir = prompts_dir,
                    .companies = {},
                    .calendars = {},
                    .music = {}};
    ESC_TRY(auto snapshot, store::Tx::begin(connection, store::TxKind::Snapshot));
    ESC_TRY(load_companies(loading));
    ESC_TRY(load_lines(loading));
    ESC_TRY(load_prompts(loading));
    ESC_TRY(load_queues(loading));
    ESC_TRY(load_agents(loading));
    ESC_TRY(load_trunks(loading));
    ESC_TRY(snapshot.commit());
    return directory;
}

}  // namespace escucha::server
