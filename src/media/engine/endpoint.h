#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "audio/tone_keys.h"
#include "base/time.h"
#include "media/engine/files.h"
#include "media/engine/prompt.h"
#include "media/engine/udp.h"
#include "media/engine/voice.h"
#include "media/protocol.h"
#include "rtp/g711.h"
#include "rtp/one_way.h"
#include "rtp/out_stream.h"
#include "rtp/reception.h"
#include "rtp/source_lock.h"
#include "rtp/srtp.h"
#include "rtp/telephone_event.h"

namespace escucha::media {

struct Room;

inline constexpr std::size_t kFrameSamples = 160;

/// What one peer may send: six times the 50 packets a second of voice, refilled in tenths; so a
/// burst after a stall of the network passes, a flood does not.
inline constexpr int kMaxPacketsPerSecond = 300;
/// RFC 4733 keys are at least 40 ms long and 40 ms apart.
inline constexpr int kMaxKeysPerSecond = 15;

/// What a leg's offer and answer agreed, parsed.
struct Remote {
    Codec codec = Codec::Pcmu;
    std::uint8_t payload_type = 0;
    std::optional<std::uint8_t> telephone_event_pt;
    std::uint32_t telephone_event_hz = rtp::kClockRate;
    Direction direction = Direction::Both;
    std::uint16_t rtcp_port = 0;  ///< 0: the RTP port + 1.
    Duration media_timeout{};     ///< 0: never.

    [[nodiscard]] bool sends() const {
        return direction == Direction::Send || direction == Direction::Both;
    }
    [[nodiscard]] bool receives() const {
        return direction == Direction::Receive || direction == Direction::Both;
    }
    [[nodiscard]] bool is_g711() const { return codec == Codec::Pcmu || codec == Codec::Pcma; }
    /// Of a G.711 leg.
    [[nodiscard]] rtp::Law law() const { return codec == Codec::Pcma ? rtp::Law::A : rtp::Law::Mu; }
    [[nodiscard]] std::uint32_t clock_hz() const { return audio::rtp_clock_hz(to_audio(codec)); }
    /// Whether packets of this leg can be passed on to that one, at most byte by byte.
    [[nodiscard]] bool is_like(const Remote& other) const {
        return codec == other.codec || (is_g711() && other.is_g711());
    }
};

/// A direction of SRTP with the cipher it has.
struct Guarded {
    explicit Guarded(const SrtpKey& key) : suite{key.suite}, srtp{key} {}
    SrtpSuite suite;
    rtp::SrtpDirection srtp;
};

/// The random start of an outgoing stream (RFC 3550 §5.1).
struct StreamSeed {
    std::uint32_t ssrc = 0;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
};

/// Where an endpoint's received audio is recorded.
struct Tap {
    std::uint64_t recording = 0;
    std::uint8_t voice = 0;  ///< As in AudioFrame.
};

/// One leg's end of an RTP stream pair: its sockets and everything known of its peer. Owned by one
/// worker and touched by its thread only. Plain data: the worker decides.
struct Endpoint {
    Endpoint(EndpointId endpoint_id,
             UniqueFd rtp_socket,
             UniqueFd rtcp_socket,
             const StreamSeed& seed)
        : id{endpoint_id},
          rtp{std::move(rtp_socket)},
          rtcp{std::move(rtcp_socket)},
          out{seed.ssrc, {seed.sequence}, {seed.timestamp}} {}

    EndpointId id;
    UniqueFd rtp;
    UniqueFd rtcp;

    std::optional<Remote> remote;
    /// Both or none. With them nothing leaves in clear and nothing in clear is believed.
    std::unique_ptr<Guarded> sealing;  ///< What we send.
    std::unique_ptr<Guarded> opening;  ///< What we receive.
    rtp::SourceLock lock;
    SocketAddress target;  ///< Of `lock.target()`, once there is one.

    rtp::OutStream out;
    rtp::Reception in;
    rtp::TelephoneEventReceiver keys;

    std::unique_ptr<Playback> play;
    bool stops_on_digit = false;
    std::optional<rtp::TelephoneEventSender> digits;
    /// Who is passed what comes, directly; the same worker's. Bridged legs are each other's; in a
    /// room each is the other's only as long as that one hears nobody else.
    Endpoint* peer = nullptr;
    Room* room = nullptr;   ///< The mix it is in; then bridged to nobody.
    bool is_mixed = false;  ///< Somebody in the room hears it in a sum.
    std::optional<Tap> tap;
    std::unique_ptr<Voice> voice;  ///< When this leg, or its peer, needs more than G.711.
    std::unique_ptr<audio::ToneListener> tones;  ///< Of a peer without RFC 4733.
    bool is_speaking = false;                    ///< The voice said something in the last beat.
    rtp::Timestamp recorded_until{};             ///< Of the voice's sound in a recording, at 8 kHz.

    std::size_t slot = 0;       ///< Which millisecond of 20 it sends in.
    bool is_scheduled = false;  ///< In the worker's list of that slot.

    int packets_left = kMaxPacketsPerSecond;
    int keys_left = kMaxKeysPerSecond;
    std::uint64_t refused = 0;
    std::uint64_t unauthentic = 0;  ///< Part of `refused`.
    std::uint64_t unsent = 0;
    Instant listening_since{};  ///< Silence counts from here until the first packet.
    bool is_silent = false;     ///< MediaTimeout was told.
    Instant next_report{};
    std::optional<Duration> round_trip;
    std::uint32_t peer_lost = 0;
    rtp::OneWayWatch one_way;

    [[nodiscard]] bool is_generating() const { return play != nullptr || digits.has_value(); }
    [[nodiscard]] bool is_secure() const { return opening != nullptr; }
    [[nodiscard]] bool can_send() const {
        return remote.has_value() && remote->sends() && lock.target().has_value();
    }
    /// The peer's packets cannot be passed on as they are.
    [[nodiscard]] bool is_recoded() const {
        return peer != nullptr && remote && peer->remote && !remote->is_like(*peer->remote);
    }
    /// What comes is decoded: for another codec, for a mix, for a recording, or for its keys.
    [[nodiscard]] bool is_decoding() const {
        return can_encode() && remote->receives() &&
               (is_recoded() || is_mixed ||
                ((tap.has_value() || hears_tones()) && !remote->is_g711()));
    }
    /// Keys are looked for in the voice. Not while it goes to another leg: nobody asks for them
    /// then, and it costs as much as passing the voice on.
    [[nodiscard]] bool hears_tones() const {
        return tones != nullptr && remote && !remote->telephone_event_pt && remote->receives() &&
               peer == nullptr && room == nullptr;
    }
    [[nodiscard]] bool can_encode() const {
        return voice != nullptr && remote && voice->codec() == to_audio(remote->codec);
    }
    /// Must be served every 20 ms. A room listens to its members on its own beat.
    [[nodiscard]] bool is_busy() const {
        return is_generating() || (is_decoding() && room == nullptr);
    }
    void watch_one_way(Instant now);
    [[nodiscard]] StatsReport stats(Instant now) const;
    /// Of what is heard of the peer; nothing before the first packet.
    [[nodiscard]] std::optional<double> mos() const;
};

}  // namespace escucha::media
