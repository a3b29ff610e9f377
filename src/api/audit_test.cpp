// What requests leave in the audit log, who reads it, and what happens when it cannot be written.
#include "audit/log.h"

#include <set>
#include <thread>

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "api/detail/handlers.h"
#include "api/testing/world.h"
#include "store/testing/failing_disk.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

/// The company's entries, oldest first, as they lie in the log.
std::vector<audit::Entry> entries_of(World& world) {
    auto connection = world.fresh.database.connect().value();
    auto links = audit::read_links(connection, world.company, 0, 1'000'000, 10'000).value();
    std::vector<audit::Entry> entries;
    for (auto& link : links) entries.push_back(std::move(link.entry));
    return entries;
}

audit::Entry last_of(World& world) {
    auto entries = entries_of(world);
    REQUIRE(!entries.empty());
    return entries.back();
}

}  // namespace

TEST_CASE("every operation says what it reads or changes, in words that do not change") {
    const Contract contract{openapi_json()};
    const std::set<std::string> kinds{"none",
                                      "agent",
                                      "alert",
                                      "api_key",
                                      "audit",
                                      "backup",
                                      "canary",
                                      "case",
                                      "company",
                                      "contact",
                                      "customer",
                                      "export",
                                      "note",
                                      "recording",
                                      "role",
                                      "user"};
    for (const auto& path : contract.document().at("paths").as_object()) {
        for (const auto& operation : path.value().as_object()) {
            CAPTURE(std::string{path.key()});
            CAPTURE(std::string{operation.key()});
            const auto* kind = operation.value().as_object().if_contains("x-audit");
            REQUIRE(kind != nullptr);
            CHECK(kinds.contains(std::string{kind->as_string()}));
        }
    }
    // Whoever names a person, a contact, a case or a recording in the path is about somebody's
    // data.
    for (const Route& route : routes()) {
        const bool is_about_somebody =
            route.path.find("{customer_id}") != std::string_view::npos ||
            route.path.find("{case_id}") != std::string_view::npos ||
            route.path.find("{contact_id}") != std::string_view::npos ||
            route.path.find("{recording_id}") != std::string_view::npos ||
            route.path.find("{note_id}") != std::string_view::npos;
        if (!is_about_somebody) continue;
        CAPTURE(std::string{route.path});
        std::string method{route.method};
        for (char& c : method) c = static_cast<char>(c + 32);
        CHECK_FALSE(Contract::audit_kind(*contract.operation(route.path, method)).empty());
    }
}

TEST_CASE("a reading is entered with who, when, on whom, why and from where") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    const auto id = world.customer.to_string();
    CHECK(ana.get("/api/v1/customers/" + id, {"Escucha-Reason: reclamaci%C3%B3n"}).status == 200);
    const audit::Entry entry = last_of(world);
    CHECK(entry.who == audit::Actor{audit::ActorKind::User, world.agent_user.to_string()});
    CHECK(entry.session.size() == 16);
    CHECK(entry.action == "get_customer");
    CHECK(entry.outcome == audit::Outcome::Allowed);
    CHECK(entry.object_kind == "customer");
    CHECK(entry.object_id == id);
    CHECK(entry.customers == std::vector{world.customer});
    CHECK(entry.reason == "reclamación");
    CHECK(entry.details == R"({"from":"127.0.0.1","status":200,"read":"open",)"
                           R"("profile":"desk","shift":"off"})");
}

TEST_CASE("who is found in a list, a case, a contact, a recording or a desk has been seen") {
    World world;
    const auto talk = world.talk(world.agent);
    Person ana = world.sign_in("ana");
    for (const std::string& path : {std::string{"/customers?text=Jos%C3%A9"},
                                    std::string{"/cases"},
                                    std::string{"/contacts"},
                                    "/cases?customer_id=" + world.customer.to_string(),
                                    "/cases/by-reference/" + talk.reference,
                                    "/cases/" + talk.case_id.to_string() + "/timeline",
                                    "/contacts/" + talk.contact.to_string(),
                                    "/customers/" + world.customer.to_string() + "/timeline"}) {
        CAPTURE(path);
        CHECK(ana.get("/api/v1" + path).status == 200);
        CHECK(last_of(world).customers == std::vector{world.customer});
    }
    CHECK(last_of(world).outcome == audit::Outcome::Allowed);
    ana.get("/api/v1/contacts/" + talk.contact.to_string());
    CHECK(last_of(world).contact == talk.contact);
    // Ids are read in capitals too, by the handler and by the log alike.
    std::string capitals = talk.contact.to_string();
    for (char& c : capitals) {
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    }
    CHECK(ana.get("/api/v1/contacts/" + capitals).status == 200);
    CHECK(last_of(world).contact == talk.contact);
    CHECK(last_of(world).customers == std::vector{world.customer});
    // What tells of nobody leaves nothing.
    const auto before = entries_of(world).size();
    for (const char* path : {"/api/v1/me", "/api/v1/queues", "/api/v1/session", "/api/v1/agents"}) {
        CHECK(ana.get(path).status == 200);
    }
    CHECK(entries_of(world).size() == before);
}

