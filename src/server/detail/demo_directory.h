#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "control/look_ups.h"
#include "store/sql.h"

namespace escucha::server {

/// The connector "directory": balance and order status of an identified customer, from the copy of
/// the company's own system that the store holds, with the age of that copy (docs/flows.md).
Result<control::ConnectorAnswer> ask_directory(store::Connection& connection,
                                               CompanyId company,
                                               const control::AskConnector& question);

}  // namespace escucha::server
