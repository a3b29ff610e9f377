#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace escucha::identity {

/// Of what is hashed at all, such as the demo's. What people choose: `PasswordRules`.
inline constexpr std::size_t kMinPasswordLength = 8;
/// Bounds the work one sign-in can ask for.
inline constexpr std::size_t kMaxPasswordLength = 256;

/// Argon2id at libsodium's interactive preset (RFC 9106; 64 MiB, about 0.1 s of one core): run on
/// the bounded work pool, never on the control strand. The hash string carries its parameters.
/// Errors: `WeakPassword`, `NoMemory`.
Result<std::string> hash_password(std::string_view password);

/// Takes as long for a wrong password as for a right one.
[[nodiscard]] bool verify_password(std::string_view hash, std::string_view password);

/// True when `hash` was made with weaker parameters than today's.
[[nodiscard]] bool needs_rehash(std::string_view hash);

/// From the system's random source: `length` letters and digits without 0, O, 1, l and I, for SIP
/// phones (20 characters are 116 bits).
std::string random_password(std::size_t length = 20);

/// 256 random bits as 43 characters of base64url.
std::string random_token();

/// SHA-256 of `text` as 64 lower-case hexadecimal digits. For tokens, which are random: never for
/// passwords.
std::string sha256_hex(std::string_view text);

/// Digest credentials of a phone or trunk (RFC 8760 §2.3): H(username:realm:password).
struct SipHa1 {
    std::string md5;     ///< 32 hexadecimal digits.
    std::string sha256;  ///< 64 hexadecimal digits.
};
SipHa1 sip_ha1(std::string_view username, std::string_view realm, std::string_view password);

}  // namespace escucha::identity
