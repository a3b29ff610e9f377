// Who reads too much is noticed and blocked at the one place where it is known who was seen; who
// lifts it; and planted customers, who look like anybody's.

#include <set>

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

#include "api/detail/event_feed.h"
#include "api/detail/read_guard.h"
#include "api/testing/world.h"
#include "guard/limits.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

/// A world with more customers than anybody may read.
struct Crowd : World {
    std::vector<CustomerId> people;

    explicit Crowd(store::testing::FreshDatabase database =
                       store::testing::sqlite_file(store::testing::Schema::Current))
        : World{std::move(database)} {
        std::vector<Event> events;
        for (int i = 0; i < 80; ++i) {
            people.push_back(make<CustomerId>());
            Event created = event("customer_created");
            created.customer = people.back();
            created.with("name", "Persona " + std::to_string(i)).with("language", "es");
            events.push_back(std::move(created));
        }
        commit(std::move(events));
    }
    /// The agent is signed in, and in this contact when there is one.
    void on_shift(std::optional<ContactId> contact = std::nullopt) {
        Event state = event("agent_state_changed");
        state.agent = agent;
        state.contact = contact;
        state.with("state", contact ? "talking" : "ready").with("previous", "signed_out");
        commit({state});
    }
    Got open(Person& who, std::size_t index) {
        return who.get("/api/v1/customers/" + people[index].to_string());
    }
    /// Opens customers in no order until one is withheld; how many were seen.
    std::size_t steal(Person& who) {
        for (std::size_t i = 0; i < people.size(); ++i) {
            if (open(who, (i * 37) % people.size()).status == 403) return i;
        }
        return people.size();
    }
    Got alerts(Person& who, const std::string& state = "open") {
        return who.get("/api/v1/alerts?state=" + state);
    }
    /// The first alert of this signal in the list; empty when there is none.
    std::string alert_id(Person& who, const std::string& signal) {
        const Got list = alerts(who, "all");
        for (std::size_t i = 0; i < list.count("/items"); ++i) {
            const std::string at = "/items/" + std::to_string(i);
            if (list.text(at + "/signal") == signal) return list.text(at + "/id");
        }
        return {};
    }
    std::string blocking_id(Person& who) { return alerts(who, "blocking").text("/items/0/id"); }
};

const std::string kReason = R"({"reason":"Hablé con ella: preparaba una campaña"})";

}  // namespace

TEST_CASE("who opens more customers than the work explains is blocked, and a supervisor lifts it") {
    Crowd world{each_engine()};
    world.on_shift();
    Person ana = world.sign_in("ana");
    Person boss = world.sign_in(world.add_person("supervisor", world.company));
    const std::size_t seen = world.steal(ana);
    const auto limits = guard::default_limits(guard::Profile::Desk);
    CHECK(seen >= limits.alone_hour.base);
    CHECK(seen <= limits.alone_hour.base * limits.block_percent / 100);

    const Got refused = world.open(ana, 70);
    CHECK(refused.status == 403);
    CHECK(refused.text("/code") == "reads_blocked");
    CHECK(refused.text("/detail").find("Pida a quien le supervisa") != std::string::npos);
    CHECK(ana.get("/api/v1/customers").status == 403);
    CHECK(ana.send("PATCH",
                   "/api/v1/customers/" + world.people[70].to_string(),
                   R"({"notes":"x"})",
                   {"If-Match: \"1\""})
              .status == 403);
    // What is not about customers goes on.
    CHECK(ana.get("/api/v1/queues").status == 200);
    CHECK(ana.get("/api/v1/desk").status == 200);

    const std::string id = world.blocking_id(boss);
    const Got detail = boss.get("/api/v1/alerts/" + id);
    CHECK(detail.status == 200);
    CHECK(detail.text("/reader/id") == world.agent_user.to_string());
    CHECK(detail.text("/reader/kind") == "user");
    CHECK(detail.number("/count") == static_cast<std::int64_t>(seen) + 1);
    CHECK(detail.count("/customers") == seen + 1);
    CHECK(boss.post("/api/v1/alerts/" + id + "/lift", R"({"reason":""})").status == 422);
    const Got lifted = boss.post("/api/v1/alerts/" + id + "/lift", kReason);
    CHECK(lifted.status == 200);
    CHECK(lifted.text("/lifted/reason") == "Hablé con ella: preparaba una campaña");
    CHECK(world.open(ana, 70).status == 200);
    CHECK(boss.post("/api/v1/alerts/" + id + "/lift", kReason).status == 409);
    CHECK(world.alerts(boss, "blocking").count("/items") == 0);
}

