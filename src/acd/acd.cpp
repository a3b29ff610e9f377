#include "acd/acd.h"

#include <algorithm>

#include "acd/detail/core.h"
#include "base/check.h"
#include "base/overloaded.h"

namespace escucha::acd {

using namespace std::chrono_literals;

namespace {

constexpr std::array<std::string_view, 6> kSystemReasons{
    "signed_in", "no_answer", "declined", "busy", "phone_unreachable", kElsewhere};

bool is_reason_word(std::string_view text) {
    const auto is_word_char = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !text.empty() && text.size() <= kMaxReasonLength &&
           std::ranges::all_of(text, is_word_char);
}

Result<void> check_status(const NextStatus& status) {
    switch (status.kind) {
        case NextStatus::Kind::Ready:
            if (!status.reason.empty()) return fail(Errc::InvalidReason, "Ready takes no reason");
            return ok();
        case NextStatus::Kind::NotReady:
            if (!is_reason_word(status.reason)) return fail(Errc::InvalidReason, "not a word");
            if (std::ranges::find(kSystemReasons, status.reason) != kSystemReasons.end()) {
                return fail(Errc::InvalidReason, "one of the system's own");
            }
            return ok();
        case NextStatus::Kind::SignedOut:
            break;
    }
    return fail(Errc::InvalidReason, "signing out is not a status");
}

Result<void> check_config(const QueueConfig& config) {
    if (config.ring_time < kMinRingTime || config.ring_time > kMaxRingTime) {
        return fail(Errc::InvalidConfig, "ring_time");
    }
    if (config.wrap_up_time < 0s || config.wrap_up_time > kMaxWrapUpTime) {
        return fail(Errc::InvalidConfig, "wrap_up_time");
    }
    if (config.max_waiting < 1 || config.max_waiting > kMaxWaiting) {
        return fail(Errc::InvalidConfig, "max_waiting");
    }
    return ok();
}

}  // namespace

Acd::Acd(std::uint64_t seed) : core_{std::make_unique<Core>(seed)} {}
Acd::~Acd() = default;
Acd::Acd(Acd&&) noexcept = default;
Acd& Acd::operator=(Acd&&) noexcept = default;

Result<void> Acd::put_queue(QueueConfig config) {
    ESC_TRY(check_config(config));
    const auto it = core_->queues.find(config.id);
    if (it == core_->queues.end()) {
        const QueueId id = config.id;
        core_->queues[id].config = std::move(config);
        return ok();
    }
    if (it->second.config.company != config.company) return fail(Errc::InvalidConfig, "company");
    it->second.config = std::move(config);
    return ok();
}

Result<void> Acd::remove_queue(QueueId id) {
    QueueRecord* queue = core_->find_queue(id);
    if (queue == nullptr) return fail(Errc::UnknownQueue, "remove");
    if (queue->held > 0) return fail(Errc::QueueInUse, std::to_string(queue->held));
    for (const AgentId member : queue->members) {
        auto& memberships = core_->agent_of(member).profile.memberships;
        std::erase_if(memberships, [&](const Membership& m) { return m.queue == id; });
    }
    core_->queues.erase(id);
    return ok();
}

Result<void> Acd::put_agent(AgentProfile profile, Now now, Effects& out) {
    if (profile.memberships.size() > kMaxMemberships) {
        return fail(Errc::InvalidConfig, "memberships");
    }
    std::set<QueueId> named;
    for (const Membership& m : profile.memberships) {
        if (core_->find_queue(m.queue, profile.company) == nullptr) {
            return fail(Errc::UnknownQueue, "membership");
        }
        if (m.level < 1) return fail(Errc::InvalidConfig, "level");
        if (!named.insert(m.queue).second) return fail(Errc::InvalidConfig, "queue named twice");
    }
    const AgentId id = profile.id;
    AgentRecord* known = core_->find_agent(id);
    if (known != nullptr && known->profile.company != profile.company) {
        return fail(Errc::InvalidConfig, "company");
    }
    const Turn turn{now, out};
    const auto others = core_->chairs.find(profile.person);
    const bool is_another = known == nullptr || known->profile.person != profile.person;
    if (is_another && others != core_->chairs.end() && others->second.size() >= kMaxChairs) {
        return fail(Errc::InvalidConfig, "person");
    }
    const AgentId colleague =
        is_another && others != core_->chairs.end() ? others->second.front() : id;
    if (known == nullptr) {
        known = &core_->agents[id];
        known->since = now.mono;
        known->since_wall = now.wall;
        known->is_phone_reachable =
            colleague != id && core_->agent_of(colleague).is_phone_reachable;
    }
    core_->unindex_state(*known);
    core_->leave_chair(*known);
    for (const Membership& m : known->profile.memberships) {
        core_->queues.at(m.queue).members.erase(id);
    }
    known->profile = std::move(profile);
    for (const Membership& m : known->profile.memberships) {
        core_->queues.at(m.queue).members.insert(id);
    }
    core_->index_state(*known);
    core_->take_chair(*known);
    core_->align_chairs(core_->agent_of(colleague), "joined", turn);
    // A queue the agent was given may have contacts waiting.
    if (std::holds_alternative<Ready>(known->state)) core_->freed.insert(id);
    core_->settle(turn);
    return ok();
}

Result<void> Acd::remove_agent(AgentId id, Now now, Effects& out) {
    AgentRecord* agent = core_->find_agent(id);
    if (agent == nullptr) return fail(Errc::UnknownAgent, "remove");
    if (is_busy(agent->state)) return fail(Errc::AgentBusy, "remove");
    core_->leave_chair(*agent);
    // As this agent alone: the person goes on as the others.
    if (!std::holds_alternative<SignedOut>(agent->state)) {
        core_->change_state(*agent, SignedOut{}, "removed", {now, out});
    }
    for (const Membership& m : agent->profile.memberships) {
        core_->queues.at(m.queue).members.erase(id);
    }
    core_->agents.erase(id);
    out.changed_agents.push_back(id);
    return ok();
}

Result<void> Acd::enqueue(QueuedContact contact, Now now, Effects& out) {
    QueueRecord* queue = core_->find_queue(contact.queue, contact.company);
    if (queue == nullptr) return fail(Errc::UnknownQueue, "enqueue");
    ContactRecord* known = core_->find_contact(contact.id);
    if (known != nullptr && known->contact.company != contact.company) {
        return fail(Errc::UnknownContact, "enqueue");
    }
    const bool is_here =
        known != nullptr && known->is_in_line() && known->contact.queue == contact.queue;
    if (is_here && known->contact.arrived == contact.arrived &&
        known->contact.priority == contact.priority) {
        return ok();
    }
    if (!is_here && queue->line.size() >= queue->config.max_waiting) {
        return fail(Errc::QueueFull, queue->config.name);
    }
    const Turn turn{now, out};
    if (known != nullptr) core_->detach(contact.id, LeaveReason::Transferred, turn);
    const QueuedBecause because = contact.because;
    core_->place_in_queue(std::move(contact), because, turn);
    core_->settle(turn);
    return ok();
}

Result<void> Acd::offer_direct(QueuedContact contact, AgentId to, Now now, Effects& out) {
    const QueueRecord* queue = core_->find_queue(contact.queue, contact.company);
    if (queue == nullptr) return fail(Errc::UnknownQueue, "offer_direct");
    AgentRecord* agent = core_->find_agent(to);
    if (agent == nullptr || agent->profile.company != contact.company) {
        return fail(Errc::UnknownAgent, "offer_direct");
    }
    if (!std::holds_alternative<Ready>(agent->state)) return fail(Errc::AgentNotReady);
    const ContactRecord* known = core_->find_contact(contact.id);
    if (known != nullptr && known->contact.company != contact.company) {
        return fail(Errc::UnknownContact, "offer_direct");
    }
    const Turn turn{now, out};
    if (known != nullptr) core_->detach(contact.id, LeaveReason::Transferred, turn);
    const ContactId id = contact.id;
    core_->hold_queue(contact);
    ContactRecord& record = core_->contacts[id];
    record = ContactRecord{
        .contact = std::move(contact),
        .queued_at = now.wall,
        .queued = now.mono,
        .place = Ringing{.offer = {}, .agent = to, .began = now.wall, .is_direct = true},
        .placed = now.mono};
    core_->begin_offer(record, *agent, Explanation{.eligible = 1}, turn);
    core_->settle(turn);
    return ok();
}

Result<void> Acd::hand_over(ContactId contact, AgentId to, NextStatus next, Now now, Effects& out) {
    ContactRecord* record = core_->find_contact(contact);
    auto* talk = record == nullptr ? nullptr : std::get_if<InTalk>(&record->place);
    if (talk == nullptr) return fail(Errc::UnknownContact, "hand_over");
    AgentRecord* agent = core_->find_agent(to);
    if (agent == nullptr || agent->profile.company != record->contact.company) {
        return fail(Errc::UnknownAgent, "hand_over");
    }
    const AgentStateKind kind = kind_of(agent->state);
    if ((kind != AgentStateKind::Ready && kind != AgentStateKind::NotReady) ||
        core_->is_elsewhere(*agent)) {
        return fail(Errc::AgentNotReady, "hand_over");
    }
    const Turn turn{now, out};
    core_->start_wrap_up(core_->agent_of(talk->agent), "contact_finished", turn);
    talk->agent = to;
    record->placed = now.mono;
    out.changed_contacts.push_back(contact);
    core_->set_state(
        *agent,
        Talking{.contact = contact, .queue = record->contact.queue, .next = std::move(next)},
        "handed_over",
        turn);
    core_->settle(turn);
    return ok();
}

Result<void> Acd::leave(ContactId contact, LeaveReason reason, Now now, Effects& out) {
    if (core_->find_contact(contact) == nullptr) return fail(Errc::UnknownContact, "leave");
    const Turn turn{now, out};
    core_->detach(contact, reason, turn);
    core_->settle(turn);
    return ok();
}

Result<void> Acd::contact_finished(AgentId agent, ContactId contact, Now now, Effects& out) {
    const ContactRecord* record = core_->find_contact(contact);
    const auto* talk = record == nullptr ? nullptr : std::get_if<InTalk>(&record->place);
    if (talk == nullptr || talk->agent != agent) {
        return fail(Errc::UnknownContact, "contact_finished");
    }
    return leave(contact, LeaveReason::Closed, now, out);
}

Result<void> Acd::offer_answered(OfferId offer, Now now, Effects& out) {
    const Turn turn{now, out};
    ESC_TRY(AgentRecord * agent, core_->open_offer(offer, "answer", turn));
    core_->connect(*agent, turn);
    core_->settle(turn);
    return ok();
}

Result<void> Acd::offer_declined(OfferId offer, Now now, Effects& out) {
    const Turn turn{now, out};
    ESC_TRY(AgentRecord * agent, core_->open_offer(offer, "decline", turn));
    core_->give_back(*agent, ReturnReason::Declined, turn);
    core_->settle(turn);
    return ok();
}

Result<void> Acd::offer_failed(OfferId offer, OfferFailure failure, Now now, Effects& out) {
    const Turn turn{now, out};
    ESC_TRY(AgentRecord * agent, core_->open_offer(offer, "failure", turn));
    switch (failure) {
        case OfferFailure::Unreachable:
            core_->give_back(*agent, ReturnReason::Unreachable, turn);
            break;
        case OfferFailure::Busy:
            core_->give_back(*agent, ReturnReason::Busy, turn);
            break;
    }
    core_->settle(turn);
    return ok();
}

Result<void> Acd::sign_in(AgentId id, Now now, Effects& out) {
    AgentRecord* agent = core_->find_agent(id);
    if (agent == nullptr) return fail(Errc::UnknownAgent, "sign_in");
    agent = &core_->chair_in_use(*agent);
    const Turn turn{now, out};
    // Signing in again while busy takes back a sign-out chosen for afterwards.
    const auto stay = [&](NextStatus& next) {
        if (next.kind != NextStatus::Kind::SignedOut) return;
        core_->choose_next(*agent, next, {NextStatus::Kind::NotReady, "signed_in"}, turn);
    };
    const bool was_out = std::holds_alternative<SignedOut>(agent->state);
    std::visit(overloaded{
                   [](SignedOut&) {},
                   [](NotReady&) {},
                   [](Ready&) {},
                   [&](Offered& offered) { stay(offered.next); },
                   [&](Talking& talking) { stay(talking.next); },
                   [&](WrapUp& wrap_up) { stay(wrap_up.next); },
               },
               agent->state);
    if (was_out) core_->set_state(*agent, NotReady{.reason = "signed_in"}, "signed_in", turn);
    return ok();
}

Result<void> Acd::sign_out(AgentId id, Now now, Effects& out) {
    AgentRecord* agent = core_->find_agent(id);
    if (agent == nullptr) return fail(Errc::UnknownAgent, "sign_out");
    agent = &core_->chair_in_use(*agent);
    const Turn turn{now, out};
    const NextStatus next{NextStatus::Kind::SignedOut, {}};
    bool leaves_now = false;
    std::visit(overloaded{
                   [](SignedOut&) {},
                   [&](NotReady&) { leaves_now = true; },
                   [&](Ready&) { leaves_now = true; },
                   [&](Offered& offered) { core_->choose_next(*agent, offered.next, next, turn); },
                   [&](Talking& talking) { core_->choose_next(*agent, talking.next, next, turn); },
                   [&](WrapUp& wrap_up) { core_->choose_next(*agent, wrap_up.next, next, turn); },
               },
               agent->state);
    if (leaves_now) core_->set_state(*agent, SignedOut{}, "signed_out", turn);
    return ok();
}

Result<void> Acd::choose_status(AgentId id, NextStatus status, Now now, Effects& out) {
    AgentRecord* agent = core_->find_agent(id);
    if (agent == nullptr) return fail(Errc::UnknownAgent, "choose_status");
    ESC_TRY(check_status(status));
    agent = &core_->chair_in_use(*agent);
    if (std::holds_alternative<SignedOut>(agent->state)) return fail(Errc::AgentSignedOut);
    const Turn turn{now, out};
    const bool wants_ready = status.kind == NextStatus::Kind::Ready;
    bool changes_now = false;
    std::visit(
        overloaded{
            [](SignedOut&) {},
            [&](NotReady& not_ready) {
                changes_now = wants_ready ? !not_ready.is_waiting_for_phone
                                          : not_ready.reason != status.reason;
            },
            [&](Ready&) { changes_now = !wants_ready; },
            [&](Offered& offered) { core_->choose_next(*agent, offered.next, status, turn); },
            [&](Talking& talking) { core_->choose_next(*agent, talking.next, status, turn); },
            [&](WrapUp& wrap_up) { core_->choose_next(*agent, wrap_up.next, status, turn); },
        },
        agent->state);
    if (changes_now) core_->rest(*agent, status, "chosen", turn);
    core_->settle(turn);
    return ok();
}

Result<void> Acd::phone_reachable(AgentId id, Reachability reach, Now now, Effects& out) {
    AgentRecord* agent = core_->find_agent(id);
    if (agent == nullptr) return fail(Errc::UnknownAgent, "phone_reachable");
    agent = &core_->chair_in_use(*agent);
    const Turn turn{now, out};
    const bool is_reachable = reach == Reachability::Reachable;
    core_->set_reachable(*agent, is_reachable, out);
    const AgentStateKind kind = kind_of(agent->state);
    if (is_reachable) {
        const auto* not_ready = std::get_if<NotReady>(&agent->state);
        if (not_ready != nullptr && not_ready->is_waiting_for_phone) {
            core_->rest(*agent, {}, "phone_back", turn);
        }
    } else if (kind == AgentStateKind::Ready) {
        core_->rest(*agent, {}, "phone_unreachable", turn);
    } else if (kind == AgentStateKind::Offered) {
        core_->give_back(*agent, ReturnReason::Unreachable, turn);
    }
    core_->settle(turn);
    return ok();
}

Result<void> Acd::extend_wrap_up(AgentId id, Now now, Effects& out) {
    AgentRecord* agent = core_->find_agent(id);
    if (agent == nullptr) return fail(Errc::UnknownAgent, "extend_wrap_up");
    auto* wrap_up = std::get_if<WrapUp>(&agent->state);
    if (wrap_up == nullptr) return fail(Errc::NotInWrapUp, "extend");
    if (wrap_up->extensions >= kMaxWrapUpExtensions) return fail(Errc::WrapUpLimit);
    const Turn turn{now, out};
    core_->unindex_state(*agent);
    wrap_up->deadline.at += kWrapUpExtension;
    wrap_up->deadline.wall += kWrapUpExtension;
    ++wrap_up->extensions;
    core_->index_state(*agent);
    Event& event = core_->fact("wrap_up_extended", agent->profile.company, turn);
    event.agent = id;
    event.contact = wrap_up->contact;
    event.with("by_s", static_cast<std::int64_t>(kWrapUpExtension.count()))
        .with("until", to_rfc3339(wrap_up->deadline.wall));
    out.changed_agents.push_back(id);
    return ok();
}

Result<void> Acd::finish_wrap_up(AgentId id, Now now, Effects& out) {
    AgentRecord* agent = core_->find_agent(id);
    if (agent == nullptr) return fail(Errc::UnknownAgent, "finish_wrap_up");
    const auto* wrap_up = std::get_if<WrapUp>(&agent->state);
    if (wrap_up == nullptr) return fail(Errc::NotInWrapUp, "finish");
    const Turn turn{now, out};
    const NextStatus next = wrap_up->next;
    core_->rest(*agent, next, "wrap_up_finished", turn);
    core_->settle(turn);
    return ok();
}

std::optional<Instant> Acd::next_wakeup() const {
    if (core_->timers.empty()) return std::nullopt;
    return core_->timers.begin()->first;
}

void Acd::wake(Now now, Effects& out) {
    const Turn turn{now, out};
    while (!core_->timers.empty() && core_->timers.begin()->first <= now.mono) {
        AgentRecord& agent = core_->agent_of(core_->timers.begin()->second);
        if (std::holds_alternative<Offered>(agent.state)) {
            core_->give_back(agent, ReturnReason::NoAnswer, turn);
        } else {
            const NextStatus next = std::get<WrapUp>(agent.state).next;
            core_->rest(agent, next, "wrap_up_over", turn);
        }
        core_->settle(turn);
    }
}

}  // namespace escucha::acd
