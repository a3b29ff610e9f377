#include "store/backup.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "base/rng.h"
#include "store/journal.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::store;
using namespace escucha::store::testing;

TEST_CASE("a copy made while the journal is written is whole and opens") {
    const auto fresh = sqlite_file(Schema::Current);
    auto connection = fresh.database.connect().value();
    const auto company = add_company(connection, "UTC");
    auto journal = Journal::open(fresh.database).value();
    Event event;
    event.type = "bug_met";
    event.company = company;
    event.with("where", std::string(500, 'x'));
    Batch many;
    many.events.assign(2'000, event);
    REQUIRE(journal->append_and_wait(many));

    std::atomic<bool> stop{false};
    std::thread writer{[&] {
        while (!stop) static_cast<void>(journal->append_and_wait(Batch{{event}, {}}));
    }};
    const auto target = (fresh.folder->path() / "copy.db").string();
    const auto report = backup(fresh.database, target);
    stop = true;
    writer.join();
    REQUIRE(report);
    CHECK(report.value().last_seq >= 2'000);
    CHECK(report.value().bytes > 1'000'000);
    const auto copied = Database::open("sqlite:" + target).value();
    auto reader = copied.connect().value();
    CHECK(last_seq(reader).value() == report.value().last_seq);
    const auto row = reader.query_one("SELECT COUNT(*) FROM event").value();
    CHECK(row->get<std::int64_t>(0).value() == report.value().last_seq);
}

TEST_CASE("a backup never overwrites a file and leaves nothing behind when it fails") {
    const auto fresh = sqlite_file(Schema::Current);
    const auto target = (fresh.folder->path() / "copy.db").string();
    REQUIRE(backup(fresh.database, target));
    CHECK(backup(fresh.database, target).error().code == store::Errc::Constraint);
    const auto nowhere = (fresh.folder->path() / "no" / "copy.db").string();
    CHECK_FALSE(backup(fresh.database, nowhere));
    CHECK_FALSE(std::filesystem::exists(nowhere));
}

TEST_CASE("on PostgreSQL a backup says what to use instead") {
    const auto fresh = postgres(Schema::Empty);
    const auto refused = backup(fresh.database, "/nowhere/copy.db");
    CHECK(refused.error().code == store::Errc::Unsupported);
    CHECK(refused.error().detail.find("pg_dump") != std::string::npos);
}
