// What media tells, and what becomes of the calls when media itself is lost.

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/overloaded.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

media::Codec codec_of(sdp::Codec codec) {
    switch (codec) {
        case sdp::Codec::Pcmu:
            return media::Codec::Pcmu;
        case sdp::Codec::Pcma:
            return media::Codec::Pcma;
        case sdp::Codec::G722:
            return media::Codec::G722;
        case sdp::Codec::Opus:
            return media::Codec::Opus;
    }
    return media::Codec::Pcmu;
}

media::Direction direction_of(sdp::Direction direction) {
    switch (direction) {
        case sdp::Direction::SendRecv:
            return media::Direction::Both;
        case sdp::Direction::SendOnly:
            return media::Direction::Send;
        case sdp::Direction::RecvOnly:
            return media::Direction::Receive;
        case sdp::Direction::Inactive:
            return media::Direction::None;
    }
    return media::Direction::Both;
}

bool holds(const media::Listing& listing, media::EndpointId endpoint) {
    return std::any_of(listing.endpoints.begin(), listing.endpoints.end(), [&](const auto& listed) {
        return listed.endpoint == endpoint;
    });
}

// Whom the caller talks with, or is to talk with.
const Leg* other_side(const Call& call) {
    if (call.agent) return &call.agent->leg;
    return call.outside ? &call.outside->leg : nullptr;
}

bool is_bridged(const media::Listing& listing, const Call& call) {
    const Leg* other = other_side(call);
    return std::any_of(listing.endpoints.begin(), listing.endpoints.end(), [&](const auto& listed) {
        return other != nullptr && listed.endpoint == call.caller_leg.endpoint &&
               listed.bridged_to == other->endpoint;
    });
}

bool has_silent_leg(const Call& call) {
    const Leg* other = other_side(call);
    return call.caller_leg.is_silent || (other != nullptr && other->is_silent);
}

// Whose phone a leg is.
std::optional<AgentId> agent_at(const Call& call, const Leg& leg) {
    const auto& asked = call.consultation;
    if (asked && asked->colleague && &asked->colleague->leg == &leg) return asked->colleague->agent;
    for (const Member& one : call.members) {
        if (&one.leg == &leg) return one.agent;
    }
    const bool is_agents = call.agent && (&call.agent->leg == &leg ||
                                          (asked && asked->phone && &*asked->phone == &leg));
    return is_agents ? std::optional{call.agent->agent} : std::nullopt;
}

bool is_in_conversation(const Call& call) {
    const bool is_outside = std::holds_alternative<WithOutside>(call.stage);
    return std::holds_alternative<InTalk>(call.stage) ||
           (is_outside && call.outside && call.outside->answered_at);
}

}  // namespace

void Centre::Impl::create_endpoint(Call& call, Leg& leg, Turn turn) {
    leg.endpoint = new_endpoint();
    leg.local.codecs = config_.codecs;
    // A leg keeps them when its endpoint is made anew: that one has an SSRC of its own, on which
    // the key stream depends, and no phone has to take another key in mid-call (ADR 15).
    const bool may_need_keys = leg.local.encryption != sdp::Encryption::Never;
    if (leg.local.keys.empty() && may_need_keys) leg.local.keys = new_keys();
    const Leg& caller = call.caller_leg;
    if (&leg != &caller && caller.agreed) prefer(leg.local.codecs, caller.agreed->codec);
    if (leg.agreed) prefer(leg.local.codecs, leg.agreed->codec);
    by_endpoint_.emplace(leg.endpoint, call.id);
    turn.act(media::Create{.endpoint = leg.endpoint, .group = call.group, .bind_ip = {}});
}

void Centre::Impl::destroy_endpoint(Leg& leg, Turn turn) {
    const auto found = by_endpoint_.find(leg.endpoint);
    if (found == by_endpoint_.end()) return;
    if (const Call* call = find(found->second)) {
        leaving_sound_.emplace(
            leg.endpoint,
            LeavingSound{.contact = call->id,
                         .company = call->company(),
                         .agent = agent_at(*call, leg),
                         .is_outside = call->outside && &call->outside->leg == &leg});
    }
    by_endpoint_.erase(found);
    turn.act(media::Destroy{.endpoint = leg.endpoint});
}

