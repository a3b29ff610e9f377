#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

#include <sndfile.h>

#include "speech_engine/sound.h"

namespace escucha::speech_engine::detail {

/// Why a sound was not read.
enum class ReadFault {
    NotASound,
    Channels,
    Rate,
    TooLong,
    CutShort,  ///< Its header promises more than there is.
};

struct ReadLimits {
    int most_channels = 8;
    int least_rate_hz = 4'000;
    int most_rate_hz = 192'000;
    std::size_t most_samples = kMaxSamples;  ///< At 8 kHz.
    /// The header's length is believed; a stream written to a pipe has a fantasy there.
    enum class Length { Ignored, Held } length = Length::Ignored;
};

using Read = std::variant<Samples, ReadFault>;

/// Mixes to mono and resamples to 8 kHz block by block: never holds more than the answer, whatever
/// the rate and the number of channels. `format`, when given, gets libsndfile's format word.
Read read_bytes(std::string_view bytes, const ReadLimits& limits, int* format = nullptr);
Read read_file(SNDFILE* file, const SF_INFO& info, const ReadLimits& limits);

}  // namespace escucha::speech_engine::detail
