#include "audit/log.h"

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::audit;
using namespace escucha::store::testing;
using namespace std::chrono_literals;

namespace {

const WallTime kStart = from_micros(1'790'000'000'000'000);

SigningKeys keys_in(const TemporaryFolder& folder) {
    return SigningKeys::open(folder.path() / "audit.keys", SigningKeys::WhenMissing::Make, kStart)
        .value();
}

Entry reading(CompanyId company, UserId user, std::vector<CustomerId> customers, WallTime at) {
    Entry entry;
    entry.company = company;
    entry.at = at;
    entry.who = {ActorKind::User, user.to_string()};
    entry.session = "0123456789abcdef";
    entry.action = "get_customer";
    entry.object_kind = "customer";
    entry.object_id = customers.empty() ? "" : customers.front().to_string();
    entry.customers = std::move(customers);
    entry.reason = "una reclamación";
    entry.details = R"({"status":200})";
    return entry;
}

/// A log in a fresh database of one engine.
struct Rig {
    explicit Rig(FreshDatabase database, LogOptions options = {})
        : fresh{std::move(database)},
          db{fresh.database.connect().value()},
          journal{store::Journal::open(fresh.database).value()},
          log{*journal, keys, options} {}

    void add(CompanyId of, std::vector<CustomerId> customers, WallTime at = kStart) {
        REQUIRE(log.append_and_wait(reading(of, user, std::move(customers), at), 5s));
    }
    Report verified(CompanyId of) { return verify(db, of, &keys).value(); }

    TemporaryFolder folder;
    SigningKeys keys = keys_in(folder);
    FreshDatabase fresh;
    store::Connection db;
    std::unique_ptr<store::Journal> journal;
    Log log;
    CompanyId company{Uuid{1, 1}}, other{Uuid{1, 2}};
    UserId user{Uuid{2, 1}};
    CustomerId ana{Uuid{3, 1}}, luis{Uuid{3, 2}};
};

template <typename Test>
void on_every_engine(Test test, LogOptions options = {}) {
    for (auto& fresh : every_engine(Schema::Current)) {
        const std::string name = fresh.name;
        CAPTURE(name);
        Rig rig{std::move(fresh), options};
        test(rig);
    }
}

}  // namespace

TEST_CASE(
    "entries are numbered and linked in each company on its own, and read back to the letter") {
    on_every_engine([](Rig& rig) {
        rig.add(rig.company, {rig.ana});
        rig.add(rig.other, {rig.luis});
        rig.add(rig.company, {rig.ana, rig.luis}, kStart - 1h);
        const auto links = read_links(rig.db, rig.company, 0, 100, 100).value();
        REQUIRE(links.size() == 2);
        CHECK(links[0].entry.number == 1);
        Entry expected = reading(rig.company, rig.user, {rig.ana, rig.luis}, kStart - 1h);
        expected.number = 2;
        CHECK(links[1].entry == expected);
        for (const CompanyId company : {rig.company, rig.other}) {
            const Report report = rig.verified(company);
            CHECK_FALSE(report.first.has_value());
            CHECK(report.entries == (company == rig.company ? 2 : 1));
        }
        const auto audited = audited_companies(rig.db).value();
        CHECK(std::set(audited.begin(), audited.end()) == std::set{rig.company, rig.other});
        CHECK(audited.size() == 2);
    });
}

TEST_CASE("what is not text, or too long, is entered as both engines can keep it, and verifies") {
    on_every_engine([](Rig& rig) {
        Entry entry = reading(rig.company, rig.user, {}, kStart);
        entry.reason = "una \xff" + std::string(kMaxReasonBytes, 'z');
        entry.object_id = std::string("a\0b", 3);
        entry.details = std::string(kMaxDetailsBytes + 1, ' ');
        entry.customers.assign(kMaxCustomers + 1, rig.ana);
        REQUIRE(rig.log.append_and_wait(entry, 5s));
        const auto read = read_links(rig.db, rig.company, 0, 1, 1).value().front().entry;
        CHECK(read.reason.starts_with("una \xEF\xBF\xBDz"));
        CHECK(read.details == "{}");
        CHECK(read.customers.size() == kMaxCustomers);
        CHECK_FALSE(rig.verified(rig.company).first.has_value());
    });
}

TEST_CASE("who has seen a customer, and what a user did, newest first and page by page") {
    on_every_engine([](Rig& rig) {
        for (int i = 0; i < 10; ++i) {
            rig.add(rig.company, {i % 2 == 0 ? rig.ana : rig.luis}, kStart + i * 1min);
        }
        rig.add(rig.other, {rig.ana});
        const auto numbers = [&](Search what) {
            std::vector<std::int64_t> found;
            const auto entries = search(rig.db, what).value();
            for (const Entry& entry : entries) found.push_back(entry.number);
            return found;
        };
        using Numbers = std::vector<std::int64_t>;
        CHECK(numbers({.company = rig.company, .customer = rig.ana}) == Numbers{9, 7, 5, 3, 1});
        CHECK(numbers({.company = rig.company, .customer = rig.ana, .below = 7, .limit = 2}) ==
              Numbers{5, 3});
        CHECK(numbers({.company = rig.company, .actor = rig.user.to_string(), .limit = 3}) ==
              Numbers{10, 9, 8});
        CHECK(numbers({.company = rig.company, .actor = "nobody"}).empty());
        CHECK(numbers({.company = rig.company, .from = kStart + 2min, .to = kStart + 5min}) ==
              Numbers{5, 4, 3});
        CHECK(numbers({.company = rig.company, .from = kStart + 2min, .below = 4}) == Numbers{3});
        CHECK(numbers({.company = rig.company,
                       .customer = rig.ana,
                       .actor = rig.user.to_string(),
                       .to = kStart + 5min}) == Numbers{5, 3, 1});
    });
}

TEST_CASE("neither engine lets a row be changed or taken away") {
    on_every_engine([](Rig& rig) {
        rig.add(rig.company, {rig.ana});
        REQUIRE(rig.log.seal(Log::Seal::Everything, kStart, 5s));
        for (const char* table : {"audit_entry", "audit_subject", "audit_checkpoint"}) {
            CAPTURE(table);
            const std::string name{table};
            CHECK_FALSE(rig.db.execute("UPDATE " + name + " SET company_id = 'x'"));
            CHECK_FALSE(rig.db.execute("DELETE FROM " + name));
            if (rig.db.engine() == store::Engine::Postgres) {
                CHECK_FALSE(rig.db.run_script("TRUNCATE " + name));
            }
        }
        CHECK(rig.verified(rig.company).entries == 1);
    });
}

TEST_CASE("a checkpoint comes with so many entries, after so long, and when it is asked for") {
    on_every_engine(
        [](Rig& rig) {
            for (int i = 0; i < 8; ++i) rig.add(rig.company, {rig.ana});
            // The first one, then every third.
            CHECK(rig.verified(rig.company).checkpoints == 3);
            CHECK(rig.verified(rig.company).unsealed == 1);
            rig.add(rig.company, {rig.ana}, kStart + kCheckpointAfter);
            CHECK(rig.verified(rig.company).checkpoints == 4);
            rig.add(rig.company, {rig.ana}, kStart - 1h);  // put back: due all the same
            CHECK(rig.verified(rig.company).checkpoints == 5);
            rig.add(rig.company, {rig.ana}, kStart - 1h);
            REQUIRE(rig.log.seal(Log::Seal::Due, kStart - 1h, 5s));
            CHECK(rig.verified(rig.company).unsealed == 1);
            REQUIRE(rig.log.seal(Log::Seal::Everything, kStart - 1h, 5s));
            CHECK(rig.verified(rig.company).unsealed == 0);
            REQUIRE(rig.log.seal(Log::Seal::Everything, kStart, 5s));
            CHECK(rig.verified(rig.company).checkpoints == 6);
            CHECK_FALSE(rig.verified(rig.company).first.has_value());
        },
        {.checkpoint_every = 3});
}

TEST_CASE("entries of many threads make one chain, and share commits") {
    on_every_engine([](Rig& rig) {
        constexpr int kThreads = 16;
        constexpr int kEach = 40;
        std::vector<std::thread> threads;
        std::atomic<int> failed{0};
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&rig, &failed, i] {
                const CompanyId company = i % 4 == 0 ? rig.other : rig.company;
                for (int j = 0; j < kEach; ++j) {
                    const auto done =
                        rig.log.append_and_wait(reading(company, rig.user, {rig.ana}, kStart), 30s);
                    if (!done) ++failed;
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        CHECK(failed == 0);
        CHECK(rig.verified(rig.company).entries == 12 * kEach);
        CHECK(rig.verified(rig.other).entries == 4 * kEach);
        CHECK_FALSE(rig.verified(rig.company).first.has_value());
        const auto counters = rig.log.counters();
        CHECK(counters.entries == kThreads * kEach);
        CHECK(counters.commits < counters.entries / 2);
    });
}

TEST_CASE("a row that somebody changed in the database is found, also what no entry can hold") {
    for (const char* change : {"outcome = 'allowed '",
                               "reason = 'x'",
                               "customers = 'nobody'",
                               "contact_id = 'x'",
                               "actor_kind = 'ghost'",
                               "details = '{}'"}) {
        CAPTURE(change);
        Rig rig{sqlite_file(Schema::Current)};
        for (int i = 0; i < 5; ++i) rig.add(rig.company, {rig.ana});
        REQUIRE(rig.db.run_script("DROP TRIGGER audit_entry_unchanged"));
        REQUIRE(
            rig.db.execute("UPDATE audit_entry SET " + std::string{change} + " WHERE number = 3"));
        CHECK(rig.verified(rig.company).first == Finding{Fault::Changed, 3});
        CHECK(search(rig.db, {.company = rig.company}).value().size() == 5);
    }
}

TEST_CASE("a reading hidden from its customer, or put down to another, is found by the index") {
    for (const char* change :
         {"DELETE FROM audit_subject WHERE number = 3",
          "UPDATE audit_subject SET number = 4 WHERE number = 3",
          "UPDATE audit_subject SET customer_id = 'x' WHERE number = 3 AND customer_id LIKE '%1'",
          "INSERT INTO audit_subject VALUES ('00000000-0000-0001-0000-000000000001',"
          " '00000000-0000-0003-0000-000000000009', 3)"}) {
        CAPTURE(change);
        Rig rig{sqlite_file(Schema::Current)};
        for (int i = 0; i < 3; ++i) rig.add(rig.company, {rig.ana, rig.luis});
        REQUIRE_FALSE(rig.verified(rig.company).first.has_value());
        REQUIRE(rig.db.run_script(
            "DROP TRIGGER audit_subject_unchanged; DROP TRIGGER audit_subject_kept;"));
        REQUIRE(rig.db.run_script(change));
        CHECK(rig.verified(rig.company).first == Finding{Fault::Unindexed, 3});
    }
}

TEST_CASE("a journal that has stopped takes no entry, and says so") {
    Rig rig{sqlite_file(Schema::Current)};
    rig.add(rig.company, {rig.ana});
    // Somebody else wrote to the journal: its writer stops at what is not its own.
    Event foreign;
    foreign.type = "bug_met";
    foreign.company = rig.company;
    REQUIRE(store::import_events(rig.db, std::vector{foreign}));
    Event own = foreign;
    own.with("number", std::int64_t{1});
    CHECK_FALSE(rig.journal->append_and_wait({.events = {own}, .live = {}}));
    const auto refused = rig.log.append_and_wait(reading(rig.company, rig.user, {}, kStart), 5s);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == store::Errc::Closed);
    CHECK(rig.verified(rig.company).entries == 1);
}
