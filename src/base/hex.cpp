#include "base/hex.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>

#include "base/check.h"

namespace escucha {

std::string to_hex(std::span<const std::uint8_t> bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

bool from_hex(std::string_view text, std::span<std::uint8_t> bytes) {
    if (text.size() != bytes.size() * 2) return false;
    const char* at = text.data();
    for (std::uint8_t& byte : bytes) {
        const auto [end, error] = std::from_chars(at, at + 2, byte, 16);
        if (error != std::errc{} || end != at + 2) return false;
        at += 2;
    }
    return true;
}

std::string sha256_hex(std::string_view text) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    ESC_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) ==
              1);
    return to_hex(std::span{digest}.first(size));
}

}  // namespace escucha
