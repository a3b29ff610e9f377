// Time, the end of each turn, and the small things every chapter needs.

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

/// Of a colleague who is asked and has not answered.
std::optional<Instant> colleague_deadline(const Call& call) {
    const auto& asked = call.consultation;
    if (!asked || !asked->colleague || asked->answered_at) return std::nullopt;
    return asked->colleague->deadline;
}

}  // namespace

Centre::Impl::Impl(std::uint64_t seed, KeySource keys)
    : rng_{seed}, make_key_{std::move(keys)}, acd_{rng_.next()} {}

Event Centre::Impl::fact(std::string_view type, const Call& call, Turn turn) const {
    Event event;
    event.type = type;
    event.at = turn.now.wall;
    event.company = call.company();
    event.contact = call.id;
    if (call.matter) event.case_id = call.matter->id;
    event.customer = call.customer;
    return event;
}

Call* Centre::Impl::find(ContactId contact) {
    const auto found = calls_.find(contact);
    return found == calls_.end() ? nullptr : found->second.get();
}

Call* Centre::Impl::find_by_leg(LegId leg) {
    const auto found = by_leg_.find(leg);
    return found == by_leg_.end() ? nullptr : find(found->second);
}

Call* Centre::Impl::find_by_endpoint(media::EndpointId endpoint) {
    const auto found = by_endpoint_.find(endpoint);
    return found == by_endpoint_.end() ? nullptr : find(found->second);
}

Leg* Centre::Impl::leg_of(Call& call, media::EndpointId endpoint) {
    if (call.caller_leg.endpoint == endpoint) return &call.caller_leg;
    if (call.agent && call.agent->leg.endpoint == endpoint) return &call.agent->leg;
    if (call.outside && call.outside->leg.endpoint == endpoint) return &call.outside->leg;
    for (Member& member : call.members) {
        if (member.leg.endpoint == endpoint) return &member.leg;
    }
    if (!call.consultation) return nullptr;
    Consultation& asked = *call.consultation;
    if (asked.colleague && asked.colleague->leg.endpoint == endpoint) return &asked.colleague->leg;
    if (asked.phone && asked.phone->endpoint == endpoint) return &*asked.phone;
    return nullptr;
}

Leg& Centre::Impl::party(Call& call, LegId leg) {
    if (call.caller_leg.id == leg) return call.caller_leg;
    if (is_consultation(&call, leg)) {
        Consultation& asked = *call.consultation;
        return asked.phone && asked.phone->id == leg ? *asked.phone : asked.colleague->leg;
    }
    if (Member* member = find_member(call, leg)) return member->leg;
    return is_outside(&call, leg) ? call.outside->leg : call.agent->leg;
}

bool Centre::Impl::is_consultation(const Call* call, LegId leg) {
    if (call == nullptr || !call->consultation) return false;
    const Consultation& asked = *call->consultation;
    return (asked.colleague && asked.colleague->leg.id == leg) ||
           (asked.phone && asked.phone->id == leg);
}

bool Centre::Impl::is_outside(const Call* call, LegId leg) {
    return call != nullptr && call->outside && call->outside->leg.id == leg;
}

const Queue* Centre::Impl::find_queue(CompanyId company, std::string_view key) const {
    for (const auto& [id, queue] : queues_) {
        if (queue.acd.company == company && queue.key == key) return &queue;
    }
    return nullptr;
}

const Queue* Centre::Impl::find_queue(QueueId queue) const {
    const auto found = queues_.find(queue);
    return found == queues_.end() ? nullptr : &found->second;
}

void Centre::Impl::note(Call& call, std::string_view kind, std::string text, Now now) {
    if (call.trace.size() >= kTraceLines) call.trace.pop_front();
    call.trace.push_back(
        TraceLine{.at = now.wall, .kind = std::string{kind}, .text = std::move(text)});
}

void Centre::Impl::move_to(Call& call, Stage stage, Turn turn) {
    call.stage = std::move(stage);
    call.stage_since = turn.now.wall;
    touch(call);
}

std::optional<Instant> Centre::Impl::next_wakeup() const {
    std::optional<Instant> next = earliest(acd_.next_wakeup(), reconcile_at_);
    if (!timers_.empty()) next = earliest(next, timers_.begin()->first);
    return next;
}

void Centre::Impl::reschedule(Call& call) {
    std::optional<Instant> due = earliest(call.set_up_deadline, call.silence_deadline);
    if (call.outside && !call.outside->answered_at) due = earliest(due, call.outside->deadline);
    if (const auto deadline = colleague_deadline(call)) due = earliest(due, *deadline);
    for (const Member& member : call.members) {
        if (!member.joined_at) due = earliest(due, member.deadline);
    }
    if (call.secure) due = earliest(due, call.secure->deadline);
    if (call.run && !call.is_over) due = earliest(due, call.run->next_wakeup());
    if (call.is_over) due.reset();
    if (due == call.timer) return;
    if (call.timer) timers_.erase({*call.timer, call.id});
    if (due) timers_.emplace(*due, call.id);
    call.timer = due;
}

