#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "rtp/packet.h"

namespace escucha::rtp {

inline constexpr std::size_t kMaxReportBlocks = 31;  ///< RFC 3550 §6.4.1: a five-bit count.
inline constexpr std::size_t kMaxCnameBytes = 32;    ///< Ours; theirs is not read.
/// The largest compound packet `build` makes: SR with one block, SDES with CNAME.
inline constexpr std::size_t kMaxRtcpBytes = 28 + 24 + 12 + 2 + kMaxCnameBytes + 4;

/// RFC 3550 §6.4.1.
struct ReportBlock {
    std::uint32_t ssrc = 0;
    std::uint8_t fraction_lost = 0;      ///< In 1/256.
    std::int32_t cumulative_lost = 0;    ///< 24 bits, signed.
    std::uint32_t highest_sequence = 0;  ///< Cycles in the upper half.
    std::uint32_t jitter = 0;            ///< In ticks.
    std::uint32_t last_sr = 0;
    std::uint32_t delay_since_last_sr = 0;  ///< In 1/65536 s.
    bool operator==(const ReportBlock&) const = default;
};

struct SenderReport {
    std::uint32_t ssrc = 0;
    std::uint64_t ntp = 0;
    Timestamp timestamp{};
    std::uint32_t packets = 0;
    std::uint32_t octets = 0;
    bool operator==(const SenderReport&) const = default;
};

/// What a compound packet tells about one call: the sender's report, the block about our SSRC, and
/// whether the peer said BYE. Everything else in it is skipped.
struct Reports {
    std::uint32_t sender_ssrc = 0;
    std::optional<SenderReport> sender;
    std::optional<ReportBlock> about_us;
    bool has_bye = false;
};

/// Nothing unless the datagram is a well-formed compound packet that begins with SR or RR.
std::optional<Reports> parse_rtcp(ByteView datagram, std::uint32_t our_ssrc);

/// Writes SR (when something was sent) or RR, then SDES with `cname`, and returns the length.
/// `cname` is at most `kMaxCnameBytes`.
struct OwnReport {
    std::uint32_t ssrc = 0;
    std::optional<SenderReport> sender;  ///< Its ssrc is the one above.
    std::optional<ReportBlock> reception;
    std::string_view cname;
};
std::size_t build_rtcp(const OwnReport& report, std::span<std::byte, kMaxRtcpBytes> out);

/// 32.32 fixed point since 1900.
std::uint64_t to_ntp(WallTime time);
std::uint32_t to_ntp_short(Duration duration);
/// The middle 32 bits of an NTP time, as LSR and DLSR use them.
constexpr std::uint32_t middle_bits(std::uint64_t ntp) {
    return static_cast<std::uint32_t>((ntp >> 16U) & 0xFFFF'FFFFU);
}
/// RFC 3550 §6.4.1, "LSR and DLSR". Nothing when the peer has heard no report of ours, or when the
/// clocks make no sense of it.
std::optional<Duration> round_trip(const ReportBlock& about_us, WallTime now);

}  // namespace escucha::rtp
