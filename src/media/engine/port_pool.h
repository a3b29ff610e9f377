#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"

namespace escucha::media {

/// The even ports of a range, each with the odd one above it for RTCP. Given out in turn, so that a
/// released port rests as long as the range allows, and at least `kLeastRest`: late packets of the
/// call before should not meet the next one. Longer is not insisted on, because the source lock
/// keeps strangers out and a caller without a port is a caller refused. Pure.
class PortPool {
public:
    static constexpr Duration kLeastRest = std::chrono::milliseconds{200};

    /// `low` and `high` are inclusive; an odd `low` starts at the port above.
    PortPool(std::uint16_t low, std::uint16_t high);

    /// Nothing when every port is in use or was a moment ago.
    std::optional<std::uint16_t> take(Instant now);
    void give_back(std::uint16_t port, Instant now);
    [[nodiscard]] std::size_t free_count() const { return free_.size(); }

private:
    struct Free {
        std::uint16_t port;
        std::optional<Instant> released;
    };
    std::deque<Free> free_;  ///< Longest rested first.
};

}  // namespace escucha::media
