// Colleagues and supervisors in the conversation of a caller and an agent.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/errc.h"
#include "control/centre.h"
#include "control/detail/test_world.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

namespace {

/// What media has been told of one call, as it has it: who is bridged, who is in the mix, and whose
/// voices are recorded. Commands that media would refuse fail the test.
struct Sound {
    std::optional<std::pair<media::EndpointId, media::EndpointId>> bridge;
    std::vector<media::MixMember> mix;
    std::vector<media::EndpointId> voices;  ///< On the right of the recording.
    bool is_paused = false;
    std::size_t recordings = 0;

    [[nodiscard]] bool is_in(media::EndpointId endpoint) const {
        return std::ranges::find(mix, endpoint, &media::MixMember::endpoint) != mix.end();
    }
    void leave(media::EndpointId endpoint) {
        std::erase_if(mix, [&](const auto& one) { return one.endpoint == endpoint; });
    }
    void unbridge(media::EndpointId endpoint) {
        if (bridge && (bridge->first == endpoint || bridge->second == endpoint)) bridge.reset();
    }
    void on(const media::Bridge& told) {
        CHECK(is_in(told.a) == is_in(told.b));
        leave(told.a);
        leave(told.b);
        bridge = {told.a, told.b};
    }
    void on(const media::Unbridge& told) { unbridge(told.a); }
    void on(const media::Mix& told) {
        CHECK(mix.empty());
        mix = told.members;
        if (!bridge) return;
        CHECK(is_in(bridge->first) == is_in(bridge->second));
        if (is_in(bridge->first)) bridge.reset();
    }
    void on(const media::JoinMix& told) {
        CHECK_FALSE(mix.empty());
        if (told.member.whisper_to) CHECK(is_in(*told.member.whisper_to));
        leave(told.member.endpoint);
        mix.push_back(told.member);
        CHECK(mix.size() <= media::kMaxMixMembers);
    }
    void on(const media::LeaveMix& told) {
        CHECK(is_in(told.endpoint));
        leave(told.endpoint);
    }
    void on(const media::EndMix&) {
        CHECK_FALSE(mix.empty());
        mix.clear();
    }
    void on(const media::Record& told) {
        ++recordings;
        voices.clear();
        is_paused = false;
        if (told.right) voices.push_back(*told.right);
    }
    void on(const media::MoveRecord& told) { voices = {*told.right}; }
    void on(const media::JoinRecord& told) {
        CHECK(std::ranges::find(voices, told.endpoint) == voices.end());
        voices.push_back(told.endpoint);
    }
    void on(const media::LeaveRecord& told) { std::erase(voices, told.endpoint); }
    void on(const media::PauseRecord&) { is_paused = true; }
    void on(const media::ResumeRecord&) { is_paused = false; }
    void on(const media::StopRecord&) { voices.clear(); }
    void on(const media::Destroy& told) {
        leave(told.endpoint);
        unbridge(told.endpoint);
        std::erase(voices, told.endpoint);
    }
    template <typename Other>
    void on(const Other&) {}
};

/// Ana talks with a caller; Luis and Eva are ready, and their phones answer when told to.
struct Talk : OneCall {
    Talk() {
        eva = world.add_agent("eva");
        talk();
        world.make_ready(world.luis);
        world.make_ready(eva);
        world.pass(30s);
    }
    [[nodiscard]] LegId last_rung() const { return world.legs_told<RingPhone>().back().leg; }
    LegId answer() {
        const LegId leg = last_rung();
        world.leg(LegProgress{leg, 180});
        world.pass(4s);
        world.leg(LegAnswered{leg, std::string{kPhoneSdp}});
        return leg;
    }
    /// Luis is asked, and then hears the caller too. His leg.
    LegId confer() {
        REQUIRE(world.command(ConsultAgent{world.ana, world.luis}));
        const LegId leg = answer();
        world.pass(10s);
        REQUIRE(world.command(MakeConference{world.ana}));
        return leg;
    }
    LegId add(AgentId with) {
        REQUIRE(world.command(AddToConference{world.ana, with}));
        return answer();
    }
    LegId supervise(SupervisionMode mode) {
        REQUIRE(world.command(Supervise{eva, contact().id, mode}));
        return answer();
    }
    [[nodiscard]] std::string reason(AgentId of) const {
        return world.centre.agent(world.company->id, of)->reason;
    }
    /// Endpoints in the order of their making: the caller's, Ana's, then the others'.
    [[nodiscard]] Sound sound() const { return sound_of(world); }
    static Sound sound_of(const World& told) {
        Sound sound;
        for (const auto& command : told.to_media) {
            std::visit([&](const auto& one) { sound.on(one); }, command);
        }
        return sound;
    }
    /// All of these hear each other, and who of them is not the caller is on the right.
    void check_all_hear(std::vector<std::size_t> indexes) const {
        const Sound now = sound();
        CHECK(now.mix.size() == indexes.size());
        for (const std::size_t index : indexes) {
            CAPTURE(index);
            CHECK(now.is_in(endpoint(index)));
            const bool is_right =
                std::ranges::find(now.voices, endpoint(index)) != now.voices.end();
            CHECK(is_right == (index != kCaller));
        }
        CHECK(now.voices.size() == indexes.size() - 1);
        CHECK_FALSE(now.bridge.has_value());
        CHECK_FALSE(now.is_paused);
    }
    void check_bridged(std::size_t a, std::size_t b) const {
        const Sound now = sound();
        REQUIRE(now.bridge.has_value());
        CHECK(now.bridge == std::pair{endpoint(a), endpoint(b)});
        CHECK(now.mix.empty());
        CHECK(now.voices == std::vector{endpoint(b)});
    }

