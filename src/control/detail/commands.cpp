// What agents and supervisors ask for from the page.

#include <algorithm>

#include <fmt/format.h>

#include "base/errc.h"
#include "base/overloaded.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

template <typename T>
concept AgentCommand = requires(const T& command) {
    command.agent;
};

AgentId agent_of(const Command& command) {
    return std::visit([](const AgentCommand auto& one) { return one.agent; }, command);
}

Error in_conference() { return fail(Errc::Conflict, "in a conference"); }
Error nobody_asked() { return fail(Errc::Conflict, "nobody is asked"); }
Error keying() { return fail(Errc::Conflict, "a secure input is under way"); }
Error not_in_call() { return fail(Errc::Conflict, "the agent is not in a conversation"); }

}  // namespace

Result<void> Centre::Impl::is_undisturbed(const Call& call) {
    if (call.outside || call.consultation) return fail(Errc::Conflict, "a transfer is under way");
    if (call.secure) return keying();
    return ok();
}

Result<void> Centre::Impl::may_be_passed_on(const Call& call) {
    if (has_colleagues(call)) return in_conference();
    return is_undisturbed(call);
}

/// The commands, each one a function of its own; the visitor picks by type.
class CommandDesk {
public:
    CommandDesk(Centre::Impl& centre, Turn turn) : centre_{centre}, turn_{turn} {}

