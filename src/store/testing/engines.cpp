#include "store/testing/engines.h"

#include <atomic>
#include <iostream>

#include "base/rng.h"
#include "base/time.h"
#include "store/migrate.h"
#include "store/testing/postgres_cluster.h"

namespace escucha::store::testing {
namespace {

template <typename T>
T must(Result<T> result, const char* what) {
    if (result) return std::move(result).value();
    std::cerr << what << ": " << result.error().message() << std::endl;
    std::abort();
}

PostgresCluster& cluster() {
    static PostgresCluster server = must(PostgresCluster::start(), "PostgreSQL for the tests");
    return server;
}

Database prepare(const std::string& url, Schema schema) {
    Database database = must(Database::open(url), url.c_str());
    if (schema == Schema::Current) must(migrate(database, from_micros(0)), "migrate");
    return database;
}

}  // namespace

FreshDatabase sqlite_file(Schema schema) {
    auto folder = std::make_unique<TemporaryFolder>();
    std::string url = "sqlite:" + (folder->path() / "escucha.db").string();
    Database database = prepare(url, schema);
    return {"sqlite file", std::move(url), std::move(folder), std::move(database)};
}

FreshDatabase postgres(Schema schema) {
    std::string url = must(cluster().create_database(), "create a database");
    Database database = prepare(url, schema);
    return {"postgres", std::move(url), nullptr, std::move(database)};
}

std::vector<FreshDatabase> every_engine(Schema schema) {
    std::vector<FreshDatabase> engines;
    engines.push_back(sqlite_file(schema));
    engines.push_back(
        {"sqlite memory", "sqlite::memory:", nullptr, prepare("sqlite::memory:", schema)});
    engines.push_back(postgres(schema));
    return engines;
}

void crash_postgres() {
    auto done = cluster().crash_and_restart();
    if (done) return;
    std::cerr << done.error().message() << std::endl;
    std::abort();
}

CompanyId add_company(Connection& connection, std::string_view zone) {
    static std::atomic<std::uint64_t> seed{1};
    Rng rng{seed.fetch_add(1)};
    const auto id = CompanyId::make(from_micros(1), rng);
    must(connection.execute("INSERT INTO company (id, key, name, country, calling_code, zone,"
                            " currency, language, reference_key, created_at_us)"
                            " VALUES (?, ?, 'Prueba', 'ES', '34', ?, 'EUR', 'es', 7, 0)",
                            {id, id.to_string(), zone}),
         "add a company");
    return id;
}

}  // namespace escucha::store::testing
