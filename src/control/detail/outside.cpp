// A caller who is passed on to a number of the outside world: asked for by the agent, rung, heard,
// and either connected there or back with the agent, or in the queue, at the old place.

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/errc.h"
#include "base/redact.h"
#include "calendar/zone.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

std::string_view result_word(int status) {
    switch (status) {
        case SipStatus::kNoAnswer:
        case SipStatus::kGone:
            return "no_answer";
        case SipStatus::kBusyHere:
        case SipStatus::kBusyEverywhere:
            return "busy";
        case SipStatus::kForbidden:
        case SipStatus::kDecline:
            return "refused";
        case SipStatus::kCancelled:
            return "cancelled";
        default:
            return "failed";
    }
}

std::string local_day(const std::string& zone, WallTime now) {
    const auto parts = calendar::to_local_parts(now, zone);
    return to_rfc3339(parts ? now + parts.value().utc_offset : now).substr(0, 10);
}

}  // namespace

OutsideDay& Centre::Impl::outside_day(const Outside& outside, WallTime now) {
    OutsideDay& day = outside_days_[outside.company];
    auto today = local_day(outside.zone, now);
    if (day.date != today) day = OutsideDay{.date = std::move(today)};
    return day;
}

OutsideUse Centre::Impl::outside_use(const Outside& outside, Turn turn) {
    const OutsideDay& day = outside_day(outside, turn.now.wall);
    OutsideUse use{.live = 0, .calls = day.calls, .talked = day.talked};
    for (const auto& [id, call] : calls_) {
        if (!call->outside || call->company() != outside.company) continue;
        ++use.live;
        if (call->outside->answered_at) use.talked += turn.now.mono - *call->outside->answered_at;
    }
    return use;
}

// Beside the facts that it counts, in one commit: a restart gives nobody a new allowance.
void Centre::Impl::save_outside_day(const Outside& outside, Turn turn) {
    const OutsideDay& day = outside_day(outside, turn.now.wall);
    turn.out.live.emplace_back(
        StateRow{.name = std::string{kOutsideRow} + outside.company.to_string(),
                 .state = fmt::format("{} {} {}", day.date, day.calls, millis(day.talked))});
}

void Centre::Impl::restore_outside_day(std::string_view name, std::string_view state) {
    const auto company = CompanyId::parse(name.substr(kOutsideRow.size()));
    const auto first = state.find(' ');
    const auto second = state.rfind(' ');
    if (!company || first == std::string_view::npos || second <= first) return;
    OutsideDay day{.date = std::string{state.substr(0, first)}};
    std::int64_t talked_ms = 0;
    std::from_chars(state.data() + first + 1, state.data() + second, day.calls);
    std::from_chars(state.data() + second + 1, state.data() + state.size(), talked_ms);
    day.talked = std::chrono::milliseconds{talked_ms};
    outside_days_.insert_or_assign(*company, std::move(day));
}

std::optional<OutsideRefusal> Centre::Impl::outside_refusal(const Call& call,
                                                            std::string_view dialled,
                                                            Turn turn) {
    const auto found = outside_.find(call.company());
    if (found == outside_.end()) return OutsideRefusal::NotConfigured;
    const Outside& outside = found->second;
    return control::refusal(
        outside.rules, dialled, outside.calling_code, outside_use(outside, turn), turn.now.wall);
}

