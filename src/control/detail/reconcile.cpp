// What the parts believe is compared with what signalling knows; a difference is mended, written
// down and counted, never left to a supervisor.

#include <algorithm>

#include <fmt/format.h>

#include "control/detail/impl.h"

namespace escucha::control {

// The ACD's states are compared with the calls here; these with the legs that live, when the shell
// answers. Its answer comes in the order of all actions: every leg in `by_leg_` now was asked for by
// then.
void Centre::Impl::reconcile(Turn turn) {
    acd::Truth truth;
    truth.contacts.reserve(calls_.size());
    for (const auto& [id, call] : calls_) {
        truth.contacts.push_back(id);
        if (call->agent) truth.legs.push_back({.agent = call->agent->agent, .contact = id});
    }
    acd::Effects effects;
    acd_.reconcile(truth, turn.now, effects);
    for (const Event& event : effects.facts) {
        if (event.type == "state_repaired") ++counters_.states_repaired;
    }
    carry_out(std::move(effects), turn);

    if (expected_legs_) return;  // The last answer is still to come: a disk is slow.
    expected_legs_.emplace();
    for (const auto& [leg, contact] : by_leg_) expected_legs_->push_back(leg);
    std::ranges::sort(*expected_legs_);
    turn.out.actions.emplace_back(WantLivingLegs{});
}

void Centre::Impl::compare_legs(const std::vector<LegId>& living, Turn turn) {
    const std::unordered_set<LegId> lives{living.begin(), living.end()};
    const auto expected = std::exchange(expected_legs_, std::nullopt);
    for (const LegId leg : expected.value_or(std::vector<LegId>{})) {
        if (!lives.contains(leg)) lost_leg(leg, turn);
    }
    // A leg that nobody here knows may be on its way out; one that is still there at the next look
    // has been forgotten.
    std::unordered_set<LegId> strays;
    for (const LegId leg : living) {
        if (by_leg_.contains(leg)) continue;
        if (strays_.contains(leg)) {
            ++counters_.states_repaired;
            turn.act(EndLeg{.leg = leg, .reason = "no call"});
        }
        strays.insert(leg);
    }
    strays_ = std::move(strays);
}

void Centre::Impl::lost_leg(LegId leg, Turn turn) {
    Call* call = find_by_leg(leg);
    if (call == nullptr || call->is_over) return;
    const bool is_caller = call->caller_leg.id == leg;
    const bool is_number = is_outside(call, leg);
    const bool is_asked = is_consultation(call, leg);
    const bool is_members = find_member(*call, leg) != nullptr;
    ++counters_.states_repaired;
    Event repaired = fact("state_repaired", *call, turn);
    if (!is_caller && !is_number && call->agent) repaired.agent = call->agent->agent;
    const auto* what = is_number    ? "outside_leg"
                       : is_asked   ? "consultation_leg"
                       : is_members ? "member_leg"
                       : is_caller  ? "caller_leg"
                                    : "agent_leg";
    turn.out.events.push_back(
        repaired.with("what", what).with("found", "no_dialog").with("expected", "dialog"));
    note(*call, "decision", fmt::format("a dialog is gone: {}", what), turn.now);
    if (is_number) return outside_lost(*call, turn);
    if (is_asked) return consultation_ended(*call, leg, turn);
    if (is_members) return member_ended(*call, leg, turn);
    by_leg_.erase(leg);
    const bool is_talking = std::holds_alternative<InTalk>(call->stage);
    if (!is_talking) return is_caller ? caller_left(*call, turn) : offer_lost(*call, turn);
    if (!is_caller && call->outside) return leave_to_outside(*call, turn);
    if (!is_caller && call->consultation) return leave_consultation(*call, turn);
    if (!is_caller && call->conference_since) return leave_conference(*call, turn);
    if (!is_caller && return_to_queue(*call, turn)) return play_music(*call, turn);
    end_talk(*call, "fault", turn);
    call->is_caller_gone = is_caller;
    finish(*call, "served", EndedBy::System, turn);
}

// The agent is gone and the caller is not: back to the queue, at the place of the first arrival.
bool Centre::Impl::return_to_queue(Call& call, Turn turn) {
    const auto place = acd_.contact_row(call.id);
    end_talk(call, "fault", turn);
    if (!place) return false;
    acd::Effects effects;
    acd::QueuedContact contact = place->contact;
    contact.because = acd::QueuedBecause::Transfer;
    move_to(call, InQueue{}, turn);
    if (acd_.enqueue(std::move(contact), turn.now, effects)) {
        carry_out(std::move(effects), turn);
        return true;
    }
    turn.act(EndLeg{.leg = call.caller_leg.id, .reason = "cannot go on"});
    return false;
}

}  // namespace escucha::control
