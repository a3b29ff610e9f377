#include "recording/sound.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstring>

#include "recording/detail/memory.h"

namespace escucha::recording {
namespace {

using namespace test;

class MemorySound final : public Sound {
public:
    MemorySound(Bytes samples, std::uint16_t channels)
        : samples_{std::move(samples)}, channels_{channels} {}
    [[nodiscard]] std::uint16_t channels() const override { return channels_; }
    [[nodiscard]] std::uint64_t data_bytes() const override { return samples_.size(); }
    [[nodiscard]] bool is_finished() const override { return true; }
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out) override {
        const auto from = std::min<std::size_t>(static_cast<std::size_t>(offset), samples_.size());
        const std::size_t count = std::min(out.size(), samples_.size() - from);
        std::copy_n(samples_.begin() + static_cast<std::ptrdiff_t>(from), count, out.begin());
        return count;
    }

private:
    Bytes samples_;
    std::uint16_t channels_;
};

/// Samples that count, so that each is its own.
Bytes counting(std::size_t samples, std::int16_t first) {
    Bytes bytes(samples * 2);
    for (std::size_t i = 0; i < samples; ++i) {
        const auto value = static_cast<std::int16_t>(first + static_cast<std::int16_t>(i));
        std::memcpy(bytes.data() + 2 * i, &value, 2);
    }
    return bytes;
}

JourneySound journey() {
    std::vector<JourneySound::Segment> segments;
    // Half a second of voicemail after one second, then a call of a quarter at two.
    segments.push_back({2'000, std::make_unique<MemorySound>(counting(4'000, 10'000), 2)});
    segments.push_back({1'000, std::make_unique<MemorySound>(counting(4'000, 1), 1)});
    return JourneySound{std::move(segments)};
}

std::int16_t sample(const Bytes& bytes, std::size_t frame, std::size_t channel) {
    std::int16_t value = 0;
    std::memcpy(&value, bytes.data() + frame * 4 + channel * 2, 2);
    return value;
}

}  // namespace

TEST_CASE("a journey has each segment at its place, silence between, the caller on the left") {
    JourneySound sound = journey();
    CHECK(sound.data_bytes() == (16'000 + 2'000) * 4);
    Bytes all(sound.data_bytes());
    REQUIRE(sound.read(0, all).value() == all.size());
    CHECK(sample(all, 7'999, 0) == 0);
    CHECK(sample(all, 8'000, 0) == 1);
    CHECK(sample(all, 8'000, 1) == 0);
    CHECK(sample(all, 11'999, 0) == 4'000);
    CHECK(sample(all, 12'000, 0) == 0);
    CHECK(sample(all, 16'000, 0) == 10'000);
    CHECK(sample(all, 16'000, 1) == 10'001);
    CHECK(sample(all, 17'999, 1) == 13'999);
}

TEST_CASE("any part of a journey is that part of the whole, odd bytes too") {
    JourneySound sound = journey();
    Bytes all(sound.data_bytes());
    REQUIRE(sound.read(0, all).value() == all.size());
    const bool holds = rc::check([&] {
        const auto from = *rc::gen::inRange<std::size_t>(0, all.size() + 9);
        Bytes part(*rc::gen::inRange<std::size_t>(0, 9'000));
        const auto count = sound.read(from, part).value();
        const std::size_t start = std::min(from, all.size());
        RC_ASSERT(count == std::min(part.size(), all.size() - start));
        RC_ASSERT(std::equal(part.begin(),
                             part.begin() + static_cast<std::ptrdiff_t>(count),
                             all.begin() + static_cast<std::ptrdiff_t>(start)));
    });
    CHECK(holds);
}

TEST_CASE("a journey is cut at its longest, and an empty one is empty") {
    std::vector<JourneySound::Segment> late;
    late.push_back({JourneySound::kMaxMs - 1, std::make_unique<MemorySound>(Bytes(400), 2)});
    late.push_back({JourneySound::kMaxMs, std::make_unique<MemorySound>(Bytes(400), 2)});
    late.push_back({0, nullptr});
    JourneySound sound{std::move(late)};
    CHECK(sound.data_bytes() == JourneySound::kMaxMs * 8 * 4);
    JourneySound none{{}};
    Bytes out(4);
    CHECK(none.data_bytes() == 0);
    CHECK(none.read(0, out).value() == 0);
}

TEST_CASE("a WAV view is a header and the samples, at any offset") {
    const Bytes samples = counting(1'000, 1);
    WavView wav{std::make_unique<MemorySound>(samples, 2)};
    Bytes whole(wav.size());
    REQUIRE(wav.read(0, whole).value() == whole.size());
    CHECK(as_text(ByteView{whole}.first(4)) == "RIFF");
    CHECK(std::equal(samples.begin(), samples.end(), whole.begin() + kWavHeaderBytes));
    for (const std::size_t from :
         {std::size_t{0}, std::size_t{43}, std::size_t{44}, std::size_t{999}}) {
        Bytes part(60);
        CHECK(wav.read(from, part).value() == 60);
        CHECK(std::equal(
            part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(from)));
    }
}

}  // namespace escucha::recording
