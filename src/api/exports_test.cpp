// Exports at the door: who asks, who decides, what is made, fetched and counted.
#include "exports/marks.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "api/testing/world.h"
#include "exports/requests.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

constexpr const char* kAsk = R"({"what":"customers","filter":{},"columns":["name","document"],)"
                             R"("reason":"aviso de cambio de tarifa"})";
constexpr const char* kDecision = R"({"reason":"de acuerdo"})";

/// What 7-Zip takes out of the bytes of an archive; empty when it refuses.
std::string opened(World& world, const std::string& bytes, const std::string& passphrase) {
    const auto path = world.folder / "fetched.zip";
    std::ofstream{path, std::ios::binary} << bytes;
    const std::string command =
        "7z x -so -p" + passphrase + " '" + path.string() + "' '*.csv' 2>/dev/null </dev/null";
    FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string out;
    std::array<char, 4'096> piece{};
    for (std::size_t count = 0; (count = fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
        out.append(piece.data(), count);
    }
    return pclose(pipe) == 0 ? out : std::string{};
}

std::string ask(Person& who, const std::string& body = kAsk) {
    const Got asked = who.post("/api/v1/exports", body);
    REQUIRE(asked.status == 201);
    CHECK(asked.text("/state") == "asked");
    return asked.text("/id");
}

std::string path_of(const std::string& id, const std::string& rest = "") {
    return "/api/v1/exports/" + id + rest;
}

void wait_for(Person& who, const std::string& id, const std::string& state) {
    while (who.get(path_of(id)).text("/state") != state) std::this_thread::yield();
}

std::vector<audit::Entry> entries_about(World& world, const std::string& id) {
    auto connection = world.fresh.database.connect().value();
    std::vector<audit::Entry> found;
    auto links = audit::read_links(connection, world.company, 0, 1'000'000, 10'000).value();
    for (auto& link : links) {
        if (link.entry.object_id == id) found.push_back(std::move(link.entry));
    }
    return found;
}

}  // namespace

TEST_CASE("a list leaves as a file: asked, let by another, made, fetched three times and no more") {
    World world{each_engine()};
    Person sara = world.sign_in("sara");
    Person control = world.sign_in(world.add_person("compliance", world.company));
    const std::string id = ask(sara);
    CHECK(sara.post(path_of(id, "/file")).status == 409);
    CHECK(control.get("/api/v1/exports?view=waiting").count("/items") == 1);
    CHECK(control.get("/api/v1/exports?view=mine").count("/items") == 0);
    const Got approved = control.post(path_of(id, "/approve"), kDecision);
    CHECK(approved.status == 200);
    CHECK(approved.text("/state") == "approved");
    CHECK(control.post(path_of(id, "/refuse"), kDecision).status == 409);
    // Who let it does not make or fetch it.
    CHECK(control.post(path_of(id, "/file")).status == 403);

    const Got begun = sara.post(path_of(id, "/file"));
    REQUIRE(begun.status == 202);
    const std::string passphrase = begun.text("/passphrase");
    CHECK(passphrase.size() == 24);
    wait_for(sara, id, "ready");
    CHECK(control.get(path_of(id, "/file")).status == 403);
    for (int left = 3; left > 0; --left) {
        CHECK(sara.get(path_of(id)).number("/downloads_left") == left);
        const Got file = sara.get(path_of(id, "/file"));
        REQUIRE(file.status == 200);
        CHECK(file.reply.body.find("José") == std::string::npos);
        const std::string text = opened(world, file.reply.body, passphrase);
        CHECK(text.find("José") != std::string::npos);
        CHECK(text.find("12345678Z") != std::string::npos);
        CHECK(text.find(id) != std::string::npos);
    }
    CHECK(sara.get(path_of(id, "/file")).status == 409);
    CHECK(sara.get(path_of(id)).number("/customers") == 1);

    // Asked, decided, made, the data handed over, three downloads: all of it is in the audit log,
    // and the customer's "who has seen me" has it.
    std::map<std::string, int> actions;
    bool has_customer = false;
    std::string details;
    for (const audit::Entry& entry : entries_about(world, id)) {
        if (entry.outcome != audit::Outcome::Allowed) continue;
        ++actions[entry.action];
        has_customer = has_customer || entry.customers == std::vector{world.customer};
        if (entry.action == "get_export_file") details = entry.details;
    }
    CHECK(actions["ask_export"] >= 1);
    CHECK(actions["approve_export"] >= 1);
    CHECK(actions["make_export"] >= 1);
    CHECK(actions["make_export_file"] == 1);
    CHECK(actions["get_export_file"] == 3);
    CHECK(has_customer);
    CHECK(boost::json::parse(details).at("customers") == 1);
    // The passphrase is nowhere in the store.
    auto connection = world.fresh.database.connect().value();
    const auto kept = connection.query_one(
        "SELECT COUNT(*) FROM idempotency_key WHERE response"
        " LIKE ?",
        {'%' + passphrase + '%'});
    CHECK(kept.value()->get<std::int64_t>(0).value() == 0);
}

TEST_CASE("nobody decides his own, no program decides, nobody else learns of it") {
    World world;
    Person control = world.sign_in(world.add_person("compliance", world.company));
    Person sara = world.sign_in("sara");
    Person ana = world.sign_in("ana");
    const std::string id = ask(control);
    CHECK(control.get(path_of(id)).text("/may_decide") == "false");
    CHECK(control.post(path_of(id, "/approve"), kDecision).status == 403);
    CHECK(sara.post(path_of(id, "/approve"), kDecision).status == 403);
    CHECK(sara.get(path_of(id)).status == 404);
    CHECK(sara.get("/api/v1/exports?view=waiting").status == 403);
    CHECK(ana.post("/api/v1/exports", kAsk).status == 403);
    Person operator_ = world.operator_();
    CHECK(operator_.post("/api/v1/exports", kAsk).status == 403);
    CHECK(operator_.post(path_of(id, "/approve"), kDecision).status == 403);
    Person root = world.sign_in(world.add_person("administrator", world.company));
    CHECK(root.post("/api/v1/api-keys",
                    R"({"name":"x","permissions":["approve_export"],"expires_at":")" +
                        to_rfc3339(World::now() + std::chrono::hours{1}) + "\"}")
              .status == 422);
    Person stranger = world.sign_in(world.add_person("compliance", world.other_company));
    CHECK(stranger.get(path_of(id)).status == 404);
    CHECK(stranger.post(path_of(id, "/approve"), kDecision).status == 404);
    CHECK(control.get(path_of(id)).text("/state") == "asked");
    CHECK(root.post(path_of(id, "/refuse"), kDecision).text("/state") == "refused");
    CHECK(control.post(path_of(id, "/file")).status == 409);
    CHECK(control.send("DELETE", path_of(id)).status == 409);
}

