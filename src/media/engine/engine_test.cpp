#include "media/engine/engine.h"

#include <doctest/doctest.h>

#include "base/errc.h"
#include "media/engine/detail/engine_rig.h"

namespace escucha::media {
namespace {

using namespace test;

const RecordingId kRecording{Uuid{.high = 1, .low = 2}};

std::vector<std::int16_t> decoded(rtp::Law law, const Bytes& payload) {
    std::vector<std::int16_t> samples(payload.size());
    rtp::decode(law, payload, samples);
    return samples;
}

constexpr EndpointId kCaller{11};
constexpr EndpointId kAgent{12};

}  // namespace

TEST_CASE("prompts are heard bit for bit, joined without a gap, in one even stream") {
    for (const Codec codec : {Codec::Pcmu, Codec::Pcma}) {
        Rig rig;
        Phone phone{1};
        const auto first = tone(440, 1'000);
        const auto second = tone(880, 900);
        rig.prompt("a.wav", first);
        rig.prompt("b.wav", second);
        rig.connect(kCaller, phone, codec);
        rig.command(Play{.endpoint = kCaller, .play = PlayId{7}, .prompts = {"a.wav", "b.wav"}});

        const rtp::Law law = codec == Codec::Pcmu ? rtp::Law::Mu : rtp::Law::A;
        Bytes expected(1'920, rtp::silence(law));
        rtp::encode(law, first, std::span{expected}.first(1'000));
        rtp::encode(law, second, std::span{expected}.subspan(1'000, 900));
        Bytes heard;
        std::optional<rtp::Header> last;
        while (heard.size() < expected.size()) {
            const Heard packet = rig.next(phone);
            CHECK(packet.payload.size() == 160);
            CHECK(packet.header.payload_type == static_cast<std::uint8_t>(codec));
            CHECK(packet.header.marker == !last.has_value());
            if (last) {
                CHECK(packet.header.sequence.since(last->sequence) == 1);
                CHECK(packet.header.timestamp.since(last->timestamp) == 160);
            }
            last = packet.header;
            heard.insert(heard.end(), packet.payload.begin(), packet.payload.end());
        }
        CHECK(heard == expected);
        const auto ended = rig.await<PlayEnded>();
        CHECK(ended.play == PlayId{7});
        CHECK(ended.reason == PlayEnd::Finished);
        CHECK(ended.played_ms == 237);
    }
}

TEST_CASE("peers are told the advertised address, whatever is bound") {
    EngineConfig config;
    config.bind_ip = "0.0.0.0";
    config.advertised_ip = "192.0.2.7";
    Rig rig{config, 30'000, 31'999};
    rig.command(Create{.endpoint = kCaller, .group = CallGroup{1}});
    rig.command(Create{.endpoint = EndpointId{2}, .group = CallGroup{1}, .bind_ip = "127.0.0.1"});
    rig.command(List{});
    CHECK(std::get<Created>(rig.told.at(0)).ip == "192.0.2.7");
    CHECK(std::get<Created>(rig.told.at(1)).ip == "127.0.0.1");
    for (const auto& listed : rig.await<Listing>().endpoints) {
        CHECK(listed.ip == (listed.endpoint == kCaller ? "192.0.2.7" : "127.0.0.1"));
    }
    config.advertised_ip = "host.example";
    CHECK(Engine::start(config).error().code == Errc::InvalidArgument);
}

TEST_CASE("a missing, refused or unreadable prompt is told by name, and nothing is heard") {
    Rig rig;
    Phone phone{1};
    rig.connect(kCaller, phone);
    rig.prompt("good.wav", tone(440, 1'600));
    std::ofstream{rig.folder.path("prompts/bad.wav")} << "not a wav";
    std::filesystem::create_symlink("/etc/passwd", rig.folder.path("prompts/link.wav"));
    const std::vector<std::pair<std::string, FailureCode>> cases{
        {"none.wav", FailureCode::PromptMissing},
        {"bad.wav", FailureCode::PromptInvalid},
        {"../good.wav", FailureCode::PathRefused},
        {"/etc/passwd", FailureCode::PathRefused},
        {"link.wav", FailureCode::PathRefused},
        {"tone:nothing", FailureCode::PromptMissing},
        {"silence:60001", FailureCode::PromptMissing},
    };
    for (const auto& [name, code] : cases) {
        rig.command(Play{.endpoint = kCaller, .play = PlayId{1}, .prompts = {"good.wav", name}});
        const auto ended = rig.await<PlayEnded>();
        CHECK(ended.reason == PlayEnd::Error);
        CHECK(ended.error == code);
        CHECK(ended.detail == name);
    }
    rig.command(Play{.endpoint = kCaller, .play = PlayId{2}});
    CHECK(rig.await<PlayEnded>().error == FailureCode::InvalidArgument);
    CHECK_FALSE(phone.hear());
}

TEST_CASE("music plays until stopped, and a new play takes over from it") {
    Rig rig;
    Phone phone{1};
    rig.prompt("music.wav", tone(300, 400));
    rig.connect(kCaller, phone);
    rig.command(Play{.endpoint = kCaller,
                     .play = PlayId{1},
                     .prompts = {"music.wav"},
                     .repeat = Repeat::Forever});
    rig.listen(phone, 3'200);
    rig.command(Play{.endpoint = kCaller, .play = PlayId{2}, .prompts = {"tone:beep"}});
    const auto replaced = rig.await<PlayEnded>();
    CHECK(replaced.play == PlayId{1});
    CHECK(replaced.reason == PlayEnd::Stopped);
    CHECK(rig.await<PlayEnded>().reason == PlayEnd::Finished);
    rig.command(StopPlay{.endpoint = kCaller, .play = PlayId{2}});
    CHECK(rig.await<Failed>().code == FailureCode::NotFound);
}

TEST_CASE("a stop that comes while the prompts are still read ends the play unheard") {
    Rig rig;
    Phone phone{1};
    rig.prompt("a.wav", tone(440, 8'000));
    rig.connect(kCaller, phone);
    rig.command(Play{.endpoint = kCaller, .play = PlayId{1}, .prompts = {"a.wav"}});
    rig.command(StopPlay{.endpoint = kCaller, .play = PlayId{1}});
    const auto ended = rig.await<PlayEnded>();
    CHECK(ended.reason == PlayEnd::Stopped);
    CHECK(ended.played_ms == 0);
    rig.command(Destroy{.endpoint = kCaller});
    CHECK(rig.await<Destroyed>().stats.packets_sent == 0);
    CHECK(rig.count<PlayEnded>() == 1);
}

TEST_CASE("a key is told once, and stops the prompt that asked for it at its first packet") {
    Rig rig;
    Phone phone{1};
    rig.prompt("menu.wav", tone(440, 80'000));
    rig.connect(kCaller, phone);
    rig.command(Play{
        .endpoint = kCaller, .play = PlayId{1}, .prompts = {"menu.wav"}, .stop_on_digit = true});
    rig.next(phone);
    phone.press('5', kEventPt);
    CHECK(rig.await<PlayEnded>().reason == PlayEnd::Digit);
    const auto digit = rig.await<Digit>();
    CHECK(digit.endpoint == kCaller);
    CHECK(digit.digit == '5');
    CHECK(digit.duration_ms == 100);
    phone.press('#', kEventPt);
    CHECK(rig.await<Digit>().digit == '#');
    CHECK(rig.count<Digit>() == 2);
}

TEST_CASE("a key whose end is lost is told all the same") {
    Rig rig;
    Phone phone{1};
    rig.connect(kCaller, phone);
    Bytes packet(rtp::kHeaderBytes);
    const auto payload = rtp::EventPayload{.event = 3, .duration = 320}.print();
    packet.insert(packet.end(), payload.begin(), payload.end());
    rtp::write({.payload_type = kEventPt, .ssrc = 5},
               std::span<std::byte, rtp::kHeaderBytes>{packet.data(), rtp::kHeaderBytes});
    const auto port = std::get<Created>(rig.told[0]).port;
    send(phone.fd(), packet, to_socket(parse_address("127.0.0.1", port).value()));
    const auto digit = rig.await<Digit>();
    CHECK(digit.digit == '3');
    CHECK(digit.duration_ms == 40);
}

TEST_CASE("digits are sent as events with a duration, and told when they are out") {
    Rig rig;
    Phone phone{1};
    rig.connect(kCaller, phone);
    rig.command(SendDigits{.endpoint = kCaller, .digits = "19"});
    rtp::TelephoneEventReceiver receiver;
    std::string keys;
    while (keys.size() < 2) {
        const Heard heard = rig.next(phone);
        CHECK(heard.header.payload_type == kEventPt);
        const auto update = receiver.on_packet(heard.header.timestamp, heard.payload, heard.at);
        if (update.ended) {
            keys += update.ended->key;
            CHECK(update.ended->duration == std::chrono::milliseconds{100});
        }
    }
    CHECK(keys == "19");
    CHECK(rig.await<DigitsSent>().endpoint == kCaller);
    rig.command(SendDigits{.endpoint = kCaller, .digits = "1x"});
    CHECK(rig.await<Failed>().code == FailureCode::InvalidArgument);
}

TEST_CASE("a bridge carries voice and keys both ways, recoding between the two laws") {
    for (const Codec agent_codec : {Codec::Pcmu, Codec::Pcma}) {
        Rig rig;
        Phone caller{1};
        Phone agent{2};
        rig.connect(kCaller, caller, Codec::Pcmu);
        rig.connect(kAgent, agent, agent_codec);
        rig.command(Bridge{.a = kCaller, .b = kAgent});
        rig.await<Bridged>();
        const rtp::Law agent_law = agent_codec == Codec::Pcmu ? rtp::Law::Mu : rtp::Law::A;
        const auto voice = tone(500, 800);
        for (std::size_t at = 0; at < voice.size(); at += 160) {
            const auto piece = std::span{voice}.subspan(at, 160);
            caller.say(rtp::Law::Mu, piece);
            agent.say(agent_law, piece);
        }
        const Bytes to_agent = rig.listen(agent, 800);
        const Bytes to_caller = rig.listen(caller, 800);
        Bytes sent(800);
        rtp::encode(rtp::Law::Mu, voice, sent);
        Bytes expected(800);
        rtp::transcode(rtp::Law::Mu, agent_law, sent, expected);
        CHECK(to_agent == expected);
        CHECK(level(decoded(rtp::Law::Mu, to_caller), 500) == doctest::Approx(8'000).epsilon(0.05));

        caller.press('7', kEventPt);
        CHECK(rig.await<Digit>().digit == '7');
        const Heard key = rig.next(agent);
        CHECK(key.header.payload_type == kEventPt);
        CHECK(rtp::EventPayload::parse(key.payload)->event == 7);
    }
}

TEST_CASE("packets that come all at once are passed on whole and in order") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    rig.connect(kCaller, caller);
    rig.connect(kAgent, agent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.settle(kCaller);
    constexpr std::size_t kBurst = 25;
    const auto voice = tone(500, 160 * kBurst);
    for (std::size_t i = 0; i < kBurst; ++i) {
        caller.say(rtp::Law::Mu, std::span{voice}.subspan(160 * i, 160));
    }
    Bytes said(voice.size());
    rtp::encode(rtp::Law::Mu, voice, said);
    CHECK(rig.listen(agent, voice.size()) == said);
}

TEST_CASE("on hold the held leg hears music, then the agent again, in one stream") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    rig.prompt("music.wav", tone(300, 8'000));
    rig.connect(kCaller, caller);
    rig.connect(kAgent, agent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    const auto voice = tone(500, 160);

    agent.say(rtp::Law::Mu, voice);
    const Heard before = rig.next(caller);
    rig.command(Play{.endpoint = kCaller,
                     .play = PlayId{1},
                     .prompts = {"music.wav"},
                     .repeat = Repeat::Forever});
    Heard last = before;
    const Heard first = rig.next(caller);
    CHECK(first.header.marker);
    CHECK(first.header.sequence.since(last.header.sequence) == 1);
    last = first;
    for (int i = 0; i < 10; ++i) {
        agent.say(rtp::Law::Mu, voice);  // Not heard while the music plays.
        const Heard music = rig.next(caller);
        CHECK_FALSE(music.header.marker);
        CHECK(music.header.sequence.since(last.header.sequence) == 1);
        CHECK(music.header.timestamp.since(last.header.timestamp) >= 160);
        CHECK(music.header.ssrc == before.header.ssrc);
        last = music;
    }
    rig.command(StopPlay{.endpoint = kCaller, .play = PlayId{1}});
    rig.await<PlayEnded>();
    while (auto music = caller.hear()) last = *music;
    agent.say(rtp::Law::Mu, voice);
    const Heard after = rig.next(caller);
    CHECK(after.header.marker);
    CHECK(after.header.sequence.since(last.header.sequence) == 1);
    CHECK(after.header.ssrc == before.header.ssrc);
    Bytes expected(160);
    rtp::encode(rtp::Law::Mu, voice, expected);
    CHECK(after.payload == expected);

    rig.command(Unbridge{.a = kAgent, .b = kCaller});
    rig.await<Unbridged>();
    rig.command(Unbridge{.a = kAgent, .b = kCaller});
    CHECK(rig.await<Failed>().code == FailureCode::NotFound);
}

TEST_CASE("a leg that only receives is sent nothing; one that only sends is not listened to") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    rig.connect(kCaller, caller, Codec::Pcmu, Direction::Receive);
    rig.connect(kAgent, agent, Codec::Pcmu, Direction::Send);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    const auto voice = tone(500, 160);
    agent.say(rtp::Law::Mu, voice);
    rig.await<SourceLocked>();
    caller.say(rtp::Law::Mu, voice);
    rig.next(agent);
    CHECK_FALSE(caller.hear());
}

TEST_CASE("strangers are refused and counted, and hear nothing") {
    Rig rig;
    Phone caller{1};
    Phone stranger{9};
    const auto port = rig.create(kCaller).port;
    caller.aim(port);
    stranger.aim(port);
    rig.aim(kCaller, caller);
    const auto voice = tone(500, 160);
    caller.say(rtp::Law::Mu, voice);
    CHECK(rig.await<SourceLocked>().port == caller.port());
    for (int i = 0; i < 50; ++i) stranger.say(rtp::Law::Mu, voice);
    rig.command(Play{.endpoint = kCaller, .play = PlayId{1}, .prompts = {"tone:beep"}});
    rig.listen(caller, 2'400);
    rig.await<PlayEnded>();
    CHECK_FALSE(stranger.hear());
    rig.command(Stats{.endpoint = kCaller});
    const auto stats = rig.await<StatsReport>();
    CHECK(stats.packets_refused == 50);
    CHECK(stats.packets_received == 1);
    CHECK(stats.packets_sent == 15);
}

TEST_CASE("a peer behind a NAT is found and sent to where it really is") {
    Rig rig;
    Phone signalled{1};
    Phone real{2};
    real.aim(rig.create(kCaller).port);
    rig.aim(kCaller, signalled);
    const auto voice = tone(500, 160);
    for (int i = 0; i < 5; ++i) real.say(rtp::Law::Mu, voice);
    CHECK(rig.await<SourceLocked>().port == real.port());
    rig.command(Play{.endpoint = kCaller, .play = PlayId{1}, .prompts = {"tone:beep"}});
    rig.listen(real, 160);
    CHECK_FALSE(signalled.hear());
}

TEST_CASE("a play that comes before the answer waits for it and is heard from its beginning") {
    Rig rig;
    Phone phone{1};
    phone.aim(rig.create(kCaller).port);
    const auto greeting = tone(440, 1'600);
    rig.prompt("a.wav", greeting);
    rig.command(Play{.endpoint = kCaller, .play = PlayId{1}, .prompts = {"a.wav"}});
    rig.settle(kCaller);
    rig.aim(kCaller, phone);
    Bytes expected(1'600);
    rtp::encode(rtp::Law::Mu, greeting, expected);
    CHECK(rig.listen(phone, 1'600) == expected);
}

TEST_CASE("a flood from the locked peer itself is cut to what a call can need") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    rig.connect(kCaller, caller);
    rig.connect(kAgent, agent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    const auto voice = tone(500, 160);
    const Instant before = read_clocks().mono;
    for (std::uint64_t i = 1; i <= 3'000; ++i) {
        caller.say(rtp::Law::Mu, voice);
        if (i % 100 == 0) rig.await_packets(kCaller, i);  // So that the kernel drops none of them.
    }
    const auto stats = rig.await_packets(kCaller, 3'000);
    const auto tenths = (read_clocks().mono - before) / std::chrono::milliseconds{100} + 1;
    CHECK(stats.packets_received <= static_cast<std::uint64_t>(300 + 30 * tenths));
    CHECK(stats.packets_received >= 300);
    CHECK(stats.packets_refused + stats.packets_received == 3'000);

    for (int i = 0; i < 40; ++i) agent.press('1', kEventPt, 1);
    rig.await_packets(kAgent, 40 * 3);
    CHECK(rig.count<Digit>() >= kMaxKeysPerSecond);
    CHECK(rig.count<Digit>() <= 2 * kMaxKeysPerSecond);
}

TEST_CASE("silence of a leg that should speak is told once, and its end") {
    Rig rig;
    Phone caller{1};
    caller.aim(rig.create(kCaller).port);
    rig.command(SetRemote{
        .endpoint = kCaller, .ip = "127.0.0.1", .port = caller.port(), .media_timeout_ms = 200});
    const auto timeout = rig.await<MediaTimeout>();
    CHECK(timeout.endpoint == kCaller);
    CHECK(timeout.silent_ms >= 200);
    CHECK(timeout.silent_ms < 1'000);
    caller.say(rtp::Law::Mu, tone(500, 160));
    CHECK(rig.await<MediaResumed>().endpoint == kCaller);
    rig.await<MediaTimeout>();
    CHECK(rig.count<MediaTimeout>() == 2);
}

TEST_CASE("the statistics tell what a leg's sound is worth: nothing yet, good, worse with losses") {
    Rig rig;
    Phone phone{1};
    rig.connect(kCaller, phone);
    rig.command(Stats{.endpoint = kCaller});
    const auto before = rig.await<StatsReport>();
    CHECK_FALSE(before.mos_x100.has_value());
    CHECK(before.one_way == OneWay::No);
    const auto voice = tone(500, 160);
    for (int i = 0; i < 20; ++i) phone.say(rtp::Law::Mu, voice);
    const auto good = rig.await_packets(kCaller, 20);
    REQUIRE(good.mos_x100.has_value());
    CHECK(*good.mos_x100 >= 420);
    for (int i = 0; i < 20; ++i) {
        phone.lose(2);
        phone.say(rtp::Law::Mu, voice);
    }
    const auto bad = rig.await_packets(kCaller, 40);
    REQUIRE(bad.mos_x100.has_value());
    CHECK(bad.packets_lost == 40);
    CHECK(*bad.mos_x100 < 250);
    rig.command(Destroy{.endpoint = kCaller});
    CHECK(rig.await<Destroyed>().stats.mos_x100 == bad.mos_x100);
}

TEST_CASE("the port range is used up at its last pair, with a clear answer") {
    Rig rig{32'100, 32'104};
    CHECK(rig.create(EndpointId{1}).port == 32'100);
    CHECK(rig.create(EndpointId{2}).port == 32'102);
    rig.command(Create{.endpoint = EndpointId{3}});
    const auto refused = rig.await<Failed>();
    CHECK(refused.code == FailureCode::NoPorts);
    CHECK(refused.endpoint == EndpointId{3});
    rig.command(Create{.endpoint = EndpointId{2}});
    CHECK(rig.await<Failed>().code == FailureCode::AlreadyExists);
    rig.command(Create{.endpoint = EndpointId{0}});
    CHECK(rig.await<Failed>().code == FailureCode::InvalidArgument);
}

TEST_CASE("commands for what does not exist, or cannot be, are answered with why") {
    Rig rig;
    rig.create(kCaller, CallGroup{1});
    rig.create(kAgent, CallGroup{2});
    const std::vector<std::pair<Command, FailureCode>> cases{
        {Bridge{.a = kCaller, .b = kAgent}, FailureCode::WrongGroup},
        {Bridge{.a = kCaller, .b = EndpointId{99}}, FailureCode::NotFound},
        {Bridge{.a = kCaller, .b = kCaller}, FailureCode::InvalidArgument},
        {SetRemote{.endpoint = EndpointId{99}, .ip = "127.0.0.1", .port = 4000},
         FailureCode::NotFound},
        {SetRemote{.endpoint = kCaller, .ip = "host.example", .port = 4000},
         FailureCode::InvalidArgument},
        {SetRemote{.endpoint = kCaller, .ip = "127.0.0.1", .port = 0},
         FailureCode::InvalidArgument},
        {SendDigits{.endpoint = kCaller, .digits = "1"}, FailureCode::NotNegotiated},
        {StopPlay{.endpoint = kCaller, .play = PlayId{1}}, FailureCode::NotFound},
        {Destroy{.endpoint = EndpointId{99}}, FailureCode::NotFound},
        {Stats{.endpoint = EndpointId{99}}, FailureCode::NotFound},
        {StopRecord{.recording = kRecording}, FailureCode::NotFound},
        {PauseRecord{.recording = kRecording}, FailureCode::NotFound},
        {Record{.recording = kRecording, .path = "../x.rec", .left = kCaller},
         FailureCode::PathRefused},
        {Record{.recording = kRecording, .path = ".open/x.rec", .left = kCaller},
         FailureCode::PathRefused},
        {Record{.recording = kRecording, .path = "x.rec", .left = EndpointId{99}},
         FailureCode::NotFound},
    };
    for (const auto& [command, code] : cases) {
        rig.command(command);
        const auto refused = rig.await<Failed>();
        CHECK(name(refused.code) == std::string{name(code)});
        CHECK(refused.command == wire_type(command));
    }
}

TEST_CASE("destroying a leg ends what it had and tells it in order") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    rig.connect(kCaller, caller);
    rig.connect(kAgent, agent);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.command(Play{.endpoint = kCaller,
                     .play = PlayId{1},
                     .prompts = {"tone:ringing"},
                     .repeat = Repeat::Forever});
    rig.next(caller);
    rig.command(Destroy{.endpoint = kCaller});
    rig.command(Destroy{.endpoint = kCaller});
    CHECK(rig.await<Failed>().code == FailureCode::NotFound);
    rig.command(Create{.endpoint = kCaller});
    CHECK(rig.await<Failed>().code == FailureCode::AlreadyExists);
    CHECK(rig.await<PlayEnded>().reason == PlayEnd::Stopped);
    CHECK(rig.await<Unbridged>().b == kAgent);
    CHECK(rig.await<Destroyed>().endpoint == kCaller);
    rig.command(List{});
    const auto listing = rig.await<Listing>();
    REQUIRE(listing.endpoints.size() == 1);
    CHECK(listing.endpoints[0].endpoint == kAgent);
    CHECK_FALSE(listing.endpoints[0].bridged_to);
}

TEST_CASE("the list shows every endpoint, in parts that fit into frames") {
    Rig rig;
    for (std::uint64_t i = 1; i <= kMaxListingEntries + 1; ++i) {
        rig.create(EndpointId{i}, CallGroup{i / 2});
    }
    rig.command(List{});
    const auto first = rig.await<Listing>();
    CHECK_FALSE(first.is_last);
    CHECK(first.endpoints.size() == kMaxListingEntries);
    const auto second = rig.await<Listing>();
    CHECK(second.is_last);
    CHECK(second.endpoints.size() == 1);
}

TEST_CASE("each leg reports its reception by RTCP to the port above") {
    Rig rig;
    Phone caller{1};
    // The RTCP socket beside the phone's RTP socket, where the pair is free.
    UniqueFd rtcp = bind_udp(parse_address("127.0.0.1", 0).value());
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    ::getsockname(rtcp.get(), reinterpret_cast<sockaddr*>(&own), &length);
    caller.aim(rig.create(kCaller).port);
    rig.command(SetRemote{.endpoint = kCaller,
                          .ip = "127.0.0.1",
                          .port = caller.port(),
                          .rtcp_port = from_socket(own).port});
    rig.settle(kCaller);
    caller.say(rtp::Law::Mu, tone(500, 160));
    REQUIRE(wait_readable(rtcp.get(), read_clocks().mono + kDeadline));
    std::array<std::byte, 512> buffer{};
    const auto received = receive(rtcp.get(), buffer);
    REQUIRE(received.has_value());
    const auto reports = rtp::parse_rtcp(ByteView{buffer}.first(received->size), 1);
    REQUIRE(reports.has_value());
    REQUIRE(reports->about_us.has_value());
    CHECK(reports->about_us->cumulative_lost == 0);
}

}  // namespace escucha::media
