#include "store/sql.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "store/detail/driver.h"
#include "store/detail/postgres_driver.h"
#include "store/detail/sqlite_driver.h"

namespace escucha::store {
namespace detail {

struct Origin {
    Engine engine = Engine::Sqlite;
    std::string where;  ///< What the driver opens.
    std::string path;   ///< The file, for SQLite on disk.
    // Keeps a database in memory alive while no other connection is open.
    std::unique_ptr<Driver> anchor;
};

}  // namespace detail

namespace {

std::span<const Param> as_span(std::initializer_list<Param> params) {
    return {params.begin(), params.size()};
}

Result<std::unique_ptr<detail::Driver>> open_driver(const detail::Origin& origin, Access access) {
    if (origin.engine == Engine::Sqlite) {
        ESC_TRY(auto driver, detail::SqliteDriver::open(origin.where, access));
        return std::unique_ptr<detail::Driver>{std::move(driver)};
    }
    ESC_TRY(auto driver, detail::PostgresDriver::open(origin.where, access));
    return std::unique_ptr<detail::Driver>{std::move(driver)};
}

// The file holds personal data: nobody but its owner reads it. SQLite gives its journal files the
// same mode. A failure here is met again, with a better message, when SQLite opens the file.
void create_private_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) ::close(file);
}

Result<void> prepare_sqlite_file(detail::Driver& driver) {
    ESC_TRY(const auto mode, driver.run("PRAGMA journal_mode", {}));
    ESC_TRY(const auto name, mode.rows.at(0).get<std::string>(0));
    // Asked for only when needed: the change takes an exclusive lock.
    if (name != "wal") {
        ESC_TRY(driver.script("PRAGMA journal_mode = WAL"));
    }
    return ok();
}

std::string next_memory_name() {
    static std::atomic<std::uint64_t> next{1};
    return "file:/escucha-" + std::to_string(next.fetch_add(1)) + "?vfs=memdb";
}

bool is_postgres(std::string_view url) {
    return url.starts_with("postgres://") || url.starts_with("postgresql://") ||
           url.find('=') != std::string_view::npos;
}

/// Skips a quoted stretch that starts at `at`; the index after it.
std::size_t end_of_quoted(std::string_view sql, std::size_t at, std::string_view closing) {
    const std::size_t end = sql.find(closing, at);
    return end == std::string_view::npos ? sql.size() : end + closing.size();
}

std::size_t end_of_skipped(std::string_view sql, std::size_t at) {
    if (sql[at] == '\'') return end_of_quoted(sql, at + 1, "'");
    if (sql[at] == '"') return end_of_quoted(sql, at + 1, "\"");
    if (sql.substr(at, 2) == "--") return end_of_quoted(sql, at + 2, "\n");
    if (sql.substr(at, 2) == "/*") return end_of_quoted(sql, at + 2, "*/");
    return at;
}

}  // namespace

Numbered number_placeholders(std::string_view sql) {
    Numbered out;
    out.sql.reserve(sql.size() + 16);
    for (std::size_t at = 0; at < sql.size();) {
        const std::size_t end = end_of_skipped(sql, at);
        if (end != at) {
            out.sql.append(sql.substr(at, end - at));
            at = end;
        } else if (sql[at] == '?') {
            out.sql.append("$").append(std::to_string(++out.count));
            ++at;
        } else {
            out.sql.push_back(sql[at++]);
        }
    }
    return out;
}

Connection::Connection(std::unique_ptr<detail::Driver> driver) : driver_{std::move(driver)} {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Engine Connection::engine() const { return driver_->engine(); }

Result<std::int64_t> Connection::execute(std::string_view sql,
                                         std::initializer_list<Param> params) {
    return execute(sql, as_span(params));
}

Result<std::int64_t> Connection::execute(std::string_view sql, std::span<const Param> params) {
    ESC_TRY(const auto outcome, driver_->run(sql, params));
    return outcome.changed;
}

Result<Rows> Connection::query(std::string_view sql, std::initializer_list<Param> params) {
    return query(sql, as_span(params));
}

Result<Rows> Connection::query(std::string_view sql, std::span<const Param> params) {
    ESC_TRY(auto outcome, driver_->run(sql, params));
    return std::move(outcome.rows);
}

Result<std::optional<Row>> Connection::query_one(std::string_view sql,
                                                 std::initializer_list<Param> params) {
    return query_one(sql, as_span(params));
}

Result<std::optional<Row>> Connection::query_one(std::string_view sql,
                                                 std::span<const Param> params) {
    ESC_TRY(auto rows, query(sql, params));
    if (rows.empty()) return std::optional<Row>{};
    return std::optional<Row>{std::move(rows.front())};
}

Result<void> Connection::run_script(std::string_view sql) { return driver_->script(sql); }

Result<Database> Database::open(std::string_view url) {
    auto origin = std::make_shared<detail::Origin>();
    if (url == "sqlite::memory:") {
        origin->where = next_memory_name();
        ESC_TRY(origin->anchor, open_driver(*origin, Access::ReadWrite));
    } else if (url.starts_with("sqlite:")) {
        url.remove_prefix(7);
        if (url.starts_with("//")) url.remove_prefix(2);
        if (url.empty()) return fail(Errc::BadUrl, "sqlite: needs a path");
        origin->path = url;
        origin->where = url;
        create_private_file(origin->path);
        ESC_TRY(const auto driver, open_driver(*origin, Access::ReadWrite));
        ESC_TRY(prepare_sqlite_file(*driver));
    } else if (is_postgres(url)) {
        origin->engine = Engine::Postgres;
        origin->where = url;
        ESC_TRY(open_driver(*origin, Access::ReadWrite));
    } else {
        return fail(Errc::BadUrl, "expected sqlite:PATH or postgres://...");
    }
    return Database{std::move(origin)};
}

Result<void> Connection::see(std::optional<CompanyId> company) { return driver_->see(company); }

Result<Connection> Database::connect(Access access) const {
    ESC_TRY(auto driver, open_driver(*origin_, access));
    return Connection{std::move(driver)};
}

Engine Database::engine() const { return origin_->engine; }

const std::string& Database::path() const { return origin_->path; }

Result<Tx> Tx::begin(Connection& connection, TxKind kind) {
    const bool is_sqlite = connection.engine() == Engine::Sqlite;
    const std::string_view sql =
        kind == TxKind::Write
            ? (is_sqlite ? "BEGIN IMMEDIATE" : "BEGIN")
            : (is_sqlite ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    ESC_TRY(connection.execute(sql));
    return Tx{connection};
}

Tx::~Tx() { rollback(); }

Result<void> Tx::commit() {
    auto outcome = connection_->execute("COMMIT");
    if (!outcome) {
        rollback();
        return std::move(outcome).error();
    }
    connection_ = nullptr;
    return ok();
}

void Tx::rollback() {
    if (connection_ == nullptr) return;
    // Nobody can act on a failed rollback: the engine rolls back when the connection closes.
    static_cast<void>(connection_->execute("ROLLBACK"));
    connection_ = nullptr;
}

}  // namespace escucha::store
