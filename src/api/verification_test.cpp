#include <doctest/doctest.h>

#include "api/testing/world.h"
#include "privacy/questions.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

/// Ana talks with José, of whom all is known, and nobody knows yet that it is José.
struct Talking : World {
    explicit Talking(store::testing::FreshDatabase database) : World{std::move(database)} {
        Event updated = event("customer_updated");
        updated.customer = customer;
        updated.with("born_on", "1980-05-17").with("address", "Calle Mayor 3, 28013 Madrid");
        commit({updated});
        auto connection = fresh.database.connect().value();
        REQUIRE(connection.execute(
            "INSERT INTO directory_account (company_id, customer_id, number, product,"
            " balance_cents, currency, due_on, status, as_of_us)"
            " VALUES (?, ?, '50010003', 'Gas', 12150, 'EUR', '2026-12-01', 'overdue', ?)",
            {company, customer, now()}));
        begin();
    }
    /// The next call: another contact, in Ana's hand.
    void begin() {
        contact = make<ContactId>();
        Event arrived = event("contact_arrived");
        arrived.contact = contact;
        arrived.with("channel", "call").with("direction", "inbound").with("caller", "+34600111222");
        arrived.with("line", LineId{Uuid{1, 1}}.to_string()).with("dialled", "100");
        commit({arrived});
        link(customer, "number");
        port.change([&](FakeControlPort& changed) {
            changed.view.agents.front().contact = contact;
            changed.view.agents.front().state = server::AgentState::Talking;
        });
    }
    void link(CustomerId who, const char* how) {
        Event identified = event("contact_identified");
        identified.contact = contact;
        identified.customer = who;
        commit({identified.with("how", how).with_flag("verified", false)});
    }
    [[nodiscard]] std::string path() const {
        return "/api/v1/contacts/" + contact.to_string() + "/verification";
    }
    [[nodiscard]] std::string customer_path() const {
        return "/api/v1/customers/" + customer.to_string();
    }
    Got answer(Person& who, const std::string& question, const std::string& given) {
        return who.post(path(), R"({"question":")" + question + R"(","answer":")" + given + "\"}");
    }

    ContactId contact;
};

}  // namespace

