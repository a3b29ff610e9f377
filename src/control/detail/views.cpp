// What the centre shows of itself.

#include <fmt/format.h>

#include "base/overloaded.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

AgentState state_of(acd::AgentStateKind kind) {
    switch (kind) {
        case acd::AgentStateKind::SignedOut:
            return AgentState::SignedOut;
        case acd::AgentStateKind::NotReady:
            return AgentState::NotReady;
        case acd::AgentStateKind::Ready:
            return AgentState::Ready;
        case acd::AgentStateKind::Offered:
            return AgentState::Offered;
        case acd::AgentStateKind::Talking:
            return AgentState::Talking;
        case acd::AgentStateKind::WrapUp:
            return AgentState::WrapUp;
    }
    return AgentState::SignedOut;
}

ContactState state_of(const Call& call) {
    return std::visit(
        overloaded{[](const Arriving&) { return ContactState::Menu; },
                   [](const Answering&) { return ContactState::Menu; },
                   [&](const InFlow&) {
                       return call.voicemail ? ContactState::Voicemail : ContactState::Menu;
                   },
                   [&](const InQueue&) {
                       return call.agent ? ContactState::Offered : ContactState::Waiting;
                   },
                   [](const InTalk& talk) {
                       return talk.held ? ContactState::Held : ContactState::Talking;
                   },
                   [&](const WithOutside&) {
                       const bool is_talking = call.outside && call.outside->answered_at;
                       return is_talking ? ContactState::Talking : ContactState::Held;
                   }},
        call.stage);
}

std::optional<SecureInputView> secure_input_of(const Call& call) {
    using State = SecureInputView::State;
    if (call.secure_outcome) {
        const SecureOutcome& over = *call.secure_outcome;
        return SecureInputView{.kind = over.kind,
                               .label = over.label,
                               .state = State::Ended,
                               .digits = over.digits,
                               .attempt = over.attempt,
                               .since = over.at,
                               .result = over.result,
                               .last_four = over.last_four,
                               .is_delivered = over.is_delivered};
    }
    if (!call.secure || call.secure->phase == SecureInput::Phase::Closing) return std::nullopt;
    const SecureInput& input = *call.secure;
    const bool is_checking = input.phase == SecureInput::Phase::Checking;
    return SecureInputView{.kind = input.entry.kind(),
                           .label = input.label,
                           .state = is_checking ? State::Checking : State::Keying,
                           .digits = input.entry.count(),
                           .attempt = input.attempt,
                           .since = call.arrived + (input.since - call.began)};
}

}  // namespace

ContactView Centre::Impl::view(const Call& call) const {
    ContactView out;
    out.id = call.id;
    out.company = call.company();
    out.line = call.line->id;
    out.line_name = call.line->name;
    out.caller = call.caller;
    out.diversion = call.diversion;
    out.language = speech::code(call.run ? call.run->language() : call.line->language);
    out.state = state_of(call);
    if (call.run) out.menu_node = call.run->node();
    out.arrived = call.arrived;
    out.since = call.stage_since;
    out.customer = call.customer;
    out.customer_name = call.customer_name;
    if (call.matter) {
        out.case_id = call.matter->id;
        out.case_reference = call.matter->reference;
        out.case_subject = call.matter->subject;
    }
    out.queue = call.queue;
    if (out.state == ContactState::Waiting || out.state == ContactState::Offered) {
        out.position = acd_.position(call.id);
    }
    if (call.agent) out.agent = call.agent->agent;
    if (call.outside) out.outside = call.outside->number;
    if (call.consultation && call.agent) {
        const Consultation& asked = *call.consultation;
        const Instant since = asked.answered_at.value_or(asked.asked_at);
        out.consultation = ConsultationView{
            .by = call.agent->agent,
            .with = asked.colleague ? std::optional{asked.colleague->agent} : std::nullopt,
            .is_answered = asked.answered_at.has_value(),
            .since = call.arrived + (since - call.began)};
    }
    for (const Member& one : call.members) {
        const Instant since = one.joined_at.value_or(one.asked_at);
        const WallTime at = call.arrived + (since - call.began);
        const bool is_joined = one.joined_at.has_value();
        if (one.part == Member::Part::Colleague) {
            out.conference.push_back({.agent = one.agent, .is_joined = is_joined, .since = at});
        } else {
            out.supervised_by.push_back({.agent = one.agent,
                                         .mode = std::string{mode_word(one.role)},
                                         .is_joined = is_joined,
                                         .since = at});
        }
    }
    out.secure_input = secure_input_of(call);
    if (call.recording) {
        out.recording = call.recording->id;
        out.is_recording_paused = call.recording->paused_since.has_value();
    }
    if (!call.run) return out;
    out.reasks = call.run->context().reasks();
    for (const flow::Datum& datum : call.run->context().data()) {
        out.context.push_back(DatumView{.name = datum.name,
                                        .value = datum.shown(),
                                        .given_by = std::string{flow::to_text(datum.given_by)},
                                        .at = datum.at,
                                        .verified = datum.verified,
                                        .sensitivity = datum.sensitivity});
    }
    return out;
}

