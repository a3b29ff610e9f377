#include "rtp/rtcp.h"

#include <algorithm>

#include "base/check.h"

namespace escucha::rtp {
namespace {

constexpr std::uint8_t kSr = 200;
constexpr std::uint8_t kRr = 201;
constexpr std::uint8_t kSdes = 202;
constexpr std::uint8_t kBye = 203;
constexpr std::uint8_t kCnameItem = 1;
constexpr std::int64_t kNtpEpochSeconds = 2'208'988'800;  // 1900 to 1970

ReportBlock read_block(ByteCursor& cursor) {
    ReportBlock block;
    block.ssrc = cursor.read<std::uint32_t>();
    const auto lost = cursor.read<std::uint32_t>();
    block.fraction_lost = static_cast<std::uint8_t>(lost >> 24U);
    // Sign-extend 24 bits.
    block.cumulative_lost = static_cast<std::int32_t>(lost << 8U) >> 8U;
    block.highest_sequence = cursor.read<std::uint32_t>();
    block.jitter = cursor.read<std::uint32_t>();
    block.last_sr = cursor.read<std::uint32_t>();
    block.delay_since_last_sr = cursor.read<std::uint32_t>();
    return block;
}

SenderReport read_sender(ByteCursor& cursor, std::uint32_t ssrc) {
    SenderReport sender;
    sender.ssrc = ssrc;
    sender.ntp = cursor.read<std::uint64_t>();
    sender.timestamp = {cursor.read<std::uint32_t>()};
    sender.packets = cursor.read<std::uint32_t>();
    sender.octets = cursor.read<std::uint32_t>();
    return sender;
}

bool read_report(
    std::uint8_t type, std::size_t count, ByteView body, std::uint32_t our_ssrc, Reports& out) {
    ByteCursor cursor{body};
    const auto ssrc = cursor.read<std::uint32_t>();
    out.sender_ssrc = ssrc;
    if (type == kSr) out.sender = read_sender(cursor, ssrc);
    for (std::size_t i = 0; i < count; ++i) {
        const ReportBlock block = read_block(cursor);
        if (cursor.ok() && block.ssrc == our_ssrc) out.about_us = block;
    }
    return cursor.ok();
}

/// A fixed buffer, so that building a report allocates nothing.
class FixedWriter {
public:
    explicit FixedWriter(std::span<std::byte, kMaxRtcpBytes> out) : out_{out} {}
    void u8(std::uint32_t value) { put(value, 1); }
    void u16(std::uint32_t value) { put(value, 2); }
    void u32(std::uint32_t value) { put(value, 4); }
    void put(std::uint32_t value, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; ++i) {
            out_[at_++] = static_cast<std::byte>((value >> (8 * (bytes - 1 - i))) & 0xFFU);
        }
    }
    [[nodiscard]] std::size_t size() const { return at_; }

private:
    std::span<std::byte, kMaxRtcpBytes> out_;
    std::size_t at_ = 0;
};

void write_block(const ReportBlock& block, FixedWriter& out) {
    out.u32(block.ssrc);
    out.u32((std::uint32_t{block.fraction_lost} << 24U) |
            (static_cast<std::uint32_t>(block.cumulative_lost) & 0xFF'FFFFU));
    out.u32(block.highest_sequence);
    out.u32(block.jitter);
    out.u32(block.last_sr);
    out.u32(block.delay_since_last_sr);
}

void write_sdes(std::uint32_t ssrc, std::string_view cname, FixedWriter& out) {
    // Header and SSRC, then the item, then one to four zero bytes up to a multiple of four.
    const std::size_t chunk = 4 + 2 + cname.size();
    const std::size_t padded = (chunk / 4 + 1) * 4;
    out.u8(0x81);
    out.u8(kSdes);
    out.u16(static_cast<std::uint32_t>(padded / 4));
    out.u32(ssrc);
    out.u8(kCnameItem);
    out.u8(static_cast<std::uint32_t>(cname.size()));
    for (const char c : cname) out.u8(static_cast<unsigned char>(c));
    for (std::size_t i = chunk; i < padded; ++i) out.u8(0);
}

}  // namespace

std::optional<Reports> parse_rtcp(ByteView datagram, std::uint32_t our_ssrc) {
    ByteCursor cursor{datagram};
    Reports reports;
    bool is_first = true;
    while (cursor.remaining() > 0) {
        const auto first = cursor.read<std::uint8_t>();
        const auto type = cursor.read<std::uint8_t>();
        const std::size_t length = cursor.read<std::uint16_t>() * sizeof(std::uint32_t);
        const ByteView body = cursor.take(length);
        if (!cursor.ok() || first >> 6U != 2) return std::nullopt;
        if (is_first && type != kSr && type != kRr) return std::nullopt;
        is_first = false;
        if (type == kBye) reports.has_bye = true;
        if (type != kSr && type != kRr) continue;
        if (!read_report(type, first & 0x1FU, body, our_ssrc, reports)) return std::nullopt;
    }
    if (is_first) return std::nullopt;
    return reports;
}

std::size_t build_rtcp(const OwnReport& report, std::span<std::byte, kMaxRtcpBytes> out) {
    ESC_CHECK(report.cname.size() <= kMaxCnameBytes);
    FixedWriter writer{out};
    const std::uint32_t blocks = report.reception ? 1 : 0;
    writer.u8(0x80U | blocks);
    writer.u8(report.sender ? kSr : kRr);
    writer.u16((report.sender ? 6U : 1U) + 6U * blocks);
    writer.u32(report.ssrc);
    if (report.sender) {
        writer.u32(static_cast<std::uint32_t>(report.sender->ntp >> 32U));
        writer.u32(static_cast<std::uint32_t>(report.sender->ntp & 0xFFFF'FFFFU));
        writer.u32(report.sender->timestamp.value);
        writer.u32(report.sender->packets);
        writer.u32(report.sender->octets);
    }
    if (report.reception) write_block(*report.reception, writer);
    write_sdes(report.ssrc, report.cname, writer);
    return writer.size();
}

std::uint64_t to_ntp(WallTime time) {
    const std::int64_t micros = to_micros(time);
    const auto seconds = static_cast<std::uint64_t>(micros / 1'000'000 + kNtpEpochSeconds);
    const auto fraction = static_cast<std::uint64_t>(micros % 1'000'000);
    return (seconds << 32U) | ((fraction << 32U) / 1'000'000);
}

std::uint32_t to_ntp_short(Duration duration) {
    const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
    return static_cast<std::uint32_t>(micros * 65'536 / 1'000'000);
}

std::optional<Duration> round_trip(const ReportBlock& about_us, WallTime now) {
    if (about_us.last_sr == 0) return std::nullopt;
    const std::uint32_t elapsed =
        middle_bits(to_ntp(now)) - about_us.last_sr - about_us.delay_since_last_sr;
    // A wrap means a clock stepped; a minute is no round trip.
    if (elapsed > 60U * 65'536U) return std::nullopt;
    return Duration{static_cast<std::int64_t>(elapsed) * 1'000'000 / 65'536};
}

}  // namespace escucha::rtp
