#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"

struct SpeexResamplerState_;

namespace escucha::audio {

/// Between 8, 16 and 48 kHz, a stream at a time. Delays by at most `kMaxDelayMs`.
class Resampler {
public:
    static constexpr std::uint32_t kMaxDelayMs = 4;

    /// Error: `InvalidArgument` for other rates. Equal rates copy.
    static Result<Resampler> make(std::uint32_t from_hz, std::uint32_t to_hz);

    /// `in` is whole milliseconds; `out` the same time at the other rate.
    void resample(std::span<const std::int16_t> in, std::span<std::int16_t> out);

    [[nodiscard]] std::size_t size_out(std::size_t size_in) const {
        return size_in * to_hz_ / from_hz_;
    }

private:
    struct Free {
        void operator()(SpeexResamplerState_* state) const;
    };
    Resampler(std::uint32_t from_hz, std::uint32_t to_hz) : from_hz_{from_hz}, to_hz_{to_hz} {}

    std::uint32_t from_hz_;
    std::uint32_t to_hz_;
    std::unique_ptr<SpeexResamplerState_, Free> state_;  ///< None for equal rates.
};

}  // namespace escucha::audio
