#include "media/protocol.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "base/errc.h"
#include "media/frame_reader.h"

namespace escucha::media {
namespace {

const RecordingId kRecording{
    Uuid{.high = 0x0193'5A00'0000'7000ULL, .low = 0x8000'0000'0000'0001ULL}};

std::vector<Command> one_of_each_command() {
    const EndpointId a{1};
    const EndpointId b{0x0102030405060708ULL};
    return {Hello{},
            Create{.endpoint = a, .group = CallGroup{9}, .bind_ip = "127.0.0.1"},
            SetRemote{.endpoint = a,
                      .ip = "192.0.2.7",
                      .port = 40000,
                      .rtcp_port = 40001,
                      .codec = Codec::Pcma,
                      .telephone_event_pt = std::uint8_t{101},
                      .direction = Direction::Send,
                      .source = SourceRule::Signalled,
                      .media_timeout_ms = 30'000},
            Play{.endpoint = a,
                 .play = PlayId{3},
                 .prompts = {"es/hola.wav", "tone:beep"},
                 .repeat = Repeat::Forever,
                 .stop_on_digit = true},
            StopPlay{.endpoint = a, .play = PlayId{3}},
            Bridge{.a = a, .b = b},
            Unbridge{.a = a, .b = b},
            SendDigits{.endpoint = a, .digits = "19*#"},
            Record{.recording = kRecording,
                   .path = "2026/11/x.rec",
                   .kind = RecordingKind::Voicemail,
                   .left = a,
                   .right = b,
                   .max_ms = 120'000,
                   .silence_ms = 5'000,
                   .key = {1, 2, 3},
                   .wrapped_key = {4, 5, 6}},
            PauseRecord{.recording = kRecording},
            ResumeRecord{.recording = kRecording},
            MoveRecord{.recording = kRecording, .right = std::nullopt},
            StopRecord{.recording = kRecording},
            ForgetRecord{.recording = kRecording},
            Destroy{.endpoint = a},
            List{},
            Stats{.endpoint = a},
            Mix{.mix = MixId{7},
                .members = {{.endpoint = a},
                            {.endpoint = b, .role = MixRole::Whisperer, .whisper_to = a}}},
            JoinMix{.mix = MixId{7}, .member = {.endpoint = b, .role = MixRole::Listener}},
            LeaveMix{.mix = MixId{7}, .endpoint = b},
            EndMix{.mix = MixId{7}},
            JoinRecord{.recording = kRecording, .endpoint = b},
            LeaveRecord{.recording = kRecording, .endpoint = b}};
}

StatsReport some_stats() {
    return {.endpoint = EndpointId{1},
            .packets_received = 500,
            .packets_sent = 501,
            .packets_lost = 2,
            .packets_refused = 3,
            .jitter_us = 1250,
            .rtt_us = 20'000,
            .last_packet_ms = 19,
            .peer_lost = 1,
            .mos_x100 = 441,
            .one_way = OneWay::NothingHeard,
            .one_way_ms = 5'000,
            .packets_unauthentic = 4,
            .suite = SrtpSuite::AeadAes128Gcm};
}

std::vector<Event> one_of_each_event() {
    const EndpointId a{1};
    const EndpointId b{2};
    const StatsReport stats = some_stats();
    const RecordEnded ended{.recording = kRecording,
                            .reason = RecordEnd::MaxLength,
                            .duration_ms = 60'000,
                            .bytes = 1'920'044,
                            .sha256 = {0xAB},
                            .complete = true,
                            .path = "2026/11/x.wav",
                            .pauses = {{.from_ms = 100, .to_ms = 200}}};
    return {HelloReply{.version = 1, .pid = 4242, .start_id = 77, .dropped_events = 5},
            Created{.endpoint = a, .ip = "127.0.0.1", .port = 16384},
            Failed{.command = 2,
                   .endpoint = a,
                   .recording = {},
                   .code = FailureCode::NoPorts,
                   .detail = "16384-16399"},
            PlayEnded{.endpoint = a,
                      .play = PlayId{3},
                      .reason = PlayEnd::Error,
                      .error = FailureCode::PromptMissing,
                      .played_ms = 0,
                      .detail = "es/hola.wav"},
            Bridged{.a = a, .b = b},
            Unbridged{.a = a, .b = b},
            DigitsSent{.endpoint = a},
            Digit{.endpoint = a, .digit = '#', .duration_ms = 100},
            MediaTimeout{.endpoint = a, .silent_ms = 10'000},
            MediaResumed{.endpoint = a},
            SourceLocked{.endpoint = a, .ip = "2001:db8::1", .port = 5004},
            RecordStarted{.recording = kRecording},
            RecordPaused{.recording = kRecording, .at_ms = 100},
            RecordResumed{.recording = kRecording, .at_ms = 200},
            ended,
            stats,
            Destroyed{.endpoint = a, .stats = stats},
            Listing{.endpoints = {{.endpoint = a,
                                   .group = CallGroup{9},
                                   .ip = "127.0.0.1",
                                   .port = 16384,
                                   .playing = PlayId{3},
                                   .bridged_to = b}},
                    .recordings = {{.recording = kRecording,
                                    .path = "2026/11/x.wav",
                                    .left = a,
                                    .right = b,
                                    .elapsed_ms = 1000,
                                    .paused = true}},
                    .ended = {ended},
                    .is_last = false},
            MixJoined{.mix = MixId{7},
                      .member = {.endpoint = b, .role = MixRole::Whisperer, .whisper_to = a}},
            MixLeft{.mix = MixId{7}, .endpoint = b},
            MixEnded{.mix = MixId{7}},
            MixFailed{.command = 18,
                      .mix = MixId{7},
                      .endpoint = b,
                      .code = FailureCode::WrongGroup,
                      .detail = "group"}};
}

std::string to_hex(ByteView bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto value = std::to_integer<unsigned>(bytes[i]);
        text += kDigits[value >> 4U];
        text += kDigits[value & 15U];
        if (i % 32 == 31) text += '\n';
    }
    if (bytes.size() % 32 != 0) text += '\n';
    return text;
}

void check_golden(const std::string& name, ByteView frame) {
    const std::string path =
        std::string{ESCUCHA_SOURCE_DIR} + "/src/media/testdata/" + name + ".hex";
    if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream{path} << to_hex(frame);
    std::ifstream file{path};
    const std::string golden{std::istreambuf_iterator<char>{file}, {}};
    CHECK_MESSAGE(to_hex(frame) == golden, name);
}

ByteView body_of(const Bytes& frame) { return ByteView{frame}.subspan(4); }

}  // namespace

TEST_CASE("every command has its golden frame and comes back from it unchanged") {
    const auto commands = one_of_each_command();
    REQUIRE(commands.size() == std::variant_size_v<Command>);
    for (std::size_t i = 0; i < commands.size(); ++i) {
        REQUIRE(commands[i].index() == i);
        Bytes frame;
        encode(commands[i], frame);
        check_golden(name(commands[i]), frame);
        const auto again = decode_command(body_of(frame));
        REQUIRE(again.has_value());
        CHECK(again.value() == commands[i]);
        CHECK(wire_type(commands[i]) == i + 1);
    }
}

TEST_CASE("every event has its golden frame and comes back from it unchanged") {
    const auto events = one_of_each_event();
    REQUIRE(events.size() == std::variant_size_v<Event>);
    for (std::size_t i = 0; i < events.size(); ++i) {
        REQUIRE(events[i].index() == i);
        Bytes frame;
        encode(events[i], frame);
        check_golden(name(events[i]), frame);
        const auto again = decode_event(body_of(frame));
        REQUIRE(again.has_value());
        CHECK(again.value() == events[i]);
    }
}

TEST_CASE("a frame with a byte too many, or cut anywhere, is refused") {
    for (const auto& command : one_of_each_command()) {
        Bytes frame;
        encode(command, frame);
        for (std::size_t cut = 0; cut + 4 < frame.size(); ++cut) {
            const auto result = decode_command(body_of(frame).first(cut));
            CHECK_FALSE(result.has_value());
        }
        frame.push_back(std::byte{0});
        const auto result = decode_command(body_of(frame));
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().code == Errc::InvalidArgument);
    }
}

TEST_CASE("unknown types and values out of range are refused") {
    const auto refused = [](Bytes frame) { return !decode_command(frame).has_value(); };
    CHECK(refused({std::byte{0}}));
    CHECK(refused({std::byte{22}}));
    CHECK(refused({std::byte{128}}));

    Bytes frame;
    encode(Command{SetRemote{.endpoint = EndpointId{1}, .ip = "::1", .port = 5004}}, frame);
    // length, type, endpoint, ip, port, rtcp port: then the codec.
    const std::size_t codec_at = 4 + 1 + 8 + 4 + 3 + 2 + 2;
    REQUIRE(frame[codec_at] == std::byte{0});
    frame[codec_at] = std::byte{18};
    CHECK_FALSE(decode_command(body_of(frame)).has_value());
}

TEST_CASE(
    "Opus has its payload type and the clock of its key presses after it, the others do not") {
    SetRemote remote{.endpoint = EndpointId{1},
                     .ip = "::1",
                     .port = 5004,
                     .codec = Codec::Opus,
                     .opus_pt = 111,
                     .telephone_event_pt = std::uint8_t{110},
                     .telephone_event_hz = 48'000};
    Bytes frame;
    encode(Command{remote}, frame);
    check_golden("set_remote_opus", frame);
    CHECK(decode_command(body_of(frame)).value() == Command{remote});
    for (std::size_t cut = 1; cut < 6; ++cut) {
        CHECK_FALSE(decode_command(body_of(frame).first(frame.size() - 4 - cut)).has_value());
    }
    Bytes g722;
    encode(Command{SetRemote{.endpoint = EndpointId{1}, .codec = Codec::G722}}, g722);
    CHECK(decode_command(body_of(g722)).has_value());
    g722.push_back(std::byte{111});
    CHECK_FALSE(decode_command(body_of(g722)).has_value());
}

TEST_CASE("keys come last, whole or not at all") {
    for (const Codec codec : {Codec::Pcmu, Codec::Opus}) {
        for (const SrtpSuite suite : kSrtpSuites) {
            SetRemote remote{.endpoint = EndpointId{1}, .codec = codec};
            Bytes plain;
            encode(Command{remote}, plain);
            remote.srtp = {.send = {.suite = suite, .master = {1, 2, 3}},
                           .receive = {.suite = suite, .master = {4, 5, 6}}};
            Bytes frame;
            encode(Command{remote}, frame);
            if (codec == Codec::Pcmu && suite == SrtpSuite::AeadAes256Gcm) {
                check_golden("set_remote_srtp", frame);
            }
            CHECK(frame.size() == plain.size() + 2 * (1 + key_bytes(suite)));
            const auto again = decode_command(body_of(frame));
            REQUIRE(again.has_value());
            CHECK(again.value() == Command{remote});
            for (std::size_t size = plain.size() + 1; size < frame.size(); ++size) {
                CHECK_FALSE(decode_command(ByteView{frame}.subspan(4, size - 4)).has_value());
            }
            frame[plain.size()] = std::byte{3};
            CHECK_FALSE(decode_command(body_of(frame)).has_value());
        }
    }
}

TEST_CASE("limits hold at their edge") {
    Play play{.endpoint = EndpointId{1}, .play = PlayId{1}};
    play.prompts.assign(kMaxPlayPrompts, std::string(kMaxPathBytes, 'x'));
    Bytes frame;
    encode(Command{play}, frame);
    CHECK(decode_command(body_of(frame)).has_value());

    // One prompt more, written by a peer that does not keep the limit.
    const std::size_t count_at = 4 + 1 + 8 + 8;
    frame[count_at + 1] = static_cast<std::byte>(kMaxPlayPrompts + 1);
    CHECK_FALSE(decode_command(body_of(frame)).has_value());

    Bytes digits;
    encode(Command{SendDigits{.endpoint = EndpointId{1}, .digits = std::string(kMaxDigits, '1')}},
           digits);
    CHECK(decode_command(body_of(digits)).has_value());
    digits[4 + 1 + 8 + 3] = static_cast<std::byte>(kMaxDigits + 1);
    digits.push_back(std::byte{'1'});
    CHECK_FALSE(decode_command(body_of(digits)).has_value());

    Bytes mix;
    encode(Command{Mix{.mix = MixId{1}, .members = std::vector<MixMember>(kMaxMixMembers)}}, mix);
    CHECK(decode_command(body_of(mix)).has_value());
    mix[4 + 1 + 8 + 1] = static_cast<std::byte>(kMaxMixMembers + 1);
    const std::size_t member_bytes = 8 + 1 + 1;
    mix.resize(mix.size() + member_bytes);
    CHECK_FALSE(decode_command(body_of(mix)).has_value());
}

TEST_CASE("a listing without mixes is what an older build sends, and says so in one way only") {
    const Listing none{.endpoints = {{.endpoint = EndpointId{1}, .ip = "127.0.0.1"}}};
    Bytes frame;
    encode(Event{none}, frame);
    CHECK(decode_event(body_of(frame)).value() == Event{none});
    frame.resize(frame.size() + 2);  // A list of none.
    CHECK_FALSE(decode_event(body_of(frame)).has_value());

    Listing one = none;
    one.mixes = {{.mix = MixId{7}, .members = {{.endpoint = EndpointId{1}}}}};
    Bytes longer;
    encode(Event{one}, longer);
    CHECK(decode_event(body_of(longer)).value() == Event{one});
    const std::size_t mixes = longer.size() - (frame.size() - 2);
    for (std::size_t cut = 1; cut < mixes; ++cut) {
        CHECK_FALSE(decode_event(body_of(longer).first(longer.size() - 4 - cut)).has_value());
    }
}

TEST_CASE("statistics of an older build lack what was appended since, and no part of it") {
    const StatsReport stats{
        .endpoint = EndpointId{7}, .packets_sent = 9, .peer_lost = 4, .mos_x100 = 390};
    Bytes frame;
    encode(Event{stats}, frame);
    const std::size_t quality = 3 + 1 + 4;
    const std::size_t secrecy = 8 + 1;
    const auto without = [&](std::size_t cut) {
        return decode_event(body_of(frame).first(frame.size() - 4 - cut));
    };
    REQUIRE(without(secrecy).has_value());
    CHECK(without(secrecy).value() == Event{stats});
    REQUIRE(without(secrecy + quality).has_value());
    CHECK(without(secrecy + quality).value() ==
          Event{StatsReport{.endpoint = EndpointId{7}, .packets_sent = 9, .peer_lost = 4}});
    for (std::size_t cut = 1; cut < secrecy + quality; ++cut) {
        if (cut != secrecy) CHECK_FALSE(without(cut).has_value());
    }
    frame[frame.size() - 5 - secrecy] = std::byte{3};

    CHECK_FALSE(decode_event(body_of(frame)).has_value());
}

TEST_CASE("a full listing fits into a frame") {
    Listing listing;
    const std::string path(kMaxPathBytes, 'x');
    const std::string ip(kMaxIpBytes, '1');
    for (std::size_t i = 0; i < kMaxListingEntries; ++i) {
        listing.endpoints.push_back({.endpoint = EndpointId{i},
                                     .group = CallGroup{1},
                                     .ip = ip,
                                     .port = 1,
                                     .playing = PlayId{1},
                                     .bridged_to = EndpointId{1}});
        listing.recordings.push_back(
            {.recording = kRecording, .path = path, .right = EndpointId{1}});
        listing.ended.push_back(
            {.recording = kRecording, .path = path, .pauses = std::vector<Pause>(kMaxPauses)});
        listing.mixes.push_back(
            {.mix = MixId{i},
             .members = std::vector<MixMember>(kMaxMixMembers, {.whisper_to = EndpointId{1}})});
    }
    Bytes frame;
    encode(Event{listing}, frame);
    CHECK(frame.size() <= 4 + kMaxFrameBytes);
    CHECK(decode_event(body_of(frame)).has_value());
}

TEST_CASE("the frame reader gives the same frames however the stream is cut") {
    Bytes stream;
    for (const auto& command : one_of_each_command()) encode(command, stream);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, stream.size()}) {
        FrameReader reader;
        std::vector<Command> heard;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            reader.feed(ByteView{stream}.subspan(at, std::min(step, stream.size() - at)));
            while (true) {
                const auto next = reader.next();
                REQUIRE(next.has_value());
                if (!next.value()) break;
                heard.push_back(decode_command(*next.value()).value());
            }
        }
        CHECK(heard == one_of_each_command());
        CHECK(reader.buffered() == 0);
    }
}

TEST_CASE("a length of zero or over the limit breaks the stream for good") {
    const auto length_of = [](std::uint32_t length) {
        Bytes bytes;
        ByteWriter{bytes}.write(length);
        return bytes;
    };
    FrameReader largest;
    largest.feed(length_of(kMaxFrameBytes));
    CHECK(largest.next().has_value());

    for (const std::uint32_t length : {std::uint32_t{0}, std::uint32_t{kMaxFrameBytes + 1}}) {
        FrameReader reader;
        reader.feed(length_of(length));
        CHECK_FALSE(reader.next().has_value());
        Bytes good;
        encode(Command{List{}}, good);
        reader.feed(good);
        CHECK_FALSE(reader.next().has_value());
    }
}

}  // namespace escucha::media
