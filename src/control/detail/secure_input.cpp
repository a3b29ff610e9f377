// While a caller keys what the agent must not know: neither the agent nor the recording hears the
// caller, by whichever way the keys come, and the digits go to the company's connector or nowhere.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/errc.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

using speech::Language;
using Phase = SecureInput::Phase;

/// What the two hear meanwhile: a beep, so that the agent knows that the line lives.
constexpr const char* kComfortPause = "silence:4000";

std::string_view asked_for(SecureKind kind, Language language) {
    const bool is_spanish = language == Language::Es;
    switch (kind) {
        case SecureKind::Card:
            return is_spanish ? "el número de su tarjeta" : "your card number";
        case SecureKind::SecurityCode:
            return is_spanish ? "el código de seguridad de su tarjeta"
                              : "the security code of your card";
        case SecureKind::Document:
            return is_spanish ? "las cifras de su documento" : "the digits of your document";
        case SecureKind::Other:
            return is_spanish ? "los datos que le han pedido" : "what you have been asked for";
    }
    return {};
}

std::string words_that_ask(SecureKind kind, Language language) {
    return language == Language::Es
               ? fmt::format(
                     "Teclee {} y pulse almohadilla. Si se equivoca, pulse asterisco y empiece de "
                     "nuevo. Nadie oye lo que teclea y no se graba.",
                     asked_for(kind, language))
               : fmt::format(
                     "Please key in {} and press the hash key. If you make a mistake, press star "
                     "and start again. Nobody hears what you key in, and it is not recorded.",
                     asked_for(kind, language));
}

std::string words_that_ask_again(SecureKind kind, Language language) {
    return language == Language::Es
               ? fmt::format("No es correcto. Teclee otra vez {} y pulse almohadilla.",
                             asked_for(kind, language))
               : fmt::format("That is not right. Please key in {} again and press the hash key.",
                             asked_for(kind, language));
}

/// At most so many bytes of it, and no letter by half.
std::string cut(const std::string& text, std::size_t most) {
    constexpr unsigned kKind = 0xC0;
    constexpr unsigned kGoesOn = 0x80;
    if (text.size() <= most) return text;
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & kKind) == kGoesOn) --end;
    return text.substr(0, end);
}

SecureResult result_of(const Answer& answer) {
    const auto* connector = std::get_if<ConnectorAnswer>(&answer);
    if (connector == nullptr) return SecureResult::Undelivered;
    switch (connector->status) {
        case ConnectorAnswer::Status::Ok:
        case ConnectorAnswer::Status::Stale:
            return SecureResult::Complete;
        case ConnectorAnswer::Status::NotFound:
            return SecureResult::Rejected;
        case ConnectorAnswer::Status::Failed:
        case ConnectorAnswer::Status::Timeout:
            return SecureResult::Undelivered;
    }
    return SecureResult::Undelivered;
}

}  // namespace

Result<void> Centre::Impl::begin_secure_input(Call& call,
                                              const BeginSecureInput& wanted,
                                              Turn turn) {
    ESC_TRY(may_be_passed_on(call));
    if (std::get<InTalk>(call.stage).held) return fail(Errc::Conflict, "on hold");
    if (!is_media_up_) return fail(Errc::Conflict, "no sound at the moment");
    SecureInput& input = call.secure.emplace(wanted.kind, wanted.digits_max);
    input.label = cut(wanted.label, kLongestSecureLabel);
    input.serial = ++call.plays;
    input.since = turn.now.mono;
    call.secure_outcome.reset();
    ++counters_.secure_inputs_started;
    Event started = fact("secure_input_started", call, turn);
    started.agent = call.agent->agent;
    turn.out.events.push_back(
        started.with("kind", word(wanted.kind))
            .with("label", input.label)
            .with("digits_max", static_cast<std::int64_t>(input.entry.most())));
    // First the recording, then the agent's ear, and only then are keys asked for.
    if (call.recording && !call.recording->paused_since) {
        pause_recording(call, kSecureInputReason, turn);
        input.is_recording_paused = true;
    }
    if (is_mixed(call)) {
        arrange_mix(call, turn);
    } else {
        turn.act(media::Unbridge{.a = call.caller_leg.endpoint, .b = call.agent->leg.endpoint});
    }
    input.comfort = media::PlayId{++call.plays};
    turn.act(media::Play{.endpoint = call.agent->leg.endpoint,
                         .play = *input.comfort,
                         .prompts = {kBeep, kComfortPause},
                         .repeat = media::Repeat::Forever,
                         .stop_on_digit = false});
    note(call,
         "decision",
         fmt::format("the caller keys in secret: {}", word(wanted.kind)),
         turn.now);
    ask_for_keys(call, &words_that_ask, turn);
    return ok();
}

