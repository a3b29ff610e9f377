// While two people talk: hold, new media offers, the recording.

#include <utility>

#include <fmt/format.h>

#include "base/overloaded.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

std::string_view word(Held::By by) {
    switch (by) {
        case Held::By::Page:
            return "page";
        case Held::By::Phone:
            return "phone";
        case Held::By::Transfer:
            return "transfer";
    }
    return "page";
}

/// "company/2026/11/23/<id>.rec": no personal data in a path.
std::string recording_path(CompanyId company, RecordingId id, WallTime now) {
    const auto day = to_rfc3339(now);
    return fmt::format("{}/{}/{}/{}/{}.rec",
                       company.to_string(),
                       day.substr(0, 4),
                       day.substr(5, 2),
                       day.substr(8, 2),
                       id.to_string());
}

}  // namespace

void Centre::Impl::handle(const LegReoffered& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (call == nullptr) {
        turn.act(RejectReoffer{.leg = event.leg, .status = SipStatus::kNotAcceptable});
        return;
    }
    Leg& leg = party(*call, event.leg);
    ++leg.local.session_version;
    if (event.sdp) return apply_reoffer(*call, leg, *event.sdp, turn);
    leg.is_offer_ours = true;
    turn.act(AcceptReoffer{.leg = leg.id, .sdp = sdp::offer(leg.local)});
}

void Centre::Impl::apply_reoffer(Call& call, Leg& leg, const std::string& offer, Turn turn) {
    const auto parsed = sdp::parse(offer);
    auto answer =
        parsed ? sdp::answer(parsed.value(), leg.local) : Result<sdp::Answer>{parsed.error()};
    if (!answer) {
        note(call, "decision", "its offer is refused: " + answer.error().message(), turn.now);
        turn.act(RejectReoffer{.leg = leg.id, .status = SipStatus::kNotAcceptable});
        return;
    }
    agree_on(leg, std::move(answer.value().agreed));
    turn.act(AcceptReoffer{.leg = leg.id, .sdp = std::move(answer.value().text)});
    media_changed(call, leg, turn);
}

// A new address, another codec, or a phone that puts its side on hold.
void Centre::Impl::media_changed(Call& call, Leg& leg, Turn turn) {
    set_remote(call, leg, turn);
    touch(call);
    auto* talk = std::get_if<InTalk>(&call.stage);
    if (talk == nullptr || !call.agent) return;
    const bool is_agents = &call.agent->leg == &leg;
    // The others of a conference go on without who holds.
    if (find_member(call, leg.id) != nullptr ||
        (is_agents && call.conference_since && !talk->held)) {
        return arrange_mix(call, turn);
    }
    if (!is_agents) return;
    const bool is_holding = is_away(leg);
    if (is_holding && !talk->held) hold(call, Held::By::Phone, turn);
    // With a colleague on the line the same sound is theirs: the caller stays on hold.
    if (call.consultation && !call.consultation->phone) return;
    if (!is_holding && talk->held && talk->held->by == Held::By::Phone) resume(call, turn);
}

void Centre::Impl::handle(const LegReofferAnswered& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (call == nullptr) return;
    Leg& leg = party(*call, event.leg);
    auto agreed = read_answer(leg, event.sdp);
    leg.is_offer_ours = false;
    if (!agreed) {
        note(*call, "decision", "the answer to our re-INVITE is not usable", turn.now);
        return;
    }
    agree_on(leg, std::move(agreed).value());
    if (!leg.is_probing) ++counters_.legs_revived;
    leg.is_probing = false;
    media_changed(*call, leg, turn);
}

void Centre::Impl::handle(const LegReofferFailed& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (call == nullptr) return;
    note(*call, "decision", fmt::format("our re-INVITE was refused: {}", event.status), turn.now);
    Leg& leg = party(*call, event.leg);
    leg.is_offer_ours = false;
    // A refusal, too, says that somebody is there.
    const bool is_gone =
        event.status == SipStatus::kNoAnswer || event.status == SipStatus::kNoSuchCall;
    if (std::exchange(leg.is_probing, false) && !is_gone) return;
    // Its sound is gone and cannot come back: better a call that ends than one in silence.
    turn.act(EndLeg{.leg = event.leg, .reason = "media cannot be restored"});
    handle(LegEnded{.leg = event.leg, .reason = "media cannot be restored"}, turn);
}

// As a rule nothing but the time has changed. A peer that moved its media says so here as well.
void Centre::Impl::handle(const LegRefreshed& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (call == nullptr) return;
    touch(*call);
    if (!event.sdp) return;
    Leg& leg = party(*call, event.leg);
    auto agreed = read_answer(leg, *event.sdp);
    if (!agreed || leg.agreed == agreed.value()) return;
    leg.agreed = std::move(agreed).value();
    media_changed(*call, leg, turn);
}

