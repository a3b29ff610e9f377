#include "api/server.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>

#include "api/detail/handlers.h"
#include "api/testing/world.h"
#include "base/errc.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

std::string agent_path(AgentId agent, const std::string& rest = {}) {
    return "/api/v1/agents/" + agent.to_string() + rest;
}

}  // namespace

TEST_CASE("signing in sets a cookie no script can read and gives the page its CSRF token") {
    World world;
    const Got got =
        world.stranger().post("/api/v1/session", R"({"login":"ana","password":"correcta-1234"})");
    CHECK(got.status == 200);
    CHECK(got.text("/user/role") == "agent");
    CHECK(got.text("/user/agent_id") == world.agent.to_string());
    const std::string cookie = got.reply.header("set-cookie");
    CHECK(cookie.find("HttpOnly") != std::string::npos);
    CHECK(cookie.find("SameSite=Strict") != std::string::npos);
    CHECK(got.reply.header("cache-control") == "no-store");

    Person ana = world.sign_in("ana");
    const Got session = ana.get("/api/v1/session");
    CHECK(session.status == 200);
    CHECK(session.text("/company/name") == "Prueba");
    const Got me = ana.get("/api/v1/me");
    CHECK(me.text("/agent/name") == "Ana");
}

TEST_CASE("a wrong password and an unknown user get the same answer") {
    World world;
    const Got wrong =
        world.stranger().post("/api/v1/session", R"({"login":"ana","password":"otra-cosa-9"})");
    const Got unknown =
        world.stranger().post("/api/v1/session", R"({"login":"nadie","password":"otra-cosa-9"})");
    CHECK(wrong.status == 401);
    CHECK(wrong.text("/code") == "bad_credentials");
    CHECK(unknown.reply.body == wrong.reply.body);
}

TEST_CASE("signing out ends the session at once") {
    World world;
    Person ana = world.sign_in("ana");
    CHECK(ana.send("DELETE", "/api/v1/session").status == 204);
    const Got after = ana.get("/api/v1/me");
    CHECK(after.status == 401);
    CHECK(after.text("/code") == "not_signed_in");
}

TEST_CASE("without the CSRF token, or from another site, nothing is changed") {
    World world;
    const Person ana = world.sign_in("ana");
    Person forged{world, ana.cookie(), "wrong"};
    const Got no_token = forged.post(agent_path(world.agent, "/hold"));
    CHECK(no_token.status == 403);
    CHECK(no_token.text("/code") == "csrf_failed");
    Person honest = world.sign_in("ana");
    const Got other_site =
        honest.post(agent_path(world.agent, "/hold"), {}, {"Origin: http://evil.example"});
    CHECK(other_site.text("/code") == "bad_origin");
    const std::string own = "Origin: http://127.0.0.1:" + std::to_string(world.server->port());
    CHECK(honest.post(agent_path(world.agent, "/hold"), {}, {own}).status == 200);
    CHECK(world.port.commands.size() == 1);
}

TEST_CASE("each role may do what is its own and no more") {
    World world;
    Person ana = world.sign_in("ana");
    Person sara = world.sign_in("sara");
    for (const char* path : {"/api/v1/floor", "/api/v1/users", "/api/v1/status"}) {
        CAPTURE(path);
        const Got got = ana.get(path);
        CHECK(got.status == 403);
        CHECK(got.text("/code") == "forbidden");
    }
    CHECK(ana.post("/api/v1/backups").status == 403);
    CHECK(sara.get("/api/v1/floor").status == 200);
    CHECK(sara.get("/api/v1/users").status == 403);
    CHECK(sara.get("/api/v1/desk").status == 403);
    CHECK(ana.post(agent_path(world.colleague, "/hang-up")).status == 403);
    CHECK(sara.post(agent_path(world.colleague, "/hang-up")).status == 200);
    CHECK(world.stranger().get("/api/v1/floor").status == 401);
}

TEST_CASE("the operator's token opens what an administrator may, and a wrong one nothing") {
    World world;
    CHECK(world.operator_().get("/api/v1/users").count("/items") == 3);
    Person wrong{world, "", "", "operator-token-of-that-test"};
    CHECK(wrong.get("/api/v1/users").status == 401);
    Person empty{world, "", "", ""};
    CHECK(empty.get("/api/v1/users", {"Authorization: Bearer "}).status == 401);
}

