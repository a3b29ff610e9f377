// Cases, notes, dispositions, customers, timelines, recordings and figures over the real store.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>

#include "api/detail/range.h"
#include "api/detail/records.h"
#include "api/testing/world.h"
#include "base/errc.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

constexpr const char* kCase = R"({"topic":"lunch","subject":"Cambio de domicilio"})";

std::string case_path(const Got& got) { return "/api/v1/cases/" + got.text("/case/id"); }

std::string note_path(NoteId id) { return "/api/v1/notes/" + id.to_string(); }

std::string note_body(const std::string& case_id, int version, const std::string& text) {
    return R"({"case_id":")" + case_id + R"(","version":)" + std::to_string(version) +
           R"(,"text":")" + text + R"("})";
}

/// Puts the agent in the wrap-up of a talk.
void wrap_up(World& world, ContactId contact) {
    world.port.change([&](FakeControlPort& port) {
        port.view.agents.front().contact = contact;
        port.view.agents.front().state = server::AgentState::WrapUp;
    });
}

std::string finish_path(World& world) {
    return "/api/v1/agents/" + world.agent.to_string() + "/wrap-up/finish";
}

}  // namespace

TEST_CASE("a case is opened, found by its reference and closed") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    const Got made = ana.post("/api/v1/cases", kCase);
    CHECK(made.status == 201);
    CHECK(made.text("/case/status") == "open");
    const std::string reference = made.text("/case/reference");
    CHECK(reference.size() == 8);
    const Got found = ana.get("/api/v1/cases/by-reference/" + reference.substr(0, 4) + "%20" +
                              reference.substr(4));
    CHECK(found.text("/case/id") == made.text("/case/id"));
    std::string wrong = reference;
    wrong.back() = wrong.back() == '9' ? '0' : static_cast<char>(wrong.back() + 1);
    CHECK(ana.get("/api/v1/cases/by-reference/" + wrong).text("/code") == "bad_reference");
    const Got closed = ana.post(case_path(made) + "/close", R"({"outcome":"Cambiado"})");
    CHECK(closed.text("/case/status") == "closed");
    CHECK(closed.text("/case/outcome") == "Cambiado");
    CHECK(ana.post(case_path(made) + "/close", R"({"outcome":"Otra vez"})").status == 409);
}

TEST_CASE("a case shows what its callers gave, and hides what nobody may see") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    const auto recorded = [&](const char* name, const char* type) {
        Event event = world.event("case_datum_recorded");
        event.contact = talk.contact;
        event.case_id = talk.case_id;
        event.with("name", name).with("type", type).with("given_by", "caller");
        return event.with("verified", "").with("sensitivity", "internal");
    };
    Event date = recorded("fecha", "date");
    date.with("value", "2026-11-29").with_flag("sensitive", false);
    Event balance = recorded("saldo", "money");
    balance.with_flag("sensitive", true);
    world.commit({date, balance});
    const Got got = world.sign_in("ana").get("/api/v1/cases/" + talk.case_id.to_string());
    CHECK(got.count("/data") == 2);
    CHECK(got.text("/data/0/name") == "fecha");
    CHECK(got.text("/data/0/type") == "date");
    CHECK(got.text("/data/0/value") == "2026-11-29");
    CHECK(got.text("/data/0/given_by") == "caller");
    CHECK(got.text("/data/0/contact_id") == talk.contact.to_string());
    CHECK(got.text("/data/1/value") == "•••");
}

TEST_CASE("two references of one company differ") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    CHECK(ana.post("/api/v1/cases", kCase).text("/case/reference") !=
          ana.post("/api/v1/cases", kCase).text("/case/reference"));
}

