#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace escucha::audio {

/// Waveform substitution in the manner of ITU-T G.711 appendix I, at any rate up to 16 kHz: a gap
/// is filled with the last pitch period repeated, which fades away; what comes after is faded in.
/// Pure; takes no memory.
///
///     heard(frame) for what was decoded, in order; fill(out) for what was lost
class Concealer {
public:
    static constexpr std::uint32_t kMaxRateHz = 16'000;
    static constexpr std::uint32_t kFullUntilMs = 10;    ///< Of a gap, at full level.
    static constexpr std::uint32_t kSilentAfterMs = 60;  ///< From here on silence.

    /// `sample_rate_hz` is 8,000 or 16,000.
    explicit Concealer(std::uint32_t sample_rate_hz);

    /// At least 5 ms. Changes the beginning of `samples` when they follow on a gap.
    void heard(std::span<std::int16_t> samples);
    void fill(std::span<std::int16_t> out);

private:
    static constexpr std::size_t kMaxPerMs = kMaxRateHz / 1000;
    static constexpr std::size_t kHistoryMs = 40;

    void remember(std::span<const std::int16_t> samples);
    void find_cycle();
    [[nodiscard]] std::size_t find_pitch() const;
    [[nodiscard]] std::span<const std::int16_t> history() const {
        return std::span{history_}.first(kHistoryMs * per_ms_);
    }
    std::int16_t next_made_up();

    std::size_t per_ms_;
    std::array<std::int16_t, kHistoryMs * kMaxPerMs> history_{};
    std::array<std::int16_t, kHistoryMs / 2 * kMaxPerMs> cycle_{};
    std::size_t pitch_ = 0;
    std::size_t missing_ = 0;  ///< Samples made up since the last heard one.
    std::int32_t step_ = 0;    ///< From where the cycle begins to where the sound had come to.
};

}  // namespace escucha::audio
