// A colleague, or a number outside, is asked before the caller is passed on: rung, heard, and then
// either the caller goes on with them or is the agent's again. The contact is the agent's all the
// while, and hears music. Of a number outside, what is not the agent's side of it is in
// outside.cpp.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/errc.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

// What the colleague was doing is what they go on doing.
acd::NextStatus status_of(const acd::AgentState& state) {
    const auto* not_ready = std::get_if<acd::NotReady>(&state);
    if (not_ready == nullptr || not_ready->is_waiting_for_phone) return {};
    return {.kind = acd::NextStatus::Kind::NotReady, .reason = not_ready->reason};
}

// A challenge or a redirection is between us and a carrier.
int status_for_phone(int status) {
    constexpr int kFirstRefusal = 400;
    constexpr int kUnauthorized = 401;
    constexpr int kProxyAuthentication = 407;
    const bool is_ours =
        status < kFirstRefusal || status == kUnauthorized || status == kProxyAuthentication;
    return is_ours ? SipStatus::kUnavailable : status;
}

}  // namespace

std::string_view word_of_consultation(int status) {
    switch (status) {
        case SipStatus::kNoAnswer:
        case SipStatus::kGone:
            return "no_answer";
        case SipStatus::kBusyHere:
        case SipStatus::kBusyEverywhere:
            return "busy";
        case SipStatus::kForbidden:
        case SipStatus::kDecline:
            return "declined";
        default:
            return "failed";
    }
}

acd::NextStatus Centre::Impl::status_to_come(AgentId agent) const {
    const auto found = acd_.agent(agent);
    return found ? status_of(found->state) : acd::NextStatus{};
}

Call* Centre::Impl::consulted_about(AgentId colleague) {
    const auto found = consulted_.find(colleague);
    return found == consulted_.end() ? nullptr : find(found->second);
}

bool Centre::Impl::is_consulted(AgentId person) const {
    return std::ranges::any_of(acd_.same_person(person),
                               [&](AgentId agent) { return consulted_.contains(agent); });
}

Result<void> Centre::Impl::may_consult(const Call& call, AgentId with) const {
    ESC_TRY(may_be_passed_on(call));
    if (with == call.agent->agent) return fail(Errc::Conflict, "already with this agent");
    return may_be_rung(call, with);
}

Result<void> Centre::Impl::may_be_rung(const Call& call, AgentId who, Presence presence) const {
    const auto info = agents_.find(who);
    const auto colleague = acd_.agent(who);
    if (info == agents_.end() || !colleague || colleague->company != call.company()) {
        return fail(Errc::NotFound, "no such agent");
    }
    const bool is_there = presence == Presence::SignedOut || is_free(colleague->state);
    if (!is_there || is_consulted(who)) {
        return fail(Errc::Conflict, "the other agent is not ready");
    }
    if (!info->second.is_phone_registered || !is_callable(info->second)) {
        return fail(Errc::Conflict, "the other agent has no phone");
    }
    if (!is_media_up_) return fail(Errc::Conflict, "no sound at the moment");
    return ok();
}

Result<void> Centre::Impl::consult(Call& call, AgentId with, Turn turn) {
    ESC_TRY(may_consult(call, with));
    begin_consultation(call, with, nullptr, turn);
    return ok();
}

Result<void> Centre::Impl::consult_outside(Call& call,
                                           const std::string& number,
                                           const IncomingCall* dialled,
                                           Turn turn) {
    ESC_TRY(may_be_passed_on(call));
    if (!is_media_up_) return fail(Errc::Conflict, "no sound at the moment");
    ESC_TRY(ask_outside(call, number, Passing::Attended, turn));
    begin_asking(call, dialled, turn);
    return ok();
}

