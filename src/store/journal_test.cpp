#include "store/journal.h"

#include <doctest/doctest.h>

#include <future>
#include <mutex>

#include "base/errc.h"
#include "base/rng.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::store;
using namespace escucha::store::testing;

namespace {

const auto kNoon = from_micros(1'763'895'600'000'000);  // 2025-11-23T11:00:00Z

struct World {
    explicit World(const Database& from) : database{from}, reader{from.connect().value()} {
        company = add_company(reader, "Europe/Madrid");
        journal = Journal::open(database).value();
    }
    ContactId contact() { return ContactId::make(kNoon, rng); }
    Event event(std::string_view type, ContactId about) const {
        Event made;
        made.type = type;
        made.at = kNoon;
        made.company = company;
        made.contact = about;
        return made;
    }

    Database database;
    Connection reader;
    Rng rng{7};
    CompanyId company;
    std::unique_ptr<Journal> journal;
};

void on_every_engine(const std::function<void(World&)>& body) {
    for (const auto& fresh : every_engine(Schema::Current)) {
        INFO(fresh.name);
        World world{fresh.database};
        body(world);
    }
}

Batch one(Event event) {
    Batch batch;
    batch.events.push_back(std::move(event));
    return batch;
}

}  // namespace

TEST_CASE("events come back with every field, in order, with numbers without holes") {
    on_every_engine([](World& world) {
        auto event = world.event("datum_given", world.contact());
        event.case_id = CaseId::make(kNoon, world.rng);
        event.customer = CustomerId::make(kNoon, world.rng);
        event.agent = AgentId::make(kNoon, world.rng);
        event.queue = QueueId::make(kNoon, world.rng);
        event.with("name", "nie").with("value", "ñ\"\\\n").with("n", std::int64_t{-3});
        event.with("score", 0.5).with_flag("verified", true);
        const auto first = world.journal->append_and_wait(one(event)).value();
        const auto second = world.journal->append_and_wait(one(event)).value();
        CHECK(first.first == 1);
        CHECK(second.first == 2);

        const auto read = read_since(world.reader, world.company, 0, 10).value();
        REQUIRE(read.size() == 2);
        CHECK(read[0] == encode(event, 1));
        CHECK(read[1] == encode(event, 2));
        CHECK(read[0].data ==
              R"({"name":"nie","value":"ñ\"\\\n","n":-3,"score":5E-1,"verified":true})");
        CHECK(read_since(world.reader, world.company, 1, 10).value().size() == 1);
        CHECK(read_since(world.reader, world.company, 0, 1).value().size() == 1);
        CHECK(last_seq(world.reader).value() == 2);
    });
}

TEST_CASE("a company reads only its own events") {
    on_every_engine([](World& world) {
        const auto other = add_company(world.reader, "America/Bogota");
        const auto contact = world.contact();
        REQUIRE(world.journal->append_and_wait(one(world.event("x", contact))));
        CHECK(read_since(world.reader, other, 0, 10).value().empty());
        CHECK(read_contact_events(world.reader, other, contact).value().empty());
        CHECK(read_contact_events(world.reader, world.company, contact).value().size() == 1);
    });
}

TEST_CASE("callbacks run in the order of append, with contiguous numbers, after subscribers") {
    on_every_engine([](World& world) {
        constexpr int kBatches = 500;
        std::vector<std::int64_t> acknowledged;
        std::vector<std::int64_t> announced;
        std::promise<void> all;
        const auto id = world.journal->subscribe([&](const CommittedEvents& events) {
            for (const auto& event : *events) announced.push_back(event.seq);
        });
        for (int i = 0; i < kBatches; ++i) {
            Batch batch = one(world.event("a", world.contact()));
            batch.events.push_back(world.event("b", world.contact()));
            REQUIRE(world.journal->append(std::move(batch), [&](Result<Committed> done) {
                acknowledged.push_back(done.value().first);
                CHECK(done.value().count == 2);
                CHECK(announced.back() >= done.value().first + 1);
                if (acknowledged.size() == kBatches) all.set_value();
            }));
        }
        all.get_future().get();
        for (int i = 0; i < kBatches; ++i) {
            CHECK(acknowledged[static_cast<std::size_t>(i)] == 2 * i + 1);
        }
        REQUIRE(announced.size() == 2 * kBatches);
        CHECK(announced.back() == 2 * kBatches);
        world.journal->unsubscribe(id);
        REQUIRE(world.journal->append_and_wait(one(world.event("c", world.contact()))));
        CHECK(announced.size() == 2 * kBatches);
        const auto counters = world.journal->counters();
        CHECK(counters.events == 2 * kBatches + 1);
        CHECK(counters.commits <= kBatches + 1);
    });
}

