#include "identity/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "base/check.h"

namespace escucha::identity {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr unsigned kBits = 5;  ///< Of a letter.

}  // namespace

TotpSecret make_totp_secret() {
    ESC_CHECK(sodium_init() >= 0);
    TotpSecret secret{};
    randombytes_buf(secret.data(), secret.size());
    return secret;
}

std::int64_t totp_step(WallTime now) {
    const std::int64_t step_us = std::chrono::microseconds{kTotpStep}.count();
    return to_micros(now) / step_us;
}

// RFC 4226 §5.3: HOTP(K,C) = Truncate(HMAC-SHA-1(K,C)), with the step as the counter.
std::string totp_code(const TotpSecret& secret, std::int64_t step) {
    constexpr std::size_t kSha1Bytes = 20;
    constexpr std::uint32_t kModulus = 1'000'000;
    std::array<std::uint8_t, sizeof(std::int64_t)> counter{};
    auto rest = static_cast<std::uint64_t>(step);
    for (auto byte = counter.rbegin(); byte != counter.rend(); ++byte) {
        *byte = static_cast<std::uint8_t>(rest & 0xFFU);
        rest >>= 8U;
    }
    std::array<std::uint8_t, kSha1Bytes> mac{};
    unsigned length = 0;
    ESC_CHECK(HMAC(EVP_sha1(),
                   secret.data(),
                   static_cast<int>(secret.size()),
                   counter.data(),
                   counter.size(),
                   mac.data(),
                   &length) != nullptr);
    const std::size_t offset = mac.back() & 0x0FU;
    const std::uint32_t binary = (std::uint32_t{mac[offset]} & 0x7FU) << 24U |
                                 std::uint32_t{mac[offset + 1]} << 16U |
                                 std::uint32_t{mac[offset + 2]} << 8U | mac[offset + 3];
    const std::string digits = std::to_string(binary % kModulus);
    return std::string(kTotpDigits - digits.size(), '0') + digits;
}

std::optional<std::int64_t> matching_step(const TotpSecret& secret,
                                          std::string_view code,
                                          WallTime now,
                                          std::int64_t last) {
    if (code.size() != kTotpDigits) return std::nullopt;
    std::optional<std::int64_t> found;
    for (std::int64_t step = totp_step(now) - kTotpDrift; step <= totp_step(now) + kTotpDrift;
         ++step) {
        const std::string right = totp_code(secret, step);
        const bool is_same = sodium_memcmp(right.data(), code.data(), right.size()) == 0;
        if (is_same && step > last) found = step;
    }
    return found;
}

std::string to_base32(const TotpSecret& secret) {
    std::string text;
    std::uint32_t held = 0;
    unsigned count = 0;
    for (const std::uint8_t byte : secret) {
        held = held << 8U | byte;
        count += 8;
        for (; count >= kBits; count -= kBits) {
            text.push_back(kLetters[held >> (count - kBits) & 0x1FU]);
        }
    }
    return text;  // 160 bits are 32 letters, and nothing is left
}

std::optional<TotpSecret> parse_base32(std::string_view text) {
    TotpSecret secret{};
    if (text.size() * kBits != secret.size() * 8) return std::nullopt;
    auto byte = secret.begin();
    std::uint32_t held = 0;
    unsigned count = 0;
    for (const char c : text) {
        const std::size_t value = kLetters.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        held = held << kBits | static_cast<std::uint32_t>(value);
        count += kBits;
        if (count < 8) continue;
        count -= 8;
        *byte++ = static_cast<std::uint8_t>(held >> count & 0xFFU);
    }
    return secret;
}

// A login is letters, digits and ".-_@": nothing that a URI would have to escape but "@", which
// authenticators take as it is.
std::string totp_uri(std::string_view login, const TotpSecret& secret) {
    std::string uri = "otpauth://totp/Escucha:";
    uri.append(login).append("?secret=").append(to_base32(secret)).append("&issuer=Escucha");
    return uri;
}

}  // namespace escucha::identity
