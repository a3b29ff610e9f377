#include "store/detail/postgres_driver.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <vector>

#include "base/overloaded.h"

namespace escucha::store::detail {
namespace {

// pg_type.dat; stable since PostgreSQL 7.
constexpr Oid kBool = 16, kBytea = 17, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25;
constexpr Oid kFloat4 = 700, kFloat8 = 701, kNumeric = 1700;

Errc code_of(std::string_view state) {
    if (state == "23505") return Errc::Unique;
    if (state == "53100") return Errc::Full;
    if (state == "40001" || state == "40P01" || state == "55P03" || state == "57014") {
        return Errc::Busy;
    }
    if (state == "XX001" || state == "XX002") return Errc::Corrupt;
    const std::string_view kind = state.substr(0, 2);
    if (kind == "23") return Errc::Constraint;
    if (kind == "22" || kind == "42" || kind == "0A" || kind == "25" || kind == "21") {
        return Errc::BadStatement;
    }
    if (kind == "08" || kind == "57") return Errc::Closed;
    return Errc::Io;
}

Oid type_of(const Cell& cell) {
    return std::visit(overloaded{
                          [](std::monostate) { return Oid{0}; },
                          [](std::int64_t) { return kInt8; },
                          [](double) { return kFloat8; },
                          [](const std::string&) { return kText; },
                          [](const Bytes&) { return kBytea; },
                      },
                      cell);
}

/// Parameters as libpq wants them: text, except bytes, which go as they are.
struct Bound {
    explicit Bound(std::span<const Param> params) {
        texts.reserve(params.size());
        for (const Param& param : params) {
            std::visit(overloaded{
                           [&](std::monostate) { add(nullptr, 0, 0); },
                           [&](std::int64_t value) { add_text(std::to_string(value)); },
                           [&](double value) { add_text(print(value)); },
                           [&](const std::string& text) {
                               add(text.c_str(), static_cast<int>(text.size()), 0);
                           },
                           [&](const Bytes& bytes) {
                               const auto* data = bytes.empty() ? "" : as_text(bytes).data();
                               add(data, static_cast<int>(bytes.size()), 1);
                           },
                       },
                       param.cell());
        }
    }
    static std::string print(double value) {
        char buffer[32];
        const auto end = std::to_chars(std::begin(buffer), std::end(buffer), value).ptr;
        return {buffer, end};
    }
    void add_text(std::string text) {
        texts.push_back(std::move(text));
        add(texts.back().c_str(), static_cast<int>(texts.back().size()), 0);
    }
    void add(const char* value, int length, int format) {
        values.push_back(value);
        lengths.push_back(length);
        formats.push_back(format);
    }