TEST_CASE("an agent's commands reach the centre and answer with the agent") {
    World world;
    Person ana = world.sign_in("ana");
    const auto run = [&](const std::string& rest, const std::string& body = {}) {
        const Got got = ana.post(agent_path(world.agent, rest), body);
        CAPTURE(rest);
        CHECK(got.status == 200);
        CHECK(got.text("/id") == world.agent.to_string());
        REQUIRE(!world.port.commands.empty());
        return world.port.commands.back();
    };
    CHECK(std::holds_alternative<server::SignIn>(run("/sign-in")));
    CHECK(std::holds_alternative<server::SetReady>(run("/status", R"({"state":"ready"})")));
    const auto lunch = run("/status", R"({"state":"not_ready","reason":"lunch"})");
    CHECK(std::get<server::SetNotReady>(lunch).reason == "lunch");
    CHECK(std::holds_alternative<server::AnswerOffer>(run("/answer")));
    CHECK(std::holds_alternative<server::Hold>(run("/hold")));
    CHECK(std::holds_alternative<server::Resume>(run("/resume")));
    const auto pause = run("/recording/pause", R"({"reason":"card_data"})");
    CHECK(std::get<server::PauseRecording>(pause).reason == "card_data");
    CHECK(std::holds_alternative<server::ResumeRecording>(run("/recording/resume")));
    const auto keyed = run("/secure-input", R"({"kind":"document","digits_max":8,"label":"DNI"})");
    CHECK(std::get<server::BeginSecureInput>(keyed).kind == control::SecureKind::Document);
    CHECK(std::get<server::BeginSecureInput>(keyed).digits_max == 8U);
    CHECK(std::get<server::BeginSecureInput>(keyed).label == "DNI");
    const auto card = run("/secure-input", R"({"kind":"card"})");
    CHECK(std::get<server::BeginSecureInput>(card).digits_max == std::nullopt);
    CHECK(std::holds_alternative<server::EndSecureInput>(run("/secure-input/end")));
    const auto to_queue = run("/transfer", R"({"to_queue":")" + world.queue.to_string() + R"("})");
    CHECK(std::get<server::TransferToQueue>(to_queue).to == world.queue);
    const auto to_agent =
        run("/transfer", R"({"to_agent":")" + world.colleague.to_string() + R"("})");
    CHECK(std::get<server::TransferToAgent>(to_agent).to == world.colleague);
    const auto outside = run("/transfer", R"({"to_number":"600 12 34 56"})");
    CHECK(std::get<server::TransferOutside>(outside).number == "600 12 34 56");
    const auto asked =
        run("/consultation", R"({"with_agent":")" + world.colleague.to_string() + R"("})");
    CHECK(std::get<server::ConsultAgent>(asked).with == world.colleague);
    const auto asked_outside = run("/consultation", R"({"with_number":"600 12 34 56"})");
    CHECK(std::get<server::ConsultOutside>(asked_outside).number == "600 12 34 56");
    CHECK(std::holds_alternative<server::CompleteConsultation>(run("/consultation/complete")));
    CHECK(std::holds_alternative<server::EndConsultation>(run("/consultation/end")));
    const std::string with_colleague = R"({"with_agent":")" + world.colleague.to_string() + R"("})";
    CHECK(std::holds_alternative<server::MakeConference>(run("/conference")));
    const auto added = run("/conference/add", with_colleague);
    CHECK(std::get<server::AddToConference>(added).with == world.colleague);
    const auto removed = run("/conference/remove", with_colleague);
    CHECK(std::get<server::RemoveFromConference>(removed).with == world.colleague);
    CHECK(std::holds_alternative<server::HangUp>(run("/hang-up")));
    CHECK(std::holds_alternative<server::ExtendWrapUp>(run("/wrap-up/extend")));
    CHECK(std::holds_alternative<server::DeclineOffer>(run("/decline")));
    CHECK(std::holds_alternative<server::SignOut>(run("/sign-out")));
}

