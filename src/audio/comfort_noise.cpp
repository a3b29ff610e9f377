#include "audio/comfort_noise.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace escucha::audio {

std::optional<std::uint8_t> ComfortNoise::parse(ByteView payload) {
    if (payload.empty() || payload.size() > kMaxPayloadBytes) return std::nullopt;
    const auto level = std::to_integer<std::uint8_t>(payload.front());
    if (level > 127) return std::nullopt;
    return level;
}

// Evenly spread values have an RMS of their peak over the root of three.
void ComfortNoise::set_level(std::uint8_t minus_dbov) {
    const double level = std::max(minus_dbov, kLoudest);
    peak_ = static_cast<std::int32_t>(
        std::lround(32'767 * std::numbers::sqrt3 * std::pow(10.0, -level / 20)));
}

void ComfortNoise::fill(std::span<std::int16_t> out) {
    for (std::int16_t& sample : out) {
        // Numerical Recipes' generator; the upper bits are the good ones.
        state_ = state_ * 1'664'525U + 1'013'904'223U;
        const auto random = static_cast<std::int32_t>(state_ >> 16U) - 32'768;
        sample = static_cast<std::int16_t>(std::int64_t{random} * peak_ / 32'768);
    }
}

}  // namespace escucha::audio
