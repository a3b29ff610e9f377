#include "audio/resampler.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "audio/detail/test_tone.h"

namespace escucha::audio {
namespace {

using namespace test;

constexpr std::array kRates{8'000U, 16'000U, 48'000U};

/// A second of a tone, 20 ms at a time.
std::vector<std::int16_t> resampled(std::uint32_t from, std::uint32_t to, double hertz) {
    auto resampler = Resampler::make(from, to).value();
    const auto in = tone(hertz, from, from);
    std::vector<std::int16_t> out(to);
    for (std::size_t i = 0; i < 50; ++i) {
        resampler.resample(std::span{in}.subspan(i * from / 50, from / 50),
                           std::span{out}.subspan(i * to / 50, to / 50));
    }
    return out;
}

}  // namespace

TEST_CASE("tones keep their level and pitch between all rates") {
    for (const std::uint32_t from : kRates) {
        for (const std::uint32_t to : kRates) {
            for (const double hertz : {300.0, 1'000.0, 3'000.0}) {
                CAPTURE(from);
                CAPTURE(to);
                CAPTURE(hertz);
                const auto out = resampled(from, to, hertz);
                const auto settled = std::span{out}.last(to / 2);
                CHECK(level(settled, hertz, to) > 8'000 * 0.89);
                CHECK(level(settled, hertz, to) < 8'000 * 1.12);
                CHECK(steepest(out) < 2 * steepest(tone(hertz, to, to)));
            }
        }
    }
}

TEST_CASE("what the lower rate cannot hold is taken away, not folded down") {
    for (const std::uint32_t from : {16'000U, 48'000U}) {
        const auto out = resampled(from, 8'000, 6'000);
        CHECK(rms(std::span{out}.last(4'000)) < 8'000 * 0.03);
    }
}

TEST_CASE("the sound comes at most 4 ms later") {
    for (const std::uint32_t from : kRates) {
        for (const std::uint32_t to : kRates) {
            auto resampler = Resampler::make(from, to).value();
            std::vector<std::int16_t> in(from / 50);
            std::vector<std::int16_t> out(to / 50);
            in[0] = 20'000;
            resampler.resample(in, out);
            std::size_t peak = 0;
            for (std::size_t i = 0; i < out.size(); ++i) {
                if (std::abs(out[i]) > std::abs(out[peak])) peak = i;
            }
            CHECK(peak * 1'000 <= std::size_t{Resampler::kMaxDelayMs} * to);
        }
    }
}

TEST_CASE("another rate is refused") {
    CHECK_FALSE(Resampler::make(44'100, 8'000).has_value());
    CHECK_FALSE(Resampler::make(8'000, 0).has_value());
}

}  // namespace escucha::audio
