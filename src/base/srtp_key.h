#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace escucha {

/// Ciphers of SRTP by their names in SDP, RFC 4568 §6.2 and RFC 7714 §14.2; in our order of
/// preference. Those with a tag of 32 bits are left out: one forged packet in 2^32 is heard.
enum class SrtpSuite : std::uint8_t { AeadAes256Gcm, AeadAes128Gcm, AesCm128Sha1_80 };
inline constexpr std::array kSrtpSuites{
    SrtpSuite::AeadAes256Gcm, SrtpSuite::AeadAes128Gcm, SrtpSuite::AesCm128Sha1_80};
std::string_view name_of(SrtpSuite suite);
std::optional<SrtpSuite> srtp_suite_of(std::string_view name);

constexpr std::size_t cipher_key_bytes(SrtpSuite suite) {
    return suite == SrtpSuite::AeadAes256Gcm ? 32 : 16;
}
constexpr std::size_t salt_bytes(SrtpSuite suite) {
    return suite == SrtpSuite::AesCm128Sha1_80 ? 14 : 12;
}
/// Master key and salt, one after the other.
constexpr std::size_t key_bytes(SrtpSuite suite) {
    return cipher_key_bytes(suite) + salt_bytes(suite);
}
inline constexpr std::size_t kMaxSrtpKeyBytes = 44;

/// A direction's secret. Never logged, never in an event of the journal.
struct SrtpKey {
    SrtpSuite suite = SrtpSuite::AesCm128Sha1_80;
    std::array<std::uint8_t, kMaxSrtpKeyBytes> master{};
    auto operator<=>(const SrtpKey&) const = default;

    [[nodiscard]] std::span<const std::uint8_t> bytes() const {
        return std::span{master}.first(key_bytes(suite));
    }
    [[nodiscard]] std::span<std::uint8_t> bytes() {
        return std::span{master}.first(key_bytes(suite));
    }
};

/// Both directions of a leg, wherever they come from.
struct SrtpKeys {
    SrtpKey send;
    SrtpKey receive;
    auto operator<=>(const SrtpKeys&) const = default;
};

}  // namespace escucha
