#pragma once

#include <boost/json/value.hpp>

#include "base/result.h"
#include "flow/context.h"

namespace escucha::flow::detail {

boost::json::value datum_to_json(const Datum& datum);
Result<Datum> datum_from_json(const boost::json::value& value, std::string pointer);
boost::json::value context_to_json(const Context& context);
Result<Context> context_from_json(const boost::json::value& value, std::string pointer);

}  // namespace escucha::flow::detail
