// One person who is an agent of several companies: one status, one telephone, one call at a time.

#include <algorithm>

#include "acd/detail/core.h"
#include "base/overloaded.h"

namespace escucha::acd {

namespace {

bool is_same_rest(const AgentState& one, const AgentState& other) {
    if (one.index() != other.index()) return false;
    const auto* left = std::get_if<NotReady>(&one);
    const auto* right = std::get_if<NotReady>(&other);
    return left == nullptr || (left->reason == right->reason &&
                               left->is_waiting_for_phone == right->is_waiting_for_phone);
}

}  // namespace

bool is_busy(const AgentState& state) {
    return std::visit(overloaded{
                          [](const SignedOut&) { return false; },
                          [](const NotReady&) { return false; },
                          [](const Ready&) { return false; },
                          [](const Offered&) { return true; },
                          [](const Talking&) { return true; },
                          [](const WrapUp&) { return true; },
                      },
                      state);
}

bool is_elsewhere(const AgentState& state) {
    const auto* not_ready = std::get_if<NotReady>(&state);
    return not_ready != nullptr && not_ready->reason == kElsewhere;
}

std::vector<AgentId> Acd::same_person(AgentId agent) const {
    const AgentRecord* record = core_->find_agent(agent);
    if (record == nullptr) return {agent};
    const auto chairs = core_->chairs_of(*record);
    return {chairs.begin(), chairs.end()};
}

AgentId Acd::in_use(AgentId agent) const {
    AgentRecord* record = core_->find_agent(agent);
    return record == nullptr ? agent : core_->chair_in_use(*record).profile.id;
}

std::span<const AgentId> Acd::Core::chairs_of(const AgentRecord& agent) const {
    const auto found =
        agent.profile.person.is_nil() ? chairs.end() : chairs.find(agent.profile.person);
    if (found == chairs.end()) return {&agent.profile.id, 1};
    return found->second;
}

AgentRecord& Acd::Core::chair_in_use(AgentRecord& agent) {
    if (is_busy(agent.state)) return agent;
    for (const AgentId id : chairs_of(agent)) {
        if (AgentRecord& chair = agent_of(id); is_busy(chair.state)) return chair;
    }
    return agent;
}

bool Acd::Core::is_elsewhere(const AgentRecord& agent) {
    return std::ranges::any_of(chairs_of(agent), [&](AgentId id) {
        return id != agent.profile.id && is_busy(agent_of(id).state);
    });
}

void Acd::Core::take_chair(const AgentRecord& agent) {
    if (!agent.profile.person.is_nil()) chairs[agent.profile.person].push_back(agent.profile.id);
}

void Acd::Core::align_chairs(AgentRecord& agent, std::string_view reason, Turn turn) {
    mirror(chair_in_use(agent), reason, turn);
}

void Acd::Core::leave_chair(const AgentRecord& agent) {
    const auto found = chairs.find(agent.profile.person);
    if (found == chairs.end()) return;
    std::erase(found->second, agent.profile.id);
    if (found->second.empty()) chairs.erase(found);
}

// Whoever is busy is left alone: rows restored from two truths may hold one person twice, and
// neither caller may pay for it.
void Acd::Core::mirror(const AgentRecord& agent, std::string_view reason, Turn turn) {
    const AgentState rest =
        is_busy(agent.state) ? NotReady{.reason = std::string{kElsewhere}} : agent.state;
    for (const AgentId id : chairs_of(agent)) {
        AgentRecord& chair = agent_of(id);
        if (id == agent.profile.id || is_busy(chair.state)) continue;
        if (!is_same_rest(chair.state, rest)) change_state(chair, rest, reason, turn);
    }
}

void Acd::Core::set_reachable(AgentRecord& agent, bool is_reachable, Effects& out) {
    for (const AgentId id : chairs_of(agent)) {
        AgentRecord& chair = agent_of(id);
        if (chair.is_phone_reachable != is_reachable) out.changed_agents.push_back(id);
        chair.is_phone_reachable = is_reachable;
    }
}

}  // namespace escucha::acd
