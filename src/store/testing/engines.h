#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/sql.h"
#include "store/testing/temporary_folder.h"

namespace escucha::store::testing {

enum class Schema { Empty, Current };

/// An empty database and what keeps it alive.
struct FreshDatabase {
    std::string name;  ///< "sqlite file", "sqlite memory" or "postgres".
    std::string url;
    std::unique_ptr<TemporaryFolder> folder;  ///< Of the SQLite file.
    Database database;
};

/// One fresh database per engine, for the contract tests. Without a PostgreSQL the process ends
/// with what is missing: half a contract is no contract. The server is started once per process.
std::vector<FreshDatabase> every_engine(Schema schema);

FreshDatabase sqlite_file(Schema schema);
FreshDatabase postgres(Schema schema);

/// Stops the PostgreSQL server as in a crash and starts it again.
void crash_postgres();

/// Inserts a company with this zone; the key is the id's text.
CompanyId add_company(Connection& connection, std::string_view zone);

}  // namespace escucha::store::testing
