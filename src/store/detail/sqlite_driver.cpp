#include "store/detail/sqlite_driver.h"

#include <array>

#include "base/overloaded.h"

namespace escucha::store::detail {
namespace {

Errc code_of(int extended) {
    switch (extended) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
            return Errc::Unique;
        case SQLITE_CONSTRAINT_DATATYPE:
            return Errc::BadStatement;
        default:
            break;
    }
    switch (extended & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Errc::Busy;
        case SQLITE_CONSTRAINT:
            return Errc::Constraint;
        case SQLITE_FULL:
            return Errc::Full;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Errc::Corrupt;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_PROTOCOL:
        case SQLITE_NOMEM:
            return Errc::Io;
        default:
            return Errc::BadStatement;
    }
}

int bind(sqlite3_stmt* statement, int index, const Cell& cell) {
    return std::visit(
        overloaded{
            [&](std::monostate) { return sqlite3_bind_null(statement, index); },
            [&](std::int64_t value) { return sqlite3_bind_int64(statement, index, value); },
            [&](double value) { return sqlite3_bind_double(statement, index, value); },
            [&](const std::string& text) {
                // Static: the parameters outlive the stepping, and the bindings are cleared after.
                return sqlite3_bind_text64(
                    statement, index, text.data(), text.size(), nullptr, SQLITE_UTF8);
            },
            [&](const Bytes& bytes) {
                if (bytes.empty()) return sqlite3_bind_zeroblob(statement, index, 0);
                return sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), nullptr);
            },
        },
        cell);
}

Cell column(sqlite3_stmt* statement, int index) {
    const auto size = [&] {
        return static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
    };
    switch (sqlite3_column_type(statement, index)) {
        case SQLITE_INTEGER:
            return std::int64_t{sqlite3_column_int64(statement, index)};
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, index);
        case SQLITE_TEXT: {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
            return std::string{text, size()};
        }
        case SQLITE_BLOB: {
            const auto* bytes =
                static_cast<const std::byte*>(sqlite3_column_blob(statement, index));
            return Bytes{bytes, bytes + size()};
        }
        default:
            return std::monostate{};
    }
}

/// Leaves the statement ready for its next use, whatever happened.
class ResetWhenDone {
public:
    explicit ResetWhenDone(sqlite3_stmt* statement) : statement_{statement} {}
    ResetWhenDone(const ResetWhenDone&) = delete;
    ResetWhenDone& operator=(const ResetWhenDone&) = delete;
    ~ResetWhenDone() {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }

private:
    sqlite3_stmt* statement_;
};

}  // namespace

Error sqlite_error(sqlite3* handle, int code) {
    const int extended = handle != nullptr ? sqlite3_extended_errcode(handle) : code;
    const bool is_same = (extended & 0xFF) == (code & 0xFF);
    return fail(code_of(is_same ? extended : code),
                handle != nullptr && is_same ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
}

Result<std::unique_ptr<SqliteDriver>> SqliteDriver::open(const std::string& name, Access access) {
    sqlite3* raw = nullptr;
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                           SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
    const int code = sqlite3_open_v2(name.c_str(), &raw, kFlags, nullptr);
    std::unique_ptr<SqliteDriver> driver{new SqliteDriver{SqliteHandle{raw}}};  // NOLINT: private
    if (code != SQLITE_OK) return sqlite_error(raw, code);
    sqlite3_busy_timeout(raw, static_cast<int>(kBusyTimeout.count()));
    ESC_TRY(
        driver->script("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;"
                       "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;"));
    // The same pages of the indexes are written by every commit. Copied home once in 32 MiB of log,
    // not in 4, most of those copies fall away.
    ESC_TRY(driver->script("PRAGMA wal_autocheckpoint = 8000;"));
    // A reader still opens the file for writing: in WAL mode it must write the shared index.
    if (access != Access::ReadWrite) {
        ESC_TRY(driver->script("PRAGMA query_only = ON;"));
    }
    return driver;
}

Result<sqlite3_stmt*> SqliteDriver::prepare(std::string_view sql) {
    if (auto* found = statements_.find(sql)) return found->get();
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(),
                                        sql.data(),
                                        static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT,
                                        &raw,
                                        &rest);
    if (code != SQLITE_OK) return sqlite_error(handle_.get(), code);
    SqliteStatement statement{raw};
    const std::string_view tail{rest, static_cast<std::size_t>(sql.data() + sql.size() - rest)};
    if (raw == nullptr || tail.find_first_not_of(" \n\t;") != std::string_view::npos) {
        return fail(Errc::BadStatement, "not exactly one statement");
    }
    return statements_.insert(std::string{sql}, std::move(statement)).get();
}

Result<Driver::Outcome> SqliteDriver::run(std::string_view sql, std::span<const Param> params) {
    ESC_TRY(auto* statement, prepare(sql));
    const ResetWhenDone reset{statement};
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != params.size()) {
        return fail(Errc::BadStatement, "number of parameters");
    }
    for (std::size_t i = 0; i < params.size(); ++i) {
        const int code = bind(statement, static_cast<int>(i) + 1, params[i].cell());
        if (code != SQLITE_OK) return sqlite_error(handle_.get(), code);
    }
    return step_all(statement);
}

Result<Driver::Outcome> SqliteDriver::step_all(sqlite3_stmt* statement) {
    Outcome outcome;
    const int columns = sqlite3_column_count(statement);
    int code = SQLITE_OK;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (outcome.rows.size() >= kMaxRows)
            return fail(Errc::Full, "too many rows: read in pages");
        std::vector<Cell> cells;
        cells.reserve(static_cast<std::size_t>(columns));
        for (int i = 0; i < columns; ++i) cells.push_back(column(statement, i));
        outcome.rows.emplace_back(std::move(cells));
    }
    if (code != SQLITE_DONE) return sqlite_error(handle_.get(), code);
    if (sqlite3_stmt_readonly(statement) == 0) outcome.changed = sqlite3_changes64(handle_.get());
    return outcome;
}

Result<void> SqliteDriver::script(std::string_view sql) {
    const std::string text{sql};
    const int code = sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return sqlite_error(handle_.get(), code);
    return ok();
}

}  // namespace escucha::store::detail
