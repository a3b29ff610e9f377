#pragma once

#include "base/result.h"
#include "store/sql.h"

namespace escucha::store {

/// The second wall (docs/adr/0025-second-wall.md): PostgreSQL itself keeps companies apart, should
/// a query of ours ever forget to. Every table with a `company_id` has row-level security, forced
/// on its owner too, whose one policy is closed until a connection says whose rows it sees, or
/// that it is trusted with everybody's. SQLite has no such thing; there is nothing to do.

/// Builds it around the tables that have none yet; `migrate` calls it, so that no migration can
/// forget. Trusted connections only.
Result<void> raise_wall(Connection& connection);

/// False when the role that we are in passes through it: a superuser, or one with BYPASSRLS.
Result<bool> holds_wall(Connection& connection);

}  // namespace escucha::store
