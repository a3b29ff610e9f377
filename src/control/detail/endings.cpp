// How calls end: by whom, with which outcome, and never without a case.

#include <fmt/format.h>

#include "control/detail/impl.h"

namespace escucha::control {

namespace {

std::string_view word(EndedBy by) {
    switch (by) {
        case EndedBy::Caller:
            return "caller";
        case EndedBy::Agent:
            return "agent";
        case EndedBy::Flow:
            return "flow";
        case EndedBy::Outside:
            return "outside";
        case EndedBy::System:
            return "system";
    }
    return "system";
}

}  // namespace

void Centre::Impl::handle(const LegEnded& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (call == nullptr) return;
    if (is_outside(call, event.leg)) return outside_ended(*call, turn);
    if (is_consultation(call, event.leg)) return consultation_ended(*call, event.leg, turn);
    if (find_member(*call, event.leg) != nullptr) return member_ended(*call, event.leg, turn);
    by_leg_.erase(event.leg);
    if (call->caller_leg.id == event.leg) return caller_left(*call, turn);
    if (std::holds_alternative<InTalk>(call->stage)) {
        note(*call, "decision", "the agent hung up", turn.now);
        // Who passes the caller on need not wait until the number answers.
        if (call->outside) return leave_to_outside(*call, turn);
        if (call->consultation) return leave_consultation(*call, turn);
        if (call->conference_since) return leave_conference(*call, turn);
        end_talk(*call, "agent", turn);
        turn.act(EndLeg{.leg = call->caller_leg.id, .reason = "agent hung up"});
        return finish(*call, "served", EndedBy::Agent, turn);
    }
    offer_lost(*call, turn);
}

// A ringing or just answered phone that went away: the offer, not the caller, ends.
void Centre::Impl::offer_lost(Call& call, Turn turn) {
    acd::Effects effects;
    const OfferId offer = call.agent->offer;
    if (acd_.offer_failed(offer, acd::OfferFailure::Unreachable, turn.now, effects)) {
        carry_out(std::move(effects), turn);
    } else {
        drop_agent_leg(call, "offer closed", turn);
    }
}

void Centre::Impl::caller_left(Call& call, Turn turn) {
    note(call, "decision", "the caller hung up", turn.now);
    call.is_caller_gone = true;
    if (std::holds_alternative<InTalk>(call.stage)) {
        end_talk(call, "caller", turn);
        return finish(call, "served", EndedBy::Caller, turn);
    }
    if (std::holds_alternative<WithOutside>(call.stage)) {
        return finish(call, "served", EndedBy::Caller, turn);
    }
    if (std::holds_alternative<InQueue>(call.stage)) {
        acd::Effects effects;
        if (acd_.leave(call.id, acd::LeaveReason::Abandoned, turn.now, effects)) {
            carry_out(std::move(effects), turn);
        }
    }
    if (call.run && call.voicemail && call.recording) {
        // Hanging up is how most people end a message.
        const flow::AskId ask = call.voicemail->ask;
        call.voicemail.reset();
        stop_recording(call, turn);
        reply(call, ask, flow::VoicemailReply{flow::VoicemailReply::Status::Recorded}, turn);
        if (call.is_over) return;
    }
    if (call.run && !call.run->is_over()) {
        const bool was_waiting = std::holds_alternative<InQueue>(call.stage);
        flow::Effects effects;
        call.run->caller_gone(turn.now, effects);
        carry_out(call, std::move(effects), turn);
        if (!call.is_over) {
            finish(call, was_waiting ? "abandoned_queue" : "abandoned_menu", EndedBy::Caller, turn);
        }
        return;
    }
    finish(call, "abandoned_menu", EndedBy::Caller, turn);
}

void Centre::Impl::finish(Call& call, std::string_view outcome, EndedBy by, Turn turn) {
    if (call.is_over) return;
    // Still in a queue, ringing or talking: the ACD must not keep what has ended.
    acd::Effects effects;
    if (acd_.leave(call.id, acd::LeaveReason::Abandoned, turn.now, effects)) {
        carry_out(std::move(effects), turn);
    }
    stop_recording(call, turn);
    const bool was_asking = call.consultation && call.consultation->answered_at;
    drop_consultation(call, was_asking ? "answered" : "cancelled", SipStatus::kGone, turn);
    drop_members(call, "ended", turn);
    drop_agent_leg(call, "call ended", turn);
    const bool was_answered = call.outside && call.outside->answered_at;
    drop_outside(call, was_answered ? "answered" : "cancelled", 0, turn);
    if (ensure_case(call, "query", "system", turn) && outcome == "self_served") {
        // The flow itself has answered the question: nothing is left to do.
        turn.out.events.push_back(fact("case_closed", call, turn).with("outcome", "self_served"));
    }
    const auto lasted =
        std::chrono::duration_cast<std::chrono::milliseconds>(turn.now.mono - call.began).count();
    turn.out.events.push_back(fact("contact_ended", call, turn)
                                  .with("outcome", outcome)
                                  .with("ended_by", word(by))
                                  .with("duration_ms", static_cast<std::int64_t>(lasted)));
    note(call, "decision", fmt::format("ended by {}: {}", word(by), outcome), turn.now);
    ++counters_.contacts_ended;

    by_leg_.erase(call.caller_leg.id);
    destroy_endpoint(call.caller_leg, turn);
    call.is_over = true;
    reschedule(call);
    ended_.push_back(EndedTrace{.contact = call.id,
                                .company = call.company(),
                                .lines = {call.trace.begin(), call.trace.end()}});
    if (ended_.size() > kEndedTraces) ended_.pop_front();
    const auto found = calls_.find(call.id);
    over_.push_back(std::move(found->second));
    calls_.erase(found);
}

}  // namespace escucha::control
