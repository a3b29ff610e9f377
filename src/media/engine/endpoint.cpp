#include "media/engine/endpoint.h"

#include <algorithm>

namespace escucha::media {

StatsReport Endpoint::stats(Instant now) const {
    StatsReport report{.endpoint = id,
                       .packets_received = in.received(),
                       .packets_sent = out.packets(),
                       .packets_lost = in.lost(),
                       .packets_refused = refused,
                       .jitter_us = static_cast<std::uint32_t>(in.jitter().count()),
                       .peer_lost = peer_lost};
    if (round_trip) report.rtt_us = static_cast<std::uint32_t>(round_trip->count());
    if (const auto last = in.last_packet()) {
        const auto age = std::max(Duration::zero(), now - *last);
        report.last_packet_ms = static_cast<std::uint32_t>(age.count() / 1000);
    }
    return report;
}

}  // namespace escucha::media