TEST_CASE("an edit needs the version it was made on") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    const Got made = ana.post("/api/v1/cases", kCase);
    const std::string path = case_path(made);
    const std::string tag = made.reply.header("etag");
    const std::string patch = R"({"status":"in_progress","next_step":"Llamar","due":"2030-01-31"})";
    CHECK(ana.send("PATCH", path, patch).status == 428);
    const Got edited = ana.send("PATCH", path, patch, {"If-Match: " + tag});
    CHECK(edited.status == 200);
    CHECK(edited.text("/case/next_step") == "Llamar");
    CHECK(edited.text("/case/due") == "2030-01-31");
    CHECK(ana.send("PATCH", path, patch, {"If-Match: " + tag}).text("/code") == "version_conflict");
    const std::string present = edited.reply.header("etag");
    const Got cleared = ana.send("PATCH", path, R"({"due":null})", {"If-Match: " + present});
    CHECK(cleared.text("/case/due") == "null");
    const std::string owner = R"({"owner":")" + world.agent_user.to_string() + R"("})";
    const Got owned = ana.send("PATCH", path, owner, {"If-Match: " + cleared.reply.header("etag")});
    CHECK(owned.text("/case/owner/name") == "Doña ana");
    CHECK(ana.get("/api/v1/cases?mine=true").count("/items") == 1);
    const Got nobody =
        ana.send("PATCH", path, R"({"owner":"x"})", {"If-Match: " + owned.reply.header("etag")});
    CHECK(nobody.text("/pointer") == "/owner");
}

TEST_CASE("the list of cases is filtered and paged without holes or repeats") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    for (int i = 0; i < 5; ++i) {
        ana.post("/api/v1/cases",
                 R"({"topic":"lunch","subject":"Asunto )" + std::to_string(i) + R"("})");
    }
    std::vector<std::string> subjects;
    std::string cursor;
    do {
        const Got page = ana.get("/api/v1/cases?limit=2" + cursor);
        for (std::size_t i = 0; i < page.count("/items"); ++i) {
            subjects.push_back(page.text("/items/" + std::to_string(i) + "/subject"));
        }
        const std::string next = page.text("/next_cursor");
        cursor = next == "null" ? "" : "&cursor=" + next;
    } while (!cursor.empty());
    // Those of one millisecond come in any order, but always the same.
    std::ranges::sort(subjects);
    CHECK(subjects ==
          std::vector<std::string>{"Asunto 0", "Asunto 1", "Asunto 2", "Asunto 3", "Asunto 4"});
    CHECK(ana.get("/api/v1/cases?text=sunto%203").count("/items") == 1);
    CHECK(ana.get("/api/v1/cases?text=%25").count("/items") == 0);
    CHECK(ana.get("/api/v1/cases?status=live").count("/items") == 5);
    CHECK(ana.get("/api/v1/cases?status=closed").count("/items") == 0);
}

TEST_CASE("what belongs to another company is not there") {
    World world{each_engine()};
    Event opened = world.event("case_opened");
    opened.company = world.other_company;
    const auto id = world.make<CaseId>();
    opened.case_id = id;
    opened.with("reference", "10000008").with("kind", "claim").with("subject", "ajeno");
    Event created = world.event("customer_created");
    created.company = world.other_company;
    created.customer = world.make<CustomerId>();
    created.with("name", "Ajena");
    world.commit({opened, created});
    Person sara = world.sign_in("sara");
    const std::string path = "/api/v1/cases/" + id.to_string();
    CHECK(sara.get(path).status == 404);
    CHECK(sara.get(path + "/timeline").status == 404);
    CHECK(sara.send("PATCH", path, R"({"subject":"x"})", {"If-Match: \"1\""}).status == 404);
    CHECK(sara.post(path + "/close", R"({"outcome":"x"})").status == 404);
    CHECK(sara.send("PUT", note_path(world.make<NoteId>()), note_body(id.to_string(), 1, "x"))
              .status == 404);
    CHECK(sara.get("/api/v1/cases?text=ajeno").count("/items") == 0);
    CHECK(sara.get("/api/v1/customers/" + created.customer->to_string()).status == 404);
    CHECK(sara.get("/api/v1/customers?text=Ajena").count("/items") == 0);
}

TEST_CASE("a repeated POST with its key is done once and answered twice") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    const std::vector<std::string> key{"Idempotency-Key: k-1"};
    const Got first = ana.post("/api/v1/cases", kCase, key);
    const Got second = ana.post("/api/v1/cases", kCase, key);
    CHECK(second.status == 201);
    CHECK(second.reply.body == first.reply.body);
    CHECK(second.reply.header("etag") == first.reply.header("etag"));
    CHECK(ana.get("/api/v1/cases").count("/items") == 1);
    const Got other = ana.post("/api/v1/cases", R"({"topic":"lunch","subject":"Otra"})", key);
    CHECK(other.status == 422);
    CHECK(other.text("/code") == "idempotency_conflict");
    // The key is the user's own.
    CHECK(world.sign_in("sara").post("/api/v1/cases", kCase, key).reply.body != first.reply.body);
}

