#pragma once

#include <string>

#include "api/detail/call.h"

namespace escucha::api {

/// The company's next case reference, taken for good.
Attempt<std::string> take_reference(Call& call);

}  // namespace escucha::api
