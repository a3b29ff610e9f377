#include "sim/detail/media.h"

#include <algorithm>
#include <utility>

#include "sim/detail/people.h"
#include "sim/detail/shell.h"

namespace escucha::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration kPromptLength = 2500ms;
constexpr Duration kMediaTimeout = 10s;

Duration length_of(const std::vector<std::string>& prompts) {
    return kPromptLength * static_cast<std::int64_t>(prompts.size());
}

std::uint32_t to_ms(Duration duration) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Media::Endpoint* Media::find(media::EndpointId id) {
    const auto found = endpoints_.find(id);
    return found == endpoints_.end() ? nullptr : &found->second;
}

void Media::tell(media::Event event, Duration delay) {
    world_.clock.after(delay, [this, life = life_, event = std::move(event)] {
        if (life == life_) world_.shell->deliver(event);  // Its connection died with the process.
    });
}

void Media::refuse(const media::Command& command,
                   media::EndpointId endpoint,
                   media::FailureCode code) {
    tell(media::Failed{.command = media::wire_type(command), .endpoint = endpoint, .code = code});
}

void Media::refuse_mix(const media::Command& command, media::MixId mix) {
    tell(media::MixFailed{
        .command = media::wire_type(command), .mix = mix, .code = media::FailureCode::NotFound});
}

void Media::command(const media::Command& command) {
    if (!is_up_) return;
    std::visit([this](const auto& wanted) { on(wanted); }, command);
}

void Media::on(const media::Create& wanted) {
    if (find(wanted.endpoint) != nullptr) {
        return world_.ledger.fail("an endpoint was created twice");
    }
    do {
        last_port_ = last_port_ >= 60'000 ? std::uint16_t{10'002}
                                          : static_cast<std::uint16_t>(last_port_ + 2);
    } while (by_port_.contains(last_port_));
    Endpoint endpoint;
    endpoint.group = wanted.group;
    endpoint.port = last_port_;
    endpoint.quiet_since = world_.clock.now().mono;
    by_port_.emplace(last_port_, wanted.endpoint);
    endpoints_.emplace(wanted.endpoint, endpoint);
    tell(media::Created{.endpoint = wanted.endpoint, .ip = "127.0.0.1", .port = last_port_});
}

void Media::on(const media::SetRemote& wanted) {
    Endpoint* endpoint = find(wanted.endpoint);
    if (endpoint != nullptr) endpoint->has_remote = true;
}

void Media::on(const media::Play& wanted) {
    Endpoint* endpoint = find(wanted.endpoint);
    if (endpoint == nullptr) {
        return refuse(wanted, wanted.endpoint, media::FailureCode::NotFound);
    }
    if (endpoint->play) end_play(wanted.endpoint, *endpoint, media::PlayEnd::Stopped);
    endpoint->play = Play{.id = wanted.play,
                          .began = world_.clock.now().mono,
                          .stops_on_digit = wanted.stop_on_digit};
    if (wanted.repeat == media::Repeat::Forever) return;
    const Duration length = length_of(wanted.prompts);
    world_.clock.after(length, [this, id = wanted.endpoint, play = wanted.play] {
        Endpoint* still = find(id);
        if (still == nullptr || !still->play || still->play->id != play) return;
        end_play(id, *still, media::PlayEnd::Finished);
    });
    world_.callers->heard(wanted.endpoint, length);
}

void Media::end_play(media::EndpointId id, Endpoint& endpoint, media::PlayEnd reason) {
    const Now now = world_.clock.now();
    tell(media::PlayEnded{.endpoint = id,
                          .play = endpoint.play->id,
                          .reason = reason,
                          .error = media::FailureCode::None,
                          .played_ms = to_ms(now.mono - endpoint.play->began)});
    endpoint.play.reset();
    endpoint.quiet_since = now.mono;
}

void Media::on(const media::StopPlay& wanted) {
    Endpoint* endpoint = find(wanted.endpoint);
    if (endpoint == nullptr || !endpoint->play || endpoint->play->id != wanted.play) {
        return refuse(wanted, wanted.endpoint, media::FailureCode::NotFound);
    }
    end_play(wanted.endpoint, *endpoint, media::PlayEnd::Stopped);
}

void Media::on(const media::Bridge& wanted) {
    Endpoint* a = find(wanted.a);
    Endpoint* b = find(wanted.b);
    if (a == nullptr || b == nullptr) {
        return refuse(wanted, wanted.a, media::FailureCode::NotFound);
    }
    if (a->group != b->group) return world_.ledger.fail("a bridge across calls");
    if ((a->peer && a->peer != wanted.b) || (b->peer && b->peer != wanted.a)) {
        return world_.ledger.fail("a bridge to an endpoint that is bridged elsewhere");
    }
    if (a->mix != b->mix) return world_.ledger.fail("a bridge of a member and another");
    leave_mix(wanted.a);
    leave_mix(wanted.b);
    a->peer = wanted.b;
    b->peer = wanted.a;
    tell(media::Bridged{.a = wanted.a, .b = wanted.b});
    world_.callers->bridged(wanted.a, wanted.b);
}