    Result<void> operator()(const SignIn& wanted) {
        if (centre_.consulted_.contains(wanted.agent)) {
            return fail(Errc::Conflict, "in another agent's conversation");
        }
        const auto found = centre_.agents_.find(wanted.agent);
        acd::Effects effects;
        ESC_TRY(centre_.acd_.sign_in(wanted.agent, turn_.now, effects));
        const auto reach = found->second.is_phone_registered ? acd::Reachability::Reachable
                                                             : acd::Reachability::Unreachable;
        ESC_TRY(centre_.acd_.phone_reachable(wanted.agent, reach, turn_.now, effects));
        return done(std::move(effects));
    }
    Result<void> operator()(const SignOut& wanted) {
        if (put_off(wanted.agent, {.kind = acd::NextStatus::Kind::SignedOut, .reason = {}})) {
            return ok();
        }
        acd::Effects effects;
        ESC_TRY(centre_.acd_.sign_out(wanted.agent, turn_.now, effects));
        return done(std::move(effects));
    }
    Result<void> operator()(const SetReady& wanted) {
        return choose(wanted.agent, {.kind = acd::NextStatus::Kind::Ready, .reason = {}});
    }
    Result<void> operator()(const SetNotReady& wanted) {
        return choose(wanted.agent,
                      {.kind = acd::NextStatus::Kind::NotReady, .reason = wanted.reason});
    }
    Result<void> operator()(const AnswerOffer& wanted) {
        if (Call* asked = centre_.consulted_about(wanted.agent)) {
            turn_.act(LiftPhone{.leg = leg_at(*asked, wanted.agent)});
            return ok();
        }
        Call* call = ringing_at(wanted.agent);
        if (call == nullptr) return fail(Errc::Conflict, "no call is ringing");
        turn_.act(LiftPhone{.leg = call->agent->leg.id});
        return ok();
    }
    Result<void> operator()(const DeclineOffer& wanted) {
        if (Call* asked = centre_.consulted_about(wanted.agent)) {
            if (const Member* member = Impl::find_member(*asked, wanted.agent)) {
                if (member->joined_at) return fail(Errc::Conflict, "no call is ringing");
                centre_.drop_member(*asked, member->leg.id, "declined", turn_);
                return ok();
            }
            centre_.return_from_consultation(*asked, "declined", SipStatus::kDecline, turn_);
            return ok();
        }
        Call* call = ringing_at(wanted.agent);
        if (call == nullptr) return fail(Errc::Conflict, "no call is ringing");
        acd::Effects effects;
        ESC_TRY(centre_.acd_.offer_declined(call->agent->offer, turn_.now, effects));
        return done(std::move(effects));
    }
    Result<void> operator()(const HangUp& wanted) {
        if (Call* others = centre_.consulted_about(wanted.agent)) {
            const Member* member = Impl::find_member(*others, wanted.agent);
            if (member == nullptr) return (*this)(EndConsultation{wanted.agent});
            centre_.drop_member(*others, member->leg.id, left(*member), turn_);
            return ok();
        }
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        if (call->outside) {
            centre_.leave_to_outside(*call, turn_);
            return ok();
        }
        if (call->consultation) {
            centre_.leave_consultation(*call, turn_);
            return ok();
        }
        if (call->conference_since) {
            centre_.leave_conference(*call, turn_);
            return ok();
        }
        centre_.end_talk(*call, "agent", turn_);
        turn_.act(EndLeg{.leg = call->caller_leg.id, .reason = "agent hung up"});
        centre_.finish(*call, "served", EndedBy::Agent, turn_);
        return ok();
    }
    Result<void> operator()(const Hold& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        if (call->secure) return keying();
        if (std::get<InTalk>(call->stage).held) return fail(Errc::Conflict, "already on hold");
        if (call->conference_since) return in_conference();
        centre_.hold(*call, Held::By::Page, turn_);
        return ok();
    }
    Result<void> operator()(const Resume& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        const auto& held = std::get<InTalk>(call->stage).held;
        if (call->outside) {
            centre_.cancel_outside(*call, turn_);
            return ok();
        }
        if (call->consultation) return (*this)(EndConsultation{wanted.agent});
        if (!held) return fail(Errc::Conflict, "not on hold");
        if (held->by == Held::By::Phone) {
            return fail(Errc::Conflict, "held by the phone: resume it there");
        }
        centre_.resume(*call, turn_);
        return ok();
    }
    Result<void> operator()(const TransferToAgent& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        ESC_TRY(Impl::may_be_passed_on(*call));
        if (wanted.to == wanted.agent) return fail(Errc::Conflict, "already with this agent");
        const auto target = centre_.acd_.agent(wanted.to);
        if (!target || target->company != call->company()) {
            return fail(Errc::NotFound, "no such agent");
        }
        if (acd::kind_of(target->state) != acd::AgentStateKind::Ready) {
            return fail(Errc::Conflict, "the other agent is not ready");
        }
        start_transfer(*call, "agent", wanted.to.to_string());
        acd::Effects effects;
        ESC_TRY(
            centre_.acd_.offer_direct(queued(*call, *call->queue), wanted.to, turn_.now, effects));
        centre_.play_music(*call, turn_);
        return done(std::move(effects));
    }
    Result<void> operator()(const TransferToQueue& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        ESC_TRY(Impl::may_be_passed_on(*call));
        const Queue* queue = centre_.find_queue(wanted.to);
        if (queue == nullptr || queue->acd.company != call->company()) {
            return fail(Errc::NotFound, "no such queue");
        }
        const auto state = centre_.acd_.queue(wanted.to);
        if (state && state->waiting >= queue->acd.max_waiting) {
            return fail(Errc::Conflict, "the queue is full");
        }
        start_transfer(*call, "queue", wanted.to.to_string());
        call->queue = wanted.to;
        acd::Effects effects;
        ESC_TRY(centre_.acd_.enqueue(queued(*call, wanted.to), turn_.now, effects));
        centre_.play_music(*call, turn_);
        return done(std::move(effects));
    }
    Result<void> operator()(const TransferOutside& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        ESC_TRY(Impl::may_be_passed_on(*call));
        return centre_.ask_outside(*call, wanted.number, Impl::Passing::Blind, turn_);
    }
    Result<void> operator()(const ConsultOutside& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        return centre_.consult_outside(*call, wanted.number, nullptr, turn_);
    }
    Result<void> operator()(const ConsultAgent& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        return centre_.consult(*call, wanted.with, turn_);
    }
    Result<void> operator()(const CompleteConsultation& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        if (!call->consultation) return nobody_asked();
        if (!call->consultation->answered_at) {
            return fail(Errc::Conflict, "who is asked has not answered");
        }
        centre_.complete_consultation(*call, turn_);
        return ok();
    }
    Result<void> operator()(const EndConsultation& wanted) {
        Call* call = centre_.consulted_about(wanted.agent);
        if (call == nullptr) call = talking_with(wanted.agent);
        if (call == nullptr || Impl::find_member(*call, wanted.agent)) return not_in_call();
        if (!call->consultation) return nobody_asked();
        centre_.end_consultation(*call, "cancelled", turn_);
        return ok();
    }
    Result<void> operator()(const MakeConference& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        return centre_.make_conference(*call, turn_);
    }
    Result<void> operator()(const AddToConference& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        return centre_.add_to_conference(*call, wanted.with, turn_);
    }
    Result<void> operator()(const RemoveFromConference& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        const Member* member = Impl::find_member(*call, wanted.with);
        if (member == nullptr || member->part != Member::Part::Colleague) {
            return fail(Errc::NotFound, "not in the conference");
        }
        centre_.drop_member(
            *call, member->leg.id, member->joined_at ? "removed" : "cancelled", turn_);
        return ok();
    }
    Result<void> operator()(const Supervise& wanted) {
        Call* call = centre_.find(wanted.contact);
        const auto supervisor = centre_.acd_.agent(wanted.agent);
        if (call == nullptr || !supervisor || supervisor->company != call->company()) {
            return fail(Errc::NotFound, "the contact is not live");
        }
        return centre_.supervise(*call, wanted.agent, role_of(wanted.mode), turn_);
    }
    Result<void> operator()(const EndSupervision& wanted) {
        Call* call = centre_.consulted_about(wanted.agent);
        const Member* member = call == nullptr ? nullptr : Impl::find_member(*call, wanted.agent);
        if (member == nullptr || member->part != Member::Part::Supervisor) {
            return fail(Errc::Conflict, "supervises nobody");
        }
        centre_.drop_member(*call, member->leg.id, left(*member), turn_);
        return ok();
    }
    Result<void> operator()(const PauseRecording& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        if (call->secure) return keying();
        if (!call->recording) return fail(Errc::Conflict, "the call is not recorded");
        if (call->recording->paused_since) return fail(Errc::Conflict, "already paused");
        centre_.pause_recording(*call, wanted.reason, turn_);
        return ok();
    }
    Result<void> operator()(const ResumeRecording& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        if (call->secure) return keying();
        if (call->consultation) return fail(Errc::Conflict, "a consultation is not recorded");
        if (std::exchange(call->kept_pause, std::nullopt)) {
            centre_.touch(*call);
            return ok();
        }
        if (!call->recording || !call->recording->paused_since) {
            return fail(Errc::Conflict, "the recording is not paused");
        }
        centre_.resume_recording(*call, turn_);
        return ok();
    }
    Result<void> operator()(const BeginSecureInput& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        return centre_.begin_secure_input(*call, wanted, turn_);
    }
    Result<void> operator()(const EndSecureInput& wanted) {
        Call* call = talking_with(wanted.agent);
        if (call == nullptr) return not_in_call();
        return centre_.end_secure_input(*call, turn_);
    }
    Result<void> operator()(const ExtendWrapUp& wanted) {
        acd::Effects effects;
        ESC_TRY(centre_.acd_.extend_wrap_up(wanted.agent, turn_.now, effects));
        return done(std::move(effects));
    }
    Result<void> operator()(const FinishWrapUp& wanted) {
        acd::Effects effects;
        ESC_TRY(centre_.acd_.finish_wrap_up(wanted.agent, turn_.now, effects));
        return done(std::move(effects));
    }
    Result<void> operator()(const LinkCase& wanted) {
        Call* call = centre_.find(wanted.contact);
        if (call == nullptr) return fail(Errc::NotFound, "the contact is not live");
        call->matter =
            CaseOfCall{.id = wanted.case_id, .reference = wanted.reference, .subject = {}};
        Event linked = centre_.fact("case_linked", *call, turn_);
        linked.agent = wanted.agent;
        turn_.out.events.push_back(linked.with("reference", wanted.reference).with("how", "agent"));
        centre_.touch(*call);
        return ok();
    }
    Result<void> operator()(const LinkCustomer& wanted) {
        Call* call = centre_.find(wanted.contact);
        if (call == nullptr) return fail(Errc::NotFound, "the contact is not live");
        call->customer = wanted.customer;
        call->customer_name = wanted.name;
        Event identified = centre_.fact("contact_identified", *call, turn_);
        identified.agent = wanted.agent;
        turn_.out.events.push_back(identified.with("how", "agent").with_flag("verified", false));
        centre_.touch(*call);
        return ok();
    }

private:
    using Impl = Centre::Impl;

