#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "audio/codec.h"
#include "audio/comfort_noise.h"
#include "audio/decoder.h"
#include "base/result.h"
#include "rtp/jitter_buffer.h"
#include "rtp/packet.h"

namespace escucha::audio {

/// One leg's stream as a voice on a beat: packets in at any time, 20 ms of sound out at each beat,
/// with what is missing made up. Made when a leg is configured; owned by one thread; takes no
/// memory per packet.
class Listener {
public:
    /// Error: `InvalidArgument` for settings out of range.
    static Result<std::unique_ptr<Listener>> make(Codec codec, const OpusSettings& opus = {});

    [[nodiscard]] Codec codec() const { return decoder_.codec(); }
    [[nodiscard]] std::uint32_t sample_rate_hz() const { return decoder_.sample_rate_hz(); }

    /// A packet of the codec. Refused when its size is wrong for it.
    rtp::JitterBuffer::Put on_audio(const rtp::Packet& packet, Instant now);
    /// RFC 3389, in the stream of a codec without silence of its own.
    rtp::JitterBuffer::Put on_comfort_noise(const rtp::Packet& packet, Instant now);
    /// A packet that is no sound.
    void on_other(const rtp::Packet& packet) { jitter_.pass_over(packet.header.sequence); }

    /// To be called every 20 ms. Empty when the peer has fallen silent for good: nothing need be
    /// sent. Valid until the next call.
    std::span<const std::int16_t> listen(Instant beat);

    [[nodiscard]] const rtp::JitterBuffer& jitter() const { return jitter_; }
    /// The last frame was so quiet that nobody misses what is left out beside it.
    [[nodiscard]] bool is_quiet() const { return loudness_ == rtp::JitterBuffer::Loudness::Quiet; }
    /// Sound has come that was not heard yet.
    [[nodiscard]] bool has_more() const { return size_ > 0 || !jitter_.is_empty(); }
    /// Frames that were wholly or partly made up.
    [[nodiscard]] std::uint64_t made_up() const { return made_up_; }

private:
    using Next = rtp::JitterBuffer::Next;

    Listener(Decoder decoder, std::uint32_t clock_hz);
    rtp::JitterBuffer::Put put(const rtp::Packet& packet, std::uint32_t ticks, Instant now);
    void append(const Next& next);
    void append_merged(const Next& first);
    std::size_t sound_of(const Next& next, std::span<std::int16_t> out);
    void make_up(const Next& next, std::span<std::int16_t> out);
    [[nodiscard]] Duration pending() const;

    static constexpr std::size_t kRoom = kMaxPacketSamples + kMaxFrameSamples;

    Decoder decoder_;
    rtp::JitterBuffer jitter_;
    ComfortNoise noise_;
    bool is_noise_ = false;  ///< The peer said so: its silence sounds, nothing is lost.
    std::uint32_t ssrc_ = 0;
    std::array<std::int16_t, kRoom> sound_{};  ///< Decoded and not yet heard.
    std::size_t size_ = 0;
    std::array<std::int16_t, kMaxPacketSamples> merged_{};
    std::array<std::int16_t, kMaxFrameSamples> frame_{};
    rtp::JitterBuffer::Loudness loudness_ = rtp::JitterBuffer::Loudness::Quiet;
    std::uint64_t made_up_ = 0;
};

}  // namespace escucha::audio
