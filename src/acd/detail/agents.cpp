// The agents' half of the core: what state follows which, and the indexes that go with it.

#include "acd/detail/core.h"
#include "base/check.h"
#include "base/overloaded.h"

namespace escucha::acd {

bool ContactRecord::is_in_line() const {
    return std::visit(overloaded{
                          [](const InQueue&) { return true; },
                          [](const Ringing& ringing) { return !ringing.is_direct; },
                          [](const InTalk&) { return false; },
                      },
                      place);
}

QueueRecord* Acd::Core::find_queue(QueueId id) {
    const auto it = queues.find(id);
    return it == queues.end() ? nullptr : &it->second;
}

QueueRecord* Acd::Core::find_queue(QueueId id, CompanyId company) {
    QueueRecord* queue = find_queue(id);
    return queue != nullptr && queue->config.company == company ? queue : nullptr;
}

AgentRecord* Acd::Core::find_agent(AgentId id) {
    const auto it = agents.find(id);
    return it == agents.end() ? nullptr : &it->second;
}

ContactRecord* Acd::Core::find_contact(ContactId id) {
    const auto it = contacts.find(id);
    return it == contacts.end() ? nullptr : &it->second;
}

AgentRecord& Acd::Core::agent_of(AgentId id) {
    AgentRecord* agent = find_agent(id);
    ESC_CHECK(agent != nullptr);
    return *agent;
}

ContactRecord& Acd::Core::contact_of(ContactId id) {
    ContactRecord* contact = find_contact(id);
    ESC_CHECK(contact != nullptr);
    return *contact;
}

Event& Acd::Core::fact(std::string_view type, CompanyId company, Turn turn) {
    Event& event = turn.out.facts.emplace_back();
    event.type = type;
    event.at = turn.now.wall;
    event.company = company;
    return event;
}

void Acd::Core::index_state(const AgentRecord& agent) {
    const AgentId id = agent.profile.id;
    std::visit(overloaded{
                   [](const SignedOut&) {},
                   [](const NotReady&) {},
                   [&](const Ready& ready) {
                       for (const Membership& m : agent.profile.memberships) {
                           if (QueueRecord* queue = find_queue(m.queue)) {
                               queue->ready.insert({m.level, ready.idle_rank, id});
                           }
                       }
                   },
                   [&](const Offered& offered) {
                       timers.insert({offered.deadline.at, id});
                       offers.emplace(offered.offer, id);
                   },
                   [](const Talking&) {},
                   [&](const WrapUp& wrap_up) {
                       timers.insert({wrap_up.deadline.at, id});
                   },
               },
               agent.state);
}

void Acd::Core::unindex_state(const AgentRecord& agent) {
    const AgentId id = agent.profile.id;
    std::visit(overloaded{
                   [](const SignedOut&) {},
                   [](const NotReady&) {},
                   [&](const Ready& ready) {
                       for (const Membership& m : agent.profile.memberships) {
                           if (QueueRecord* queue = find_queue(m.queue)) {
                               queue->ready.erase({m.level, ready.idle_rank, id});
                           }
                       }
                       freed.erase(id);
                   },
                   [&](const Offered& offered) {
                       timers.erase({offered.deadline.at, id});
                       offers.erase(offered.offer);
                   },
                   [](const Talking&) {},
                   [&](const WrapUp& wrap_up) {
                       timers.erase({wrap_up.deadline.at, id});
                   },
               },
               agent.state);
}

void Acd::Core::set_state(AgentRecord& agent,
                          AgentState state,
                          std::string_view reason,
                          Turn turn) {
    change_state(agent, std::move(state), reason, turn);
    mirror(agent, reason, turn);
}

void Acd::Core::change_state(AgentRecord& agent,
                             AgentState state,
                             std::string_view reason,
                             Turn turn) {
    const AgentStateKind previous = kind_of(agent.state);
    const Duration previous_time = turn.now.mono - agent.since;
    unindex_state(agent);
    agent.state = std::move(state);
    agent.since = turn.now.mono;
    agent.since_wall = turn.now.wall;
    index_state(agent);

    const AgentId id = agent.profile.id;
    if (std::holds_alternative<Ready>(agent.state)) freed.insert(id);
    const auto* not_ready = std::get_if<NotReady>(&agent.state);
    if (not_ready != nullptr) reason = not_ready->reason;
    const std::optional<WallTime> until = until_of(agent.state);
    const std::optional<ContactId> contact = acd::contact_of(agent.state);
    turn.out.actions.emplace_back(AgentStateChanged{.agent = id,
                                                    .previous = previous,
                                                    .state = kind_of(agent.state),
                                                    .reason = std::string{reason},
                                                    .until = until,
                                                    .contact = contact});
    Event& event = fact("agent_state_changed", agent.profile.company, turn);
    event.agent = id;
    event.contact = contact;
    event.with("state", word(kind_of(agent.state)))
        .with("reason", reason)
        .with("previous", word(previous))
        .with("previous_ms", to_ms(previous_time));
    if (until) event.with("until", to_rfc3339(*until));
    turn.out.changed_agents.push_back(id);
}

AgentState Acd::Core::rest_state(const AgentRecord& agent,
                                 const NextStatus& next,
                                 std::uint64_t idle_rank) {
    if (is_elsewhere(agent)) return NotReady{.reason = std::string{kElsewhere}};
    switch (next.kind) {
        case NextStatus::Kind::SignedOut:
            return SignedOut{};
        case NextStatus::Kind::NotReady:
            return NotReady{.reason = next.reason};
        case NextStatus::Kind::Ready:
            break;
    }
    if (agent.is_phone_reachable) return Ready{.idle_rank = idle_rank};
    return NotReady{.reason = "phone_unreachable", .is_waiting_for_phone = true};
}

void Acd::Core::rest(AgentRecord& agent,
                     const NextStatus& next,
                     std::string_view reason,
                     Turn turn) {
    set_state(agent, rest_state(agent, next, next_idle_rank++), reason, turn);
}

void Acd::Core::rest_as_before(AgentRecord& agent, std::string_view reason, Turn turn) {
    const auto& offered = std::get<Offered>(agent.state);
    set_state(agent, rest_state(agent, offered.next, offered.idle_rank), reason, turn);
}

void Acd::Core::choose_next(AgentRecord& agent, NextStatus& next, NextStatus chosen, Turn turn) {
    if (next == chosen) return;
    next = std::move(chosen);
    Event& event = fact("agent_next_status_chosen", agent.profile.company, turn);
    event.agent = agent.profile.id;
    event.with("state", word(next.kind)).with("reason", next.reason);
    turn.out.changed_agents.push_back(agent.profile.id);
}

std::chrono::seconds Acd::Core::wrap_up_time(QueueId queue) const {
    const auto it = queues.find(queue);
    return it == queues.end() ? QueueConfig{}.wrap_up_time : it->second.config.wrap_up_time;
}

// The queue of the contact decides the time, the agent owns it: being a member of several queues
// or having transferred the contact away changes nothing.
void Acd::Core::start_wrap_up(AgentRecord& agent, std::string_view reason, Turn turn) {
    const Talking talking = std::get<Talking>(agent.state);
    const std::chrono::seconds time = wrap_up_time(talking.queue);
    if (time == std::chrono::seconds::zero()) {
        rest(agent, talking.next, reason, turn);
        return;
    }
    set_state(agent,
              WrapUp{.contact = talking.contact,
                     .queue = talking.queue,
                     .deadline = {.at = turn.now.mono + time, .wall = turn.now.wall + time},
                     .next = talking.next},
              reason,
              turn);
}

}  // namespace escucha::acd
