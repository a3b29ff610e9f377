// What the ACD wants: a phone that rings, a phone that stops, two people who talk.

#include <fmt/format.h>

#include "base/overloaded.h"
#include "base/redact.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

constexpr int kUnsupportedMedia = 415;
constexpr int kNotAcceptableAnywhere = 606;

std::string explain(const acd::RingAgent& ring) {
    return fmt::format("offered to agent {} ({}): {} eligible, {} waiting, {} queues compared",
                       ring.agent.to_string(),
                       acd::word(ring.reason),
                       ring.explanation.eligible,
                       ring.explanation.waiting,
                       ring.explanation.queues_compared);
}

}  // namespace

// First in, first out: what a failed ring causes comes after what was already decided.
void Centre::Impl::carry_out(acd::Effects effects, Turn turn) {
    for (Event& event : effects.facts) {
        if (event.contact) {
            if (Call* call = find(*event.contact)) {
                if (call->matter) event.case_id = call->matter->id;
                event.customer = call->customer;
            }
        }
        turn.out.events.push_back(std::move(event));
    }
    for (const AgentId agent : effects.changed_agents) dirty_agents_.insert(agent);
    for (const ContactId contact : effects.changed_contacts) {
        if (Call* call = find(contact)) touch(*call);
    }
    for (acd::Action& action : effects.actions) acd_actions_.push_back(std::move(action));
    if (is_acting_) return;
    is_acting_ = true;
    while (!acd_actions_.empty()) {
        const acd::Action action = std::move(acd_actions_.front());
        acd_actions_.pop_front();
        std::visit(overloaded{[&](const acd::RingAgent& ring) { ring_agent(ring, turn); },
                              [&](const acd::StopRinging& stop) { stop_ringing(stop, turn); },
                              [&](const acd::Connect& wanted) { connect(wanted, turn); },
                              [&](const acd::ReturnedToQueue& returned) {
                                  ++counters_.offers_returned;
                                  Call* call = find(returned.contact);
                                  if (call == nullptr) return;
                                  call->queue = returned.queue;
                                  call->stage_since = turn.now.wall;
                                  note(*call,
                                       "acd",
                                       fmt::format("waits again at the old place: {}",
                                                   acd::word(returned.reason)),
                                       turn.now);
                                  play_music(*call, turn);
                              },
                              [](const acd::AgentStateChanged&) {},
                              [&](const acd::StrayLeg& stray) { end_stray_leg(stray, turn); }},
                   action);
    }
    is_acting_ = false;
}

void Centre::Impl::ring_agent(const acd::RingAgent& ring, Turn turn) {
    Call* call = find(ring.contact);
    const auto agent = agents_.find(ring.agent);
    ++counters_.offers_made;
    if (call == nullptr || agent == agents_.end() || !is_callable(agent->second)) {
        if (call != nullptr) note(*call, "acd", "the agent's phone may not be called", turn.now);
        acd::Effects effects;
        if (acd_.offer_failed(ring.offer, acd::OfferFailure::Unreachable, turn.now, effects)) {
            carry_out(std::move(effects), turn);
        }
        return;
    }
    note(*call, "acd", explain(ring), turn.now);
    call->agent = AgentLeg{.leg = new_phone_leg(agent->second, turn),
                           .agent = ring.agent,
                           .offer = ring.offer,
                           .is_ringing = false,
                           .rung_at = turn.now.wall};
    if (ring.queue) call->queue = ring.queue;
    create_endpoint(*call, call->agent->leg, turn);
    touch(*call);
}

Leg Centre::Impl::new_phone_leg(const AgentInfo& agent, Turn turn) {
    Leg leg{.id = LegId::make(turn.now.wall, rng_)};
    leg.local.encryption = config_.encryption;
    const bool can_be_secret =
        agent.signalling == Signalling::Encrypted && leg.local.encryption != sdp::Encryption::Never;
    leg.local.profile = can_be_secret ? sdp::Profile::Secure : sdp::Profile::Plain;
    return leg;
}

// A key sent where everybody can read it protects nobody: we never are the first to do so.
bool Centre::Impl::is_callable(const AgentInfo& agent) const {
    return !agent.config.phone.empty() && (config_.encryption != sdp::Encryption::Required ||
                                           agent.signalling == Signalling::Encrypted);
}

bool Centre::Impl::ring_in_clear(Call& call, int status, Turn turn) {
    AgentLeg& agent = *call.agent;
    const bool is_about_media = status == SipStatus::kNotAcceptable ||
                                status == kUnsupportedMedia || status == kNotAcceptableAnywhere;
    const bool may_be_clear = agent.leg.local.profile == sdp::Profile::Secure &&
                              agent.leg.local.encryption != sdp::Encryption::Required;
    if (!is_about_media || !may_be_clear) return false;
    note(call, "decision", "the phone is rung again without encryption", turn.now);
    agent.leg.id = LegId::make(turn.now.wall, rng_);
    agent.leg.local.profile = sdp::Profile::Plain;
    ++agent.leg.local.session_version;
    agent.is_ringing = false;
    touch(call);
    agent_endpoint_ready(call, turn);
    return true;
}

void Centre::Impl::agent_endpoint_ready(Call& call, Turn turn) {
    ring_phone(call, call.agent->agent, call.agent->leg, turn);
}

void Centre::Impl::stop_ringing(const acd::StopRinging& stop, Turn turn) {
    Call* call = find(stop.contact);
    if (call == nullptr || !call->agent || call->agent->offer != stop.offer) return;
    note(*call, "acd", fmt::format("offer ended: {}", acd::word(stop.reason)), turn.now);
    drop_agent_leg(*call, acd::word(stop.reason), turn);
}

