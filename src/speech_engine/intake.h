#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "base/result.h"
#include "speech_engine/sound.h"

namespace escucha::speech_engine {

/// What people may give to the prompt library. Each is tested at its edge.
struct IntakeLimits {
    static constexpr std::size_t kMaxBytes = std::size_t{32} * 1024 * 1024;
    static constexpr std::size_t kMaxSeconds = kMaxSamples / kSampleRateHz;  ///< Ten minutes.
    static constexpr int kMaxChannels = 2;
    static constexpr int kMinRateHz = 8'000;
    static constexpr int kMaxRateHz = 192'000;
    static constexpr std::chrono::milliseconds kMinDuration{100};  ///< After trimming.
};

/// What a sound is for decides how loud it becomes: speech at -20 dBFS, so that a recorded sentence
/// and one of the engine sound alike; music at -24 dBFS, because it waits in the background, plays
/// for minutes and must leave the voices over it clear.
enum class SoundKind { Speech, Music };
double target_dbfs(SoundKind kind);

enum class SoundFormat { Wav, Flac, OggVorbis, OggOpus, Mp3 };

/// Why a sound was not taken.
enum class SoundFault {
    TooLarge,     ///< Over `kMaxBytes`.
    NotASound,    ///< None of the formats, or broken.
    OtherFormat,  ///< A sound, but not of those formats.
    Channels,
    Rate,
    TooLong,
    CutShort,  ///< The file promises more than it holds.
    TooShort,  ///< No samples, or less than `kMinDuration` of them.
    Silent,    ///< Nothing in it can be heard.
};

/// Mono, 8 kHz, silence at both ends trimmed, levelled, peaks below -1 dBFS.
struct Intake {
    Samples samples;
    SoundFormat format = SoundFormat::Wav;
    double level_before_dbfs = 0;
    double level_after_dbfs = 0;
};

/// Makes a file somebody recorded or uploaded ready for the telephone: WAV, FLAC, Ogg (Vorbis and
/// Opus) or MP3. Any bytes are safe. Works for up to a second or two: not for the control strand.
std::variant<Intake, SoundFault> take_in(std::string_view bytes, SoundKind kind);

/// A file of the library.
struct KeptSound {
    std::string sha256;  ///< Of the file; also its name.
    std::int64_t bytes = 0;
};

/// Where a company's sound lies below the prompts folder: "library/<company>/<sha256>.wav". The
/// name is the content, so that a replaced prompt never changes under a call that plays it, and the
/// company is an id of ours, so that no name given by people can lead into another's folder.
std::filesystem::path library_path(CompanyId company, std::string_view sha256);

/// Writes the sound into the library: aside, to the disk, then renamed. A sound that is there
/// already is left as it is. Error: `Io`.
Result<KeptSound> keep_sound(const std::filesystem::path& prompts_folder,
                             CompanyId company,
                             const Samples& samples);

}  // namespace escucha::speech_engine
