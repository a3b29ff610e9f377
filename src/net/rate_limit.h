#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace escucha::net {

/// So many in the long run, and so many at once.
struct Rate {
    Duration every;           ///< One more is allowed after this time.
    std::uint32_t burst = 1;  ///< At once, after a pause of `every` times this.

    static constexpr Rate per(Duration time, std::uint32_t count, std::uint32_t burst) {
        return {time / count, burst};
    }
};

/// A token bucket for each of any number of names, in memory that does not grow: a name's bucket
/// is the fuller of two, shared with other names, found by a hash that nobody outside can aim.
/// Under a flood of names a few of the honest may be refused; nobody is let in who should not.
/// Pure and for one thread; buckets are kept as the instant at which they are full (GCRA).
class RateLimit {
public:
    static constexpr std::size_t kBuckets = 32'768;  ///< In each of two rows.
    using Key = std::array<unsigned char, 16>;       ///< Random, a secret of this process.

    RateLimit(Rate rate, const Key& key);

    /// Nullopt when this one is let in; else how long until one would be, more than zero.
    std::optional<Duration> take(std::string_view name, Instant now);

private:
    Rate rate_;
    Key key_;
    std::vector<Instant> full_at_;  ///< Both rows, one after the other.
};

}  // namespace escucha::net
