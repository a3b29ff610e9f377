#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"

namespace escucha::media {

/// The even ports of a range, each with the odd one above it for RTCP. Given out in turn; a
/// released port rests before it comes again, so that late packets of the call before do not
/// reach the next one. Pure.
class PortPool {
public:
    static constexpr Duration kRest = std::chrono::seconds{3};

    /// `low` and `high` are inclusive; an odd `low` starts at the port above.
    PortPool(std::uint16_t low, std::uint16_t high);

    /// Nothing when every port is in use or rests.
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
