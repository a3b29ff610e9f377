#include "base/rng.h"

#include <bit>

#include "base/check.h"

namespace escucha {

namespace {

/// splitmix64, which turns any seed, zero included, into well mixed state.
std::uint64_t mix(std::uint64_t& seed) {
    seed += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
}

}  // namespace

Rng::Rng(std::uint64_t seed) {
    for (auto& word : state_) word = mix(seed);
}

std::uint64_t Rng::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t Rng::below(std::uint64_t bound) {
    ESC_CHECK(bound > 0);
    const std::uint64_t limit = -bound % bound;  // values below it would favour small results
    while (true) {
        const std::uint64_t value = next();
        if (value >= limit) return value % bound;
    }
}

double Rng::unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

}  // namespace escucha
