#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "rtp/packet.h"
#include "rtp/rtcp.h"

namespace escucha::rtp {

/// What was received of one source and how well: RFC 3550 §6.4.1 and appendix A.1, A.3, A.8.
/// Pure; a new SSRC starts a new count, the losses before it stay in the total.
class Reception {
public:
    /// A packet that passed the source lock. Only audio moves the jitter: the packets of one key
    /// press share a timestamp.
    enum class Kind : std::uint8_t { Audio, Event };
    void on_packet(const Header& header, Kind kind, Instant now);

    /// The ticks of a second, 8,000 unless told otherwise.
    void set_clock(std::uint32_t clock_hz);

    [[nodiscard]] std::uint64_t received() const { return total_received_; }
    [[nodiscard]] std::uint64_t lost() const;
    [[nodiscard]] Duration jitter() const;
    [[nodiscard]] std::optional<Instant> last_packet() const { return last_packet_; }
    [[nodiscard]] std::optional<std::uint32_t> ssrc() const { return ssrc_; }

    /// For the next RTCP report; the fraction counts since the call before. Nothing to report
    /// before the first packet.
    std::optional<ReportBlock> report(Instant now);
    void on_sender_report(const SenderReport& report, Instant now);

private:
    void restart(const Header& header);
    [[nodiscard]] std::int64_t expected() const;
    void update_jitter(Timestamp timestamp, Instant now);

    std::uint32_t clock_hz_ = kClockRate;
    std::optional<std::uint32_t> ssrc_;
    SequenceNumber base_;
    SequenceNumber highest_;
    std::uint32_t cycles_ = 0;
    std::uint64_t received_ = 0;  ///< Of the present SSRC.
    std::uint64_t total_received_ = 0;
    std::uint64_t lost_before_ = 0;
    std::optional<SequenceNumber> jumped_to_;
    std::int64_t expected_prior_ = 0;
    std::uint64_t received_prior_ = 0;
    std::optional<std::int64_t> transit_;
    std::uint32_t jitter_x16_ = 0;  ///< In ticks.
    std::optional<Instant> last_packet_;
    std::uint32_t last_sr_ = 0;
    std::optional<Instant> last_sr_at_;
};

}  // namespace escucha::rtp