TEST_CASE("the customer of the contact in hand is never withheld, nor are the call's controls") {
    Crowd world;
    world.on_shift();
    Person ana = world.sign_in("ana");
    world.steal(ana);
    const auto talk = world.talk(world.agent);
    world.on_shift(talk.contact);
    const std::string customer = world.customer.to_string();
    CHECK(ana.get("/api/v1/customers/" + customer).status == 200);
    CHECK(ana.get("/api/v1/customers/" + customer + "/timeline").status == 200);
    CHECK(ana.get("/api/v1/cases/" + talk.case_id.to_string()).status == 200);
    CHECK(ana.get("/api/v1/contacts/" + talk.contact.to_string()).status == 200);
    CHECK(ana.get("/api/v1/customers?text=Jos%C3%A9%20N").status == 200);
    CHECK(ana.post("/api/v1/agents/" + world.agent.to_string() + "/hold").status < 300);
    CHECK(world.open(ana, 70).status == 403);
    // Nobody whose call just ended is cut off either.
    world.on_shift();
    CHECK(ana.get("/api/v1/customers/" + customer).status == 200);
}

TEST_CASE("nobody handles an alert about himself, and who may not handle any sees none") {
    Crowd world;
    const std::string login = world.add_person("supervisor", world.company);
    Person boss = world.sign_in(login);
    Person other = world.sign_in(world.add_person("administrator", world.company));
    Person ana = world.sign_in("ana");
    const std::size_t seen = world.steal(boss);
    CHECK(seen >= guard::default_limits(guard::Profile::Review).opened_burst.base);
    const std::string id = world.blocking_id(other);
    for (const char* what : {"/acknowledge", "/lift"}) {
        CHECK(boss.post("/api/v1/alerts/" + id + what, kReason).status == 403);
    }
    CHECK(ana.get("/api/v1/alerts").status == 403);
    CHECK(ana.get("/api/v1/alerts/" + id).status == 403);
    CHECK(other.post("/api/v1/alerts/" + id + "/acknowledge", kReason).status == 200);
    CHECK(other.post("/api/v1/alerts/" + id + "/acknowledge", kReason).status == 409);
    // It is still listed: it blocks until it is lifted.
    CHECK(world.alerts(other).number("/open") >= 1);
    CHECK(other.post("/api/v1/alerts/" + id + "/lift", kReason).status == 200);
    CHECK(boss.get("/api/v1/customers/" + world.people[3].to_string()).status == 200);
}

TEST_CASE("another company's alert is not there") {
    Crowd world;
    Person ana = world.sign_in("ana");
    world.steal(ana);
    Person boss = world.sign_in(world.add_person("administrator", world.company));
    Person theirs = world.sign_in(world.add_person("administrator", world.other_company));
    const std::string id = world.blocking_id(boss);
    REQUIRE_FALSE(id.empty());
    CHECK(theirs.get("/api/v1/alerts/" + id).status == 404);
    CHECK(theirs.post("/api/v1/alerts/" + id + "/lift", kReason).status == 404);
    CHECK(world.alerts(theirs, "all").count("/items") == 0);
}

TEST_CASE("administrators are counted too") {
    Crowd world;
    Person boss = world.sign_in(world.add_person("administrator", world.company));
    CHECK(world.steal(boss) < world.people.size());
}

TEST_CASE("a restart neither clears a count nor a block") {
    Crowd world{each_engine()};
    world.on_shift();
    const auto base = guard::default_limits(guard::Profile::Desk).alone_hour.base;
    {
        Person ana = world.sign_in("ana");
        for (std::size_t i = 0; i < base - 1; ++i) {
            CHECK(world.open(ana, (i * 37) % 80).status == 200);
        }
    }
    world.restart();
    Person ana = world.sign_in("ana");
    std::size_t more = 0;
    while (more < 30 && world.open(ana, 40 + more).status == 200) ++more;
    CHECK(base - 1 + more <= base * 150 / 100);
    world.restart();
    Person again = world.sign_in("ana");
    CHECK(world.open(again, 5).status == 403);
    Person boss = world.sign_in(world.add_person("supervisor", world.company));
    CHECK(boss.post("/api/v1/alerts/" + world.blocking_id(boss) + "/lift", kReason).status == 200);
    world.restart();
    Person free = world.sign_in("ana");
    CHECK(world.open(free, 5).status == 200);
}