std::vector<SrtpKey> Centre::Impl::new_keys() const {
    std::vector<SrtpKey> keys;
    for (const SrtpSuite suite : kSrtpSuites) {
        make_key_(keys.emplace_back(SrtpKey{.suite = suite, .master = {}}).bytes());
    }
    return keys;
}

void Centre::Impl::set_remote(Call& call, Leg& leg, Turn turn) {
    const sdp::Agreed& agreed = *leg.agreed;
    const auto cipher = agreed.srtp ? std::optional{agreed.srtp->send.suite} : std::nullopt;
    if (std::exchange(leg.cipher, cipher) != cipher) {
        note(call,
             "media",
             fmt::format("the sound of the {} goes {}",
                         &leg == &call.caller_leg    ? "caller"
                         : is_outside(&call, leg.id) ? "number outside"
                                                     : "agent",
                         cipher ? name_of(*cipher) : "in clear"),
             turn.now);
    }
    media::SetRemote remote{.endpoint = leg.endpoint,
                            .ip = agreed.remote_address,
                            .port = agreed.remote_port,
                            .rtcp_port = agreed.remote_rtcp_port,
                            .codec = codec_of(agreed.codec),
                            .telephone_event_pt = agreed.telephone_event_pt,
                            .telephone_event_hz = agreed.telephone_event_hz,
                            .direction = direction_of(agreed.direction)};
    if (agreed.codec == sdp::Codec::Opus) remote.opus_pt = agreed.payload_type;
    remote.srtp = agreed.srtp;
    if (agreed.is_rtcp_mux) remote.rtcp_port = agreed.remote_port;
    remote.media_timeout_ms = kMediaTimeoutMs;
    // Held the old way (c=0.0.0.0): there is no address to speak of; the last one stays.
    if (remote.ip.empty()) return;
    turn.act(media::Command{std::move(remote)});
}

void Centre::Impl::bridge(Call& call, Turn turn) {
    if (call.secure) return;  // It bridges them when it is over.
    if (is_mixed(call)) return arrange_mix(call, turn);
    pair(call, call.caller_leg.endpoint, call.agent->leg.endpoint, turn);
}

void Centre::Impl::handle(const media::Event& event, Turn turn) {
    std::visit(overloaded{[](const media::HelloReply&) {},
                          [&](const media::Created& created_now) { created(created_now, turn); },
                          [&](const media::Failed& failure) { failed(failure, turn); },
                          [&](const media::PlayEnded& ended) { play_ended(ended, turn); },
                          [](const media::Bridged&) {},
                          [](const media::Unbridged&) {},
                          [](const media::DigitsSent&) {},
                          [&](const media::Digit& pressed) { digit(pressed, turn); },
                          [&](const media::MediaTimeout& timeout) {
                              Call* call = find_by_endpoint(timeout.endpoint);
                              if (call != nullptr) fell_silent(*call, timeout, turn);
                          },
                          [&](const media::MediaResumed& resumed) {
                              Call* call = find_by_endpoint(resumed.endpoint);
                              Leg* leg =
                                  call == nullptr ? nullptr : leg_of(*call, resumed.endpoint);
                              if (leg == nullptr) return;
                              leg->is_silent = false;
                              if (!has_silent_leg(*call)) call->silence_deadline.reset();
                              touch(*call);
                          },
                          [&](const media::SourceLocked& locked) {
                              Call* call = find_by_endpoint(locked.endpoint);
                              if (call == nullptr || !call->outside) return;
                              const bool is_its = call->outside->leg.endpoint == locked.endpoint;
                              if (is_its) outside_heard(*call, turn);
                          },
                          [](const media::RecordStarted&) {},
                          [](const media::RecordPaused&) {},
                          [](const media::RecordResumed&) {},
                          [&](const media::RecordEnded& ended) { record_ended(ended, turn); },
                          [](const media::StatsReport&) {},
                          [&](const media::Destroyed& gone) { sound_ended(gone, turn); },
                          [](const media::Listing&) {},
                          [](const media::MixJoined&) {},
                          [](const media::MixLeft&) {},
                          [](const media::MixEnded&) {},
                          [&](const media::MixFailed&) { ++counters_.media_failures; }},
               event);
}

