#include "store/projections.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <array>
#include <map>

#include "base/rng.h"
#include "store/journal.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::store;
using namespace escucha::store::testing;

namespace {

const auto kMorning = from_micros(1'795'420'800'000'000);  // 2026-11-23T08:00:00Z

/// Writes one event at a time and reads the tables it should have changed.
struct World {
    explicit World(const Database& database) : connection{database.connect().value()} {
        company = add_company(connection, "Europe/Madrid");
    }
    Event event(std::string_view type, std::int64_t after_s) const {
        Event made;
        made.type = type;
        made.at = kMorning + std::chrono::seconds{after_s};
        made.company = company;
        made.contact = contact;
        return made;
    }
    void write(const Event& made) {
        const std::vector<Event> events{made};
        REQUIRE(import_events(connection, events));
    }
    std::int64_t number(const std::string& sql) {
        const auto row = connection.query_one(sql);
        REQUIRE_MESSAGE(row, sql);
        REQUIRE_MESSAGE(row.value(), sql);
        return row.value()->get<std::int64_t>(0).value();
    }
    std::string text(const std::string& sql) {
        const auto row = connection.query_one(sql);
        REQUIRE_MESSAGE(row, sql);
        REQUIRE_MESSAGE(row.value(), sql);
        return row.value()->get<std::optional<std::string>>(0).value().value_or("(null)");
    }
    std::string state() { return text("SELECT state FROM contact"); }

    Connection connection;
    CompanyId company;
    Rng rng{5};
    ContactId contact = ContactId::make(kMorning, rng);
    CaseId case_id = CaseId::make(kMorning, rng);
    CustomerId customer = CustomerId::make(kMorning, rng);
    AgentId agent = AgentId::make(kMorning, rng);
    QueueId queue = QueueId::make(kMorning, rng);
};

void on_every_engine(const std::function<void(World&)>& body) {
    for (const auto& fresh : every_engine(Schema::Current)) {
        INFO(fresh.name);
        World world{fresh.database};
        body(world);
    }
}

Event arrived(World& world) {
    auto event = world.event("contact_arrived", 0);
    event.with("channel", "call").with("direction", "inbound").with("line", "L1");
    event.with("caller", "+34600100001").with("dialled", "100").with("flow", "F1");
    event.with("flow_version", std::int64_t{3}).with("language", "es");
    return event;
}

/// Answered after 20.001 s, 60 s of talk with a hold in it, and the caller hangs up.
void talk_and_end(World& world) {
    auto left = world.event("contact_left_queue", 50);
    left.queue = world.queue;
    world.write(left.with("reason", "answered").with("wait_ms", std::int64_t{20'001}));
    auto connected = world.event("contact_connected", 50);
    connected.agent = world.agent;
    world.write(connected.with("ring_ms", std::int64_t{4'000}));
    CHECK(world.state() == "talking");
    world.write(world.event("hold_started", 60));
    CHECK(world.state() == "held");
    world.write(world.event("hold_ended", 65));
    CHECK(world.state() == "talking");
    auto apart = world.event("contact_disconnected", 110);
    apart.agent = world.agent;
    apart.with("talk_ms", std::int64_t{55'000}).with("hold_ms", std::int64_t{5'000});
    world.write(apart);
    auto ended = world.event("contact_ended", 110);
    ended.with("outcome", "served").with("ended_by", "caller");
    world.write(ended.with("duration_ms", std::int64_t{110'000}));
}

/// Every table a projection writes, as text, in an order that does not depend on how it was filled.
std::string picture(Connection& connection) {
    constexpr std::array<std::string_view, 20> kTables{
        "customer ORDER BY id",
        "contact_point ORDER BY id",
        "contact ORDER BY id",
        "case_contact ORDER BY case_id, contact_id",
        "case_file ORDER BY id",
        "case_datum ORDER BY case_id, name",
        "case_note ORDER BY id",
        "disposition ORDER BY seq",
        "recording ORDER BY id",
        "agent_state ORDER BY agent_id",
        "agent_state_log ORDER BY seq",
        "queue_day ORDER BY company_id, queue_id, day",
        "agent_day ORDER BY company_id, agent_id, day",
        "line_day ORDER BY company_id, line_id, day",
        "prompt ORDER BY company_id, language, name",
        "queue_music ORDER BY company_id, queue_id, position",
        "queue_stop ORDER BY queue_id",
        "contact_verification ORDER BY contact_id",
        "alert ORDER BY id",
        "canary ORDER BY id"};
    std::string all;
    for (const auto table : kTables) {
        const auto rows = connection.query("SELECT * FROM " + std::string{table}).value();
        all.append(table).append("\n");
        for (const Row& row : rows) {
            for (std::size_t i = 0; i < row.size(); ++i) {
                if (const auto number = row.get<std::optional<std::int64_t>>(i)) {
                    all += number.value() ? std::to_string(*number.value()) : "null";
                } else {
                    all += row.get<std::string>(i).value();
                }
                all += '|';
            }
            all += '\n';
        }
    }
    return all;
}

}  // namespace

TEST_CASE("a served call leaves its times, its case and the figures of queue, agent and line") {
    on_every_engine([](World& world) {
        world.write(arrived(world));
        CHECK(world.state() == "menu");

        auto opened = world.event("case_opened", 5);
        opened.case_id = world.case_id;
        opened.with("reference", "12345674").with("kind", "claim").with("topic", "bill");
        opened.with("subject", "Cargo").with("opened_by", "flow");
        world.write(opened);
        auto identified = world.event("contact_identified", 6);
        identified.customer = world.customer;
        world.write(identified.with("how", "number").with_flag("verified", false));
        CHECK_MESSAGE(world.text("SELECT customer_id FROM case_file") == world.customer.to_string(),
                      "a case opened before anybody knew who called gets its customer");

        auto queued = world.event("contact_queued", 10);
        queued.queue = world.queue;
        world.write(queued.with("reason", "flow"));
        CHECK(world.state() == "waiting");
        auto offered = world.event("offer_made", 20);
        offered.agent = world.agent;
        world.write(offered);
        CHECK(world.state() == "offered");
        auto returned = world.event("offer_returned", 40);
        returned.agent = world.agent;
        world.write(returned.with("reason", "no_answer"));
        CHECK(world.state() == "waiting");
        auto again = world.event("contact_queued", 40);
        again.queue = world.queue;
        world.write(again.with("reason", "offer_returned"));
        CHECK_MESSAGE(world.number("SELECT offered FROM queue_day") == 1,
                      "a missed offer is not a second entry");

        talk_and_end(world);
        CHECK(world.state() == "ended");
        CHECK(world.number("SELECT wait_ms FROM contact") == 20'001);
        CHECK(world.number("SELECT ring_ms FROM contact") == 4'000);
        CHECK(world.number("SELECT talk_ms FROM contact") == 55'000);
        CHECK(world.number("SELECT hold_ms FROM contact") == 5'000);
        CHECK(world.number("SELECT duration_ms FROM contact") == 110'000);
        CHECK(world.number("SELECT offers FROM contact") == 1);
        CHECK(world.text("SELECT case_id FROM contact") == world.case_id.to_string());
        CHECK(world.text("SELECT agent_id FROM contact") == world.agent.to_string());
        CHECK(world.number("SELECT flow_version FROM contact") == 3);
        CHECK(world.number("SELECT contacts FROM case_file") == 1);
        CHECK(world.number("SELECT answered FROM queue_day") == 1);
        CHECK_MESSAGE(world.number("SELECT answered_20s FROM queue_day") == 0,
                      "20.001 s is not within 20 s");
        CHECK(world.number("SELECT longest_wait_ms FROM queue_day") == 20'001);
        CHECK(world.number("SELECT talk_ms FROM queue_day") == 55'000);
        CHECK(world.number("SELECT missed FROM agent_day") == 1);
        CHECK(world.number("SELECT answered FROM agent_day") == 1);
        CHECK(world.number("SELECT served FROM line_day") == 1);
        CHECK(world.text("SELECT day FROM line_day") == "2026-11-23");
    });
}

TEST_CASE("answered within 20 seconds includes the twentieth") {
    on_every_engine([](World& world) {
        auto left = world.event("contact_left_queue", 50);
        left.queue = world.queue;
        world.write(left.with("reason", "answered").with("wait_ms", std::int64_t{20'000}));
        CHECK(world.number("SELECT answered_20s FROM queue_day") == 1);
    });
}

TEST_CASE("the ways to leave a queue are counted apart") {
    on_every_engine([](World& world) {
        for (const char* reason : {"abandoned", "voicemail", "closed", "transferred"}) {
            auto left = world.event("contact_left_queue", 50);
            left.queue = world.queue;
            world.write(left.with("reason", reason).with("wait_ms", std::int64_t{7}));
        }
        CHECK(world.number("SELECT abandoned FROM queue_day") == 1);
        CHECK(world.number("SELECT abandoned_wait_ms FROM queue_day") == 7);
        CHECK(world.number("SELECT left_otherwise FROM queue_day") == 3);
        CHECK(world.number("SELECT answered FROM queue_day") == 0);
    });
}

TEST_CASE("an event counts on the company's own day") {
    on_every_engine([](World& world) {
        auto late = arrived(world);
        late.at = parse_rfc3339("2026-11-23T22:59:59.999Z").value();
        world.write(late);
        auto next = arrived(world);
        next.contact = ContactId::make(kMorning, world.rng);
        next.at = parse_rfc3339("2026-11-23T23:00:00Z").value();
        world.write(next);
        CHECK(world.number("SELECT arrived FROM line_day WHERE day = '2026-11-23'") == 1);
        CHECK(world.number("SELECT arrived FROM line_day WHERE day = '2026-11-24'") == 1);
    });
}

TEST_CASE("a recording knows its pauses and its end") {
    on_every_engine([](World& world) {
        const auto about = [&](std::string_view type, std::int64_t at) {
            return world.event(type, at).with("recording", "R1");
        };
        world.write(about("recording_started", 1).with("kind", "call").with("path", "a/b.wav"));
        world.write(about("recording_paused", 2).with("reason", "card"));
        CHECK(world.text("SELECT state FROM recording") == "paused");
        world.write(about("recording_resumed", 5).with("paused_ms", std::int64_t{3'000}));
        auto ended = about("recording_ended", 9);
        ended.with("duration_ms", std::int64_t{8'000}).with("bytes", std::int64_t{128'044});
        world.write(ended.with("sha256", "abc").with_flag("complete", true));
        CHECK(world.text("SELECT state FROM recording") == "done");
        CHECK(world.text("SELECT kind FROM recording") == "call");
        CHECK(world.text("SELECT path FROM recording") == "a/b.wav");
        CHECK(world.text("SELECT sha256 FROM recording") == "abc");
        CHECK(world.number("SELECT paused_ms FROM recording") == 3'000);
        CHECK(world.number("SELECT pauses FROM recording") == 1);
        CHECK(world.number("SELECT duration_ms FROM recording") == 8'000);
        CHECK(world.number("SELECT bytes FROM recording") == 128'044);
        CHECK(world.number("SELECT is_complete FROM recording") == 1);
    });
}

TEST_CASE("a note shows its newest version, whatever the order of arrival") {
    on_every_engine([](World& world) {
        const auto save = [&](std::int64_t version, const char* what) {
            auto note = world.event("note_saved", version);
            note.case_id = world.case_id;
            note.agent = world.agent;
            world.write(note.with("note", "N1").with("version", version).with("text", what));
        };
        save(1, "uno");
        save(3, "tres");
        save(2, "dos");
        CHECK(world.text("SELECT text FROM case_note") == "tres");
        CHECK(world.number("SELECT version FROM case_note") == 3);
        CHECK(world.number("SELECT COUNT(*) FROM event WHERE type = 'note_saved'") == 3);
    });
}

TEST_CASE("a disposition sets what the case does next, and keeps what it leaves empty") {
    on_every_engine([](World& world) {
        auto opened = world.event("case_opened", 0);
        opened.case_id = world.case_id;
        world.write(opened.with("reference", "1").with("topic", "bill"));
        const auto record = [&](const char* topic, const char* next, const char* due) {
            auto made = world.event("disposition_recorded", 9);
            made.case_id = world.case_id;
            made.agent = world.agent;
            made.with("topic", topic).with("outcome", "follow_up").with("next_step", next);
            world.write(made.with("owner", "U1").with("due", due));
        };
        record("", "Llamar", "2026-11-30");
        CHECK(world.text("SELECT topic FROM case_file") == "bill");
        CHECK(world.text("SELECT next_step FROM case_file") == "Llamar");
        CHECK(world.text("SELECT due FROM case_file") == "2026-11-30");
        CHECK(world.text("SELECT owner FROM case_file") == "U1");
        record("claim", "", "");
        CHECK(world.text("SELECT topic FROM case_file") == "claim");
        CHECK(world.text("SELECT next_step FROM case_file") == "Llamar");
        CHECK(world.number("SELECT COUNT(*) FROM disposition") == 2);
        CHECK(world.number("SELECT dispositions FROM agent_day") == 2);
    });
}

TEST_CASE("a case closed and opened again has no end and no outcome") {
    on_every_engine([](World& world) {
        auto opened = world.event("case_opened", 0);
        opened.case_id = world.case_id;
        world.write(opened.with("reference", "1"));
        auto closed = world.event("case_closed", 5);
        closed.case_id = world.case_id;
        world.write(closed.with("outcome", "solved"));
        CHECK(world.text("SELECT status FROM case_file") == "closed");
        CHECK(world.text("SELECT outcome FROM case_file") == "solved");
        auto again = world.event("case_updated", 9);
        again.case_id = world.case_id;
        world.write(again.with("status", "open"));
        CHECK(world.text("SELECT status FROM case_file") == "open");
        CHECK(world.text("SELECT outcome FROM case_file").empty());
        CHECK(world.number("SELECT COUNT(*) FROM case_file WHERE closed_at_us IS NULL") == 1);
    });
}

TEST_CASE("an agent's states follow one another without a gap") {
    on_every_engine([](World& world) {
        const auto enter =
            [&](std::int64_t at, const char* state, const char* previous, std::int64_t ms) {
                auto changed = world.event("agent_state_changed", at);
                changed.contact.reset();
                changed.agent = world.agent;
                changed.with("state", state).with("reason", "lunch").with("previous", previous);
                world.write(changed.with("previous_ms", ms));
            };
        enter(0, "ready", "signed_out", 0);
        enter(10, "not_ready", "ready", 10'000);
        CHECK(world.number("SELECT COUNT(*) FROM agent_state_log WHERE ended_at_us IS NULL") == 1);
        CHECK(world.number("SELECT SUM(ended_at_us - started_at_us) FROM agent_state_log") ==
              10'000'000);
        CHECK(world.text("SELECT state FROM agent_state") == "not_ready");
        CHECK(world.text("SELECT reason FROM agent_state") == "lunch");
        CHECK(world.number("SELECT ready_ms FROM agent_day") == 10'000);
    });
}

TEST_CASE("customers are changed field by field and found without accents") {
    on_every_engine([](World& world) {
        auto created = world.event("customer_created", 0);
        created.customer = world.customer;
        created.with("name", "José Núñez").with("document_id", "12345678Z");
        world.write(created.with("address", "Calle Mayor 1"));
        auto updated = world.event("customer_updated", 5);
        updated.customer = world.customer;
        world.write(updated.with("name", "José Núñez Peña"));
        CHECK(world.text("SELECT search_key FROM customer") == "jose nunez pena 12345678z");
        CHECK(world.text("SELECT address FROM customer") == "Calle Mayor 1");
        CHECK(world.number("SELECT version FROM customer") == 2);

        auto point = world.event("contact_point_added", 6);
        point.customer = world.customer;
        point.with("point", "P1").with("kind", "number").with("value", "+34600100001");
        world.write(point.with("label", "móvil").with("evidence", "verified"));
        CHECK(world.text("SELECT label FROM contact_point") == "móvil");
        world.write(world.event("contact_point_removed", 7).with("point", "P1"));
        CHECK(world.number("SELECT COUNT(*) FROM contact_point") == 0);
    });
}

TEST_CASE("events of another company change nothing of this one's rows") {
    on_every_engine([](World& world) {
        world.write(arrived(world));
        auto foreign = world.event("contact_ended", 5);
        foreign.company = add_company(world.connection, "UTC");
        world.write(foreign.with("outcome", "served"));
        CHECK(world.state() == "menu");
    });
}

TEST_CASE("a contact that has ended stays ended") {
    on_every_engine([](World& world) {
        world.write(arrived(world));
        world.write(world.event("contact_ended", 5).with("outcome", "fault"));
        auto queued = world.event("contact_queued", 6);
        queued.queue = world.queue;
        world.write(queued);
        world.write(world.event("contact_ended", 9).with("outcome", "served"));
        CHECK(world.state() == "ended");
        CHECK(world.text("SELECT outcome FROM contact") == "fault");
        CHECK(world.number("SELECT fault FROM line_day") == 1);
        CHECK(world.number("SELECT served FROM line_day") == 0);
    });
}

TEST_CASE(
    "a case keeps the last value of each datum, in the order in which they were first given") {
    on_every_engine([](World& world) {
        const auto record = [&](const char* name, std::optional<const char*> value, int at_s) {
            auto event = world.event("case_datum_recorded", at_s);
            event.case_id = world.case_id;
            event.with("name", name).with("type", "date").with("given_by", "caller");
            if (value) event.with("value", *value);
            world.write(event.with("verified", "").with_flag("sensitive", !value));
        };
        record("until", "2026-11-30", 1);
        record("from", "2026-11-29", 2);
        record("balance", std::nullopt, 3);
        record("until", "2026-12-01", 4);
        const auto rows = world.connection.query(
            "SELECT name, value, recorded_at_us FROM case_datum ORDER BY first_seq");
        REQUIRE(rows);
        REQUIRE(rows.value().size() == 3);
        const auto at = [&](std::size_t row) {
            return rows.value()[row]
                .as<std::string, std::optional<std::string>, WallTime>()
                .value();
        };
        CHECK(at(0) == std::tuple{"until", "2026-12-01", kMorning + std::chrono::seconds{4}});
        CHECK(at(1) == std::tuple{"from", "2026-11-29", kMorning + std::chrono::seconds{2}});
        CHECK(at(2) == std::tuple{"balance", std::nullopt, kMorning + std::chrono::seconds{3}});
    });
}

TEST_CASE("local days follow the zone through summer time") {
    const auto day = [](const char* at, const char* zone) {
        return local_day(parse_rfc3339(at).value(), zone);
    };
    CHECK(day("2026-07-01T21:59:59Z", "Europe/Madrid") == "2026-07-01");
    CHECK(day("2026-07-01T22:00:00Z", "Europe/Madrid") == "2026-07-02");
    CHECK(day("2026-11-23T04:59:59Z", "America/Bogota") == "2026-11-22");
    CHECK(day("2026-11-23T04:59:59Z", "Nowhere/Atall") == "2026-11-23");
}

namespace {

/// Any event of any type, about few enough things that they meet.
Event any_event(Rng& rng, const std::vector<CompanyId>& companies, std::int64_t at_s) {
    constexpr std::array<std::string_view, 46> kTypes{
        "contact_arrived",      "contact_identified",   "reask_counted",
        "flow_node_entered",    "language_chosen",      "contact_queued",
        "contact_left_queue",   "offer_made",           "offer_returned",
        "contact_connected",    "hold_started",         "hold_ended",
        "transfer_started",     "contact_disconnected", "contact_ended",
        "recording_started",    "recording_paused",     "recording_resumed",
        "recording_ended",      "case_opened",          "case_linked",
        "reference_spoken",     "case_updated",         "case_closed",
        "note_saved",           "customer_created",     "customer_updated",
        "contact_point_added",  "agent_state_changed",  "contact_point_removed",
        "disposition_recorded", "datum_given",          "bug_met",
        "case_datum_recorded",  "prompt_saved",         "prompt_described",
        "prompt_removed",       "queue_music_chosen",   "queue_stopped",
        "queue_resumed",        "alert_raised",         "canary_alert_raised",
        "alert_acknowledged",   "read_block_lifted",    "canary_planted",
        "canary_removed"};
    constexpr std::array<const char*, 14> kWords{"answered",
                                                 "abandoned",
                                                 "flow",
                                                 "offer_returned",
                                                 "served",
                                                 "voicemail",
                                                 "ready",
                                                 "talking",
                                                 "declined",
                                                 "no_answer",
                                                 "open",
                                                 "call",
                                                 "closed",
                                                 ""};
    const auto small = [&] { return Uuid{1, 1 + rng.below(3)}; };
    const auto word = [&] { return kWords[rng.below(kWords.size())]; };
    Event event;
    event.type = kTypes[rng.below(kTypes.size())];
    event.at = kMorning + std::chrono::seconds{at_s};
    event.company = companies[rng.below(companies.size())];
    event.contact = ContactId{small()};
    const Uuid file = small();
    event.case_id = CaseId{file};
    event.customer = CustomerId{small()};
    event.agent = AgentId{small()};
    event.queue = QueueId{small()};
    for (const char* name :
         {"reason", "outcome", "state", "previous", "kind", "topic", "next_step"}) {
        if (rng.below(4) != 0) event.with(name, word());
    }
    for (const char* name : {"wait_ms", "talk_ms", "hold_ms", "previous_ms", "version", "times"}) {
        event.with(name, static_cast<std::int64_t>(rng.below(60'000)));
    }
    // One reference a case: two cases with one reference are refused before they are journalled.
    event.with("reference", std::to_string(file.low))
        .with("recording", "R" + std::to_string(rng.below(3)));
    event.with("note", "N" + std::to_string(rng.below(3))).with("text", word());
    if (rng.below(2) == 0) event.with("value", word());
    event.with("alert", "W" + std::to_string(rng.below(3)))
        .with("reader", "U" + std::to_string(rng.below(2)))
        .with("canary", "Y" + std::to_string(rng.below(3)))
        .with("planted", "C" + std::to_string(rng.below(3)));
    event.with("prompts", rng.below(2) == 0 ? "uno dos" : "").with("language", "es");
    event.with("point", "P" + std::to_string(rng.below(3)))
        .with("name", "Ñandú")
        .with("line", word());
    event.with_flag("complete", rng.below(2) == 0)
        .with_flag("blocks", rng.below(2) == 0)
        .with("score", rng.unit());
    return event;
}

}  // namespace

TEST_CASE("read tables computed again from any journal are the tables written along the way") {
    for (const auto& fresh : every_engine(Schema::Current)) {
        INFO(fresh.name);
        auto connection = fresh.database.connect().value();
        const std::vector<CompanyId> companies{add_company(connection, "Europe/Madrid"),
                                               add_company(connection, "America/Bogota")};
        auto journal = Journal::open(fresh.database).value();
        Rng rng{20261123};
        std::int64_t at = 0;
        for (int batch = 0; batch < 60; ++batch) {
            Batch made;
            const auto count = 1 + rng.below(20);
            for (std::uint64_t i = 0; i < count; ++i) {
                at += static_cast<std::int64_t>(rng.below(1'200));
                made.events.push_back(any_event(rng, companies, at));
            }
            REQUIRE(journal->append_and_wait(std::move(made)));
        }
        const std::string along_the_way = picture(connection);
        journal.reset();
        CHECK(rebuild_projections(connection).value() == last_seq(connection).value());
        CHECK(picture(connection) == along_the_way);
        CHECK_MESSAGE(along_the_way.size() > 4'000, "the journal changed something");
    }
}