TEST_CASE("repeats that come at the same moment make one case") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    std::atomic<int> created{0}, refused{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 6; ++i) {
            threads.emplace_back([&] {
                net::testing::Client client{world.server->port()};
                auto headers = ana.credentials();
                headers.emplace_back("Content-Type: application/json");
                headers.emplace_back("Idempotency-Key: same");
                const auto reply = client.call("POST", "/api/v1/cases", headers, kCase);
                if (reply && reply->status == 201) ++created;
                if (reply && reply->status == 409) ++refused;
            });
        }
    }
    CHECK(created + refused == 6);
    CHECK(created >= 1);
    CHECK(ana.get("/api/v1/cases").count("/items") == 1);
}

TEST_CASE("a note is saved again and again, and a conflict gives the stored one back") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    const std::string case_id = ana.post("/api/v1/cases", kCase).text("/case/id");
    const auto id = world.make<NoteId>();
    const auto put = [&](Person& who, int version, const std::string& text) {
        return who.send("PUT", note_path(id), note_body(case_id, version, text));
    };
    CHECK(put(ana, 2, "salta").text("/pointer") == "/version");
    CHECK(put(ana, 1, "uno").number("/version") == 1);
    CHECK(put(ana, 1, "uno").status == 200);
    const Got taken = put(ana, 1, "otro");
    CHECK(taken.status == 409);
    CHECK(taken.text("/stored/text") == "uno");
    CHECK(put(ana, 2, "dos").text("/text") == "dos");
    CHECK(put(ana, 4, "cuatro").text("/stored/version") == "2");
    Person carlos = world.sign_in("carlos");
    CHECK(put(carlos, 3, "ajeno").status == 403);
    const Got detail = ana.get("/api/v1/cases/" + case_id);
    CHECK(detail.count("/notes") == 1);
    CHECK(detail.text("/notes/0/text") == "dos");
    CHECK(detail.text("/notes/0/author/name") == "Doña ana");
    // The timeline has the note once, as it is now.
    const Got timeline = ana.get("/api/v1/cases/" + case_id + "/timeline");
    CHECK(timeline.count("/items") == 2);
    CHECK(timeline.text("/items/0/data/text") == "dos");
}

TEST_CASE("numbers of cards and documents are not kept in what people write") {
    World world;
    const auto talk = world.talk(world.agent);
    Person ana = world.sign_in("ana");
    const auto note = world.make<NoteId>().to_string();
    const std::string body =
        R"({"case_id":")" + talk.case_id.to_string() +
        R"(","version":1,"text":"Pagó con 4242 4242 4242 4242, DNI 12345678Z"})";
    const Got saved = ana.send("PUT", "/api/v1/notes/" + note, body);
    CHECK(saved.status == 200);
    CHECK(saved.text("/text") == "Pagó con •••• •••• •••• 4242, DNI •••••••8Z");
    // A repeat is one, though it brings the numbers again.
    CHECK(ana.send("PUT", "/api/v1/notes/" + note, body).status == 200);
    const std::string path = "/api/v1/cases/" + talk.case_id.to_string();
    const Got before = ana.get(path);
    const Got changed = ana.send("PATCH",
                                 path,
                                 R"({"subject":"Tarjeta 4242424242424242"})",
                                 {"If-Match: " + before.reply.header("etag")});
    CHECK(changed.status == 200);
    CHECK(changed.text("/case/subject") == "Tarjeta ••••••••••••4242");
}

TEST_CASE("a note of the greatest length is kept, one character more is refused") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    const std::string case_id = ana.post("/api/v1/cases", kCase).text("/case/id");
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "ñ";
    CHECK(ana.send("PUT", note_path(world.make<NoteId>()), note_body(case_id, 1, text)).status ==
          200);
    CHECK(ana.send("PUT", note_path(world.make<NoteId>()), note_body(case_id, 1, text + "x"))
              .text("/pointer") == "/text");
}

