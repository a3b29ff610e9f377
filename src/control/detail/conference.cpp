// Who else is in the conversation: colleagues, who make it a conference, and supervisors, who
// listen, whisper to the agent or join. The contact is the agent's all the while.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/errc.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

bool is_colleague(const Member& member) { return member.part == Member::Part::Colleague; }

}  // namespace

std::string_view Centre::Impl::mode_word(media::MixRole role) {
    switch (role) {
        case media::MixRole::Full:
            return "join";
        case media::MixRole::Listener:
            return "listen";
        case media::MixRole::Whisperer:
            return "whisper";
    }
    return "join";
}

bool Centre::Impl::has_colleagues(const Call& call) {
    return std::ranges::any_of(call.members, is_colleague);
}

Member* Centre::Impl::find_member(Call& call, LegId leg) {
    const auto found =
        std::ranges::find(call.members, leg, [](const Member& one) { return one.leg.id; });
    return found == call.members.end() ? nullptr : &*found;
}

Member* Centre::Impl::find_member(Call& call, AgentId agent) {
    const auto found = std::ranges::find(call.members, agent, &Member::agent);
    return found == call.members.end() ? nullptr : &*found;
}

// The agent and the colleague hear each other already, and come into the mix with their bridge.
Result<void> Centre::Impl::make_conference(Call& call, Turn turn) {
    if (!call.consultation) return fail(Errc::Conflict, "nobody is asked");
    if (!call.consultation->colleague) {
        return fail(Errc::Conflict, "a number outside joins no conference");
    }
    if (!call.consultation->answered_at) {
        return fail(Errc::Conflict, "the other agent has not answered");
    }
    if (call.members.size() >= kMostMembers) return fail(Errc::Conflict, "the conference is full");
    Consultation asked = std::move(*call.consultation);
    AskedColleague& with = *asked.colleague;
    Event ended = fact("consultation_ended", call, turn);
    ended.agent = call.agent->agent;
    turn.out.events.push_back(ended.with("with", with.agent.to_string())
                                  .with("result", "conference")
                                  .with("talk_ms", millis(turn.now.mono - *asked.answered_at)));
    call.consultation.reset();
    if (asked.phone) go_on_by(call, std::move(*asked.phone), turn);
    if (is_away(call.agent->leg)) {
        turn.act(media::Unbridge{.a = call.agent->leg.endpoint, .b = with.leg.endpoint});
    }
    call.members.push_back({.leg = std::move(with.leg),
                            .agent = with.agent,
                            .next = std::move(with.next),
                            .asked_at = asked.asked_at,
                            .deadline = with.deadline});
    set_busy(with.agent, kConferenceReason, turn);
    if (asked.is_recording_paused && call.recording && call.recording->paused_since) {
        resume_recording(call, turn);
    }
    if (asked.is_recording_paused && call.kept_pause == kConsultationReason) {
        call.kept_pause.reset();
    }
    auto& talk = std::get<InTalk>(call.stage);
    const bool was_held = talk.held.has_value();
    Member& colleague = call.members.back();
    colleague.joined_at = turn.now.mono;
    if (was_held) resume(call, turn);
    member_joined(call, colleague, turn);
    return ok();
}

// A phone that held one call and dialled the other goes on with the second: the first is over.
void Centre::Impl::go_on_by(Call& call, Leg phone, Turn turn) {
    Leg& first = call.agent->leg;
    if (call.recording) {
        turn.act(media::MoveRecord{.recording = call.recording->id, .right = phone.endpoint});
    }
    if (by_leg_.erase(first.id) > 0) {
        turn.act(EndLeg{.leg = first.id, .reason = "goes on by the second call"});
    }
    destroy_endpoint(first, turn);
    first = std::move(phone);
}