bool Centre::Impl::consult_by_phone(const IncomingCall& event, Turn turn) {
    const auto* source = std::get_if<AgentId>(&event.source);
    if (source == nullptr) return false;
    const AgentId agent = acd_.in_use(*source);
    const auto asking = acd_.agent(agent);
    const auto colleague =
        asking ? agent_of_phone(asking->company, event.dialled) : std::optional<AgentId>{};
    const bool is_colleague = colleague.has_value();
    if (!is_colleague && find_line(event)) return false;
    Call* call = asking && asking->contact() ? find(*asking->contact()) : nullptr;
    const bool is_talking = call != nullptr && call->agent && call->agent->agent == agent &&
                            std::holds_alternative<InTalk>(call->stage);
    if (!is_talking || (!is_colleague && !number_outside(*call, event.dialled))) return false;
    const auto refuse_with = [&](int status, const std::string& why) {
        note(*call, "decision", "who is dialled is not rung: " + why, turn.now);
        turn.act(RejectCaller{.leg = event.leg, .status = status});
        return true;
    };
    if (const auto usable = check_offer(event); !usable) {
        return refuse_with(SipStatus::kNotAcceptable, usable.error().message());
    }
    if (!is_colleague) {
        const auto asked = consult_outside(*call, event.dialled, &event, turn);
        if (asked) return true;
        return refuse_with(is_media_up_ ? SipStatus::kForbidden : SipStatus::kUnavailable,
                           asked.error().detail);
    }
    if (const auto may = may_consult(*call, *colleague); !may) {
        return refuse_with(SipStatus::kBusyHere, may.error().detail);
    }
    begin_consultation(*call, *colleague, &event, turn);
    return true;
}

void Centre::Impl::begin_consultation(Call& call,
                                      AgentId with,
                                      const IncomingCall* dialled,
                                      Turn turn) {
    begin_asking(call, dialled, turn);
    Consultation& asked = *call.consultation;
    const Queue* queue = call.queue ? find_queue(*call.queue) : nullptr;
    consulted_.emplace(with, call.id);
    Event started = fact("consultation_started", call, turn);
    started.agent = call.agent->agent;
    turn.out.events.push_back(
        started.with("with", with.to_string()).with("by", dialled ? "phone" : "page"));
    note(call, "decision", fmt::format("agent {} is asked", with.to_string()), turn.now);
    asked.colleague = AskedColleague{
        .leg = new_phone_leg(agents_.at(with), turn),
        .agent = with,
        .next = status_to_come(with),
        .deadline = turn.now.mono + (queue ? queue->acd.ring_time : kConsultRingTime)};
    set_busy(with, kConsultationReason, turn);
    create_endpoint(call, asked.colleague->leg, turn);
    touch(call);
}

// The agent's side: the caller waits with music, and what the two say is not the customer's.
void Centre::Impl::begin_asking(Call& call, const IncomingCall* dialled, Turn turn) {
    if (!std::get<InTalk>(call.stage).held) hold(call, Held::By::Transfer, turn);
    Consultation& asked = call.consultation.emplace();
    asked.asked_at = turn.now.mono;
    if (call.recording && !call.recording->paused_since) {
        pause_recording(call, kConsultationReason, turn);
        asked.is_recording_paused = true;
    }
    if (dialled) {
        Leg& phone = asked.phone.emplace();
        phone.id = dialled->leg;
        phone.local.encryption = encryption_of(*dialled);
        const bool insists = phone.local.encryption == sdp::Encryption::Required;
        if (!dialled->sdp && insists) phone.local.profile = sdp::Profile::Secure;
        asked.phone_offer = dialled->sdp;
        by_leg_.emplace(phone.id, call.id);
        create_endpoint(call, phone, turn);
    }
    touch(call);
}

// The colleague sees whose call it is, not who asks; that is on their page.
void Centre::Impl::consultation_ready(Call& call, const Leg& leg, Turn turn) {
    auto& colleague = call.consultation->colleague;
    if (colleague && &leg == &colleague->leg) {
        ring_phone(call, colleague->agent, colleague->leg, turn);
    }
}

void Centre::Impl::ring_phone(Call& call, AgentId agent, Leg& leg, Turn turn) {
    const auto info = agents_.find(agent);
    if (info == agents_.end()) return;
    leg.is_offer_ours = true;
    by_leg_.emplace(leg.id, call.id);
    turn.act(RingPhone{.leg = leg.id,
                       .phone = info->second.config.phone,
                       .display = call.customer_name.empty() ? call.line->name : call.customer_name,
                       .number = call.caller.empty() ? "anonymous" : call.caller,
                       .sdp = sdp::offer(leg.local),
                       .headers = {{"X-Escucha-Contact", call.id.to_string()}}});
}

void Centre::Impl::consultation_progress(Call& call, const LegProgress& event, Turn turn) {
    if (event.status == SipStatus::kRinging) asked_rings(call, turn);
}

void Centre::Impl::asked_rings(Call& call, Turn turn) {
    Consultation& asked = *call.consultation;
    if (std::exchange(asked.is_ringing, true)) return;
    if (asked.phone) turn.act(RingCaller{.leg = asked.phone->id});
}

