#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace escucha::rtp {

inline constexpr std::uint32_t kClockRate = 8'000;  ///< In Hz, of everything but Opus.
inline constexpr std::size_t kHeaderBytes = 12;
inline constexpr std::size_t kMaxPacketBytes = 1'500;

/// RFC 3550 §5.1; wraps at 2^16.
struct SequenceNumber {
    std::uint16_t value = 0;

    /// Steps from `other` to this, from -32768 to 32767: negative when this is older.
    [[nodiscard]] std::int32_t since(SequenceNumber other) const {
        return static_cast<std::int16_t>(static_cast<std::uint16_t>(value - other.value));
    }
    [[nodiscard]] SequenceNumber plus(std::int32_t steps) const {
        return {static_cast<std::uint16_t>(value + static_cast<std::uint32_t>(steps))};
    }
    bool operator==(const SequenceNumber&) const = default;
};

/// RFC 3550 §5.1, in ticks of the media clock; wraps at 2^32.
struct Timestamp {
    std::uint32_t value = 0;

    [[nodiscard]] std::int32_t since(Timestamp other) const {
        return static_cast<std::int32_t>(value - other.value);
    }
    [[nodiscard]] Timestamp plus(std::int64_t ticks) const {
        return {static_cast<std::uint32_t>(value + static_cast<std::uint64_t>(ticks))};
    }
    bool operator==(const Timestamp&) const = default;
};

struct Header {
    std::uint8_t payload_type = 0;  ///< 0 to 127.
    bool marker = false;
    SequenceNumber sequence{};
    Timestamp timestamp{};
    std::uint32_t ssrc = 0;
    bool operator==(const Header&) const = default;
};

/// A packet as received; `payload` points into the datagram.
struct Packet {
    Header header;
    ByteView payload;
};

/// Nothing when the datagram is not RTP version 2 or its CSRC list, extension or padding does not
/// fit. An optional, not a Result: this runs for every packet and may not allocate.
std::optional<Packet> parse(ByteView datagram);

/// Writes the 12 bytes of the fixed header: no CSRC, no extension, no padding.
void write(const Header& header, std::span<std::byte, kHeaderBytes> out);

/// RFC 5761 §4: on a shared port, RTCP is what has 64 to 95 in the place of the payload type.
bool looks_like_rtcp(ByteView datagram);

}  // namespace escucha::rtp
