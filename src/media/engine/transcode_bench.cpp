// What a call between two codecs costs beside the packets it sends and receives: both directions
// through jitter buffer, decoder, resampler and encoder.
//
//     escucha_transcode_bench [SECONDS OF SOUND]        (120)
//
// One line of JSON for each pair and complexity of Opus; `core_percent` is of one core, for one
// call.
#include <sys/resource.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <vector>

#include "base/check.h"
#include "media/engine/voice.h"

namespace {

using namespace escucha;
using namespace escucha::media;
using std::chrono::milliseconds;

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec) / 1e6;
}

/// Syllables of a low voice with its harmonics, and pauses: a steady tone is too easy for Opus.
std::vector<std::int16_t> speech(std::uint32_t rate, std::size_t seconds) {
    std::vector<std::int16_t> sound(rate * seconds);
    double phase = 0;
    for (std::size_t i = 0; i < sound.size(); ++i) {
        const double t = static_cast<double>(i) / rate;
        phase += 2 * std::numbers::pi * (120 + 25 * std::sin(2 * t)) / rate;
        double value = 0;
        for (int harmonic = 1; harmonic <= 20; ++harmonic) {
            value += std::sin(harmonic * phase) / harmonic;
        }
        const double syllable = std::max(0.0, std::sin(2 * std::numbers::pi * 2.5 * t));
        const bool is_pause = std::fmod(t, 5) > 3.5;
        sound[i] = static_cast<std::int16_t>(std::lround(is_pause ? 0 : 4'000 * syllable * value));
    }
    return sound;
}

struct Packets {
    std::vector<std::vector<std::byte>> payloads;
    std::uint32_t ticks = 0;
};

Packets packets_of(Codec codec, std::size_t seconds) {
    auto encoder = audio::Encoder::make(to_audio(codec)).value();
    const auto sound = speech(encoder.sample_rate_hz(), seconds);
    Packets made{.payloads = {}, .ticks = encoder.frame_ticks()};
    std::array<std::byte, audio::kMaxFrameBytes> out{};
    const std::size_t size = encoder.frame_samples();
    for (std::size_t at = 0; at + size <= sound.size(); at += size) {
        const std::size_t bytes = encoder.encode(std::span{sound}.subspan(at, size), out);
        made.payloads.emplace_back(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(bytes));
    }
    return made;
}

void measure(Codec a_codec, Codec b_codec, int complexity, std::size_t seconds) {
    const audio::OpusSettings opus{.complexity = complexity};
    const auto a = Voice::make(a_codec, opus).value();
    const auto b = Voice::make(b_codec, opus).value();
    const Packets from_a = packets_of(a_codec, seconds);
    const Packets from_b = packets_of(b_codec, seconds);
    std::array<std::byte, audio::kMaxFrameBytes> out{};
    std::size_t bytes = 0;
    const double before = cpu_seconds();
    for (std::size_t n = 0; n < from_a.payloads.size(); ++n) {
        const Instant now{milliseconds{1'000 + 20 * n}};
        const auto number = static_cast<std::uint16_t>(n);
        const auto hear = [&](Voice& voice, const Packets& packets) {
            const rtp::Header header{.sequence = {number},
                                     .timestamp = {static_cast<std::uint32_t>(n) * packets.ticks},
                                     .ssrc = 1};
            voice.listener().on_audio({header, packets.payloads[n]}, now);
            return voice.listen(now);
        };
        const bool is_a_heard = hear(*a, from_a);
        const bool is_b_heard = hear(*b, from_b);
        if (is_a_heard) bytes += b->encode(*a, out);
        if (is_b_heard) bytes += a->encode(*b, out);
    }
    const double used = cpu_seconds() - before;
    const double sound_s = static_cast<double>(from_a.payloads.size()) / 50;
    ESC_CHECK(bytes > 0);
    std::printf(
        "{\"pair\": \"%s-%s\", \"opus_complexity\": %d, \"us_per_20_ms\": %.1f, "
        "\"core_percent\": %.2f}\n",
        audio::name(to_audio(a_codec)),
        audio::name(to_audio(b_codec)),
        complexity,
        used / sound_s * 1e6 / 50,
        used / sound_s * 100);
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t seconds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 120;
    if (seconds == 0 || seconds > 3'600) return 2;
    for (const int complexity : {0, 2, 4, 5, 8}) {
        measure(Codec::Opus, Codec::Pcmu, complexity, seconds);
    }
    measure(Codec::Opus, Codec::G722, 4, seconds);
    measure(Codec::G722, Codec::Pcmu, 4, seconds);
    return 0;
}
