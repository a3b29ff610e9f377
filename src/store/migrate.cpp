#include "store/migrate.h"

#include <algorithm>
#include <optional>

#include "store/wall.h"

namespace escucha::store {
namespace {

// FNV-1a: tells a changed file from an unchanged one. It guards against mistakes, not malice.
std::int64_t checksum(std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char byte : text) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
    }
    return static_cast<std::int64_t>(hash);
}

void replace_word(std::string& line, std::string_view from, std::string_view to) {
    for (std::size_t at = line.find(from); at != std::string::npos; at = line.find(from, at)) {
        line.replace(at, from.size(), to);
        at += to.size();
    }
}

std::string translate_line(std::string_view source, Engine engine) {
    std::string line{source};
    if (engine == Engine::Postgres || source.starts_with("--")) return line;
    if (source == ");") return ") STRICT;";
    replace_word(line, " BIGINT", " INTEGER");
    replace_word(line, " DOUBLE PRECISION", " REAL");
    replace_word(line, " BYTEA", " BLOB");
    return line;
}

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS schema_migration (\n"
    "version BIGINT PRIMARY KEY,\n"
    "name TEXT NOT NULL,\n"
    "checksum BIGINT NOT NULL,\n"
    "applied_at_us BIGINT NOT NULL\n"
    ");\n";

// Two programs that start together take turns: SQLite by BEGIN IMMEDIATE, PostgreSQL by this lock,
// held to the end of the transaction. The number means nothing; it must only be ours.
Result<void> lock(Connection& connection) {
    if (connection.engine() == Engine::Postgres) {
        ESC_TRY(connection.query("SELECT CAST(pg_advisory_xact_lock(5300911) AS TEXT)"));
    }
    return ok();
}

struct Applied {
    std::int64_t version = 0;
    std::int64_t checksum = 0;
};

Result<std::vector<Applied>> read_applied(Connection& connection) {
    ESC_TRY(connection.run_script(translate(kTable, connection.engine())));
    ESC_TRY(const auto rows,
            connection.query("SELECT version, checksum FROM schema_migration ORDER BY version"));
    std::vector<Applied> applied;
    for (const Row& row : rows) {
        ESC_TRY(const auto fields, (row.as<std::int64_t, std::int64_t>()));
        applied.push_back({std::get<0>(fields), std::get<1>(fields)});
    }
    return applied;
}

Result<void> check_history(std::span<const Applied> applied, std::span<const Migration> known) {
    for (const Applied& row : applied) {
        const auto match =
            std::find_if(known.begin(), known.end(), [&](const Migration& migration) {
                return migration.version == row.version;
            });
        if (match == known.end()) {
            const auto newest = known.empty() ? 0 : known.back().version;
            return fail(Errc::NewerSchema,
                        "the database has schema " + std::to_string(applied.back().version) +
                            ", this program knows up to " + std::to_string(newest) +
                            "; start the version that wrote it, or a later one");
        }
        if (checksum(match->sql) != row.checksum) {
            return fail(Errc::ChangedMigration, std::string{match->name});
        }
    }
    return ok();
}

/// Applies the first migration that is missing; none when the schema is current.
Result<std::optional<std::string>> apply_next(Connection& connection,
                                              std::span<const Migration> known,
                                              WallTime now) {
    ESC_TRY(auto tx, Tx::begin(connection));
    ESC_TRY(lock(connection));
    ESC_TRY(const auto applied, read_applied(connection));
    ESC_TRY(check_history(applied, known));
    if (applied.size() == known.size()) {
        ESC_TRY(tx.commit());
        return std::optional<std::string>{};
    }
    const Migration& next = known[applied.size()];
    if (auto done = connection.run_script(translate(next.sql, connection.engine())); !done) {
        Error error = std::move(done).error();
        error.detail = std::string{next.name} + ": " + error.detail;
        return error;
    }
    ESC_TRY(connection.execute("INSERT INTO schema_migration VALUES (?, ?, ?, ?)",
                               {next.version, next.name, checksum(next.sql), now}));
    ESC_TRY(tx.commit());
    return std::optional<std::string>{next.name};
}

}  // namespace

std::string translate(std::string_view sql, Engine engine) {
    const std::string_view other = engine == Engine::Sqlite ? "-- only postgres" : "-- only sqlite";
    std::string out;
    bool is_skipping = false;
    while (!sql.empty()) {
        const std::string_view line = sql.substr(0, sql.find('\n'));
        sql.remove_prefix(std::min(line.size() + 1, sql.size()));
        if (line == other) is_skipping = true;
        if (!is_skipping) out.append(translate_line(line, engine)).push_back('\n');
        if (line == "-- end only") is_skipping = false;
    }
    return out;
}

Result<std::int64_t> schema_version(Connection& connection) {
    const std::string_view exists =
        connection.engine() == Engine::Sqlite
            ? "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration'"
            : "SELECT 1 FROM pg_catalog.pg_tables WHERE tablename = 'schema_migration' AND "
              "schemaname = ANY (current_schemas(false))";
    ESC_TRY(const auto found, connection.query_one(exists));
    if (!found) return std::int64_t{0};
    ESC_TRY(const auto row,
            connection.query_one("SELECT COALESCE(MAX(version), 0) FROM schema_migration"));
    return row->get<std::int64_t>(0);
}

Result<MigrationReport> migrate(const Database& database, WallTime now) {
    return migrate(database, embedded_migrations(), now);
}

Result<MigrationReport> migrate(const Database& database,
                                std::span<const Migration> migrations,
                                WallTime now) {
    ESC_TRY(auto connection, database.connect());
    MigrationReport report;
    ESC_TRY(report.from, schema_version(connection));
    while (true) {
        ESC_TRY(auto applied, apply_next(connection, migrations, now));
        if (!applied) break;
        report.applied.push_back(std::move(*applied));
    }
    ESC_TRY(report.to, schema_version(connection));
    ESC_TRY(auto tx, Tx::begin(connection));
    ESC_TRY(lock(connection));
    ESC_TRY(raise_wall(connection));
    ESC_TRY(tx.commit());
    return report;
}

}  // namespace escucha::store