void Media::unbridge(media::EndpointId id, Endpoint& endpoint) {
    if (!endpoint.peer) return;
    const media::EndpointId other = *endpoint.peer;
    endpoint.peer.reset();
    endpoint.quiet_since = world_.clock.now().mono;
    if (Endpoint* peer = find(other)) {
        peer->peer.reset();
        peer->quiet_since = world_.clock.now().mono;
    }
    tell(media::Unbridged{.a = id, .b = other});
}

void Media::on(const media::Unbridge& wanted) {
    Endpoint* a = find(wanted.a);
    if (a == nullptr || a->peer != wanted.b) {
        return refuse(wanted, wanted.a, media::FailureCode::NotFound);
    }
    unbridge(wanted.a, *a);
}

void Media::check_bridge(media::EndpointId id, const std::vector<media::MixMember>& all) {
    const Endpoint* endpoint = find(id);
    if (endpoint == nullptr || !endpoint->peer) return;
    const bool is_both =
        std::ranges::find(all, *endpoint->peer, &media::MixMember::endpoint) != all.end();
    if (!is_both) world_.ledger.fail("a member who is bridged to another");
}

bool Media::join(media::MixId mix, const media::MixMember& member) {
    Endpoint* endpoint = find(member.endpoint);
    if (endpoint == nullptr) return false;
    if (endpoint->mix && endpoint->mix != mix) world_.ledger.fail("one in two mixes");
    if (static_cast<std::uint64_t>(mix) != static_cast<std::uint64_t>(endpoint->group)) {
        world_.ledger.fail("a mix across calls");
    }
    unbridge(member.endpoint, *endpoint);
    auto& members = mixes_[mix];
    std::erase_if(members, [&](const auto& one) { return one.endpoint == member.endpoint; });
    members.push_back(member);
    if (members.size() > media::kMaxMixMembers) world_.ledger.fail("a mix of too many");
    endpoint->mix = mix;
    tell(media::MixJoined{.mix = mix, .member = member});
    return true;
}

void Media::leave_mix(media::EndpointId id) {
    Endpoint* endpoint = find(id);
    if (endpoint == nullptr || !endpoint->mix) return;
    const media::MixId mix = *std::exchange(endpoint->mix, std::nullopt);
    endpoint->quiet_since = world_.clock.now().mono;
    auto& members = mixes_.at(mix);
    std::erase_if(members, [&](const auto& one) { return one.endpoint == id; });
    tell(media::MixLeft{.mix = mix, .endpoint = id});
    if (members.size() == 1) {
        find(members.front().endpoint)->quiet_since = world_.clock.now().mono;
    }
    if (!members.empty()) return;
    mixes_.erase(mix);
    tell(media::MixEnded{.mix = mix});
}

void Media::on(const media::Mix& wanted) {
    const bool are_all_there = std::ranges::all_of(
        wanted.members, [&](const auto& one) { return find(one.endpoint) != nullptr; });
    if (mixes_.contains(wanted.mix)) return world_.ledger.fail("a mix was made twice");
    if (!are_all_there) return refuse_mix(wanted, wanted.mix);
    for (const auto& member : wanted.members) check_bridge(member.endpoint, wanted.members);
    for (const auto& member : wanted.members) join(wanted.mix, member);
}

void Media::on(const media::JoinMix& wanted) {
    const auto found = mixes_.find(wanted.mix);
    if (found == mixes_.end()) return refuse_mix(wanted, wanted.mix);
    check_bridge(wanted.member.endpoint, {});
    if (!join(wanted.mix, wanted.member)) refuse_mix(wanted, wanted.mix);
}

void Media::on(const media::LeaveMix& wanted) {
    const Endpoint* endpoint = find(wanted.endpoint);
    if (endpoint == nullptr || endpoint->mix != wanted.mix) return refuse_mix(wanted, wanted.mix);
    leave_mix(wanted.endpoint);
}

void Media::on(const media::EndMix& wanted) {
    const auto found = mixes_.find(wanted.mix);
    if (found == mixes_.end()) return refuse_mix(wanted, wanted.mix);
    for (const auto& member : std::vector{found->second}) leave_mix(member.endpoint);
}

void Media::on(const media::SendDigits& wanted) {
    tell(media::DigitsSent{.endpoint = wanted.endpoint});
}

void Media::on(const media::Record& wanted) {
    Endpoint* left = find(wanted.left);
    if (left == nullptr || (wanted.right && find(*wanted.right) == nullptr)) {
        // The ledger of recordings is closed by an end, even of one that never began.
        recordings_.emplace(wanted.recording,
                            Recording{.wanted = wanted, .began = world_.clock.now().mono});
        return end_recording(wanted.recording, media::RecordEnd::EndpointGone);
    }
    recordings_.emplace(wanted.recording,
                        Recording{.wanted = wanted, .began = world_.clock.now().mono});
    tell(media::RecordStarted{.recording = wanted.recording});
    if (wanted.kind != media::RecordingKind::Voicemail) return;
    left->voicemail = wanted.recording;
    // People talk for a while, then fall silent or press the key.
    const Duration length = world_.dice.between(200ms, 30s);
    world_.clock.after(length, [this, id = wanted.recording] {
        if (recordings_.contains(id)) end_recording(id, media::RecordEnd::Silence);
    });
}