void Centre::Impl::consultation_answered(Call& call, const LegAnswered& event, Turn turn) {
    const Consultation& asked = *call.consultation;
    Leg& leg = call.asked_leg();
    auto agreed = read_answer(leg, event.sdp);
    leg.is_offer_ours = false;
    if (!agreed) return return_from_consultation(call, "failed", SipStatus::kNotAcceptable, turn);
    agree_on(leg, std::move(agreed).value());
    set_remote(call, leg, turn);
    Event answered = fact("consultation_answered", call, turn);
    answered.agent = call.agent->agent;
    answered.with("with", asked.colleague->agent.to_string())
        .with("ring_ms", millis(turn.now.mono - asked.asked_at));
    if (!join_asking(call, turn)) return;
    turn.out.events.push_back(std::move(answered));
}

bool Centre::Impl::join_asking(Call& call, Turn turn) {
    if (!answer_asking_phone(call, turn)) {
        return_from_consultation(call, "failed", SipStatus::kNotAcceptable, turn);
        return false;
    }
    call.consultation->answered_at = turn.now.mono;
    const bool is_joined = call.outside && std::exchange(call.outside->is_heard, false);
    if (!is_joined) restore_consultation_sound(call, turn);
    touch(call);
    return true;
}

bool Centre::Impl::answer_asking_phone(Call& call, Turn turn) {
    Consultation& asked = *call.consultation;
    if (!asked.phone) return true;
    Leg& phone = *asked.phone;
    if (!asked.phone_offer) {
        phone.is_offer_ours = true;
        turn.act(AnswerCaller{.leg = phone.id, .sdp = sdp::offer(phone.local)});
        return true;
    }
    const auto offer = sdp::parse(*std::exchange(asked.phone_offer, std::nullopt));
    auto answer =
        offer ? sdp::answer(offer.value(), phone.local) : Result<sdp::Answer>{offer.error()};
    if (!answer) return false;
    agree_on(phone, std::move(answer.value().agreed));
    set_remote(call, phone, turn);
    turn.act(AnswerCaller{.leg = phone.id, .sdp = std::move(answer.value().text)});
    return true;
}

// Once nothing of it waits for an endpoint of its own.
void Centre::Impl::restore_consultation_sound(Call& call, Turn turn) {
    Consultation& asked = *call.consultation;
    const Leg& asking = asked.asking(*call.agent);
    const Leg& leg = call.asked_leg();
    if (!asked.answered_at || leg.is_reviving || asking.is_reviving) return;
    if (is_mixed(call)) return arrange_mix(call, turn);
    turn.act(media::Bridge{.a = asking.endpoint, .b = leg.endpoint});
}

void Centre::Impl::consultation_failed(Call& call, int status, Turn turn) {
    note(call, "decision", fmt::format("the colleague's phone answered {}", status), turn.now);
    by_leg_.erase(call.asked_leg().id);  // it has ended by itself: nothing to hang up
    return_from_consultation(call, word_of_consultation(status), status, turn);
}

void Centre::Impl::consultation_ended(Call& call, LegId leg, Turn turn) {
    by_leg_.erase(leg);
    const auto& phone = call.consultation->phone;
    end_consultation(call, phone && phone->id == leg ? "cancelled" : "no_answer", turn);
}

void Centre::Impl::end_consultation(Call& call, std::string_view unanswered, Turn turn) {
    const int status = unanswered == "cancelled" ? SipStatus::kCancelled
                       : unanswered == "failed"  ? SipStatus::kUnavailable
                                                 : SipStatus::kGone;
    return_from_consultation(
        call, call.consultation->answered_at ? "answered" : unanswered, status, turn);
}

