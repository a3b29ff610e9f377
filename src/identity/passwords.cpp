#include "identity/passwords.h"

#include <array>

#include <openssl/evp.h>
#include <sodium.h>

#include "base/check.h"
#include "identity/errc.h"

namespace escucha::identity {
namespace {

// libsodium picks its random source here; harmless when repeated, from any thread.
void ready() { ESC_CHECK(sodium_init() >= 0); }

template <std::size_t N>
std::string to_hex(const std::array<unsigned char, N>& bytes) {
    std::string hex(N * 2 + 1, '\0');
    sodium_bin2hex(hex.data(), hex.size(), bytes.data(), N);
    hex.pop_back();
    return hex;
}

std::string md5_hex(std::string_view text) {
    std::array<unsigned char, 16> digest{};
    unsigned length = 0;
    // Cannot fail but for want of memory, or in a mode without MD5, where SIP digest has no phones.
    ESC_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_md5(), nullptr) ==
              1);
    return to_hex(digest);
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
    ready();
    if (password.size() < kMinPasswordLength || password.size() > kMaxPasswordLength) {
        return fail(Errc::WeakPassword);
    }
    std::array<char, crypto_pwhash_STRBYTES> hash{};
    const int failed = crypto_pwhash_str_alg(hash.data(),
                                             password.data(),
                                             password.size(),
                                             crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                             crypto_pwhash_MEMLIMIT_INTERACTIVE,
                                             crypto_pwhash_ALG_ARGON2ID13);
    if (failed != 0) return fail(Errc::NoMemory);
    return std::string{hash.data()};
}

bool verify_password(std::string_view hash, std::string_view password) {
    ready();
    if (password.size() > kMaxPasswordLength || hash.size() >= crypto_pwhash_STRBYTES) return false;
    const std::string text{hash};
    return crypto_pwhash_str_verify(text.c_str(), password.data(), password.size()) == 0;
}

bool needs_rehash(std::string_view hash) {
    ready();
    const std::string text{hash};
    return crypto_pwhash_str_needs_rehash(text.c_str(),
                                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0;
}

std::string random_password(std::size_t length) {
    ready();
    constexpr std::string_view kLetters =
        "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    std::string password;
    for (std::size_t i = 0; i < length; ++i) {
        password.push_back(kLetters[randombytes_uniform(kLetters.size())]);
    }
    return password;
}

std::string random_token() {
    ready();
    std::array<unsigned char, 32> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    constexpr auto kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::array<char, sodium_base64_ENCODED_LEN(32, kVariant)> text{};
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
    return std::string{text.data()};
}

std::string sha256_hex(std::string_view text) {
    ready();
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256(
        digest.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
    return to_hex(digest);
}

SipHa1 sip_ha1(std::string_view username, std::string_view realm, std::string_view password) {
    std::string secret;
    secret.append(username).append(":").append(realm).append(":").append(password);
    return {md5_hex(secret), sha256_hex(secret)};
}

}  // namespace escucha::identity
