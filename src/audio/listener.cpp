#include "audio/listener.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"

namespace escucha::audio {
namespace {

using rtp::JitterBuffer;
using Kind = JitterBuffer::Next::Kind;

// A frame is quiet below this mean of its magnitudes, about -50 dBov: over line noise, below
// speech.
constexpr std::int64_t kQuietMean = 100;
// Any payload type but comfort noise's is the codec's.
constexpr std::uint8_t kVoiceTag = 0;

JitterBuffer::Loudness loudness_of(std::span<const std::int16_t> frame) {
    std::int64_t sum = 0;
    for (const std::int16_t sample : frame) sum += std::abs(sample);
    return sum < kQuietMean * static_cast<std::int64_t>(frame.size())
               ? JitterBuffer::Loudness::Quiet
               : JitterBuffer::Loudness::Voice;
}

}  // namespace

Listener::Listener(Decoder decoder, std::uint32_t clock_hz)
    : decoder_{std::move(decoder)}, jitter_{clock_hz} {}

Result<std::unique_ptr<Listener>> Listener::make(Codec codec, const OpusSettings& opus) {
    ESC_TRY(auto decoder, Decoder::make(codec, opus));
    return std::unique_ptr<Listener>{new Listener{std::move(decoder), rtp_clock_hz(codec)}};
}

JitterBuffer::Put Listener::put(const rtp::Packet& packet, std::uint32_t ticks, Instant now) {
    if (packet.header.ssrc != ssrc_) {
        ssrc_ = packet.header.ssrc;
        jitter_.reset();
    }
    const bool is_noise = packet.header.payload_type == ComfortNoise::kPayloadType;
    return jitter_.put({.sequence = packet.header.sequence,
                        .timestamp = packet.header.timestamp,
                        .ticks = ticks,
                        .payload = packet.payload,
                        .tag = is_noise ? ComfortNoise::kPayloadType : kVoiceTag,
                        .at = now});
}

JitterBuffer::Put Listener::on_audio(const rtp::Packet& packet, Instant now) {
    const auto ticks = packet_ticks(codec(), packet.payload);
    if (!ticks) return JitterBuffer::Put::Refused;
    return put(packet, *ticks, now);
}

JitterBuffer::Put Listener::on_comfort_noise(const rtp::Packet& packet, Instant now) {
    if (!ComfortNoise::parse(packet.payload)) return JitterBuffer::Put::Refused;
    return put(packet, rtp_clock_hz(codec()) / 1000 * kFrameMs, now);
}

Duration Listener::pending() const {
    return Duration{static_cast<std::int64_t>(size_) * 1'000'000 / sample_rate_hz()};
}

void Listener::make_up(const Next& next, std::span<std::int16_t> out) {
    if (is_noise_) {
        noise_.fill(out);
    } else if (next.payload.empty()) {
        decoder_.conceal(out);
    } else {
        decoder_.recover(next.payload, out);
    }
}

std::size_t Listener::sound_of(const Next& next, std::span<std::int16_t> out) {
    const std::size_t size =
        std::size_t{next.ticks} * (sample_rate_hz() / 1000) / (rtp_clock_hz(codec()) / 1000);
    if (next.kind == Kind::Missing) {
        if (!is_noise_) ++made_up_;
        make_up(next, out.first(size));
        return size;
    }
    if (next.tag == ComfortNoise::kPayloadType) {
        is_noise_ = true;
        noise_.set_level(ComfortNoise::parse(next.payload).value_or(127));
        noise_.fill(out.first(size));
        return size;
    }
    is_noise_ = false;
    if (const auto decoded = decoder_.decode(next.payload, out)) return *decoded;
    ++made_up_;
    const std::span<std::int16_t> frame =
        out.first(std::min(size, samples_per_frame(sample_rate_hz())));
    decoder_.conceal(frame);
    return frame.size();
}

void Listener::append(const Next& next) {
    size_ += sound_of(next, std::span{sound_}.subspan(size_));
}

// Two packets in the time of one: the first goes over into the second.
void Listener::append_merged(const Next& first) {
    const std::size_t first_size = sound_of(first, merged_);
    const std::size_t start = size_;
    append(jitter_.take_next());
    const std::size_t both = std::min(first_size, size_ - start);
    for (std::size_t i = 0; i < both; ++i) {
        const auto weight = static_cast<std::int64_t>(i);
        const auto whole = static_cast<std::int64_t>(both);
        std::int16_t& sample = sound_[start + i];
        sample =
            static_cast<std::int16_t>((merged_[i] * (whole - weight) + sample * weight) / whole);
    }
}

std::span<const std::int16_t> Listener::listen(Instant beat) {
    const std::size_t wanted = samples_per_frame(sample_rate_hz());
    while (size_ < wanted) {
        const Next next = jitter_.take(beat, pending(), loudness_);
        if (next.kind == Kind::Nothing) {
            is_noise_ = false;
            loudness_ = JitterBuffer::Loudness::Quiet;
            if (size_ == 0) return {};
            std::fill(sound_.begin() + static_cast<std::ptrdiff_t>(size_),
                      sound_.begin() + static_cast<std::ptrdiff_t>(wanted),
                      std::int16_t{0});
            size_ = wanted;
        } else if (next.kind == Kind::Merged) {
            append_merged(next);
        } else {
            append(next);
        }
    }
    std::copy_n(sound_.begin(), wanted, frame_.begin());
    std::copy(sound_.begin() + static_cast<std::ptrdiff_t>(wanted),
              sound_.begin() + static_cast<std::ptrdiff_t>(size_),
              sound_.begin());
    size_ -= wanted;
    const std::span<const std::int16_t> frame = std::span{frame_}.first(wanted);
    loudness_ = loudness_of(frame);
    return frame;
}

}  // namespace escucha::audio
