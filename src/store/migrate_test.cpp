#include "store/migrate.h"

#include <doctest/doctest.h>

#include <array>
#include <thread>

#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::store;
using namespace escucha::store::testing;

namespace {

constexpr std::array<Migration, 2> kTwo{{
    {1, "0001_first", "CREATE TABLE a (\n    id BIGINT PRIMARY KEY\n);\n"},
    {2, "0002_second", "ALTER TABLE a ADD COLUMN name TEXT NOT NULL DEFAULT 'x';\n"},
}};
const auto kNow = from_micros(1'000'000);

void on_every_engine(const std::function<void(const Database&)>& body) {
    for (const auto& fresh : every_engine(Schema::Empty)) {
        INFO(fresh.name);
        body(fresh.database);
    }
}

}  // namespace

TEST_CASE("migrations are applied in order, once") {
    on_every_engine([](const Database& database) {
        const auto first = migrate(database, std::span{kTwo}.first(1), kNow).value();
        CHECK(first.from == 0);
        CHECK(first.to == 1);
        auto connection = database.connect().value();
        REQUIRE(connection.execute("INSERT INTO a VALUES (7)"));

        const auto second = migrate(database, kTwo, kNow).value();
        CHECK(second.applied == std::vector<std::string>{"0002_second"});
        CHECK(connection.query_one("SELECT name FROM a").value()->get<std::string>(0).value() ==
              "x");
        CHECK(migrate(database, kTwo, kNow).value().applied.empty());
    });
}

TEST_CASE("a database of a newer program is refused with what to do") {
    on_every_engine([](const Database& database) {
        REQUIRE(migrate(database, kTwo, kNow));
        const auto refused = migrate(database, std::span{kTwo}.first(1), kNow);
        CHECK(refused.error().code == store::Errc::NewerSchema);
        CHECK(refused.error().detail ==
              "the database has schema 2, this program knows up to 1; start the version that wrote "
              "it, or a later one");
    });
}

TEST_CASE("a migration changed after it was applied is refused by name") {
    on_every_engine([](const Database& database) {
        REQUIRE(migrate(database, kTwo, kNow));
        auto changed = kTwo;
        changed[0].sql = "CREATE TABLE b (\n    id BIGINT PRIMARY KEY\n);\n";
        const auto refused = migrate(database, changed, kNow);
        CHECK(refused.error().code == store::Errc::ChangedMigration);
        CHECK(refused.error().detail == "0001_first");
    });
}

TEST_CASE("a migration that fails leaves the database at the one before") {
    on_every_engine([](const Database& database) {
        auto broken = kTwo;
        broken[1].sql = "CREATE TABLE c (\n    id BIGINT\n);\nINSERT INTO nowhere VALUES (1);\n";
        const auto failed = migrate(database, broken, kNow);
        REQUIRE_FALSE(failed);
        CHECK(failed.error().detail.starts_with("0002_second: "));
        auto connection = database.connect().value();
        CHECK(schema_version(connection).value() == 1);
        CHECK_FALSE(connection.query("SELECT id FROM c"));
        CHECK(migrate(database, kTwo, kNow).value().to == 2);
    });
}

TEST_CASE("two programs that start together apply each migration once") {
    on_every_engine([](const Database& database) {
        std::array<std::size_t, 2> applied{};
        std::array<std::thread, 2> programs;
        for (std::size_t i = 0; i < 2; ++i) {
            programs[i] = std::thread{[&database, &count = applied[i]] {
                const auto report = migrate(database, kTwo, kNow);
                if (report) count = report.value().applied.size();
            }};
        }
        for (auto& program : programs) program.join();
        CHECK(applied[0] + applied[1] == 2);
    });
}

TEST_CASE("the embedded migrations make the same tables on both engines") {
    for (const auto& fresh : every_engine(Schema::Current)) {
        INFO(fresh.name);
        auto connection = fresh.database.connect().value();
        CHECK(schema_version(connection).value() == embedded_migrations().back().version);
        for (const std::string table : {"event", "contact", "case_file", "queue_day", "session"}) {
            CHECK(connection.query("SELECT * FROM " + table).value().empty());
        }
        const auto wrong = connection.execute(
            "INSERT INTO event VALUES ('uno', 0, 'c', 't', NULL, NULL, NULL, NULL, NULL, '')");
        CHECK_MESSAGE(!wrong, "columns hold the type they declare");
    }
}

TEST_CASE("cases that were there before are found by words without accents") {
    on_every_engine([](const Database& database) {
        constexpr std::size_t kBefore = 3;
        REQUIRE(migrate(database, embedded_migrations().first(kBefore), kNow));
        auto connection = database.connect().value();
        REQUIRE(connection.execute(
            "INSERT INTO case_file (id, company_id, reference, subject, topic, status,"
            " opened_at_us, updated_at_us) VALUES ('1', '1', '1', 'AVERÍA y Contraseña', 'outage',"
            " 'open', 0, 0)"));
        REQUIRE(migrate(database, embedded_migrations(), kNow));
        const auto row = connection.query_one("SELECT search_key FROM case_file");
        REQUIRE(row);
        CHECK(row.value()->get<std::string>(0).value() == "averia y contrasena outage");
    });
}

TEST_CASE("fenced lines reach one engine only") {
    const std::string_view sql =
        "a;\n-- only sqlite\nb;\n-- end only\n-- only postgres\nc;\n-- end only\nd;";
    CHECK(translate(sql, Engine::Sqlite).find("c;") == std::string::npos);
    CHECK(translate(sql, Engine::Sqlite).find("b;") != std::string::npos);
    CHECK(translate(sql, Engine::Postgres).find("b;") == std::string::npos);
    CHECK(translate(sql, Engine::Postgres).find("d;") != std::string::npos);
}
