#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sdp/sdp.h"

namespace escucha::sdp::detail {

/// The value of an `a=crypto` line (RFC 4568 §9.1). Nothing for one we cannot use, which §7.1.1
/// wants passed over: a cipher, a key length or a session parameter we do not know, several keys,
/// or a key with an identifier (MKI).
std::optional<Crypto> parse_crypto(std::string_view value);

/// The whole line.
void append_crypto(std::string& out, const Crypto& crypto);

}  // namespace escucha::sdp::detail
