#pragma once

#include <system_error>

namespace escucha::store {

/// Why the store could not do what was asked. The detail carries the engine's own words, never a
/// bound value.
enum class Errc {
    Busy = 1,      ///< Another writer held the database longer than the busy time-out.
    Unique,        ///< A row with this key exists.
    Constraint,    ///< Another constraint: a missing parent, a null, a check.
    BadStatement,  ///< The engine refused the SQL or the type of a parameter: a bug of ours.
    TypeMismatch,  ///< A column was read as a type it does not hold.
    Full,          ///< No space, or a queue at its limit.
    Io,            ///< The engine or its disk failed; nothing is known about the last commit.
    Corrupt,       ///< The engine says the database is damaged, or the journal is not contiguous.
    Closed,        ///< The connection is gone, or the journal has stopped.
    NewerSchema,   ///< The database was written by a newer version of the program.
    ChangedMigration,  ///< A migration already applied differs from the one in this program.
    Unsupported,       ///< Not offered on this engine.
    BadUrl,            ///< Neither sqlite: nor postgres:.
};

const std::error_category& store_category();
inline std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), store_category()};
}

}  // namespace escucha::store

template <>
struct std::is_error_code_enum<escucha::store::Errc> : std::true_type {};
