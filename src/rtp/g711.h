#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace escucha::rtp {

/// The two companding laws of ITU-T G.711. One byte is one sample at 8 kHz.
enum class Law : std::uint8_t { Mu, A };

/// 16-bit linear, full scale (the 14 or 13 bits of the standard shifted up).
std::int16_t decode(Law law, std::byte code);
std::byte encode(Law law, std::int16_t sample);

/// `out` must be as long as `in`.
void decode(Law law, ByteView in, std::span<std::int16_t> out);
void encode(Law law, std::span<const std::int16_t> in, std::span<std::byte> out);
/// From one law to the other through their linear values; the same law copies.
void transcode(Law from, Law to, ByteView in, std::span<std::byte> out);

/// What a quiet line sounds like.
inline std::byte silence(Law law) { return law == Law::Mu ? std::byte{0xFF} : std::byte{0xD5}; }

}  // namespace escucha::rtp
