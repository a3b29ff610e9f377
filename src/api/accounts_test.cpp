#include <doctest/doctest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/testing/world.h"
#include "identity/totp.h"
#include "net/testing/client.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace json = boost::json;

namespace {

constexpr const char* kPassword = "correcta-1234";
constexpr const char* kChosen = "tejado marino 77";

/// A person with the rights of an administrator and a session.
struct Office : World {
    explicit Office(store::testing::FreshDatabase database =
                        store::testing::sqlite_file(store::testing::Schema::Current))
        : World{std::move(database)} {
        const Got added = operator_().post(
            "/api/v1/users",
            R"({"login":"jefa","password":"zarzamora del norte","name":"Jefa","role":"administrator"})");
        REQUIRE(added.status == 201);
        boss_user = added.text("/id");
    }
    Person boss() { return sign_in("jefa", "zarzamora del norte"); }
    [[nodiscard]] std::string user_path(const std::string& rest = {}) const {
        return "/api/v1/users/" + agent_user.to_string() + rest;
    }
    Got door(const std::string& password, const std::string& code = {}) {
        json::object body{{"login", "ana"}, {"password", password}};
        if (!code.empty()) body["code"] = code;
        return stranger().post("/api/v1/session", json::serialize(body));
    }
    /// Sets a second factor up; its secret and the answer that confirmed it.
    std::pair<identity::TotpSecret, Got> enrol(Person& person) {
        const Got begun = person.post("/api/v1/me/second-factor",
                                      R"({"password":"correcta-1234"})",
                                      {"Idempotency-Key: begin"});
        REQUIRE(begun.status == 201);
        const auto secret = identity::parse_base32(begun.text("/secret"));
        REQUIRE(secret);
        const std::string code = identity::totp_code(*secret, identity::totp_step(now()));
        Got confirmed = person.post("/api/v1/me/second-factor/confirm",
                                    R"({"code":")" + code + R"("})",
                                    {"Idempotency-Key: confirm"});
        return {*secret, std::move(confirmed)};
    }
    std::string make_key(const std::string& permissions) {
        const Got made =
            boss().post("/api/v1/api-keys",
                        R"({"name":"Cuadro","permissions":)" + permissions + R"(,"expires_at":")" +
                            to_rfc3339(now() + std::chrono::hours{48}) + R"("})",
                        {"Idempotency-Key: key"});
        REQUIRE(made.status == 201);
        return made.text("/key");
    }

    std::string boss_user;
};

std::string change_body(const std::string& present, const std::string& chosen) {
    return json::serialize(json::object{{"password", present}, {"new_password", chosen}});
}

}  // namespace

TEST_CASE("a person chooses another password and is told what is wrong with a bad one") {
    Office world{each_engine()};
    Person ana = world.sign_in("ana");
    Person elsewhere = world.sign_in("ana");
    const auto change = [&](const std::string& present,
                            const std::string& chosen,
                            std::vector<std::string> headers = {}) {
        return ana.post("/api/v1/me/password", change_body(present, chosen), std::move(headers));
    };
    const Got wrong = change("otra-cosa-9", kChosen);
    CHECK(wrong.status == 401);
    CHECK(wrong.text("/code") == "bad_credentials");
    CHECK(wrong.text("/pointer") == "/password");
    const Got short_one = change(kPassword, "corta");
    CHECK(short_one.status == 422);
    CHECK(short_one.text("/pointer") == "/new_password");
    CHECK(short_one.text("/detail").find("15 caracteres") != std::string::npos);
    CHECK(change(kPassword, "Doña Ana 20262026", {"Accept-Language: en"})
              .text("/detail")
              .find("first to be guessed") != std::string::npos);
    CHECK(change(kPassword, std::string(300, 'x')).text("/detail").find("256") !=
          std::string::npos);
    CHECK(elsewhere.get("/api/v1/me").status == 200);
    CHECK(change(kPassword, kChosen).status == 204);
    CHECK(ana.get("/api/v1/me").status == 200);
    CHECK(elsewhere.get("/api/v1/me").status == 401);
    CHECK(world.door(kPassword).status == 401);
    CHECK(world.door(kChosen).status == 200);
    CHECK(world.operator_().post("/api/v1/me/password", change_body("a", "b")).status == 403);
}