void Centre::Impl::drop_agent_leg(Call& call, std::string_view reason, Turn turn) {
    if (!call.agent) return;
    Leg& leg = call.agent->leg;
    if (by_leg_.erase(leg.id) > 0) {
        turn.act(EndLeg{.leg = leg.id, .reason = std::string{reason}});
    }
    destroy_endpoint(leg, turn);
    call.agent.reset();
    call.silence_deadline.reset();
    touch(call);
}

void Centre::Impl::end_stray_leg(const acd::StrayLeg& stray, Turn turn) {
    Call* call = find(stray.contact);
    if (call == nullptr || !call->agent || call->agent->agent != stray.agent) return;
    note(*call, "decision", "a leg that no state explains is ended", turn.now);
    drop_agent_leg(*call, "reconciled", turn);
}

void Centre::Impl::handle(const LegProgress& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (is_outside(call, event.leg)) return outside_progress(*call, event, turn);
    if (is_consultation(call, event.leg)) return consultation_progress(*call, event, turn);
    if (call == nullptr || !call->agent || call->agent->leg.id != event.leg) return;
    if (event.status != SipStatus::kRinging || call->agent->is_ringing) return;
    call->agent->is_ringing = true;
    note(*call,
         "acd",
         fmt::format("the phone rings {} ms after the offer",
                     millis(turn.now.wall - call->agent->rung_at)),
         turn.now);
}

void Centre::Impl::handle(const LegAnswered& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (is_outside(call, event.leg)) return outside_answered(*call, event, turn);
    if (is_consultation(call, event.leg)) return consultation_answered(*call, event, turn);
    if (call != nullptr && find_member(*call, event.leg) != nullptr) {
        return member_answered(*call, event, turn);
    }
    if (call == nullptr || !call->agent || call->agent->leg.id != event.leg) return;
    AgentLeg& agent = *call->agent;
    const OfferId offer = agent.offer;
    auto agreed = read_answer(agent.leg, event.sdp);
    agent.leg.is_offer_ours = false;
    acd::Effects effects;
    if (!agreed) {
        note(*call, "decision", "the phone's answer has no usable audio", turn.now);
        if (acd_.offer_failed(offer, acd::OfferFailure::Unreachable, turn.now, effects)) {
            carry_out(std::move(effects), turn);
        }
        return;
    }
    agree_on(agent.leg, std::move(agreed).value());
    set_remote(*call, agent.leg, turn);
    const auto answered = acd_.offer_answered(offer, turn.now, effects);
    // Too late, or the caller has gone: whoever picked up must not be left with nobody.
    if (!answered && call->agent && call->agent->offer == offer && effects.actions.empty()) {
        drop_agent_leg(*call, "offer closed", turn);
    }
    carry_out(std::move(effects), turn);
}

void Centre::Impl::handle(const LegFailed& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (is_outside(call, event.leg)) {
        by_leg_.erase(event.leg);
        if (follow_redirect(*call, event, turn)) return;
        return outside_failed(*call, event.status, event.reason, turn);
    }
    if (is_consultation(call, event.leg)) return consultation_failed(*call, event.status, turn);
    if (call != nullptr && find_member(*call, event.leg) != nullptr) {
        return member_failed(*call, event.leg, event.status, turn);
    }
    if (call == nullptr || !call->agent || call->agent->leg.id != event.leg) return;
    note(*call, "acd", fmt::format("the phone answered {}", event.status), turn.now);
    constexpr int kRedirects = 300;
    constexpr int kRefuses = 400;
    if (event.status >= kRedirects && event.status < kRefuses) {
        // It is offered to the agent, and not to whom the phone would send it.
        note(*call, "acd", "the phone is forwarded elsewhere: the offer is not", turn.now);
    }
    const OfferId offer = call->agent->offer;
    by_leg_.erase(event.leg);  // it has ended by itself: nothing to hang up
    if (ring_in_clear(*call, event.status, turn)) return;
    acd::Effects effects;
    Result<void> returned = ok();
    if (event.status == SipStatus::kDecline) {
        returned = acd_.offer_declined(offer, turn.now, effects);
    } else {
        const bool is_busy =
            event.status == SipStatus::kBusyHere || event.status == SipStatus::kBusyEverywhere;
        const auto failure = is_busy ? acd::OfferFailure::Busy : acd::OfferFailure::Unreachable;
        returned = acd_.offer_failed(offer, failure, turn.now, effects);
    }
    carry_out(std::move(effects), turn);
    if (!returned) drop_agent_leg(*call, "offer closed", turn);
}

void Centre::Impl::connect(const acd::Connect& wanted, Turn turn) {
    Call* call = find(wanted.contact);
    if (call == nullptr || !call->agent || call->agent->offer != wanted.offer) return;
    stop_playing(*call, turn);
    ensure_case(*call, "query", "system", turn);
    Event connected = fact("contact_connected", *call, turn);
    connected.agent = wanted.agent;
    connected.queue = wanted.queue ? wanted.queue : call->queue;
    turn.out.events.push_back(connected.with("offer", wanted.offer.to_string())
                                  .with("wait_ms", millis(wanted.wait))
                                  .with("ring_ms", millis(wanted.ring)));
    note(*call,
         "acd",
         fmt::format("connected after {} ms of waiting and {} ms of ringing",
                     millis(wanted.wait),
                     millis(wanted.ring)),
         turn.now);
    move_to(*call, InTalk{.since = turn.now.mono, .held = std::nullopt}, turn);
    if (call->caller_leg.is_silent) call->silence_deadline = turn.now.mono + kDeadLegAfter;
    bridge(*call, turn);
    if (call->line->is_recorded) start_recording(*call, media::RecordingKind::Call, turn);
}

}  // namespace escucha::control
