#pragma once

#include <array>
#include <compare>
#include <cstdint>

namespace escucha::rtp {

/// Where a datagram came from or goes to. A plain value, so that the cores need no sockets.
struct Address {
    enum class Family : std::uint8_t { V4, V6 };

    Family family = Family::V4;
    std::array<std::uint8_t, 16> ip{};  ///< The first 4 bytes for V4, the rest zero.
    std::uint16_t port = 0;

    auto operator<=>(const Address&) const = default;
};

}  // namespace escucha::rtp