TEST_CASE("finishing a wrap-up records the disposition, the last note and the case's state") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    wrap_up(world, talk.contact);
    Person ana = world.sign_in("ana");
    const Got incomplete =
        ana.post(finish_path(world), R"({"topic":"lunch","outcome":"follow_up"})");
    CHECK(incomplete.status == 422);
    CHECK(incomplete.count("/errors") == 3);
    CHECK(world.port.commands.empty());
    const std::string body =
        R"({"topic":"lunch","outcome":"follow_up","next_step":"Enviar carta",)"
        R"("owner":")" +
        world.agent_user.to_string() + R"(","due":"2099-01-31","note":{"id":")" +
        world.make<NoteId>().to_string() + R"(","version":1,"text":"Muy amable"}})";
    const Got done = ana.post(finish_path(world), body);
    CHECK(done.status == 200);
    REQUIRE(world.port.commands.size() == 1);
    CHECK(std::holds_alternative<server::FinishWrapUp>(world.port.commands.front()));
    const Got matter = ana.get("/api/v1/cases/" + talk.case_id.to_string());
    CHECK(matter.text("/case/status") == "in_progress");
    CHECK(matter.text("/case/next_step") == "Enviar carta");
    CHECK(matter.text("/case/due") == "2099-01-31");
    CHECK(matter.text("/case/owner/id") == world.agent_user.to_string());
    CHECK(matter.text("/notes/0/text") == "Muy amable");
}

TEST_CASE("a disposition that comes after the wrap-up's time is not lost") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    Person ana = world.sign_in("ana");
    const std::string solved = R"({"topic":"lunch","outcome":"solved","contact_id":")" +
                               talk.contact.to_string() + R"("})";
    CHECK(ana.post(finish_path(world), solved).status == 200);
    CHECK(world.port.commands.empty());
    CHECK(ana.get("/api/v1/cases/" + talk.case_id.to_string()).text("/case/status") == "resolved");
    // Nor is one whose timer ended it under way.
    wrap_up(world, talk.contact);
    world.port.change([](auto& port) { port.refusal = make_error_code(escucha::Errc::Conflict); });
    CHECK(ana.post(finish_path(world), R"({"topic":"lunch","outcome":"solved"})").status == 200);
}

TEST_CASE("nobody records what came of a call he did not take") {
    World world{each_engine()};
    const auto talk = world.talk(world.colleague);
    Person ana = world.sign_in("ana");
    const std::string solved = R"({"topic":"lunch","outcome":"solved","contact_id":")" +
                               talk.contact.to_string() + R"("})";
    CHECK(ana.post(finish_path(world), solved).status == 404);
    CHECK(ana.post(finish_path(world), R"({"topic":"lunch","outcome":"solved"})").text("/code") ==
          "wrong_state");
}

TEST_CASE("agents see documents masked, supervisors whole") {
    World world{each_engine()};
    const std::string path = "/api/v1/customers/" + world.customer.to_string();
    const Got masked = world.sign_in("ana").get(path);
    CHECK(masked.text("/document") == "•••••678Z");
    CHECK(masked.text("/masked") == R"(["document"])");
    const Got whole = world.sign_in("sara").get(path);
    CHECK(whole.text("/document") == "12345678Z");
    CHECK(whole.text("/masked") == "(absent)");
    // Nor does the journal of a contact or a timeline give them away.
    CHECK(world.sign_in("ana").get(path + "/timeline").reply.body.find("12345678") ==
          std::string::npos);
    CHECK(world.sign_in("sara").get(path + "/timeline").reply.body.find("12345678Z") !=
          std::string::npos);
}

TEST_CASE("customers are made, changed and found by name, number and document") {
    World world{each_engine()};
    Person sara = world.sign_in("sara");
    const Got made =
        sara.post("/api/v1/customers",
                 R"({"name":"Íñigo Ruiz","document":"X1234567L","number":"600 333 444"})");
    CHECK(made.status == 201);
    CHECK(made.text("/numbers/0/number") == "+34600333444");
    // By this kind a caller's number is looked up (docs/journal.md).
    auto connection = world.fresh.database.connect();
    REQUIRE(connection);
    const auto kind = connection.value().query_one("SELECT kind FROM contact_point WHERE value = ?",
                                                   {std::string{"+34600333444"}});
    REQUIRE(kind);
    REQUIRE(kind.value());
    CHECK(kind.value()->get<std::string>(0).value() == "number");
    for (const char* text :
         {"inigo", "%C3%8D%C3%B1igo", "600333444", "%2B34600333444", "x1234567l"}) {
        CAPTURE(text);
        const Got found = sara.get(std::string{"/api/v1/customers?text="} + text);
        CHECK(found.text("/items/0/id") == made.text("/id"));
        CHECK(found.count("/items") == 1);
    }
    CHECK(sara.get("/api/v1/customers?text=nadie").count("/items") == 0);
    const std::string path = "/api/v1/customers/" + made.text("/id");
    CHECK(sara.send("PATCH", path, R"({"address":"Calle Mayor 1"})").status == 428);
    const Got changed = sara.send("PATCH",
                                 path,
                                 R"({"address":"Calle Mayor 1"})",
                                 {"If-Match: " + made.reply.header("etag")});
    CHECK(changed.text("/address") == "Calle Mayor 1");
    CHECK(
        sara.send("PATCH", path, R"({"address":"Otra"})", {"If-Match: " + made.reply.header("etag")})
            .status == 412);
    CHECK(sara.post("/api/v1/customers", R"({"name":"X","number":"abc"})").text("/pointer") ==
          "/number");
    const Got page = sara.get("/api/v1/customers?limit=1");
    const Got next = sara.get("/api/v1/customers?limit=1&cursor=" + page.text("/next_cursor"));
    CHECK(page.text("/items/0/name") == "Íñigo Ruiz");
    CHECK(next.text("/items/0/name") == "José Núñez");
    CHECK(next.text("/next_cursor") == "null");
}