AgentView Centre::Impl::view(const acd::AgentView& agent) const {
    AgentView out;
    out.id = agent.id;
    out.state = state_of(acd::kind_of(agent.state));
    out.reason = agent.reason();
    out.since = agent.since;
    out.until = agent.until();
    out.contact = agent.contact();
    if (const auto asked = consulted_.find(agent.id); asked != consulted_.end()) {
        out.contact = asked->second;
    }
    if (const auto next = agent.next()) {
        out.next_state = acd::word(next->kind);
        if (!next->reason.empty()) out.next_state += ":" + next->reason;
    }
    const auto info = agents_.find(agent.id);
    if (info == agents_.end()) return out;
    out.user = info->second.config.user;
    out.name = info->second.config.name;
    out.is_phone_registered = info->second.is_phone_registered;
    for (const auto& membership : info->second.config.profile.memberships) {
        out.queues.push_back(membership.queue);
    }
    return out;
}

std::optional<std::string> Centre::Impl::broken_invariant() const {
    if (auto broken = acd_.broken_invariant()) return "acd: " + *broken;
    std::unordered_set<AgentId> busy;
    for (const auto& [id, call] : calls_) {
        const auto name = id.to_string();
        if (call->is_over) return name + " is over but still listed";
        if (!by_leg_.contains(call->caller_leg.id)) return name + " has a caller without a leg";
        if (std::holds_alternative<InTalk>(call->stage) && !call->agent) {
            return name + " talks with nobody";
        }
        if (std::holds_alternative<InQueue>(call->stage) && !acd_.contact_row(id)) {
            return name + " waits in no queue";
        }
        if (std::holds_alternative<WithOutside>(call->stage) && (!call->outside || call->agent)) {
            return name + " is outside with nobody, or with an agent";
        }
        if (call->outside && call->outside->answered_at &&
            !std::holds_alternative<WithOutside>(call->stage) && !call->consultation) {
            return name + " talks with two";
        }
        if (call->consultation) {
            const auto& colleague = call->consultation->colleague;
            if (!std::holds_alternative<InTalk>(call->stage)) return name + " asks without a talk";
            if (colleague.has_value() == call->outside.has_value()) {
                return name + " asks nobody, or two";
            }
            const auto asked = colleague ? consulted_.find(colleague->agent) : consulted_.end();
            if (colleague && (asked == consulted_.end() || asked->second != id ||
                              !busy.insert(colleague->agent).second)) {
                return colleague->agent.to_string() + " is asked in two calls";
            }
        }
        for (const Member& one : call->members) {
            const auto there = consulted_.find(one.agent);
            if (!std::holds_alternative<InTalk>(call->stage)) return name + " is a lone conference";
            if (there == consulted_.end() || there->second != id ||
                !busy.insert(one.agent).second) {
                return one.agent.to_string() + " is in two conversations";
            }
        }
        if (call->members.size() > kMostMembers) return name + " has too many members";
        if (has_joined_colleague(*call) != call->conference_since.has_value()) {
            return name + " has a conference of nobody, or members of none";
        }
        if (call->secure && !std::holds_alternative<InTalk>(call->stage)) {
            return name + " keys in secret without a talk";
        }
        if (call->agent && !busy.insert(call->agent->agent).second) {
            return call->agent->agent.to_string() + " is in two calls";
        }
        if (call->timer && !timers_.contains({*call->timer, id})) return name + " lost its timer";
    }
    for (const auto& [agent, contact] : consulted_) {
        const auto call = calls_.find(contact);
        const auto* asked = call != calls_.end() && call->second->consultation
                                ? &call->second->consultation->colleague
                                : nullptr;
        const bool is_asked = asked != nullptr && *asked && (*asked)->agent == agent;
        if (!is_asked && (call == calls_.end() || find_member(*call->second, agent) == nullptr)) {
            return agent.to_string() + " is asked about nobody";
        }
    }
    for (const auto& [leg, contact] : by_leg_) {
        if (!calls_.contains(contact)) return "leg " + leg.to_string() + " belongs to no call";
    }
    for (const auto& [endpoint, contact] : by_endpoint_) {
        if (!calls_.contains(contact)) {
            return fmt::format("endpoint {} belongs to no call",
                               static_cast<std::uint64_t>(endpoint));
        }
    }
    return std::nullopt;
}

}  // namespace escucha::control