Result<void> Centre::Impl::ask_outside(Call& call,
                                       const std::string& dialled,
                                       Passing how,
                                       Turn turn) {
    if (const auto refused = outside_refusal(call, dialled, turn)) {
        ++counters_.outside_refused.at(static_cast<std::size_t>(*refused));
        Event event = fact("outside_refused", call, turn);
        event.agent = call.agent->agent;
        turn.out.events.push_back(
            event.with("reason", word(*refused)).with("number", redact_number(dialled)));
        note(call,
             "decision",
             fmt::format("{} is not called: {}", redact_number(dialled), word(*refused)),
             turn.now);
        return fail(Errc::Conflict, std::string{word(*refused)});
    }
    const Outside& outside = outside_.at(call.company());
    auto& talk = std::get<InTalk>(call.stage);
    if (!talk.held) hold(call, Held::By::Transfer, turn);
    call.outside.emplace();
    OutsideLeg& leg = *call.outside;
    leg.leg.id = LegId::make(turn.now.wall, rng_);
    // Where it must be, sound is offered encrypted or not at all; else carriers are told no key.
    leg.leg.local.encryption = outside_encryption(outside);
    const bool must_be_secret = leg.leg.local.encryption == sdp::Encryption::Required;
    leg.leg.local.profile = must_be_secret ? sdp::Profile::Secure : sdp::Profile::Plain;
    leg.number = *outside_number(dialled, outside.calling_code);
    leg.asked_by = call.agent->agent;
    leg.asked_at = turn.now.mono;
    // Signalling gives up by then; what it says of it comes a moment later.
    leg.deadline = turn.now.mono + outside.ring_time + kOutsideGrace;
    leg.place = acd_.contact_row(call.id);
    Event started = fact("outside_started", call, turn);
    started.agent = leg.asked_by;
    started.with("number", leg.number)
        .with("ring_s", std::int64_t{std::chrono::seconds{outside.ring_time}.count()});
    if (how == Passing::Attended) started.with("how", "attended");
    turn.out.events.push_back(std::move(started));
    ++outside_day(outside, turn.now.wall).calls;
    save_outside_day(outside, turn);
    ++counters_.outside_started;
    note(call, "decision", fmt::format("calls {} outside", redact_number(leg.number)), turn.now);
    create_endpoint(call, leg.leg, turn);
    touch(call);
    return ok();
}

// Which carrier it will be is not known yet: the strictest rule of theirs.
sdp::Encryption Centre::Impl::outside_encryption(const Outside& outside) const {
    const bool is_required = std::ranges::any_of(outside.trunks, [&](TrunkId id) {
        const auto trunk = trunks_.find(id);
        const auto rule = trunk == trunks_.end() ? std::nullopt : trunk->second.encryption;
        return rule.value_or(config_.encryption) == sdp::Encryption::Required;
    });
    if (is_required) return sdp::Encryption::Required;
    const bool is_never = config_.encryption == sdp::Encryption::Never;
    return is_never ? sdp::Encryption::Never : sdp::Encryption::WhenOffered;
}

void Centre::Impl::outside_endpoint_ready(Call& call, Turn turn) {
    const auto found = outside_.find(call.company());
    if (found == outside_.end())
        return outside_failed(call, SipStatus::kUnavailable, "not configured", turn);
    call_number(call, found->second, found->second.ring_time, turn);
}

void Centre::Impl::call_number(Call& call,
                               const Outside& outside,
                               std::chrono::seconds patience,
                               Turn turn) {
    OutsideLeg& leg = *call.outside;
    leg.leg.is_offer_ours = true;
    by_leg_.emplace(leg.leg.id, call.id);
    turn.act(CallOutside{.leg = leg.leg.id,
                         .number = leg.number,
                         .trunks = outside.trunks,
                         .is_number_withheld = outside.is_number_withheld,
                         .sdp = sdp::offer(leg.leg.local),
                         .patience = patience,
                         .diverting = call.line->dialled,
                         .diverted_before = call.diversion});
}

// Sound before the answer is heard once it is there, and not before: until then there is music.
void Centre::Impl::outside_progress(Call& call, const LegProgress& event, Turn turn) {
    OutsideLeg& outside = *call.outside;
    note(call, "sip", fmt::format("outside says {}", event.status), turn.now);
    if (call.consultation && event.status >= SipStatus::kRinging) asked_rings(call, turn);
    if (!event.sdp || outside.answered_at || outside.leg.agreed) return;
    auto agreed = read_answer(outside.leg, *event.sdp);
    if (!agreed) return;
    agree_on(outside.leg, std::move(agreed).value());
    set_remote(call, outside.leg, turn);
}

