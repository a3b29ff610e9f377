#pragma once

#include <memory>
#include <string>

#include <sqlite3.h>

#include "store/detail/driver.h"
#include "store/detail/statement_cache.h"

namespace escucha::store::detail {

struct CloseSqlite {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
struct FinalizeSqlite {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteHandle = std::unique_ptr<sqlite3, CloseSqlite>;
using SqliteStatement = std::unique_ptr<sqlite3_stmt, FinalizeSqlite>;

/// The failure the handle last met, as one of ours.
Error sqlite_error(sqlite3* handle, int code);

class SqliteDriver final : public Driver {
public:
    /// `name` is a path, or a `file:` URI for a database in memory.
    static Result<std::unique_ptr<SqliteDriver>> open(const std::string& name, Access access);

    [[nodiscard]] Engine engine() const override { return Engine::Sqlite; }
    Result<Outcome> run(std::string_view sql, std::span<const Param> params) override;
    Result<void> script(std::string_view sql) override;

    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

private:
    explicit SqliteDriver(SqliteHandle handle) : handle_{std::move(handle)} {}
    Result<sqlite3_stmt*> prepare(std::string_view sql);
    Result<Outcome> step_all(sqlite3_stmt* statement);

    // The statements go before the handle they belong to.
    SqliteHandle handle_;
    StatementCache<SqliteStatement> statements_{kMaxCachedStatements};
};

}  // namespace escucha::store::detail