TEST_CASE("a supervisor listens by an agent of their own, and an agent by none") {
    World world;
    const ContactId contact = world.make<ContactId>();
    const auto body = [&](const std::string& mode) {
        return R"({"contact_id":")" + contact.to_string() + R"(","mode":")" + mode + R"("})";
    };
    const auto path = [](AgentId agent) { return agent_path(agent, "/supervision"); };
    CHECK(world.sign_in("ana").post(path(world.agent), body("listen")).status == 403);
    CHECK(world.sign_in("sara").post(path(world.agent), body("listen")).status == 403);

    const AgentId own = world.add_agent(world.supervisor_user, "Sara");
    Person sara = world.sign_in("sara");
    CHECK(sara.post(path(world.agent), body("listen")).status == 403);
    CHECK(sara.post(path(own), body("shout")).text("/pointer") == "/mode");
    CHECK(sara.post(path(own), R"({"contact_id":"x","mode":"join"})").status == 404);
    CHECK(world.port.commands.empty());
    using Mode = server::SupervisionMode;
    for (const auto& [word, mode] : {std::pair{"listen", Mode::Listen},
                                     std::pair{"whisper", Mode::Whisper},
                                     std::pair{"join", Mode::Join}}) {
        CHECK(sara.post(path(own), body(word)).status == 200);
        const auto& told = std::get<server::Supervise>(world.port.commands.back());
        CHECK(told.agent == own);
        CHECK(told.contact == contact);
        CHECK(told.mode == mode);
    }
    CHECK(sara.post(path(own) + "/end").status == 200);
    CHECK(std::get<server::EndSupervision>(world.port.commands.back()).agent == own);
    CHECK(world.sign_in("ana").post(path(world.agent) + "/end").status == 403);
}

TEST_CASE("who is in a conference, and who supervises, is on the desk") {
    World world;
    world.port.change([&](FakeControlPort& port) {
        server::ContactView talk;
        talk.id = world.make<ContactId>();
        talk.company = world.company;
        talk.state = server::ContactState::Talking;
        talk.agent = world.agent;
        talk.conference.push_back({.agent = world.colleague, .is_joined = true, .since = {}});
        talk.supervised_by.push_back(
            {.agent = world.colleague, .mode = "whisper", .is_joined = false, .since = {}});
        port.view.contacts.push_back(talk);
        port.view.agents.front().contact = talk.id;
        port.view.agents.front().state = server::AgentState::Talking;
    });
    const Got desk = world.sign_in("ana").get("/api/v1/desk");
    CHECK(desk.text("/contact/conference/0/agent_id") == world.colleague.to_string());
    CHECK(desk.text("/contact/conference/0/is_joined") == "true");
    CHECK(desk.text("/contact/supervised_by/0/mode") == "whisper");
    CHECK(desk.text("/contact/supervised_by/0/is_joined") == "false");
}

TEST_CASE("what the centre refuses is told with its reason") {
    World world;
    Person ana = world.sign_in("ana");
    world.port.change([](auto& port) { port.refusal = make_error_code(escucha::Errc::Conflict); });
    const Got conflict = ana.post(agent_path(world.agent, "/answer"));
    CHECK(conflict.status == 409);
    CHECK(conflict.text("/code") == "wrong_state");
    world.port.change([](auto& port) { port.refusal = make_error_code(escucha::Errc::Timeout); });
    CHECK(ana.post(agent_path(world.agent, "/answer")).status == 504);
    CHECK(ana.post("/api/v1/agents/not-an-id/answer").status == 404);
    CHECK(ana.post(agent_path(world.agent, "/status"), R"({"state":"not_ready","reason":"nap"})")
              .text("/pointer") == "/reason");
    CHECK(ana.post(agent_path(world.agent, "/transfer"), "{}").text("/code") == "bad_field");
    const auto two = R"({"to_number":"600123456","to_queue":")" + world.queue.to_string() + R"("})";
    CHECK(ana.post(agent_path(world.agent, "/transfer"), two).text("/code") == "bad_field");
}

