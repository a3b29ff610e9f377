// Every rule of acd.h's class comment, checked the slow way.

#include "acd/detail/core.h"

namespace escucha::acd {

namespace {

using Broken = std::optional<std::string>;

}  // namespace

Broken Acd::Core::check(const ContactRecord& record) const {
    const std::string name = record.contact.id.to_string();
    const auto queue = queues.find(record.contact.queue);
    if (queue == queues.end()) {
        if (std::holds_alternative<InTalk>(record.place)) return std::nullopt;
        return "contact " + name + " waits in no queue";
    }
    const bool in_line = queue->second.line.find(record.key()) != queue->second.line.end();
    const bool available = queue->second.available.contains(record.key());
    if (in_line != record.is_in_line()) return "contact " + name + " and the line disagree";
    if (available != std::holds_alternative<InQueue>(record.place)) {
        return "contact " + name + " and the available set disagree";
    }
    if (const auto* ringing = std::get_if<Ringing>(&record.place)) {
        const auto agent = agents.find(ringing->agent);
        const auto* offered =
            agent == agents.end() ? nullptr : std::get_if<Offered>(&agent->second.state);
        if (offered == nullptr || offered->offer != ringing->offer ||
            offered->contact != record.contact.id) {
            return "contact " + name + " rings at an agent who does not know";
        }
    }
    if (const auto* talk = std::get_if<InTalk>(&record.place)) {
        const auto agent = agents.find(talk->agent);
        const auto* talking =
            agent == agents.end() ? nullptr : std::get_if<Talking>(&agent->second.state);
        if (talking == nullptr || talking->contact != record.contact.id) {
            return "contact " + name + " talks with an agent who does not know";
        }
    }
    return std::nullopt;
}

Broken Acd::Core::check(const AgentRecord& agent) const {
    const std::string name = agent.profile.id.to_string();
    if (const auto* offered = std::get_if<Offered>(&agent.state)) {
        const auto contact = contacts.find(offered->contact);
        if (contact == contacts.end() || !std::holds_alternative<Ringing>(contact->second.place)) {
            return "agent " + name + " rings for a contact that does not";
        }
        if (!offers.contains(offered->offer)) return "offer of " + name + " is not indexed";
        if (!timers.contains({offered->deadline.at, agent.profile.id})) {
            return "offer of " + name + " has no timer";
        }
    }
    if (const auto* talking = std::get_if<Talking>(&agent.state)) {
        const auto contact = contacts.find(talking->contact);
        if (contact == contacts.end() || !std::holds_alternative<InTalk>(contact->second.place)) {
            return "agent " + name + " talks with a contact that does not";
        }
    }
    if (const auto* wrap_up = std::get_if<WrapUp>(&agent.state)) {
        if (!timers.contains({wrap_up->deadline.at, agent.profile.id})) {
            return "wrap-up of " + name + " has no timer";
        }
    }
    const auto* ready = std::get_if<Ready>(&agent.state);
    if (ready != nullptr && !agent.is_phone_reachable) {
        return "agent " + name + " is Ready without a phone";
    }
    for (const AgentId id : chairs_of(agent)) {
        const AgentRecord& chair = agents.at(id);
        if (chair.profile.id == agent.profile.id || is_busy(chair.state)) continue;
        const auto* away = std::get_if<NotReady>(&chair.state);
        if (is_busy(agent.state) && (away == nullptr || away->reason != kElsewhere)) {
            return "agent " + name + " is busy and free at once";
        }
        if (!is_busy(agent.state) && kind_of(agent.state) != kind_of(chair.state)) {
            return "agent " + name + " has two statuses";
        }
    }
    for (const Membership& m : agent.profile.memberships) {
        const QueueRecord& queue = queues.at(m.queue);
        const bool is_listed =
            ready != nullptr && queue.ready.contains({m.level, ready->idle_rank, agent.profile.id});
        if (is_listed != (ready != nullptr)) return "agent " + name + " and a ready set disagree";
        if (ready != nullptr && !queue.available.empty()) {
            return "agent " + name + " is Ready while a contact waits for them";
        }
    }
    return std::nullopt;
}

Broken Acd::broken_invariant() const {
    std::size_t in_lines = 0;
    std::size_t ready_entries = 0;
    std::size_t timed = 0;
    std::size_t held = 0;
    for (const auto& [id, record] : core_->contacts) {
        if (Broken broken = core_->check(record)) return broken;
        if (record.is_in_line()) ++in_lines;
        if (core_->queues.contains(record.contact.queue)) ++held;
    }
    for (const auto& [id, agent] : core_->agents) {
        if (Broken broken = core_->check(agent)) return broken;
        const AgentStateKind kind = kind_of(agent.state);
        if (kind == AgentStateKind::Offered || kind == AgentStateKind::WrapUp) ++timed;
        if (kind == AgentStateKind::Ready) ready_entries += agent.profile.memberships.size();
    }
    for (const auto& [id, queue] : core_->queues) {
        in_lines -= queue.line.size();
        ready_entries -= queue.ready.size();
        held -= queue.held;
        if (queue.entered !=
            queue.line.size() + queue.answered + queue.abandoned + queue.left_otherwise) {
            return "the counters of queue " + queue.config.name + " do not add up";
        }
    }
    if (in_lines != 0) return "a line holds a contact that is not in it";
    if (ready_entries != 0) return "a ready set holds an agent who is not";
    if (held != 0) return "a queue counts contacts it does not hold";
    if (timed != core_->timers.size()) return "a timer belongs to nobody";
    if (!core_->loose.empty() || !core_->freed.empty()) return "an event was left unsettled";
    return std::nullopt;
}

}  // namespace escucha::acd