TEST_CASE("every operation that shows customers is counted as one kind of reading") {
    const Contract contract{openapi_json()};
    const std::set<std::string> own{"get_desk", "get_floor"};
    const std::set<std::string> kinds{"contact", "case", "customer", "note", "recording"};
    for (const auto& path : contract.document().at("paths").as_object()) {
        for (const auto& [verb, value] : path.value().as_object()) {
            const auto& operation = value.as_object();
            const std::string id{operation.at("operationId").as_string()};
            const std::string kind{operation.at("x-audit").as_string()};
            CAPTURE(id);
            const bool is_counted = kind_of_read(id, Contract::audit_kind(operation)).has_value();
            if (kinds.contains(kind)) CHECK(is_counted != own.contains(id));
            if (kind == "none") CHECK_FALSE(is_counted);
        }
    }
    CHECK(kind_of_read("search_customers", "customer") == guard::Kind::Search);
    CHECK(kind_of_read("list_recordings", "recording") == guard::Kind::List);
    CHECK(kind_of_read("get_recording_audio", "recording") == guard::Kind::Recording);
    CHECK(kind_of_read("reveal_field", "customer") == guard::Kind::Reveal);
    CHECK(kind_of_read("get_export_file", "export") == guard::Kind::Export);
    CHECK(kind_of_read("update_case", "case") == guard::Kind::Open);
}

TEST_CASE("alerts are told live only to those who handle them, canaries only to those who know") {
    const auto of = [](std::string_view role) { return *identity::built_in(role); };
    CHECK_FALSE(may_hear_of("alert_raised", of("agent")));
    CHECK(may_hear_of("alert_raised", of("supervisor")));
    CHECK(may_hear_of("read_block_lifted", of("supervisor")));
    CHECK_FALSE(may_hear_of("canary_alert_raised", of("supervisor")));
    CHECK_FALSE(may_hear_of("canary_planted", of("supervisor")));
    CHECK(may_hear_of("canary_alert_raised", of("compliance")));
    CHECK(may_hear_of("contact_arrived", of("agent")));
}

namespace {

const std::string kCanary = R"({"name":"Elvira Sotomayor Prado","number":"+34912000777",)"
                            R"("email":"elvira.sotomayor@correo.example","document":"48213377L",)"
                            R"("address":"Calle del Olmo 14, Madrid","language":"es"})";

/// With what differs from one customer to the next taken out.
std::string shape_of(const boost::json::value& value) {
    if (value.is_object()) {
        std::string shape = "{";
        for (const auto& member : value.get_object()) {
            shape += std::string{member.key()} + ":" + shape_of(member.value()) + ",";
        }
        return shape + "}";
    }
    if (value.is_array()) {
        std::string shape = "[";
        for (const auto& each : value.get_array()) shape += shape_of(each) + ",";
        return shape + "]";
    }
    return value.is_string() ? "text" : value.is_null() ? "null" : "other";
}

}  // namespace

TEST_CASE("a canary has the shape of any customer in every view of those who do not know it") {
    Crowd world{each_engine()};
    Person keeper = world.sign_in(world.add_person("compliance", world.company));
    const Got planted = keeper.post("/api/v1/canaries", kCanary);
    REQUIRE(planted.status == 201);
    const std::string canary = planted.text("/customer_id");

    const CustomerId other = world.make<CustomerId>();
    Event created = world.event("customer_created");
    created.customer = other;
    created.with("name", "Elvira Sotomayor Ruiz").with("document_id", "51223344M");
    created.with("address", "Calle Mayor 2, Madrid").with("language", "es");
    Event number = world.event("contact_point_added");
    number.customer = other;
    number.with("point", "p-1").with("kind", "number").with("value", "+34912000778");
    number.with("label", "").with("evidence", "declared");
    Event email = number;
    email.data.clear();
    email.with("point", "p-2").with("kind", "email").with("value", "e@correo.example");
    email.with("label", "").with("evidence", "declared");
    world.commit({created, number, email});

    for (const char* role : {"agent", "senior", "supervisor", "quality"}) {
        CAPTURE(role);
        Person who = world.sign_in(world.add_person(role, world.company));
        for (const char* view : {"", "/timeline"}) {
            const Got one = who.get("/api/v1/customers/" + canary + view);
            const Got two = who.get("/api/v1/customers/" + other.to_string() + view);
            CHECK(one.status == 200);
            CHECK(shape_of(one.body) == shape_of(two.body));
            CHECK(boost::json::serialize(one.body).find("canary") == std::string::npos);
        }
        const Got list = who.get("/api/v1/customers?text=Elvira%20Sotomayor");
        REQUIRE(list.count("/items") == 2);
        CHECK(shape_of(list.body.at("items").at(0)) == shape_of(list.body.at("items").at(1)));
        CHECK(who.get("/api/v1/canaries").status == 403);
        CHECK(who.post("/api/v1/canaries", kCanary).status == 403);
        // The alert that it was opened is not for them.
        if (std::string_view{role} == "supervisor") {
            CHECK(world.alert_id(who, "canary_opened").empty());
        }
    }
    Person auditor = world.sign_in(world.add_person("auditor", world.company));
    const Got log = auditor.get("/api/v1/audit");
    const std::string entries = boost::json::serialize(log.body);
    CHECK(log.status == 200);
    CHECK(entries.find("plant_canary") != std::string::npos);
    for (std::size_t i = 0; i < log.count("/items"); ++i) {
        const std::string at = "/items/" + std::to_string(i);
        if (log.text(at + "/action") != "plant_canary") continue;
        CHECK(boost::json::serialize(log.body.at("items").at(i)).find(canary) == std::string::npos);
    }
    CHECK_FALSE(world.alert_id(keeper, "canary_opened").empty());
}