    static media::MixRole role_of(SupervisionMode mode) {
        switch (mode) {
            case SupervisionMode::Listen:
                return media::MixRole::Listener;
            case SupervisionMode::Whisper:
                return media::MixRole::Whisperer;
            case SupervisionMode::Join:
                return media::MixRole::Full;
        }
        return media::MixRole::Listener;
    }
    static std::string_view left(const Member& member) {
        return member.joined_at ? "left" : "cancelled";
    }
    /// Of who is asked, or joins.
    static LegId leg_at(Call& call, AgentId agent) {
        const Member* member = Impl::find_member(call, agent);
        return member != nullptr ? member->leg.id : call.consultation->colleague->leg.id;
    }
    Result<void> done(acd::Effects effects) {
        centre_.carry_out(std::move(effects), turn_);
        return ok();
    }
    // Who is asked by a colleague is busy with that; what they choose comes after.
    bool put_off(AgentId agent, acd::NextStatus status) {
        Call* asked = centre_.consulted_about(agent);
        if (asked == nullptr) return false;
        if (Member* member = Impl::find_member(*asked, agent)) {
            if (!member->next) return false;
            member->next = std::move(status);
        } else {
            asked->consultation->colleague->next = std::move(status);
        }
        centre_.touch(*asked);
        return true;
    }
    Result<void> choose(AgentId agent, acd::NextStatus status) {
        if (put_off(agent, status)) return ok();
        acd::Effects effects;
        ESC_TRY(centre_.acd_.choose_status(agent, std::move(status), turn_.now, effects));
        return done(std::move(effects));
    }
    Call* call_of(AgentId agent) {
        const auto view = centre_.acd_.agent(agent);
        if (!view || !view->contact()) return nullptr;
        Call* call = centre_.find(*view->contact());
        const bool is_theirs = call != nullptr && call->agent && call->agent->agent == agent;
        return is_theirs ? call : nullptr;
    }
    Call* ringing_at(AgentId agent) {
        Call* call = call_of(agent);
        return call != nullptr && !std::holds_alternative<InTalk>(call->stage) ? call : nullptr;
    }
    Call* talking_with(AgentId agent) {
        Call* call = call_of(agent);
        return call != nullptr && std::holds_alternative<InTalk>(call->stage) ? call : nullptr;
    }
    // With the class and the arrival it came with: a transfer costs nobody their place.
    [[nodiscard]] acd::QueuedContact queued(const Call& call, QueueId queue) const {
        const auto row = centre_.acd_.contact_row(call.id);
        return {.id = call.id,
                .company = call.company(),
                .queue = queue,
                .arrived = call.arrived,
                .priority = row ? row->contact.priority : acd::Priority::Normal,
                .language = std::string{speech::code(call.run ? call.run->language()
                                                              : call.line->language)},
                .because = acd::QueuedBecause::Transfer};
    }
    // Checked before: from here on the transfer happens. The context, the case and the place in
    // time stay with the call; only the agent's leg goes.
    void start_transfer(Call& call, std::string_view to_kind, const std::string& to) {
        Event started = centre_.fact("transfer_started", call, turn_);
        started.agent = call.agent->agent;
        turn_.out.events.push_back(started.with("to_kind", to_kind).with("to", to));
        if (!Impl::is_mixed(call)) {
            turn_.act(
                media::Unbridge{.a = call.caller_leg.endpoint, .b = call.agent->leg.endpoint});
        }
        centre_.end_talk(call, "transfer", turn_);
        centre_.note(call, "decision", fmt::format("transferred to {} {}", to_kind, to), turn_.now);
        centre_.move_to(call, InQueue{}, turn_);
    }

