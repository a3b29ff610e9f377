#pragma once

#include "api/detail/call.h"

namespace escucha::api {

/// The agent in the path, when the caller may command it: an agent only himself, a supervisor any
/// of the company (which the centre checks).
Attempt<AgentId> commanded_agent(Call& call);

/// The answer of every command: the agent as it is now.
Answer agent_after(Call& call, AgentId agent);

}  // namespace escucha::api
