#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "audio/decoder.h"
#include "audio/encoder.h"
#include "audio/resampler.h"
#include "audio/tone_keys.h"
#include "media/engine/detail/engine_rig.h"
#include "media/engine/voice.h"

// Keys in the voice itself, of peers that agreed on no telephone-event.
namespace escucha::media {
namespace {

using namespace test;

constexpr EndpointId kCaller{11};
constexpr EndpointId kAgent{12};
constexpr std::size_t kFrame = 160;

void aim_without_events(Rig& rig, EndpointId id, const Phone& phone, Codec codec = Codec::Pcmu) {
    rig.command(SetRemote{.endpoint = id, .ip = "127.0.0.1", .port = phone.port(), .codec = codec});
    rig.settle(id);
}
void connect_without_events(Rig& rig, EndpointId id, Phone& phone, Codec codec = Codec::Pcmu) {
    phone.aim(rig.create(id).port);
    aim_without_events(rig, id, phone, codec);
}

/// What a key sounds like at 8 kHz: 100 ms of it and as much silence.
std::vector<std::int16_t> sound_of(char key) {
    std::vector<std::int16_t> sound(10 * kFrame);
    audio::make_tone(key, 0, std::span{sound}.first(5 * kFrame));
    return sound;
}

void press_in_voice(Phone& phone, std::string_view keys, rtp::Law law = rtp::Law::Mu) {
    for (const char key : keys) {
        const auto sound = sound_of(key);
        for (std::size_t at = 0; at < sound.size(); at += kFrame) {
            phone.say(law, std::span{sound}.subspan(at, kFrame));
        }
    }
}

}  // namespace

TEST_CASE("a key in the voice is told once, and stops the prompt that asked for it") {
    for (const rtp::Law law : {rtp::Law::Mu, rtp::Law::A}) {
        Rig rig;
        Phone phone{1};
        rig.prompt("menu.wav", tone(440, 80'000));
        connect_without_events(
            rig, kCaller, phone, law == rtp::Law::Mu ? Codec::Pcmu : Codec::Pcma);
        rig.command(Play{.endpoint = kCaller,
                         .play = PlayId{1},
                         .prompts = {"menu.wav"},
                         .stop_on_digit = true});
        rig.next(phone);
        press_in_voice(phone, "5", law);
        CHECK(rig.await<PlayEnded>().reason == PlayEnd::Digit);
        const auto digit = rig.await<Digit>();
        CHECK(digit.endpoint == kCaller);
        CHECK(digit.digit == '5');
        CHECK(digit.duration_ms > 60);
        CHECK(digit.duration_ms < 130);
        press_in_voice(phone, "5#", law);
        CHECK(rig.await<Digit>().digit == '5');
        CHECK(rig.await<Digit>().digit == '#');
        CHECK(rig.count<Digit>() == 3);
    }
}

TEST_CASE("a key after which the peer sends nothing more is told all the same") {
    Rig rig;
    Phone phone{1};
    connect_without_events(rig, kCaller, phone);
    const auto sound = sound_of('3');
    for (std::size_t at = 0; at < 5 * kFrame; at += kFrame) {
        phone.say(rtp::Law::Mu, std::span{sound}.subspan(at, kFrame));
    }
    CHECK(rig.await<Digit>().digit == '3');
    rig.settle(kCaller);
    CHECK(rig.count<Digit>() == 1);
}

TEST_CASE("tones are no keys where events were agreed, nor while two talk") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    rig.connect(kCaller, caller);
    press_in_voice(caller, "1");
    CHECK(rig.await_packets(kCaller, 10).packets_refused == 0);
    CHECK(rig.count<Digit>() == 0);

    aim_without_events(rig, kCaller, caller);
    connect_without_events(rig, kAgent, agent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    press_in_voice(caller, "2");
    rig.await_packets(kCaller, 20);
    CHECK(rig.count<Digit>() == 0);
    rig.command(Unbridge{.a = kCaller, .b = kAgent});
    rig.await<Unbridged>();
    press_in_voice(caller, "3");
    CHECK(rig.await<Digit>().digit == '3');
    CHECK(rig.count<Digit>() == 1);
}

TEST_CASE("to a peer without events digits go as tones, with their pauses") {
    Rig rig;
    Phone phone{1};
    connect_without_events(rig, kCaller, phone);
    rig.command(SendDigits{.endpoint = kCaller, .digits = "19*"});
    CHECK(rig.await<DigitsSent>().endpoint == kCaller);
    const Bytes came = rig.listen(phone, 3 * 10 * kFrame);
    std::vector<std::int16_t> heard(came.size());
    rtp::decode(rtp::Law::Mu, came, heard);
    audio::ToneListener ear;
    std::string keys;
    for (std::size_t at = 0; at < heard.size(); at += kFrame) {
        const auto update = ear.listen(std::span{heard}.subspan(at, kFrame));
        if (update.ended) keys += update.ended->key;
    }
    CHECK(keys == "19*");
}

TEST_CASE("in a wide codec keys are heard and sent as well") {
    Rig rig;
    Phone phone{1};
    connect_without_events(rig, kCaller, phone, Codec::G722);
    auto encoder = audio::Encoder::make(audio::Codec::G722).value();
    auto up = audio::Resampler::make(8'000, encoder.sample_rate_hz()).value();
    std::vector<std::int16_t> wide(encoder.frame_samples());
    std::array<std::byte, audio::kMaxFrameBytes> packet{};
    const auto sound = sound_of('7');
    Beat beat;
    // More than its jitter buffer holds back.
    for (std::size_t i = 0; i < 40;) {
        for (std::uint64_t n = beat.wait(); n > 0; --n, ++i) {
            const std::size_t at = std::min<std::size_t>(i, 9) * kFrame;
            up.resample(std::span{sound}.subspan(at, kFrame), wide);
            const std::size_t size = encoder.encode(wide, packet);
            phone.say(9, ByteView{packet}.first(size), encoder.frame_ticks());
        }
    }
    CHECK(rig.await<Digit>().digit == '7');

    while (phone.hear()) {
    }
    rig.command(SendDigits{.endpoint = kCaller, .digits = "4"});
    rig.await<DigitsSent>();
    auto decoder = audio::Decoder::make(audio::Codec::G722).value();
    auto down = audio::Resampler::make(decoder.sample_rate_hz(), 8'000).value();
    std::array<std::int16_t, audio::kMaxPacketSamples> out{};
    std::array<std::int16_t, kFrame> narrow{};
    audio::ToneListener ear;
    std::string keys;
    for (int i = 0; i < 10; ++i) {
        const auto count = decoder.decode(rig.next(phone).payload, out);
        REQUIRE(count == 2 * kFrame);
        down.resample(std::span{out}.first(*count), narrow);
        const auto update = ear.listen(narrow);
        if (update.ended) keys += update.ended->key;
    }
    CHECK(keys == "4");
}

}  // namespace escucha::media
