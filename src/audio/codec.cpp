#include "audio/codec.h"

#include <opus.h>

namespace escucha::audio {
namespace {

constexpr std::size_t kBytesPerMs = 8;  // G.711 and G.722: 64 kbit/s.
constexpr std::uint32_t kOpusClockHz = 48'000;
constexpr std::uint32_t kClockHz = 8'000;

}  // namespace

bool OpusSettings::is_valid() const {
    return (sample_rate_hz == 8'000 || sample_rate_hz == 16'000 || sample_rate_hz == 48'000) &&
           bitrate_bps >= kMinBitrate && bitrate_bps <= kMaxBitrate && complexity >= 0 &&
           complexity <= 10 && expected_loss_percent >= 0 && expected_loss_percent <= 100;
}

std::uint32_t rtp_clock_hz(Codec codec) { return codec == Codec::Opus ? kOpusClockHz : kClockHz; }

const char* name(Codec codec) {
    switch (codec) {
        case Codec::Pcmu:
            return "PCMU";
        case Codec::Pcma:
            return "PCMA";
        case Codec::G722:
            return "G722";
        case Codec::Opus:
            return "opus";
    }
    return "unknown";
}

std::optional<std::uint32_t> packet_ticks(Codec codec, ByteView payload) {
    if (payload.empty()) return std::nullopt;
    if (codec != Codec::Opus) {
        if (payload.size() % kBytesPerMs != 0) return std::nullopt;
        if (payload.size() > kBytesPerMs * kMaxPacketMs) return std::nullopt;
        return static_cast<std::uint32_t>(payload.size());
    }
    const int samples =
        opus_packet_get_nb_samples(reinterpret_cast<const unsigned char*>(payload.data()),
                                   static_cast<opus_int32>(payload.size()),
                                   static_cast<opus_int32>(kOpusClockHz));
    if (samples <= 0 || samples > static_cast<int>(kMaxPacketSamples)) return std::nullopt;
    return static_cast<std::uint32_t>(samples);
}

}  // namespace escucha::audio
