#pragma once

#include <string>
#include <vector>

#include "control/config.h"
#include "sim/day.h"

namespace escucha::sim {

inline constexpr std::string_view kZone = "Europe/Madrid";

CompanyId company_id();
TrunkId trunk_id();
AgentId agent_id(std::uint32_t number);
QueueId queue_id(std::uint32_t number);
std::string phone_of(std::uint32_t number);

/// One company with the two demo lines, two queues and `options.agents` agents.
control::Config make_config(const Options& options, const Flows& flows);

}  // namespace escucha::sim