TEST_CASE("a reset gives a password for one use, which opens nothing but the way to another") {
    Office world{each_engine()};
    Person ana = world.sign_in("ana");
    const std::vector<std::string> repeat{"Idempotency-Key: once"};
    Person boss = world.boss();
    const Got reset = boss.post(world.user_path("/reset-password"), {}, repeat);
    CHECK(reset.status == 200);
    CHECK(reset.text("/must_change_password") == "true");
    const std::string given = reset.text("/one_time_password");
    CHECK(ana.get("/api/v1/me").status == 401);
    // A secret is not kept for a repeat: it is made anew.
    const Got again = boss.post(world.user_path("/reset-password"), {}, repeat);
    CHECK(again.text("/one_time_password") != given);

    Person guest = world.sign_in("ana", again.text("/one_time_password"));
    const Got session = guest.get("/api/v1/session");
    CHECK(session.text("/must_change_password") == "true");
    const Got refused = guest.get("/api/v1/desk");
    CHECK(refused.status == 403);
    CHECK(refused.text("/code") == "password_change_required");
    CHECK(guest.get("/api/v1/me/sessions").status == 403);
    CHECK(guest.post("/api/v1/me/password", change_body(again.text("/one_time_password"), kChosen))
              .status == 204);
    CHECK(guest.get("/api/v1/desk").status == 200);
    CHECK(guest.get("/api/v1/session").text("/must_change_password") == "false");
    CHECK(world.sign_in("sara").post(world.user_path("/reset-password")).status == 403);
}

TEST_CASE("a user without a given password gets one for one use") {
    Office world;
    Person boss = world.boss();
    const Got added =
        boss.post("/api/v1/users", R"({"login":"nuria","name":"Nuria","role":"agent"})");
    CHECK(added.status == 201);
    CHECK(added.text("/must_change_password") == "true");
    CHECK(world.sign_in("nuria", added.text("/one_time_password"))
              .get("/api/v1/session")
              .text("/must_change_password") == "true");
    const Got weak = boss.post(
        "/api/v1/users",
        R"({"login":"otra","password":"otra-prueba-2026","name":"Otra Prueba","role":"agent"})");
    CHECK(weak.status == 422);
    CHECK(weak.text("/pointer") == "/password");
}

TEST_CASE("with a second factor one signs in in two steps") {
    Office world{each_engine()};
    Person ana = world.sign_in("ana");
    CHECK(ana.get("/api/v1/me/second-factor").text("/since") == "null");
    CHECK(ana.post("/api/v1/me/second-factor", R"({"password":"otra-cosa-9"})").text("/pointer") ==
          "/password");
    CHECK(ana.post("/api/v1/me/second-factor/confirm", R"({"code":"123456"})").text("/code") ==
          "wrong_state");
    const auto [secret, confirmed] = world.enrol(ana);
    CHECK(confirmed.status == 200);
    CHECK(confirmed.count("/recovery_codes") == 10);
    CHECK(ana.get("/api/v1/me/second-factor").number("/recovery_codes_left") == 10);
    CHECK(ana.post("/api/v1/me/second-factor", R"({"password":"correcta-1234"})").text("/code") ==
          "wrong_state");

    const Got asked = world.door(kPassword);
    CHECK(asked.status == 401);
    CHECK(asked.text("/code") == "second_factor_required");
    CHECK(asked.reply.header("set-cookie").empty());
    CHECK(world.door("otra-cosa-9").text("/code") == "bad_credentials");
    CHECK(world.door(kPassword, "000000").text("/code") == "bad_second_factor");
    // The present step confirmed it: the one after it is near enough and new.
    const std::string code = identity::totp_code(secret, identity::totp_step(World::now()) + 1);
    CHECK(world.door(kPassword, code).status == 200);
    CHECK(world.door(kPassword, code).text("/code") == "bad_second_factor");
    CHECK(world.door(kPassword, confirmed.text("/recovery_codes/3")).status == 200);
    CHECK(world.door(kPassword, confirmed.text("/recovery_codes/3")).status == 401);

    CHECK(ana.post("/api/v1/me/second-factor/drop", R"({"password":"otra-cosa-9"})").status == 401);
    CHECK(ana.post("/api/v1/me/second-factor/drop", R"({"password":"correcta-1234"})").status ==
          204);
    CHECK(world.door(kPassword).status == 200);
}