Result<void> Centre::Impl::add_to_conference(Call& call, AgentId with, Turn turn) {
    ESC_TRY(is_undisturbed(call));
    if (with == call.agent->agent) return fail(Errc::Conflict, "already with this agent");
    ESC_TRY(may_be_rung(call, with));
    if (call.members.size() >= kMostMembers) return fail(Errc::Conflict, "the conference is full");
    Event invited = fact("conference_invited", call, turn);
    invited.agent = call.agent->agent;
    turn.out.events.push_back(invited.with("with", with.to_string()));
    note(call, "decision", fmt::format("agent {} is invited", with.to_string()), turn.now);
    invite(
        call,
        {.leg = new_phone_leg(agents_.at(with), turn), .agent = with, .next = status_to_come(with)},
        turn);
    return ok();
}

Result<void> Centre::Impl::supervise(Call& call,
                                     AgentId supervisor,
                                     media::MixRole role,
                                     Turn turn) {
    if (Member* there = find_member(call, supervisor)) {
        if (is_colleague(*there)) return fail(Errc::Conflict, "already in this conversation");
        if (std::exchange(there->role, role) == role) return ok();
        if (there->joined_at) {
            Event changed = fact("supervision_changed", call, turn);
            changed.agent = call.agent->agent;
            changed.with("supervisor", supervisor.to_string()).with("mode", mode_word(role));
            turn.out.events.push_back(std::move(with_recording(changed, call)));
            arrange_mix(call, turn);
        }
        touch(call);
        return ok();
    }
    if (!std::holds_alternative<InTalk>(call.stage) || !call.agent) {
        return fail(Errc::Conflict, "nobody talks with the caller");
    }
    if (supervisor == call.agent->agent) return fail(Errc::Conflict, "already with this agent");
    const auto agent = acd_.agent(supervisor);
    const bool is_signed_out =
        agent && acd::kind_of(agent->state) == acd::AgentStateKind::SignedOut;
    ESC_TRY(may_be_rung(call, supervisor, is_signed_out ? Presence::SignedOut : Presence::Free));
    if (call.members.size() >= kMostMembers) return fail(Errc::Conflict, "the conference is full");
    Event asked = fact("supervision_asked", call, turn);
    asked.agent = call.agent->agent;
    turn.out.events.push_back(
        asked.with("supervisor", supervisor.to_string()).with("mode", mode_word(role)));
    note(call, "decision", fmt::format("{} supervises", supervisor.to_string()), turn.now);
    invite(call,
           {.leg = new_phone_leg(agents_.at(supervisor), turn),
            .agent = supervisor,
            .part = Member::Part::Supervisor,
            .role = role,
            .next = is_signed_out ? std::nullopt : std::optional{status_to_come(supervisor)}},
           turn);
    return ok();
}

void Centre::Impl::invite(Call& call, Member member, Turn turn) {
    const Queue* queue = call.queue ? find_queue(*call.queue) : nullptr;
    member.asked_at = turn.now.mono;
    member.deadline = turn.now.mono + (queue ? queue->acd.ring_time : kConsultRingTime);
    consulted_.emplace(member.agent, call.id);
    if (member.next) {
        set_busy(member.agent, is_colleague(member) ? kConferenceReason : kSupervisionReason, turn);
    }
    call.members.push_back(std::move(member));
    create_endpoint(call, call.members.back().leg, turn);
    touch(call);
}

void Centre::Impl::set_busy(AgentId agent, std::string_view reason, Turn turn) {
    acd::Effects effects;
    const acd::NextStatus busy{.kind = acd::NextStatus::Kind::NotReady,
                               .reason = std::string{reason}};
    if (acd_.choose_status(agent, busy, turn.now, effects)) carry_out(std::move(effects), turn);
}

void Centre::Impl::member_answered(Call& call, const LegAnswered& event, Turn turn) {
    Member& member = *find_member(call, event.leg);
    if (member.joined_at) return;
    auto agreed = read_answer(member.leg, event.sdp);
    member.leg.is_offer_ours = false;
    if (!agreed) return drop_member(call, event.leg, "failed", turn);
    agree_on(member.leg, std::move(agreed).value());
    set_remote(call, member.leg, turn);
    member.joined_at = turn.now.mono;
    member_joined(call, member, turn);
}

