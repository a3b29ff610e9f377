#pragma once

#include <boost/json/object.hpp>

#include "api/detail/call.h"
#include "exports/request.h"

namespace escucha::api {

/// "Export", as who calls may see it.
Attempt<boost::json::object> export_record(Call& call, const exports::Request& request);

/// The same of a request of the company's, read anew.
Answer export_answer(Call& call, exports::ExportId id, unsigned status);

}  // namespace escucha::api
