#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/sql.h"

namespace escucha::store {

/// One file of migrations/, embedded at build time. Numbers start at 1 and have no holes.
struct Migration {
    std::int64_t version = 0;
    std::string_view name;
    std::string_view sql;
};

/// The migrations of this program, in order.
std::span<const Migration> embedded_migrations();

struct MigrationReport {
    std::int64_t from = 0;  ///< 0 is an empty database.
    std::int64_t to = 0;
    std::vector<std::string> applied;
};

/// Brings the schema up to this program's. Each migration is one transaction; two programs that
/// start together take turns. Errors: `NewerSchema` when the database is ahead of the program,
/// `ChangedMigration` when history differs, else what the engine said; the database then is at the
/// last migration that succeeded.
Result<MigrationReport> migrate(const Database& database, WallTime now);
Result<MigrationReport> migrate(const Database& database,
                                std::span<const Migration> migrations,
                                WallTime now);

/// The schema's version; 0 when empty.
Result<std::int64_t> schema_version(Connection& connection);

/// The portable text of a migration as one engine wants it. docs/schema.md describes the dialect.
std::string translate(std::string_view sql, Engine engine);

}  // namespace escucha::store