// How a leg sounded, for the contact's record. A leg that carried nothing says nothing.
void Centre::Impl::sound_ended(const media::Destroyed& ended, Turn turn) {
    const auto leaving = leaving_sound_.extract(ended.endpoint);
    const media::StatsReport& stats = ended.stats;
    if (stats.suite) ++counters_.legs_encrypted;
    counters_.packets_unauthentic += stats.packets_unauthentic;
    if (leaving.empty() || (stats.packets_received == 0 && stats.one_way_ms == 0)) return;
    const LeavingSound& whose = leaving.mapped();
    Event event;
    event.type = "sound_measured";
    event.at = turn.now.wall;
    event.company = whose.company;
    event.contact = whose.contact;
    event.agent = whose.agent;
    constexpr double kHundredths = 100;
    event.with("leg",
               whose.agent        ? "agent"
               : whose.is_outside ? "outside"
                                  : "caller")
        .with("received", static_cast<std::int64_t>(stats.packets_received))
        .with("lost", static_cast<std::int64_t>(stats.packets_lost))
        .with("jitter_us", static_cast<std::int64_t>(stats.jitter_us))
        .with("one_way_ms", static_cast<std::int64_t>(stats.one_way_ms));
    if (stats.mos_x100) event.with("mos", *stats.mos_x100 / kHundredths);
    if (stats.suite) {
        event.with("cipher", name_of(*stats.suite))
            .with("unauthentic", static_cast<std::int64_t>(stats.packets_unauthentic));
    }
    if (stats.rtt_us) event.with("round_trip_us", static_cast<std::int64_t>(*stats.rtt_us));
    turn.out.events.push_back(std::move(event));
}

// In a conversation silence ends it after a while. A caller who waits, and a phone that holds, may
// well say nothing: whether it is still there is asked by re-INVITE, and only one that is gone does
// not answer.
void Centre::Impl::fell_silent(Call& call, const media::MediaTimeout& timeout, Turn turn) {
    Leg* leg = leg_of(call, timeout.endpoint);
    if (leg == nullptr) return;
    const bool is_ringing = call.outside && leg == &call.outside->leg && !call.outside->answered_at;
    // Of a colleague who is asked or has joined, signalling knows whether they are there.
    if (is_ringing || is_consultation(&call, leg->id)) return;
    const bool is_asked = call.consultation && leg == &call.asked_leg();
    if (is_asked || find_member(call, leg->id) != nullptr) {
        leg->is_silent = true;
        return touch(call);
    }
    note(call, "media", "a leg has gone silent", turn.now);
    leg->is_silent = true;
    touch(call);
    const auto* talk = std::get_if<InTalk>(&call.stage);
    const bool is_held = talk != nullptr && talk->held;
    if (is_in_conversation(call) && !is_held) {
        call.silence_deadline =
            turn.now.mono + kDeadLegAfter - std::chrono::milliseconds{timeout.silent_ms};
    } else if (leg == &call.caller_leg || is_held) {
        probe(call, *leg, turn);
    }
}

void Centre::Impl::probe(Call& call, Leg& leg, Turn turn) {
    if (!leg.agreed || leg.is_offer_ours || leg.is_reviving) return;
    note(call, "decision", "the phone is asked whether it is still there", turn.now);
    leg.is_offer_ours = true;
    leg.is_probing = true;
    turn.act(Reoffer{.leg = leg.id, .sdp = sdp::offer(leg.local)});
}