TEST_CASE("an administrator takes the second factor off somebody who lost it") {
    Office world;
    Person ana = world.sign_in("ana");
    world.enrol(ana);
    CHECK(world.boss().get(world.user_path()).text("/has_second_factor") == "true");
    CHECK(world.sign_in("sara").send("DELETE", world.user_path("/second-factor")).status == 403);
    CHECK(world.boss().send("DELETE", world.user_path("/second-factor")).status == 204);
    CHECK(world.door(kPassword).status == 200);
}

TEST_CASE("what is told once is in no table") {
    Office world;
    Person ana = world.sign_in("ana");
    const auto [secret, confirmed] = world.enrol(ana);
    const std::string key = world.make_key(R"(["read_figures"])");
    auto connection = world.fresh.database.connect().value();
    for (const char* table : {"idempotency_key", "api_key", "recovery_code"}) {
        const auto rows = connection.query(std::string{"SELECT * FROM "} + table).value();
        for (const auto& row : rows) {
            for (std::size_t column = 0; column < row.size(); ++column) {
                const auto text = row.get<std::string>(column);
                if (!text) continue;
                CHECK(text.value().find(key) == std::string::npos);
                CHECK(text.value().find(confirmed.text("/recovery_codes/0")) == std::string::npos);
            }
        }
    }
    CHECK(connection.query("SELECT * FROM idempotency_key").value().empty());
}

TEST_CASE("one's own sessions are listed in plain words, and ended") {
    Office world{each_engine()};
    Person ana = world.sign_in("ana");
    const Got far = world.stranger().post(
        "/api/v1/session",
        R"({"login":"ana","password":"correcta-1234"})",
        {"User-Agent: Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"});
    REQUIRE(far.status == 200);
    const Got list = ana.get("/api/v1/me/sessions");
    REQUIRE(list.count("/items") == 2);
    const std::size_t other = list.text("/items/0/is_this") == "true" ? 1 : 0;
    const std::string at = "/items/" + std::to_string(other);
    CHECK(list.text(at + "/is_this") == "false");
    CHECK(list.text(at + "/browser") == "Firefox");
    CHECK(list.text(at + "/system") == "Windows");
    CHECK(list.text(at + "/address") == "127.0.0.•");
    const std::string id = list.text(at + "/id");
    CHECK(world.sign_in("carlos").send("DELETE", "/api/v1/me/sessions/" + id).status == 404);
    CHECK(ana.send("DELETE", "/api/v1/me/sessions/" + id).status == 204);
    CHECK(ana.get("/api/v1/me/sessions").count("/items") == 1);
    Person second = world.sign_in("ana");
    CHECK(ana.send("DELETE", "/api/v1/me/sessions").status == 204);
    CHECK(second.get("/api/v1/me").status == 401);
    CHECK(ana.get("/api/v1/me").status == 200);
}

TEST_CASE("an administrator sees and ends the sessions of a user of the company") {
    Office world;
    Person ana = world.sign_in("ana");
    const Got list = world.boss().get(world.user_path("/sessions"));
    REQUIRE(list.count("/items") == 1);
    CHECK(list.text("/items/0/is_this") == "false");
    CHECK(world.boss()
              .send("DELETE", world.user_path("/sessions/") + list.text("/items/0/id"))
              .status == 204);
    CHECK(ana.get("/api/v1/me").status == 401);
    Person again = world.sign_in("ana");
    CHECK(world.boss().send("DELETE", world.user_path("/sessions")).status == 204);
    CHECK(again.get("/api/v1/me").status == 401);
    CHECK(world.sign_in("sara").get(world.user_path("/sessions")).status == 403);
    CHECK(world.boss().get("/api/v1/users/" + world.make<UserId>().to_string()).status == 404);
}

TEST_CASE("the WebSocket of a session that was ended closes at once") {
    Office world;
    const Person ana = world.sign_in("ana");
    net::testing::WebSocket stream{world.server->port(), "/api/v1/events", ana.credentials()};
    REQUIRE(stream.is_open());
    CHECK(stream.receive().value_or("").find("hello") != std::string::npos);
    CHECK(world.boss().send("DELETE", world.user_path("/sessions")).status == 204);
    CHECK_FALSE(stream.receive());
    CHECK(stream.close_code() == 4001);
}