TEST_CASE(
    "a number is the same thing to those who import it, record it, search it and take calls") {
    World world{each_engine()};
    Event imported = world.event("contact_point_added");
    imported.customer = world.customer;
    imported.with("point", "P1").with("kind", "number").with("value", "+34600999888");
    imported.with("label", "casa").with("evidence", "imported");
    world.commit({imported});
    Person sara = world.sign_in("sara");
    const std::string path = "/api/v1/customers/" + world.customer.to_string();
    CHECK(sara.get(path).text("/numbers/0/number") == "+34600999888");
    CHECK(sara.get("/api/v1/customers?text=600999888").count("/items") == 1);
    const Got made = sara.post("/api/v1/customers", R"({"name":"Ana","number":"600 333 444"})");
    REQUIRE(made.status == 201);
    auto connection = world.fresh.database.connect().value();
    const auto rows =
        connection.query("SELECT kind, evidence FROM contact_point WHERE value = '+34600333444'");
    REQUIRE(rows);
    REQUIRE(rows.value().size() == 1);
    const auto row = rows.value().front().as<std::string, std::string>().value();
    CHECK(row == std::tuple{"number", "declared"});
}

TEST_CASE("cases are found whatever the case and the accents of what is typed") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    const Got made =
        ana.post("/api/v1/cases", R"({"topic":"lunch","subject":"AVERÍA  en la caldera"})");
    const auto finds = [&](const std::string& text) {
        return ana.get("/api/v1/cases?text=" + text).count("/items") == 1;
    };
    CHECK(finds("averia"));
    CHECK(finds("aver%C3%ADa%20en"));
    CHECK(finds("CALDERA"));
    CHECK(finds("LUNCH"));
    CHECK_FALSE(finds("contrato"));
    const Got edited = ana.send("PATCH",
                                case_path(made),
                                R"({"subject":"Contraseña"})",
                                {"If-Match: " + made.reply.header("etag")});
    REQUIRE(edited.status == 200);
    CHECK(finds("CONTRASE%C3%91A"));
    CHECK(finds("contrasena%20lunch"));
    CHECK_FALSE(finds("caldera"));
}

TEST_CASE("one timeline has the customer's contacts and cases, newest first, page by page") {
    World world{each_engine()};
    world.talk(world.agent);
    Person ana = world.sign_in("ana");
    const std::string path = "/api/v1/customers/" + world.customer.to_string() + "/timeline";
    const Got all = ana.get(path);
    REQUIRE(all.count("/items") == 4);
    CHECK(all.text("/items/0/kind") == "contact_connected");
    CHECK(all.text("/items/0/agent/name") == "Doña ana");
    CHECK(all.text("/items/1/kind") == "case_opened");
    CHECK(all.text("/items/2/kind") == "contact_arrived");
    CHECK(all.text("/items/3/kind") == "customer_created");
    const Got first = ana.get(path + "?limit=3");
    const Got rest = ana.get(path + "?limit=3&cursor=" + first.text("/next_cursor"));
    CHECK(rest.count("/items") == 1);
    CHECK(rest.text("/items/0/seq") == all.text("/items/3/seq"));
}

