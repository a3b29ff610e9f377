#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace escucha {

/// Two digits of lower case for each byte.
std::string to_hex(std::span<const std::uint8_t> bytes);

/// Fills all of `bytes`. False of a text of another length, or with anything but hex digits in it.
bool from_hex(std::string_view text, std::span<std::uint8_t> bytes);

/// The SHA-256 of `text` in hex. Not for secrets that are compared: identity/passwords.h.
std::string sha256_hex(std::string_view text);

}  // namespace escucha