TEST_CASE("a file holds the columns that its asker may see, and nothing is asked for nothing") {
    World world;
    Person chief = world.sign_in(world.add_person("department_head", world.company));
    const auto refused = [&](const std::string& body) {
        const Got got = chief.post("/api/v1/exports", body);
        CHECK((got.status == 422 || got.status == 403));
        return got.text("/pointer");
    };
    const std::string reason = R"("reason":"aviso de cambio de tarifa"})";
    CHECK(refused(R"({"what":"customers","filter":{},"columns":["name","document"],)" + reason) ==
          "/columns/1");
    CHECK(refused(R"({"what":"customers","filter":{},"columns":["secreto"],)" + reason) ==
          "/columns/0");
    CHECK(refused(R"({"what":"customers","filter":{},"columns":[],)" + reason) == "/columns");
    CHECK(refused(R"({"what":"customers","filter":{"text":"nadie"},"columns":["name"],)" +
                  reason) == "/filter");
    CHECK(refused(R"({"what":"customers","filter":{"text":"¡!"},"columns":["name"],)" + reason) ==
          "/filter/text");
    CHECK(refused(R"({"what":"customers","filter":{"status":"x"},"columns":["name"],)" + reason) ==
          "/filter/status");
    CHECK(refused(R"({"what":"customers","filter":{},"columns":["name"],"reason":"corto"})") ==
          "/reason");
    CHECK(refused(R"({"what":"audit","filter":{},"columns":["number"],)" + reason) == "(absent)");
    CHECK(refused(R"({"what":"recording","filter":{},"columns":[],)" + reason) != "/columns/0");
    const Got offered = chief.get("/api/v1/exports/columns?what=customers");
    CHECK(offered.reply.body.find("document") == std::string::npos);
    CHECK(offered.reply.body.find("\"name\"") != std::string::npos);
    CHECK(offered.text("/items/1/sensitivity") == "personal");
    // What is withdrawn is gone.
    const std::string id =
        ask(chief, R"({"what":"customers","filter":{"text":"jose"},"columns":["name"],)" + reason);
    CHECK(chief.send("DELETE", path_of(id)).text("/state") == "gone");
    Person control = world.sign_in(world.add_person("compliance", world.company));
    CHECK(control.post(path_of(id, "/approve"), kDecision).status == 409);
}

