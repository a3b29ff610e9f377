#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

struct srtp;  // libre's transform

namespace escucha::rtp {

/// Ciphers of SRTP by their names in SDP, RFC 4568 §6.2 and RFC 7714 §14.2; in our order of
/// preference. Those with a tag of 32 bits are left out: one forged packet in 2^32 is heard.
enum class SrtpSuite : std::uint8_t { AeadAes128Gcm, AesCm128Sha1_80 };
inline constexpr std::array kSrtpSuites{SrtpSuite::AeadAes128Gcm, SrtpSuite::AesCm128Sha1_80};
std::string_view name_of(SrtpSuite suite);
std::optional<SrtpSuite> srtp_suite_of(std::string_view name);

/// Master key and salt, one after the other.
constexpr std::size_t key_bytes(SrtpSuite suite) {
    constexpr std::size_t kKey = 16;
    return kKey + (suite == SrtpSuite::AeadAes128Gcm ? 12 : 14);
}

/// A direction's secret. Never logged, never in an event of the journal.
struct SrtpKey {
    SrtpSuite suite = SrtpSuite::AesCm128Sha1_80;
    std::array<std::uint8_t, 30> master{};
    bool operator==(const SrtpKey&) const = default;

    [[nodiscard]] std::span<const std::uint8_t> bytes() const {
        return std::span{master}.first(key_bytes(suite));
    }
};

/// Room that must be behind a packet: the tag of RTP or RTCP and the index of the latter.
inline constexpr std::size_t kSrtpRoom = 32;

/// One direction of SRTP and SRTCP (RFC 3711), with its rollover counters and replay window. In
/// place; allocates for the first packet of an SSRC only. Not thread-safe.
class SrtpDirection {
public:
    /// nullopt when the library refuses the key, which only a wrong length would cause.
    static std::optional<SrtpDirection> make(const SrtpKey& key);

    /// The first `size` bytes of `buffer` are the packet, kSrtpRoom more are free. The new size;
    /// nullopt when it is no packet.
    std::optional<std::size_t> protect_rtp(std::span<std::byte> buffer, std::size_t size);
    std::optional<std::size_t> protect_rtcp(std::span<std::byte> buffer, std::size_t size);
    /// nullopt: forged, damaged or seen before. The bytes are then worth nothing.
    std::optional<std::size_t> unprotect_rtp(std::span<std::byte> packet);
    std::optional<std::size_t> unprotect_rtcp(std::span<std::byte> packet);

private:
    struct Release {
        void operator()(srtp* context) const;
    };
    SrtpDirection(srtp* context, SrtpSuite suite) : context_{context}, suite_{suite} {}
    std::unique_ptr<srtp, Release> context_;
    SrtpSuite suite_;
};

}  // namespace escucha::rtp
