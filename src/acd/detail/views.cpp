#include <algorithm>

#include "acd/detail/core.h"
#include "base/overloaded.h"

namespace escucha::acd {

namespace {

AgentView view_of(const AgentRecord& agent) {
    return {.id = agent.profile.id,
            .company = agent.profile.company,
            .state = agent.state,
            .since = agent.since_wall,
            .is_phone_reachable = agent.is_phone_reachable};
}

void count(const AgentState& state, QueueView& view) {
    std::visit(overloaded{
                   [](const SignedOut&) {},
                   [&](const NotReady&) { ++view.not_ready; },
                   [&](const Ready&) { ++view.ready; },
                   [&](const Offered&) { ++view.offered; },
                   [&](const Talking&) { ++view.talking; },
                   [&](const WrapUp&) { ++view.wrap_up; },
               },
               state);
}

}  // namespace

std::optional<AgentView> Acd::agent(AgentId id) const {
    const AgentRecord* agent = core_->find_agent(id);
    if (agent == nullptr) return std::nullopt;
    return view_of(*agent);
}

std::vector<AgentView> Acd::agents(CompanyId company) const {
    std::vector<AgentView> views;
    for (const auto& [id, agent] : core_->agents) {
        if (agent.profile.company == company) views.push_back(view_of(agent));
    }
    std::ranges::sort(views, {}, &AgentView::id);
    return views;
}

std::optional<QueueView> Acd::queue(QueueId id) const {
    const QueueRecord* queue = core_->find_queue(id);
    if (queue == nullptr) return std::nullopt;
    QueueView view{.id = id,
                   .company = queue->config.company,
                   .name = queue->config.name,
                   .waiting = static_cast<std::uint32_t>(queue->line.size())};
    view.entered = queue->entered;
    view.answered = queue->answered;
    view.abandoned = queue->abandoned;
    view.left_otherwise = queue->left_otherwise;
    for (const AgentId member : queue->members) count(core_->agents.at(member).state, view);
    // The line is sorted by class first, so the longest waiting is the head of some class.
    for (const Priority p : {Priority::Urgent, Priority::High, Priority::Normal, Priority::Low}) {
        const auto head = queue->line.lower_bound({p, WallTime::min(), {}});
        if (head == queue->line.end() || head->priority != p) continue;
        if (!view.longest_since || head->arrived < *view.longest_since) {
            view.longest_since = head->arrived;
        }
    }
    return view;
}

std::vector<QueueView> Acd::queues(CompanyId company) const {
    std::vector<QueueView> views;
    for (const auto& [id, queue] : core_->queues) {
        if (queue.config.company == company) views.push_back(*this->queue(id));
    }
    std::ranges::sort(views, {}, &QueueView::id);
    return views;
}

std::vector<WaitingView> Acd::waiting(QueueId id, std::size_t limit) const {
    std::vector<WaitingView> views;
    const QueueRecord* queue = core_->find_queue(id);
    if (queue == nullptr) return views;
    for (const PlaceKey& key : queue->line) {
        if (views.size() >= limit) break;
        const ContactRecord& record = core_->contacts.at(key.contact);
        const auto* ringing = std::get_if<Ringing>(&record.place);
        views.push_back(
            {.contact = key.contact,
             .position = static_cast<std::uint32_t>(views.size() + 1),
             .arrived = key.arrived,
             .queued_at = record.queued_at,
             .ringing = ringing == nullptr ? std::nullopt : std::optional{ringing->agent}});
    }
    return views;
}

std::optional<std::uint32_t> Acd::position(ContactId id) const {
    const ContactRecord* record = core_->find_contact(id);
    if (record == nullptr || !record->is_in_line()) return std::nullopt;
    const QueueRecord& queue = core_->queues.at(record->contact.queue);
    return static_cast<std::uint32_t>(queue.line.order_of_key(record->key()) + 1);
}

}  // namespace escucha::acd