Result<void> Centre::Impl::end_secure_input(Call& call, Turn turn) {
    if (!call.secure || call.secure->phase == Phase::Closing) {
        return fail(Errc::Conflict, "no secure input is under way");
    }
    settle_secure_input(call, SecureResult::Cancelled, turn);
    return ok();
}

void Centre::Impl::ask_for_keys(Call& call, WordsThatAsk* words_of, Turn turn) {
    SecureInput& input = *call.secure;
    input.entry.wipe();
    input.deadline = turn.now.mono + kSecureFirstKey;
    stop_playing(call, turn);
    call.playing = Playing{.id = media::PlayId{++call.plays}};
    call.playing->is_interruptible = true;
    const auto language = call.run ? call.run->language() : call.line->language;
    speech::Utterance words{.what = speech::Text{words_of(input.entry.kind(), language)}};
    turn.out.actions.emplace_back(PrepareSpeech{.contact = call.id,
                                                .company = call.company(),
                                                .play = call.playing->id,
                                                .language = language,
                                                .what = {std::move(words)}});
    touch(call);
}

void Centre::Impl::secure_key(Call& call, char key, Turn turn) {
    SecureInput& input = *call.secure;
    if (input.phase == Phase::Closing) {
        input.deadline = std::min(turn.now.mono + kSecureTail, input.closes_by);
        return touch(call);
    }
    if (input.phase == Phase::Checking) return;
    const auto before = input.entry.count();
    const auto step = input.entry.press(key);
    if (step == SecureEntry::Step::Ignored) return;
    stop_playing(call, turn);
    input.deadline = turn.now.mono + kSecureNextKey;
    if (input.entry.count() != before) {
        Event keyed = fact("secure_input_keyed", call, turn);
        keyed.agent = call.agent->agent;
        turn.out.events.push_back(
            keyed.with("digits", static_cast<std::int64_t>(input.entry.count())));
    }
    if (step == SecureEntry::Step::Ended) return check_keys(call, turn);
    touch(call);
}

void Centre::Impl::check_keys(Call& call, Turn turn) {
    SecureInput& input = *call.secure;
    if (!input.entry.is_valid()) {
        const bool is_empty = input.entry.count() == 0;
        const auto result = is_empty ? SecureResult::TimedOut : SecureResult::Invalid;
        if (input.attempt == kSecureAttempts) return settle_secure_input(call, result, turn);
        ++input.attempt;
        Event retried = fact("secure_input_retried", call, turn);
        retried.agent = call.agent->agent;
        turn.out.events.push_back(retried.with("attempt", static_cast<std::int64_t>(input.attempt))
                                      .with("reason", word(result)));
        return ask_for_keys(call, &words_that_ask_again, turn);
    }
    const auto sink = secure_sinks_.find(call.company());
    if (sink == secure_sinks_.end()) {
        return settle_secure_input(call, SecureResult::Complete, turn);
    }
    const SecureSink& to = sink->second;
    if (const auto why = refusal(to.connector, turn.now.mono); !why.empty()) {
        ++counters_.connector_refusals;
        note(call,
             "decision",
             fmt::format("connector {} is not asked: {}", to.connector, why),
             turn.now);
        return settle_secure_input(call, SecureResult::Undelivered, turn);
    }
    input.phase = Phase::Checking;
    // Whoever asks is told in time; that they are not is looked for a little later.
    input.deadline = turn.now.mono + kSecureDeadline + kSecureTail;
    touch(call);
    ask_store(call,
              AskConnector{.connector = to.connector,
                           .operation = to.operation,
                           .params = {{"kind", std::string{word(input.entry.kind())}},
                                      {"label", input.label},
                                      {"contact", call.id.to_string()},
                                      {"value", input.entry.value()}},
                           .customer = call.customer,
                           .deadline = kSecureDeadline},
              SecureInputPurpose{.connector = to.connector, .serial = input.serial},
              turn);
}

