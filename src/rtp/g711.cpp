#include "rtp/g711.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace escucha::rtp {
namespace {

constexpr int kMuBias = 0x84;
constexpr int kMuClip = 32'635;

constexpr std::int16_t decode_mu(unsigned code) {
    const unsigned inverted = ~code & 0xFFU;
    const int mantissa = static_cast<int>(inverted & 0x0FU);
    const unsigned segment = (inverted >> 4U) & 0x07U;
    const int magnitude = (((mantissa << 3U) + kMuBias) << segment) - kMuBias;
    return static_cast<std::int16_t>((inverted & 0x80U) != 0 ? -magnitude : magnitude);
}

constexpr std::int16_t decode_a(unsigned code) {
    const unsigned toggled = code ^ 0x55U;
    const int mantissa = static_cast<int>(toggled & 0x0FU) << 4U;
    const unsigned segment = (toggled >> 4U) & 0x07U;
    const int magnitude = segment == 0 ? mantissa + 8 : (mantissa + 0x108) << (segment - 1);
    return static_cast<std::int16_t>((toggled & 0x80U) != 0 ? magnitude : -magnitude);
}

// The number of the segment whose lowest magnitude is `base << segment`.
constexpr unsigned segment_of(int magnitude, int base) {
    unsigned segment = 0;
    while (segment < 7 && magnitude >= (base << (segment + 1))) ++segment;
    return segment;
}

constexpr std::uint8_t encode_mu(int sample) {
    const unsigned sign = sample < 0 ? 0x80U : 0U;
    const int magnitude = std::min(sample < 0 ? -sample : sample, kMuClip) + kMuBias;
    const unsigned segment = segment_of(magnitude, kMuBias - 4);
    const unsigned mantissa = (static_cast<unsigned>(magnitude) >> (segment + 3)) & 0x0FU;
    return static_cast<std::uint8_t>(~(sign | (segment << 4U) | mantissa) & 0xFFU);
}

constexpr std::uint8_t encode_a(int sample) {
    // The standard is written for 13 bits; a negative value mirrors the positive one below it.
    const unsigned sign = sample < 0 ? 0U : 0x80U;
    const int magnitude = sample < 0 ? -sample - 1 : sample;
    const unsigned segment = segment_of(magnitude, 0x80);
    const unsigned shift = segment == 0 ? 4 : segment + 3;
    const unsigned mantissa = (static_cast<unsigned>(magnitude) >> shift) & 0x0FU;
    return static_cast<std::uint8_t>((sign | (segment << 4U) | mantissa) ^ 0x55U);
}

template <auto kFunction>
constexpr auto make_decode_table() {
    std::array<std::int16_t, 256> table{};
    for (unsigned code = 0; code < table.size(); ++code) table[code] = kFunction(code);
    return table;
}

constexpr auto kMuTable = make_decode_table<decode_mu>();
constexpr auto kATable = make_decode_table<decode_a>();

constexpr auto make_transcode_tables() {
    struct Tables {
        std::array<std::byte, 256> mu_to_a{};
        std::array<std::byte, 256> a_to_mu{};
    } tables;
    for (std::size_t code = 0; code < 256; ++code) {
        tables.mu_to_a[code] = std::byte{encode_a(kMuTable[code])};
        tables.a_to_mu[code] = std::byte{encode_mu(kATable[code])};
    }
    return tables;
}

constexpr auto kTranscode = make_transcode_tables();

}  // namespace

std::int16_t decode(Law law, std::byte code) {
    return (law == Law::Mu ? kMuTable : kATable)[std::to_integer<std::size_t>(code)];
}

std::byte encode(Law law, std::int16_t sample) {
    return std::byte{law == Law::Mu ? encode_mu(sample) : encode_a(sample)};
}

void decode(Law law, ByteView in, std::span<std::int16_t> out) {
    ESC_CHECK(in.size() == out.size());
    const auto& table = law == Law::Mu ? kMuTable : kATable;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = table[std::to_integer<std::size_t>(in[i])];
}

void encode(Law law, std::span<const std::int16_t> in, std::span<std::byte> out) {
    ESC_CHECK(in.size() == out.size());
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = encode(law, in[i]);
}

void transcode(Law from, Law to, ByteView in, std::span<std::byte> out) {
    ESC_CHECK(in.size() == out.size());
    if (from == to) {
        std::copy(in.begin(), in.end(), out.begin());
        return;
    }
    const auto& table = from == Law::Mu ? kTranscode.mu_to_a : kTranscode.a_to_mu;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = table[std::to_integer<std::size_t>(in[i])];
}

}  // namespace escucha::rtp