TEST_CASE("live rows are written, replaced and removed with their events") {
    on_every_engine([](World& world) {
        const auto stays = world.contact();
        const auto goes = world.contact();
        Batch batch = one(world.event("contact_arrived", stays));
        batch.live = {LiveContact{stays, world.company, "v1"},
                      LiveContact{goes, world.company, "x"},
                      LiveState{"acd", "{}"},
                      LiveState{"old", "{}"}};
        REQUIRE(world.journal->append_and_wait(std::move(batch)));
        Batch next;
        next.live = {LiveContact{stays, world.company, "v2"},
                     LiveContactGone{goes},
                     LiveState{"acd", "{\"n\":1}"},
                     LiveStateGone{"old"}};
        const auto committed = world.journal->append_and_wait(std::move(next)).value();
        CHECK(committed.count == 0);

        const auto live = load_live(world.reader).value();
        REQUIRE(live.contacts.size() == 1);
        CHECK(live.contacts[0].contact == stays);
        CHECK(live.contacts[0].company == world.company);
        CHECK(live.contacts[0].blob == "v2");
        REQUIRE(live.states.size() == 1);
        CHECK(live.states[0].blob == "{\"n\":1}");
    });
}

TEST_CASE("of several states of a live row in one commit the last one stays") {
    on_every_engine([](World& world) {
        const auto stays = world.contact();
        const auto goes = world.contact();
        const auto change = [&](LiveChange first, LiveChange second) {
            Batch batch;
            batch.live = {std::move(first), std::move(second)};
            REQUIRE(world.journal->append(std::move(batch), {}));
        };
        std::promise<void> entered;
        std::promise<void> go;
        auto gate = go.get_future();
        // The writer is held inside a callback, so that what follows becomes one commit.
        REQUIRE(world.journal->append(one(world.event("x", stays)), [&](const auto&) {
            entered.set_value();
            gate.wait();
        }));
        entered.get_future().wait();
        change(LiveContact{stays, world.company, "v1"}, LiveContact{goes, world.company, "v1"});
        change(LiveState{"acd", "1"}, LiveState{"old", "1"});
        change(LiveContact{stays, world.company, "v2"}, LiveContactGone{goes});
        change(LiveState{"acd", "2"}, LiveStateGone{"old"});
        const auto commits = world.journal->counters().commits;
        go.set_value();
        REQUIRE(world.journal->append_and_wait(one(world.event("y", stays))));
        CHECK(world.journal->counters().commits <= commits + 2);

        const auto live = load_live(world.reader).value();
        REQUIRE(live.contacts.size() == 1);
        CHECK(live.contacts[0].contact == stays);
        CHECK(live.contacts[0].blob == "v2");
        REQUIRE(live.states.size() == 1);
        CHECK(live.states[0].name == "acd");
        CHECK(live.states[0].blob == "2");
    });
}

TEST_CASE("a batch the database refuses fails alone and uses no number") {
    on_every_engine([](World& world) {
        const auto open_case = [&](std::string reference) {
            auto event = world.event("case_opened", world.contact());
            event.case_id = CaseId::make(kNoon, world.rng);
            event.with("reference", std::move(reference));
            return one(std::move(event));
        };
        REQUIRE(world.journal->append_and_wait(open_case("1")));
        std::vector<std::future<Result<Committed>>> outcomes;
        for (const char* reference : {"2", "1", "3"}) {
            auto promise = std::make_shared<std::promise<Result<Committed>>>();
            outcomes.push_back(promise->get_future());
            REQUIRE(world.journal->append(open_case(reference), [promise](Result<Committed> done) {
                promise->set_value(std::move(done));
            }));
        }
        CHECK(outcomes[0].get().value().first == 2);
        CHECK(outcomes[1].get().error().code == store::Errc::Unique);
        CHECK(outcomes[2].get().value().first == 3);
        CHECK(last_seq(world.reader).value() == 3);
        CHECK(world.journal->counters().rejected_batches == 1);
        CHECK(world.journal->health() == JournalHealth::Writing);
    });
}

