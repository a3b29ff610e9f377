// What the journal says when a recording has ended, and the chain that binds these facts.

#include <fmt/format.h>

#include "base/hex.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

/// "1200-5400,60000-61000": milliseconds of the recording.
std::string text_of(const std::vector<media::Pause>& pauses) {
    std::string text;
    for (const media::Pause& pause : pauses) {
        if (!text.empty()) text += ',';
        text += fmt::format("{}-{}", pause.from_ms, pause.to_ms);
    }
    return text;
}

}  // namespace

// Also for one that never began: a conversation without its recording is told, with the cause.
void Centre::Impl::record_refused(const media::Failed& event, Turn turn) {
    const auto known = recordings_.find(event.recording);
    if (known == recordings_.end()) return;
    if (Call* call = find(known->second.contact)) {
        note(*call,
             "media",
             fmt::format("not recorded: {} {}", media::name(event.code), event.detail),
             turn.now);
    }
    record_ended({.recording = event.recording, .reason = media::RecordEnd::Io}, turn);
}

Event Centre::Impl::ended_fact(const media::RecordEnded& event,
                               const ClosingRecording& closing,
                               Turn turn) {
    recording::ChainTip& tip = chains_[closing.company];
    const recording::ChainTip before = tip;
    const std::string_view reason = media::name(event.reason);
    tip = recording::next_link(before,
                               {.company = closing.company,
                                .recording = event.recording,
                                .contact = closing.contact,
                                .file = event.sha256,
                                .duration_ms = event.duration_ms,
                                .bytes = static_cast<std::int64_t>(event.bytes),
                                .is_complete = event.complete,
                                .reason = std::string{reason}});
    turn.out.live.emplace_back(StateRow{
        .name = std::string{kChainRow} + closing.company.to_string(), .state = tip.print()});
    Event ended;
    ended.type = "recording_ended";
    ended.at = turn.now.wall;
    ended.company = closing.company;
    ended.contact = closing.contact;
    if (const Call* call = find(closing.contact); call != nullptr && call->matter) {
        ended.case_id = call->matter->id;
    }
    ended.with("recording", event.recording.to_string())
        .with("duration_ms", std::int64_t{event.duration_ms})
        .with("bytes", static_cast<std::int64_t>(event.bytes))
        .with("sha256", to_hex(event.sha256))
        .with_flag("complete", event.complete)
        .with("reason", reason)
        .with("link", tip.number)
        .with("previous", to_hex(before.link))
        .with("chain", to_hex(tip.link));
    if (!event.pauses.empty()) ended.with("pauses", text_of(event.pauses));
    return ended;
}

void Centre::Impl::restore_chain(std::string_view name, std::string_view state) {
    const auto company = CompanyId::parse(name.substr(kChainRow.size()));
    const auto tip = recording::ChainTip::parse(state);
    if (company && tip) chains_[*company] = *tip;
}

}  // namespace escucha::control
