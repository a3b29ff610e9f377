#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace escucha::speech_engine {

inline constexpr int kSampleRateHz = 8000;
/// Longer sounds are refused: no prompt takes ten minutes.
inline constexpr std::size_t kMaxSamples = std::size_t{600} * kSampleRateHz;

/// Mono samples at 8 kHz, full scale is -1 to 1.
using Samples = std::vector<float>;

/// Reads any sound file libsndfile knows, mixes to mono and resamples to 8 kHz. Errors:
/// `InvalidArgument` when it is no sound, `TooLarge`.
Result<Samples> decode_sound(std::string_view bytes);
Result<Samples> read_sound(const std::filesystem::path& path);

/// Takes away leading and trailing silence but for `margin` on each side.
void trim_silence(Samples& samples, std::chrono::milliseconds margin);

/// The level of what is not silence, in dB below full scale; -120 for silence.
double rms_dbfs(const Samples& samples);
double peak_dbfs(const Samples& samples);

/// Brings the RMS to `target_dbfs` within 1 dB where the crest allows, peaks never above -1 dBFS.
void level(Samples& samples, double target_dbfs);

/// 16-bit WAV, written aside and renamed, so that a reader sees a whole file or none. Error: `Io`.
Result<void> write_wav(const std::filesystem::path& path, const Samples& samples);

std::chrono::milliseconds duration_of(const Samples& samples);

/// A slow progression of soft broken chords, about 70 s, whose end runs into its beginning.
/// Composed by this program: nobody holds rights in it.
Samples compose_hold_music();
/// 1000 Hz for 400 ms.
Samples compose_beep();

}  // namespace escucha::speech_engine