TEST_CASE("a number that the rules forbid is refused with the rule, in the language asked for") {
    World world;
    Person ana = world.sign_in("ana");
    const auto asked = [&](std::string_view rule, std::vector<std::string> headers = {}) {
        world.port.change([&](auto& port) {
            port.refusal = make_error_code(escucha::Errc::Conflict);
            port.refusal_detail = rule;
        });
        return ana.post(
            agent_path(world.agent, "/transfer"), R"({"to_number":"112"})", std::move(headers));
    };
    const Got refused = asked("outside_emergency");
    CHECK(refused.status == 403);
    CHECK(refused.text("/code") == "outside_refused");
    CHECK(refused.text("/pointer") == "/to_number");
    CHECK(refused.text("/detail").find("emergencias") != std::string::npos);
    CHECK(asked("outside_emergency", {"Accept-Language: en"}).text("/detail").find("emergency") !=
          std::string::npos);
    CHECK(asked("outside_denied").text("/detail") == "Ese número está vetado.");
    CHECK(asked("the agent is not in a conversation").text("/code") == "wrong_state");
}

TEST_CASE("a bad body is refused with the place, in the language asked for") {
    World world;
    Person ana = world.sign_in("ana");
    const Got broken = ana.post("/api/v1/cases", R"({"topic":)");
    CHECK(broken.status == 400);
    CHECK(broken.text("/code") == "bad_json");
    const Got missing = ana.post("/api/v1/cases", R"({"topic":"lunch","subject":""})");
    CHECK(missing.status == 422);
    CHECK(missing.text("/pointer") == "/subject");
    CHECK(missing.text("/detail") == "Este dato no puede estar vacío.");
    const Got english =
        ana.post("/api/v1/cases", R"({"topic":1,"extra":2})", {"Accept-Language: en"});
    CHECK(english.count("/errors") == 3);
    CHECK(english.reply.header("content-language") == "en");
    CHECK(english.text("/detail") == "This field is missing.");
    const std::string deep = R"({"topic":)" + std::string(40, '[') + std::string(40, ']') + "}";
    CHECK(ana.post("/api/v1/cases", deep).status == 400);
    const Got text = world.call("POST", "/api/v1/cases", ana.credentials(), "topic=1");
    CHECK(text.status == 415);
    CHECK(ana.get("/api/v1/cases?limit=201").text("/pointer") == "?limit");
    CHECK(ana.get("/api/v1/cases?limit=x").status == 422);
    CHECK(ana.get("/api/v1/cases?cursor=x").text("/code") == "bad_cursor");
}

TEST_CASE("an unknown path is 404, a wrong method 405 with the right ones") {
    World world;
    Person ana = world.sign_in("ana");
    CHECK(ana.get("/api/v1/nothing").status == 404);
    const Got got = ana.send("PUT", "/api/v1/cases");
    CHECK(got.status == 405);
    CHECK(got.reply.header("allow") == "GET, POST");
    CHECK(ana.post("/index.html").status == 405);
}

TEST_CASE("the floor shows everything live; the desk the agent's own") {
    World world;
    const auto talk = world.talk(world.agent);
    world.port.change([&](FakeControlPort& port) {
        server::ContactView contact;
        contact.id = talk.contact;
        contact.company = world.company;
        contact.line = LineId{Uuid{1, 1}};
        contact.line_name = "Servicio";
        contact.state = server::ContactState::Talking;
        contact.case_id = talk.case_id;
        contact.case_reference = talk.reference;
        contact.case_subject = "La factura";
        contact.customer = world.customer;
        contact.customer_name = "José Núñez";
        contact.context.push_back({"document", "•••", "caller", World::now(), "directory"});
        port.view.contacts.push_back(contact);
        port.view.agents.front().contact = talk.contact;
        port.view.agents.front().state = server::AgentState::Talking;
        port.view.agents.front().next_state = "not_ready:lunch";
        port.view.seq = 6;
    });
    Person sara = world.sign_in("sara");
    const Got floor = sara.get("/api/v1/floor");
    CHECK(floor.number("/seq") == 6);
    CHECK(floor.text("/contacts/0/case/reference") == talk.reference);
    CHECK(floor.text("/agents/0/next_state/reason") == "lunch");
    CHECK(floor.text("/queues/0/name") == "Atención");
    Person ana = world.sign_in("ana");
    const Got desk = ana.get("/api/v1/desk");
    CHECK(desk.status == 200);
    CHECK(desk.text("/agent/state") == "talking");
    CHECK(desk.text("/case/case/subject") == "La factura");
    CHECK(desk.text("/customer/name") == "José Núñez");
    CHECK(desk.count("/open_cases") == 1);
    CHECK(world.sign_in("carlos").get("/api/v1/desk").text("/contact") == "null");
}