    Centre::Impl& centre_;
    Turn turn_;
};

void Centre::Impl::handle_command(CommandToken token,
                                  CompanyId company,
                                  const Command& command,
                                  Turn turn) {
    const auto agent = agents_.find(agent_of(command));
    Result<void> result = ok();
    if (agent == agents_.end() || agent->second.config.profile.company != company) {
        result = fail(Errc::NotFound, "no such agent");
    } else {
        result = std::visit(CommandDesk{*this, turn}, command);
    }
    // The cores' own codes say more than the page can use; their text travels in the detail.
    if (!result && result.error().code.category() != base_category()) {
        result = fail(Errc::Conflict, result.error().message());
    }
    turn.out.actions.emplace_back(CommandDone{.token = token, .result = std::move(result)});
}

// What the phone's button asks for is what the page would: the agent leaves, and the caller keeps
// the case, the context and the place in time.
void Centre::Impl::handle(const LegTransferAsked& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (completes_consultation(call, event)) {
        turn.act(GrantTransfer{.leg = event.leg});
        return complete_consultation(*call, turn);
    }
    if (event.replaces)
        return turn.act(RefuseTransfer{.leg = event.leg, .status = SipStatus::kDecline});
    const bool is_agents = call != nullptr && call->agent && call->agent->leg.id == event.leg;
    if (!is_agents)
        return turn.act(RefuseTransfer{.leg = event.leg, .status = SipStatus::kDecline});
    const AgentId agent = call->agent->agent;
    const auto wanted = transfer_to(*call, agent, event.target);
    if (!wanted) return turn.act(RefuseTransfer{.leg = event.leg, .status = SipStatus::kNotFound});
    // The phone is told before its leg is hung up, and only of a transfer that happens.
    const auto at = static_cast<std::ptrdiff_t>(turn.out.actions.size());
    const auto done = std::visit(CommandDesk{*this, turn}, *wanted);
    LegAction answer = GrantTransfer{.leg = event.leg};
    if (done && std::holds_alternative<TransferOutside>(*wanted)) {
        // The agent stays, and the phone with them, until the number has answered.
        answer = BeginTransfer{.leg = event.leg};
        call->outside->is_phone_waiting = true;
    }
    if (!done) answer = RefuseTransfer{.leg = event.leg, .status = SipStatus::kDecline};
    turn.out.actions.insert(turn.out.actions.begin() + at, Action{std::move(answer)});
    if (!done) note(*call, "decision", "transfer refused: " + done.error().message(), turn.now);
}

