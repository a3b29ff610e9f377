#include "store/sql.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <limits>

#include "base/rng.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::store;
using namespace escucha::store::testing;

namespace {

constexpr std::string_view kThing =
    "CREATE TABLE thing (id TEXT PRIMARY KEY, number BIGINT, weight DOUBLE PRECISION, name TEXT "
    "NOT "
    "NULL, bytes BYTEA)";

void make_thing(Connection& connection) {
    const bool is_sqlite = connection.engine() == Engine::Sqlite;
    REQUIRE(connection.run_script(is_sqlite ? "CREATE TABLE thing (id TEXT PRIMARY KEY, number "
                                              "INTEGER, weight REAL, name TEXT NOT NULL, bytes "
                                              "BLOB) STRICT"
                                            : kThing));
}

void on_every_engine(const std::function<void(const Database&)>& body) {
    for (const auto& fresh : every_engine(Schema::Empty)) {
        INFO(fresh.name);
        body(fresh.database);
    }
}

}  // namespace

TEST_CASE("every kind of value comes back as it went in") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        make_thing(connection);
        Rng rng{1};
        const auto id = ContactId::make(from_micros(1'700'000'000'000'000), rng);
        const Bytes bytes{std::byte{0}, std::byte{0xFF}, std::byte{0x27}};
        const std::int64_t least = std::numeric_limits<std::int64_t>::min();
        REQUIRE(connection.execute("INSERT INTO thing VALUES (?, ?, ?, ?, ?)",
                                   {id, least, 0.1, "José 'ñ' \"?\" 😀", bytes}));
        const auto row = connection.query_one("SELECT id, number, weight, name, bytes FROM thing");
        REQUIRE(row);
        REQUIRE(row.value());
        const auto fields = row.value()->as<ContactId, std::int64_t, double, std::string, Bytes>();
        REQUIRE(fields);
        CHECK(std::get<0>(fields.value()) == id);
        CHECK(std::get<1>(fields.value()) == least);
        CHECK(std::get<2>(fields.value()) == 0.1);
        CHECK(std::get<3>(fields.value()) == "José 'ñ' \"?\" 😀");
        CHECK(std::get<4>(fields.value()) == bytes);
    });
}

TEST_CASE("a null is read as an empty optional and refused as a value") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        make_thing(connection);
        REQUIRE(connection.execute("INSERT INTO thing VALUES (?, ?, ?, ?, ?)",
                                   {"a", nullptr, std::optional<double>{}, "", nullptr}));
        const auto row = connection.query_one("SELECT number, name FROM thing").value();
        CHECK_FALSE(row->get<std::optional<std::int64_t>>(0).value().has_value());
        CHECK(row->get<std::int64_t>(0).error().code == store::Errc::TypeMismatch);
        CHECK(row->get<std::string>(1).value().empty());
    });
}

TEST_CASE("a column read as another type is a mismatch that names the column") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        const auto row = connection.query_one("SELECT 1, 'uno', 2").value();
        CHECK(row->get<std::string>(0).error().detail == "column 0 is not text");
        CHECK(row->get<std::int64_t>(1).error().detail == "column 1 is not an integer");
        CHECK(row->get<CompanyId>(1).error().detail == "column 1 is not an id");
        CHECK(row->get<bool>(0).value());
        CHECK(row->get<bool>(2).error().detail == "column 2 is not 0 or 1");
        CHECK(row->get<std::int64_t>(3).error().code == store::Errc::TypeMismatch);
    });
}

TEST_CASE("sums are whole numbers on both engines") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        make_thing(connection);
        REQUIRE(connection.execute("INSERT INTO thing VALUES ('a', ?, 1.5, '', ?)", {2, nullptr}));
        REQUIRE(connection.execute("INSERT INTO thing VALUES ('b', ?, 2.0, '', ?)", {40, nullptr}));
        const auto row =
            connection.query_one("SELECT SUM(number), COUNT(*), SUM(weight) FROM thing").value();
        CHECK(row->get<std::int64_t>(0).value() == 42);
        CHECK(row->get<std::int64_t>(1).value() == 2);
        CHECK(row->get<double>(2).value() == 3.5);
    });
}

TEST_CASE("text that is not UTF-8, or holds a zero byte, is mended on its way in") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        make_thing(connection);
        const std::string dirty{"a\0b\xFF\xC3", 5};
        REQUIRE(connection.execute("INSERT INTO thing (id, name) VALUES (?, ?)", {"dirty", dirty}));
        const auto row = connection.query_one("SELECT name FROM thing").value();
        CHECK(row->get<std::string>(0).value() == "a\uFFFDb\uFFFD\uFFFD");
    });
}

TEST_CASE("a second row with the same key is Unique, a null where none may be is Constraint") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        make_thing(connection);
        const std::string_view sql = "INSERT INTO thing (id, name) VALUES (?, ?)";
        REQUIRE(connection.execute(sql, {"a", "x"}));
        CHECK(connection.execute(sql, {"a", "y"}).error().code == store::Errc::Unique);
        CHECK(connection.execute(sql, {"b", nullptr}).error().code == store::Errc::Constraint);
        CHECK(connection.execute("INSERT INTO nothing VALUES (1)").error().code ==
              store::Errc::BadStatement);
        CHECK(connection.execute("UPDATE thing SET name = ?", {"z"}).value() == 1);
    });
}

