#pragma once

#include <cstdint>

namespace escucha {

/// A seeded generator (xoshiro256**, Blackman and Vigna 2018): the same seed gives the same run,
/// in the simulator as in production. Not for secrets; those come from libsodium.
class Rng {
public:
    explicit Rng(std::uint64_t seed);

    std::uint64_t next();
    /// Uniform in [0, bound); `bound` must be positive. Free of modulo bias.
    std::uint64_t below(std::uint64_t bound);
    /// Uniform in [0, 1).
    double unit();

private:
    std::uint64_t state_[4];
};

}  // namespace escucha