void Media::on(const media::PauseRecord& wanted) {
    tell(media::RecordPaused{.recording = wanted.recording});
}

void Media::on(const media::ResumeRecord& wanted) {
    tell(media::RecordResumed{.recording = wanted.recording});
}

void Media::end_recording(RecordingId id, media::RecordEnd reason) {
    const auto found = recordings_.find(id);
    if (found == recordings_.end()) return;
    const Now now = world_.clock.now();
    media::RecordEnded ended;
    ended.recording = id;
    ended.reason = reason;
    ended.duration_ms = to_ms(now.mono - found->second.began);
    ended.complete = true;
    ended.path = found->second.wanted.path;
    if (Endpoint* left = find(found->second.wanted.left)) {
        if (left->voicemail == id) {
            left->voicemail.reset();
            left->quiet_since = now.mono;
        }
    }
    recordings_.erase(found);
    ended_.push_back(ended);
    if (is_up_) tell(ended, 20ms);
}

void Media::on(const media::StopRecord& wanted) {
    end_recording(wanted.recording, media::RecordEnd::Stopped);
}

void Media::on(const media::ForgetRecord& wanted) {
    std::erase_if(ended_, [&](const auto& one) { return one.recording == wanted.recording; });
}

void Media::on(const media::Destroy& wanted) {
    Endpoint* endpoint = find(wanted.endpoint);
    if (endpoint == nullptr) {
        return refuse(wanted, wanted.endpoint, media::FailureCode::NotFound);
    }
    std::vector<RecordingId> here;
    for (const auto& [id, recording] : recordings_) {
        if (recording.wanted.left == wanted.endpoint) here.push_back(id);
    }
    for (const RecordingId id : here) end_recording(id, media::RecordEnd::EndpointGone);
    if (endpoint->play) end_play(wanted.endpoint, *endpoint, media::PlayEnd::Stopped);
    unbridge(wanted.endpoint, *endpoint);
    leave_mix(wanted.endpoint);
    by_port_.erase(endpoint->port);
    endpoints_.erase(wanted.endpoint);
    tell(media::Destroyed{.endpoint = wanted.endpoint});
}

void Media::press(media::EndpointId id, char digit) {
    Endpoint* endpoint = find(id);
    if (endpoint == nullptr || !is_up_) return;
    constexpr std::uint32_t kKeyMs = 100;
    tell(media::Digit{.endpoint = id, .digit = digit, .duration_ms = kKeyMs});
    if (endpoint->play && endpoint->play->stops_on_digit) {
        end_play(id, *endpoint, media::PlayEnd::Digit);
    }
}

void Media::fall_silent(media::EndpointId id) {
    if (find(id) == nullptr) return;
    world_.clock.after(kMediaTimeout, [this, id] {
        if (find(id) == nullptr) return;
        tell(media::MediaTimeout{.endpoint = id, .silent_ms = to_ms(kMediaTimeout)});
    });
}

std::optional<media::EndpointId> Media::endpoint_of(std::uint16_t port) const {
    const auto found = by_port_.find(port);
    if (found == by_port_.end()) return std::nullopt;
    return found->second;
}

bool Media::is_bridged(media::EndpointId id) const {
    const auto found = endpoints_.find(id);
    return found != endpoints_.end() && found->second.peer.has_value();
}

Duration Media::quiet_for(media::EndpointId id) const {
    const auto found = endpoints_.find(id);
    if (found == endpoints_.end()) return Duration::zero();
    const Endpoint& endpoint = found->second;
    if (endpoint.play || endpoint.peer || endpoint.voicemail) return Duration::zero();
    if (endpoint.mix && mixes_.at(*endpoint.mix).size() > 1) return Duration::zero();
    return world_.clock.now().mono - endpoint.quiet_since;
}

media::Listing Media::listing() const {
    media::Listing listing;
    for (const auto& [id, endpoint] : endpoints_) {
        media::ListedEndpoint one;
        one.endpoint = id;
        one.group = endpoint.group;
        one.ip = "127.0.0.1";
        one.port = endpoint.port;
        if (endpoint.play) one.playing = endpoint.play->id;
        one.bridged_to = endpoint.peer;
        listing.endpoints.push_back(std::move(one));
    }
    for (const auto& [id, recording] : recordings_) {
        media::ListedRecording one;
        one.recording = id;
        one.path = recording.wanted.path;
        one.left = recording.wanted.left;
        one.right = recording.wanted.right;
        listing.recordings.push_back(std::move(one));
    }
    listing.ended = ended_;
    for (const auto& [id, members] : mixes_) {
        listing.mixes.push_back({.mix = id, .members = members});
    }
    return listing;
}

void Media::die() {
    is_up_ = false;
    ++life_;
    std::vector<RecordingId> open;
    for (const auto& [id, recording] : recordings_) open.push_back(id);
    for (const RecordingId id : open) end_recording(id, media::RecordEnd::Interrupted);
    endpoints_.clear();
    mixes_.clear();
    by_port_.clear();
}

}  // namespace escucha::sim
