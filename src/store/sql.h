#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "store/errc.h"
#include "store/value.h"

namespace escucha::store {

/// One thin layer over SQLite 3.40 and PostgreSQL 15. SQL is written once, with `?` for parameters;
/// what only one engine understands is fenced by `connection.engine()` and listed in
/// docs/schema.md. Nothing throws; every failure is a `store::Errc` with the engine's message.

enum class Engine { Sqlite, Postgres };
enum class Access {
    ReadWrite,
    ReadOnly,  ///< The engine refuses writes on this connection.
    /// As `ReadOnly`. On PostgreSQL no row of a company is seen but of the one said by `see`, and
    /// before that none (wall.h). The others see every company's: they are trusted to say whose.
    ReadOneCompany,
};

inline constexpr std::chrono::milliseconds kBusyTimeout{5'000};
/// Prepared statements kept by a connection; the least recently used goes first.
inline constexpr std::size_t kMaxCachedStatements = 256;
/// A result larger than this is an error, not a slow page: read in pages.
inline constexpr std::size_t kMaxRows = 200'000;

namespace detail {
class Driver;
struct Origin;
}  // namespace detail

/// One connection with its statement cache. Movable; used by one thread at a time.
class Connection {
public:
    explicit Connection(std::unique_ptr<detail::Driver> driver);
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    [[nodiscard]] Engine engine() const;

    /// Runs a statement that returns no rows; the number of rows it changed.
    Result<std::int64_t> execute(std::string_view sql, std::initializer_list<Param> params = {});
    Result<std::int64_t> execute(std::string_view sql, std::span<const Param> params);

    /// All rows of a query, or of INSERT, UPDATE or DELETE with RETURNING. At most `kMaxRows`.
    Result<Rows> query(std::string_view sql, std::initializer_list<Param> params = {});
    Result<Rows> query(std::string_view sql, std::span<const Param> params);

    /// The first row, or none.
    Result<std::optional<Row>> query_one(std::string_view sql,
                                         std::initializer_list<Param> params = {});
    Result<std::optional<Row>> query_one(std::string_view sql, std::span<const Param> params);

    /// From now on a `ReadOneCompany` connection sees this company's rows; nullopt: nobody's.
    /// Outside a transaction. Nothing for other connections and for SQLite; the same again costs
    /// nothing.
    Result<void> see(std::optional<CompanyId> company);

    /// Several statements separated by semicolons, without parameters. For migrations.
    Result<void> run_script(std::string_view sql);

    [[nodiscard]] detail::Driver& driver() { return *driver_; }

private:
    std::unique_ptr<detail::Driver> driver_;
};

/// Where the data lives. Cheap to copy; any thread may call `connect`.
class Database {
public:
    /// `sqlite:PATH` (the file is created; WAL, synchronous=FULL, foreign keys on),
    /// `sqlite::memory:` (shared by the connections of this object and its copies), or
    /// `postgres://…`, `postgresql://…` and libpq's `key=value` form.
    /// Connects once to prove it. Errors: `BadUrl`, `Io`, `Corrupt`.
    static Result<Database> open(std::string_view url);

    Result<Connection> connect(Access access = Access::ReadWrite) const;
    [[nodiscard]] Engine engine() const;
    /// The SQLite file; empty in memory and on PostgreSQL.
    [[nodiscard]] const std::string& path() const;

private:
    explicit Database(std::shared_ptr<const detail::Origin> origin) : origin_{std::move(origin)} {}
    // Shared: every copy keeps the in-memory database of the first alive.
    std::shared_ptr<const detail::Origin> origin_;
};

enum class TxKind {
    Write,     ///< SQLite: BEGIN IMMEDIATE, so that a busy database is met here and nowhere later.
    Snapshot,  ///< Reads only, all at one moment.
};

/// A transaction. Not committed when destroyed: rolled back. Never nested.
class Tx {
public:
    static Result<Tx> begin(Connection& connection, TxKind kind = TxKind::Write);
    Tx(Tx&& other) noexcept : connection_{std::exchange(other.connection_, nullptr)} {}
    Tx& operator=(Tx&&) = delete;
    ~Tx();

    /// On failure nothing is known to be written: read before trying again.
    Result<void> commit();
    void rollback();

private:
    explicit Tx(Connection& connection) : connection_{&connection} {}
    Connection* connection_;
};

struct Numbered {
    std::string sql;
    std::size_t count = 0;
};
/// `?` -> `$1`, `$2`…; leaves literals, quoted names and comments alone.
Numbered number_placeholders(std::string_view sql);

}  // namespace escucha::store
