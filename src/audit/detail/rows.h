#pragma once

#include <span>
#include <string_view>

#include "audit/verify.h"
#include "store/sql.h"

namespace escucha::audit::detail {

/// The columns of `audit_entry` without the company, in the order `read_link` reads them.
inline constexpr std::string_view kEntryColumns =
    "e.number, e.at_us, e.actor_kind, e.actor_id, e.session, e.action, e.outcome, e.object_kind,"
    " e.object_id, e.customers, e.contact_id, e.reason, e.details, e.hash";

/// A row that holds what no entry can gets a hash of zeros: verification says that it was changed.
Result<Linked> read_link(const store::Row& row, CompanyId company);
/// With their rows of `audit_subject`.
Result<void> insert_links(store::Connection& connection, std::span<const Linked> links);
Result<void> insert_checkpoint(store::Connection& connection, const Checkpoint& checkpoint);
Result<Checkpoint> read_checkpoint(const store::Row& row, CompanyId company);

}  // namespace escucha::audit::detail