void Centre::Impl::secure_input_answered(Call& call,
                                         std::uint64_t serial,
                                         const Answer& answer,
                                         Turn turn) {
    // Of one before, which was given up, nothing is said of this one.
    const bool is_awaited = call.secure && call.secure->serial == serial;
    if (!is_awaited || call.secure->phase != Phase::Checking) return;
    settle_secure_input(call, result_of(answer), turn);
}

void Centre::Impl::settle_secure_input(Call& call, SecureResult result, Turn turn) {
    SecureInput& input = *call.secure;
    stop_playing(call, turn);
    const bool is_delivered =
        result == SecureResult::Complete && secure_sinks_.contains(call.company());
    call.secure_outcome = SecureOutcome{
        .kind = input.entry.kind(),
        .label = input.label,
        .result = result,
        .digits = input.entry.count(),
        .attempt = input.attempt,
        .last_four = result == SecureResult::Complete ? input.entry.last_four() : std::string{},
        .is_delivered = is_delivered,
        .at = turn.now.wall};
    Event ended = fact("secure_input_ended", call, turn);
    ended.agent = call.agent->agent;
    turn.out.events.push_back(ended.with("kind", word(input.entry.kind()))
                                  .with("result", word(result))
                                  .with("digits", static_cast<std::int64_t>(input.entry.count()))
                                  .with("attempts", static_cast<std::int64_t>(input.attempt))
                                  .with_flag("delivered", is_delivered)
                                  .with("took_ms", millis(turn.now.mono - input.since)));
    note(call, "decision", fmt::format("the secret input ended: {}", word(result)), turn.now);
    ++counters_.secure_inputs_ended.at(static_cast<std::size_t>(result));
    input.entry.wipe();
    input.phase = Phase::Closing;
    input.deadline = turn.now.mono + kSecureTail;
    input.closes_by = turn.now.mono + kSecureLongestTail;
    touch(call);
}

void Centre::Impl::secure_input_due(Call& call, Turn turn) {
    SecureInput& input = *call.secure;
    switch (input.phase) {
        case Phase::Keying:
            return check_keys(call, turn);
        case Phase::Checking:
            return settle_secure_input(call, SecureResult::Undelivered, turn);
        case Phase::Closing:
            break;
    }
    if (!is_media_up_) {
        input.deadline = turn.now.mono + kSecureTail;
        return;
    }
    const bool was_recording = input.is_recording_paused;
    if (input.comfort) {
        turn.act(media::StopPlay{.endpoint = call.agent->leg.endpoint, .play = *input.comfort});
    }
    call.secure.reset();
    call.last_key.reset();
    if (was_recording) {
        call.kept_pause.reset();
        if (call.recording && call.recording->paused_since) resume_recording(call, turn);
    }
    const auto& talk = std::get<InTalk>(call.stage);
    const bool is_reviving = call.caller_leg.is_reviving || call.agent->leg.is_reviving;
    if (!talk.held && !is_reviving) bridge(call, turn);
    touch(call);
}

// The talk itself is over: nothing is given back to it.
void Centre::Impl::drop_secure_input(Call& call, SecureResult result, Turn turn) {
    if (!call.secure) return;
    if (call.secure->phase != Phase::Closing) settle_secure_input(call, result, turn);
    call.secure.reset();
    call.last_key.reset();
}

}  // namespace escucha::control
