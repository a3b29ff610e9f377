#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "audio/decoder.h"
#include "audio/encoder.h"
#include "base/errc.h"
#include "media/engine/detail/talker.h"

namespace escucha::media {
namespace {

using namespace test;

constexpr EndpointId kCaller{11};
constexpr EndpointId kAgent{12};
const RecordingId kRecording{Uuid{.high = 1, .low = 2}};

void check_both_ways(Codec a_codec, Codec b_codec, double a_hertz, double b_hertz) {
    CAPTURE(static_cast<int>(a_codec));
    CAPTURE(static_cast<int>(b_codec));
    Rig rig;
    Talker a{1, a_codec, a_hertz};
    Talker b{2, b_codec, b_hertz};
    a.connect(rig, kCaller);
    b.connect(rig, kAgent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    talk({&a, &b}, 75);
    CHECK(a.level_of(b_hertz) > 4'500);
    CHECK(b.level_of(a_hertz) > 4'500);
    CHECK(a.level_of(a_hertz) < 500);
    CHECK(b.level_of(b_hertz) < 500);
    rig.command(Stats{.endpoint = kCaller});
    const auto stats = rig.await<StatsReport>();
    CHECK(stats.packets_refused == 0);
    CHECK(stats.mos_x100.value_or(0) > 300);
}

}  // namespace

TEST_CASE("legs of different codecs hear each other") {
    check_both_ways(Codec::Opus, Codec::Pcmu, 500, 900);
    check_both_ways(Codec::G722, Codec::Pcma, 500, 900);
}

TEST_CASE("between G.722 and Opus the voice stays wide") {
    check_both_ways(Codec::Opus, Codec::G722, 5'000, 5'500);
}

TEST_CASE("a codec that changes in the middle of a bridge is followed, on both sides") {
    Rig rig;
    Talker a{1, Codec::Pcmu, 500};
    Talker b{2, Codec::Pcmu, 900};
    a.connect(rig, kCaller);
    b.connect(rig, kAgent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    talk({&a, &b}, 10);
    Talker wide{3, Codec::G722, 700};
    wide.phone.aim(rig.await<SourceLocked>().port);
    rig.command(List{});
    for (const auto& listed : rig.await<Listing>().endpoints) {
        if (listed.endpoint == kAgent) wide.phone.aim(listed.port);
    }
    rig.command(SetRemote{
        .endpoint = kAgent, .ip = "127.0.0.1", .port = wide.phone.port(), .codec = Codec::G722});
    rig.settle(kAgent);
    a.heard.clear();
    a.last.reset();
    talk({&a, &wide}, 75);
    CHECK(a.level_of(700) > 4'500);
    CHECK(wide.level_of(500) > 4'500);
}

TEST_CASE("legs that both speak Opus pass their packets on as they are, under their own types") {
    Rig rig;
    Talker a{1, Codec::Opus, 500, 96};
    Talker b{2, Codec::Opus, 900, 120};
    a.connect(rig, kCaller);
    b.connect(rig, kAgent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    const Bytes sent{std::byte{0x48}, std::byte{1}, std::byte{2}, std::byte{3}};
    a.phone.say(96, sent, 960);
    const Heard first = rig.next(b.phone);
    CHECK(first.payload == sent);
    CHECK(first.header.payload_type == 120);
    a.phone.say(96, sent, 960);
    const Heard second = rig.next(b.phone);
    CHECK(second.header.timestamp.since(first.header.timestamp) == 960);
    // No packet of Opus, and G.711 that was not agreed.
    a.phone.say(96, Bytes{std::byte{0x4B}, std::byte{0}}, 960);
    a.phone.say(0, Bytes(160), 160);
    CHECK(rig.await_packets(kCaller, 6).packets_refused == 2);
}

TEST_CASE("a prompt is heard in the leg's codec") {
    for (const Codec codec : {Codec::G722, Codec::Opus}) {
        Rig rig;
        rig.prompt("a.wav", tone(440, 8'000));
        Talker phone{1, codec, 0};
        phone.connect(rig, kCaller);
        rig.command(Play{.endpoint = kCaller, .play = PlayId{7}, .prompts = {"a.wav"}});
        const auto ended = rig.await<PlayEnded>();
        CHECK(ended.reason == PlayEnd::Finished);
        CHECK(ended.played_ms == 1'000);
        phone.hear();
        CHECK(phone.heard.size() == phone.rate());
        CHECK(phone.level_of(440) > 7'000);
        CHECK(phone.level_of(440) < 9'000);
    }
}

TEST_CASE("a recording holds what legs of any codec say, bridged like or unlike") {
    for (const Codec agent_codec : {Codec::Opus, Codec::Pcma}) {
        Rig rig;
        Talker caller{1, Codec::Opus, 500};
        Talker agent{2, agent_codec, 900};
        caller.connect(rig, kCaller);
        agent.connect(rig, kAgent);
        rig.command(Bridge{.a = kCaller, .b = kAgent});
        rig.await<Bridged>();
        rig.command(
            Record{.recording = kRecording, .path = "a.rec", .left = kCaller, .right = kAgent});
        rig.await<RecordStarted>();
        talk({&caller, &agent}, 75);
        rig.command(StopRecord{.recording = kRecording});
        const auto ended = rig.await<RecordEnded>();
        CHECK(ended.complete);
        const auto left = read_channel(rig.recording("a.rec"), 0, 2);
        const auto right = read_channel(rig.recording("a.rec"), 1, 2);
        REQUIRE(left.size() > 8'000);
        const auto middle = [](const std::vector<std::int16_t>& channel) {
            return std::span{channel}.subspan(4'000, 4'000);
        };
        CHECK(level(middle(left), 500) > 5'000);
        CHECK(level(middle(right), 900) > 5'000);
        CHECK(level(middle(left), 900) < 500);
    }
}

TEST_CASE(
    "keys of a leg whose clock is 48 kHz are told, and passed on in the other's ticks, once") {
    Rig rig;
    Talker caller{1, Codec::Opus, 500};
    Talker agent{2, Codec::Pcmu, 900};
    caller.connect(rig, kCaller, 48'000);
    agent.connect(rig, kAgent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    caller.speak();
    caller.phone.press('7', kEventPt, 5, 960);
    const auto digit = rig.await<Digit>();
    CHECK(digit.digit == '7');
    CHECK(digit.duration_ms == 100);
    std::optional<rtp::Timestamp> press;
    int packets = 0;
    while (packets < 7) {
        const Heard heard = rig.next(agent.phone);
        if (heard.header.payload_type != kEventPt) continue;
        ++packets;
        if (press) CHECK(heard.header.timestamp == *press);
        press = heard.header.timestamp;
        const auto event = rtp::EventPayload::parse(heard.payload);
        REQUIRE(event.has_value());
        CHECK(event->duration == 160 * std::min(packets, 5));
    }
    // The other way, and made here.
    rig.command(SendDigits{.endpoint = kCaller, .digits = "5"});
    rig.await<DigitsSent>();
    int longest = 0;
    while (const auto heard = caller.phone.hear()) {
        if (heard->header.payload_type != kEventPt) continue;
        longest = std::max<int>(longest, rtp::EventPayload::parse(heard->payload)->duration);
    }
    CHECK(longest == 4'800);
}

TEST_CASE("a remote of Opus without a payload type of its own, or another with one, is refused") {
    Rig rig;
    rig.create(kCaller);
    const auto refused = [&](const SetRemote& remote) {
        const std::size_t before = rig.count<Failed>();
        rig.command(remote);
        return rig.count<Failed>() > before;
    };
    SetRemote remote{.endpoint = kCaller,
                     .ip = "127.0.0.1",
                     .port = 4'000,
                     .codec = Codec::Opus,
                     .opus_pt = 96,
                     .telephone_event_pt = std::uint8_t{101}};
    CHECK_FALSE(refused(remote));
    remote.opus_pt = 127;
    CHECK_FALSE(refused(remote));
    for (const std::uint8_t bad : std::initializer_list<std::uint8_t>{0, 95, 101, 128}) {
        remote.opus_pt = bad;
        CHECK(refused(remote));
    }
    remote.opus_pt = 96;
    remote.telephone_event_hz = 48'000;
    CHECK_FALSE(refused(remote));
    remote.telephone_event_hz = 16'000;
    CHECK(refused(remote));
    remote.codec = Codec::G722;
    remote.opus_pt = 0;
    remote.telephone_event_hz = 48'000;
    CHECK(refused(remote));
    remote.telephone_event_hz = 8'000;
    CHECK_FALSE(refused(remote));
    remote.opus_pt = 96;
    CHECK(refused(remote));
}

TEST_CASE("Opus settings out of range stop the start") {
    EngineConfig config;
    config.opus.bitrate_bps = audio::OpusSettings::kMaxBitrate + 1;
    CHECK(Engine::start(config).error().code == Errc::InvalidArgument);
    config.opus = {};
    config.opus.sample_rate_hz = 48'000;
    CHECK(Engine::start(config).error().code == Errc::InvalidArgument);
}

}  // namespace escucha::media