TEST_CASE("during the wrap-up the desk still shows the contact that has ended") {
    World world;
    const auto talk = world.talk(world.agent);
    Event datum = world.event("datum_given");
    datum.contact = talk.contact;
    datum.with("name", "order").with("value", "A-17").with("given_by", "caller");
    datum.with("verified", "confirmed").with_flag("sensitive", false);
    Event ended = world.event("contact_ended");
    ended.contact = talk.contact;
    ended.with("outcome", "served").with("ended_by", "caller").with("duration_ms", std::int64_t{9});
    world.commit({datum, ended});
    world.port.change([&](FakeControlPort& port) {
        port.view.agents.front().contact = talk.contact;
        port.view.agents.front().state = server::AgentState::WrapUp;
    });
    const Got desk = world.sign_in("ana").get("/api/v1/desk");
    CHECK(desk.text("/contact/state") == "ended");
    CHECK(desk.text("/contact/case/reference") == talk.reference);
    CHECK(desk.text("/contact/context/0/value") == "A-17");
    CHECK(desk.text("/contact/context/0/verified") == "confirmed");
    CHECK(desk.text("/case/case/id") == talk.case_id.to_string());
}

TEST_CASE("the probes tell what a monitor needs, and the document is the contract") {
    World world;
    CHECK(world.stranger().get("/healthz").status == 200);
    CHECK(world.stranger().get("/readyz").text("/ready") == "true");
    world.port.change([](auto& port) { port.missing = {"escucha-media is not connected"}; });
    const Got unready = world.stranger().get("/readyz");
    CHECK(unready.status == 503);
    CHECK(unready.text("/missing/0") == "escucha-media is not connected");
    const Got metrics = world.stranger().get("/metrics");
    CHECK(metrics.reply.body.find("escucha_fake_calls 7") != std::string::npos);
    CHECK(metrics.reply.body.find("escucha_api_answers_total{status=\"5xx\"} 1") !=
          std::string::npos);
    CHECK(world.stranger().get("/api/v1/openapi.json").text("/openapi") == "3.1.0");
}

