#include "api/detail/masking.h"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/detail/handlers.h"
#include "api/detail/viewer.h"
#include "api/testing/world.h"
#include "cases/reference.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;
using identity::Permission;
using net::testing::WebSocket;

namespace {

namespace json = boost::json;

/// A value that stands nowhere but where it belongs, and what the documentation says of its kind
/// (docs/privacy.md). Written again here, so that a wrong declaration is found.
struct Marker {
    std::string kind;
    std::string text;
    CustomerId customer;
    ContactId contact;
    std::string revealed_by{};
    enum class Needed { Never, Always, Verified } needed = Needed::Never;
    bool is_question = false;
    bool is_financial = false;
};

/// Who reads in one round.
struct Reader {
    identity::Permissions permissions;
    std::optional<CustomerId> caller{};  ///< In hand.
    ContactId contact{};
    bool is_verified = false;
    std::set<std::pair<CustomerId, std::string>> revealed{};

    [[nodiscard]] bool may_see(const Marker& marker) const {
        const bool is_own = caller && (marker.customer == *caller || marker.contact == contact);
        if (is_own && !is_verified && marker.is_question) return false;
        if (revealed.contains({marker.customer, marker.revealed_by})) return true;
        const bool is_needed =
            is_own && (marker.needed == Marker::Needed::Always ||
                       (marker.needed == Marker::Needed::Verified && is_verified));
        return is_needed || (!marker.is_financial && permissions.has(Permission::SeePersonal));
    }
};

/// Customers whose every classified field is a marker, with a contact and a case each.
class Population {
public:
    Population(World& world, std::uint64_t seed) : world_{world}, rng_{seed}, seed_{seed} {}

    struct One {
        CustomerId customer;
        ContactId contact;
        CaseId case_id;
        std::string reference;
    };
    One add(bool is_verified);
    Rng& rng() { return rng_; }
    std::vector<Marker> markers;
    std::vector<One> all;

private:
    std::string unique() {
        constexpr std::uint64_t kNine = 900'000'000, kLeast = 100'000'000;
        std::string text;
        do text = std::to_string(kLeast + rng_.below(kNine));
        while (!used_.insert(text).second);
        return text;
    }
    std::string mark(const One& of,
                     std::string kind,
                     std::string text,
                     std::string revealed_by,
                     Marker::Needed needed,
                     bool is_question = false) {
        markers.push_back({std::move(kind),
                           text,
                           of.customer,
                           of.contact,
                           std::move(revealed_by),
                           needed,
                           is_question});
        return text;
    }
    void add_customer(const One& one, std::vector<Event>& events);
    void add_contact(const One& one, bool is_verified, std::vector<Event>& events);
    void add_case(const One& one, std::vector<Event>& events);
    void add_account(const One& one);
    void add_live(const One& one);