void Centre::Impl::outside_heard(Call& call, Turn turn) {
    OutsideLeg& outside = *call.outside;
    if (outside.answered_at || outside.is_heard || !outside.leg.agreed) return;
    // Of who asks it first; their second phone call is answered when the number is.
    if (call.consultation && (call.consultation->phone || is_mixed(call))) return;
    outside.is_heard = true;
    if (!call.consultation) stop_playing(call, turn);
    turn.act(media::Bridge{.a = hears_outside(call).endpoint, .b = outside.leg.endpoint});
}

void Centre::Impl::leave_early_sound(Call& call, Turn turn) {
    const bool is_ringing = call.consultation && call.outside && !call.outside->answered_at;
    if (!is_ringing || !std::exchange(call.outside->is_heard, false)) return;
    turn.act(media::Unbridge{.a = hears_outside(call).endpoint, .b = call.outside->leg.endpoint});
}

const Leg& Centre::Impl::hears_outside(const Call& call) {
    return call.consultation ? call.agent->leg : call.caller_leg;
}

void Centre::Impl::outside_answered(Call& call, const LegAnswered& event, Turn turn) {
    OutsideLeg& outside = *call.outside;
    auto agreed = read_answer(outside.leg, event.sdp);
    outside.leg.is_offer_ours = false;
    if (!agreed) return outside_failed(call, SipStatus::kNotAcceptable, "no usable audio", turn);
    agree_on(outside.leg, std::move(agreed).value());
    set_remote(call, outside.leg, turn);
    outside.answered_at = turn.now.mono;
    outside.trunk = event.trunk;
    ++counters_.outside_answered;
    Event answered = fact("outside_answered", call, turn);
    answered.agent = outside.asked_by;
    answered.with("number", outside.number)
        .with("ring_ms", millis(turn.now.mono - outside.asked_at));
    if (outside.trunk) answered.with("trunk", outside.trunk->to_string());
    turn.out.events.push_back(std::move(answered));
    if (call.consultation) {
        join_asking(call, turn);
        return;
    }
    if (std::holds_alternative<InTalk>(call.stage)) leave_to_outside(call, turn);
    join_outside(call, turn);
}

void Centre::Impl::join_outside(Call& call, Turn turn) {
    stop_playing(call, turn);
    if (!call.outside->is_heard) {
        turn.act(media::Bridge{.a = call.caller_leg.endpoint, .b = call.outside->leg.endpoint});
    }
    if (call.line->is_recorded) start_recording(call, media::RecordingKind::Call, turn);
    if (call.caller_leg.is_silent || call.outside->leg.is_silent) {
        call.silence_deadline = turn.now.mono + kDeadLegAfter;
    }
    touch(call);
}

// The agent is out of it: their part ends here, whether the number has answered or still rings.
void Centre::Impl::leave_to_outside(Call& call, Turn turn) {
    OutsideLeg& outside = *call.outside;
    const AgentId agent = call.agent->agent;
    const bool is_attended = call.consultation && call.consultation->answered_at;
    if (call.consultation) {
        outside.is_heard = false;  // By the agent it was.
        end_asking(call, "transferred", SipStatus::kGone, turn);
    }
    Event started = fact("transfer_started", call, turn);
    started.agent = agent;
    started.with("to_kind", "outside").with("to", redact_number(outside.number));
    if (is_attended) started.with("how", "attended");
    turn.out.events.push_back(std::move(started));
    const bool is_there = by_leg_.contains(call.agent->leg.id);
    if (std::exchange(outside.is_phone_waiting, false) && is_there) {
        turn.act(EndTransfer{.leg = call.agent->leg.id, .status = SipStatus::kOk});
    }
    end_talk(call, "transfer", turn);
    move_to(call, WithOutside{.since = turn.now.mono}, turn);
    // Whoever held the caller with their phone may have taken them back before they left.
    if (!outside.answered_at && !outside.is_heard) play_music(call, turn);
    acd::Effects effects;
    if (acd_.contact_finished(agent, call.id, turn.now, effects)) {
        carry_out(std::move(effects), turn);
    }
    if (is_attended) join_outside(call, turn);
}