void Centre::Impl::created(const media::Created& event, Turn turn) {
    Call* call = find_by_endpoint(event.endpoint);
    Leg* leg = call == nullptr ? nullptr : leg_of(*call, event.endpoint);
    if (leg == nullptr) return;
    leg->local.address = event.ip;
    leg->local.port = event.port;
    if (leg->local.session_id == 0) {
        leg->local.session_id = static_cast<std::uint64_t>(to_micros(turn.now.wall));
    }
    ++leg->local.session_version;
    if (leg->is_reviving) {
        leg->is_reviving = false;
        leg->is_offer_ours = true;
        turn.act(Reoffer{.leg = leg->id, .sdp = sdp::offer(leg->local)});
        if (leg == &call->caller_leg) restore_sound(*call, turn);
        if (leg == other_side(*call)) restore_sound(*call, turn);
        if (call->consultation) restore_consultation_sound(*call, turn);
        if (find_member(*call, leg->id) != nullptr) arrange_mix(*call, turn);
        return;
    }
    if (leg == &call->caller_leg) return caller_endpoint_ready(*call, turn);
    if (call->outside && leg == &call->outside->leg) return outside_endpoint_ready(*call, turn);
    if (is_consultation(call, leg->id)) return consultation_ready(*call, *leg, turn);
    if (const Member* member = find_member(*call, leg->id)) {
        return ring_phone(*call, member->agent, *leg, turn);
    }
    agent_endpoint_ready(*call, turn);
}

void Centre::Impl::failed(const media::Failed& event, Turn turn) {
    ++counters_.media_failures;
    if (event.command == media::wire_type(media::Command{media::Record{}})) {
        return record_refused(event, turn);
    }
    Call* call = find_by_endpoint(event.endpoint);
    if (call == nullptr) return;
    note(*call,
         "media",
         fmt::format(
             "command {} failed: {} {}", event.command, media::name(event.code), event.detail),
         turn.now);
    const auto create = media::wire_type(media::Command{media::Create{}});
    if (event.command != create) return;
    Leg* leg = leg_of(*call, event.endpoint);
    by_endpoint_.erase(event.endpoint);
    if (call->outside && leg == &call->outside->leg) {
        return outside_failed(*call, SipStatus::kUnavailable, "no media", turn);
    }
    if (leg != nullptr && is_consultation(call, leg->id)) {
        return return_from_consultation(*call, "failed", SipStatus::kUnavailable, turn);
    }
    if (leg != nullptr && find_member(*call, leg->id) != nullptr) {
        const LegId gone = leg->id;
        return drop_member(*call, gone, "failed", turn);
    }
    if (leg == &call->caller_leg) {
        turn.act(RejectCaller{.leg = call->caller_leg.id,
                              .status = SipStatus::kUnavailable,
                              .retry_after = kOverloadRetryAfter});
        return finish(*call, "fault", EndedBy::System, turn);
    }
    acd::Effects effects;
    if (call->agent &&
        acd_.offer_failed(call->agent->offer, acd::OfferFailure::Busy, turn.now, effects)) {
        carry_out(std::move(effects), turn);
    }
}

void Centre::Impl::play_ended(const media::PlayEnded& event, Turn turn) {
    Call* call = find_by_endpoint(event.endpoint);
    if (call == nullptr || !call->playing || call->playing->id != event.play) return;
    const Playing ended = *call->playing;
    call->playing.reset();
    if (event.reason == media::PlayEnd::Error) {
        note(*call, "media", "a prompt could not be played: " + event.detail, turn.now);
    }
    if (call->voicemail && call->voicemail->beep == event.play) {
        call->voicemail->beep.reset();
        return start_recording(*call, media::RecordingKind::Voicemail, turn);
    }
    if (!ended.said || !call->run) return;
    flow::Effects effects;
    call->run->prompt_ended(*ended.said, turn.now, effects);
    carry_out(*call, std::move(effects), turn);
}

void Centre::Impl::digit(const media::Digit& event, Turn turn) {
    Call* call = find_by_endpoint(event.endpoint);
    if (call == nullptr || call->caller_leg.endpoint != event.endpoint) return;
    pressed(*call, event.digit, KeyWay::Media, turn);
}