// The agent's part ends as in any transfer; the colleague needs no offer, they have answered.
void Centre::Impl::complete_consultation(Call& call, Turn turn) {
    if (call.outside) return leave_to_outside(call, turn);
    Consultation& asked = *call.consultation;
    AskedColleague& colleague = *asked.colleague;
    const auto state = acd_.agent(colleague.agent);
    if (!state || !is_free(state->state)) {
        return return_from_consultation(call, "failed", SipStatus::kUnavailable, turn);
    }
    Event started = fact("transfer_started", call, turn);
    started.agent = call.agent->agent;
    turn.out.events.push_back(started.with("to_kind", "agent")
                                  .with("to", colleague.agent.to_string())
                                  .with("how", "attended"));
    Event ended = fact("consultation_ended", call, turn);
    ended.agent = call.agent->agent;
    turn.out.events.push_back(ended.with("with", colleague.agent.to_string())
                                  .with("result", "transferred")
                                  .with("talk_ms", millis(turn.now.mono - *asked.answered_at)));
    part_asking(call, "transferred", SipStatus::kGone, turn);
    AgentLeg next{.leg = std::move(colleague.leg),
                  .agent = colleague.agent,
                  .offer = {},
                  .is_ringing = false,
                  .rung_at = turn.now.wall};
    acd::NextStatus after = std::move(colleague.next);
    const Duration ring = *asked.answered_at - asked.asked_at;
    consulted_.erase(next.agent);
    call.consultation.reset();
    drop_members(call, "ended", turn);
    note(call, "decision", "transferred after a consultation", turn.now);
    hand_to(call, std::move(next), std::move(after), ring, turn);
}

// Members stay: they are in the conversation, not with the agent.
void Centre::Impl::hand_to(
    Call& call, AgentLeg next, acd::NextStatus after, Duration ring, Turn turn) {
    auto members = std::exchange(call.members, {});
    end_talk(call, "transfer", turn);
    call.members = std::move(members);
    call.agent = std::move(next);
    acd::Effects effects;
    if (acd_.hand_over(call.id, call.agent->agent, std::move(after), turn.now, effects)) {
        carry_out(std::move(effects), turn);
    }
    stop_playing(call, turn);
    Event connected = fact("contact_connected", call, turn);
    connected.agent = call.agent->agent;
    connected.queue = call.queue;
    turn.out.events.push_back(
        connected.with("wait_ms", std::int64_t{0}).with("ring_ms", millis(ring)));
    move_to(call, InTalk{.since = turn.now.mono, .held = std::nullopt}, turn);
    if (call.caller_leg.is_silent || call.agent->leg.is_silent) {
        call.silence_deadline = turn.now.mono + kDeadLegAfter;
    }
    bridge(call, turn);
    if (call.line->is_recorded) start_recording(call, media::RecordingKind::Call, turn);
    if (is_away(call.agent->leg) && !has_joined_colleague(call)) {
        hold(call, Held::By::Phone, turn);
    }
}

void Centre::Impl::drop_consultation(Call& call, std::string_view result, int status, Turn turn) {
    if (!call.consultation) return;
    const Consultation& asked = *call.consultation;
    if (!asked.colleague) return end_asking(call, result, status, turn);
    const AgentId colleague = asked.colleague->agent;
    const acd::NextStatus next = asked.colleague->next;
    const Duration talked = asked.answered_at ? turn.now.mono - *asked.answered_at : Duration{0};
    Event ended = fact("consultation_ended", call, turn);
    if (call.agent) ended.agent = call.agent->agent;
    turn.out.events.push_back(ended.with("with", colleague.to_string())
                                  .with("result", result)
                                  .with("talk_ms", millis(talked)));
    end_asking(call, result, status, turn);
    consulted_.erase(colleague);
    release_colleague(colleague, next, turn);
}

// The agent's side of it is over: the sound, and the second call of who dialled.
void Centre::Impl::part_asking(Call& call, std::string_view result, int status, Turn turn) {
    Consultation& asked = *call.consultation;
    if (asked.answered_at && call.agent && !is_mixed(call)) {
        turn.act(media::Unbridge{.a = asked.asking(*call.agent).endpoint,
                                 .b = call.asked_leg().endpoint});
    }
    if (asked.phone) {
        if (by_leg_.erase(asked.phone->id) > 0) {
            if (asked.answered_at) {
                turn.act(EndLeg{.leg = asked.phone->id, .reason = std::string{result}});
            } else {
                turn.act(RejectCaller{.leg = asked.phone->id, .status = status_for_phone(status)});
            }
        }
        destroy_endpoint(*asked.phone, turn);
    }
}

