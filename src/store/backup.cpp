#include "store/backup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include <sqlite3.h>

#include "store/detail/sqlite_driver.h"
#include "store/journal.h"

namespace escucha::store {
namespace {

constexpr int kPagesPerStep = 1'000;

struct FinishBackup {
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

Result<void> copy(Connection& source, Connection& target) {
    auto* from = static_cast<detail::SqliteDriver&>(source.driver()).handle();
    auto* to = static_cast<detail::SqliteDriver&>(target.driver()).handle();
    // The read transaction pins one moment: without it each commit of the writer would start the
    // copy anew, and a busy journal would never let it end.
    ESC_TRY(auto tx, Tx::begin(source, TxKind::Snapshot));
    ESC_TRY(last_seq(source));
    const std::unique_ptr<sqlite3_backup, FinishBackup> backup{
        sqlite3_backup_init(to, "main", from, "main")};
    if (!backup) return detail::sqlite_error(to, sqlite3_errcode(to));
    int code = SQLITE_OK;
    while (code == SQLITE_OK) code = sqlite3_backup_step(backup.get(), kPagesPerStep);
    if (code != SQLITE_DONE) return detail::sqlite_error(nullptr, code);
    return ok();
}

Result<std::int64_t> check(Connection& copied) {
    ESC_TRY(const auto row, copied.query_one("PRAGMA integrity_check(1)"));
    ESC_TRY(const auto verdict, row->get<std::string>(0));
    if (verdict != "ok") return fail(Errc::Corrupt, "the copy: " + verdict);
    return last_seq(copied);
}

Result<BackupReport> copy_and_check(Connection& source, const std::string& path) {
    ESC_TRY(auto driver, detail::SqliteDriver::open(path, Access::ReadWrite));
    Connection target{std::move(driver)};
    ESC_TRY(copy(source, target));
    // A copy is one file: the write-ahead log of the source is already in it.
    ESC_TRY(target.query("PRAGMA journal_mode = DELETE"));
    BackupReport report;
    ESC_TRY(report.last_seq, check(target));
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return fail(Errc::Io, "cannot read the copy's size");
    report.bytes = status.st_size;
    return report;
}

}  // namespace

Result<BackupReport> backup(const Database& database, const std::string& target_path) {
    if (database.engine() == Engine::Postgres) {
        return fail(Errc::Unsupported,
                    "this installation keeps its data in PostgreSQL; use pg_dump --format=custom");
    }
    if (::access(target_path.c_str(), F_OK) == 0) {
        return fail(Errc::Constraint, "the target file exists");
    }
    ESC_TRY(auto source, database.connect(Access::ReadOnly));
    auto report = copy_and_check(source, target_path);
    if (!report) static_cast<void>(::unlink(target_path.c_str()));
    return report;
}

}  // namespace escucha::store