    World& world_;
    Rng rng_;
    std::uint64_t seed_;
    std::set<std::string> used_;
};

using Needed = Marker::Needed;

void Population::add_customer(const One& one, std::vector<Event>& events) {
    Event created = world_.event("customer_created");
    created.customer = one.customer;
    created.with("name", "Nombre " + std::to_string(all.size()))
        .with("document_id", mark(one, "document", "D" + unique(), "document", Needed::Never, true))
        .with("address",
              mark(one, "address", "Calle " + unique(), "address", Needed::Verified, true))
        .with("notes", mark(one, "notes", "Notas " + unique(), "notes", Needed::Always));
    const std::string digits = unique();
    created.with("born_on",
                 mark(one,
                      "born_on",
                      "1" + digits.substr(0, 3) + "-0" + std::to_string(1 + rng_.below(9)) + "-1" +
                          std::to_string(rng_.below(9)),
                      "born_on",
                      Needed::Never,
                      true));
    events.push_back(created);
    Event number = world_.event("contact_point_added");
    number.customer = one.customer;
    number.with("point", world_.make<NoteId>().to_string())
        .with("kind", "number")
        .with("value", mark(one, "number", "+346" + unique(), "numbers", Needed::Verified))
        .with("label", "casa")
        .with("evidence", "declared");
    events.push_back(number);
}

void Population::add_contact(const One& one, bool is_verified, std::vector<Event>& events) {
    Event arrived = world_.event("contact_arrived");
    arrived.contact = one.contact;
    arrived.with("channel", "call")
        .with("direction", "inbound")
        .with("caller", mark(one, "caller", "+347" + unique(), "numbers", Needed::Always))
        .with("diverted_from", mark(one, "diverted_from", "+345" + unique(), "", Needed::Always))
        .with("diversion_reason", "busy")
        .with("diversions", std::int64_t{1})
        .with("line", LineId{Uuid{1, 1}}.to_string())
        .with("dialled", "100")
        .with("language", "es");
    Event identified = world_.event("contact_identified");
    identified.contact = one.contact;
    identified.customer = one.customer;
    identified.with("how", "document").with_flag("verified", is_verified);
    Event given = world_.event("datum_given");
    given.contact = one.contact;
    given.with("name", "document")
        .with("value", mark(one, "given_document", "G" + unique(), "", Needed::Always, true))
        .with("given_by", "caller")
        .with("verified", "");
    Event outside = world_.event("outside_answered");
    outside.contact = one.contact;
    outside.with("number", mark(one, "outside", "+348" + unique(), "", Needed::Always))
        .with("ring_ms", std::int64_t{5});
    for (const Event& event : {arrived, identified, given, outside}) events.push_back(event);
}

void Population::add_case(const One& one, std::vector<Event>& events) {
    Event opened = world_.event("case_opened");
    opened.contact = one.contact;
    opened.case_id = one.case_id;
    opened.customer = one.customer;
    opened.with("reference", one.reference)
        .with("kind", "claim")
        .with("topic", "lunch")
        .with("subject", "La factura")
        .with("opened_by", "flow");
    events.push_back(opened);
    const auto datum = [&](const char* name, const char* sensitivity, std::string value) {
        Event recorded = world_.event("case_datum_recorded");
        recorded.contact = one.contact;
        recorded.case_id = one.case_id;
        recorded.customer = one.customer;
        recorded.with("name", name)
            .with("type", "text")
            .with("value", std::move(value))
            .with("given_by", "caller")
            .with("verified", "")
            .with("sensitivity", sensitivity)
            .with_flag("sensitive", false);
        events.push_back(recorded);
    };
    datum("email", "personal", mark(one, "case_personal", "C" + unique(), "", Needed::Always));
    datum("document",
          "internal",
          mark(one, "case_document", "E" + unique(), "", Needed::Always, true));
}

void Population::add_account(const One& one) {
    const std::string cents = unique();
    const std::string number = mark(one, "account", "A" + unique(), "balance", Needed::Verified);
    const std::string status = mark(one, "debt", "S" + unique(), "balance", Needed::Verified);
    markers.back().is_financial = true;
    mark(one, "balance", cents, "balance", Needed::Verified);
    markers.back().is_financial = true;
    auto connection = world_.fresh.database.connect().value();
    REQUIRE(connection.execute(
        "INSERT INTO directory_account (company_id, customer_id, number, product, balance_cents,"
        " currency, due_on, status, as_of_us) VALUES (?, ?, ?, 'Luz', ?, 'EUR', ?, ?, ?)",
        {world_.company,
         one.customer,
         number,
         std::int64_t{std::stoll(cents)},
         "2026-12-01",
         status,
         World::now()}));
}

void Population::add_live(const One& one) {
    server::ContactView contact;
    contact.id = one.contact;
    contact.company = world_.company;
    contact.line = LineId{Uuid{1, 1}};
    contact.line_name = "Servicio";
    contact.state = server::ContactState::Talking;
    contact.customer = one.customer;
    contact.customer_name = "Nombre";
    contact.case_id = one.case_id;
    contact.case_reference = one.reference;
    contact.case_subject = "La factura";
    contact.caller = mark(one, "live_caller", "+349" + unique(), "numbers", Needed::Always);
    contact.outside = mark(one, "live_outside", "+344" + unique(), "", Needed::Always);
    contact.context.push_back({"email",
                               mark(one, "live_personal", "L" + unique(), "", Needed::Always),
                               "caller",
                               World::now(),
                               "",
                               Sensitivity::Personal});
    world_.port.change([&](FakeControlPort& port) { port.view.contacts.push_back(contact); });
}

Population::One Population::add(bool is_verified) {
    constexpr std::uint64_t kOfOneRound = 100;
    const std::uint64_t number = seed_ * kOfOneRound + all.size();
    const One one{
        world_.make<CustomerId>(),
        world_.make<ContactId>(),
        world_.make<CaseId>(),
        cases::make_reference(store::reference_key_bits(7), kOfOneRound * kOfOneRound + number)
            .value()};
    std::vector<Event> events;
    add_customer(one, events);
    add_contact(one, is_verified, events);
    add_case(one, events);
    world_.commit(events);
    add_account(one);
    add_live(one);
    all.push_back(one);
    return one;
}

/// Every GET that may show somebody: each template with each id that belongs in it.
std::vector<std::string> readings(const Population& people) {
    std::vector<std::string> targets;
    for (const Route& route : routes()) {
        if (route.method != "GET") continue;
        const std::string path{route.path};
        const std::size_t open = path.find('{');
        if (open == std::string::npos) {
            targets.push_back(path);
            continue;
        }
        const std::string name = path.substr(open, path.find('}') - open + 1);
        for (const Population::One& one : people.all) {
            const std::string id = name == "{customer_id}"  ? one.customer.to_string()
                                   : name == "{contact_id}" ? one.contact.to_string()
                                   : name == "{case_id}"    ? one.case_id.to_string()
                                   : name == "{reference}"  ? one.reference
                                                            : "";
            if (!id.empty()) targets.push_back(std::string{path}.replace(open, name.size(), id));
        }
    }
    targets.push_back("/api/v1/customers?text=nombre&limit=200");
    for (const Population::One& one : people.all) {
        targets.push_back("/api/v1/contacts?customer_id=" + one.customer.to_string());
    }
    return targets;
}

/// A role of random permissions, and somebody who has it.
Reader hire(World& world, Rng& rng, const std::string& role) {
    Reader reader;
    const auto at_times = [&](Permission permission) {
        if (rng.below(2) == 0) reader.permissions.add(permission);
    };
    // Most read customers: who does not sees nothing anyway.
    if (rng.below(8) != 0) reader.permissions.add(Permission::ReadCustomers);
    for (const Permission permission : {Permission::TakeContacts,
                                        Permission::SeePersonal,
                                        Permission::WatchFloor,
                                        Permission::Reveal,
                                        Permission::RevealFinancial,
                                        Permission::ListenToAll,
                                        Permission::ReadTraces,
                                        Permission::ReadAudit,
                                        Permission::ReadFigures}) {
        at_times(permission);
    }
    auto connection = world.fresh.database.connect().value();
    REQUIRE(identity::save_role(
        connection,
        world.company,
        {.key = role, .name_es = "R", .name_en = "R", .permissions = reader.permissions}));
    return reader;
}

/// Gives an agent one of the callers; nobody else.
void hand(World& world, const std::string& login, const Population::One& one, Reader& reader) {
    auto connection = world.fresh.database.connect().value();
    const auto row = connection
                         .query_one(
                             "SELECT a.id FROM agent a JOIN app_user u ON u.id = a.user_id"
                             " WHERE u.login = ?",
                             {login})
                         .value();
    server::AgentView agent;
    agent.id = row->get<AgentId>(0).value();
    agent.name = "Persona";
    agent.state = server::AgentState::Talking;
    agent.since = World::now();
    agent.contact = one.contact;
    world.port.change([&](FakeControlPort& port) { port.view.agents.push_back(agent); });
    reader.caller = one.customer;
    reader.contact = one.contact;
}

struct Tally {
    std::map<std::string, int> shown, kept;
};

void reveal_some(Person& person, Population& people, Reader& reader) {
    for (const char* field : {"document", "address", "born_on", "notes", "numbers", "balance"}) {
        const auto& one = people.all[people.rng().below(people.all.size())];
        const json::object body{{"fields", json::array{field}},
                                {"reason", "Lo pide el cliente por escrito"}};
        const Got got = person.post("/api/v1/customers/" + one.customer.to_string() + "/reveal",
                                    json::serialize(body));
        const bool is_own = reader.caller == one.customer && !reader.is_verified;
        const std::set<std::string> questions{"document", "address", "born_on"};
        const bool is_question = questions.contains(field);
        const bool may = reader.permissions.has(
            field == std::string{"balance"} ? Permission::RevealFinancial : Permission::Reveal);
        if (!may) {
            CHECK(got.status == 403);
        } else if (is_own && is_question) {
            CHECK(got.status == 409);
        } else {
            CHECK(got.status == 200);
            reader.revealed.insert({one.customer, field});
        }
    }
}

void read_all(Person& person, const Population& people, const Reader& reader, Tally& tally) {
    std::set<std::string> met;
    for (const std::string& target : readings(people)) {
        const Got got = person.get(target);
        for (const Marker& marker : people.markers) {
            if (got.reply.body.find(marker.text) == std::string::npos) continue;
            INFO(target, " shows ", marker.kind, " in ", got.reply.body);
            CHECK(reader.may_see(marker));
            met.insert(marker.text);
        }
    }
    if (!reader.permissions.has(Permission::ReadCustomers)) return;
    for (const Marker& marker : people.markers) {
        const bool is_met = met.contains(marker.text);
        ++(is_met ? tally.shown : tally.kept)[marker.kind];
        // What only the floor tells is not there for all who read customers.
        if (marker.kind.starts_with("live_")) continue;
        INFO(marker.kind);
        CHECK(is_met == reader.may_see(marker));
    }
}

void check_frames(World& world,
                  const Person& person,
                  const Population& people,
                  std::int64_t since) {
    WebSocket socket{world.server->port(),
                     "/api/v1/events?since=" + std::to_string(since),
                     person.credentials()};
    if (!socket.is_open()) return;
    const std::int64_t last = world.journal->last_committed();
    for (;;) {
        const auto text = socket.receive();
        REQUIRE(text.has_value());
        for (const Marker& marker : people.markers) {
            INFO(marker.kind, " in ", *text);
            CHECK(text->find(marker.text) == std::string::npos);
        }
        if (json::parse(*text).at("seq").as_int64() >= last) return;
    }
}

}  // namespace

