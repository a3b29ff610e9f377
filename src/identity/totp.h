#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace escucha::identity {

/// Codes by the time (RFC 6238): SHA-1, 6 digits, steps of 30 s. Others exist, but these are the
/// ones every authenticator knows.
inline constexpr std::chrono::seconds kTotpStep{30};
inline constexpr std::size_t kTotpDigits = 6;
/// "We RECOMMEND that at most one time step is allowed as the network delay" (§5.2), and as much
/// for a telephone's clock that is fast.
inline constexpr std::int64_t kTotpDrift = 1;

/// 160 bits, as RFC 4226 §4 recommends.
using TotpSecret = std::array<std::uint8_t, 20>;
TotpSecret make_totp_secret();

std::int64_t totp_step(WallTime now);
std::string totp_code(const TotpSecret& secret, std::int64_t step);

/// The step that `code` is of, near `now` and after `last`, the last one that was used: "The
/// verifier MUST NOT accept the second attempt of the OTP" (§5.2). Takes the same time for each.
std::optional<std::int64_t> matching_step(const TotpSecret& secret,
                                          std::string_view code,
                                          WallTime now,
                                          std::int64_t last);

/// RFC 4648 §6 without padding.
std::string to_base32(const TotpSecret& secret);
/// What an authenticator makes of it; nullopt for anything but 32 of its letters.
std::optional<TotpSecret> parse_base32(std::string_view text);

/// What authenticators read from a QR code: "otpauth://totp/Escucha:ana?secret=…&issuer=Escucha".
std::string totp_uri(std::string_view login, const TotpSecret& secret);

}  // namespace escucha::identity
