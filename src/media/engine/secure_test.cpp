#include <doctest/doctest.h>

#include <array>

#include "media/engine/detail/engine_rig.h"

namespace escucha::media {
namespace {

using namespace test;

constexpr EndpointId kCaller{11};
constexpr EndpointId kAgent{12};
const RecordingId kRecording{Uuid{.high = 1, .low = 2}};

SrtpKeys keys(SrtpSuite suite, std::uint8_t seed) {
    SrtpKeys made{.send = {.suite = suite, .master = {}},
                  .receive = {.suite = suite, .master = {}}};
    for (auto& byte : made.send.bytes()) byte = seed++;
    for (auto& byte : made.receive.bytes()) byte = seed++;
    return made;
}

const SrtpKeys kKeys = keys(SrtpSuite::AeadAes128Gcm, 1);

const std::vector<std::int16_t>& beep() {
    static const auto samples = tone(400, kFrameSamples);
    return samples;
}

Bytes as_payload(rtp::Law law) {
    Bytes payload(beep().size());
    rtp::encode(law, beep(), payload);
    return payload;
}

}  // namespace

TEST_CASE("two legs hear each other whatever encryption each has, and keys pass as presses") {
    for (const SrtpSuite suite : kSrtpSuites) {
        CAPTURE(name_of(suite));
        Rig rig;
        Phone caller{1};
        Phone agent{2};
        rig.connect(kCaller, caller);
        rig.connect_secure(kAgent, agent, keys(suite, 3), Codec::Pcma);
        rig.command(Bridge{.a = kCaller, .b = kAgent});
        rig.await<Bridged>();
        // Their numbers wrap within these packets.
        for (int n = 0; n < 20; ++n) {
            caller.say(rtp::Law::Mu, beep());
            CHECK(rig.next(agent).payload.size() == kFrameSamples);
            agent.say(rtp::Law::A, beep());
            CHECK(rig.next(caller).payload.size() == kFrameSamples);
        }
        agent.press('7', kEventPt);
        CHECK(rig.await<Digit>().digit == '7');
        const auto stats = rig.await_packets(kAgent, 27);
        CHECK(stats.packets_received == 27);
        CHECK(stats.packets_unauthentic == 0);
        CHECK(stats.suite == suite);
        CHECK_FALSE(rig.await_packets(kCaller, 20).suite.has_value());
    }
}

TEST_CASE("a prompt is heard encrypted, and what is said in secret is recorded as it was said") {
    Rig rig;
    Phone phone{1};
    rig.prompt("a.wav", tone(440, 800));
    rig.connect_secure(kCaller, phone, kKeys);
    rig.command(Play{.endpoint = kCaller, .play = PlayId{1}, .prompts = {"a.wav"}});
    Bytes expected(800);
    rtp::encode(rtp::Law::Mu, tone(440, 800), expected);
    CHECK(rig.listen(phone, 800) == expected);

    rig.command(Record{.recording = kRecording,
                       .path = "a.rec",
                       .kind = RecordingKind::Voicemail,
                       .left = kCaller});
    rig.await<RecordStarted>();
    Beat beat;
    for (int n = 0; n < 25; ++n) {
        for (auto beats = beat.wait(); beats > 0; --beats) phone.say(rtp::Law::Mu, beep());
    }
    rig.command(StopRecord{.recording = kRecording});
    const auto ended = rig.await<RecordEnded>();
    CHECK(ended.complete);
    const auto samples = read_channel(rig.recording("a.rec"), 0, 1);
    REQUIRE(samples.size() > 2'000);
    CHECK(level(std::span{samples}.subspan(500, 1'400), 400) > 5'000);
}

TEST_CASE(
    "what is forged, repeated, damaged or in clear is dropped and counted, and moves nothing") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    rig.connect(kCaller, caller);
    rig.connect_secure(kAgent, agent, kKeys);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    // A stranger who does not know the key would have had the endpoint by its fifth packet.
    Phone stranger{3};
    stranger.aim(rig.create(EndpointId{99}).port);
    rig.command(List{});
    for (const auto& listed : rig.await<Listing>().endpoints) {
        if (listed.endpoint == kAgent) stranger.aim(listed.port);
    }
    for (int n = 0; n < 6; ++n) stranger.say(rtp::Law::Mu, beep());
    CHECK(rig.await_packets(kAgent, 6).packets_unauthentic == 6);
    CHECK(rig.count<SourceLocked>() == 0);

    agent.say(rtp::Law::Mu, beep());
    rig.next(caller);
    CHECK(rig.await<SourceLocked>().port == agent.port());
    agent.repeat();
    agent.damage();
    agent.unguard();
    agent.say(rtp::Law::Mu, beep());
    const auto stats = rig.await_packets(kAgent, 10);
    CHECK(stats.packets_received == 1);
    CHECK(stats.packets_unauthentic == 9);
    CHECK(stats.packets_refused == 9);
    // Nothing of it was passed on: the next that is heard is the next that was meant.
    agent.guard(kKeys);
    agent.say(rtp::Law::Mu, beep());
    CHECK(rig.next(caller).payload == as_payload(rtp::Law::Mu));
    CHECK_FALSE(caller.hear().has_value());
}

TEST_CASE("keys that are repeated go on, others begin anew, and none is clear again") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    rig.connect(kCaller, caller);
    rig.connect_secure(kAgent, agent, kKeys);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    const auto both_are_heard = [&] {
        agent.say(rtp::Law::Mu, beep());
        rig.next(caller);
        caller.say(rtp::Law::Mu, beep());
        rig.next(agent);
    };
    for (int n = 0; n < 10; ++n) both_are_heard();  // Past the wrap of the phone's numbers.
    rig.aim_secure(kAgent, agent, kKeys);
    agent.repeat();  // The window has survived as well.
    both_are_heard();
    CHECK(rig.await_packets(kAgent, 12).packets_unauthentic == 1);

    SrtpKeys renewed = kKeys;
    renewed.receive.master[0] ^= 1U;
    agent.guard(renewed);
    rig.aim_secure(kAgent, agent, renewed);
    // The phone reads on with the key that stayed: a new ear finds our numbers where they are.
    both_are_heard();

    agent.unguard();
    rig.aim(kAgent, agent);
    both_are_heard();
    CHECK_FALSE(rig.await_packets(kAgent, 1).suite.has_value());
}

TEST_CASE("a leg in another codec is transcoded from and to SRTP") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    rig.connect(kCaller, caller);
    rig.connect_secure(kAgent, agent, kKeys, Codec::G722);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    Beat beat;
    Bytes heard;
    std::size_t wide = 0;
    const Bytes frame(160, std::byte{0x55});
    for (int n = 0; n < 30; ++n) {
        for (auto beats = beat.wait(); beats > 0; --beats) {
            caller.say(rtp::Law::Mu, beep());
            agent.say(9, frame, 160);
        }
        while (const auto packet = agent.hear()) {
            CHECK(packet->header.payload_type == 9);
            ++wide;
        }
        while (const auto packet = caller.hear()) {
            heard.insert(heard.end(), packet->payload.begin(), packet->payload.end());
        }
    }
    CHECK(wide > 10);
    CHECK(heard.size() > 10 * kFrameSamples);
    CHECK(rig.await_packets(kAgent, 30).packets_unauthentic == 0);
}

}  // namespace escucha::media
