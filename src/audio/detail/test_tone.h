#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numbers>
#include <span>
#include <vector>

namespace escucha::audio::test {

inline std::vector<std::int16_t> tone(double hertz,
                                      std::uint32_t rate_hz,
                                      std::size_t samples,
                                      double amplitude = 8'000) {
    std::vector<std::int16_t> result(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        const double phase = 2 * std::numbers::pi * hertz * static_cast<double>(i) / rate_hz;
        result[i] = static_cast<std::int16_t>(std::lround(amplitude * std::sin(phase)));
    }
    return result;
}

/// The amplitude of one frequency (Goertzel).
inline double level(std::span<const std::int16_t> samples, double hertz, std::uint32_t rate_hz) {
    const double w = 2 * std::numbers::pi * hertz / rate_hz;
    double s1 = 0;
    double s2 = 0;
    for (const std::int16_t sample : samples) {
        const double s = sample + 2 * std::cos(w) * s1 - s2;
        s2 = s1;
        s1 = s;
    }
    const double power = s1 * s1 + s2 * s2 - 2 * std::cos(w) * s1 * s2;
    return 2 * std::sqrt(std::max(0.0, power)) / static_cast<double>(samples.size());
}

inline double rms(std::span<const std::int16_t> samples) {
    double sum = 0;
    for (const std::int16_t sample : samples) sum += static_cast<double>(sample) * sample;
    return std::sqrt(sum / static_cast<double>(samples.size()));
}

/// The greatest step from one sample to the next.
inline int steepest(std::span<const std::int16_t> samples) {
    int worst = 0;
    for (std::size_t i = 1; i < samples.size(); ++i) {
        worst = std::max(worst, std::abs(samples[i] - samples[i - 1]));
    }
    return worst;
}

}  // namespace escucha::audio::test
