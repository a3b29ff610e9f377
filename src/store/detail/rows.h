#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "store/sql.h"
#include "store/stored_event.h"

namespace escucha::store::detail {

inline constexpr std::string_view kEventColumns =
    "seq, at_us, company_id, type, contact_id, case_id, customer_id, agent_id, queue_id, data";

/// A row of `kEventColumns`.
Result<StoredEvent> read_event(const Row& row);
Result<std::vector<StoredEvent>> read_events(const Rows& rows);
Result<void> insert_event(Connection& connection, const StoredEvent& event);

}  // namespace escucha::store::detail