void Centre::Impl::member_joined(Call& call, Member& member, Turn turn) {
    const std::int64_t ring = millis(*member.joined_at - member.asked_at);
    if (is_colleague(member)) {
        if (!call.conference_since) {
            call.conference_since = turn.now.mono;
            Event started = fact("conference_started", call, turn);
            started.agent = call.agent->agent;
            turn.out.events.push_back(std::move(started));
        }
        Event joined = fact("conference_joined", call, turn);
        joined.agent = call.agent->agent;
        joined.with("with", member.agent.to_string()).with("ring_ms", ring);
        turn.out.events.push_back(std::move(with_recording(joined, call)));
    } else {
        Event started = fact("supervision_started", call, turn);
        started.agent = call.agent->agent;
        started.with("supervisor", member.agent.to_string())
            .with("mode", mode_word(member.role))
            .with("ring_ms", ring);
        turn.out.events.push_back(std::move(with_recording(started, call)));
    }
    arrange_mix(call, turn);
    touch(call);
}

// Who was there while it was recorded: the recording's page asks for it.
Event& Centre::Impl::with_recording(Event& event, const Call& call) {
    if (call.recording) event.with("recording", call.recording->id.to_string());
    return event;
}

void Centre::Impl::member_failed(Call& call, LegId leg, int status, Turn turn) {
    note(call, "decision", fmt::format("a phone that was to join answered {}", status), turn.now);
    by_leg_.erase(leg);  // it has ended by itself: nothing to hang up
    drop_member(call, leg, word_of_consultation(status), turn);
}

void Centre::Impl::member_ended(Call& call, LegId leg, Turn turn) {
    by_leg_.erase(leg);
    const bool has_joined = find_member(call, leg)->joined_at.has_value();
    drop_member(call, leg, has_joined ? "left" : "no_answer", turn);
}

void Centre::Impl::member_late(Call& call, Turn turn) {
    const auto late = std::ranges::find_if(call.members, [&](const Member& one) {
        return !one.joined_at && one.deadline <= turn.now.mono;
    });
    if (late != call.members.end()) drop_member(call, late->leg.id, "no_answer", turn);
}

void Centre::Impl::drop_member(Call& call, LegId leg, std::string_view result, Turn turn) {
    const auto found =
        std::ranges::find(call.members, leg, [](const Member& one) { return one.leg.id; });
    const bool had_joined = found->joined_at.has_value();
    destroy_endpoint(found->leg, turn);
    Member gone = std::move(*found);
    call.members.erase(found);
    end_member(call, std::move(gone), result, turn);
    if (!had_joined) return;
    end_conference(call, turn);
    if (is_mixed(call)) {
        arrange_mix(call, turn);
    } else {
        unmix(call, turn);
    }
    const auto* talk = std::get_if<InTalk>(&call.stage);
    const bool is_alone = talk != nullptr && !talk->held && call.agent && is_away(call.agent->leg);
    if (is_alone && !has_joined_colleague(call)) hold(call, Held::By::Phone, turn);
}

// All at once, when the conversation is over.
void Centre::Impl::drop_members(Call& call, std::string_view result, Turn turn) {
    if (call.members.empty()) return;
    end_mix(call, turn);
    for (Member& member : call.members) destroy_endpoint(member.leg, turn);
    for (Member& member : std::exchange(call.members, {})) {
        const bool had_joined = member.joined_at.has_value();
        end_member(call, std::move(member), had_joined ? result : "cancelled", turn);
    }
    call.recorded.clear();
    end_conference(call, turn);
}

