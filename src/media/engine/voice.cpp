#include "media/engine/voice.h"

#include <utility>

namespace escucha::media {

audio::Codec to_audio(Codec codec) {
    switch (codec) {
        case Codec::Pcmu:
            return audio::Codec::Pcmu;
        case Codec::Pcma:
            return audio::Codec::Pcma;
        case Codec::G722:
            return audio::Codec::G722;
        case Codec::Opus:
            return audio::Codec::Opus;
    }
    return audio::Codec::Pcmu;
}

Voice::Voice(Parts parts)
    : listener_{std::move(parts.listener)},
      encoder_{std::move(parts.encoder)},
      down_{std::move(parts.down)},
      up_{std::move(parts.up)},
      lift_{std::move(parts.lift)},
      lower_{std::move(parts.lower)} {}

Result<std::unique_ptr<Voice>> Voice::make(Codec codec, const audio::OpusSettings& opus) {
    ESC_TRY(auto listener, audio::Listener::make(to_audio(codec), opus));
    ESC_TRY(auto encoder, audio::Encoder::make(to_audio(codec), opus));
    ESC_TRY(auto down, audio::Resampler::make(listener->sample_rate_hz(), kNarrowHz));
    ESC_TRY(auto up, audio::Resampler::make(kNarrowHz, encoder.sample_rate_hz()));
    ESC_TRY(auto lift, audio::Resampler::make(kNarrowHz, kWideHz));
    ESC_TRY(auto lower, audio::Resampler::make(kWideHz, encoder.sample_rate_hz()));
    Parts parts{.listener = std::move(listener),
                .encoder = std::move(encoder),
                .down = std::move(down),
                .up = std::move(up),
                .lift = std::move(lift),
                .lower = std::move(lower)};
    return std::unique_ptr<Voice>{new Voice{std::move(parts)}};
}

bool Voice::listen(Instant beat) {
    heard_ = listener_->listen(beat);
    if (heard_.empty()) return false;
    down_.resample(heard_, narrow_);
    return true;
}

std::span<const std::int16_t> Voice::at(std::uint32_t rate_hz) {
    if (rate_hz == kNarrowHz) return narrow_;
    if (is_wide()) return heard_;
    lift_.resample(narrow_, lifted_);
    return lifted_;
}

std::size_t Voice::encode_narrow(std::span<const std::int16_t> in, std::span<std::byte> out) {
    const auto wide = std::span{wide_}.first(encoder_.frame_samples());
    up_.resample(in, wide);
    return encoder_.encode(wide, out);
}

std::size_t Voice::encode_mix(std::span<const std::int16_t> in, std::span<std::byte> out) {
    if (in.size() == kNarrowFrame) return encode_narrow(in, out);
    const auto own = std::span{wide_}.first(encoder_.frame_samples());
    lower_.resample(in, own);
    return encoder_.encode(own, out);
}

// Two wide codecs of different rates meet at 8 kHz; as configured, all wide ones have 16 kHz.
std::size_t Voice::encode(const Voice& other, std::span<std::byte> out) {
    if (other.listener_->sample_rate_hz() != encoder_.sample_rate_hz()) {
        return encode_narrow(other.narrow_, out);
    }
    return encoder_.encode(other.heard_, out);
}

}  // namespace escucha::media