bool Centre::Impl::follow_redirect(Call& call, const LegFailed& event, Turn turn) {
    constexpr int kNowhere = 600;  // RFC 3261 §21.6: of this number and of every other
    OutsideLeg& outside = *call.outside;
    const auto found = outside_.find(call.company());
    if (outside.answered_at || event.status >= kNowhere || found == outside_.end()) return false;
    outside.instead.insert(outside.instead.begin(), event.redirects.begin(), event.redirects.end());
    if (outside.tried.empty()) outside.tried.push_back(outside.number);
    const Outside& rules = found->second;
    while (!outside.instead.empty() && outside.redirects < kMostRedirects) {
        const std::string wanted = std::move(outside.instead.front());
        outside.instead.erase(outside.instead.begin());
        const auto number = outside_number(wanted, rules.calling_code);
        if (number && std::ranges::find(outside.tried, *number) != outside.tried.end()) {
            note(call, "decision", "a carrier redirects in a circle", turn.now);
            continue;
        }
        if (const auto refused = redirect_refusal(rules, wanted, turn)) {
            ++counters_.outside_refused.at(static_cast<std::size_t>(*refused));
            Event event_refused = fact("outside_refused", call, turn);
            event_refused.agent = outside.asked_by;
            turn.out.events.push_back(
                event_refused.with("reason", word(*refused)).with("number", redact_number(wanted)));
            continue;
        }
        if (turn.now.mono + kShortestRedirect > outside.deadline - kOutsideGrace) return false;
        call_instead(call, *number, event.status, turn);
        return true;
    }
    return false;
}

// As any number an agent dials, but for the place among those at a time, which the call has.
std::optional<OutsideRefusal> Centre::Impl::redirect_refusal(const Outside& outside,
                                                             const std::string& number,
                                                             Turn turn) {
    OutsideUse use = outside_use(outside, turn);
    if (use.live > 0) --use.live;
    return control::refusal(outside.rules, number, outside.calling_code, use, turn.now.wall);
}

void Centre::Impl::call_instead(Call& call, std::string number, int status, Turn turn) {
    OutsideLeg& leg = *call.outside;
    const Outside& outside = outside_.at(call.company());
    Event redirected = fact("outside_redirected", call, turn);
    redirected.agent = leg.asked_by;
    turn.out.events.push_back(redirected.with("number", number)
                                  .with("from", leg.number)
                                  .with("status", std::int64_t{status}));
    note(call, "decision", fmt::format("calls {} instead", redact_number(number)), turn.now);
    ++leg.redirects;
    leg.tried.push_back(number);
    leg.number = std::move(number);
    ++outside_day(outside, turn.now.wall).calls;
    save_outside_day(outside, turn);
    if (std::exchange(leg.is_heard, false)) {
        turn.act(media::Unbridge{.a = hears_outside(call).endpoint, .b = leg.leg.endpoint});
        if (!call.consultation) play_music(call, turn);
    }
    leg.leg.agreed.reset();
    leg.leg.id = LegId::make(turn.now.wall, rng_);
    ++leg.leg.local.session_version;
    const auto left = leg.deadline - kOutsideGrace - turn.now.mono;
    call_number(call, outside, std::chrono::duration_cast<std::chrono::seconds>(left), turn);
    touch(call);
}

