#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/sql.h"

namespace escucha::store {

struct BackupReport {
    std::int64_t bytes = 0;
    std::int64_t last_seq = 0;  ///< The last event in the copy.
};

/// A consistent copy of a SQLite database to a new file, while it is written to. The copy is opened
/// and checked before the call returns; a bad or unfinished one is removed. Errors: `Constraint`
/// when the file exists, `Unsupported` on PostgreSQL, with what to use instead.
Result<BackupReport> backup(const Database& database, const std::string& target_path);

}  // namespace escucha::store
