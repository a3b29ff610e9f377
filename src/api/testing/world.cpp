#include "api/testing/world.h"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/detail/handlers.h"
#include "cases/reference.h"
#include "identity/users.h"

namespace escucha::api::testing {
namespace {

namespace json = boost::json;

constexpr std::string_view kOperatorToken = "operator-token-of-this-test";

template <typename T>
T must(Result<T> result) {
    if (!result) FAIL(result.error().message());
    return std::move(result).value();
}
AgentId agent_of(store::Connection& connection, UserId user) {
    const auto row = must(connection.query_one("SELECT id FROM agent WHERE user_id = ?", {user}));
    return must(row->get<AgentId>(0));
}

/// The operation of the contract that a concrete path is.
const json::object* operation_of(const Contract& contract,
                                 const std::string& method,
                                 const std::string& target) {
    const std::string path = target.substr(0, target.find('?'));
    std::string lower = method == "HEAD" ? "get" : method;
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    if (const auto* exact = contract.operation(path, lower)) return exact;
    for (const auto& item : contract.document().at("paths").as_object()) {
        std::string_view pattern{item.key().data(), item.key().size()};
        std::string_view rest = path;
        bool fits = true;
        while (fits && !pattern.empty() && !rest.empty()) {
            const std::string_view wanted = pattern.substr(1, pattern.find('/', 1) - 1);
            const std::string_view given = rest.substr(1, rest.find('/', 1) - 1);
            fits = wanted == given || wanted.starts_with('{');
            pattern.remove_prefix(std::min(wanted.size() + 1, pattern.size()));
            rest.remove_prefix(std::min(given.size() + 1, rest.size()));
        }
        if (fits && pattern.empty() && rest.empty()) {
            return contract.operation({item.key().data(), item.key().size()}, lower);
        }
    }
    return nullptr;
}

void check_answer(const Contract& contract,
                  const std::string& method,
                  const std::string& target,
                  Got& got) {
    const std::string type = got.reply.header("content-type");
    const std::string plain_type = type.substr(0, type.find(';'));
    if (plain_type.ends_with("json") && !got.reply.body.empty()) {
        json::error_code error;
        got.body = json::parse(got.reply.body, error);
        CHECK_MESSAGE(!error, target, " is not JSON");
    }
    const json::object* operation = operation_of(contract, method, target);
    if (operation == nullptr)
        return;  // Not in the contract: the problem answers are tested as such.
    INFO(method, " ", target, " ", got.status, " ", got.reply.body);
    CHECK(contract.is_declared(*operation, got.status));
    const json::value* schema = contract.answer_schema(*operation, got.status, plain_type);
    if (schema == nullptr) return;
    for (const Fault& fault : contract.check(*schema, got.body, Contract::Unknown::Refused)) {
        FAIL_CHECK(fault.pointer, ": ", fault.detail.en);
    }
}

}  // namespace

std::string Got::text(const std::string& pointer) const {
    json::error_code error;
    const json::value* value = body.find_pointer(pointer, error);
    if (value == nullptr) return "(absent)";
    return value->is_string() ? std::string{value->get_string()} : json::serialize(*value);
}

std::int64_t Got::number(const std::string& pointer) const {
    json::error_code error;
    const json::value* value = body.find_pointer(pointer, error);
    return value != nullptr && value->is_int64() ? value->get_int64() : -1;
}

std::size_t Got::count(const std::string& pointer) const {
    json::error_code error;
    const json::value* value = body.find_pointer(pointer, error);
    return value != nullptr && value->is_array() ? value->get_array().size() : 0;
}

std::vector<std::string> Person::credentials() const {
    std::vector<std::string> lines;
    if (!cookie_.empty()) lines.push_back("Cookie: escucha_session=" + cookie_);
    if (!csrf_.empty()) lines.push_back("X-CSRF-Token: " + csrf_);
    if (!bearer_.empty()) {
        lines.push_back("Authorization: Bearer " + bearer_);
        lines.push_back("Escucha-Company: " + world_.company.to_string());
    }
    return lines;
}

Got Person::send(const std::string& method,
                 const std::string& target,
                 const std::string& body,
                 std::vector<std::string> headers) {
    for (std::string& line : credentials()) headers.push_back(std::move(line));
    const bool has_type = std::ranges::any_of(
        headers, [](const std::string& line) { return line.starts_with("Content-Type:"); });
    if (!body.empty() && !has_type) headers.emplace_back("Content-Type: application/json");
    return world_.call(method, target, headers, body);
}

Got Person::get(const std::string& target, std::vector<std::string> headers) {
    return send("GET", target, {}, std::move(headers));
}
Got Person::post(const std::string& target,
                 const std::string& body,
                 std::vector<std::string> headers) {
    return send("POST", target, body, std::move(headers));
}

WallTime World::now() { return read_clocks().wall; }

store::testing::FreshDatabase each_engine() {
    auto make = store::testing::sqlite_file;
    // Both are named in every run, so that doctest knows of the second in the first.
    SUBCASE("on SQLite") { make = store::testing::sqlite_file; }
    SUBCASE("on PostgreSQL") { make = store::testing::postgres; }
    return make(store::testing::Schema::Current);
}

World::World(store::testing::FreshDatabase database) : fresh{std::move(database)} {
    folder = fresh.folder ? fresh.folder->path() : files.path();
    auto connection = must(fresh.database.connect());
    company = store::testing::add_company(connection, "Europe/Madrid");
    other_company = store::testing::add_company(connection, "Europe/Madrid");
    const auto add = [&](const std::string& login, const std::string& role, CompanyId of) {
        return must(identity::add_user(connection,
                                       {of, login, "Doña " + login, role, "es", "correcta-1234"},
                                       make<UserId>(),
                                       now()));
    };
    agent_user = add("ana", "agent", company);
    supervisor_user = add("sara", "supervisor", company);
    agent = agent_of(connection, agent_user);
    colleague = agent_of(connection, add("carlos", "agent", company));
    queue = make<QueueId>();
    must(connection.execute(
        "INSERT INTO queue (id, company_id, key, name) VALUES (?, ?, 'a', 'Atención')",
        {queue, company}));
    must(connection.execute(
        "INSERT INTO agent_queue (agent_id, queue_id, company_id) VALUES (?, ?, ?)",
        {agent, queue, company}));
    for (const auto* table : {"not_ready_reason", "disposition_topic", "disposition_outcome"}) {
        must(connection.execute("INSERT INTO " + std::string{table} +
                                    " (company_id, key, name_es, name_en, position)"
                                    " VALUES (?, 'lunch', 'Comida', 'Lunch', 1)",
                                {company}));
    }
    journal = must(store::Journal::open(fresh.database));
    customer = make<CustomerId>();
    Event created = event("customer_created");
    created.customer = customer;
    created.with("name", "José Núñez").with("document_id", "12345678Z");
    commit({created});

    port.company = company;
    port.view.taken_at = now();
    for (const auto& [id, name] : {std::pair{agent, "Ana"}, std::pair{colleague, "Carlos"}}) {
        server::AgentView view;
        view.id = id;
        view.name = name;
        view.since = now();
        view.queues = {queue};
        port.view.agents.push_back(view);
    }
    server::QueueView view;
    view.id = queue;
    view.name = "Atención";
    port.view.queues.push_back(view);
    restart();
}

AgentId World::add_agent(UserId user, const std::string& name) {
    auto connection = must(fresh.database.connect());
    server::AgentView view;
    view.id = make<AgentId>();
    view.name = name;
    view.since = now();
    must(connection.execute("INSERT INTO agent (id, company_id, user_id) VALUES (?, ?, ?)",
                            {view.id, company, user}));
    port.change([&](FakeControlPort& changed) { changed.view.agents.push_back(view); });
    return view.id;
}

World::~World() { server.reset(); }

void World::restart() {
    server.reset();
    if (!recording_keys) {
        recording_keys = must(recording::Keyring::open(folder / "recording.keys",
                                                       recording::Keyring::WhenMissing::Make));
    }
    if (!audit_keys) {
        audit_keys.emplace(must(audit::SigningKeys::open(
            folder / "audit.keys", audit::SigningKeys::WhenMissing::Make, now())));
    }
    // The journal may be another one than before.
    audit = std::make_unique<audit::Log>(*journal, *audit_keys);
    if (!account_keys) {
        account_keys = must(identity::SecretKeys::open(folder / "account.keys",
                                                       identity::SecretKeys::WhenMissing::Make));
    }
    Config config;
    config.port = 0;
    config.account_keys = &*account_keys;
    config.web_root = folder / "web";
    config.recordings_dir = folder / "recordings";
    config.recording_keys = recording_keys.get();
    config.audit = audit.get();
    config.audit_keys = &*audit_keys;
    config.prompts_dir = folder / "prompts";
    config.shared_prompts_dir = folder / "recorded-prompts";
    config.exports_dir = folder / "exports";
    config.backups_dir = folder / "backups";
    config.operator_token = kOperatorToken;
    config.heartbeat = heartbeat;
    config.rates = rates;
    config.fronts = fronts;
    config.started_at = now();
    config.reset_demo = [this]() -> Result<void> {
        ++demo_resets;
        return ok();
    };
    auto started = ApiServer::start(std::move(config), port, fresh.database, *journal);
    REQUIRE(started.has_value());
    server = std::move(started).value();
}

Person World::stranger() { return Person{*this, "", ""}; }
Person World::bearer(const std::string& key) { return Person{*this, "", "", key}; }
Person World::operator_() { return Person{*this, "", "", std::string{kOperatorToken}}; }

Person World::sign_in(const std::string& login, const std::string& password) {
    const auto body = json::serialize(json::object{{"login", login}, {"password", password}});
    const Got got = stranger().post("/api/v1/session", body);
    if (got.status != 200) return stranger();
    const std::string line = got.reply.header("set-cookie");
    const std::size_t from = line.find('=') + 1;
    return Person{*this, line.substr(from, line.find(';') - from), got.text("/csrf_token")};
}

std::string World::add_person(std::string_view role, CompanyId of) {
    auto connection = must(fresh.database.connect());
    std::string login = "persona-" + std::to_string(++people);
    must(identity::add_user(connection,
                            {of, login, "Persona", std::string{role}, "es", "correcta-1234"},
                            make<UserId>(),
                            now()));
    return login;
}

Event World::event(std::string_view type) const {
    Event event;
    event.type = type;
    event.at = now();
    event.company = company;
    return event;
}

store::Committed World::commit(std::vector<Event> events) {
    return must(journal->append_and_wait({.events = std::move(events), .live = {}}));
}

World::Talk World::talk(AgentId by) {
    // Far from the counters the server takes.
    constexpr std::uint64_t kFirstReference = 1'000;
    const Talk talk{
        make<ContactId>(),
        make<CaseId>(),
        must(cases::make_reference(store::reference_key_bits(7), kFirstReference + talks++))};
    Event arrived = event("contact_arrived");
    arrived.contact = talk.contact;
    arrived.with("channel", "call").with("direction", "inbound").with("caller", "+34600111222");
    arrived.with("line", LineId{Uuid{1, 1}}.to_string())
        .with("dialled", "100")
        .with("language", "es");
    Event identified = event("contact_identified");
    identified.contact = talk.contact;
    identified.customer = customer;
    identified.with("how", "number").with_flag("verified", true);
    Event opened = event("case_opened");
    opened.contact = talk.contact;
    opened.case_id = talk.case_id;
    opened.customer = customer;
    opened.with("reference", talk.reference).with("kind", "claim").with("topic", "lunch");
    opened.with("subject", "La factura").with("opened_by", "flow");
    Event queued = event("contact_queued");
    queued.contact = talk.contact;
    queued.queue = queue;
    Event connected = event("contact_connected");
    connected.contact = talk.contact;
    connected.agent = by;
    connected.queue = queue;
    connected.with("wait_ms", std::int64_t{4'000}).with("ring_ms", std::int64_t{900});
    commit({arrived, identified, opened, queued, connected});
    return talk;
}

Got World::call(const std::string& method,
                const std::string& target,
                const std::vector<std::string>& headers,
                const std::string& body) {
    net::testing::Client client{server->port()};
    Got got;
    auto reply = client.call(method, target, headers, body);
    REQUIRE(reply.has_value());
    got.reply = std::move(*reply);
    got.status = got.reply.status;
    check_answer(contract, method, target, got);
    return got;
}

}  // namespace escucha::api::testing