TEST_CASE("what a refused batch would have counted is not counted, and its neighbours' is") {
    on_every_engine([](World& world) {
        const auto call = [&](std::string reference) {
            const ContactId contact = world.contact();
            auto arrived = world.event("contact_arrived", contact);
            arrived.with("line", "600");
            auto opened = world.event("case_opened", contact);
            opened.case_id = CaseId::make(kNoon, world.rng);
            opened.with("reference", std::move(reference));
            Batch batch;
            batch.events = {std::move(arrived), std::move(opened)};
            return batch;
        };
        // The writer takes its time over the first, so that the others share a commit.
        std::promise<void> begun;
        std::promise<void> go_on;
        std::thread slow{[&] {
            CHECK(world.journal->write([&](Connection&) -> Result<void> {
                begun.set_value();
                go_on.get_future().wait();
                return ok();
            }));
        }};
        begun.get_future().wait();
        std::vector<bool> outcomes;
        for (const char* reference : {"1", "2", "1"}) {
            REQUIRE(world.journal->append(call(reference), [&](const Result<Committed>& done) {
                outcomes.push_back(done.has_value());
            }));
        }
        std::thread other{[&] {
            CHECK(world.journal
                      ->write([](Connection&) -> Result<void> {
                          return fail(escucha::Errc::Forbidden, "no");
                      })
                      .error()
                      .code == escucha::Errc::Forbidden);
        }};
        go_on.set_value();
        slow.join();
        other.join();
        REQUIRE(world.journal->append_and_wait(call("3")));
        CHECK(outcomes == std::vector{true, true, false});
        const auto row = world.reader.query_one("SELECT arrived FROM line_day").value();
        REQUIRE(row.has_value());
        CHECK(row->get<std::int64_t>(0).value() == 3);
    });
}

TEST_CASE("other rows are written through the journal's connection, and fail alone") {
    on_every_engine([](World& world) {
        const std::string_view sql = "INSERT INTO installation (name, value) VALUES ('a', 'b')";
        const auto insert = [&](Connection& connection) -> Result<void> {
            ESC_TRY(connection.execute(sql));
            return ok();
        };
        REQUIRE(world.journal->write(insert));
        CHECK(world.journal->write(insert).error().code == store::Errc::Unique);
        CHECK(world.journal
                  ->write([](Connection&) -> Result<void> {
                      return fail(escucha::Errc::Forbidden, "no");
                  })
                  .error()
                  .code == escucha::Errc::Forbidden);
        CHECK(world.reader.query("SELECT value FROM installation").value().size() == 1);
        REQUIRE(world.journal->append_and_wait(one(world.event("x", world.contact()))));
    });
}

TEST_CASE("a journal closed with batches waiting writes them first") {
    on_every_engine([](World& world) {
        int acknowledged = 0;
        for (int i = 0; i < 200; ++i) {
            REQUIRE(world.journal->append(one(world.event("x", world.contact())),
                                          [&](Result<Committed> done) {
                                              if (done) ++acknowledged;
                                          }));
        }
        world.journal.reset();
        CHECK(acknowledged == 200);
        CHECK(last_seq(world.reader).value() == 200);
        world.journal = Journal::open(world.database).value();
        CHECK(world.journal->last_committed() == 200);
        CHECK(
            world.journal->append_and_wait(one(world.event("x", world.contact()))).value().first ==
            201);
    });
}

