#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

#include "api/testing/world.h"
#include "identity/memberships.h"
#include "net/testing/client.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

std::string quoted(const std::string& text) { return boost::json::serialize(text); }

/// An outsourcer's people: Sara of the first company supervises in the other too; an administrator
/// of the first is one of the other.
struct Outsourcing {
    Outsourcing() : world{each_engine()} {
        auto connection = world.fresh.database.connect().value();
        admin = world.add_person("administrator", world.company);
        join(world.supervisor_user, "quality");
        const auto row = connection.query_one("SELECT id FROM app_user WHERE login = ?", {admin});
        admin_user = row.value()->get<UserId>(0).value();
        other_queue = world.make<QueueId>();
        REQUIRE(connection.execute(
            "INSERT INTO queue (id, company_id, key, name) VALUES (?, ?, 'a', 'Averías')",
            {other_queue, world.other_company}));
    }
    void join(UserId account, const std::string& role) {
        auto connection = world.fresh.database.connect().value();
        REQUIRE(identity::add_membership(
            connection,
            {.account = account, .company = world.other_company, .role = role},
            world.make<UserId>(),
            World::now()));
    }
    Got enter(Person& person, CompanyId company) {
        return person.post("/api/v1/session/company",
                           "{\"company_id\":" + quoted(company.to_string()) + "}");
    }
    Got lend_ana(Person& person, const std::string& role, const std::string& queue = {}) {
        std::string body = "{\"company_id\":" + quoted(world.other_company.to_string()) +
                           ",\"role\":" + quoted(role);
        if (!queue.empty()) body += ",\"queue_ids\":[" + quoted(queue) + "]";
        return person.post(ana_path(), body + "}");
    }
    [[nodiscard]] std::string ana_path() const {
        return "/api/v1/users/" + world.agent_user.to_string() + "/memberships";
    }
    World world;
    std::string admin;
    UserId admin_user;
    QueueId other_queue;
};

}  // namespace

TEST_CASE("a session goes on in another company, and sees that one alone") {
    Outsourcing o;
    Person sara = o.world.sign_in("sara");
    CHECK(sara.get("/api/v1/session").count("/companies") == 2);
    const std::string customer = "/api/v1/customers/" + o.world.customer.to_string();
    CHECK(sara.get(customer).status == 200);
    CHECK(sara.get("/api/v1/floor").status == 200);

    const Got entered = o.enter(sara, o.world.other_company);
    CHECK(entered.status == 200);
    CHECK(entered.text("/company/id") == o.world.other_company.to_string());
    CHECK(entered.text("/user/role") == "quality");
    CHECK(entered.text("/user/id") != o.world.supervisor_user.to_string());
    CHECK(sara.get(customer).status == 404);
    CHECK(sara.get("/api/v1/floor").status == 403);
    CHECK(sara.get("/api/v1/customers").count("/items") == 0);

    CHECK(o.enter(sara, o.world.company).status == 200);
    CHECK(sara.get(customer).status == 200);
}

TEST_CASE("nobody enters a company that is not theirs") {
    Outsourcing o;
    Person ana = o.world.sign_in("ana");
    CHECK(o.enter(ana, o.world.other_company).status == 404);
    CHECK(ana.post("/api/v1/session/company", R"({"company_id":"nonsense"})").status == 404);
    CHECK(ana.get("/api/v1/session").count("/companies") == 1);
    Person operator_ = o.world.operator_();
    CHECK(o.enter(operator_, o.world.other_company).status == 403);
    CHECK(operator_.get("/api/v1/companies").status == 403);
}

TEST_CASE("a stream ends when its session leaves the company") {
    Outsourcing o;
    Person sara = o.world.sign_in("sara");
    o.world.heartbeat = std::chrono::milliseconds{50};
    o.world.restart();
    net::testing::WebSocket stream{o.world.server->port(), "/api/v1/events", sara.credentials()};
    REQUIRE(stream.is_open());
    CHECK(o.enter(sara, o.world.other_company).status == 200);
    while (stream.receive()) {
    }
    CHECK(stream.close_code() == 4001);
}

TEST_CASE("where one works is told with what goes on there, to who may watch it") {
    Outsourcing o;
    Person sara = o.world.sign_in("sara");
    const Got companies = sara.get("/api/v1/companies");
    REQUIRE(companies.count("/items") == 2);
    CHECK(companies.text("/items/0/is_current") == "true");
    CHECK(companies.number("/items/0/live/waiting") == 0);
    CHECK(companies.text("/items/0/agent_state") == "null");
    CHECK(companies.text("/items/1/live") == "null");
    Person ana = o.world.sign_in("ana");
    CHECK(ana.get("/api/v1/companies").text("/items/0/agent_state") == "signed_out");
}

TEST_CASE("who manages the people of both companies lends one to the other") {
    Outsourcing o;
    Person admin = o.world.sign_in(o.admin);
    CHECK_MESSAGE(o.lend_ana(admin, "agent").status == 404, "no member of the other himself");
    o.join(o.admin_user, "administrator");

    CHECK(o.lend_ana(admin, "no_such_role").text("/errors/0/pointer") == "/role");
    CHECK(o.lend_ana(admin, "agent", o.world.queue.to_string()).text("/errors/0/pointer") ==
          "/queue_ids/0");
    const int reloads = o.world.port.reloads;
    const Got lent = o.lend_ana(admin, "agent", o.other_queue.to_string());
    CHECK(lent.status == 201);
    CHECK(o.world.port.reloads > reloads);
    CHECK(lent.text("/id") == o.world.other_company.to_string());
    CHECK(o.lend_ana(admin, "agent").status == 409);
    CHECK(admin.get(o.ana_path()).count("/items") == 1);

    Person ana = o.world.sign_in("ana");
    CHECK(o.enter(ana, o.world.other_company).text("/user/agent_id") != "null");
    auto connection = o.world.fresh.database.connect().value();
    const auto queues = connection.query_one("SELECT COUNT(*) FROM agent_queue WHERE queue_id = ?",
                                             {o.other_queue});
    CHECK(queues.value()->get<std::int64_t>(0).value() == 1);
}

