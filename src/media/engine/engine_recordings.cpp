#include <algorithm>
#include <utility>

#include "media/engine/engine.h"

// The part of the engine that keeps recordings: who is tapped, what has ended, what is listed.

namespace escucha::media {
namespace {

constexpr std::uint8_t kLeft = 0;
constexpr std::uint8_t kRight = 1;
constexpr std::uint8_t kFirstJoined = 2;

Failed failed(const Command& command,
              const RecordingId& recording,
              FailureCode code,
              std::string detail = {}) {
    return {.command = wire_type(command),
            .recording = recording,
            .code = code,
            .detail = std::move(detail)};
}

/// Hands out the entries of a list in parts that fit into a frame.
template <typename Entry>
void move_part(std::vector<Entry>& from, std::vector<Entry>& to) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(from.size(), kMaxListingEntries));
    to.assign(std::make_move_iterator(from.end() - count), std::make_move_iterator(from.end()));
    from.resize(from.size() - static_cast<std::size_t>(count));
}

}  // namespace

void Engine::on(const Record& command, Now now, Out& out) {
    const auto refuse = [&](FailureCode code, const char* detail) {
        out.push_back(failed(command, command.recording, code, detail));
    };
    if (command.recording.is_nil()) return refuse(FailureCode::InvalidArgument, "recording");
    if (!is_safe_path(command.path)) return refuse(FailureCode::PathRefused, "path");
    if (!command.path.ends_with(".rec")) return refuse(FailureCode::PathRefused, "not .rec");
    const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
    if (std::all_of(command.key.begin(), command.key.end(), is_zero)) {
        return refuse(FailureCode::InvalidArgument, "key");
    }
    if (recordings_.contains(command.recording) || ended_.contains(command.recording)) {
        return refuse(FailureCode::AlreadyExists, "recording");
    }
    if (recordings_.size() >= kMaxRecordings) return refuse(FailureCode::TooMany, "recordings");
    if (command.right && command.kind == RecordingKind::Voicemail) {
        return refuse(FailureCode::InvalidArgument, "voicemail has one side");
    }
    const Known* left = find(command.left);
    const Known* right = command.right ? find(*command.right) : nullptr;
    if (left == nullptr) return refuse(FailureCode::NotFound, "left");
    if (command.right && right == nullptr) return refuse(FailureCode::NotFound, "right");
    if (left->recorded_by || (right != nullptr && right->recorded_by)) {
        return refuse(FailureCode::Busy, "already recorded");
    }
    const std::uint64_t number = next_recording_++;
    if (!recorder_->post(Recorder::Start{.number = number, .command = command})) {
        return refuse(FailureCode::Overloaded, "");
    }
    recordings_[command.recording] = {.number = number,
                                      .path = command.path,
                                      .kind = command.kind,
                                      .left = command.left,
                                      .right = command.right,
                                      .started = now.mono};
    claim(command.left, command.recording);
    claim(command.right, command.recording);
}

// One endpoint is in one recording at most: a worker taps it once.
void Engine::claim(std::optional<EndpointId> endpoint, std::optional<RecordingId> recording) {
    if (!endpoint) return;
    if (Known* known = find(*endpoint)) known->recorded_by = recording;
}

// Taps only once the file exists: a frame that arrives before has no place to go.
void Engine::on_record_started(const RecordStarted& event, Now now) {
    const auto found = recordings_.find(event.recording);
    if (found == recordings_.end()) return;
    Recording& recording = found->second;
    recording.is_started = true;
    recording.started = now.mono;
    if (recording.is_stopping) return;
    tap(recording.left, Tap{recording.number, kLeft});
    if (recording.right) tap(*recording.right, Tap{recording.number, kRight});
    for (std::uint8_t voice = kFirstJoined; const auto& joined : recording.joined) {
        if (joined) tap(*joined, Tap{recording.number, voice});
        ++voice;
    }
}

void Engine::on_record_ended(const RecordEnded& event) {
    const auto found = recordings_.find(event.recording);
    if (found != recordings_.end()) {
        release(found->second);
        recordings_.erase(found);
    }
    // Ids sort by time: the oldest leaves when control never forgets.
    if (ended_.size() >= kMaxUnforgotten) ended_.erase(ended_.begin());
    ended_.emplace(event.recording, event);
}

void Engine::tap(EndpointId endpoint, std::optional<Tap> tap) {
    if (const Known* known = find(endpoint)) {
        send(*known, SetTap{.endpoint = endpoint, .tap = tap});
    }
}

void Engine::release(const Recording& recording) {
    if (recording.is_stopping) return;  // Done when it was told to stop.
    tap(recording.left, std::nullopt);
    claim(recording.left, std::nullopt);
    if (recording.right) tap(*recording.right, std::nullopt);
    claim(recording.right, std::nullopt);
    for (const auto& joined : recording.joined) {
        if (joined) tap(*joined, std::nullopt);
        claim(joined, std::nullopt);
    }
}

// The worker forgets the tap with the endpoint.
void Engine::forget_voice(Recording& recording, EndpointId endpoint) {
    if (recording.right == endpoint) recording.right.reset();
    std::replace(recording.joined.begin(),
                 recording.joined.end(),
                 std::optional{endpoint},
                 std::optional<EndpointId>{});
}

void Engine::stop_recording(const RecordingId& id, RecordEnd reason) {
    Recording& recording = recordings_.at(id);
    if (recording.is_stopping) return;
    recorder_->post(Recorder::Stop{.number = recording.number, .reason = reason});
    release(recording);
    recording.is_stopping = true;
}

