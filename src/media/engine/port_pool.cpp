#include "media/engine/port_pool.h"

namespace escucha::media {

PortPool::PortPool(std::uint16_t low, std::uint16_t high) {
    for (std::uint32_t port = low + (low % 2U); port + 1 <= high; port += 2) {
        free_.push_back({.port = static_cast<std::uint16_t>(port), .released = std::nullopt});
    }
}

std::optional<std::uint16_t> PortPool::take(Instant now) {
    if (free_.empty()) return std::nullopt;
    const Free& first = free_.front();
    if (first.released && now - *first.released < kLeastRest) return std::nullopt;
    const std::uint16_t port = first.port;
    free_.pop_front();
    return port;
}

void PortPool::give_back(std::uint16_t port, Instant now) {
    free_.push_back({.port = port, .released = now});
}

}  // namespace escucha::media