TEST_CASE("a full queue refuses, one batch below the limit does not") {
    auto fresh = sqlite_file(Schema::Current);
    auto connection = fresh.database.connect().value();
    const auto company = add_company(connection, "UTC");
    JournalOptions options;
    options.congested_at = 2;
    options.limit = 3;
    auto journal = Journal::open(fresh.database, options).value();
    std::promise<void> entered;
    std::promise<void> go;
    auto gate = go.get_future();
    // The writer is held inside a callback, so that the queue fills.
    Event event;
    event.type = "x";
    event.company = company;
    REQUIRE(journal->append(one(event), [&](const Result<Committed>&) {
        entered.set_value();
        gate.wait();
    }));
    entered.get_future().wait();
    REQUIRE(journal->append(one(event), {}));
    CHECK_FALSE(journal->is_congested());
    REQUIRE(journal->append(one(event), {}));
    CHECK(journal->is_congested());
    REQUIRE(journal->append(one(event), {}));
    CHECK(journal->append(one(event), {}).error().code == store::Errc::Full);
    CHECK(journal->counters().queued == 3);
    go.set_value();
    journal.reset();
    CHECK(last_seq(connection).value() == 4);
}

TEST_CASE("a second writer of the same journal is refused") {
    for (auto* make : {&sqlite_file, &postgres}) {
        const auto fresh = make(Schema::Current);
        auto first = Journal::open(fresh.database).value();
        CHECK(Journal::open(fresh.database).error().code == store::Errc::Busy);
        first.reset();
        CHECK(Journal::open(fresh.database));
    }
}

TEST_CASE("blocks of references never overlap") {
    on_every_engine([](World& world) {
        CHECK(reserve_reference_block(world.reader, world.company, 10).value() == 1);
        CHECK(reserve_reference_block(world.reader, world.company, kMaxReferenceBlock).value() ==
              11);
        CHECK(reserve_reference_block(world.reader, world.company, 1).value() ==
              11 + kMaxReferenceBlock);
        CHECK_FALSE(reserve_reference_block(world.reader, world.company, 0));
        CHECK_FALSE(reserve_reference_block(world.reader, world.company, kMaxReferenceBlock + 1));
        CHECK(reserve_reference_block(world.reader, CompanyId::make(kNoon, world.rng), 1)
                  .error()
                  .code == escucha::Errc::NotFound);
    });
}

TEST_CASE("no read of a long journal scans it") {
    const auto fresh = sqlite_file(Schema::Current);
    auto connection = fresh.database.connect().value();
    for (const std::string sql :
         {"SELECT COALESCE(MAX(seq), 0) FROM event",
          "SELECT data FROM event WHERE company_id = 'c' AND seq > 7 ORDER BY seq LIMIT 100",
          "SELECT data FROM event WHERE contact_id = 'c' AND company_id = 'd' ORDER BY seq",
          "SELECT data FROM event WHERE case_id = 'c' AND company_id = 'd' ORDER BY seq",
          "SELECT data FROM event WHERE customer_id = 'c' AND company_id = 'd' ORDER BY seq DESC",
          "SELECT id FROM contact WHERE customer_id = 'c' ORDER BY arrived_at_us DESC LIMIT 20",
          "SELECT id FROM contact WHERE company_id = 'c' AND id < 'd' ORDER BY id DESC LIMIT 20",
          "SELECT id FROM case_file WHERE company_id = 'c' AND status = 'open' AND id < 'd'"
          " ORDER BY id DESC LIMIT 20",
          "SELECT id FROM case_file WHERE customer_id = 'c' ORDER BY opened_at_us DESC LIMIT 20",
          "SELECT id FROM case_file WHERE company_id = 'c' AND reference = '1'",
          "SELECT id FROM case_note WHERE case_id = 'c' ORDER BY created_at_us",
          "SELECT seq FROM agent_state_log WHERE agent_id = 'a' AND ended_at_us IS NULL"}) {
        INFO(sql);
        const auto plan = connection.query("EXPLAIN QUERY PLAN " + sql).value();
        REQUIRE(plan.size() == 1);
        const auto step = plan[0].get<std::string>(3).value();
        INFO(step);
        CHECK(step.starts_with("SEARCH"));
    }
}