TEST_CASE("no answer and no frame has a byte of what is above the session's clearance") {
    constexpr std::uint64_t kRounds = 24;
    World world;
    Tally tally;
    for (std::uint64_t seed = 1; seed <= kRounds; ++seed) {
        CAPTURE(seed);
        const std::int64_t since = world.journal->last_committed();
        world.port.change([](FakeControlPort& port) { port.view.contacts.clear(); });
        Population people{world, seed};
        const bool is_verified = people.rng().below(2) == 0;
        for (int i = 0; i < 3; ++i) people.add(is_verified);
        const std::string role = "papel_" + std::to_string(seed);
        Reader reader = hire(world, people.rng(), role);
        reader.is_verified = is_verified;
        const std::string login = world.add_person(role, world.company);
        if (reader.permissions.has(Permission::TakeContacts) && people.rng().below(4) != 0) {
            hand(world, login, people.all[people.rng().below(3)], reader);
        }
        Person person = world.sign_in(login);
        read_all(person, people, reader, tally);
        reveal_some(person, people, reader);
        read_all(person, people, reader, tally);
        check_frames(world, person, people, since);
    }
    // Each kind was met, and each was kept back.
    for (const auto& [kind, times] : tally.kept) {
        INFO(kind);
        CHECK(times > 0);
        CHECK(tally.shown[kind] > 0);
    }
    CHECK(tally.kept.size() == 17);
}