TEST_CASE("contacts are listed and shown with their journal") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    Person ana = world.sign_in("ana");
    const Got list = ana.get("/api/v1/contacts?customer_id=" + world.customer.to_string());
    CHECK(list.count("/items") == 1);
    CHECK(list.text("/items/0/case/reference") == talk.reference);
    CHECK(list.text("/items/0/agent/name") == "Doña ana");
    const Got detail = ana.get("/api/v1/contacts/" + talk.contact.to_string());
    CHECK(detail.count("/events") == 5);
    CHECK(detail.text("/live") == "null");
    CHECK(ana.get("/api/v1/contacts/" + talk.contact.to_string() + "/trace").status == 403);
    CHECK(ana.get("/api/v1/contacts/" + world.make<ContactId>().to_string()).status == 404);
}

TEST_CASE("an agent links only his own live contact") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    Person ana = world.sign_in("ana");
    const std::string path = "/api/v1/contacts/" + talk.contact.to_string() + "/case";
    const std::string body = R"({"case_id":")" + talk.case_id.to_string() + R"("})";
    CHECK(ana.send("PUT", path, body).status == 404);
    world.port.change([&](FakeControlPort& port) {
        server::ContactView contact;
        contact.id = talk.contact;
        contact.agent = world.colleague;
        port.view.contacts.push_back(contact);
    });
    CHECK(ana.send("PUT", path, body).status == 403);
    world.port.change(
        [&](FakeControlPort& port) { port.view.contacts.front().agent = world.agent; });
    CHECK(ana.send("PUT", path, body).status == 204);
    REQUIRE(world.port.commands.size() == 1);
    CHECK(std::get<server::LinkCase>(world.port.commands.front()).reference == talk.reference);
    const std::string customer = R"({"customer_id":")" + world.customer.to_string() + R"("})";
    const std::string customer_path = "/api/v1/contacts/" + talk.contact.to_string() + "/customer";
    CHECK(ana.send("PUT", customer_path, customer).status == 204);
    CHECK(std::get<server::LinkCustomer>(world.port.commands.back()).name == "José Núñez");
    CHECK(world.operator_()
              .get("/api/v1/contacts/" + talk.contact.to_string() + "/trace")
              .count("/lines") == 2);
}

TEST_CASE("ranges are read as RFC 9110 says") {
    using Kind = RangeAsked::Kind;
    const auto is =
        [](std::string_view header, Kind kind, std::uint64_t offset, std::uint64_t length) {
            const RangeAsked range = parse_range(header, 10);
            CAPTURE(header);
            CHECK(range.kind == kind);
            CHECK(range.offset == offset);
            CHECK(range.length == length);
        };
    is("", Kind::Whole, 0, 10);
    is("bytes=0-", Kind::Part, 0, 10);
    is("bytes=0-0", Kind::Part, 0, 1);
    is("bytes=9-99", Kind::Part, 9, 1);
    is("bytes=-3", Kind::Part, 7, 3);
    is("bytes=-30", Kind::Part, 0, 10);
    is("bytes=10-", Kind::Unsatisfiable, 0, 0);
    is("bytes=-0", Kind::Unsatisfiable, 0, 0);
    is("bytes=5-4", Kind::Whole, 0, 10);
    is("bytes=1-2,4-5", Kind::Whole, 0, 10);
    is("bytes=x-2", Kind::Whole, 0, 10);
    is("lines=1-2", Kind::Whole, 0, 10);
}

TEST_CASE("today's figures and the settings come in the language asked for") {
    World world{each_engine()};
    world.talk(world.agent);
    Event left = world.event("contact_left_queue");
    left.contact = world.make<ContactId>();
    left.queue = world.queue;
    left.with("reason", "abandoned").with("wait_ms", std::int64_t{31'000});
    world.commit({left});
    Person ana = world.sign_in("ana");
    const Got figures = world.sign_in("sara").get("/api/v1/figures/today");
    CHECK(figures.status == 200);
    CHECK(figures.text("/queues/0/name") == "Atención");
    CHECK(figures.number("/totals/abandoned") == 1);
    CHECK(ana.get("/api/v1/reasons").text("/items/0/label") == "Comida");
    CHECK(ana.get("/api/v1/topics", {"Accept-Language: en-GB"}).text("/items/0/label") == "Lunch");
    CHECK(ana.get("/api/v1/outcomes").count("/items") == 1);
    const Got queues = ana.get("/api/v1/queues");
    CHECK(queues.text("/items/0/agents/0/name") == "Doña ana");
    CHECK(queues.number("/items/0/ring_s") == 20);
}