// A phone that agreed on keys beside its voice (RFC 4733) sends each there as well.
void Centre::Impl::handle(const LegKey& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (call == nullptr || call->caller_leg.id != event.leg) return;
    const auto& agreed = call->caller_leg.agreed;
    if (agreed && agreed->telephone_event_pt) return;
    pressed(*call, event.key, KeyWay::Info, turn);
}

void Centre::Impl::pressed(Call& call, char key, KeyWay way, Turn turn) {
    constexpr std::chrono::seconds kSamePress{1};
    const auto before = std::exchange(call.last_key, std::nullopt);
    if (before && before->key == key && before->way != way &&
        turn.now.mono - before->at < kSamePress) {
        return;
    }
    call.last_key = HeardKey{.key = key, .way = way, .at = turn.now.mono};
    if (call.secure) return secure_key(call, key, turn);
    if (call.voicemail && call.recording) {
        if (key == call.voicemail->wanted.terminator) {
            turn.act(media::StopRecord{.recording = call.recording->id});
        }
        return;
    }
    if (!std::holds_alternative<InFlow>(call.stage) || !call.run) return;
    note(call, "media", "a key was pressed", turn.now);
    flow::Effects effects;
    call.run->digit(key, turn.now, effects);
    carry_out(call, std::move(effects), turn);
}

void Centre::Impl::record_ended(const media::RecordEnded& event, Turn turn) {
    const auto known = recordings_.find(event.recording);
    turn.act(media::ForgetRecord{.recording = event.recording});
    if (known == recordings_.end()) return;
    const ClosingRecording closing = known->second;
    recordings_.erase(known);
    turn.out.events.push_back(ended_fact(event, closing, turn));
    Call* call = find(closing.contact);
    if (call == nullptr) {
        if (open_recordings(closing.contact).empty()) {
            turn.out.live.emplace_back(LiveRowGone{.contact = closing.contact});
        }
        return;
    }
    if (call->recording && call->recording->id == event.recording) {
        // A pause outlives the file it was asked for: what must not be kept is still being said.
        if (call->recording->paused_since) call->kept_pause = call->recording->pause_reason;
        call->recording.reset();
        call->recorded.clear();
    }
    touch(*call);
    if (!call->voicemail || !call->run) return;
    const flow::AskId ask = call->voicemail->ask;
    call->voicemail.reset();
    const auto status = event.duration_ms >= kShortestVoicemailMs
                            ? flow::VoicemailReply::Status::Recorded
                            : flow::VoicemailReply::Status::Empty;
    reply(*call, ask, flow::VoicemailReply{status}, turn);
}

void Centre::Impl::media_lost(Turn turn) {
    is_media_up_ = false;
    leaving_sound_.clear();
    for (const auto& [id, call] : calls_) {
        note(*call, "media", "the media process is gone", turn.now);
        // Keys that were pressed meanwhile are lost.
        const bool is_keying = call->secure && call->secure->phase == SecureInput::Phase::Keying;
        if (is_keying) settle_secure_input(*call, SecureResult::Interrupted, turn);
    }
}

