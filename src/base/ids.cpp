#include "base/ids.h"

namespace escucha {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_dash_position(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

Uuid Uuid::v7(WallTime now, Rng& rng) {
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
    const std::uint64_t a = rng.next();
    const std::uint64_t b = rng.next();
    return Uuid{
        .high = (ms << 16U) | 0x7000U | (a & 0x0FFFU),
        .low = 0x8000000000000000ULL | (b >> 2U),
    };
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    std::array<std::uint64_t, 2> halves{};
    std::size_t digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_dash_position(i)) {
            if (text[i] != '-') return std::nullopt;
            continue;
        }
        const int value = hex_value(text[i]);
        if (value < 0) return std::nullopt;
        auto& half = halves[digits / 16];
        half = (half << 4U) | static_cast<std::uint64_t>(value);
        ++digits;
    }
    return Uuid{.high = halves[0], .low = halves[1]};
}

std::string Uuid::to_string() const {
    std::string out(36, '-');
    std::size_t at = 0;
    for (const std::uint64_t half : {high, low}) {
        for (unsigned shift = 64; shift != 0; ++at) {
            if (is_dash_position(at)) continue;
            shift -= 4;
            out[at] = kHex[(half >> shift) & 0xFU];
        }
    }
    return out;
}

}  // namespace escucha
