#include "rtp/reception.h"

#include <algorithm>
#include <cstdlib>

namespace escucha::rtp {
namespace {

constexpr std::int32_t kMaxDropout = 3'000;  // RFC 3550 A.1
constexpr std::int32_t kMaxMisorder = 100;   // RFC 3550 A.1
constexpr std::int64_t kMaxCumulativeLost = 0x7F'FFFF;

// In whole seconds and the rest: at 48 kHz the product of a long uptime does not fit.
std::int64_t to_ticks(Instant now, std::uint32_t clock_hz) {
    const std::int64_t micros = now.time_since_epoch().count();
    return micros / 1'000'000 * clock_hz + micros % 1'000'000 * clock_hz / 1'000'000;
}

}  // namespace

void Reception::set_clock(std::uint32_t clock_hz) {
    if (clock_hz_ == clock_hz) return;
    clock_hz_ = clock_hz;
    transit_.reset();
    jitter_x16_ = 0;
}

void Reception::restart(const Header& header) {
    lost_before_ = lost();
    ssrc_ = header.ssrc;
    base_ = header.sequence;
    highest_ = header.sequence;
    cycles_ = 0;
    received_ = 0;
    jumped_to_.reset();
    expected_prior_ = 0;
    received_prior_ = 0;
    transit_.reset();
    last_sr_ = 0;
    last_sr_at_.reset();
}

void Reception::on_packet(const Header& header, Kind kind, Instant now) {
    last_packet_ = now;
    ++total_received_;
    if (ssrc_ != header.ssrc) restart(header);
    const std::int32_t step = header.sequence.since(highest_);
    if (step >= kMaxDropout || step <= -kMaxMisorder) {
        // "Two sequential packets -- assume that the other side restarted without telling us".
        if (jumped_to_ != header.sequence) {
            jumped_to_ = header.sequence.plus(1);
            return;
        }
        restart(header);
    } else if (step > 0) {
        if (header.sequence.value < highest_.value) ++cycles_;
        highest_ = header.sequence;
    }
    jumped_to_.reset();
    ++received_;
    if (kind == Kind::Audio) update_jitter(header.timestamp, now);
}

std::int64_t Reception::expected() const {
    if (!ssrc_) return 0;
    return (std::int64_t{cycles_} << 16U) + highest_.value - base_.value + 1;
}

std::uint64_t Reception::lost() const {
    const std::int64_t missing = expected() - static_cast<std::int64_t>(received_);
    return lost_before_ + static_cast<std::uint64_t>(std::max<std::int64_t>(0, missing));
}

Duration Reception::jitter() const {
    return Duration{std::int64_t{jitter_x16_ / 16} * 1'000'000 / clock_hz_};
}

void Reception::update_jitter(Timestamp timestamp, Instant now) {
    const std::int64_t transit = static_cast<std::int32_t>(
        static_cast<std::uint32_t>(to_ticks(now, clock_hz_)) - timestamp.value);
    if (transit_) {
        const auto difference = static_cast<std::uint32_t>(
            std::min<std::int64_t>(std::abs(transit - *transit_), std::int64_t{clock_hz_} * 60));
        jitter_x16_ += difference;
        jitter_x16_ -= (jitter_x16_ - difference + 8) / 16;
    }
    transit_ = transit;
}

std::optional<ReportBlock> Reception::report(Instant now) {
    if (!ssrc_) return std::nullopt;
    const std::int64_t expected_now = expected();
    const std::int64_t expected_interval = expected_now - expected_prior_;
    const auto received_interval = static_cast<std::int64_t>(received_ - received_prior_);
    expected_prior_ = expected_now;
    received_prior_ = received_;
    const std::int64_t lost_interval = expected_interval - received_interval;

    ReportBlock block;
    block.ssrc = *ssrc_;
    if (expected_interval > 0 && lost_interval > 0) {
        block.fraction_lost = static_cast<std::uint8_t>(
            std::min<std::int64_t>(255, lost_interval * 256 / expected_interval));
    }
    block.cumulative_lost = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(expected_now - static_cast<std::int64_t>(received_),
                                 -kMaxCumulativeLost,
                                 kMaxCumulativeLost));
    block.highest_sequence = (cycles_ << 16U) | highest_.value;
    block.jitter = jitter_x16_ / 16;
    if (last_sr_at_) {
        block.last_sr = last_sr_;
        block.delay_since_last_sr = to_ntp_short(now - *last_sr_at_);
    }
    return block;
}

void Reception::on_sender_report(const SenderReport& report, Instant now) {
    if (ssrc_ != report.ssrc) return;
    last_sr_ = middle_bits(report.ntp);
    last_sr_at_ = now;
}

}  // namespace escucha::rtp
