#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "rtp/packet.h"

namespace escucha::rtp {

/// The one stream a leg hears for its whole life: prompts, music, digits and the bridged leg each
/// feed it for a while, and the peer sees one SSRC, sequence numbers without a gap of our making
/// and timestamps that follow the clock. A marker begins each spurt. Pure.
class OutStream {
public:
    OutStream(std::uint32_t ssrc, SequenceNumber first, Timestamp start);

    /// The next packet of audio made here, `ticks` long.
    Header generated(std::uint8_t payload_type, std::uint32_t ticks, Instant now);
    /// A packet of a key press sent by us. All packets of one press share a timestamp.
    Header event(std::uint8_t payload_type, bool is_start, Instant now);
    /// A packet of another stream, passed on. `ticks` is its length, 0 for events. Nothing when it
    /// is older than the moment this stream was switched to its source: its number is taken.
    std::optional<Header> relayed(const Header& in,
                                  std::uint8_t payload_type,
                                  std::uint32_t ticks,
                                  Instant now);
    /// A packet of a key press on a stream whose audio is made here, passed on from another stream
    /// where its press has the timestamp `of_press`. Nothing for a press before the present one.
    std::optional<Header> passed_event(std::uint8_t payload_type, Timestamp of_press, Instant now);
    /// The ticks of a second, 8,000 unless told otherwise; another one begins a new spurt.
    void set_clock(std::uint32_t clock_hz);
    /// The next packet begins a new spurt, whoever feeds it.
    void interrupt();

    void count_sent(std::size_t payload_bytes) {
        ++packets_;
        octets_ += payload_bytes;
    }
    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    [[nodiscard]] std::uint64_t octets() const { return octets_; }
    [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
    /// The timestamp that belongs to `now`, for sender reports.
    [[nodiscard]] Timestamp timestamp_at(Instant now) const;

private:
    struct Relay {
        std::uint32_t ssrc = 0;
        std::int32_t sequence_offset = 0;
        std::uint32_t timestamp_offset = 0;
        SequenceNumber first;
        SequenceNumber newest;
    };
    struct PassedPress {
        Timestamp in;
        Timestamp out;
    };
    enum class Feed : std::uint8_t { Nothing, Generated, Events, Relayed };

    Header make(std::uint8_t payload_type, SequenceNumber sequence, Timestamp timestamp) const;
    /// Moves the clock on to `now` when another feed takes over; true begins a spurt.
    bool take_over(Feed feed, Instant now);
    [[nodiscard]] std::int64_t to_ticks(Duration duration) const;
    [[nodiscard]] Duration to_duration(std::uint32_t ticks) const;

    std::uint32_t clock_hz_ = kClockRate;
    std::uint32_t ssrc_;
    SequenceNumber next_sequence_;
    Timestamp next_timestamp_;
    std::optional<Instant> next_at_;  ///< When `next_timestamp_` is due.
    Feed feed_ = Feed::Nothing;
    Relay relay_;
    Timestamp event_timestamp_;
    std::optional<PassedPress> passed_;
    std::uint64_t packets_ = 0;
    std::uint64_t octets_ = 0;
};

}  // namespace escucha::rtp
