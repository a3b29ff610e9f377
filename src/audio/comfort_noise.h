#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace escucha::audio {

/// RFC 3389: a peer that is silent sends now and then how loud its silence is (payload type 13).
/// The spectrum it may add is not used. Pure.
class ComfortNoise {
public:
    static constexpr std::uint8_t kPayloadType = 13;
    static constexpr std::size_t kMaxPayloadBytes = 13;  ///< The level and 12 coefficients.
    /// In -dBov; a peer that asks for louder noise gets this.
    static constexpr std::uint8_t kLoudest = 30;

    /// The level in -dBov, 0 to 127. Nothing when the payload is empty, too long or has its top bit
    /// set.
    static std::optional<std::uint8_t> parse(ByteView payload);

    void set_level(std::uint8_t minus_dbov);
    void fill(std::span<std::int16_t> out);

private:
    std::int32_t peak_ = 0;
    std::uint32_t state_ = 0x1234'5678;
};

}  // namespace escucha::audio
