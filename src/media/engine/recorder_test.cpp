#include "media/engine/recorder.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <filesystem>

#include "base/hex.h"
#include "media/engine/detail/engine_rig.h"
#include "recording/sealed.h"

namespace escucha::media {
namespace {

using namespace test;

const RecordingId kRecording{
    Uuid{.high = 0x0193'0000'0000'7000ULL, .low = 0x8000'0000'0000'0001ULL}};
constexpr EndpointId kCaller{11};
constexpr EndpointId kAgent{12};
constexpr EndpointId kSecondAgent{13};
constexpr std::size_t kSamplesPerMs = 8;

std::string slurp(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::array<std::uint8_t, 32> sha256(const std::string& content) {
    std::array<std::uint8_t, 32> digest{};
    EVP_Digest(content.data(), content.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    return digest;
}

/// Two legs that speak, each with its own tone.
struct Conversation : Rig {
    Phone caller{1};
    Phone agent{2};
    Beat beat;
    std::vector<std::int16_t> caller_voice = tone(500, 80'000);
    std::vector<std::int16_t> agent_voice = tone(900, 80'000);
    std::size_t at = 0;

    Conversation() {
        connect(kCaller, caller);
        connect(kAgent, agent, Codec::Pcma);
        command(Bridge{.a = kCaller, .b = kAgent});
        await<Bridged>();
    }
    void speak(int packets) { speak_to(packets, agent); }
    void speak_to(int packets, Phone& other) {
        while (packets > 0) {
            for (auto due = beat.wait(); due > 0 && packets > 0; --due, --packets, at += 160) {
                caller.say(rtp::Law::Mu, std::span{caller_voice}.subspan(at, 160));
                other.say(rtp::Law::A, std::span{agent_voice}.subspan(at, 160));
            }
            engine->collect(read_clocks(), told);
        }
    }
    void start(const std::string& path = "2026/x.rec") {
        command(Record{.recording = kRecording, .path = path, .left = kCaller, .right = kAgent});
        await<RecordStarted>();
        // The taps are set by the worker after the engine has heard of the start.
        settle(kCaller);
        settle(kAgent);
    }
    RecordEnded stop() {
        command(StopRecord{.recording = kRecording});
        return await<RecordEnded>();
    }
};

double level_between(const std::vector<std::int16_t>& samples,
                     std::size_t from_ms,
                     std::size_t to_ms,
                     double hertz) {
    REQUIRE(samples.size() >= to_ms * kSamplesPerMs);
    return level(
        std::span{samples}.subspan(from_ms * kSamplesPerMs, (to_ms - from_ms) * kSamplesPerMs),
        hertz);
}

}  // namespace

TEST_CASE_FIXTURE(Conversation,
                  "the caller is on the left, the agent on the right, and neither on both") {
    start();
    speak(50);
    const auto ended = stop();
    CHECK(ended.recording == kRecording);
    CHECK(ended.reason == RecordEnd::Stopped);
    CHECK(ended.complete);
    CHECK(ended.path == "2026/x.rec");
    CHECK(ended.duration_ms >= 940);
    CHECK(ended.duration_ms < 3'000);
    CHECK(ended.pauses.empty());

    const auto left = read_channel(recording("2026/x.rec"), 0, 2);
    const auto right = read_channel(recording("2026/x.rec"), 1, 2);
    CHECK(left.size() == right.size());
    CHECK(level_between(left, 200, 800, 500) == doctest::Approx(8'000).epsilon(0.03));
    CHECK(level_between(left, 200, 800, 900) < 100);
    CHECK(level_between(right, 200, 800, 900) == doctest::Approx(8'000).epsilon(0.03));
    CHECK(level_between(right, 200, 800, 500) < 100);

    const std::string content = slurp(recording("2026/x.rec"));
    CHECK(ended.bytes == content.size());
    const auto source = recording::open_file(recording("2026/x.rec"));
    CHECK(ended.sha256 == recording::digest_of(*source.value()).value());
    CHECK(content.find("RIFF") == std::string::npos);
    const std::string note = slurp(recording("2026/x.rec.json"));
    CHECK(note.find(to_hex(ended.sha256)) != std::string::npos);
    CHECK(note.find("\"complete\":true") != std::string::npos);
    CHECK(std::filesystem::is_empty(recording(".open")));
}

TEST_CASE_FIXTURE(Conversation, "a pause silences both sides, is told, and leaves its marker") {
    start();
    speak(25);
    command(PauseRecord{.recording = kRecording});
    const auto paused = await<RecordPaused>();
    speak(25);
    command(ResumeRecord{.recording = kRecording});
    const auto resumed = await<RecordResumed>();
    speak(25);
    const auto ended = stop();
    REQUIRE(ended.pauses.size() == 1);
    CHECK(ended.pauses[0] == Pause{paused.at_ms, resumed.at_ms});
    CHECK(resumed.at_ms - paused.at_ms >= 480);
    for (const std::size_t channel : {std::size_t{0}, std::size_t{1}}) {
        const auto samples = read_channel(recording("2026/x.rec"), channel, 2);
        const double hertz = channel == 0 ? 500 : 900;
        for (std::size_t i = paused.at_ms * kSamplesPerMs + 8; i < resumed.at_ms * kSamplesPerMs;
             ++i) {
            REQUIRE(samples[i] == 0);
        }
        CHECK(level_between(samples, paused.at_ms - 200, paused.at_ms - 50, hertz) > 7'000);
        CHECK(level_between(samples, resumed.at_ms + 50, resumed.at_ms + 200, hertz) > 7'000);
    }
    command(ResumeRecord{.recording = kRecording});
    CHECK(await<Failed>().code == FailureCode::NotFound);
}

TEST_CASE_FIXTURE(Conversation,
                  "at a transfer the file goes on and the right channel changes its speaker") {
    Phone second{3};
    connect(kSecondAgent, second);
    agent_voice = tone(900, 80'000);
    start();
    speak(25);
    command(MoveRecord{.recording = kRecording, .right = kSecondAgent});
    settle(kAgent);
    settle(kSecondAgent);
    agent_voice = tone(1'300, 80'000);
    speak_to(25, second);
    agent.say(rtp::Law::A, tone(700, 160));
    const auto ended = stop();
    CHECK(ended.complete);
    const auto right = read_channel(recording("2026/x.rec"), 1, 2);
    CHECK(level_between(right, 100, 400, 900) > 7'000);
    // From the last sound: how much silence the file ends with depends on when the stop came.
    const auto last = std::find_if(right.rbegin(), right.rend(), [](auto s) { return s != 0; });
    const auto end = static_cast<std::size_t>(right.rend() - last) / kSamplesPerMs;
    REQUIRE(end > 300);
    CHECK(level_between(right, end - 300, end - 100, 1'300) > 7'000);
}

TEST_CASE_FIXTURE(Conversation, "a colleague who joins is heard with the agent until they leave") {
    Phone second{3};
    connect(kSecondAgent, second);
    agent_voice = tone(900, 80'000);
    command(
        Record{.recording = kRecording, .path = "2026/x.rec", .left = kCaller, .right = kAgent});
    command(JoinRecord{.recording = kRecording, .endpoint = kSecondAgent});
    command(JoinRecord{.recording = kRecording, .endpoint = kSecondAgent});
    await<RecordStarted>();
    for (const auto endpoint : {kCaller, kAgent, kSecondAgent}) settle(endpoint);
    const auto colleague = tone(1'300, 80'000);
    for (std::size_t i = 0; i < 25; ++i) {
        second.say(rtp::Law::A, std::span{colleague}.subspan(i * 160, 160));
        speak(1);
    }
    command(LeaveRecord{.recording = kRecording, .endpoint = kSecondAgent});
    settle(kSecondAgent);
    for (std::size_t i = 0; i < 25; ++i) {
        second.say(rtp::Law::A, std::span{colleague}.subspan(i * 160, 160));
        speak(1);
    }
    CHECK(stop().complete);
    const auto left = read_channel(recording("2026/x.rec"), 0, 2);
    const auto right = read_channel(recording("2026/x.rec"), 1, 2);
    CHECK(level_between(right, 150, 400, 900) > 7'000);
    CHECK(level_between(right, 150, 400, 1'300) > 7'000);
    CHECK(level_between(left, 150, 400, 500) > 7'000);
    CHECK(level_between(left, 150, 400, 1'300) < 100);
    CHECK(level_between(right, 650, 850, 900) > 7'000);
    CHECK(level_between(right, 650, 850, 1'300) < 100);
}

TEST_CASE_FIXTURE(Conversation, "who may not join a recording is told why") {
    start();
    const auto why = [&](const Command& wanted) {
        command(wanted);
        return await<Failed>().code;
    };
    const RecordingId other{Uuid{.high = 1, .low = 9}};
    const auto join = [](RecordingId recording, EndpointId endpoint) {
        return JoinRecord{.recording = recording, .endpoint = endpoint};
    };
    CHECK(why(join(other, kAgent)) == FailureCode::NotFound);
    CHECK(why(LeaveRecord{.recording = other, .endpoint = kAgent}) == FailureCode::NotFound);
    CHECK(why(join(kRecording, EndpointId{99})) == FailureCode::NotFound);
    CHECK(why(join(kRecording, kAgent)) == FailureCode::Busy);
    command(LeaveRecord{.recording = kRecording, .endpoint = kAgent});  // no joined one: nothing
    for (std::uint64_t i = 0; i <= kMaxJoinedVoices; ++i) {
        const EndpointId endpoint{100 + i};
        command(Create{.endpoint = endpoint, .group = CallGroup{1}});
        await<Created>();
        if (i < kMaxJoinedVoices) command(join(kRecording, endpoint));
    }
    CHECK(why(join(kRecording, EndpointId{100 + kMaxJoinedVoices})) == FailureCode::TooMany);
    command(Destroy{.endpoint = EndpointId{100}});
    await<Destroyed>();
    command(join(kRecording, EndpointId{100 + kMaxJoinedVoices}));
    CHECK(why(join(kRecording, kAgent)) == FailureCode::Busy);
    CHECK(stop().complete);
}

TEST_CASE_FIXTURE(Conversation, "a recording outlives its agent and ends with its caller") {
    start();
    speak(5);
    command(Destroy{.endpoint = kAgent});
    await<Destroyed>();
    command(List{});
    const auto listing = await<Listing>();
    REQUIRE(listing.recordings.size() == 1);
    CHECK_FALSE(listing.recordings[0].right);
    command(Destroy{.endpoint = kCaller});
    const auto ended = await<RecordEnded>();
    CHECK(ended.reason == RecordEnd::EndpointGone);
    CHECK(ended.complete);
}

TEST_CASE_FIXTURE(
    Conversation,
    "what has ended is listed until it is forgotten; ids and paths are not used twice") {
    start();
    command(Record{.recording = kRecording, .path = "y.rec", .left = kCaller});
    CHECK(await<Failed>().code == FailureCode::AlreadyExists);
    const RecordingId other{Uuid{.high = 1, .low = 9}};
    command(Record{.recording = other, .path = "y.rec", .left = kCaller});
    CHECK(await<Failed>().code == FailureCode::Busy);
    const auto ended = stop();
    command(List{});
    CHECK(await<Listing>().ended == std::vector<RecordEnded>{ended});
    command(ForgetRecord{.recording = kRecording});
    command(List{});
    CHECK(await<Listing>().ended.empty());

    command(Record{.recording = other, .path = "2026/x.rec", .left = kCaller});
    const auto refused = await<Failed>();
    CHECK(refused.code == FailureCode::AlreadyExists);
    CHECK(refused.recording == other);
    command(Record{.recording = other, .path = "z.rec", .left = kCaller});
    await<RecordStarted>();
}

TEST_CASE_FIXTURE(Conversation, "voicemail is one channel and ends by itself after silence") {
    command(Record{.recording = kRecording,
                   .path = "v.rec",
                   .kind = RecordingKind::Voicemail,
                   .left = kCaller,
                   .silence_ms = 1'000});
    await<RecordStarted>();
    settle(kCaller);
    speak(25);
    const auto ended = await<RecordEnded>();
    CHECK(ended.reason == RecordEnd::Silence);
    CHECK(ended.duration_ms >= 1'400);
    CHECK(ended.duration_ms < 4'000);
    CHECK(level_between(read_channel(recording("v.rec"), 0, 1), 100, 400, 500) > 7'000);
}

TEST_CASE_FIXTURE(Conversation, "a recording ends at its greatest length") {
    command(Record{.recording = kRecording, .path = "m.rec", .left = kCaller, .max_ms = 500});
    await<RecordStarted>();
    const auto ended = await<RecordEnded>();
    CHECK(ended.reason == RecordEnd::MaxLength);
    CHECK(ended.duration_ms >= 500);
    CHECK(ended.duration_ms < 1'500);
}

TEST_CASE("seconds that piled up while the disk was slow are all written") {
    TempFolder folder;
    auto opened = Folder::open(folder.path("recordings"));
    REQUIRE(opened.value().make_parents(".open/x").has_value());
    AudioRing ring{1'024};
    Mailbox<Event> told{100};
    const auto voice = tone(500, 40'000);
    {
        Recorder recorder{
            std::move(opened).value(), {&ring}, [&](Event e) { told.post(std::move(e)); }};
        recorder.post(Recorder::Start{
            .number = 1,
            .command = {
                .recording = kRecording, .path = "x.rec", .left = kCaller, .key = kTestKey}});
        REQUIRE(std::holds_alternative<RecordStarted>(told.wait().at(0)));
        // As the writer finds them after five seconds away.
        const Instant start = read_clocks().mono;
        for (std::size_t i = 0; i < 250; ++i) {
            AudioFrame frame;
            frame.recording = 1;
            frame.source = {7,
                            {static_cast<std::uint32_t>(160 * i)},
                            start + std::chrono::milliseconds{20 * i}};
            frame.samples = 160;
            rtp::encode(rtp::Law::Mu, std::span{voice}.subspan(160 * i, 160), frame.payload);
            REQUIRE(ring.push(std::move(frame)));
        }
    }
    const auto left = read_channel(folder.path("recordings/x.rec"), 0, 2);
    // What lies within the delay of the last packet is not due yet.
    REQUIRE(left.size() >= 3'500 * kSamplesPerMs);
    CHECK(level_between(left, 100, 3'500, 500) == doctest::Approx(8'000).epsilon(0.03));
}

TEST_CASE("a crash leaves a file that is good to its last whole chunk, told by the next start") {
    TempFolder folder;
    auto opened = Folder::open(folder.path("recordings"));
    REQUIRE(opened.value().make_parents(".open/x").has_value());
    const RecordingNote note{
        .recording = kRecording, .path = "x.rec", .started_at = from_micros(0)};
    std::ofstream{folder.path("recordings/" + note.open_path())} << note.to_json();
    const auto layout = recording::Layout::fresh(kRecording, 2);
    Bytes bytes;
    recording::Sealer::begin(layout, {}, bytes);
    recording::Sealer sealer{recording::DataKey{kTestKey}, layout};
    sealer.append(Bytes(9 * layout.chunk_bytes, std::byte{5}), bytes);
    bytes.resize(bytes.size() - 100);  // As the kernel leaves a write that a kill cut short.
    {
        std::ofstream file{folder.path("recordings/x.rec"), std::ios::binary};
        file << as_text(bytes);
    }
    const auto mended = Recorder::recover(opened.value());
    REQUIRE(mended.size() == 1);
    CHECK(mended[0].reason == RecordEnd::Interrupted);
    CHECK(mended[0].duration_ms == 1'000);
    CHECK(mended[0].bytes == bytes.size());
    const auto source = recording::open_file(folder.path("recordings/x.rec"));
    CHECK(mended[0].sha256 == recording::digest_of(*source.value()).value());
    CHECK(read_channel(folder.path("recordings/x.rec"), 0, 2).size() == 8'000);
    CHECK(Recorder::recover(opened.value()).empty());
}

TEST_CASE("a recording without a key is refused: nothing is ever written in the clear") {
    Rig rig;
    Phone caller{1};
    rig.connect(kCaller, caller);
    rig.engine->handle(
        Record{.recording = kRecording, .path = "x.rec", .left = kCaller}, read_clocks(), rig.told);
    CHECK(rig.await<Failed>().detail == "key");
    CHECK_FALSE(std::filesystem::exists(rig.recording("x.rec")));
}

TEST_CASE("a plain file of an older build, left open, is mended, told and closed") {
    TempFolder folder;
    auto opened = Folder::open(folder.path("recordings"));
    REQUIRE(opened.has_value());
    const Folder& recordings = opened.value();
    REQUIRE(recordings.make_parents(".open/x").has_value());
    RecordingNote note{.recording = kRecording, .path = "x.wav", .started_at = from_micros(0)};
    note.pauses = {{10, 20}};
    std::ofstream{folder.path("recordings/" + note.open_path())} << note.to_json();
    std::ofstream{folder.path("recordings/.open/other.json")} << "{";
    {
        // As the writer leaves it: the header says less than there is, the last sample is cut.
        std::ofstream file{folder.path("recordings/x.wav"), std::ios::binary};
        const auto header = wav_header(2, 400);
        file.write(reinterpret_cast<const char*>(header.data()), header.size());
        file << std::string(32'003, 'x');
    }
    const auto mended = Recorder::recover(recordings);
    REQUIRE(mended.size() == 1);
    CHECK(mended[0].reason == RecordEnd::Interrupted);
    CHECK_FALSE(mended[0].complete);
    CHECK(mended[0].duration_ms == 1'000);
    CHECK(mended[0].bytes == 32'044);
    CHECK(mended[0].pauses == note.pauses);
    CHECK(mended[0].sha256 == sha256(slurp(folder.path("recordings/x.wav"))));
    CHECK(std::filesystem::file_size(folder.path("recordings/x.wav")) == 32'044);
    CHECK(slurp(folder.path("recordings/x.wav.json")).find("interrupted") != std::string::npos);
    CHECK(Recorder::recover(recordings).empty());
}

TEST_CASE("a recording whose file is lost is told too, with nothing in it") {
    TempFolder folder;
    auto opened = Folder::open(folder.path("recordings"));
    REQUIRE(opened.value().make_parents(".open/x").has_value());
    const RecordingNote note{.recording = kRecording, .path = "gone.rec"};
    std::ofstream{folder.path("recordings/" + note.open_path())} << note.to_json();
    const auto mended = Recorder::recover(opened.value());
    REQUIRE(mended.size() == 1);
    CHECK(mended[0].bytes == 0);
}

}  // namespace escucha::media