    static constexpr std::size_t kCaller = 0;
    static constexpr std::size_t kAna = 1;
    static constexpr std::size_t kFirst = 2;  ///< Who came first.
    static constexpr std::size_t kSecond = 3;

    AgentId eva;
};

/// What another control, with media as it is, makes of the rows.
void restart(const Talk& before, World& after, const std::vector<LegId>& living) {
    after.add_agent("eva");  // One world is as the other: so are its ids.
    after.now = before.world.now;
    const auto& [contact, row] = *before.world.rows.begin();
    const Sound sound = before.sound();
    media::Listing listing;
    for (const auto& command : before.world.to_media) {
        const auto* create = std::get_if<media::Create>(&command);
        if (create == nullptr) continue;
        media::ListedEndpoint listed{.endpoint = create->endpoint};
        if (sound.bridge && sound.bridge->first == create->endpoint) {
            listed.bridged_to = sound.bridge->second;
        }
        listing.endpoints.push_back(listed);
    }
    for (const auto& command : before.world.to_media) {
        const auto* mix = std::get_if<media::Mix>(&command);
        if (mix != nullptr && !sound.mix.empty()) {
            listing.mixes = {{.mix = mix->mix, .members = sound.mix}};
        }
        if (const auto* record = std::get_if<media::Record>(&command)) {
            listing.recordings = {{.recording = record->recording, .path = record->path}};
        }
    }
    after.act([&](Effects& out) {
        after.centre.restore(
            {.contacts = {{.contact = contact, .state = row, .living_legs = living}},
             .states = before.world.states},
            after.now,
            out);
    });
    after.act([&](Effects& out) { after.centre.media_ready(listing, after.now, out); });
}

}  // namespace

TEST_CASE("a colleague who was asked hears the caller too, and the recording has all three") {
    Talk call;
    World& world = call.world;
    REQUIRE(world.command(ConsultAgent{world.ana, world.luis}));
    CHECK(world.command(MakeConference{world.ana}).error().code == Errc::Conflict);
    call.answer();
    CHECK(call.sound().is_paused);
    world.pass(10s);
    CHECK(world.command(MakeConference{world.luis}).error().code == Errc::Conflict);
    REQUIRE(world.command(MakeConference{world.ana}));
    call.check_all_hear({Talk::kCaller, Talk::kAna, Talk::kFirst});
    CHECK(world.told_media<media::StopPlay>() >= 1);
    CHECK(world.field("consultation_ended", "result") == "conference");
    CHECK(world.field("consultation_ended", "talk_ms") == "10000");
    CHECK(world.field("hold_ended", "held_ms") == "14000");
    CHECK(world.events("conference_started").size() == 1);
    CHECK(world.field("conference_joined", "with") == world.luis.to_string());
    CHECK(world.field("conference_joined", "recording") ==
          world.field("recording_started", "recording"));
    CHECK(call.reason(world.luis) == "conference");
    const ContactView view = call.contact();
    CHECK_FALSE(view.consultation.has_value());
    REQUIRE(view.conference.size() == 1);
    CHECK(view.conference[0].agent == world.luis);
    CHECK(view.conference[0].is_joined);
    CHECK(view.conference[0].since == world.now.wall);
    CHECK(view.state == ContactState::Talking);
    CHECK(view.agent == world.ana);
    CHECK(world.command(MakeConference{world.ana}).error().code == Errc::Conflict);
}