// RFC 5589 §7: inside one of the agent's two calls, naming the other; or the colleague themselves.
bool Centre::Impl::completes_consultation(const Call* call, const LegTransferAsked& event) const {
    if (call == nullptr || !call->consultation || !call->consultation->answered_at) return false;
    const Consultation& asked = *call->consultation;
    const LegId first = call->agent->leg.id;
    const auto second = asked.phone ? std::optional{asked.phone->id} : std::nullopt;
    if (event.leg != first && event.leg != second) return false;
    if (event.replaces) return *event.replaces == (event.leg == first ? second : first);
    if (event.leg != first) return false;
    if (!asked.colleague) {
        const auto number = number_outside(*call, event.target);
        const auto& tried = call->outside->tried;  // The one that was dialled, before a redirect.
        return number && (*number == call->outside->number ||
                          std::ranges::find(tried, *number) != tried.end());
    }
    return agent_of_phone(call->company(), event.target) == asked.colleague->agent;
}

std::optional<std::string> Centre::Impl::number_outside(const Call& call,
                                                        const std::string& target) const {
    // Shorter than any subscriber's number: a name of ours that is not there.
    constexpr std::size_t kShortestNumber = 7;
    const auto outside = outside_.find(call.company());
    if (outside == outside_.end() || target.size() < kShortestNumber) return std::nullopt;
    return outside_number(target, outside->second.calling_code);
}

std::optional<Command> Centre::Impl::transfer_to(const Call& call,
                                                 AgentId agent,
                                                 const std::string& target) const {
    if (const auto to = agent_of_phone(call.company(), target)) {
        return TransferToAgent{.agent = agent, .to = *to};
    }
    for (const auto& [id, queue] : queues_) {
        if (queue.key == target && queue.acd.company == call.company()) {
            return TransferToQueue{.agent = agent, .to = id};
        }
    }
    if (!number_outside(call, target)) return std::nullopt;
    return TransferOutside{.agent = agent, .number = target};
}

void Centre::Impl::handle_phone(std::string_view username,
                                acd::Reachability reach,
                                Signalling signalling,
                                Turn turn) {
    const auto found = agents_by_phone_.find(std::string{username});
    if (found == agents_by_phone_.end()) return;
    const bool is_registered = reach == acd::Reachability::Reachable;
    for (const AgentId id : found->second) {
        AgentInfo& agent = agents_.at(id);
        agent.signalling = signalling;
        if (agent.is_phone_registered == is_registered) continue;
        Event event;
        event.type = is_registered ? "phone_registered" : "phone_unregistered";
        event.at = turn.now.wall;
        event.company = agent.config.profile.company;
        event.agent = id;
        turn.out.events.push_back(event.with("phone", username).with("reason", "register"));
        agent.is_phone_registered = is_registered;
    }
    acd::Effects effects;
    // The person's other agents follow.
    if (acd_.phone_reachable(found->second.front(), reach, turn.now, effects)) {
        carry_out(std::move(effects), turn);
    }
}

std::optional<AgentId> Centre::Impl::agent_of_phone(CompanyId company,
                                                    const std::string& phone) const {
    const auto found = agents_by_phone_.find(phone);
    if (found == agents_by_phone_.end()) return std::nullopt;
    for (const AgentId id : found->second) {
        if (agents_.at(id).config.profile.company == company) return id;
    }
    return std::nullopt;
}

}  // namespace escucha::control