void Centre::Impl::end_asking(Call& call, std::string_view result, int status, Turn turn) {
    part_asking(call, result, status, turn);
    Consultation& asked = *call.consultation;
    if (asked.colleague) {
        Leg& leg = asked.colleague->leg;
        if (by_leg_.erase(leg.id) > 0) {
            turn.act(EndLeg{.leg = leg.id, .reason = std::string{result}});
        }
        destroy_endpoint(leg, turn);
    }
    if (asked.is_recording_paused && call.recording && call.recording->paused_since) {
        resume_recording(call, turn);
    }
    // Nor is one paused that starts when media is there again.
    if (asked.is_recording_paused && call.kept_pause == kConsultationReason) {
        call.kept_pause.reset();
    }
    call.consultation.reset();
    touch(call);
}

void Centre::Impl::return_from_consultation(Call& call,
                                            std::string_view result,
                                            int status,
                                            Turn turn) {
    if (call.outside) return outside_failed(call, status, result, turn);
    drop_consultation(call, result, status, turn);
    const auto* talk = std::get_if<InTalk>(&call.stage);
    if (talk == nullptr || !talk->held) return;
    if (!is_held_by_phone(call)) resume(call, turn);
}

// A phone that put the caller on hold takes them back itself; it may have done so to talk with who
// was asked.
bool Centre::Impl::is_held_by_phone(const Call& call) {
    const auto& held = std::get<InTalk>(call.stage).held;
    return held && held->by == Held::By::Phone && is_away(call.agent->leg);
}

void Centre::Impl::release_colleague(AgentId colleague, const acd::NextStatus& next, Turn turn) {
    acd::Effects effects;
    const bool leaves = next.kind == acd::NextStatus::Kind::SignedOut;
    const auto done = leaves ? acd_.sign_out(colleague, turn.now, effects)
                             : acd_.choose_status(colleague, next, turn.now, effects);
    if (done) carry_out(std::move(effects), turn);
}

// Whoever hangs up while a colleague is there passes the caller on; while one only rings, the
// caller goes back to the queue, at the place of the first arrival.
void Centre::Impl::leave_consultation(Call& call, Turn turn) {
    if (call.consultation->answered_at) return complete_consultation(call, turn);
    const auto place = acd_.contact_row(call.id);
    drop_consultation(call, "cancelled", SipStatus::kGone, turn);
    end_talk(call, "transfer", turn);
    return_from_outside(call, place, turn);
}

// RFC 3891 §3. The endpoint goes over with the conversation, so that bridge and recording go on.
void Centre::Impl::take_over(const IncomingCall& event, LegId replaced, Turn turn) {
    const auto refuse_with = [&](int status) {
        turn.act(RejectCaller{.leg = event.leg, .status = status});
    };
    Call* call = find_by_leg(replaced);
    if (call == nullptr) return refuse_with(SipStatus::kNoSuchCall);
    const auto* agent = std::get_if<AgentId>(&event.source);
    Leg& leg = party(*call, replaced);
    const bool is_theirs = agent != nullptr && call->agent &&
                           call->agent->agent == acd_.in_use(*agent) && &leg == &call->agent->leg &&
                           std::holds_alternative<InTalk>(call->stage);
    if (!is_theirs || leg.is_reviving) return refuse_with(SipStatus::kDecline);
    const auto offer =
        event.sdp ? sdp::parse(*event.sdp) : Result<sdp::Session>{fail(sdp::Errc::NothingUsable)};
    auto answer =
        offer ? sdp::answer(offer.value(), leg.local) : Result<sdp::Answer>{offer.error()};
    if (!answer) return refuse_with(SipStatus::kNotAcceptable);
    note(*call, "decision", "another phone of the agent's takes the call over", turn.now);
    by_leg_.erase(replaced);
    by_leg_.emplace(event.leg, call->id);
    leg.id = event.leg;
    leg.is_offer_ours = false;
    leg.is_probing = false;
    leg.is_silent = false;
    agree_on(leg, std::move(answer.value().agreed));
    turn.act(AnswerCaller{.leg = event.leg, .sdp = std::move(answer.value().text)});
    turn.act(EndLeg{.leg = replaced, .reason = "replaced"});
    media_changed(*call, leg, turn);
}

// The row of an agent outlives a consultation that could not be restored.
void Centre::Impl::free_colleagues(Turn turn) {
    for (const auto& [id, info] : agents_) {
        const auto agent = acd_.agent(id);
        if (!agent || is_consulted(id)) continue;
        const auto reason = agent->reason();
        if (reason == kConsultationReason || reason == kConferenceReason ||
            reason == kSupervisionReason) {
            release_colleague(id, {}, turn);
        }
    }
}

}  // namespace escucha::control