TEST_CASE("a colleague who leaves a conference leaves the two others bridged, by three ways") {
    for (const int way : {0, 1, 2}) {
        CAPTURE(way);
        Talk call;
        World& world = call.world;
        const LegId luis_leg = call.confer();
        world.pass(20s);
        if (way == 0) world.leg(LegEnded{luis_leg, "bye"});
        if (way == 1) REQUIRE(world.command(HangUp{world.luis}));
        if (way == 2) REQUIRE(world.command(RemoveFromConference{world.ana, world.luis}));
        call.check_bridged(Talk::kCaller, Talk::kAna);
        CHECK(call.was_ended(luis_leg) == (way != 0));
        CHECK(world.field("conference_left", "result") == (way == 2 ? "removed" : "left"));
        CHECK(world.field("conference_left", "talk_ms") == "20000");
        CHECK(world.field("conference_ended", "duration_ms") == "20000");
        CHECK(world.state(world.luis) == AgentState::Ready);
        CHECK(world.state(world.ana) == AgentState::Talking);
        CHECK(call.contact().conference.empty());
        CHECK(world.command(RemoveFromConference{world.ana, world.luis}).error().code ==
              Errc::NotFound);
        CHECK(call.sound().recordings == 1);
        REQUIRE(world.command(HangUp{world.ana}));
        CHECK(world.events("contact_ended").size() == 1);
    }
}

TEST_CASE(
    "an agent who leaves a conference leaves the caller with the colleague, who is the agent") {
    for (const bool is_phone : {false, true}) {
        CAPTURE(is_phone);
        Talk call;
        World& world = call.world;
        const auto before = call.contact();
        const LegId luis_leg = call.confer();
        world.pass(20s);
        if (is_phone) {
            world.leg(LegEnded{call.agent, "bye"});
        } else {
            REQUIRE(world.command(HangUp{world.ana}));
        }
        call.check_bridged(Talk::kCaller, Talk::kFirst);
        CHECK(call.sound().recordings == 2);
        CHECK(world.field("transfer_started", "how") == "conference");
        CHECK(world.field("transfer_started", "to") == world.luis.to_string());
        CHECK(world.field("conference_left", "result") == "took_over");
        CHECK(world.events("conference_ended").size() == 1);
        CHECK(world.field("contact_disconnected", "by") == "transfer");
        CHECK(world.events("contact_connected").size() == 2);
        CHECK(world.state(world.ana) == AgentState::WrapUp);
        CHECK(world.state(world.luis) == AgentState::Talking);
        CHECK(call.contact().agent == world.luis);
        CHECK(call.contact().case_id == before.case_id);
        CHECK_FALSE(call.was_ended(luis_leg));
        world.leg(LegEnded{luis_leg, "bye"});
        CHECK(world.field("contact_ended", "ended_by") == "agent");
        CHECK(world.state(world.luis) == AgentState::WrapUp);
    }
}

TEST_CASE(
    "of four, the colleague who was there first takes the agent's place and the mix goes on") {
    Talk call;
    World& world = call.world;
    call.confer();
    const LegId eva_leg = call.add(call.eva);
    call.check_all_hear({Talk::kCaller, Talk::kAna, Talk::kFirst, Talk::kSecond});
    CHECK(call.contact().conference.size() == 2);
    REQUIRE(world.command(HangUp{world.ana}));
    call.check_all_hear({Talk::kCaller, Talk::kFirst, Talk::kSecond});
    CHECK(call.contact().agent == world.luis);
    REQUIRE(call.contact().conference.size() == 1);
    CHECK(call.contact().conference[0].agent == call.eva);
    CHECK(world.events("conference_ended").empty());
    CHECK(world.events("conference_started").size() == 1);
    REQUIRE(world.command(RemoveFromConference{world.luis, call.eva}));
    CHECK(call.was_ended(eva_leg));
    call.check_bridged(Talk::kCaller, Talk::kFirst);
    CHECK(world.events("conference_ended").size() == 1);
}