void Centre::Impl::outside_failed(Call& call, int status, std::string_view why, Turn turn) {
    const bool was_answered = call.outside->answered_at.has_value();
    note(call,
         "decision",
         fmt::format("outside {}: {} {}", was_answered ? "is over" : "did not answer", status, why),
         turn.now);
    const bool is_phone_waiting = call.outside->is_phone_waiting;
    const auto place = call.outside->place;
    const bool was_asked = call.consultation.has_value();
    if (was_asked) end_asking(call, why, status, turn);
    const bool is_lost = was_answered && status == SipStatus::kUnavailable;
    const auto over = is_lost ? "fault" : "answered";
    drop_outside(call, was_answered ? over : result_word(status), was_answered ? 0 : status, turn);
    if (!was_answered) ++counters_.outside_returned;
    if (std::holds_alternative<InTalk>(call.stage)) {
        if (is_phone_waiting) turn.act(EndTransfer{.leg = call.agent->leg.id, .status = status});
        const auto& held = std::get<InTalk>(call.stage).held;
        const bool is_back =
            was_asked ? !is_held_by_phone(call) : held && held->by == Held::By::Transfer;
        if (held && is_back) return resume(call, turn);
        if (!was_asked) play_music(call, turn);
        return;
    }
    return_from_outside(call, place, turn);
}

// Nobody is left but the caller: back to the queue, at the place of the first arrival.
void Centre::Impl::return_from_outside(Call& call,
                                       const std::optional<acd::ContactRow>& place,
                                       Turn turn) {
    if (place) {
        acd::QueuedContact contact = place->contact;
        contact.because = acd::QueuedBecause::Transfer;
        call.queue = contact.queue;
        move_to(call, InQueue{}, turn);
        acd::Effects effects;
        if (acd_.enqueue(std::move(contact), turn.now, effects)) {
            play_music(call, turn);
            return carry_out(std::move(effects), turn);
        }
    }
    turn.act(EndLeg{.leg = call.caller_leg.id, .reason = "cannot go on"});
    finish(call, "fault", EndedBy::System, turn);
}

void Centre::Impl::drop_outside(Call& call, std::string_view result, int status, Turn turn) {
    if (!call.outside) return;
    OutsideLeg& outside = *call.outside;
    if (by_leg_.erase(outside.leg.id) > 0) {
        turn.act(EndLeg{.leg = outside.leg.id, .reason = std::string{result}});
    }
    Duration talked{0};
    if (outside.answered_at) talked = turn.now.mono - *outside.answered_at;
    if (!call.agent) stop_recording(call, turn);
    destroy_endpoint(outside.leg, turn);
    Event ended = fact("outside_ended", call, turn);
    ended.agent = outside.asked_by;
    ended.with("number", outside.number).with("result", result).with("talk_ms", millis(talked));
    if (status != 0) ended.with("status", std::int64_t{status});
    turn.out.events.push_back(std::move(ended));
    if (const auto found = outside_.find(call.company()); found != outside_.end()) {
        outside_day(found->second, turn.now.wall).talked += talked;
        save_outside_day(found->second, turn);
    }
    call.outside.reset();
    if (!call.agent) call.silence_deadline.reset();
    touch(call);
}

// A conversation outside is over when the other side hangs up; the caller has nobody to go back to.
void Centre::Impl::outside_ended(Call& call, Turn turn) {
    by_leg_.erase(call.outside->leg.id);
    if (!call.outside->answered_at || call.consultation) {
        return outside_failed(call, SipStatus::kGone, "ended", turn);
    }
    drop_outside(call, "answered", 0, turn);
    turn.act(EndLeg{.leg = call.caller_leg.id, .reason = "the other side hung up"});
    finish(call, "served", EndedBy::Outside, turn);
}

// Its dialog is gone without a word: nobody said goodbye to the caller.
void Centre::Impl::outside_lost(Call& call, Turn turn) {
    by_leg_.erase(call.outside->leg.id);
    const auto place = call.outside->place;
    if (!call.outside->answered_at || call.consultation) {
        return outside_failed(call, SipStatus::kUnavailable, "lost", turn);
    }
    drop_outside(call, "fault", 0, turn);
    return_from_outside(call, place, turn);
}

void Centre::Impl::cancel_outside(Call& call, Turn turn) {
    outside_failed(call, SipStatus::kCancelled, "cancelled by the agent", turn);
}

void Centre::Impl::outside_late(Call& call, Turn turn) {
    outside_failed(call, SipStatus::kNoAnswer, "no answer", turn);
}

}  // namespace escucha::control