TEST_CASE("every list can be asked for with its filters") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    Person control = world.sign_in(world.add_person("compliance", world.company));
    const std::string reason = R"(,"reason":"inspección del regulador"})";
    const std::array<std::string, 7> bodies{
        R"({"what":"contacts","filter":{"customer_id":")" + world.customer.to_string() +
            R"("},"columns":["arrived_at","caller","customer","case","talk_s"])" + reason,
        R"({"what":"contacts","filter":{"from":"2020-01-01T00:00:00Z"},"columns":["id"])" + reason,
        R"({"what":"cases","filter":{"live":"yes","text":"nunez"},"columns":["reference","owner"])" +
            reason,
        R"({"what":"cases","filter":{"reference":")" + talk.reference +
            R"("},"columns":["reference","opened_at","closed_at"])" + reason,
        R"({"what":"customers","filter":{"text":"José NÚÑEZ"},"columns":["id","number"])" + reason,
        R"({"what":"audit","filter":{},"columns":["number","at","actor","action","details"])" +
            reason,
        R"({"what":"audit","filter":{"to":"2099-01-01T00:00:00Z"},"columns":["number"])" + reason};
    for (const std::string& body : bodies) {
        CAPTURE(body);
        const Got asked = control.post("/api/v1/exports", body);
        REQUIRE(asked.status == 201);
        CHECK(asked.number("/expected_rows") >= 1);
    }
}

TEST_CASE("after a restart what was being made is to be made again, and what was ready is there") {
    World world;
    Person sara = world.sign_in("sara");
    Person control = world.sign_in(world.add_person("compliance", world.company));
    const std::string ready = ask(sara);
    CHECK(control.post(path_of(ready, "/approve"), kDecision).status == 200);
    CHECK(sara.post(path_of(ready, "/file")).status == 202);
    wait_for(sara, ready, "ready");
    const std::string interrupted = ask(sara);
    CHECK(control.post(path_of(interrupted, "/approve"), kDecision).status == 200);
    auto connection = world.fresh.database.connect().value();
    REQUIRE(connection.execute("UPDATE export_request SET state = 'making' WHERE id = ?",
                               {interrupted}));
    world.restart();
    CHECK(sara.get(path_of(interrupted)).text("/state") == "approved");
    CHECK(sara.get(path_of(interrupted)).text("/failure") == "interrupted");
    CHECK(sara.get(path_of(ready, "/file")).status == 200);
    CHECK(sara.post(path_of(interrupted, "/file")).status == 202);
    wait_for(sara, interrupted, "ready");
}