TEST_CASE("a caller who hangs up ends the conference for all, ringing phones too") {
    Talk call;
    World& world = call.world;
    const LegId luis_leg = call.confer();
    REQUIRE(world.command(AddToConference{world.ana, call.eva}));
    const LegId eva_leg = call.last_rung();
    world.leg(LegEnded{call.caller, "bye"});
    CHECK(world.events("contact_ended").size() == 1);
    CHECK(world.field("contact_ended", "ended_by") == "caller");
    CHECK(world.field("conference_left", "result") == "ended");
    CHECK(world.field("conference_refused", "result") == "cancelled");
    CHECK(world.events("conference_ended").size() == 1);
    for (const LegId leg : {call.agent, luis_leg, eva_leg}) CHECK(call.was_ended(leg));
    CHECK(world.state(world.luis) == AgentState::Ready);
    CHECK(world.state(call.eva) == AgentState::Ready);
    CHECK(world.told_media<media::Destroy>() == 4);
}

TEST_CASE("a colleague who is invited and does not come changes nothing for the others") {
    const auto refuse = [](Talk& call, int way, LegId leg) {
        if (way == 0) call.world.leg(LegFailed{leg, 486, "busy", {}});
        if (way == 1) call.world.pass(60s);
        if (way == 2) REQUIRE(call.world.command(DeclineOffer{call.eva}));
        if (way == 3) REQUIRE(call.world.command(RemoveFromConference{call.world.ana, call.eva}));
        if (way == 4) call.world.leg(LegAnswered{leg, std::string{kVideoOnlySdp}});
    };
    const char* results[] = {"busy", "no_answer", "declined", "cancelled", "failed"};
    for (int way = 0; way < 5; ++way) {
        CAPTURE(way);
        Talk call;
        World& world = call.world;
        REQUIRE(world.command(AddToConference{world.ana, call.eva}));
        CHECK(world.events("conference_invited").size() == 1);
        REQUIRE(call.contact().conference.size() == 1);
        CHECK_FALSE(call.contact().conference[0].is_joined);
        call.check_bridged(Talk::kCaller, Talk::kAna);
        refuse(call, way, call.last_rung());
        call.check_bridged(Talk::kCaller, Talk::kAna);
        CHECK(world.told_media<media::Bridge>() == 1);
        CHECK(world.field("conference_refused", "result") == results[way]);
        CHECK(world.events("conference_started").empty());
        CHECK(call.contact().conference.empty());
        CHECK(world.state(call.eva) == AgentState::Ready);
        CHECK(world.state(world.ana) == AgentState::Talking);
    }
}

TEST_CASE("a conference has eight at most") {
    Talk call;
    World& world = call.world;
    call.confer();
    std::vector<std::size_t> all{Talk::kCaller, Talk::kAna, Talk::kFirst};
    for (std::size_t i = all.size(); i < media::kMaxMixMembers; ++i) {
        const AgentId more = world.add_agent("more" + std::to_string(i));
        world.make_ready(more);
        call.add(more);
        all.push_back(i);
    }
    call.check_all_hear(all);
    const auto refused = world.command(AddToConference{world.ana, call.eva});
    CHECK(refused.error().code == Errc::Conflict);
    CHECK(refused.error().detail == "the conference is full");
    const auto watch = Supervise{call.eva, call.contact().id, SupervisionMode::Listen};
    CHECK(world.command(watch).error().detail == "the conference is full");
    REQUIRE(world.command(RemoveFromConference{world.ana, world.luis}));
    CHECK(world.command(AddToConference{world.ana, call.eva}).has_value());
}

TEST_CASE("in a conference there is no hold, no transfer and no other question") {
    Talk call;
    World& world = call.world;
    call.confer();
    const auto refused = [&](Command wanted) {
        const auto result = world.command(std::move(wanted));
        return result ? "done" : result.error().detail;
    };
    CHECK(refused(Hold{world.ana}) == "in a conference");
    CHECK(refused(ConsultAgent{world.ana, call.eva}) == "in a conference");
    CHECK(refused(TransferToAgent{world.ana, call.eva}) == "in a conference");
    CHECK(refused(TransferToQueue{world.ana, world.queue}) == "in a conference");
    CHECK(refused(TransferOutside{world.ana, "600000001"}) == "in a conference");
    CHECK(refused(AddToConference{world.ana, world.luis}) == "the other agent is not ready");
    CHECK(refused(AddToConference{world.ana, world.ana}) == "already with this agent");
    CHECK(refused(AddToConference{world.ana, AgentId{}}) == "no such agent");
    CHECK(refused(SignIn{world.luis}) == "in another agent's conversation");
    call.check_all_hear({Talk::kCaller, Talk::kAna, Talk::kFirst});
}