TEST_CASE("an error never repeats the value that was refused") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        make_thing(connection);
        const std::string_view sql = "INSERT INTO thing (id, name) VALUES (?, ?)";
        REQUIRE(connection.execute(sql, {"Secreto", "x"}));
        const auto twice = connection.execute(sql, {"Secreto", "x"});
        CHECK(twice.error().detail.find("Secreto") == std::string::npos);
        const auto typed = connection.execute(
            "INSERT INTO thing (id, name, number) VALUES ('a', 'b', ?)", {"Secreto"});
        REQUIRE_FALSE(typed);
        CHECK(typed.error().detail.find("Secreto") == std::string::npos);
    });
}

TEST_CASE("what is not committed is gone, what is committed is there for every connection") {
    on_every_engine([](const Database& database) {
        auto writer = database.connect().value();
        auto reader = database.connect(Access::ReadOnly).value();
        make_thing(writer);
        {
            auto tx = Tx::begin(writer).value();
            REQUIRE(writer.execute("INSERT INTO thing (id, name) VALUES ('a', 'x')"));
        }
        {
            auto tx = Tx::begin(writer).value();
            REQUIRE(writer.execute("INSERT INTO thing (id, name) VALUES ('b', 'x')"));
            REQUIRE(tx.commit());
        }
        const auto rows = reader.query("SELECT id FROM thing").value();
        REQUIRE(rows.size() == 1);
        CHECK(rows[0].get<std::string>(0).value() == "b");
    });
}

TEST_CASE("a connection for reading refuses to write") {
    on_every_engine([](const Database& database) {
        auto writer = database.connect().value();
        make_thing(writer);
        auto reader = database.connect(Access::ReadOnly).value();
        CHECK_FALSE(reader.execute("INSERT INTO thing (id, name) VALUES ('a', 'x')"));
    });
}

TEST_CASE("the wrong number of parameters is refused") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        CHECK_FALSE(connection.query("SELECT CAST(? AS TEXT)"));
        CHECK_FALSE(connection.query("SELECT 1", {1}));
        CHECK(connection.query("SELECT 'a ? b', CAST(? AS TEXT) -- why?\n", {"c"}).value().size() ==
              1);
    });
}

TEST_CASE("more statements than the cache holds still work") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        for (int round = 0; round < 2; ++round) {
            for (std::size_t i = 0; i <= kMaxCachedStatements; ++i) {
                const auto row = connection.query_one("SELECT " + std::to_string(i));
                REQUIRE(row);
                REQUIRE(row.value()->get<std::int64_t>(0).value() == static_cast<std::int64_t>(i));
            }
        }
    });
}

TEST_CASE("one row more than the limit is an error, the limit itself is not") {
    on_every_engine([](const Database& database) {
        auto connection = database.connect().value();
        const std::string_view sql =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " SELECT i FROM n";
        const auto limit = static_cast<std::int64_t>(kMaxRows);
        CHECK(connection.query(sql, {limit}).value().size() == kMaxRows);
        CHECK(connection.query(sql, {limit + 1}).error().code == store::Errc::Full);
    });
}

TEST_CASE("addresses that are none are refused with what was expected") {
    CHECK(Database::open("mysql://x").error().code == store::Errc::BadUrl);
    CHECK(Database::open("sqlite:").error().code == store::Errc::BadUrl);
    CHECK(Database::open("sqlite:/nowhere/at/all.db").error().code == store::Errc::Io);
    CHECK(Database::open("host=/nowhere user=nobody").error().code == store::Errc::Io);
}

TEST_CASE("a file that is not a database is called damaged") {
    const TemporaryFolder folder;
    const auto path = (folder.path() / "x.db").string();
    auto* file = std::fopen(path.c_str(), "w");
    for (int i = 0; i < 1000; ++i) std::fputs("not a database ", file);
    std::fclose(file);
    CHECK(Database::open("sqlite:" + path).error().code == store::Errc::Corrupt);
}

TEST_CASE("the database file is for its owner only") {
    const auto fresh = sqlite_file(Schema::Empty);
    const auto mode = std::filesystem::status(fresh.database.path()).permissions();
    CHECK((mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) ==
          std::filesystem::perms::none);
}

TEST_CASE("placeholders are numbered outside literals, names and comments") {
    CHECK(number_placeholders("a = ? AND b = ?").sql == "a = $1 AND b = $2");
    CHECK(number_placeholders("'?' || ? || \"?\" -- ?\n + ? /* ? */ + ?").sql ==
          "'?' || $1 || \"?\" -- ?\n + $2 /* ? */ + $3");
    CHECK(number_placeholders("'it''s ?' , ?").sql == "'it''s ?' , $1");
    CHECK(number_placeholders("'open ?").sql == "'open ?");
}

TEST_CASE("search keys fold case, accents and punctuation") {
    CHECK(search_key("  José NÚÑEZ-Peña ") == "jose nunez pena");
    CHECK(search_key("Łódź; Ångström, Œuvre") == "lodz angstrom ouvre");
    CHECK(search_key("12345678Z") == "12345678z");
    CHECK(search_key("日本") == "日本");
    CHECK(search_key("") == "");
}

TEST_CASE("cleaned text is valid, and cleaning it again changes nothing") {
    const bool holds = rc::check([](const std::string& any) {
        const std::string once = clean_text(any);
        RC_ASSERT(clean_text(once) == once);
        RC_ASSERT(once.find('\0') == std::string::npos);
    });
    CHECK(holds);
}

TEST_CASE("a bad byte is found wherever it stands in plain text") {
    const std::string plain = "plain text, twenty by";
    CHECK(clean_text(plain) == plain);
    for (std::size_t i = 0; i < plain.size(); ++i) {
        for (const char bad : {'\0', '\x80', '\xFF'}) {
            CAPTURE(i);
            std::string text = plain;
            text[i] = bad;
            CHECK(clean_text(text) == plain.substr(0, i) + "\xEF\xBF\xBD" + plain.substr(i + 1));
        }
    }
}
