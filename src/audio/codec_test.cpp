#include "audio/codec.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include "audio/decoder.h"
#include "audio/detail/test_tone.h"
#include "audio/encoder.h"

namespace escucha::audio {
namespace {

using namespace test;

constexpr std::array kCodecs{Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus};

/// What comes out when a second of `sound` goes through encoder and decoder.
std::vector<std::int16_t> round_trip(Encoder& encoder,
                                     Decoder& decoder,
                                     std::span<const std::int16_t> sound) {
    std::vector<std::int16_t> result;
    std::array<std::byte, kMaxFrameBytes> packet{};
    std::array<std::int16_t, kMaxPacketSamples> heard{};
    for (; sound.size() >= encoder.frame_samples();
         sound = sound.subspan(encoder.frame_samples())) {
        const std::size_t size = encoder.encode(sound.first(encoder.frame_samples()), packet);
        const auto payload = ByteView{packet}.first(size);
        CHECK(packet_ticks(encoder.codec(), payload) == encoder.frame_ticks());
        const auto count = decoder.decode(payload, heard);
        REQUIRE(count == encoder.frame_samples());
        result.insert(result.end(), heard.begin(), heard.begin() + static_cast<long>(*count));
    }
    return result;
}

/// Signal to noise in dB at the delay of the codec that fits best.
double best_snr(std::span<const std::int16_t> sent, std::span<const std::int16_t> heard) {
    double best = -100;
    const std::size_t length = sent.size() / 2;
    for (std::size_t delay = 0; delay < sent.size() / 10; ++delay) {
        double signal = 0;
        double noise = 1;
        for (std::size_t i = 0; i < length; ++i) {
            const double s = sent[sent.size() / 4 + i];
            const double e = heard[sent.size() / 4 + i + delay] - s;
            signal += s * s;
            noise += e * e;
        }
        best = std::max(best, 10 * std::log10(signal / noise));
    }
    return best;
}

}  // namespace

TEST_CASE("a voice's tones come through every codec at their level and clean") {
    for (const Codec codec : kCodecs) {
        CAPTURE(name(codec));
        for (const double hertz : {300.0, 1'000.0, 3'000.0}) {
            CAPTURE(hertz);
            auto encoder = Encoder::make(codec).value();
            auto decoder = Decoder::make(codec).value();
            REQUIRE(encoder.sample_rate_hz() == decoder.sample_rate_hz());
            const std::uint32_t rate = encoder.sample_rate_hz();
            const auto sent = tone(hertz, rate, rate);
            const auto heard = round_trip(encoder, decoder, sent);
            const double got = level(std::span{heard}.last(rate / 2), hertz, rate);
            CHECK(got > 8'000 * 0.89);  // 1 dB
            CHECK(got < 8'000 * 1.12);
            // Opus does not keep the waveform, so it has no ratio to speak of.
            if (codec != Codec::Opus) CHECK(best_snr(sent, heard) > 25);
        }
    }
}

TEST_CASE("G.722 and Opus carry what G.711 cannot: a tone of 6 kHz") {
    for (const Codec codec : {Codec::G722, Codec::Opus}) {
        CAPTURE(name(codec));
        auto encoder = Encoder::make(codec).value();
        auto decoder = Decoder::make(codec).value();
        const auto heard = round_trip(encoder, decoder, tone(6'000, 16'000, 16'000));
        CHECK(level(std::span{heard}.last(8'000), 6'000, 16'000) > 4'000);
    }
}

TEST_CASE("Opus is coded and heard at each rate it is configured for") {
    for (const std::uint32_t rate : {8'000U, 16'000U, 48'000U}) {
        CAPTURE(rate);
        const OpusSettings settings{.sample_rate_hz = rate};
        auto encoder = Encoder::make(Codec::Opus, settings).value();
        auto decoder = Decoder::make(Codec::Opus, settings).value();
        CHECK(encoder.frame_samples() == rate / 50);
        CHECK(encoder.frame_ticks() == 960);
        const auto heard = round_trip(encoder, decoder, tone(1'000, rate, rate));
        const double got = level(std::span{heard}.last(rate / 2), 1'000, rate);
        CHECK(got > 7'000);
        CHECK(got < 9'000);
    }
}

TEST_CASE("Opus settings at their limits are taken, beyond them refused") {
    using S = OpusSettings;
    const auto takes = [](const S& settings) {
        return Encoder::make(Codec::Opus, settings).has_value() &&
               Decoder::make(Codec::Opus, settings).has_value();
    };
    CHECK(takes({.bitrate_bps = S::kMinBitrate, .complexity = 0, .expected_loss_percent = 0}));
    CHECK(takes({.bitrate_bps = S::kMaxBitrate, .complexity = 10, .expected_loss_percent = 100}));
    CHECK_FALSE(takes({.sample_rate_hz = 44'100}));
    CHECK_FALSE(takes({.bitrate_bps = S::kMinBitrate - 1}));
    CHECK_FALSE(takes({.bitrate_bps = S::kMaxBitrate + 1}));
    CHECK_FALSE(takes({.complexity = -1}));
    CHECK_FALSE(takes({.complexity = 11}));
    CHECK_FALSE(takes({.expected_loss_percent = 101}));
}

TEST_CASE("with DTX Opus sends nothing while nothing is said, and goes on afterwards") {
    auto encoder = Encoder::make(Codec::Opus, {.dtx = OpusSettings::Dtx::On}).value();
    const std::vector<std::int16_t> silence(320);
    const auto voice = tone(500, 16'000, 320);
    std::array<std::byte, kMaxFrameBytes> packet{};
    int sent = 0;
    for (int i = 0; i < 100; ++i) sent += encoder.encode(silence, packet) > 0 ? 1 : 0;
    CHECK(sent < 50);
    CHECK(encoder.encode(voice, packet) > 0);
}

TEST_CASE("a payload of a wrong size is refused") {
    std::array<std::int16_t, kMaxPacketSamples> out{};
    for (const Codec codec : {Codec::Pcmu, Codec::Pcma, Codec::G722}) {
        CAPTURE(name(codec));
        auto decoder = Decoder::make(codec).value();
        const auto ticks_of = [&](std::size_t size) {
            return packet_ticks(codec, std::vector<std::byte>(size));
        };
        CHECK(ticks_of(8) == 8);
        CHECK(ticks_of(160) == 160);
        CHECK(ticks_of(960) == 960);
        for (const std::size_t size : {0, 1, 7, 159, 161, 961, 968}) {
            CAPTURE(size);
            CHECK_FALSE(ticks_of(size).has_value());
            CHECK_FALSE(decoder.decode(std::vector<std::byte>(size), out).has_value());
        }
    }
    auto opus = Decoder::make(Codec::Opus).value();
    CHECK_FALSE(opus.decode({}, out).has_value());
    // Code 3 with a count of zero frames, and with 63 of 20 ms (RFC 6716 §3.2.5).
    CHECK_FALSE(opus.decode(std::vector<std::byte>{std::byte{0x4B}, std::byte{0}}, out));
    CHECK_FALSE(opus.decode(std::vector<std::byte>{std::byte{0x4B}, std::byte{63}}, out));
    // Two frames of unequal size that do not fit.
    CHECK_FALSE(opus.decode(std::vector<std::byte>{std::byte{0x4A}, std::byte{200}}, out));
}

TEST_CASE("a lost packet of Opus is restored from the one after it") {
    const OpusSettings settings{.bitrate_bps = 32'000, .expected_loss_percent = 30};
    auto encoder = Encoder::make(Codec::Opus, settings).value();
    auto with_fec = Decoder::make(Codec::Opus, settings).value();
    auto without = Decoder::make(Codec::Opus, settings).value();
    // A rising tone: what was there cannot be guessed from before.
    std::vector<std::int16_t> sweep(16'000);
    double phase = 0;
    for (std::size_t i = 0; i < sweep.size(); ++i) {
        phase += 2 * std::numbers::pi * (300 + 0.1 * static_cast<double>(i)) / 16'000;
        sweep[i] = static_cast<std::int16_t>(8'000 * std::sin(phase));
    }
    std::vector<std::vector<std::byte>> packets;
    std::array<std::byte, kMaxFrameBytes> packet{};
    for (std::size_t at = 0; at + 320 <= sweep.size(); at += 320) {
        const std::size_t size = encoder.encode(std::span{sweep}.subspan(at, 320), packet);
        packets.emplace_back(packet.begin(), packet.begin() + static_cast<long>(size));
    }
    std::array<std::int16_t, kMaxPacketSamples> sound{};
    std::array<std::int16_t, 320> restored{};
    std::array<std::int16_t, 320> guessed{};
    for (std::size_t i = 0; i < 30; ++i) {
        with_fec.decode(packets[i], sound);
        without.decode(packets[i], sound);
    }
    with_fec.recover(packets[31], restored);
    without.conceal(guessed);
    // Where the sweep is in the lost frame, less the codec's delay.
    const double there = 300 + 0.1 * (30 * 320 + 60) * 1;
    CHECK(level(restored, there, 16'000) > level(guessed, there, 16'000));
    CHECK(rms(restored) > 3'000);
}

TEST_CASE("a burst of losses in any codec ends in silence, not in a hum") {
    for (const Codec codec : kCodecs) {
        CAPTURE(name(codec));
        auto encoder = Encoder::make(codec).value();
        auto decoder = Decoder::make(codec).value();
        const std::uint32_t rate = encoder.sample_rate_hz();
        round_trip(encoder, decoder, tone(440, rate, rate));
        std::vector<std::int16_t> frame(encoder.frame_samples());
        decoder.conceal(frame);
        CHECK(rms(frame) > 2'000);
        for (int i = 0; i < 50; ++i) decoder.conceal(frame);
        CHECK(rms(frame) < 100);  // -50 dB: Opus leaves some comfort noise.
    }
}

}  // namespace escucha::audio
