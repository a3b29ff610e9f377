#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "speech_engine/sound.h"

namespace escucha::speech_engine {

namespace {

constexpr double kRate = kSampleRateHz;
constexpr double kNoteSeconds = 0.36;
constexpr std::size_t kNotesPerBar = 8;
/// How long a plucked note rings; the tail of the last bar is folded into the first.
constexpr double kRingSeconds = 2.4;

double frequency_of(int midi_note) { return 440.0 * std::pow(2.0, (midi_note - 69) / 12.0); }

/// A soft pluck: three partials that fade the faster the higher they are. 8 kHz telephony carries
/// 300 to 3400 Hz, so everything lies in and above the middle octave.
void pluck(Samples& out, std::size_t at, int midi_note, double loudness) {
    const double frequency = frequency_of(midi_note);
    const auto length = static_cast<std::size_t>(kRingSeconds * kRate);
    for (std::size_t i = 0; i < length; ++i) {
        const double t = static_cast<double>(i) / kRate;
        const double phase = 2.0 * std::numbers::pi * frequency * t;
        const double attack = std::min(1.0, t / 0.012);
        // The note is silent at its very end, so that cutting it there makes no click.
        const double release = std::min(1.0, (kRingSeconds - t) / 0.2);
        const double tone = std::sin(phase) * std::exp(-1.6 * t) +
                            0.35 * std::sin(2.0 * phase) * std::exp(-2.6 * t) +
                            0.12 * std::sin(3.0 * phase) * std::exp(-4.0 * t);
        out[(at + i) % out.size()] += static_cast<float>(loudness * attack * release * tone);
    }
}

struct Bar {
    std::array<int, 4> chord;  ///< Low to high, MIDI notes.
    int melody;                ///< One long note above.
};

/// G major: a calm walk of eight chords, then the same with another melody, three times over.
constexpr std::array<Bar, 8> kBars = {{{{55, 62, 67, 71}, 74},
                                       {{54, 62, 66, 69}, 73},
                                       {{52, 59, 64, 67}, 71},
                                       {{59, 62, 66, 71}, 74},
                                       {{60, 64, 67, 72}, 76},
                                       {{55, 62, 67, 71}, 74},
                                       {{57, 60, 64, 69}, 72},
                                       {{50, 57, 62, 66}, 69}}};
constexpr std::array<std::size_t, kNotesPerBar> kPattern = {0, 1, 2, 3, 2, 1, 2, 1};

}  // namespace

Samples compose_hold_music() {
    constexpr std::size_t kRounds = 3;
    const auto note = static_cast<std::size_t>(kNoteSeconds * kRate);
    const auto bar_length = note * kNotesPerBar;
    Samples out(bar_length * kBars.size() * kRounds, 0.0F);
    std::size_t at = 0;
    for (std::size_t round = 0; round < kRounds; ++round) {
        for (const auto& bar : kBars) {
            for (std::size_t i = 0; i < kNotesPerBar; ++i) {
                const double accent = i == 0 ? 0.30 : 0.22;
                pluck(out, at + i * note, bar.chord[kPattern[i]], accent);
            }
            // The second round sings, the others only answer on the third beat.
            if (round == 1) pluck(out, at, bar.melody, 0.26);
            pluck(out, at + 4 * note, bar.melody + (round == 2 ? -5 : 0), 0.18);
            at += bar_length;
        }
    }
    return out;
}

Samples compose_beep() {
    constexpr double kSeconds = 0.4;
    constexpr double kFade = 0.01;
    Samples out(static_cast<std::size_t>(kSeconds * kRate));
    for (std::size_t i = 0; i < out.size(); ++i) {
        const double t = static_cast<double>(i) / kRate;
        const double fade = std::min({1.0, t / kFade, (kSeconds - t) / kFade});
        out[i] = static_cast<float>(0.2 * fade * std::sin(2.0 * std::numbers::pi * 1000.0 * t));
    }
    return out;
}

}  // namespace escucha::speech_engine
