#include "rtp/packet.h"

#include "base/check.h"

namespace escucha::rtp {
namespace {

constexpr std::uint8_t kVersion = 2;

std::size_t octet(std::byte b) { return std::to_integer<std::size_t>(b); }

// RFC 3550 §5.1: "the last octet of the padding contains a count of how many padding octets
// should be ignored, including itself".
std::optional<ByteView> without_padding(ByteView payload) {
    if (payload.empty()) return std::nullopt;
    const std::size_t count = octet(payload.back());
    if (count == 0 || count > payload.size()) return std::nullopt;
    return payload.first(payload.size() - count);
}

}  // namespace

std::optional<Packet> parse(ByteView datagram) {
    ByteCursor cursor{datagram};
    const auto first = cursor.read<std::uint8_t>();
    const auto second = cursor.read<std::uint8_t>();
    Packet packet;
    packet.header.payload_type = second & 0x7FU;
    packet.header.marker = (second & 0x80U) != 0;
    packet.header.sequence = {cursor.read<std::uint16_t>()};
    packet.header.timestamp = {cursor.read<std::uint32_t>()};
    packet.header.ssrc = cursor.read<std::uint32_t>();
    if (!cursor.ok() || first >> 6U != kVersion) return std::nullopt;

    cursor.take((first & 0x0FU) * sizeof(std::uint32_t));
    if ((first & 0x10U) != 0) {
        cursor.read<std::uint16_t>();
        cursor.take(cursor.read<std::uint16_t>() * sizeof(std::uint32_t));
    }
    if (!cursor.ok()) return std::nullopt;
    packet.payload = cursor.take(cursor.remaining());
    if ((first & 0x20U) != 0) {
        const auto rest = without_padding(packet.payload);
        if (!rest) return std::nullopt;
        packet.payload = *rest;
    }
    return packet;
}

void write(const Header& header, std::span<std::byte, kHeaderBytes> out) {
    ESC_CHECK(header.payload_type < 128);
    const auto put = [&](std::size_t at, std::uint32_t value, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; ++i) {
            out[at + i] = static_cast<std::byte>((value >> (8 * (bytes - 1 - i))) & 0xFFU);
        }
    };
    out[0] = std::byte{kVersion << 6U};
    out[1] = static_cast<std::byte>(header.payload_type | (header.marker ? 0x80U : 0U));
    put(2, header.sequence.value, 2);
    put(4, header.timestamp.value, 4);
    put(8, header.ssrc, 4);
}

bool looks_like_rtcp(ByteView datagram) {
    if (datagram.size() < 2) return false;
    const std::size_t type = octet(datagram[1]) & 0x7FU;
    return type >= 64 && type <= 95;
}

}  // namespace escucha::rtp