TEST_CASE("a caller is verified by answers that only the server knows, and then may be told") {
    Talking world{each_engine()};
    Person ana = world.sign_in("ana");
    const Got asked = ana.get(world.path());
    CHECK(asked.text("/state") == "unverified");
    CHECK(asked.count("/questions") == 3);
    CHECK(asked.number("/right_needed") == 2);
    CHECK(asked.number("/wrong_left") == 3);
    CHECK(ana.get(world.customer_path()).text("/document") == "•••");
    CHECK(ana.get(world.customer_path()).text("/address") == "•••");
    CHECK(ana.get(world.customer_path()).text("/born_on") == "null");
    const Got hidden = ana.get(world.customer_path() + "/accounts");
    CHECK(hidden.text("/accounts/0/balance") == "null");
    CHECK(hidden.text("/accounts/0/masked") == R"(["number","balance","due_on","status"])");

    const Got wrong = world.answer(ana, "document", "111A");
    CHECK(wrong.text("/was_right") == "false");
    CHECK(wrong.number("/wrong_left") == 2);
    CHECK(wrong.reply.body.find("678") == std::string::npos);
    CHECK(world.answer(ana, "document", "678-z").text("/was_right") == "true");
    CHECK(ana.get(world.customer_path() + "/accounts").text("/accounts/0/balance") == "null");
    const Got right = world.answer(ana, "born_on", "17/5/1980");
    CHECK(right.text("/state") == "verified");

    CHECK(ana.get(world.customer_path()).text("/address") == "Calle Mayor 3, 28013 Madrid");
    CHECK(ana.get(world.customer_path()).text("/document") == "•••••678Z");
    const Got shown = ana.get(world.customer_path() + "/accounts");
    CHECK(shown.number("/accounts/0/balance/amount_cents") == 12'150);
    CHECK(shown.text("/accounts/0/due_on") == "2026-12-01");
    CHECK(
        world.sign_in("sara").get(world.customer_path() + "/accounts").text("/accounts/0/status") ==
        "•••");
    // Linked to the same customer again they stay verified; the next call begins anew.
    world.link(world.customer, "agent");
    CHECK(ana.get(world.path()).text("/state") == "verified");
    world.begin();
    CHECK(ana.get(world.path()).text("/state") == "unverified");
}

TEST_CASE("nobody borrows the contact in hand for somebody else's data") {
    Talking world{each_engine()};
    Person ana = world.sign_in("ana");
    CHECK(world.answer(ana, "document", "678Z").status == 200);
    CHECK(world.answer(ana, "born_on", "1980-05-17").text("/state") == "verified");
    const CustomerId other = world.make<CustomerId>();
    Event created = world.event("customer_created");
    created.customer = other;
    created.with("name", "Eva").with("notes", "Secreto").with("address", "Calle Menor 9");
    const CaseId matter = world.make<CaseId>();
    Event opened = world.event("case_opened");
    opened.case_id = matter;
    opened.with("reference", "77777777").with("kind", "claim").with("topic", "lunch");
    opened.with("subject", "Nadie").with("opened_by", "agent");
    Event datum = world.event("case_datum_recorded");
    datum.case_id = matter;
    datum.with("name", "email").with("type", "text").with("value", "eva@example.com");
    datum.with("given_by", "caller").with("verified", "").with("sensitivity", "personal");
    world.commit({created, opened, datum});
    const std::string path = "/api/v1/customers/" + other.to_string();
    const std::string borrowed =
        "contact_id=" + world.contact.to_string() + "&customer_id=" + world.customer.to_string();
    CHECK(ana.get(path + "?" + borrowed).text("/notes") == "•••");
    CHECK(ana.get("/api/v1/cases/" + matter.to_string() + "?" + borrowed).text("/data/0/value") ==
          "•••");
    const Got shown =
        ana.post(path + "/reveal",
                 R"({"fields":["notes"],"reason":"Lo pide por escrito","contact_id":")" +
                     world.contact.to_string() + "\"}");
    CHECK(shown.text("/customer/notes") == "Secreto");
    CHECK(shown.text("/customer/address") == "•••");
}

TEST_CASE("too many wrong answers lock the contact, whoever it is linked to") {
    Talking world{each_engine()};
    Person ana = world.sign_in("ana");
    for (unsigned i = 1; i <= privacy::kWrongAllowed; ++i) {
        const Got wrong = world.answer(ana, "postcode", "28014");
        CHECK(wrong.status == 200);
        CHECK(wrong.text("/state") == (i < privacy::kWrongAllowed ? "unverified" : "locked"));
    }
    CHECK(world.answer(ana, "postcode", "28013").text("/code") == "wrong_state");
    const CustomerId other = world.make<CustomerId>();
    Event created = world.event("customer_created");
    created.customer = other;
    world.commit({created.with("name", "Eva").with("document_id", "87654321X")});
    world.link(other, "agent");
    CHECK(ana.get(world.path()).text("/state") == "locked");
}

TEST_CASE("whoever does not have the contact in hand asks nobody anything") {
    Talking world{each_engine()};
    Person carlos = world.sign_in("carlos");
    CHECK(carlos.get(world.path()).status == 403);
    CHECK(world.answer(carlos, "document", "678Z").status == 403);
    CHECK(world.sign_in("sara").get(world.path()).status == 403);
    Person ana = world.sign_in("ana");
    CHECK(world.answer(ana, "name", "José").text("/pointer") == "/question");
    CHECK(world.answer(ana, "document", "").text("/pointer") == "/answer");
    // What is not known cannot be asked.
    Event updated = world.event("customer_updated");
    updated.customer = world.customer;
    world.commit({updated.with("born_on", "")});
    CHECK(world.answer(ana, "born_on", "1980-05-17").text("/pointer") == "/question");
}
