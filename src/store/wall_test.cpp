#include "store/wall.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "base/time.h"
#include "store/migrate.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::store;

namespace {

/// The companies of the rows that a query without any condition brings.
std::set<std::string> companies_in(Connection& connection, const std::string& table) {
    const std::string column = table == "company" ? "id" : "company_id";
    std::set<std::string> found;
    const auto rows = connection.query("SELECT " + column + " FROM " + table);
    REQUIRE(rows.has_value());
    for (const Row& row : rows.value()) found.insert(row.get<std::string>(0).value());
    return found;
}

std::set<std::string> names_in(Connection& connection, std::string_view sql) {
    std::set<std::string> found;
    const auto rows = connection.query(sql);
    REQUIRE(rows.has_value());
    for (const Row& row : rows.value()) found.insert(row.get<std::string>(0).value());
    return found;
}

struct TwoCompanies {
    testing::FreshDatabase fresh = testing::postgres(testing::Schema::Current);
    Connection trusted = fresh.database.connect().value();
    CompanyId one = testing::add_company(trusted, "Europe/Madrid");
    CompanyId other = testing::add_company(trusted, "Europe/Madrid");

    TwoCompanies() {
        for (const CompanyId company : {one, other}) {
            const std::string id = company.to_string();
            REQUIRE(
                trusted.execute("INSERT INTO not_ready_reason (company_id, key, name_es,"
                                " name_en, position) VALUES (?, 'comida', 'a', 'b', 1)",
                                {id}));
            REQUIRE(
                trusted.execute("INSERT INTO app_user (id, company_id, login, name,"
                                " password_hash, role, language, created_at_us)"
                                " VALUES (?, ?, ?, 'x', 'x', 'agent', 'es', 0)",
                                {id, id, id}));
            REQUIRE(trusted.execute("INSERT INTO recovery_code VALUES (?, 'hash')", {id}));
        }
    }
};

}  // namespace

TEST_CASE("a query that forgets whose rows it wants gets one company's, and before that nobody's") {
    TwoCompanies two;
    auto connection = two.fresh.database.connect(Access::ReadOneCompany).value();
    REQUIRE(holds_wall(connection).value());
    const std::string one = two.one.to_string();
    const std::string other = two.other.to_string();
    for (const std::string table : {"company", "not_ready_reason", "app_user"}) {
        CAPTURE(table);
        REQUIRE(connection.see(std::nullopt));
        CHECK(companies_in(connection, table).empty());
        REQUIRE(connection.see(two.one));
        CHECK(companies_in(connection, table) == std::set{one});
        REQUIRE(connection.see(two.other));
        CHECK(companies_in(connection, table) == std::set{other});
        CHECK(companies_in(two.trusted, table) == std::set{one, other});
    }
    CHECK(names_in(connection, "SELECT user_id FROM recovery_code") == std::set{other});
    CHECK(names_in(two.trusted, "SELECT user_id FROM recovery_code") == std::set{one, other});
}

TEST_CASE("a connection that never said whose rows it sees has none, and writes nothing") {
    TwoCompanies two;
    auto connection = two.fresh.database.connect(Access::ReadOneCompany).value();
    CHECK(companies_in(connection, "app_user").empty());
    REQUIRE(connection.see(two.one));
    CHECK_FALSE(connection.execute("DELETE FROM app_user").has_value());
}

TEST_CASE("a connection that trusts itself with one company cannot write into another's") {
    TwoCompanies two;
    auto connection = two.fresh.database.connect().value();
    REQUIRE(connection.run_script("SET escucha.sees = ''; SET escucha.company = '" +
                                  two.one.to_string() + "'"));
    CHECK(connection.execute("DELETE FROM not_ready_reason").value() == 1);
    CHECK_FALSE(connection
                    .execute("INSERT INTO not_ready_reason (company_id, key, name_es, name_en,"
                             " position) VALUES (?, 'otra', 'a', 'b', 1)",
                             {two.other})
                    .has_value());
    CHECK(companies_in(two.trusted, "not_ready_reason") == std::set{two.other.to_string()});
}

TEST_CASE("every table is behind the wall, but for those that are no company's") {
    TwoCompanies two;
    const auto open = names_in(two.trusted,
                               "SELECT c.relname FROM pg_catalog.pg_class c"
                               " WHERE c.relnamespace = CAST(current_schema() AS regnamespace)"
                               " AND c.relkind IN ('r', 'p')"
                               " AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS"
                               " (SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid))");
    // Whoever adds a table here says why a reader of one company may see all of it. live_state is
    // the centre's own, of no company, and nobody asks the API for it.
    CHECK(open == std::set<std::string>{"installation", "live_state", "schema_migration"});
}

TEST_CASE("a table that a later migration makes is behind the wall without saying so") {
    TwoCompanies two;
    const auto known = embedded_migrations();
    std::vector<Migration> more{known.begin(), known.end()};
    more.push_back({.version = more.back().version + 1,
                    .name = "later",
                    .sql = "CREATE TABLE later (\n    company_id TEXT NOT NULL\n);\n"});
    REQUIRE(migrate(two.fresh.database, more, from_micros(0)));
    REQUIRE(two.trusted.execute("INSERT INTO later VALUES (?)", {two.one}));
    auto connection = two.fresh.database.connect(Access::ReadOneCompany).value();
    CHECK(companies_in(connection, "later").empty());
    REQUIRE(connection.see(two.one));
    CHECK(companies_in(connection, "later").size() == 1);
}

TEST_CASE("SQLite has no wall: whose rows are wanted is said by each query alone") {
    const auto fresh = testing::sqlite_file(testing::Schema::Current);
    auto connection = fresh.database.connect(Access::ReadOneCompany).value();
    CHECK(holds_wall(connection).value());
    CHECK(connection.see(std::nullopt).has_value());
    CHECK_FALSE(connection.execute("DELETE FROM app_user").has_value());
}