TEST_CASE("a deactivated agent is signed out of page and shift, and the ringing call goes on") {
    Office world{each_engine()};
    Person ana = world.sign_in("ana");
    Person boss = world.boss();
    world.port.change([&](FakeControlPort& port) {
        port.view.agents.front().state = server::AgentState::Offered;
    });
    const Got gone = boss.post(world.user_path("/deactivate"));
    CHECK(gone.status == 200);
    CHECK(gone.text("/is_active") == "false");
    CHECK(ana.get("/api/v1/me").status == 401);
    CHECK(world.door(kPassword).status == 401);
    REQUIRE(world.port.commands.size() == 2);
    CHECK(std::get<server::SignOut>(world.port.commands[0]).agent == world.agent);
    CHECK(std::get<server::DeclineOffer>(world.port.commands[1]).agent == world.agent);
    const int reloads = world.port.reloads;
    CHECK(boss.post(world.user_path("/activate")).text("/is_active") == "true");
    CHECK(world.port.reloads == reloads + 1);
    CHECK(world.door(kPassword).status == 200);
    const Got self = boss.post("/api/v1/users/" + world.boss_user + "/deactivate");
    CHECK(self.status == 409);
    CHECK(self.text("/code") == "wrong_state");
}

TEST_CASE("an account that waits is seen and unlocked") {
    Office world;
    for (int i = 0; i < 5; ++i) CHECK(world.door("otra-cosa-9").status == 401);
    CHECK(world.door(kPassword).status == 429);
    CHECK(world.boss().get(world.user_path()).text("/locked_until") != "null");
    CHECK(world.boss().post(world.user_path("/unlock")).text("/locked_until") == "null");
    CHECK(world.door(kPassword).status == 200);
}

TEST_CASE("a program with a key does what the key is for, without a session") {
    Office world{each_engine()};
    const std::string key = world.make_key(R"(["watch_floor","read_figures"])");
    CHECK(key.starts_with("esc_"));
    Person program = world.bearer(key);
    CHECK(program.get("/api/v1/floor").status == 200);
    CHECK(program.get("/api/v1/figures/today").status == 200);
    CHECK(program.get("/api/v1/customers").status == 403);
    CHECK(program.get("/api/v1/users").status == 403);
    CHECK(program.get("/api/v1/api-keys").status == 403);
    for (const char* path : {"/api/v1/session", "/api/v1/me", "/api/v1/me/sessions"}) {
        CAPTURE(path);
        CHECK(program.get(path).status == 403);
    }
    const Got list = world.boss().get("/api/v1/api-keys");
    CHECK(list.text("/items/0/last_used_at") != "null");
    CHECK(list.text("/items/0/created_by") == "Jefa");
    CHECK(list.text("/items/0/permissions/0") == "watch_floor");
    CHECK(list.reply.body.find(key) == std::string::npos);

    const Got wrong = world.bearer(key + "x").get("/api/v1/floor");
    CHECK(wrong.status == 401);
    CHECK(wrong.text("/code") == "not_signed_in");
    CHECK(world.boss().send("DELETE", "/api/v1/api-keys/" + list.text("/items/0/id")).status ==
          204);
    const Got ended = program.get("/api/v1/floor");
    CHECK(ended.status == 401);
    CHECK(ended.reply.body == wrong.reply.body);
}

TEST_CASE("a key changes things without a CSRF token") {
    Office world;
    Person program = world.bearer(world.make_key(R"(["write_customers","read_customers"])"));
    CHECK(program.post("/api/v1/cases", R"({"topic":"lunch","subject":"Aviso"})").status == 201);
}

TEST_CASE("a key is refused what its maker may not, and a day too far") {
    Office world;
    const auto ask = [&](const std::string& permissions, std::chrono::hours life) {
        return world.boss().post("/api/v1/api-keys",
                                 R"({"name":"x","permissions":)" + permissions +
                                     R"(,"expires_at":")" + to_rfc3339(World::now() + life) +
                                     R"("})");
    };
    using std::chrono::hours;
    CHECK(ask(R"(["operate"])", hours{24 * 365}).status == 201);
    CHECK(ask(R"(["operate"])", hours{24 * 367}).text("/pointer") == "/expires_at");
    CHECK(ask(R"(["operate"])", hours{-1}).text("/pointer") == "/expires_at");
    CHECK(ask(R"(["manage_users"])", hours{24}).status == 422);
    CHECK(ask("[]", hours{24}).status == 422);
    CHECK(world.sign_in("sara").get("/api/v1/api-keys").status == 403);
    // No calls, which the boss does not take; no people, reveals, exports and alerts, which no key is
    // made for.
    CHECK(world.boss().get("/api/v1/api-keys").count("/permissions") == identity::kPermissions - 8);
}