TEST_CASE(
    "a reveal is one field for one session, with its reason in the audit log, until it ends") {
    World world{each_engine()};
    Person ana = world.sign_in("ana");
    const std::string path = "/api/v1/customers/" + world.customer.to_string();
    const auto ask = [&](Person& who, const std::string& fields, const std::string& reason) {
        return who.post(path + "/reveal",
                        R"({"fields":[)" + fields + R"(],"reason":")" + reason + "\"}");
    };
    CHECK(ask(ana, R"("document")", "corto").text("/pointer") == "/reason");
    CHECK(ask(ana, R"("document")", "              ").text("/pointer") == "/reason");
    CHECK(ask(ana, R"("name")", "Lo pide por escrito").text("/pointer") == "/fields/0");
    CHECK(ask(ana, R"("balance")", "Lo pide por escrito").status == 403);
    CHECK(ana.get(path).text("/document") == "•••••678Z");

    const Got shown = ask(ana, R"("document")", "Lo pide por escrito");
    CHECK(shown.status == 200);
    CHECK(shown.text("/customer/document") == "12345678Z");
    CHECK(shown.text("/customer/revealed/0/field") == "document");
    CHECK(shown.text("/customer/revealed/0/until") == shown.text("/until"));
    CHECK(ana.get(path).text("/document") == "12345678Z");
    CHECK(world.sign_in("ana").get(path).text("/document") == "•••••678Z");
    CHECK(world.sign_in("carlos").get(path).text("/document") == "•••••678Z");

    Person auditor = world.sign_in(world.add_person("auditor", world.company));
    const Got log = auditor.get("/api/v1/audit?customer_id=" + world.customer.to_string());
    const auto& entries = log.body.at("items").as_array();
    const auto entry = std::ranges::find_if(entries, [](const json::value& one) {
        return one.at("action") == "reveal_customer" && one.at("outcome") == "allowed" &&
               one.at("reason") == "Lo pide por escrito";
    });
    REQUIRE(entry != entries.end());
    CHECK(entry->at("details").at("fields") == json::array{"document"});
    // Neither a program nor the operator has a session that it could be of.
    Person terminal = world.operator_();
    CHECK(ask(terminal, R"("document")", "Lo pide por escrito").status == 403);
}

