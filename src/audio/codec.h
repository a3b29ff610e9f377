#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace escucha::audio {

enum class Codec : std::uint8_t { Pcmu, Pcma, G722, Opus };

inline constexpr std::uint32_t kFrameMs = 20;  ///< What is encoded, concealed and played at once.
inline constexpr std::uint32_t kMaxPacketMs = 120;  ///< RFC 7587 §4.2; longer packets are refused.
inline constexpr std::uint32_t kMaxSampleRateHz = 48'000;
inline constexpr std::size_t kMaxFrameSamples = kMaxSampleRateHz / 1000 * kFrameMs;
inline constexpr std::size_t kMaxPacketSamples = kMaxSampleRateHz / 1000 * kMaxPacketMs;
/// Room for one encoded frame of any codec at any bitrate we configure.
inline constexpr std::size_t kMaxFrameBytes = 400;

constexpr std::size_t samples_per_frame(std::uint32_t sample_rate_hz) {
    return sample_rate_hz / 1000 * kFrameMs;
}

/// How an Opus stream is coded. In-band FEC lets the decoder of the next packet restore a lost one;
/// DTX sends nothing while nothing is said.
struct OpusSettings {
    enum class Fec : std::uint8_t { Off, On };
    enum class Dtx : std::uint8_t { Off, On };

    std::uint32_t sample_rate_hz = 16'000;  ///< Of our side: 8,000, 16,000 or 48,000.
    std::uint32_t bitrate_bps = 24'000;     ///< `kMinBitrate` to `kMaxBitrate`.
    int complexity = 4;                     ///< 0 to 10; what it costs is in the benchmark.
    int expected_loss_percent = 5;          ///< 0 to 100; FEC spends its bits by it.
    Fec fec = Fec::On;
    Dtx dtx = Dtx::Off;

    static constexpr std::uint32_t kMinBitrate = 6'000;
    static constexpr std::uint32_t kMaxBitrate = 64'000;
    [[nodiscard]] bool is_valid() const;
};

/// Ticks a second of the RTP timestamps: 48,000 for Opus, else 8,000, G.722 too.
std::uint32_t rtp_clock_hz(Codec codec);
const char* name(Codec codec);  ///< As in an rtpmap: "PCMU", "PCMA", "G722", "opus".

/// How many RTP ticks of sound this payload holds. Nothing when its size is wrong for the codec:
/// empty, longer than `kMaxPacketMs`, not whole milliseconds, or no Opus packet.
std::optional<std::uint32_t> packet_ticks(Codec codec, ByteView payload);

}  // namespace escucha::audio