TEST_CASE("a change is entered before it is made, and what it made by its id") {
    World world;
    Person ana = world.sign_in("ana");
    const Got made = ana.post("/api/v1/customers", R"({"name":"Eva Gil"})");
    CHECK(made.status == 201);
    auto entries = entries_of(world);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].action == "create_customer");
    CHECK(entries[0].object_id.empty());
    CHECK(entries[1].object_id == made.text("/id"));
    REQUIRE(entries[1].customers.size() == 1);
    CHECK(entries[1].customers[0].to_string() == made.text("/id"));
    // A change of somebody known is one entry.
    CHECK(ana.send("PATCH",
                   "/api/v1/customers/" + world.customer.to_string(),
                   R"({"name":"José Núñez Gil"})",
                   {"If-Match: \"1\""})
              .status != 500);
    entries = entries_of(world);
    REQUIRE(entries.size() == 3);
    CHECK(entries[2].action == "update_customer");
    CHECK(entries[2].customers == std::vector{world.customer});
}

TEST_CASE("a role, a person and a key are entered with what they were given") {
    World world;
    Person root = world.sign_in(world.add_person("administrator", world.company));
    const auto save = [&](const std::string& permission) {
        return root
            .send("PUT",
                  "/api/v1/roles/sala",
                  R"({"name_es":"Sala","name_en":"Floor","permissions":[")" + permission + "\"]}")
            .status;
    };
    REQUIRE(save("watch_floor") == 200);
    REQUIRE(save("read_figures") == 200);
    auto details = boost::json::parse(last_of(world).details).as_object();
    CHECK(last_of(world).object_id == "sala");
    CHECK(details.at("before") == "watch_floor");
    CHECK(details.at("permissions") == "read_figures");
    REQUIRE(root.post("/api/v1/users", R"({"login":"tina","name":"Tina","role":"sala"})").status ==
            201);
    details = boost::json::parse(last_of(world).details).as_object();
    CHECK(details.at("role") == "sala");
    CHECK(details.at("login") == "tina");
    CHECK(details.size() == 4);  // Where from and the status beside.
    REQUIRE(root.post("/api/v1/api-keys",
                      R"({"name":"x","permissions":["operate"],"expires_at":")" +
                          to_rfc3339(World::now() + std::chrono::hours{1}) + "\"}")
                .status == 201);
    details = boost::json::parse(last_of(world).details).as_object();
    CHECK(details.at("permissions") == "operate");
    CHECK(details.size() == 4);
}

TEST_CASE("what is refused is entered too: a role, and what is another company's") {
    World world;
    Person ana = world.sign_in("ana");
    const auto stranger = world.make<CustomerId>().to_string();
    CHECK(ana.get("/api/v1/customers/" + stranger).status == 404);
    audit::Entry entry = last_of(world);
    CHECK(entry.outcome == audit::Outcome::Refused);
    CHECK(entry.object_id == stranger);
    CHECK(entry.customers.empty());
    CHECK(entry.details == R"({"from":"127.0.0.1","status":404})");
    CHECK(ana.get("/api/v1/users").status == 403);
    CHECK(last_of(world).action == "list_users");
    CHECK(last_of(world).outcome == audit::Outcome::Refused);
    // Also where nobody's data is at stake.
    CHECK(ana.get("/api/v1/sip/bans").status == 403);
    CHECK(last_of(world).action == "list_sip_bans");
    // Without a session there is no company to enter it in.
    const auto before = entries_of(world).size();
    CHECK(world.stranger().get("/api/v1/users").status == 401);
    CHECK(entries_of(world).size() == before);
}