TEST_CASE("what a colleague chooses in a conference comes after it, also when they take over") {
    Talk call;
    World& world = call.world;
    call.confer();
    call.add(call.eva);
    REQUIRE(world.command(SetNotReady{world.luis, "lunch"}));
    REQUIRE(world.command(SignOut{call.eva}));
    CHECK(call.reason(world.luis) == "conference");
    REQUIRE(world.command(HangUp{call.eva}));
    CHECK(world.state(call.eva) == AgentState::SignedOut);
    REQUIRE(world.command(HangUp{world.ana}));
    CHECK(world.centre.agent(world.company->id, world.luis)->next_state == "not_ready:lunch");
}

TEST_CASE("who holds with their own phone is out of the conference until they are back") {
    Talk call;
    World& world = call.world;
    const LegId luis_leg = call.confer();
    world.leg(LegReoffered{luis_leg, std::string{kHoldSdp}});
    CHECK_FALSE(call.sound().is_in(call.endpoint(Talk::kFirst)));
    CHECK(call.sound().mix.size() == 2);
    world.leg(LegReoffered{luis_leg, std::string{kPhoneSdp}});
    call.check_all_hear({Talk::kCaller, Talk::kAna, Talk::kFirst});

    world.leg(LegReoffered{call.agent, std::string{kHoldSdp}});
    CHECK_FALSE(call.sound().is_in(call.endpoint(Talk::kAna)));
    CHECK(call.contact().state == ContactState::Talking);
    // Now nobody is left with the caller but a phone that holds.
    world.leg(LegEnded{luis_leg, "bye"});
    CHECK(call.contact().state == ContactState::Held);
    CHECK_FALSE(call.sound().bridge.has_value());
    world.leg(LegReoffered{call.agent, std::string{kPhoneSdp}});
    CHECK(call.contact().state == ContactState::Talking);
    call.check_bridged(Talk::kCaller, Talk::kAna);
}

TEST_CASE("a phone that held and dialled goes on in the conference by its second call") {
    Talk call;
    World& world = call.world;
    world.leg(LegReoffered{call.agent, std::string{kHoldSdp}});
    const LegId second = LegId::make(world.now.wall, world.rng);
    world.leg(IncomingCall{.leg = second,
                           .source = world.ana,
                           .dialled = "luis",
                           .caller = "ana",
                           .caller_display = {},
                           .sdp = std::string{kPhoneSdp}});
    call.answer();
    REQUIRE(world.command(MakeConference{world.ana}));
    CHECK(call.was_ended(call.agent));
    call.check_all_hear({Talk::kCaller, 2, 3});
    world.leg(LegEnded{second, "bye"});
    CHECK(call.contact().agent == world.luis);
    call.check_bridged(Talk::kCaller, 3);
}

TEST_CASE("when media dies in a conference all are heard again, and recorded") {
    Talk call;
    World& world = call.world;
    const LegId luis_leg = call.confer();
    REQUIRE(world.command(AddToConference{world.ana, call.eva}));
    const auto first = world.field("recording_started", "recording");
    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    world.to_media.clear();
    world.act([&](Effects& out) { world.centre.media_ready({}, world.now, out); });
    call.check_all_hear({Talk::kCaller, Talk::kAna, Talk::kFirst});
    CHECK(world.field("recording_started", "recording") != first);
    CHECK(world.field("conference_refused", "result") == "failed");
    for (const LegId leg : {call.caller, call.agent, luis_leg}) {
        const auto told = world.legs_told<Reoffer>();
        CHECK(std::ranges::find(told, leg, &Reoffer::leg) != told.end());
    }
    world.leg(LegReofferAnswered{luis_leg, std::string{kPhoneSdp}});
    call.check_all_hear({Talk::kCaller, Talk::kAna, Talk::kFirst});
}

