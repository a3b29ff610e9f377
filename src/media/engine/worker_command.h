#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "media/engine/endpoint.h"
#include "media/engine/room.h"
#include "media/protocol.h"

namespace escucha::media {

// What the engine tells a worker, checked before: ids exist, groups match, addresses are parsed.
struct AddEndpoint {
    EndpointId endpoint{};
    UniqueFd rtp;
    UniqueFd rtcp;
    StreamSeed seed;
};
struct SetEndpointRemote {
    EndpointId endpoint{};
    rtp::Address address;
    rtp::SourceLock::Rule rule = rtp::SourceLock::Rule::Learn;
    Remote remote;
    bool is_secure = false;
    /// Of a secure leg: take the place of the ones before; absent, those stay.
    std::unique_ptr<Guarded> sealing;
    std::unique_ptr<Guarded> opening;
    std::unique_ptr<audio::ToneListener> tones;  ///< Once, for a peer without RFC 4733.
};
struct StartPlay {
    EndpointId endpoint{};
    std::unique_ptr<Playback> play;
    bool stop_on_digit = false;
};
/// Takes the place of the one before.
struct GiveVoice {
    EndpointId endpoint{};
    std::unique_ptr<Voice> voice;
};
/// A recording hears this endpoint; without a tap nothing does.
struct SetTap {
    EndpointId endpoint{};
    std::optional<Tap> tap;
};
/// Its seats are taken by their endpoints' ids; two that are bridged come with their bridge.
struct StartMix {
    std::unique_ptr<Room> room;
};
using WorkerCommand = std::variant<std::monostate,
                                   AddEndpoint,
                                   SetEndpointRemote,
                                   StartPlay,
                                   StopPlay,
                                   Bridge,
                                   Unbridge,
                                   SendDigits,
                                   SetTap,
                                   GiveVoice,
                                   Destroy,
                                   Stats,
                                   StartMix,
                                   JoinMix,
                                   LeaveMix,
                                   EndMix>;

/// What comes back besides events: what a worker no longer needs is freed by the engine, since
/// freeing is not for a thread with packets to send.
struct Retired {
    std::unique_ptr<Playback> play{};
    std::unique_ptr<Endpoint> endpoint{};
    std::unique_ptr<Voice> voice{};
    std::unique_ptr<Guarded> sealing{};
    std::unique_ptr<Guarded> opening{};
    std::unique_ptr<Room> room{};
};
struct RecordingHole {
    std::uint64_t number = 0;
};
using WorkerReport = std::variant<std::monostate, Event, Retired, RecordingHole>;

}  // namespace escucha::media
