#include "media/engine/endpoint.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "audio/quality.h"
#include "media/engine/timeline.h"

namespace escucha::media {
namespace {

// What a peer's sound waits for before it is a packet, and in whoever's jitter buffer at least.
constexpr Duration kPacketTime = std::chrono::milliseconds{20};
constexpr Duration kLeastBuffer = std::chrono::milliseconds{20};

OneWay to_wire(rtp::OneWayWatch::Verdict verdict) {
    switch (verdict) {
        case rtp::OneWayWatch::Verdict::No:
            return OneWay::No;
        case rtp::OneWayWatch::Verdict::NothingHeard:
            return OneWay::NothingHeard;
        case rtp::OneWayWatch::Verdict::NothingSent:
            return OneWay::NothingSent;
    }
    return OneWay::No;
}

}  // namespace

void Endpoint::watch_one_way(Instant now) {
    using Expected = rtp::OneWayWatch::Expected;
    const bool is_both = remote && remote->sends() && remote->receives();
    one_way.observe(
        in.received(), out.packets(), is_both ? Expected::BothWays : Expected::Otherwise, now);
}

std::optional<double> Endpoint::mos() const {
    if (in.received() == 0) return std::nullopt;
    auto lost = static_cast<double>(in.lost());
    auto heard = static_cast<double>(in.received());
    Duration buffer = std::max(kLeastBuffer, 2 * in.jitter());
    // Where it is decoded here, what was too late is lost as well, and the buffer is known.
    if (is_decoding() && voice->listener().jitter().counters().kept > 0) {
        const rtp::JitterBuffer& jitter = voice->listener().jitter();
        lost = static_cast<double>(jitter.counters().lost);
        heard = static_cast<double>(jitter.counters().kept);
        buffer = std::max(kLeastBuffer, jitter.delay());
    }
    const Duration way = round_trip.value_or(Duration::zero()) / 2;
    const audio::Connection connection{.loss_percent = 100 * lost / (lost + heard),
                                       .one_way_delay = way + kPacketTime + buffer};
    const Codec codec = remote ? remote->codec : Codec::Pcmu;
    return audio::mos_of(audio::rating(audio::impairment_of(to_audio(codec)), connection));
}

StatsReport Endpoint::stats(Instant now) const {
    StatsReport report{.endpoint = id,
                       .packets_received = in.received(),
                       .packets_sent = out.packets(),
                       .packets_lost = in.lost(),
                       .packets_refused = refused,
                       .jitter_us = static_cast<std::uint32_t>(in.jitter().count()),
                       .peer_lost = peer_lost,
                       .one_way = to_wire(one_way.verdict()),
                       .one_way_ms = to_ms(one_way.total()),
                       .packets_unauthentic = unauthentic};
    if (sealing) report.suite = sealing->suite;
    if (const auto opinion = mos()) {
        report.mos_x100 = static_cast<std::uint16_t>(std::lround(*opinion * 100));
    }
    if (round_trip) report.rtt_us = static_cast<std::uint32_t>(round_trip->count());
    if (const auto last = in.last_packet()) {
        const auto age = std::max(Duration::zero(), now - *last);
        report.last_packet_ms = static_cast<std::uint32_t>(age.count() / 1000);
    }
    return report;
}

}  // namespace escucha::media