TEST_CASE("after a restart of control a conference goes on as media kept it") {
    Talk call;
    const LegId luis_leg = call.confer();
    World after;
    restart(call, after, {call.caller, call.agent, luis_leg});
    CHECK(after.told_media<media::Mix>() == 0);
    CHECK(after.told_media<media::EndMix>() == 0);
    CHECK(after.told_media<media::Bridge>() == 0);
    CHECK(after.told_media<media::Record>() == 0);
    CHECK(after.told_media<media::JoinRecord>() == 1);  // Said again: it may not have come through.
    const auto contact = after.centre.contacts(after.company->id).front();
    REQUIRE(contact.conference.size() == 1);
    CHECK(contact.conference[0].agent == after.luis);
    CHECK(contact.agent == after.ana);
    REQUIRE(after.command(RemoveFromConference{after.ana, after.luis}));
    CHECK(after.field("conference_ended", "duration_ms") == "0");
    CHECK(after.told_media<media::Bridge>() == 1);
    CHECK(after.state(after.luis) == AgentState::Ready);
}

TEST_CASE("after a restart of control who is gone is out of the conference") {
    Talk call;
    const LegId luis_leg = call.confer();
    SUBCASE("the colleague") {
        World after;
        restart(call, after, {call.caller, call.agent});
        CHECK(after.field("conference_left", "result") == "left");
        const auto contact = after.centre.contacts(after.company->id).front();
        CHECK(contact.agent == after.ana);
        CHECK(contact.conference.empty());
        CHECK(after.told_media<media::Bridge>() >= 1);
        CHECK(after.state(after.luis) == AgentState::Ready);
    }
    SUBCASE("the agent") {
        World after;
        restart(call, after, {call.caller, luis_leg});
        const auto contact = after.centre.contacts(after.company->id).front();
        CHECK(contact.agent == after.luis);
        CHECK(after.state(after.ana) == AgentState::WrapUp);
        // Whatever of the leg is left must not ring on.
        const auto ended = after.legs_told<EndLeg>();
        CHECK(std::ranges::find(ended, call.agent, &EndLeg::leg) != ended.end());
    }
    SUBCASE("both") {
        World after;
        restart(call, after, {call.caller});
        CHECK(after.field("conference_ended", "duration_ms") == "0");
        const auto contact = after.centre.contacts(after.company->id).front();
        CHECK_FALSE(contact.agent == after.luis);
        CHECK(after.events("contact_ended").empty());
    }
    SUBCASE("the caller") {
        World after;
        restart(call, after, {call.agent, luis_leg});
        CHECK(after.events("contact_ended").size() == 1);
        CHECK(after.state(after.luis) == AgentState::Ready);
    }
}

TEST_CASE("a dialog of a conference that is gone without a word is as one who hung up") {
    for (const bool is_agent : {false, true}) {
        CAPTURE(is_agent);
        Talk call;
        World& world = call.world;
        const LegId luis_leg = call.confer();
        const auto look = [&](const std::vector<LegId>& living) {
            world.act([&](Effects& out) { world.centre.on_living_legs(living, world.now, out); });
        };
        look({call.caller, call.agent, luis_leg});
        world.pass(10s);
        const auto living =
            is_agent ? std::vector{call.caller, luis_leg} : std::vector{call.caller, call.agent};
        look(living);
        CHECK(world.field("state_repaired", "what") == (is_agent ? "agent_leg" : "member_leg"));
        call.check_bridged(Talk::kCaller, is_agent ? Talk::kFirst : Talk::kAna);
    }
}