TEST_CASE("pages come with a policy that lets nothing foreign and nothing inline in") {
    World world;
    std::filesystem::create_directories(world.folder / "web");
    std::ofstream{world.folder / "web" / "index.html"} << "<p>Escucha</p>";
    const Got page = world.stranger().get("/cases/123");
    CHECK(page.status == 200);
    CHECK(page.reply.body == "<p>Escucha</p>");
    const std::string policy = page.reply.header("content-security-policy");
    CHECK(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(world.stranger().get("/healthz").reply.header("content-security-policy") ==
          "default-src 'none'; frame-ancestors 'none'");
    CHECK(page.reply.header("x-content-type-options") == "nosniff");
}

TEST_CASE("every operation of the contract has a handler, and every handler an operation") {
    const Contract contract{openapi_json()};
    std::size_t operations = 0;
    for (const auto& path : contract.document().at("paths").as_object()) {
        operations += path.value().as_object().size();
    }
    // Served outside the table: the WebSocket, the document and three probes.
    CHECK(operations == routes().size() + 5);
    for (const Route& route : routes()) {
        CAPTURE(route.path);
        std::string method{route.method};
        for (char& c : method) c = static_cast<char>(c + 32);
        CHECK(contract.operation(route.path, method) != nullptr);
    }
}

TEST_CASE("an administrator sees who is banned from SIP and lifts it") {
    World world;
    Person boss = world.operator_();
    const auto until = from_micros(1'700'000'000'000'000);
    world.port.change([&](FakeControlPort& port) {
        port.bans = {{.source = "192.0.2.66", .until = until},
                     {.source = "2001:db8::", .until = until}};
    });
    const Got list = boss.get("/api/v1/sip/bans");
    CHECK(list.text("/items/0/source") == "192.0.2.66");
    CHECK(list.text("/items/1/until") == to_rfc3339(until));
    CHECK(boss.send("DELETE", "/api/v1/sip/bans/2001:db8::").status == 204);
    CHECK(boss.send("DELETE", "/api/v1/sip/bans/2001:db8::").status == 404);
    CHECK(world.port.bans.size() == 1);
    CHECK(world.sign_in("ana").get("/api/v1/sip/bans").status == 403);
}

TEST_CASE("an administrator sees how the carriers are") {
    World world;
    Person boss = world.operator_();
    const auto since = from_micros(1'700'000'000'000'000);
    CHECK(boss.get("/api/v1/trunks").status == 200);
    world.port.change([&](FakeControlPort& port) {
        port.carriers = {{.name = "acme",
                          .registration = sip::TrunkRegistration::Registered,
                          .reach = sip::TrunkReach::Reachable,
                          .server = "192.0.2.9:5060",
                          .since = since,
                          .why = {},
                          .calls = 3,
                          .calls_max = 30},
                         {.name = "other",
                          .registration = sip::TrunkRegistration::Failed,
                          .reach = sip::TrunkReach::Unreachable,
                          .server = {},
                          .since = since,
                          .why = "no answer",
                          .calls = 0,
                          .calls_max = 0}};
    });
    const Got list = boss.get("/api/v1/trunks");
    CHECK(list.text("/items/0/name") == "acme");
    CHECK(list.text("/items/0/registration") == "registered");
    CHECK(list.text("/items/0/reach") == "reachable");
    CHECK(list.text("/items/0/server") == "192.0.2.9:5060");
    CHECK(list.number("/items/0/calls") == 3);
    CHECK(list.number("/items/0/calls_max") == 30);
    CHECK(list.text("/items/0/since") == to_rfc3339(since));
    CHECK(list.text("/items/1/registration") == "failed");
    CHECK(list.text("/items/1/reach") == "unreachable");
    CHECK(list.text("/items/1/why") == "no answer");
    CHECK(world.sign_in("ana").get("/api/v1/trunks").status == 403);
}

TEST_CASE("status, users, backups and the demo are the administrator's") {
    World world;
    Person boss = world.operator_();
    CHECK(boss.get("/api/v1/status").text("/ready") == "true");
    const Got added = boss.post(
        "/api/v1/users",
        R"({"login":"Nuria","password":"tejado marino 77","name":"Nuria","role":"agent","language":"en"})");
    CHECK(added.status == 201);
    CHECK(added.text("/agent_id") != "null");
    CHECK(world.port.reloads == 1);
    CHECK(world.sign_in("nuria", "tejado marino 77").get("/api/v1/session").status == 200);
    const Got again =
        boss.post("/api/v1/users",
                  R"({"login":"nuria","password":"tejado marino 77","name":"N","role":"agent"})");
    CHECK(again.status == 409);
    CHECK(again.text("/code") == "already_exists");

    const Got backup = boss.post("/api/v1/backups");
    CHECK(backup.status == 201);
    Person root = world.sign_in(world.add_person("administrator", world.company));
    CHECK(root.get("/api/v1/backups/" + backup.text("/name")).status == 403);
    const Got bytes = boss.get("/api/v1/backups/" + backup.text("/name"));
    CHECK(bytes.reply.body.starts_with("SQLite format 3"));
    CHECK(static_cast<std::int64_t>(bytes.reply.body.size()) == backup.number("/bytes"));
    CHECK(boss.get("/api/v1/backups/..%2Fescucha.db").status == 404);

    CHECK(boss.post("/api/v1/demo/reset").status == 204);
    CHECK(world.demo_resets == 1);
    world.port.change([](FakeControlPort& port) { port.view.contacts.resize(1); });
    CHECK(boss.post("/api/v1/demo/reset").status == 409);
    CHECK(world.demo_resets == 1);
}