TEST_CASE("reveals end at their instant, and there are only so many") {
    Reveals reveals;
    const WallTime now = World::now();
    const CustomerId customer{Uuid{1, 1}};
    CHECK(reveals.add("s", {customer, "address", now + std::chrono::minutes{10}}, now));
    CHECK(reveals.of("s", now + std::chrono::minutes{10} - std::chrono::microseconds{1}).size() ==
          1);
    CHECK(reveals.of("s", now + std::chrono::minutes{10}).empty());
    CHECK(reveals.of("t", now).empty());
    CHECK(reveals.of("", now).empty());
    // The same once more is put off, and not one more.
    CHECK(reveals.add("s", {customer, "address", now + std::chrono::minutes{12}}, now));
    CHECK(reveals.of("s", now).size() == 1);
    for (std::uint64_t i = 1; i < Reveals::kMostOfSession; ++i) {
        CHECK(reveals.add(
            "s", {CustomerId{Uuid{2, i}}, "notes", now + std::chrono::minutes{1}}, now));
    }
    CHECK_FALSE(reveals.add("s", {customer, "notes", now + std::chrono::minutes{1}}, now));
    CHECK(reveals.add("t", {customer, "notes", now + std::chrono::minutes{1}}, now));
    CHECK(reveals.add(
        "s", {customer, "notes", now + std::chrono::minutes{3}}, now + std::chrono::minutes{2}));
}

TEST_CASE("what was shown masked is not saved as a value") {
    World world;
    Person ana = world.sign_in("ana");
    const std::string path = "/api/v1/customers/" + world.customer.to_string();
    const std::string match = "If-Match: " + ana.get(path).reply.header("etag");
    CHECK(ana.send("PATCH", path, R"({"document":"•••••678Z"})", {match}).text("/pointer") ==
          "/document");
    CHECK(ana.send("PATCH", path, R"({"address":"Calle Mayor 1"})", {match}).text("/address") ==
          "•••");
}