void Engine::on(const PauseRecord& command, Now, Out& out) {
    const auto found = recordings_.find(command.recording);
    if (found == recordings_.end() || found->second.is_stopping) {
        out.push_back(failed(command, command.recording, FailureCode::NotFound));
        return;
    }
    found->second.is_paused = true;
    recorder_->post(Recorder::SetPaused{.number = found->second.number, .paused = true});
}

void Engine::on(const ResumeRecord& command, Now, Out& out) {
    const auto found = recordings_.find(command.recording);
    if (found == recordings_.end() || found->second.is_stopping) {
        out.push_back(failed(command, command.recording, FailureCode::NotFound));
        return;
    }
    found->second.is_paused = false;
    recorder_->post(Recorder::SetPaused{.number = found->second.number, .paused = false});
}

void Engine::on(const MoveRecord& command, Now, Out& out) {
    const auto found = recordings_.find(command.recording);
    if (found == recordings_.end() || found->second.is_stopping) {
        out.push_back(failed(command, command.recording, FailureCode::NotFound));
        return;
    }
    Recording& recording = found->second;
    const Known* right = command.right ? find(*command.right) : nullptr;
    if (command.right && right == nullptr) {
        out.push_back(failed(command, command.recording, FailureCode::NotFound, "right"));
        return;
    }
    if (command.right && recording.kind == RecordingKind::Voicemail) {
        out.push_back(failed(command, command.recording, FailureCode::InvalidArgument));
        return;
    }
    if (right != nullptr && right->recorded_by && recording.right != command.right) {
        out.push_back(failed(command, command.recording, FailureCode::Busy, "already recorded"));
        return;
    }
    if (recording.right) tap(*recording.right, std::nullopt);
    claim(recording.right, std::nullopt);
    recording.right = command.right;
    claim(recording.right, command.recording);
    if (recording.right && recording.is_started) {
        tap(*recording.right, Tap{recording.number, kRight});
    }
}

void Engine::on(const JoinRecord& command, Now, Out& out) {
    const auto refuse = [&](FailureCode code, const char* detail) {
        out.push_back(failed(command, command.recording, code, detail));
    };
    const auto found = recordings_.find(command.recording);
    if (found == recordings_.end() || found->second.is_stopping) {
        return refuse(FailureCode::NotFound, "recording");
    }
    Recording& recording = found->second;
    Known* known = find(command.endpoint);
    if (known == nullptr) return refuse(FailureCode::NotFound, "endpoint");
    if (recording.kind == RecordingKind::Voicemail) {
        return refuse(FailureCode::InvalidArgument, "voicemail has one side");
    }
    auto& joined = recording.joined;
    if (std::find(joined.begin(), joined.end(), command.endpoint) != joined.end()) return;
    if (known->recorded_by) return refuse(FailureCode::Busy, "already recorded");
    const auto free = std::find(joined.begin(), joined.end(), std::nullopt);
    if (free == joined.end()) return refuse(FailureCode::TooMany, "voices");
    *free = command.endpoint;
    known->recorded_by = command.recording;
    if (!recording.is_started) return;
    const auto voice = static_cast<std::uint8_t>(kFirstJoined + (free - joined.begin()));
    tap(command.endpoint, Tap{recording.number, voice});
}

void Engine::on(const LeaveRecord& command, Now, Out& out) {
    const auto found = recordings_.find(command.recording);
    if (found == recordings_.end() || found->second.is_stopping) {
        out.push_back(failed(command, command.recording, FailureCode::NotFound));
        return;
    }
    auto& joined = found->second.joined;
    const auto voice = std::find(joined.begin(), joined.end(), command.endpoint);
    if (voice == joined.end()) return;
    tap(command.endpoint, std::nullopt);
    claim(command.endpoint, std::nullopt);
    voice->reset();
}

void Engine::on(const StopRecord& command, Now, Out& out) {
    const auto found = recordings_.find(command.recording);
    if (found == recordings_.end() || found->second.is_stopping) {
        out.push_back(failed(command, command.recording, FailureCode::NotFound));
        return;
    }
    stop_recording(command.recording, RecordEnd::Stopped);
}

void Engine::on(const ForgetRecord& command, Now, Out&) { ended_.erase(command.recording); }

void Engine::on(const List&, Now now, Out& out) {
    Listing all;
    for (const auto& [id, known] : endpoints_) {
        all.endpoints.push_back({.endpoint = id,
                                 .group = known.group,
                                 .ip = known.ip,
                                 .port = known.port,
                                 .playing = known.playing,
                                 .bridged_to = known.bridged_to});
    }
    for (const auto& [id, recording] : recordings_) {
        all.recordings.push_back({.recording = id,
                                  .path = recording.path,
                                  .left = recording.left,
                                  .right = recording.right,
                                  .elapsed_ms = to_ms(now.mono - recording.started),
                                  .paused = recording.is_paused});
    }
    for (const auto& [id, ended] : ended_) all.ended.push_back(ended);
    for (const auto& [id, members] : mixes_) all.mixes.push_back({.mix = id, .members = members});
    do {
        Listing part;
        move_part(all.endpoints, part.endpoints);
        move_part(all.recordings, part.recordings);
        move_part(all.ended, part.ended);
        move_part(all.mixes, part.mixes);
        part.is_last = all.endpoints.empty() && all.recordings.empty() && all.ended.empty() &&
                       all.mixes.empty();
        out.push_back(std::move(part));
    } while (!std::get<Listing>(out.back()).is_last);
}

}  // namespace escucha::media