TEST_CASE("administrators read the log by customer, user and time, page by page, and verify it") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    Person sara = world.sign_in("sara");
    const auto customer = world.customer.to_string();
    for (int i = 0; i < 3; ++i) ana.get("/api/v1/customers/" + customer);
    sara.get("/api/v1/customers/" + customer);
    CHECK(sara.get("/api/v1/audit").status == 403);
    Person boss = world.operator_();
    const Got seen = boss.get("/api/v1/audit?customer_id=" + customer);
    CHECK(seen.count("/items") == 4);
    CHECK(seen.text("/items/0/actor/name") == "Doña sara");
    CHECK(seen.text("/items/0/customers/0/name") == "José Núñez");
    CHECK(seen.number("/items/0/customer_count") == 1);
    CHECK(seen.text("/next_cursor") == "null");
    // To read who has seen somebody is entered, as a reading about them.
    CHECK(boss.get("/api/v1/audit?customer_id=" + customer).text("/items/0/action") ==
          "list_audit");
    const Got first = boss.get("/api/v1/audit?limit=2&user_id=" + world.agent_user.to_string());
    CHECK(first.count("/items") == 2);
    const Got second = boss.get("/api/v1/audit?limit=2&user_id=" + world.agent_user.to_string() +
                                "&cursor=" + first.text("/next_cursor"));
    CHECK(second.count("/items") == 1);
    CHECK(second.text("/next_cursor") == "null");
    CHECK(boss.get("/api/v1/audit?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z")
              .count("/items") == 0);
    CHECK(boss.get("/api/v1/audit?from=2020-01-01T00:00:00Z").count("/items") > 5);
    CHECK(boss.get("/api/v1/audit?cursor=x").status == 422);
    CHECK(boss.get("/api/v1/audit?user_id=ana").status == 422);
    const Got whole = boss.get("/api/v1/audit/verification");
    CHECK(whole.text("/is_whole") == "true");
    CHECK(whole.number("/entries") > 5);
    CHECK(whole.text("/fault") == "null");
}

TEST_CASE("a row changed in the database is found by the page that verifies") {
    World world;
    Person ana = world.sign_in("ana");
    for (int i = 0; i < 3; ++i) ana.get("/api/v1/customers/" + world.customer.to_string());
    auto connection = world.fresh.database.connect().value();
    REQUIRE(connection.run_script("DROP TRIGGER audit_entry_unchanged"));
    REQUIRE(connection.execute("UPDATE audit_entry SET actor_id = '' WHERE number = 2"));
    const Got broken = world.operator_().get("/api/v1/audit/verification");
    CHECK(broken.text("/is_whole") == "false");
    CHECK(broken.text("/fault/kind") == "changed");
    CHECK(broken.number("/fault/number") == 2);
    CHECK(broken.number("/entries") == 1);
}

TEST_CASE("while the disk is full nothing is shown, and the answer says why") {
    World world;
    Person ana = world.sign_in("ana");
    const std::string path = "/api/v1/customers/" + world.customer.to_string();
    CHECK(ana.get(path).status == 200);
    world.server.reset();
    world.audit.reset();
    world.journal.reset();
    {
        store::testing::FailingDisk disk;
        world.journal = store::Journal::open(world.fresh.database).value();
        world.restart();
        CHECK(ana.get(path).status == 200);
        const auto before = entries_of(world).size();
        disk.fail(store::testing::FailingDisk::Fault::Full, 1, 1'000'000);
        // The first waits for its deadline; once it is known, the others do not.
        for (int i = 0; i < 3; ++i) {
            const Got refused = ana.get(path, {"Accept-Language: en"});
            CHECK((refused.status == 503 || refused.status == 504));
            CHECK(refused.reply.body.find("Núñez") == std::string::npos);
        }
        const Got refused = ana.get(path, {"Accept-Language: en"});
        CHECK(refused.status == 503);
        CHECK(refused.text("/detail").find("audit log") != std::string::npos);
        CHECK(ana.post("/api/v1/customers", R"({"name":"Eva Gil"})").status == 503);
        disk.fail(store::testing::FailingDisk::Fault::Full, 1, 0);
        while (world.journal->health() != store::JournalHealth::Writing) std::this_thread::yield();
        CHECK(ana.get(path).status == 200);
        CHECK(ana.get("/api/v1/customers?text=Eva").count("/items") == 0);
        CHECK(entries_of(world).size() > before);
        CHECK(world.operator_().get("/api/v1/audit/verification").text("/is_whole") == "true");
        world.server.reset();
        world.audit.reset();
        world.journal.reset();
    }
}