TEST_CASE("contact with a canary raises a critical alarm that names who had read it and when") {
    Crowd world;
    Person keeper = world.sign_in(world.add_person("compliance", world.company));
    const std::string canary = keeper.post("/api/v1/canaries", kCanary).text("/customer_id");
    Person ana = world.sign_in("ana");
    CHECK(ana.get("/api/v1/customers/" + canary).status == 200);

    const auto arrive = [&](const std::string& caller, const std::string& dialled) {
        Event arrived = world.event("contact_arrived");
        arrived.contact = world.make<ContactId>();
        arrived.with("channel", "call").with("direction", "inbound").with("caller", caller);
        arrived.with("dialled", dialled).with("line", LineId{Uuid{1, 1}}.to_string());
        world.commit({arrived});
    };
    arrive("+34600111222", "100");
    CHECK(world.alert_id(keeper, "canary_contacted").empty());
    SUBCASE("somebody calls the monitored number, which is a line") {
        arrive("+34600999888", "912000777");
    }
    SUBCASE("a call comes from it") { arrive("+34912000777", "100"); }
    SUBCASE("an agent calls it") {
        const auto talk = world.talk(world.agent);
        Event called = world.event("outside_started");
        called.contact = talk.contact;
        called.agent = world.agent;
        called.with("number", "+34912000777").with("ring_s", std::int64_t{30});
        world.commit({called});
    }
    // The alarm is an event of its own after the contact's.
    world.commit({world.event("bug_met")});
    const std::string id = world.alert_id(keeper, "canary_contacted");
    REQUIRE_FALSE(id.empty());
    const Got alarm = keeper.get("/api/v1/alerts/" + id);
    CHECK(alarm.text("/severity") == "critical");
    CHECK(alarm.text("/customers/0/id") == canary);
    REQUIRE(alarm.count("/readers") == 1);
    CHECK(alarm.text("/readers/0/reader/id") == world.agent_user.to_string());
    CHECK(alarm.text("/readers/0/action") == "get_customer");
    CHECK(boost::json::serialize(alarm.body).find("600999888") == std::string::npos);
    CHECK(keeper.get("/api/v1/canaries").number("/items/0/contacts") == 1);
    Person boss = world.sign_in(world.add_person("supervisor", world.company));
    CHECK(boss.get("/api/v1/alerts/" + id).status == 404);
}

TEST_CASE("a canary's number is its own, and one that is removed is watched no longer") {
    Crowd world;
    Person keeper = world.sign_in(world.add_person("compliance", world.company));
    CHECK(keeper.post("/api/v1/canaries", R"({"name":"Elvira","number":"12"})").text("/pointer") ==
          "/number");
    CHECK(keeper
              .post("/api/v1/canaries",
                    R"({"name":"Elvira","number":"+34912000777","email":"nobody"})")
              .text("/pointer") == "/email");
    const Got planted = keeper.post("/api/v1/canaries", kCanary);
    CHECK(planted.status == 201);
    CHECK(keeper.post("/api/v1/canaries", kCanary).text("/pointer") == "/number");
    const std::string id = planted.text("/id");
    CHECK(keeper.send("DELETE", "/api/v1/canaries/" + id).status == 204);
    CHECK(keeper.send("DELETE", "/api/v1/canaries/" + id).status == 404);
    Event arrived = world.event("contact_arrived");
    arrived.contact = world.make<ContactId>();
    arrived.with("channel", "call").with("direction", "inbound").with("caller", "+34912000777");
    world.commit({arrived, world.event("bug_met")});
    CHECK(world.alert_id(keeper, "canary_contacted").empty());
}