void Centre::Impl::media_ready(const media::Listing& listing, Turn turn) {
    is_media_up_ = true;
    std::vector<Call*> calls;
    for (const auto& [id, call] : calls_) calls.push_back(call.get());
    std::sort(calls.begin(), calls.end(), [](auto* a, auto* b) { return a->id < b->id; });
    for (const auto& ended : listing.ended) record_ended(ended, turn);
    end_unknown_recordings(listing, turn);
    compare_mixes(listing, turn);
    // Endpoints nobody remembers belong to calls that ended while control was away. First, for
    // one may be bridged to who is to be bridged to another.
    for (const auto& listed : listing.endpoints) {
        if (!by_endpoint_.contains(listed.endpoint)) {
            turn.act(media::Destroy{.endpoint = listed.endpoint});
        }
    }
    // Of those that ended while there was no media it tells nothing, unless it holds them still.
    std::erase_if(leaving_sound_, [&](const auto& one) { return !holds(listing, one.first); });
    for (Call* call : calls) {
        if (call->is_over) continue;
        const bool is_caller_there = holds(listing, call->caller_leg.endpoint);
        const bool is_agent_there = !call->agent || holds(listing, call->agent->leg.endpoint);
        const bool is_outside_there = !call->outside || holds(listing, call->outside->leg.endpoint);
        if (!is_caller_there) revive(*call, call->caller_leg, turn);
        if (!is_agent_there) revive(*call, call->agent->leg, turn);
        if (!is_agent_there && call->secure) call->secure->comfort.reset();
        if (!is_outside_there) revive_outside(*call, turn);
        if (call->consultation) revive_consultation(*call, listing, turn);
        if (!call->members.empty()) revive_members(*call, listing, turn);
        if (call->is_over) continue;
        // Nothing was lost for people who talk: bridge and recording went on by themselves.
        const auto* talk = std::get_if<InTalk>(&call->stage);
        const bool is_held = talk != nullptr && talk->held;
        const bool are_joined = is_mixed(*call) ? !call->mixed.empty() : is_bridged(listing, *call);
        const bool goes_on = is_in_conversation(*call) && !is_held && are_joined;
        if (is_in_conversation(*call) && !is_held) stop_forgotten_music(*call, listing, turn);
        const bool are_all_there = is_caller_there && is_agent_there && is_outside_there;
        if (are_all_there && !goes_on) restore_sound(*call, turn);
        if (are_all_there && is_mixed(*call)) arrange_mix(*call, turn);
        // The process that waited for a sound of it is gone: ask.
        if (is_caller_there && !is_in_conversation(*call) && call->caller_leg.is_silent &&
            !call->is_over) {
            probe(*call, call->caller_leg, turn);
        }
        if (is_caller_there) prove(call->caller_leg, turn);
        if (call->agent && is_agent_there) prove(call->agent->leg, turn);
        if (call->outside && is_outside_there) prove(call->outside->leg, turn);
    }
    stop_unneeded_recordings(listing, turn);
}

// Control died between the decision to join them and its effect.
void Centre::Impl::stop_forgotten_music(Call& call, const media::Listing& listing, Turn turn) {
    for (const auto& listed : listing.endpoints) {
        if (listed.endpoint != call.caller_leg.endpoint || !listed.playing) continue;
        turn.act(media::StopPlay{.endpoint = listed.endpoint, .play = *listed.playing});
    }
}

// Whoever hung up while we were down told nobody. A re-INVITE with the same sound asks: a phone
// that is gone answers 481 or nothing, and its leg ends. A leg with a new endpoint is asked anyway.
void Centre::Impl::prove(Leg& leg, Turn turn) {
    if (!std::exchange(leg.is_unproven, false) || !leg.agreed) return;
    leg.is_offer_ours = true;
    ++leg.local.session_version;
    turn.act(Reoffer{.leg = leg.id, .sdp = sdp::offer(leg.local)});
}

// Asked for when media was not there, or lost with it: nothing of them was written.
void Centre::Impl::end_unknown_recordings(const media::Listing& listing, Turn turn) {
    std::set<RecordingId> unknown;
    for (const auto& [id, closing] : recordings_) unknown.insert(id);
    for (const auto& listed : listing.recordings) unknown.erase(listed.recording);
    for (const RecordingId id : unknown) {
        media::RecordEnded ended;
        ended.recording = id;
        ended.reason = media::RecordEnd::Interrupted;
        record_ended(ended, turn);
    }
}

// Those of calls that ended, or went on to another recording, while control was away.
void Centre::Impl::stop_unneeded_recordings(const media::Listing& listing, Turn turn) {
    for (const auto& listed : listing.recordings) {
        const auto known = recordings_.find(listed.recording);
        const Call* call = known == recordings_.end() ? nullptr : find(known->second.contact);
        if (call != nullptr && call->recording && call->recording->id == listed.recording) continue;
        turn.act(media::Command{media::StopRecord{.recording = listed.recording}});
    }
}

