#include "rtp/out_stream.h"

#include <algorithm>
#include <cstdlib>

namespace escucha::rtp {
namespace {

// A step of the incoming numbers beyond this is a restart of the sender, not a loss.
constexpr std::int32_t kMaxStep = 1'000;
// The longest segment of a press (RFC 4733 §2.5.1.3); the next one follows on it.
constexpr std::int32_t kFullPressSegment = 0xFFFF;

}  // namespace

OutStream::OutStream(std::uint32_t ssrc, SequenceNumber first, Timestamp start)
    : ssrc_{ssrc}, next_sequence_{first}, next_timestamp_{start} {}

std::int64_t OutStream::to_ticks(Duration duration) const {
    return duration.count() * clock_hz_ / 1'000'000;
}
Duration OutStream::to_duration(std::uint32_t ticks) const {
    return Duration{std::int64_t{ticks} * 1'000'000 / clock_hz_};
}

void OutStream::set_clock(std::uint32_t clock_hz) {
    if (clock_hz_ == clock_hz) return;
    clock_hz_ = clock_hz;
    interrupt();
}

Header OutStream::make(std::uint8_t payload_type,
                       SequenceNumber sequence,
                       Timestamp timestamp) const {
    return {.payload_type = payload_type,
            .marker = false,
            .sequence = sequence,
            .timestamp = timestamp,
            .ssrc = ssrc_};
}

bool OutStream::take_over(Feed feed, Instant now) {
    if (feed_ == feed) return false;
    feed_ = feed;
    next_timestamp_ = timestamp_at(now);
    next_at_ = next_at_ ? std::max(*next_at_, now) : now;
    return true;
}

Timestamp OutStream::timestamp_at(Instant now) const {
    if (!next_at_ || now <= *next_at_) return next_timestamp_;
    return next_timestamp_.plus(to_ticks(now - *next_at_));
}

void OutStream::interrupt() { feed_ = Feed::Nothing; }

Header OutStream::generated(std::uint8_t payload_type, std::uint32_t ticks, Instant now) {
    const bool begins = take_over(Feed::Generated, now);
    Header header = make(payload_type, next_sequence_, next_timestamp_);
    header.marker = begins;
    next_sequence_ = next_sequence_.plus(1);
    next_timestamp_ = next_timestamp_.plus(ticks);
    next_at_ = *next_at_ + to_duration(ticks);
    return header;
}

Header OutStream::event(std::uint8_t payload_type, bool is_start, Instant now) {
    if (take_over(Feed::Events, now) || is_start) event_timestamp_ = timestamp_at(now);
    Header header = make(payload_type, next_sequence_, event_timestamp_);
    header.marker = is_start;
    next_sequence_ = next_sequence_.plus(1);
    return header;
}

// The audio goes on between them, so they do not take the stream over.
std::optional<Header> OutStream::passed_event(std::uint8_t payload_type,
                                              Timestamp of_press,
                                              Instant now) {
    const bool is_new = !passed_ || passed_->in != of_press;
    if (is_new) {
        const std::int32_t step = passed_ ? of_press.since(passed_->in) : 1;
        if (step < 0) return std::nullopt;
        const Timestamp begin =
            step == kFullPressSegment ? passed_->out.plus(kFullPressSegment) : timestamp_at(now);
        passed_ = {.in = of_press, .out = begin};
    }
    Header header = make(payload_type, next_sequence_, passed_->out);
    header.marker = is_new;
    next_sequence_ = next_sequence_.plus(1);
    return header;
}

std::optional<Header> OutStream::relayed(const Header& in,
                                         std::uint8_t payload_type,
                                         std::uint32_t ticks,
                                         Instant now) {
    const bool is_other =
        relay_.ssrc != in.ssrc || std::abs(in.sequence.since(relay_.newest)) > kMaxStep;
    if (feed_ == Feed::Relayed && is_other) interrupt();
    const bool begins = take_over(Feed::Relayed, now);
    if (begins) {
        relay_ = {.ssrc = in.ssrc,
                  .sequence_offset = next_sequence_.since(in.sequence),
                  .timestamp_offset = next_timestamp_.value - in.timestamp.value,
                  .first = in.sequence,
                  .newest = in.sequence};
    }
    if (in.sequence.since(relay_.first) < 0) return std::nullopt;

    Header header = make(payload_type,
                         in.sequence.plus(relay_.sequence_offset),
                         {in.timestamp.value + relay_.timestamp_offset});
    header.marker = begins || in.marker;
    if (in.sequence.since(relay_.newest) > 0) relay_.newest = in.sequence;
    if (header.sequence.since(next_sequence_) >= 0) {
        next_sequence_ = header.sequence.plus(1);
        const Timestamp end = header.timestamp.plus(ticks);
        if (ticks > 0 && end.since(next_timestamp_) > 0) {
            next_timestamp_ = end;
            next_at_ = now + to_duration(ticks);
        }
    }
    // Keeps `first` within reach of the signed distance over a long call.
    if (relay_.newest.since(relay_.first) > kMaxStep) relay_.first = relay_.newest.plus(-kMaxStep);
    return header;
}

}  // namespace escucha::rtp