// Said in the journal, hung up, and free again.
void Centre::Impl::end_member(Call& call, Member member, std::string_view result, Turn turn) {
    const bool has_joined = member.joined_at.has_value();
    const auto* type = !is_colleague(member) ? "supervision_ended"
                       : has_joined          ? "conference_left"
                                             : "conference_refused";
    Event ended = fact(type, call, turn);
    if (call.agent) ended.agent = call.agent->agent;
    ended.with(is_colleague(member) ? "with" : "supervisor", member.agent.to_string())
        .with("result", result);
    if (has_joined) ended.with("talk_ms", millis(turn.now.mono - *member.joined_at));
    turn.out.events.push_back(std::move(ended));
    if (by_leg_.erase(member.leg.id) > 0) {
        turn.act(EndLeg{.leg = member.leg.id, .reason = std::string{result}});
    }
    consulted_.erase(member.agent);
    touch(call);
    if (member.next) release_colleague(member.agent, *member.next, turn);
}

bool Centre::Impl::has_joined_colleague(const Call& call) {
    return std::ranges::any_of(call.members, [](const Member& one) {
        return is_colleague(one) && one.joined_at.has_value();
    });
}

void Centre::Impl::end_conference(Call& call, Turn turn) {
    if (!call.conference_since || has_joined_colleague(call)) return;
    const Duration lasted = turn.now.mono - *std::exchange(call.conference_since, std::nullopt);
    Event ended = fact("conference_ended", call, turn);
    if (call.agent) ended.agent = call.agent->agent;
    turn.out.events.push_back(ended.with("duration_ms", millis(lasted)));
    touch(call);
}

// As an attended transfer: the others stay, and hear nothing of it.
void Centre::Impl::leave_conference(Call& call, Turn turn) {
    const auto heir = std::ranges::find_if(call.members, [&](const Member& one) {
        const auto agent = acd_.agent(one.agent);
        return is_colleague(one) && one.joined_at.has_value() && agent && is_free(agent->state);
    });
    if (heir == call.members.end()) {
        end_talk(call, "agent", turn);
        turn.act(EndLeg{.leg = call.caller_leg.id, .reason = "agent hung up"});
        return finish(call, "served", EndedBy::Agent, turn);
    }
    Event started = fact("transfer_started", call, turn);
    started.agent = call.agent->agent;
    turn.out.events.push_back(started.with("to_kind", "agent")
                                  .with("to", heir->agent.to_string())
                                  .with("how", "conference"));
    Event left = fact("conference_left", call, turn);
    left.agent = call.agent->agent;
    turn.out.events.push_back(left.with("with", heir->agent.to_string())
                                  .with("result", "took_over")
                                  .with("talk_ms", millis(turn.now.mono - *heir->joined_at)));
    note(call, "decision", "the agent left the conference", turn.now);
    AgentLeg next{.leg = std::move(heir->leg),
                  .agent = heir->agent,
                  .offer = {},
                  .is_ringing = false,
                  .rung_at = turn.now.wall};
    const Duration ring = *heir->joined_at - heir->asked_at;
    acd::NextStatus after = heir->next.value_or(acd::NextStatus{});
    call.members.erase(heir);
    consulted_.erase(next.agent);
    hand_to(call, std::move(next), std::move(after), ring, turn);
    end_conference(call, turn);
}

void Centre::Impl::revive_members(Call& call, const media::Listing& listing, Turn turn) {
    std::vector<LegId> legs;
    for (const Member& one : call.members) legs.push_back(one.leg.id);
    for (const LegId leg : legs) {
        Member* member = find_member(call, leg);
        if (member == nullptr) continue;
        const auto& there = listing.endpoints;
        const bool is_there =
            std::ranges::find(there, member->leg.endpoint, &media::ListedEndpoint::endpoint) !=
            there.end();
        if (is_there) {
            prove(member->leg, turn);
        } else if (member->joined_at) {
            revive(call, member->leg, turn);
        } else {
            // It rings with an address that is gone.
            drop_member(call, leg, "failed", turn);
        }
    }
}

}  // namespace escucha::control