    std::vector<std::string> texts;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
};

Cell parse_number(std::string_view text) {
    std::int64_t whole = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (read.ec == std::errc{} && read.ptr == text.data() + text.size()) return whole;
    return std::strtod(std::string{text}.c_str(), nullptr);
}

Bytes parse_bytea(std::string_view text) {
    Bytes bytes;
    for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

Cell column(const PGresult* result, int row, int index) {
    if (PQgetisnull(result, row, index) != 0) return std::monostate{};
    const std::string_view text{PQgetvalue(result, row, index),
                                static_cast<std::size_t>(PQgetlength(result, row, index))};
    switch (PQftype(result, index)) {
        case kInt2:
        case kInt4:
        case kInt8:
        case kNumeric:
            return parse_number(text);
        case kFloat4:
        case kFloat8:
            return std::strtod(std::string{text}.c_str(), nullptr);
        case kBool:
            return std::int64_t{text == "t" ? 1 : 0};
        case kBytea:
            return parse_bytea(text);
        default:
            return std::string{text};
    }
}

bool succeeded(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

}  // namespace

Result<std::unique_ptr<PostgresDriver>> PostgresDriver::open(const std::string& where,
                                                             Access access) {
    PostgresHandle handle{PQconnectdb(where.c_str())};
    if (!handle) return fail(Errc::Io, "libpq has no memory");
    if (PQstatus(handle.get()) != CONNECTION_OK) {
        return fail(Errc::Io, PQerrorMessage(handle.get()));
    }
    // Notices ("table exists, skipping") have nobody to read them.
    PQsetNoticeProcessor(
        handle.get(), [](void*, const char*) {}, nullptr);
    std::unique_ptr<PostgresDriver> driver{new PostgresDriver{std::move(handle)}};
    ESC_TRY(
        driver->script("SET client_encoding = 'UTF8'; SET synchronous_commit = on;"
                       "SET lock_timeout = " +
                       std::to_string(kBusyTimeout.count()) +
                       ";"
                       "SET bytea_output = 'hex'; SET extra_float_digits = 1"));
    if (access != Access::ReadWrite) {
        ESC_TRY(driver->script("SET default_transaction_read_only = on"));
    }
    driver->is_behind_wall_ = access == Access::ReadOneCompany;
    if (!driver->is_behind_wall_) {
        ESC_TRY(driver->script("SET escucha.sees = 'everything'"));
    }
    return driver;
}

Error PostgresDriver::error_of(const PGresult* result) const {
    if (PQstatus(handle_.get()) == CONNECTION_BAD) {
        return fail(Errc::Closed, "the connection to PostgreSQL is gone");
    }
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string_view code = state == nullptr ? "XX000" : state;
    const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    // Class 22 messages quote the value that was wrong, which may be a person's.
    const bool quotes_values = code.substr(0, 2) == "22";
    const std::string text = quotes_values || primary == nullptr ? "" : primary;
    return fail(code_of(code), "SQLSTATE " + std::string{code} + " " + text);
}

Result<std::string> PostgresDriver::prepare(std::string_view sql, std::span<const Param> params) {
    std::vector<Oid> types;
    std::string key;
    for (const Param& param : params) {
        types.push_back(type_of(param.cell()));
        key.push_back("_idtb"[param.cell().index()]);
    }
    key.append(" ").append(sql);
    if (const auto* found = statements_.find(key)) return *found;

    const Numbered numbered = number_placeholders(sql);
    if (numbered.count != params.size()) return fail(Errc::BadStatement, "number of parameters");
    if (statements_.size() >= kMaxCachedStatements) {
        // Rare, and simpler than following each eviction to the server.
        statements_.clear();
        ESC_TRY(script("DEALLOCATE ALL"));
    }
    std::string name = "s" + std::to_string(next_statement_++);
    const PostgresResult result{PQprepare(handle_.get(),
                                          name.c_str(),
                                          numbered.sql.c_str(),
                                          static_cast<int>(types.size()),
                                          types.data())};
    if (!succeeded(result.get())) return error_of(result.get());
    return statements_.insert(std::move(key), std::move(name));
}

Result<Driver::Outcome> PostgresDriver::run(std::string_view sql, std::span<const Param> params) {
    ESC_TRY(const auto name, prepare(sql, params));
    const Bound bound{params};
    const PostgresResult result{PQexecPrepared(handle_.get(),
                                               name.c_str(),
                                               static_cast<int>(params.size()),
                                               bound.values.data(),
                                               bound.lengths.data(),
                                               bound.formats.data(),
                                               0)};
    if (!succeeded(result.get())) return error_of(result.get());
    // After a failed statement the server answers COMMIT by rolling back, and calls that a success.
    if (sql == "COMMIT" && std::string_view{PQcmdStatus(result.get())} == "ROLLBACK") {
        return fail(Errc::Constraint, "the transaction had failed and was rolled back");
    }
    Outcome outcome;
    outcome.changed = std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
    const int rows = PQntuples(result.get());
    if (static_cast<std::size_t>(rows) > kMaxRows) {
        return fail(Errc::Full, "too many rows: read in pages");
    }
    const int columns = PQnfields(result.get());
    outcome.rows.reserve(static_cast<std::size_t>(rows));
    for (int row = 0; row < rows; ++row) {
        std::vector<Cell> cells;
        cells.reserve(static_cast<std::size_t>(columns));
        for (int i = 0; i < columns; ++i) cells.push_back(column(result.get(), row, i));
        outcome.rows.emplace_back(std::move(cells));
    }
    return outcome;
}

Result<void> PostgresDriver::see(std::optional<CompanyId> company) {
    const std::string id = company ? company->to_string() : std::string{};
    if (!is_behind_wall_ || seen_ == id) return ok();
    seen_.reset();
    const std::array<Param, 1> params{Param{id}};
    ESC_TRY(run("SELECT set_config('escucha.company', ?, false)", params));
    seen_ = id;
    return ok();
}

Result<void> PostgresDriver::script(std::string_view sql) {
    const PostgresResult result{PQexec(handle_.get(), std::string{sql}.c_str())};
    if (!succeeded(result.get())) return error_of(result.get());
    return ok();
}

}  // namespace escucha::store::detail