TEST_CASE("an agent whose sound is gone is out of the conference, and the caller goes on") {
    Talk call;
    World& world = call.world;
    call.confer();
    world.sound(media::MediaTimeout{.endpoint = call.endpoint(Talk::kAna), .silent_ms = 10'000});
    world.pass(50s);
    CHECK(call.contact().agent == world.luis);
    CHECK(call.was_ended(call.agent));
    call.check_bridged(Talk::kCaller, Talk::kFirst);
}

TEST_CASE("a supervisor listens, whispers and joins, is seen by the agent, and is in the journal") {
    Talk call;
    World& world = call.world;
    REQUIRE(world.command(Supervise{call.eva, call.contact().id, SupervisionMode::Listen}));
    CHECK(world.legs_told<RingPhone>().back().phone == "eva");
    CHECK(world.field("supervision_asked", "mode") == "listen");
    REQUIRE(call.contact().supervised_by.size() == 1);
    CHECK_FALSE(call.contact().supervised_by[0].is_joined);
    CHECK(call.reason(call.eva) == "supervision");
    const LegId eva_leg = call.answer();

    const auto role = [&] {
        const auto mix = call.sound().mix;
        const auto at =
            std::ranges::find(mix, call.endpoint(Talk::kFirst), &media::MixMember::endpoint);
        REQUIRE(at != mix.end());
        return *at;
    };
    CHECK(role().role == media::MixRole::Listener);
    CHECK(call.sound().mix.size() == 3);
    CHECK(call.sound().voices == std::vector{call.endpoint(Talk::kAna)});
    CHECK(world.field("supervision_started", "supervisor") == call.eva.to_string());
    CHECK(world.field("supervision_started", "recording") ==
          world.field("recording_started", "recording"));
    CHECK(call.contact().supervised_by[0].mode == "listen");
    CHECK(call.contact().supervised_by[0].is_joined);
    CHECK(call.contact().conference.empty());

    const auto joins = world.told_media<media::JoinMix>();
    REQUIRE(world.command(Supervise{call.eva, call.contact().id, SupervisionMode::Whisper}));
    CHECK(world.told_media<media::JoinMix>() == joins + 1);
    CHECK(role().role == media::MixRole::Whisperer);
    CHECK(role().whisper_to == call.endpoint(Talk::kAna));
    CHECK(call.sound().voices == std::vector{call.endpoint(Talk::kAna)});
    REQUIRE(world.command(Supervise{call.eva, call.contact().id, SupervisionMode::Join}));
    CHECK(role().role == media::MixRole::Full);
    CHECK(world.field("supervision_changed", "mode") == "join");
    call.check_all_hear({Talk::kCaller, Talk::kAna, Talk::kFirst});
    REQUIRE(world.command(Supervise{call.eva, call.contact().id, SupervisionMode::Listen}));
    CHECK(call.sound().voices == std::vector{call.endpoint(Talk::kAna)});

    REQUIRE(world.command(EndSupervision{call.eva}));
    CHECK(call.was_ended(eva_leg));
    call.check_bridged(Talk::kCaller, Talk::kAna);
    CHECK(world.field("supervision_ended", "result") == "left");
    CHECK(world.state(call.eva) == AgentState::Ready);
    CHECK(world.command(EndSupervision{call.eva}).error().code == Errc::Conflict);
    CHECK(world.events("conference_started").empty());
}

TEST_CASE("a supervisor who is signed out stays so, and one in a call is not rung") {
    Talk call;
    World& world = call.world;
    const AgentId boss = world.add_agent("boss");
    const ContactId contact = call.contact().id;
    const auto watch = [&](AgentId who) {
        return world.command(Supervise{who, contact, SupervisionMode::Listen});
    };
    CHECK(watch(world.ana).error().code == Errc::Conflict);
    CHECK(world.command(Supervise{boss, ContactId{}, SupervisionMode::Listen}).error().code ==
          Errc::NotFound);
    REQUIRE(watch(boss));
    call.answer();
    CHECK(world.state(boss) == AgentState::SignedOut);
    CHECK(world.command(SignIn{boss}).error().code == Errc::Conflict);
    CHECK(call.sound().mix.size() == 3);
    REQUIRE(watch(call.eva));
    call.answer();
    CHECK(call.contact().supervised_by.size() == 2);
    world.leg(LegEnded{call.caller, "bye"});
    CHECK(world.state(boss) == AgentState::SignedOut);
    CHECK(world.events("supervision_ended").size() == 2);
    CHECK(watch(boss).error().code == Errc::NotFound);
}

TEST_CASE("supervision follows hold and question, and ends with the agent's part") {
    Talk call;
    World& world = call.world;
    call.supervise(SupervisionMode::Whisper);
    REQUIRE(world.command(Hold{world.ana}));
    CHECK_FALSE(call.sound().is_in(call.endpoint(Talk::kCaller)));
    CHECK(call.sound().mix.size() == 2);
    REQUIRE(world.command(Resume{world.ana}));
    CHECK(call.sound().mix.size() == 3);

    // The agent asks a colleague: that is what the supervisor hears.
    REQUIRE(world.command(ConsultAgent{world.ana, world.luis}));
    call.answer();
    CHECK_FALSE(call.sound().is_in(call.endpoint(Talk::kCaller)));
    CHECK(call.sound().is_in(call.endpoint(Talk::kAna)));
    CHECK(call.sound().is_in(call.endpoint(Talk::kSecond)));
    CHECK(call.sound().mix.size() == 3);
    REQUIRE(world.command(EndConsultation{world.ana}));
    CHECK(call.sound().mix.size() == 3);
    CHECK(call.sound().is_in(call.endpoint(Talk::kCaller)));

    REQUIRE(world.command(ConsultAgent{world.ana, world.luis}));
    call.answer();
    REQUIRE(world.command(CompleteConsultation{world.ana}));
    CHECK(world.field("supervision_ended", "result") == "ended");
    CHECK(world.state(call.eva) == AgentState::Ready);
    call.check_bridged(Talk::kCaller, 4);
}

TEST_CASE("a supervisor stays in a conference whose agent leaves, and whispers to the new one") {
    Talk call;
    World& world = call.world;
    call.supervise(SupervisionMode::Whisper);
    call.confer();
    CHECK(call.sound().mix.size() == 4);
    REQUIRE(world.command(HangUp{world.ana}));
    CHECK(call.contact().agent == world.luis);
    CHECK(call.contact().supervised_by.size() == 1);
    const auto mix = call.sound().mix;
    CHECK(mix.size() == 3);
    const auto eva =
        std::ranges::find(mix, call.endpoint(Talk::kFirst), &media::MixMember::endpoint);
    REQUIRE(eva != mix.end());
    CHECK(eva->whisper_to == call.endpoint(Talk::kSecond));
    CHECK(world.events("conference_ended").size() == 1);
}

TEST_CASE("after a restart of control supervision goes on in its mode") {
    Talk call;
    const LegId eva_leg = call.supervise(SupervisionMode::Whisper);
    World after;
    restart(call, after, {call.caller, call.agent, eva_leg});
    const auto contact = after.centre.contacts(after.company->id).front();
    REQUIRE(contact.supervised_by.size() == 1);
    CHECK(contact.supervised_by[0].mode == "whisper");
    CHECK(after.told_media<media::Mix>() == 0);
    CHECK(after.told_media<media::LeaveRecord>() == 1);
    REQUIRE(after.command(EndSupervision{call.eva}));
    CHECK(after.told_media<media::Bridge>() == 1);
}

TEST_CASE("who supervises does not hear what the caller keys in secret") {
    Talk call;
    World& world = call.world;
    const LegId eva_leg = call.supervise(SupervisionMode::Join);
    REQUIRE(world.command(BeginSecureInput{.agent = world.ana, .kind = SecureKind::Other}));
    CHECK_FALSE(call.sound().is_in(call.endpoint(Talk::kCaller)));
    CHECK_FALSE(call.sound().bridge.has_value());
    CHECK(call.sound().is_paused);
    CHECK(world.command(AddToConference{world.ana, world.luis}).error().code == Errc::Conflict);

    SUBCASE("nor one who comes back meanwhile") {
        REQUIRE(world.command(EndSupervision{call.eva}));
        CHECK(call.was_ended(eva_leg));
        CHECK_FALSE(call.sound().bridge.has_value());
        CHECK(call.sound().mix.empty());
        REQUIRE(world.command(Supervise{call.eva, call.contact().id, SupervisionMode::Listen}));
        call.answer();
        CHECK(call.sound().mix.size() == 2);
        CHECK_FALSE(call.sound().is_in(call.endpoint(Talk::kCaller)));
        REQUIRE(world.command(Supervise{call.eva, call.contact().id, SupervisionMode::Join}));
    }
    SUBCASE("from the beginning to the end") {}
    REQUIRE(world.command(EndSecureInput{world.ana}));
    CHECK_FALSE(call.sound().is_in(call.endpoint(Talk::kCaller)));
    world.pass(2s);
    CHECK(call.sound().mix.size() == 3);
    CHECK(call.sound().is_in(call.endpoint(Talk::kCaller)));
    CHECK_FALSE(call.sound().is_paused);
}

TEST_CASE("in a conference nobody keys in secret, and who keys in secret is in no conference") {
    Talk call;
    World& world = call.world;
    call.confer();
    const BeginSecureInput wanted{.agent = world.ana, .kind = SecureKind::Card};
    CHECK(world.command(wanted).error().code == Errc::Conflict);
    CHECK(world.events("secure_input_started").empty());
}
