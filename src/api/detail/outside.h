#pragma once

#include <optional>

#include "api/detail/problem.h"
#include "base/result.h"

namespace escucha::api {

/// A rule of the company's against calls outside (control/outside_rules.h), as the agent is told
/// it; nullopt when the centre had another reason.
std::optional<Problem> outside_problem(const Error& error);

}  // namespace escucha::api
