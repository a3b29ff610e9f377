#include "rtp/g711.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>

namespace escucha::rtp {

TEST_CASE("the values of the standard's tables decode as published") {
    // ITU-T G.711 tables 2a and 1a, scaled to 16 bits.
    CHECK(decode(Law::Mu, std::byte{0x80}) == 32'124);
    CHECK(decode(Law::Mu, std::byte{0x00}) == -32'124);
    CHECK(decode(Law::Mu, std::byte{0xFF}) == 0);
    CHECK(decode(Law::Mu, std::byte{0x7F}) == 0);
    CHECK(decode(Law::Mu, std::byte{0xFE}) == 8);
    CHECK(decode(Law::A, std::byte{0xAA}) == 32'256);
    CHECK(decode(Law::A, std::byte{0x2A}) == -32'256);
    CHECK(decode(Law::A, std::byte{0xD5}) == 8);
    CHECK(decode(Law::A, std::byte{0x55}) == -8);
}

TEST_CASE("every code comes back from its own value") {
    for (unsigned code = 0; code < 256; ++code) {
        const auto byte = static_cast<std::byte>(code);
        CHECK(encode(Law::A, decode(Law::A, byte)) == byte);
        // Mu-law has two zeros; the positive one is sent.
        if (code != 0x7F) CHECK(encode(Law::Mu, decode(Law::Mu, byte)) == byte);
    }
    CHECK(encode(Law::Mu, 0) == silence(Law::Mu));
    CHECK(encode(Law::A, 0) == silence(Law::A));
}

TEST_CASE("encoding picks the nearest code and clips at full scale") {
    for (const Law law : {Law::Mu, Law::A}) {
        int worst = 0;
        for (int sample = -32'000; sample <= 32'000; ++sample) {
            const int error =
                std::abs(decode(law, encode(law, static_cast<std::int16_t>(sample))) - sample);
            // Half a step of the segment: 1/32 of the magnitude, and the smallest step.
            CHECK(error <= std::abs(sample) / 31 + 16);
            worst = std::max(worst, error);
        }
        CHECK(worst <= 512);
        CHECK(std::abs(decode(law, encode(law, 32'767))) > 32'000);
        CHECK(decode(law, encode(law, -32'768)) < -32'000);
    }
}

TEST_CASE("transcoding there and back stays within one step") {
    for (unsigned code = 0; code < 256; ++code) {
        const std::array<std::byte, 1> in{static_cast<std::byte>(code)};
        std::array<std::byte, 1> a{};
        std::array<std::byte, 1> mu{};
        transcode(Law::Mu, Law::A, in, a);
        transcode(Law::A, Law::Mu, a, mu);
        const int before = decode(Law::Mu, in[0]);
        CHECK(std::abs(decode(Law::Mu, mu[0]) - before) <= std::abs(before) / 15 + 16);
    }
}

}  // namespace escucha::rtp
