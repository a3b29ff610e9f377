#include "audio/concealer.h"

#include <doctest/doctest.h>

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "audio/comfort_noise.h"
#include "audio/detail/test_tone.h"

namespace escucha::audio {
namespace {

using namespace test;

/// A second of `sound` in frames of 20 ms of which those in `lost` are made up.
std::vector<std::int16_t> hear(std::uint32_t rate,
                               std::vector<std::int16_t> sound,
                               const std::vector<std::size_t>& lost) {
    Concealer concealer{rate};
    const std::size_t frame = rate / 50;
    for (std::size_t i = 0; (i + 1) * frame <= sound.size(); ++i) {
        const auto part = std::span{sound}.subspan(i * frame, frame);
        if (std::find(lost.begin(), lost.end(), i) != lost.end()) {
            concealer.fill(part);
        } else {
            concealer.heard(part);
        }
    }
    return sound;
}

}  // namespace

TEST_CASE("a gap of one frame in a voice's pitch is filled at its level, without a click") {
    for (const std::uint32_t rate : {8'000U, 16'000U}) {
        for (const double hertz : {90.0, 150.0, 210.0, 330.0}) {
            CAPTURE(rate);
            CAPTURE(hertz);
            const auto sound = tone(hertz, rate, rate);
            const auto heard = hear(rate, sound, {20});
            const auto gap = std::span{heard}.subspan(20 * rate / 50, rate / 50);
            CHECK(rms(gap) > 0.7 * rms(sound));
            CHECK(steepest(heard) < 2 * steepest(sound) + 200);
        }
    }
}

TEST_CASE("what is heard after a gap is what came, but for its first 5 ms") {
    const auto sound = tone(200, 8'000, 8'000);
    const auto heard = hear(8'000, sound, {10, 11});
    CHECK(std::equal(sound.begin() + 12 * 160 + 40, sound.end(), heard.begin() + 12 * 160 + 40));
}

TEST_CASE("without a gap nothing is changed") {
    const auto sound = tone(310, 16'000, 16'000);
    CHECK(hear(16'000, sound, {}) == sound);
}

TEST_CASE("a long gap fades to silence in 60 ms") {
    const auto heard = hear(8'000, tone(200, 8'000, 8'000), {10, 11, 12, 13, 14});
    const auto frame = [&](std::size_t i) { return std::span{heard}.subspan(i * 160, 160); };
    CHECK(rms(frame(10)) > rms(frame(11)));
    CHECK(rms(frame(11)) > rms(frame(12)));
    CHECK(rms(frame(12)) > 0);
    CHECK(rms(frame(13)) == 0);
    CHECK(rms(frame(14)) == 0);
}

TEST_CASE("a gap before anything was heard is silence") {
    Concealer concealer{8'000};
    std::vector<std::int16_t> out(160, 99);
    concealer.fill(out);
    CHECK(rms(out) == 0);
}

TEST_CASE("noise and any pattern of losses never grow: three times the loudest sample at most") {
    rc::check("bounded", [](const std::vector<bool>& lost, std::uint32_t seed) {
        Concealer concealer{16'000};
        std::vector<std::int16_t> frame(320);
        for (const bool is_lost : lost) {
            if (is_lost) {
                concealer.fill(frame);
            } else {
                for (auto& sample : frame) {
                    seed = seed * 1'664'525U + 1'013'904'223U;
                    sample = static_cast<std::int16_t>(static_cast<int>(seed >> 18U) - 8'192);
                }
                concealer.heard(frame);
            }
            for (const std::int16_t sample : frame) RC_ASSERT(std::abs(sample) <= 3 * 8'192);
        }
    });
}

TEST_CASE("comfort noise has the level the peer told, and never more than the loudest") {
    ComfortNoise noise;
    std::vector<std::int16_t> out(8'000);
    noise.fill(out);
    CHECK(rms(out) == 0);
    const auto level_of = [&](std::uint8_t minus_dbov) {
        noise.set_level(minus_dbov);
        noise.fill(out);
        return 20 * std::log10(rms(out) / 32'767);
    };
    CHECK(std::abs(level_of(40) + 40) < 0.5);
    CHECK(std::abs(level_of(60) + 60) < 0.5);
    CHECK(std::abs(level_of(ComfortNoise::kLoudest) + 30) < 0.5);
    CHECK(std::abs(level_of(ComfortNoise::kLoudest - 1) + 30) < 0.5);
    CHECK(std::abs(level_of(0) + 30) < 0.5);
    noise.set_level(127);
    noise.fill(out);
    CHECK(rms(out) == 0);
}

TEST_CASE("a comfort noise payload is a level and at most twelve coefficients") {
    CHECK(ComfortNoise::parse(std::vector<std::byte>{std::byte{70}}) == 70);
    CHECK(ComfortNoise::parse(std::vector<std::byte>{std::byte{127}}) == 127);
    CHECK_FALSE(ComfortNoise::parse(std::vector<std::byte>{std::byte{128}}).has_value());
    CHECK_FALSE(ComfortNoise::parse({}).has_value());
    CHECK(ComfortNoise::parse(std::vector<std::byte>(13)) == 0);
    CHECK_FALSE(ComfortNoise::parse(std::vector<std::byte>(14)).has_value());
}

}  // namespace escucha::audio
