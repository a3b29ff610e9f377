#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "media/engine/detail/talker.h"

// Conferences with real sockets: who hears whom, by the tone each of them sings.
namespace escucha::media {
namespace {

using namespace test;

constexpr EndpointId kCaller{11};
constexpr EndpointId kAgent{12};
constexpr EndpointId kSupervisor{13};
constexpr EndpointId kTrainee{14};
constexpr MixId kMix{7};
const RecordingId kRecording{Uuid{.high = 1, .low = 2}};
const SrtpKeys kKeys{.send = {.suite = SrtpSuite::AeadAes128Gcm, .master = {1, 2, 3}},
                     .receive = {.suite = SrtpSuite::AeadAes128Gcm, .master = {4, 5, 6}}};

MixMember full(EndpointId id) { return {.endpoint = id}; }
MixMember listener(EndpointId id) { return {.endpoint = id, .role = MixRole::Listener}; }
MixMember whisperer(EndpointId id, EndpointId to) {
    return {.endpoint = id, .role = MixRole::Whisperer, .whisper_to = to};
}

/// What one sings is heard, or not at all.
void check_hears(const Talker& who, const Talker& whom, bool is_heard) {
    CAPTURE(who.hertz);
    CAPTURE(whom.hertz);
    const double level = who.level_of(whom.hertz);
    if (is_heard) {
        CHECK(level > 4'500);
    } else {
        CHECK(level < 300);
    }
}

/// Frames that tell their number by every sample, all of them loud; 64 different ones.
Bytes numbered(std::size_t n, std::size_t size = 160) {
    return Bytes(size, static_cast<std::byte>(n % 64));
}

/// The caller counts in frames and the agent takes down what comes, with the time between packets.
struct Counting {
    Phone& caller;
    Phone& agent;
    std::size_t counted = 0;
    std::vector<Heard> heard{};
    std::uint64_t worst_beat = 1;  ///< More: the machine stood still and the run tells nothing.

    void count(Rig& rig, std::uint64_t beats) {
        Beat beat;
        for (std::uint64_t i = 0; i < beats;) {
            const std::uint64_t due = beat.wait();
            worst_beat = std::max(worst_beat, due);
            for (std::uint64_t n = due; n > 0; --n, ++i) caller.say(0, numbered(counted++), 160);
            hear(rig);
        }
    }
    void hear(Rig& rig) {
        rig.engine->collect(read_clocks(), rig.told);
        while (auto packet = agent.hear()) heard.push_back(std::move(*packet));
    }
    /// Every number in its order, whole; what was heard may come again, up to so many back.
    void check_nothing_missed(std::size_t most_repeated) const {
        REQUIRE(!heard.empty());
        std::size_t expected = 0;
        for (const Heard& packet : heard) {
            if (packet.payload == numbered(expected)) {
                ++expected;
                continue;
            }
            const std::size_t back =
                (expected + 64 - std::to_integer<std::size_t>(packet.payload.at(0))) % 64;
            CAPTURE(expected);
            CAPTURE(back);
            REQUIRE(back >= 1);
            REQUIRE(back <= most_repeated);
        }
        CHECK(expected == counted);
    }
    void check_unbroken(std::int32_t longest_step) const {
        for (std::size_t i = 1; i < heard.size(); ++i) {
            const auto& header = heard[i].header;
            CHECK(header.sequence.since(heard[i - 1].header.sequence) == 1);
            CHECK(header.timestamp.since(heard[i - 1].header.timestamp) >= 160);
            CHECK(header.timestamp.since(heard[i - 1].header.timestamp) <= longest_step);
        }
    }
};
constexpr std::int32_t kStepOf40MsGap = 160 + 40 * 8;

/// Runs the story until the machine kept the beat in it.
template <typename Story>
void on_a_steady_machine(const Story& story) {
    for (int attempt = 0; attempt < 10; ++attempt) {
        if (story()) return;
    }
    FAIL("the machine never kept the beat");
}

}  // namespace

TEST_CASE("who hears whom, in every role, codec and in SRTP, and what is recorded of it") {
    Rig rig;
    Talker caller{1, Codec::Pcmu, 400};
    Talker agent{2, Codec::Opus, 700};
    Talker supervisor{3, Codec::G722, 1'100};
    Talker trainee{4, Codec::Pcma, 1'600};
    caller.connect(rig, kCaller, 8'000, kKeys);
    agent.connect(rig, kAgent);
    supervisor.connect(rig, kSupervisor);
    trainee.connect(rig, kTrainee);
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    rig.command(Record{.recording = kRecording, .path = "a.rec", .left = kCaller, .right = kAgent});
    rig.await<RecordStarted>();
    const auto all = {&caller, &agent, &supervisor, &trainee};
    const auto check_all = [&](bool agent_hears_supervisor, bool all_hear_supervisor) {
        talk(all, 75);
        for (const Talker* who : all) {
            check_hears(*who, caller, who != &caller);
            check_hears(*who, agent, who != &agent);
            check_hears(*who, trainee, false);
            const bool is_heard = who != &supervisor && (all_hear_supervisor ||
                                                         (who == &agent && agent_hears_supervisor));
            check_hears(*who, supervisor, is_heard);
        }
    };

    rig.command(
        Mix{.mix = kMix,
            .members = {full(kCaller), full(kAgent), listener(kSupervisor), listener(kTrainee)}});
    check_all(false, false);
    rig.command(JoinMix{.mix = kMix, .member = whisperer(kSupervisor, kAgent)});
    check_all(true, false);
    rig.command(StopRecord{.recording = kRecording});
    rig.await<RecordEnded>();
    rig.command(JoinMix{.mix = kMix, .member = full(kSupervisor)});
    check_all(true, true);
    rig.command(JoinMix{.mix = kMix, .member = listener(kSupervisor)});
    check_all(false, false);
    rig.command(Stats{.endpoint = kCaller});
    const auto stats = rig.await<StatsReport>();
    CHECK(stats.packets_refused == 0);
    CHECK(stats.suite.has_value());

    for (const std::size_t channel : {0U, 1U}) {
        const auto recorded = read_channel(rig.recording("a.rec"), channel, 2);
        REQUIRE(recorded.size() > 8'000);
        const auto last_second = std::span{recorded}.last(8'000);
        double own = 0;
        double other = 0;
        double whisper = 0;
        for (std::size_t i = 0; i < 10; ++i) {
            const auto piece = last_second.subspan(i * 800, 800);
            own += level(piece, channel == 0 ? 400 : 700) / 10;
            other += level(piece, channel == 0 ? 700 : 400) / 10;
            whisper += level(piece, 1'100) / 10;
        }
        CHECK(own > 4'500);
        CHECK(other < 300);
        CHECK(whisper < 300);
    }
}

TEST_CASE("eight hear all the others and not themselves, and a ninth is refused") {
    Rig rig;
    std::vector<std::unique_ptr<Talker>> talkers;
    std::vector<MixMember> members;
    for (std::uint32_t i = 0; i < kMaxMixMembers; ++i) {
        // Quiet enough together not to be bent: the tones are to be told apart.
        talkers.push_back(
            std::make_unique<Talker>(i + 1, i % 2 == 0 ? Codec::Pcmu : Codec::Pcma, 300 + 150 * i));
        talkers.back()->amplitude = 2'000;
        talkers.back()->connect(rig, EndpointId{i + 1});
        members.push_back(full(EndpointId{i + 1}));
    }
    rig.create(EndpointId{9});
    auto nine = members;
    nine.push_back(full(EndpointId{9}));
    rig.command(Mix{.mix = kMix, .members = nine});
    CHECK(rig.await<MixFailed>().code == FailureCode::TooMany);
    rig.command(Mix{.mix = kMix, .members = members});
    for (std::size_t i = 0; i < kMaxMixMembers; ++i) {
        CHECK(rig.await<MixJoined>().member == members[i]);
    }
    rig.command(JoinMix{.mix = kMix, .member = listener(EndpointId{9})});
    CHECK(rig.await<MixFailed>().code == FailureCode::TooMany);
    Beat beat;
    for (std::uint64_t i = 0; i < 75;) {
        for (std::uint64_t n = beat.wait(); n > 0; --n, ++i) {
            for (auto& talker : talkers) talker->speak();
        }
        for (auto& talker : talkers) talker->hear();
    }
    for (const auto& who : talkers) {
        for (const auto& whom : talkers) {
            CAPTURE(who->hertz);
            CAPTURE(whom->hertz);
            const double level = who->level_of(whom->hertz);
            CHECK((who == whom ? level < 200 : level > 1'000));
        }
    }
}

TEST_CASE("among wide members the voice stays wide, and a narrow one hears it too") {
    Rig rig;
    Talker caller{1, Codec::Pcmu, 500};
    Talker agent{2, Codec::G722, 5'000};
    Talker expert{3, Codec::Opus, 5'500};
    caller.connect(rig, kCaller);
    agent.connect(rig, kAgent);
    expert.connect(rig, kSupervisor);
    rig.command(Mix{.mix = kMix, .members = {full(kCaller), full(kAgent), full(kSupervisor)}});
    talk({&caller, &agent, &expert}, 75);
    CHECK(agent.level_of(5'500) > 4'500);
    CHECK(agent.level_of(500) > 4'500);
    CHECK(expert.level_of(5'000) > 4'500);
    CHECK(expert.level_of(500) > 4'500);
    // Beyond what a narrow leg can hear, and not folded down into it.
    CHECK(caller.level_of(3'000) < 300);
    CHECK(caller.level_of(2'500) < 300);
    agent.hertz = 1'000;
    talk({&caller, &agent, &expert}, 75);
    CHECK(caller.level_of(1'000) > 4'500);
}

TEST_CASE("the two who talk keep each other's packets as they are while others listen") {
    on_a_steady_machine([] {
        Rig rig;
        Phone caller{1};
        Phone agent{2};
        Talker supervisor{3, Codec::Pcma, 900};
        rig.connect(kCaller, caller);
        rig.connect(kAgent, agent);
        supervisor.connect(rig, kSupervisor);
        rig.command(Bridge{.a = kCaller, .b = kAgent});
        rig.await<Bridged>();
        Counting story{.caller = caller, .agent = agent};
        story.count(rig, 10);
        rig.command(
            Mix{.mix = kMix, .members = {full(kCaller), full(kAgent), listener(kSupervisor)}});
        rig.await<Unbridged>();
        rig.await<MixJoined>();
        story.count(rig, 30);
        supervisor.hear();
        rig.command(LeaveMix{.mix = kMix, .endpoint = kSupervisor});
        CHECK(rig.await<MixLeft>().endpoint == kSupervisor);
        story.count(rig, 10);
        rig.command(Bridge{.a = kCaller, .b = kAgent});
        rig.await<MixEnded>();
        rig.await<Bridged>();
        story.count(rig, 10);
        rig.await_packets(kCaller, story.counted);
        story.hear(rig);
        if (story.worst_beat > 1) return false;
        CHECK(story.heard.size() == story.counted);
        story.check_nothing_missed(0);
        story.check_unbroken(kStepOf40MsGap);
        CHECK(supervisor.heard.size() > 20 * kFrameSamples);
        return true;
    });
}

TEST_CASE("from passed on to mixed and back the stream is unbroken and no word is missed") {
    on_a_steady_machine([] {
        Rig rig;
        Phone caller{1};
        Phone agent{2};
        Phone supervisor{3};
        rig.connect(kCaller, caller);
        rig.connect(kAgent, agent);
        rig.connect(kSupervisor, supervisor);
        rig.command(Bridge{.a = kCaller, .b = kAgent});
        rig.await<Bridged>();
        Counting story{.caller = caller, .agent = agent};
        story.count(rig, 10);
        // The whisper makes a sum of what the agent hears.
        rig.command(Mix{.mix = kMix,
                        .members = {full(kCaller), full(kAgent), whisperer(kSupervisor, kAgent)}});
        rig.await<MixJoined>();
        story.count(rig, 30);
        rig.command(Bridge{.a = kCaller, .b = kAgent});
        rig.await<Bridged>();
        story.count(rig, 10);
        rig.await_packets(kCaller, story.counted);
        story.hear(rig);
        if (story.worst_beat > 1) return false;
        story.check_nothing_missed(4);
        story.check_unbroken(kStepOf40MsGap);
        return true;
    });
}

TEST_CASE("who hears one voice only again is passed its packets from its next pause on") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    Phone supervisor{3};
    rig.connect(kCaller, caller);
    rig.connect(kAgent, agent);
    rig.connect(kSupervisor, supervisor);
    rig.command(
        Mix{.mix = kMix, .members = {full(kCaller), full(kAgent), whisperer(kSupervisor, kAgent)}});
    rig.await<MixJoined>();
    // Packets of 10 ms: passed on they stay so, in a mix they are of 20.
    std::vector<std::size_t> sizes;
    const auto speak = [&](std::byte sample, std::uint64_t beats) {
        sizes.clear();
        Beat beat;
        for (std::uint64_t i = 0; i < beats;) {
            for (std::uint64_t n = beat.wait(); n > 0; --n, ++i) {
                caller.say(0, Bytes(80, sample), 80);
                caller.say(0, Bytes(80, sample), 80);
            }
            while (const auto packet = agent.hear()) sizes.push_back(packet->payload.size());
        }
        REQUIRE(!sizes.empty());
    };
    speak(std::byte{10}, 25);
    CHECK(sizes.back() == 160);
    rig.command(JoinMix{.mix = kMix, .member = listener(kSupervisor)});
    rig.settle(kAgent);
    speak(std::byte{10}, 25);
    CHECK(sizes.back() == 160);
    speak(rtp::silence(rtp::Law::Mu), 25);
    CHECK(sizes.back() == 80);
    // And not into the mix again by itself.
    speak(std::byte{10}, 10);
    CHECK(std::all_of(sizes.begin() + 1, sizes.end(), [](auto size) { return size == 80; }));
}

TEST_CASE("a key press in a conference is control's, and leaves no hole in what others hear") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    Phone expert{3};
    rig.connect(kCaller, caller);
    rig.connect(kAgent, agent);
    rig.connect(kSupervisor, expert);
    rig.command(Mix{.mix = kMix, .members = {full(kCaller), full(kAgent)}});
    rig.await<MixJoined>();
    std::optional<rtp::Header> last;
    const auto next_to_agent = [&] {
        const Heard heard = rig.next(agent);
        CHECK(heard.header.payload_type == 0);
        if (last) CHECK(heard.header.sequence.since(last->sequence) == 1);
        last = heard.header;
    };
    const auto say = [&] { caller.say(rtp::Law::Mu, tone(500, 160)); };
    say();
    next_to_agent();
    caller.press('5', kEventPt);
    CHECK(rig.await<Digit>().digit == '5');
    say();
    next_to_agent();

    rig.command(JoinMix{.mix = kMix, .member = full(kSupervisor)});
    rig.settle(kSupervisor);
    caller.press('7', kEventPt);
    const auto digit = rig.await<Digit>();
    CHECK(digit.digit == '7');
    CHECK(digit.endpoint == kCaller);
    rig.settle(kCaller);
    CHECK_FALSE(agent.hear().has_value());
    CHECK_FALSE(expert.hear().has_value());
    CHECK(rig.count<Digit>() == 2);
}

TEST_CASE("a prompt takes the place of the conference for the member that is to hear it") {
    Rig rig;
    rig.prompt("a.wav", tone(1'500, 16'000));
    Talker caller{1, Codec::Pcmu, 400};
    Talker agent{2, Codec::Pcmu, 700};
    Talker expert{3, Codec::Pcma, 1'100};
    caller.connect(rig, kCaller);
    agent.connect(rig, kAgent);
    expert.connect(rig, kSupervisor);
    rig.command(Mix{.mix = kMix, .members = {full(kCaller), full(kAgent), full(kSupervisor)}});
    rig.command(Play{
        .endpoint = kCaller, .play = PlayId{1}, .prompts = {"a.wav"}, .repeat = Repeat::Forever});
    rig.next(caller.phone);
    talk({&caller, &agent, &expert}, 90);
    CHECK(caller.level_of(1'500) > 4'500);
    check_hears(caller, agent, false);
    check_hears(agent, caller, true);
    check_hears(agent, expert, true);
    CHECK(agent.level_of(1'500) < 300);
    rig.command(StopPlay{.endpoint = kCaller, .play = PlayId{1}});
    talk({&caller, &agent, &expert}, 75);
    check_hears(caller, agent, true);
    check_hears(caller, expert, true);
}

TEST_CASE("while nobody says anything nothing is sent") {
    Rig rig;
    Phone caller{1};
    Phone agent{2};
    Phone expert{3};
    rig.connect(kCaller, caller);
    rig.connect(kAgent, agent);
    rig.connect(kSupervisor, expert);
    rig.command(Mix{.mix = kMix, .members = {full(kCaller), full(kAgent), full(kSupervisor)}});
    Beat beat;
    for (std::uint64_t i = 0; i < 10;) i += beat.wait();
    for (const EndpointId id : {kCaller, kAgent, kSupervisor}) {
        rig.command(Stats{.endpoint = id});
        CHECK(rig.await<StatsReport>().packets_sent == 0);
    }
}

TEST_CASE("a conference lives until its last member leaves, is listed, and can be built anew") {
    Rig rig;
    rig.create(kCaller);
    rig.create(kAgent);
    rig.create(kSupervisor);
    const auto listed = [&] {
        rig.command(List{});
        return rig.await<Listing>().mixes;
    };
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    CHECK(listed().empty());
    rig.command(Mix{.mix = kMix, .members = {full(kCaller), full(kAgent)}});
    rig.await<MixJoined>();
    rig.command(JoinMix{.mix = kMix, .member = listener(kSupervisor)});
    rig.command(JoinMix{.mix = kMix, .member = whisperer(kSupervisor, kAgent)});
    const std::vector<ListedMix> expected{
        {.mix = kMix, .members = {full(kCaller), full(kAgent), whisperer(kSupervisor, kAgent)}}};
    CHECK(listed() == expected);
    rig.command(Destroy{.endpoint = kAgent});
    CHECK(rig.await<MixLeft>().endpoint == kAgent);
    rig.await<Destroyed>();
    CHECK(rig.count<MixEnded>() == 0);
    rig.command(LeaveMix{.mix = kMix, .endpoint = kCaller});
    CHECK(rig.await<MixLeft>().endpoint == kCaller);
    rig.command(Destroy{.endpoint = kSupervisor});
    rig.await<MixLeft>();
    CHECK(rig.await<MixEnded>().mix == kMix);
    rig.await<Destroyed>();
    CHECK(listed().empty());

    rig.create(kAgent);
    rig.command(Mix{.mix = kMix, .members = {full(kCaller), listener(kAgent)}});
    rig.command(EndMix{.mix = kMix});
    rig.await<MixEnded>();
    CHECK(listed().empty());
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    rig.command(Destroy{.endpoint = kCaller});
    rig.await<Unbridged>();
    rig.await<Destroyed>();
}

TEST_CASE("what cannot be mixed is refused by name and changes nothing") {
    Rig rig;
    for (const EndpointId id : {kCaller, kAgent, kSupervisor, kTrainee}) rig.create(id);
    constexpr EndpointId kElsewhere{20};
    constexpr EndpointId kNobody{99};
    rig.create(kElsewhere, CallGroup{2});
    const auto refused = [&](const Command& command) {
        rig.command(command);
        const auto failed = rig.await<MixFailed>();
        CHECK(failed.command == wire_type(command));
        return std::pair{failed.code, failed.endpoint};
    };
    using Why = std::pair<FailureCode, EndpointId>;
    const auto mix = [](std::vector<MixMember> members) {
        return Mix{.mix = kMix, .members = std::move(members)};
    };
    const auto join = [](MixMember member) { return JoinMix{.mix = kMix, .member = member}; };
    constexpr EndpointId kNone{};
    CHECK(refused(Mix{.members = {full(kCaller)}}) == Why{FailureCode::InvalidArgument, kNone});
    CHECK(refused(mix({})) == Why{FailureCode::InvalidArgument, kNone});
    CHECK(refused(mix({full(kNobody)})) == Why{FailureCode::NotFound, kNobody});
    CHECK(refused(mix({full(kCaller), full(kNobody)})) == Why{FailureCode::NotFound, kNobody});
    CHECK(refused(mix({full(kCaller), listener(kCaller)})) ==
          Why{FailureCode::InvalidArgument, kCaller});
    CHECK(refused(mix({full(kCaller), full(kElsewhere)})) ==
          Why{FailureCode::WrongGroup, kElsewhere});
    CHECK(refused(mix({full(kCaller), whisperer(kAgent, kAgent)})) ==
          Why{FailureCode::InvalidArgument, kAgent});
    CHECK(refused(mix({full(kCaller), whisperer(kAgent, kTrainee)})) ==
          Why{FailureCode::NotFound, kAgent});
    CHECK(refused(mix({full(kCaller), {.endpoint = kAgent, .role = MixRole::Whisperer}})) ==
          Why{FailureCode::InvalidArgument, kAgent});
    CHECK(refused(mix({full(kCaller), {.endpoint = kAgent, .whisper_to = kCaller}})) ==
          Why{FailureCode::InvalidArgument, kAgent});
    CHECK(refused(join(full(kCaller))) == Why{FailureCode::NotFound, kCaller});
    CHECK(refused(LeaveMix{.mix = kMix, .endpoint = kCaller}) ==
          Why{FailureCode::NotFound, kCaller});
    CHECK(refused(EndMix{.mix = kMix}) == Why{FailureCode::NotFound, kNone});
    rig.command(Bridge{.a = kCaller, .b = kAgent});
    rig.await<Bridged>();
    CHECK(refused(mix({full(kCaller), full(kSupervisor)})) == Why{FailureCode::Busy, kCaller});
    CHECK(rig.count<MixJoined>() == 0);

    rig.command(mix({full(kSupervisor), full(kTrainee)}));
    rig.await<MixJoined>();
    CHECK(refused(mix({full(kSupervisor)})) == Why{FailureCode::AlreadyExists, kNone});
    CHECK(refused(Mix{.mix = MixId{8}, .members = {full(kSupervisor)}}) ==
          Why{FailureCode::Busy, kSupervisor});
    CHECK(refused(join(full(kCaller))) == Why{FailureCode::Busy, kCaller});
    CHECK(refused(join(full(kElsewhere))) == Why{FailureCode::WrongGroup, kElsewhere});
    CHECK(refused(join(whisperer(kTrainee, kCaller))) == Why{FailureCode::NotFound, kTrainee});
    CHECK(refused(LeaveMix{.mix = kMix, .endpoint = kCaller}) ==
          Why{FailureCode::NotFound, kCaller});
    rig.command(Bridge{.a = kSupervisor, .b = kElsewhere});
    CHECK(rig.await<Failed>().code == FailureCode::WrongGroup);
    rig.command(Unbridge{.a = kCaller, .b = kAgent});
    rig.await<Unbridged>();
    rig.command(Bridge{.a = kSupervisor, .b = kAgent});
    CHECK(rig.await<Failed>().code == FailureCode::Busy);
    rig.command(List{});
    CHECK(rig.await<Listing>().mixes ==
          std::vector<ListedMix>{{.mix = kMix, .members = {full(kSupervisor), full(kTrainee)}}});
}

}  // namespace escucha::media
