#include "sip/detail/secret.h"

#include <algorithm>
#include <cstring>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium/crypto_shorthash_siphash24.h>

namespace escucha::sip::detail {

namespace {

std::string hex(std::uint64_t value) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t i = 16; i-- > 0; value >>= 4U) text[i] = kDigits[value & 0xFU];
    return text;
}

}  // namespace

Secret::Secret(const std::array<std::uint8_t, 32>& secret, Rng& rng) : secret_{secret}, rng_{rng} {
    const auto derived = mac("map keys");
    std::copy(derived.begin(), derived.end(), hash_key_.begin());
    const auto more = mac("map keys, the rest");
    std::copy_n(more.begin(), 4, hash_key_.begin() + 12);
}

Key Secret::key(std::initializer_list<std::string_view> parts) const {
    // One buffer on the stack for all usual sizes; parts beyond it are folded in by hash.
    std::array<unsigned char, 512> buffer{};
    std::size_t used = 0;
    for (std::string_view part : parts) {
        std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> folded{};
        if (part.size() > 128) {
            crypto_shorthash_siphashx24(folded.data(),
                                        reinterpret_cast<const unsigned char*>(part.data()),
                                        part.size(),
                                        hash_key_.data());
            part = {reinterpret_cast<const char*>(folded.data()), folded.size()};
        }
        if (used + part.size() + 1 > buffer.size()) break;
        buffer[used++] = static_cast<unsigned char>(part.size());
        if (!part.empty()) std::memcpy(buffer.data() + used, part.data(), part.size());
        used += part.size();
    }
    std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> out{};
    crypto_shorthash_siphashx24(out.data(), buffer.data(), used, hash_key_.data());
    Key key;
    std::memcpy(&key.high, out.data(), 8);
    std::memcpy(&key.low, out.data() + 8, 8);
    return key;
}

std::string Secret::token() {
    std::array<char, 16> seed{};
    const std::uint64_t chance = rng_.next();
    ++count_;
    std::memcpy(seed.data(), &count_, 8);
    std::memcpy(seed.data() + 8, &chance, 8);
    return hex(key({"token", {seed.data(), seed.size()}}).low);
}

std::string Secret::stable_token(std::initializer_list<std::string_view> parts) const {
    return hex(key(parts).high);
}

std::array<std::uint8_t, 12> Secret::mac(std::string_view text) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    HMAC(EVP_sha256(),
         secret_.data(),
         static_cast<int>(secret_.size()),
         reinterpret_cast<const unsigned char*>(text.data()),
         text.size(),
         digest.data(),
         &length);
    std::array<std::uint8_t, 12> cut{};
    std::copy_n(digest.begin(), cut.size(), cut.begin());
    return cut;
}

}  // namespace escucha::sip::detail
