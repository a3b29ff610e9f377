#pragma once

#include <memory>
#include <optional>
#include <string>

#include <libpq-fe.h>

#include "store/detail/driver.h"
#include "store/detail/statement_cache.h"

namespace escucha::store::detail {

struct FinishPostgres {
    void operator()(PGconn* handle) const { PQfinish(handle); }
};
struct ClearPostgres {
    void operator()(PGresult* result) const { PQclear(result); }
};
using PostgresHandle = std::unique_ptr<PGconn, FinishPostgres>;
using PostgresResult = std::unique_ptr<PGresult, ClearPostgres>;

class PostgresDriver final : public Driver {
public:
    /// `where` is a URI or libpq's key=value form.
    static Result<std::unique_ptr<PostgresDriver>> open(const std::string& where, Access access);

    [[nodiscard]] Engine engine() const override { return Engine::Postgres; }
    Result<Outcome> run(std::string_view sql, std::span<const Param> params) override;
    Result<void> script(std::string_view sql) override;
    Result<void> see(std::optional<CompanyId> company) override;

private:
    explicit PostgresDriver(PostgresHandle handle) : handle_{std::move(handle)} {}
    /// The server's name of the prepared statement for this text and these parameter types.
    Result<std::string> prepare(std::string_view sql, std::span<const Param> params);
    Error error_of(const PGresult* result) const;

    PostgresHandle handle_;
    StatementCache<std::string> statements_{kMaxCachedStatements};
    std::uint64_t next_statement_ = 0;
    bool is_behind_wall_ = false;
    /// The company that the server was told, empty for none; nullopt when it is not known.
    std::optional<std::string> seen_ = "";
};

}  // namespace escucha::store::detail
