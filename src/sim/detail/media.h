#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "media/protocol.h"
#include "sim/detail/world.h"

namespace escucha::sim {

/// A media process without sound: it answers every command as docs/media-protocol.md says.
class Media {
public:
    explicit Media(World& world) : world_{world} {}

    void command(const media::Command& command);
    /// The party at the endpoint presses a key.
    void press(media::EndpointId endpoint, char digit);
    /// The party stops sending without a word.
    void fall_silent(media::EndpointId endpoint);
    [[nodiscard]] std::optional<media::EndpointId> endpoint_of(std::uint16_t port) const;
    [[nodiscard]] bool is_bridged(media::EndpointId endpoint) const;
    [[nodiscard]] media::Listing listing() const;
    /// How long the endpoint has heard nothing; zero while it hears or speaks.
    [[nodiscard]] Duration quiet_for(media::EndpointId endpoint) const;
    /// The process dies: all endpoints and open recordings with it.
    void die();
    [[nodiscard]] bool is_up() const { return is_up_; }
    void start() { is_up_ = true; }

private:
    struct Play {
        media::PlayId id{};
        Instant began;
        bool stops_on_digit = false;
    };
    struct Endpoint {
        media::CallGroup group{};
        std::uint16_t port = 0;
        std::optional<Play> play;
        std::optional<media::EndpointId> peer;
        std::optional<media::MixId> mix;
        std::optional<RecordingId> voicemail;
        Instant quiet_since;
        bool has_remote = false;
    };
    struct Recording {
        media::Record wanted;
        Instant began;
    };

    void on(const media::Hello&) {}
    void on(const media::Create& wanted);
    void on(const media::SetRemote& wanted);
    void on(const media::Play& wanted);
    void on(const media::StopPlay& wanted);
    void on(const media::Bridge& wanted);
    void on(const media::Unbridge& wanted);
    void on(const media::SendDigits& wanted);
    void on(const media::Record& wanted);
    void on(const media::PauseRecord& wanted);
    void on(const media::ResumeRecord& wanted);
    void on(const media::MoveRecord&) {}
    void on(const media::StopRecord& wanted);
    void on(const media::ForgetRecord& wanted);
    void on(const media::Destroy& wanted);
    void on(const media::List&) {}
    void on(const media::Stats&) {}
    void on(const media::Mix& wanted);
    void on(const media::JoinMix& wanted);
    void on(const media::LeaveMix& wanted);
    void on(const media::EndMix& wanted);
    void on(const media::JoinRecord&) {}
    void on(const media::LeaveRecord&) {}

    Endpoint* find(media::EndpointId id);
    void tell(media::Event event, Duration delay = std::chrono::milliseconds{2});
    void end_play(media::EndpointId id, Endpoint& endpoint, media::PlayEnd reason);
    void unbridge(media::EndpointId id, Endpoint& endpoint);
    void end_recording(RecordingId id, media::RecordEnd reason);
    void refuse(const media::Command& command, media::EndpointId endpoint, media::FailureCode code);
    /// Puts the endpoint into the mix, out of a bridge that comes with it. False: it is not there.
    bool join(media::MixId mix, const media::MixMember& member);
    void leave_mix(media::EndpointId id);
    /// Who is bridged comes into a mix with the other, or not at all.
    void check_bridge(media::EndpointId id, const std::vector<media::MixMember>& all);
    void refuse_mix(const media::Command& command, media::MixId mix);

    World& world_;
    bool is_up_ = true;
    std::uint32_t life_ = 0;
    std::map<media::EndpointId, Endpoint> endpoints_;
    std::map<std::uint16_t, media::EndpointId> by_port_;
    std::map<media::MixId, std::vector<media::MixMember>> mixes_;  ///< Never empty ones.
    std::map<RecordingId, Recording> recordings_;
    std::vector<media::RecordEnded> ended_;
    std::uint16_t last_port_ = 10'000;
};

}  // namespace escucha::sim