// The old endpoint died with its process: another is made, and the phone is told by re-INVITE.
void Centre::Impl::revive(Call& call, Leg& leg, Turn turn) {
    by_endpoint_.erase(leg.endpoint);
    if (call.playing && &leg == &call.caller_leg) call.playing->is_prepared = false;
    leg.is_reviving = leg.agreed.has_value();
    if (!leg.is_reviving && call.agent && &leg == &call.agent->leg) {
        // It rings with an address that is gone; it rings anew with the right one.
        if (by_leg_.erase(leg.id) > 0) turn.act(EndLeg{.leg = leg.id, .reason = "media restarted"});
        const auto agent = agents_.find(call.agent->agent);
        leg = agent == agents_.end() ? Leg{.id = LegId::make(turn.now.wall, rng_)}
                                     : new_phone_leg(agent->second, turn);
    }
    create_endpoint(call, leg, turn);
    touch(call);
}

// One that rings was told an address that is gone, and cannot be told another: the caller comes
// back.
void Centre::Impl::revive_outside(Call& call, Turn turn) {
    if (call.outside->answered_at) return revive(call, call.outside->leg, turn);
    outside_failed(call, SipStatus::kUnavailable, "media restarted", turn);
}

// One whose phone still rings was told an address that is gone: the caller is the agent's again.
void Centre::Impl::revive_consultation(Call& call, const media::Listing& listing, Turn turn) {
    Consultation& asked = *call.consultation;
    const bool is_colleague_there =
        !asked.colleague || holds(listing, asked.colleague->leg.endpoint);
    const bool is_phone_there = !asked.phone || holds(listing, asked.phone->endpoint);
    if (!asked.answered_at && !(is_colleague_there && is_phone_there)) {
        return return_from_consultation(call, "failed", SipStatus::kUnavailable, turn);
    }
    if (!is_colleague_there) revive(call, asked.colleague->leg, turn);
    if (!is_phone_there) revive(call, *asked.phone, turn);
    if (asked.colleague && is_colleague_there) prove(asked.colleague->leg, turn);
    if (asked.phone && is_phone_there) prove(*asked.phone, turn);
}

// Called when an endpoint is there again; acts once the last one of the call is.
void Centre::Impl::restore_sound(Call& call, Turn turn) {
    const Leg* other = other_side(call);
    if (call.caller_leg.is_reviving || (other != nullptr && other->is_reviving)) return;
    if (std::holds_alternative<WithOutside>(call.stage)) {
        call.playing.reset();
        if (!call.outside || !call.outside->answered_at) return play_music(call, turn);
        turn.act(media::Bridge{.a = call.caller_leg.endpoint, .b = other->endpoint});
        if (call.line->is_recorded && !call.recording) {
            start_recording(call, media::RecordingKind::Call, turn);
        }
        return;
    }
    if (const auto* talk = std::get_if<InTalk>(&call.stage)) {
        call.playing.reset();
        if (talk->held) {
            play_music(call, turn);
        } else {
            bridge(call, turn);
        }
        // One that died with media was ended and mended; one that goes on goes on.
        if (call.line->is_recorded && !call.recording) {
            start_recording(call, media::RecordingKind::Call, turn);
        }
        return;
    }
    if (std::holds_alternative<InQueue>(call.stage)) {
        call.playing.reset();
        return play_music(call, turn);
    }
    if (!std::holds_alternative<InFlow>(call.stage)) return;
    call.playing.reset();
    call.voicemail.reset();
    call.recording.reset();
    if (!call.run) {
        // Answered, and the process died before the first word.
        call.run.emplace(call.line->document, environment(call, turn.now.wall));
        flow::Effects first;
        call.run->start(turn.now, first);
        return carry_out(call, std::move(first), turn);
    }
    auto run =
        flow::Run::restore(call.line->document, environment(call, turn.now.wall), call.run->save());
    if (!run) return;
    call.run.emplace(std::move(run).value());
    flow::Effects effects;
    call.run->resume(turn.now, effects);
    carry_out(call, std::move(effects), turn);
}

}  // namespace escucha::control
