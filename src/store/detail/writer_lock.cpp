#include "store/detail/writer_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace escucha::store::detail {

Result<WriterLock> WriterLock::acquire(const Database& database, Connection& connection) {
    constexpr std::string_view kHeld = "another process writes this journal";
    if (database.engine() == Engine::Postgres) {
        // The number must only be ours and differ from the migrations'.
        ESC_TRY(const auto row, connection.query_one("SELECT pg_try_advisory_lock(5300912)"));
        bool is_ours = false;
        if (row) {
            ESC_TRY(is_ours, row->get<bool>(0));
        }
        if (!is_ours) return fail(Errc::Busy, std::string{kHeld});
        return WriterLock{-1};
    }
    if (database.path().empty()) return WriterLock{-1};
    const std::string path = database.path() + ".writer";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return fail(Errc::Io, "cannot open the writer's lock file");
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        ::close(file);
        return fail(Errc::Busy, std::string{kHeld});
    }
    return WriterLock{file};
}

WriterLock::~WriterLock() {
    if (file_ >= 0) ::close(file_);
}

}  // namespace escucha::store::detail