TEST_CASE("nobody lends with a power that they lack there") {
    Outsourcing o;
    o.join(o.admin_user, "supervisor");
    Person admin = o.world.sign_in(o.admin);
    CHECK_MESSAGE(o.lend_ana(admin, "agent").status == 403, "manages nobody in the other");
    Person sara = o.world.sign_in("sara");
    CHECK_MESSAGE(o.lend_ana(sara, "agent").status == 403, "manages nobody here");
}

TEST_CASE("the other company sees whose people they are and cannot change their passwords") {
    Outsourcing o;
    o.join(o.admin_user, "administrator");
    o.join(o.world.agent_user, "agent");
    Person admin = o.world.sign_in(o.admin);
    REQUIRE(o.enter(admin, o.world.other_company).status == 200);
    const Got people = admin.get("/api/v1/users");
    std::string ana;
    for (std::size_t i = 0; i < people.count("/items"); ++i) {
        const std::string at = "/items/" + std::to_string(i);
        if (people.text(at + "/login") != "ana") continue;
        ana = people.text(at + "/id");
        CHECK(people.text(at + "/account_of/id") == o.world.company.to_string());
    }
    REQUIRE_FALSE(ana.empty());
    CHECK(ana != o.world.agent_user.to_string());
    CHECK(admin.post("/api/v1/users/" + ana + "/reset-password").status == 409);
    CHECK(admin.send("DELETE", "/api/v1/users/" + ana + "/second-factor").status == 409);
    CHECK(admin.post("/api/v1/users/" + ana + "/deactivate").status == 200);

    Person herself = o.world.sign_in("ana");
    CHECK(o.enter(herself, o.world.other_company).status == 404);
    CHECK(herself.get("/api/v1/session").status == 200);
}

TEST_CASE("a queue is stopped with a reason, shows it, and is resumed") {
    World world{each_engine()};
    const std::string path = "/api/v1/queues/" + world.queue.to_string();
    Person owner = world.sign_in(world.add_person("brand_owner", world.company));
    CHECK(world.sign_in("ana").post(path + "/stop", R"({"reason":"porque sí"})").status == 403);
    CHECK(owner.post(path + "/stop", R"({"reason":""})").status == 422);
    const int reloads = world.port.reloads;
    CHECK(owner.post(path + "/stop", R"({"reason":"Se ofrece lo que no hay"})").status == 204);
    CHECK(world.port.reloads > reloads);
    const Got shown = owner.get("/api/v1/queues");
    CHECK(shown.text("/items/0/stopped/reason") == "Se ofrece lo que no hay");
    CHECK(shown.text("/items/0/stopped/by") != "null");
    CHECK(owner.post(path + "/resume").status == 204);
    CHECK(owner.get("/api/v1/queues").text("/items/0/stopped") == "null");
    Person stranger = world.sign_in(world.add_person("brand_owner", world.other_company));
    CHECK(stranger.post(path + "/stop", R"({"reason":"no es mía"})").status == 404);
}

TEST_CASE("a line is changed within its company") {
    World world{each_engine()};
    auto connection = world.fresh.database.connect().value();
    const auto flow = world.make<FlowId>();
    const auto draft = world.make<FlowId>();
    for (const auto& [id, key] : {std::pair{flow, "uno"}, std::pair{draft, "dos"}}) {
        REQUIRE(connection.execute(
            "INSERT INTO flow (id, company_id, key, name) VALUES (?, ?, ?, 'Uno')",
            {id, world.company, key}));
        REQUIRE(connection.execute(
            "INSERT INTO flow_version (flow_id, version, company_id, document, created_at_us,"
            " published_at_us) VALUES (?, 1, ?, '{}', 0, ?)",
            {id, world.company, id == flow ? std::optional{World::now()} : std::nullopt}));
    }
    const auto line = world.make<LineId>();
    REQUIRE(
        connection.execute("INSERT INTO line (id, company_id, dialled, name, flow_id, language)"
                           " VALUES (?, ?, '100', 'Vieja', ?, 'es')",
                           {line, world.company, flow}));
    const std::string path = "/api/v1/lines/" + line.to_string();
    Person admin = world.sign_in(world.add_person("administrator", world.company));
    CHECK(admin.get("/api/v1/lines").text("/items/0/dialled") == "100");
    const Got changed = admin.send("PATCH", path, R"({"name":"Nueva","is_recorded":false})");
    CHECK(changed.text("/name") == "Nueva");
    CHECK(changed.text("/is_recorded") == "false");
    CHECK(changed.text("/language") == "es");
    CHECK(admin.send("PATCH", path, "{\"flow_id\":" + quoted(draft.to_string()) + "}")
              .text("/errors/0/pointer") == "/flow_id");
    CHECK(admin.send("PATCH", path, "{}").status == 422);
    Person stranger = world.sign_in(world.add_person("administrator", world.other_company));
    CHECK(stranger.send("PATCH", path, R"({"name":"Ajena"})").status == 404);
    CHECK(stranger.get("/api/v1/lines").count("/items") == 0);
}