void Centre::Impl::hold(Call& call, Held::By by, Turn turn) {
    auto& talk = std::get<InTalk>(call.stage);
    talk.held = Held{.by = by, .since = turn.now.mono};
    call.stage_since = turn.now.wall;
    Event held = fact("hold_started", call, turn);
    held.agent = call.agent->agent;
    turn.out.events.push_back(held.with("by", word(by)));
    if (call.secure && call.secure->phase != SecureInput::Phase::Closing) {
        settle_secure_input(call, SecureResult::Cancelled, turn);
    }
    if (is_mixed(call)) {
        arrange_mix(call, turn);
    } else if (!call.secure) {
        turn.act(media::Unbridge{.a = call.caller_leg.endpoint, .b = call.agent->leg.endpoint});
    }
    play_music(call, turn);
    touch(call);
}

void Centre::Impl::resume(Call& call, Turn turn) {
    auto& talk = std::get<InTalk>(call.stage);
    const Duration held_for = turn.now.mono - talk.held->since;
    talk.held_before += held_for;
    talk.held.reset();
    call.stage_since = turn.now.wall;
    Event resumed = fact("hold_ended", call, turn);
    resumed.agent = call.agent->agent;
    turn.out.events.push_back(resumed.with("held_ms", millis(held_for)));
    stop_playing(call, turn);
    bridge(call, turn);
    // Who said nothing while the caller was on hold is waited for from now on.
    if (call.caller_leg.is_silent || call.agent->leg.is_silent) {
        call.silence_deadline = turn.now.mono + kDeadLegAfter;
    }
    touch(call);
}

void Centre::Impl::start_recording(Call& call, media::RecordingKind kind, Turn turn) {
    const bool is_call = kind == media::RecordingKind::Call;
    OpenRecording recording{.id = RecordingId::make(turn.now.wall, rng_), .path = {}, .kind = kind};
    recording.path = recording_path(call.company(), recording.id, turn.now.wall);
    turn.out.events.push_back(fact("recording_started", call, turn)
                                  .with("recording", recording.id.to_string())
                                  .with("kind", is_call ? "call" : "voicemail")
                                  .with("path", recording.path));
    media::Record record{.recording = recording.id,
                         .path = recording.path,
                         .kind = kind,
                         .left = call.caller_leg.endpoint};
    if (is_call) {
        record.right = call.agent ? call.agent->leg.endpoint : call.outside->leg.endpoint;
    } else if (call.voicemail) {
        record.max_ms = static_cast<std::uint32_t>(
            std::chrono::milliseconds{call.voicemail->wanted.max_length}.count());
        record.silence_ms = kVoicemailSilenceMs;
    }
    turn.act(StartRecording{.company = call.company(), .record = std::move(record)});
    recordings_.emplace(recording.id,
                        ClosingRecording{.contact = call.id, .company = call.company()});
    call.recording = std::move(recording);
    call.recorded.clear();
    if (is_call) arrange_voices(call, turn);
    if (const auto reason = std::exchange(call.kept_pause, std::nullopt)) {
        pause_recording(call, *reason, turn);
    }
    touch(call);
}

void Centre::Impl::stop_recording(Call& call, Turn turn) {
    call.kept_pause.reset();
    if (!call.recording) return;
    if (call.recording->paused_since) resume_recording(call, turn);
    turn.act(media::StopRecord{.recording = call.recording->id});
    call.recording.reset();
    call.recorded.clear();
    touch(call);
}

void Centre::Impl::pause_recording(Call& call, std::string_view reason, Turn turn) {
    call.recording->paused_since = turn.now.mono;
    call.recording->pause_reason = reason;
    Event paused = fact("recording_paused", call, turn);
    if (call.agent) paused.agent = call.agent->agent;
    turn.out.events.push_back(
        paused.with("recording", call.recording->id.to_string()).with("reason", reason));
    turn.act(media::PauseRecord{.recording = call.recording->id});
    touch(call);
}

void Centre::Impl::resume_recording(Call& call, Turn turn) {
    Event resumed = fact("recording_resumed", call, turn);
    if (call.agent) resumed.agent = call.agent->agent;
    turn.out.events.push_back(
        resumed.with("recording", call.recording->id.to_string())
            .with("paused_ms", millis(turn.now.mono - *call.recording->paused_since)));
    call.recording->paused_since.reset();
    turn.act(media::ResumeRecord{.recording = call.recording->id});
    touch(call);
}

// The conversation with this agent is over; what becomes of the caller is the next decision.
void Centre::Impl::end_talk(Call& call, std::string_view by, Turn turn) {
    auto* talk = std::get_if<InTalk>(&call.stage);
    if (talk == nullptr || !call.agent) return;
    const bool was_asking = call.consultation && call.consultation->answered_at;
    drop_consultation(call, was_asking ? "answered" : "cancelled", SipStatus::kGone, turn);
    drop_secure_input(
        call, by == "agent" ? SecureResult::Cancelled : SecureResult::Interrupted, turn);
    call.secure_outcome.reset();
    drop_members(call, "ended", turn);
    Duration held = talk->held_before;
    if (talk->held) held += turn.now.mono - talk->held->since;
    stop_recording(call, turn);
    Event disconnected = fact("contact_disconnected", call, turn);
    disconnected.agent = call.agent->agent;
    disconnected.queue = call.queue;
    turn.out.events.push_back(disconnected.with("by", by)
                                  .with("talk_ms", millis(turn.now.mono - talk->since - held))
                                  .with("hold_ms", millis(held)));
    drop_agent_leg(call, "conversation ended", turn);
}

}  // namespace escucha::control
