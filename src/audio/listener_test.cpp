#include "audio/listener.h"

#include <doctest/doctest.h>

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <vector>

#include "audio/detail/test_tone.h"
#include "audio/encoder.h"
#include "rtp/g711.h"

namespace escucha::audio {
namespace {

using namespace test;
using std::chrono::milliseconds;
using Put = rtp::JitterBuffer::Put;

constexpr std::array kCodecs{Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus};

Instant at_ms(std::int64_t ms) { return Instant{std::chrono::hours{1} + milliseconds{ms}}; }

struct Network {
    int loss_percent = 0;
    int jitter_ms = 0;
};

struct Made {
    std::vector<std::byte> payload;
    rtp::Header header;
    int arrives_ms = 0;
};

/// A sender's stream of `sound` through a network, the same for the same seed.
std::vector<Made> stream(Codec codec, std::span<const std::int16_t> sound, Network network) {
    auto encoder = Encoder::make(codec).value();
    std::array<std::byte, kMaxFrameBytes> out{};
    std::vector<Made> made;
    std::uint32_t state = 7;
    const auto roll = [&](int below) {
        state = state * 1'664'525U + 1'013'904'223U;
        return static_cast<int>((state >> 8U) % static_cast<unsigned>(below));
    };
    const std::size_t size = encoder.frame_samples();
    for (std::size_t n = 0; (n + 1) * size <= sound.size(); ++n) {
        const std::size_t bytes = encoder.encode(sound.subspan(n * size, size), out);
        const auto number = static_cast<std::uint16_t>(65'530 + n);
        const rtp::Header header{
            .payload_type = 96,
            .sequence = {number},
            .timestamp = {0xFFFF'F000U + static_cast<std::uint32_t>(n) * encoder.frame_ticks()},
            .ssrc = 5};
        const int arrives = static_cast<int>(n) * 20 + roll(network.jitter_ms + 1);
        if (roll(100) < network.loss_percent) continue;
        made.push_back({{out.begin(), out.begin() + static_cast<long>(bytes)}, header, arrives});
    }
    std::stable_sort(made.begin(), made.end(), [](const Made& a, const Made& b) {
        return a.arrives_ms < b.arrives_ms;
    });
    return made;
}

/// What the listener hears of it for `beats` beats.
std::vector<std::int16_t> hear(Listener& listener, const std::vector<Made>& packets, int beats) {
    std::vector<std::int16_t> heard;
    std::size_t at = 0;
    for (int beat = 0; beat < beats; ++beat) {
        for (; at < packets.size() && packets[at].arrives_ms <= beat * 20; ++at) {
            CHECK(listener.on_audio({packets[at].header, packets[at].payload},
                                    at_ms(packets[at].arrives_ms)) != Put::Refused);
        }
        const auto frame = listener.listen(at_ms(beat * 20));
        heard.insert(heard.end(), frame.begin(), frame.end());
    }
    return heard;
}

}  // namespace

TEST_CASE("on a good network nothing is made up, and the tone is heard at its level") {
    for (const Codec codec : kCodecs) {
        CAPTURE(name(codec));
        auto listener = Listener::make(codec).value();
        const std::uint32_t rate = listener->sample_rate_hz();
        const auto sound = tone(600, rate, std::size_t{rate} * 4);
        const auto heard = hear(*listener, stream(codec, sound, {}), 200);
        CHECK(listener->made_up() == 0);
        const double got = level(std::span{heard}.subspan(rate, 2 * rate), 600, rate);
        CHECK(got > 7'000);
        CHECK(got < 9'000);
    }
}

TEST_CASE("with 10 % lost and 60 ms of jitter a voice is still there, and no click") {
    for (const Codec codec : kCodecs) {
        CAPTURE(name(codec));
        auto listener = Listener::make(codec).value();
        const std::uint32_t rate = listener->sample_rate_hz();
        const auto sound = tone(200, rate, std::size_t{rate} * 6);
        const auto packets = stream(codec, sound, {.loss_percent = 10, .jitter_ms = 60});
        const auto heard = hear(*listener, packets, 300);
        const auto settled = std::span{heard}.subspan(rate, 4 * rate);
        CHECK(rms(settled) > 0.75 * rms(sound));
        CHECK(rms(settled) < 1.1 * rms(sound));
        // In pieces, since what is made up may shift the phase.
        double sum = 0;
        std::size_t pieces = 0;
        for (std::size_t i = 0; i + rate / 25 <= settled.size(); i += rate / 25, ++pieces) {
            sum += level(settled.subspan(i, rate / 25), 200, rate);
        }
        CHECK(sum / static_cast<double>(pieces) > 8'000 * 0.7);
        const auto& counters = listener->jitter().counters();
        CHECK(counters.lost < 300 * 15 / 100);
        CHECK(listener->jitter().delay() <= milliseconds{120});
        // A click is a step of a large part of the amplitude; the tone's own steps are small.
        CHECK(steepest(settled) < steepest(sound) + 3'000);
    }
}

TEST_CASE("packets of 10, 30 and 60 ms are heard on the same beat") {
    for (const std::size_t ms : {10U, 30U, 60U}) {
        CAPTURE(ms);
        auto listener = Listener::make(Codec::Pcma).value();
        const auto sound = tone(500, 8'000, 8'000 * 3);
        std::vector<Made> packets;
        for (std::size_t n = 0; (n + 1) * ms * 8 <= sound.size(); ++n) {
            std::vector<std::byte> payload(ms * 8);
            rtp::encode(rtp::Law::A, std::span{sound}.subspan(n * ms * 8, ms * 8), payload);
            packets.push_back({payload,
                               {.payload_type = 8,
                                .sequence = {static_cast<std::uint16_t>(n)},
                                .timestamp = {static_cast<std::uint32_t>(n * ms * 8)},
                                .ssrc = 5},
                               static_cast<int>((n + 1) * ms)});
        }
        const auto heard = hear(*listener, packets, 140);
        CHECK(listener->made_up() == 0);
        CHECK(level(std::span{heard}.subspan(8'000, 8'000), 500, 8'000) > 7'800);
    }
}

TEST_CASE("a peer that tells its silence is heard as quiet noise until it speaks") {
    auto listener = Listener::make(Codec::Pcmu).value();
    const auto packet = [](std::uint16_t n, std::uint8_t type, const std::vector<std::byte>& p) {
        return rtp::Packet{
            {.payload_type = type, .sequence = {n}, .timestamp = {n * 160U}, .ssrc = 5}, p};
    };
    const std::vector<std::byte> voice(160, std::byte{0x20});
    const std::vector<std::byte> noise{std::byte{50}};
    listener->on_audio(packet(0, 0, voice), at_ms(0));
    listener->on_comfort_noise(packet(1, ComfortNoise::kPayloadType, noise), at_ms(20));
    CHECK(rms(listener->listen(at_ms(40))) > 1'000);
    for (int beat = 3; beat < 30; ++beat) {
        const double loudness = rms(listener->listen(at_ms(beat * 20)));
        CHECK(loudness > 50);
        CHECK(loudness < 200);
    }
    CHECK(listener->made_up() == 0);
    CHECK(listener->on_comfort_noise(packet(2, 13, {}), at_ms(60)) == Put::Refused);
}

TEST_CASE("a payload that is no packet of the codec is refused, and a broken one is made up for") {
    auto listener = Listener::make(Codec::Opus).value();
    const auto put = [&](std::uint16_t n, const std::vector<std::byte>& payload) {
        return listener->on_audio({{.sequence = {n}, .timestamp = {n * 960U}, .ssrc = 5}, payload},
                                  at_ms(n * 20));
    };
    CHECK(put(0, {}) == Put::Refused);
    // Says 20 ms in two frames whose sizes do not fit: only the decoder can tell.
    CHECK(put(0, {std::byte{0x42}, std::byte{100}, std::byte{1}}) == Put::Kept);
    CHECK(listener->listen(at_ms(40)).size() == 320);
    CHECK(listener->made_up() == 1);
}

TEST_CASE("nothing is heard before the first packet, and after the last the voice ends") {
    auto listener = Listener::make(Codec::G722).value();
    CHECK(listener->listen(at_ms(0)).empty());
    const std::vector<std::byte> payload(160, std::byte{0x55});
    listener->on_audio({{.payload_type = 9, .sequence = {1}, .ssrc = 5}, payload}, at_ms(0));
    int frames = 0;
    for (int beat = 0; beat < 200; ++beat) {
        frames += listener->listen(at_ms(beat * 20)).empty() ? 0 : 1;
    }
    CHECK(frames > 1);
    CHECK(frames < 51);
}

TEST_CASE("any packets at any time give whole frames or none") {
    rc::check("frames", [] {
        const auto codec = *rc::gen::element(Codec::Pcmu, Codec::G722, Codec::Opus);
        auto listener = Listener::make(codec).value();
        std::int64_t ms = 0;
        const int steps = *rc::gen::inRange(0, 100);
        for (int i = 0; i < steps; ++i) {
            ms += *rc::gen::inRange(0, 40);
            const auto size = *rc::gen::inRange<std::size_t>(0, 130);
            const std::vector<std::byte> payload(size * 8, static_cast<std::byte>(size));
            const rtp::Packet packet{{.payload_type = 96,
                                      .sequence = {*rc::gen::inRange<std::uint16_t>(0, 300)},
                                      .timestamp = {*rc::gen::inRange<std::uint32_t>(0, 48'000)},
                                      .ssrc = 5},
                                     payload};
            listener->on_audio(packet, at_ms(ms));
            const std::size_t heard = listener->listen(at_ms(ms)).size();
            const bool is_whole = heard == 0 || heard == listener->sample_rate_hz() / 50;
            RC_ASSERT(is_whole);
        }
    });
}

}  // namespace escucha::audio