void Centre::Impl::wake(Turn turn) {
    acd::Effects queues;
    acd_.wake(turn.now, queues);
    carry_out(std::move(queues), turn);
    while (!timers_.empty() && timers_.begin()->first <= turn.now.mono) {
        Call* call = find(timers_.begin()->second);
        ESC_CHECK(call != nullptr);
        timers_.erase(timers_.begin());
        call->timer.reset();
        if (call->set_up_deadline && *call->set_up_deadline <= turn.now.mono) {
            call->set_up_deadline.reset();
            note(*call, "decision", "set-up took too long: the call is ended", turn.now);
            turn.act(EndLeg{.leg = call->caller_leg.id, .reason = "set-up timeout"});
            finish(*call, "fault", EndedBy::System, turn);
        } else if (call->silence_deadline && *call->silence_deadline <= turn.now.mono) {
            silent_too_long(*call, turn);
        } else if (call->outside && !call->outside->answered_at &&
                   call->outside->deadline <= turn.now.mono) {
            outside_late(*call, turn);
        } else if (const auto deadline = colleague_deadline(*call);
                   deadline && *deadline <= turn.now.mono) {
            return_from_consultation(*call, "no_answer", SipStatus::kGone, turn);
        } else if (std::ranges::any_of(call->members, [&](const Member& member) {
                       return !member.joined_at && member.deadline <= turn.now.mono;
                   })) {
            member_late(*call, turn);
        } else if (call->secure && call->secure->deadline <= turn.now.mono) {
            secure_input_due(*call, turn);
        } else if (call->run) {
            flow::Effects effects;
            call->run->wake(turn.now, effects);
            carry_out(*call, std::move(effects), turn);
        }
        if (!call->is_over) reschedule(*call);
    }
    if (reconcile_at_ && *reconcile_at_ <= turn.now.mono) {
        reconcile(turn);
        reconcile_at_ = turn.now.mono + kReconcileEvery;
    }
}

// In a conference whose agent fell silent the caller has somebody left.
void Centre::Impl::silent_too_long(Call& call, Turn turn) {
    call.silence_deadline.reset();
    note(call, "decision", "no sound from a leg for too long: it is ended", turn.now);
    if (call.conference_since && !call.caller_leg.is_silent) return leave_conference(call, turn);
    end_talk(call, "fault", turn);
    turn.act(EndLeg{.leg = call.caller_leg.id, .reason = "media timeout"});
    finish(call, "served", EndedBy::System, turn);
}

// What changed in this turn is saved once, however often it changed.
void Centre::Impl::flush(Turn turn) {
    for (const AgentId agent : dirty_agents_) {
        if (const auto row = acd_.agent_row(agent)) {
            turn.out.live.emplace_back(StateRow{.name = std::string{kAgentRow} + agent.to_string(),
                                                .state = acd::encode(*row)});
        }
    }
    dirty_agents_.clear();
    for (const ContactId contact : dirty_) {
        Call* call = find(contact);
        if (call == nullptr) continue;
        reschedule(*call);
        call->is_dirty = false;
        call->is_row_stored = true;
        LiveRow row{
            .contact = call->id, .company = call->company(), .state = save(*call), .legs = {}};
        row.legs.push_back(call->caller_leg.id);
        if (call->agent) row.legs.push_back(call->agent->leg.id);
        if (call->outside) row.legs.push_back(call->outside->leg.id);
        if (call->consultation && call->consultation->colleague) {
            row.legs.push_back(call->consultation->colleague->leg.id);
        }
        if (call->consultation && call->consultation->phone) {
            row.legs.push_back(call->consultation->phone->id);
        }
        for (const Member& member : call->members) row.legs.push_back(member.leg.id);
        turn.out.live.emplace_back(std::move(row));
    }
    dirty_.clear();
    for (const auto& call : over_) {
        if (!open_recordings(call->id).empty()) {
            // The file is still being closed: its end must find its contact after a kill too.
            turn.out.live.emplace_back(LiveRow{.contact = call->id,
                                               .company = call->company(),
                                               .state = save_closing(*call),
                                               .legs = {}});
        } else if (call->is_row_stored) {
            turn.out.live.emplace_back(LiveRowGone{.contact = call->id});
        }
    }
    over_.clear();
}

}  // namespace escucha::control
