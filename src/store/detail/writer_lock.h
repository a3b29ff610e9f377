#pragma once

#include <string>

#include "base/result.h"
#include "store/sql.h"

namespace escucha::store::detail {

/// Only one process writes a journal. On SQLite a lock on the file `PATH.writer`, which the system
/// drops with the process; on PostgreSQL an advisory lock of the session; in memory nothing.
class WriterLock {
public:
    /// Error: `Busy` when another holds it.
    static Result<WriterLock> acquire(const Database& database, Connection& connection);
    WriterLock(WriterLock&& other) noexcept : file_{std::exchange(other.file_, -1)} {}
    WriterLock& operator=(WriterLock&&) = delete;
    ~WriterLock();

private:
    explicit WriterLock(int file) : file_{file} {}
    int file_;
};

}  // namespace escucha::store::detail
