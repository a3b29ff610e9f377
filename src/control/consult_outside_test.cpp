// A number outside is asked before the caller is passed on to it.

#include <algorithm>

#include <doctest/doctest.h>

#include "base/errc.h"
#include "control/detail/test_world.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

namespace {

/// Ana talks with a caller, and asks a number outside.
struct AskedOutside : OneCall {
    AskedOutside() : OneCall{straight_to_queue(), mobiles()} {
        talk();
        world.pass(30s);
    }
    /// By the page. The leg outside.
    LegId ask() {
        REQUIRE(world.command(ConsultOutside{world.ana, "600 12 34 56"}));
        return world.legs_told<CallOutside>().back().leg;
    }
    /// By hold and dial.
    void dial(const std::string& number = "600123456") { hold_and_dial(number); }
    /// The carrier's sound before the answer.
    void hear_early(LegId outside) {
        world.leg(LegProgress{outside, 183, std::string{kPhoneSdp}});
        world.sound(media::SourceLocked{.endpoint = endpoint(2), .ip = "127.0.0.1", .port = 4000});
    }
    void answer(LegId outside) {
        world.leg(LegProgress{outside, 180});
        world.pass(4s);
        world.leg(LegAnswered{outside, std::string{kPhoneSdp}, world.trunk});
    }
    LegId ask_and_answer() {
        const LegId outside = ask();
        answer(outside);
        return outside;
    }
    [[nodiscard]] bool are_bridged(std::size_t a, std::size_t b) const {
        for (auto at = world.to_media.rbegin(); at != world.to_media.rend(); ++at) {
            if (const auto* bridge = std::get_if<media::Bridge>(&*at)) {
                return bridge->a == endpoint(a) && bridge->b == endpoint(b);
            }
        }
        return false;
    }
    /// The caller is with the agent as before; nobody else is in the call.
    void check_is_back() const {
        CHECK(contact().state == ContactState::Talking);
        CHECK(contact().agent == world.ana);
        CHECK(contact().outside.empty());
        CHECK_FALSE(contact().consultation.has_value());
        CHECK(are_bridged(0, 1));
        CHECK_FALSE(contact().is_recording_paused);
        CHECK(world.state(world.ana) == AgentState::Talking);
        CHECK(world.events("transfer_started").empty());
    }
};

}  // namespace

TEST_CASE("a number outside is asked while the caller hears music, and then has the caller") {
    AskedOutside call;
    World& world = call.world;
    const LegId outside = call.ask();
    CHECK(world.field("outside_started", "how") == "attended");
    CHECK(world.field("hold_started", "by") == "transfer");
    CHECK(world.field("recording_paused", "reason") == "consultation");
    REQUIRE(call.contact().consultation.has_value());
    CHECK_FALSE(call.contact().consultation->with.has_value());
    CHECK_FALSE(call.contact().consultation->is_answered);
    CHECK(world.command(CompleteConsultation{world.ana}).error().code == Errc::Conflict);

    call.answer(outside);
    CHECK(call.are_bridged(1, 2));
    CHECK(call.contact().consultation->is_answered);
    CHECK(call.contact().state == ContactState::Held);
    CHECK(call.contact().outside == "+34600123456");
    CHECK(world.state(world.ana) == AgentState::Talking);
    CHECK(world.events("transfer_started").empty());
    CHECK(world.told_media<media::Record>() == 1);
    CHECK(world.command(MakeConference{world.ana}).error().code == Errc::Conflict);
    CHECK(world.command(ResumeRecording{world.ana}).error().code == Errc::Conflict);
    CHECK(world.command(TransferOutside{world.ana, "600 12 34 57"}).error().code == Errc::Conflict);

    world.pass(20s);
    REQUIRE(world.command(CompleteConsultation{world.ana}));
    CHECK(world.field("transfer_started", "how") == "attended");
    CHECK(world.field("contact_disconnected", "hold_ms") == "24000");
    CHECK(world.state(world.ana) == AgentState::WrapUp);
    CHECK(call.was_ended(call.agent));
    CHECK_FALSE(call.was_ended(outside));
    CHECK(call.are_bridged(0, 2));
    CHECK(world.told_media<media::Record>() == 2);
    CHECK(call.contact().state == ContactState::Talking);

    world.pass(60s);
    world.leg(LegEnded{outside, "bye"});
    CHECK(world.field("outside_ended", "talk_ms") == "80000");
    CHECK(world.field("contact_ended", "ended_by") == "outside");
    CHECK(world.told_media<media::Create>() == world.told_media<media::Destroy>());
}

TEST_CASE("the caller is the agent's again when the asking ends in any other way") {
    AskedOutside call;
    World& world = call.world;
    SUBCASE("the agent thinks better of it while it rings") {
        const LegId outside = call.ask();
        REQUIRE(world.command(EndConsultation{world.ana}));
        CHECK(world.field("outside_ended", "result") == "cancelled");
        CHECK(call.was_ended(outside));
    }
    SUBCASE("the agent returns after a word with them") {
        const LegId outside = call.ask_and_answer();
        world.pass(10s);
        REQUIRE(world.command(EndConsultation{world.ana}));
        CHECK(world.field("outside_ended", "result") == "answered");
        CHECK(world.field("outside_ended", "talk_ms") == "10000");
        CHECK(call.was_ended(outside));
    }
    SUBCASE("the agent resumes, which is the same") {
        call.ask_and_answer();
        REQUIRE(world.command(Resume{world.ana}));
    }
    SUBCASE("it hangs up after a word") {
        const LegId outside = call.ask_and_answer();
        world.leg(LegEnded{outside, "bye"});
        CHECK(world.field("outside_ended", "result") == "answered");
    }
    SUBCASE("it is busy") {
        const LegId outside = call.ask();
        world.leg(LegFailed{outside, 486, "Busy Here"});
        CHECK(world.field("outside_ended", "result") == "busy");
    }
    SUBCASE("signalling never says what became of it") {
        call.ask();
        world.pass(40s);
        CHECK(world.field("outside_ended", "result") == "no_answer");
    }
    SUBCASE("its dialog is gone without a word") {
        const LegId outside = call.ask_and_answer();
        world.act([&](Effects& out) {
            world.centre.on_living_legs({call.caller, call.agent, outside}, world.now, out);
        });
        world.look({call.caller, call.agent});
        CHECK(world.field("state_repaired", "what") == "outside_leg");
    }
    call.check_is_back();
    CHECK(world.told_media<media::Record>() == 1);
    world.leg(LegEnded{call.caller, "bye"});
    CHECK(world.centre.live_contacts() == 0);
}

TEST_CASE("who hangs up on a number that was asked passes the caller on to it") {
    AskedOutside call;
    World& world = call.world;
    bool is_by_phone = false;
    SUBCASE("by the page") {}
    SUBCASE("by the phone") { is_by_phone = true; }
    const LegId outside = call.ask_and_answer();
    if (is_by_phone) {
        world.leg(LegEnded{call.agent, "bye"});
    } else {
        REQUIRE(world.command(HangUp{world.ana}));
    }
    CHECK(world.field("transfer_started", "how") == "attended");
    CHECK(call.are_bridged(0, 2));
    CHECK(world.state(world.ana) == AgentState::WrapUp);
    CHECK_FALSE(call.was_ended(outside));
    world.leg(LegEnded{call.caller, "bye"});
    CHECK(call.was_ended(outside));
    CHECK(world.centre.live_contacts() == 0);
}

TEST_CASE("who hangs up while the number still rings has passed the caller on unasked") {
    AskedOutside call;
    World& world = call.world;
    const LegId outside = call.ask();
    world.leg(LegEnded{call.agent, "bye"});
    CHECK_FALSE(call.contact().consultation.has_value());
    CHECK(call.contact().state == ContactState::Held);
    call.answer(outside);
    CHECK(call.are_bridged(0, 2));
    CHECK(call.contact().state == ContactState::Talking);
}

TEST_CASE("the agent, not the caller, hears what a number says before it answers") {
    AskedOutside call;
    World& world = call.world;
    const LegId outside = call.ask();
    const auto stopped = world.told_media<media::StopPlay>();
    call.hear_early(outside);
    CHECK(call.are_bridged(1, 2));
    CHECK(world.told_media<media::StopPlay>() == stopped);
    // Whoever leaves takes that with them; the caller hears the number from its answer on.
    world.leg(LegEnded{call.agent, "bye"});
    world.leg(LegAnswered{outside, std::string{kPhoneSdp}, world.trunk});
    CHECK(call.are_bridged(0, 2));
}

TEST_CASE("a phone asks a number outside by hold and dial, and passes the caller on by REFER") {
    AskedOutside call;
    World& world = call.world;
    call.dial();
    const LegId outside = world.legs_told<CallOutside>().back().leg;
    CHECK(world.field("outside_started", "number") == "+34600123456");
    CHECK(world.field("hold_started", "by") == "phone");
    world.leg(LegProgress{outside, 180});
    CHECK(world.legs_told<RingCaller>().back().leg == call.phone);
    world.leg(LegAnswered{outside, std::string{kPhoneSdp}, world.trunk});
    CHECK(world.legs_told<AnswerCaller>().back().leg == call.phone);
    // The caller, the agent, the number, and the phone's second call.
    CHECK(call.are_bridged(3, 2));

    SUBCASE("naming its other call") {
        world.leg(
            LegTransferAsked{.leg = call.agent, .target = "600123456", .replaces = call.phone});
        CHECK(world.legs_told<GrantTransfer>().size() == 1);
        CHECK(call.was_ended(call.phone));
        CHECK(call.was_ended(call.agent));
        CHECK(call.are_bridged(0, 2));
        CHECK(world.state(world.ana) == AgentState::WrapUp);
    }
    SUBCASE("naming the number") {
        world.leg(LegTransferAsked{
            .leg = call.agent, .target = "+34600123456", .replaces = std::nullopt});
        CHECK(world.legs_told<GrantTransfer>().size() == 1);
        CHECK(call.are_bridged(0, 2));
    }
    SUBCASE("by hanging up on the caller") {
        world.leg(LegEnded{call.agent, "bye"});
        CHECK(call.was_ended(call.phone));
        CHECK(call.are_bridged(0, 2));
    }
    SUBCASE("or hangs up on the number, and takes the caller back") {
        world.leg(LegEnded{call.phone, "bye"});
        CHECK(call.was_ended(outside));
        CHECK(call.contact().state == ContactState::Held);
        world.leg(LegReoffered{call.agent, std::string{kPhoneSdp}});
        call.check_is_back();
    }
}

TEST_CASE("a phone that dials a number which must not be called is refused, and keeps its caller") {
    AskedOutside call;
    World& world = call.world;
    call.dial("807123456");
    REQUIRE(world.legs_told<RejectCaller>().size() == 1);
    CHECK(world.legs_told<RejectCaller>().front().status == 403);
    CHECK(world.events("outside_refused").size() == 1);
    CHECK_FALSE(call.contact().consultation.has_value());
    CHECK(call.contact().outside.empty());
    CHECK(call.contact().agent == world.ana);
}

TEST_CASE("after a kill an asking goes on, and one that rang gives the caller back") {
    AskedOutside talking;
    const LegId outside = talking.ask_and_answer();
    World again{straight_to_queue(), mobiles()};
    again.now = talking.world.now;
    again.act([&](Effects& out) {
        again.centre.restore(
            talking.saved({talking.caller, talking.agent, outside}), again.now, out);
    });
    const auto contact = [](const World& world) {
        return world.centre.contacts(world.company->id).front();
    };
    REQUIRE(contact(again).consultation.has_value());
    CHECK(contact(again).consultation->is_answered);
    CHECK(contact(again).state == ContactState::Held);
    again.act([&](Effects& out) { again.centre.media_ready({}, again.now, out); });
    REQUIRE(again.command(CompleteConsultation{again.ana}));
    CHECK(contact(again).state == ContactState::Talking);
    CHECK_FALSE(contact(again).agent.has_value());

    AskedOutside ringing;
    const LegId rang = ringing.ask();
    World back{straight_to_queue(), mobiles()};
    back.now = ringing.world.now;
    back.act([&](Effects& out) {
        back.centre.restore(ringing.saved({ringing.caller, ringing.agent, rang}), back.now, out);
    });
    CHECK(contact(back).state == ContactState::Talking);
    CHECK_FALSE(contact(back).consultation.has_value());
    CHECK(contact(back).outside.empty());
}

TEST_CASE("when media dies an asking goes on with new endpoints, and one that rings is given up") {
    AskedOutside call;
    World& world = call.world;
    bool is_answered = false;
    SUBCASE("answered") { is_answered = true; }
    SUBCASE("ringing") {}
    LegId outside = call.ask();
    if (is_answered) call.answer(outside);
    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    world.act([&](Effects& out) { world.centre.media_ready({}, world.now, out); });
    for (const auto& again : world.legs_told<Reoffer>()) {
        world.leg(LegReofferAnswered{again.leg, std::string{kPhoneSdp}});
    }
    if (!is_answered) {
        CHECK(world.field("outside_ended", "result") == "failed");
        CHECK(call.contact().state == ContactState::Talking);
        return;
    }
    CHECK(call.contact().consultation->is_answered);
    // Three endpoints died; the caller's, the agent's and the number's are made anew.
    CHECK(call.are_bridged(4, 5));
    REQUIRE(world.command(CompleteConsultation{world.ana}));
    CHECK(call.are_bridged(3, 5));
}

TEST_CASE("a supervisor who comes in while the agent hears what a carrier says hears the agent") {
    AskedOutside call;
    World& world = call.world;
    const AgentId eva = world.add_agent("eva");
    const LegId outside = call.ask();
    call.hear_early(outside);
    REQUIRE(call.are_bridged(1, 2));
    REQUIRE(world.command(Supervise{eva, call.contact().id, SupervisionMode::Listen}));
    const LegId supervisor = world.legs_told<RingPhone>().back().leg;
    world.leg(LegAnswered{supervisor, std::string{kPhoneSdp}});
    // Media refuses who is bridged with another: the bridge ends before the mix begins.
    const auto first_of = [&](auto wanted) {
        return std::ranges::find_if(world.to_media, wanted) - world.to_media.begin();
    };
    const auto unbridged = first_of([&](const media::Command& command) {
        const auto* unbridge = std::get_if<media::Unbridge>(&command);
        return unbridge != nullptr && unbridge->b == call.endpoint(2);
    });
    CHECK(unbridged < first_of([](const media::Command& command) {
              return std::holds_alternative<media::Mix>(command);
          }));
    CHECK(world.command(EndConsultation{eva}).error().code == Errc::Conflict);
    world.leg(LegFailed{outside, 486, "Busy Here"});
    CHECK(call.contact().state == ContactState::Talking);
    const auto joined = std::ranges::any_of(world.to_media, [&](const media::Command& command) {
        const auto* join = std::get_if<media::JoinMix>(&command);
        return join != nullptr && join->member.endpoint == call.endpoint(0);
    });
    CHECK(joined);
}

TEST_CASE("sound before the answer is not bridged a second time by the answer") {
    AskedOutside call;
    World& world = call.world;
    const LegId outside = call.ask();
    call.hear_early(outside);
    const auto bridges = world.told_media<media::Bridge>();
    world.leg(LegAnswered{outside, std::string{kPhoneSdp}, world.trunk});
    CHECK(world.told_media<media::Bridge>() == bridges);
    CHECK(call.are_bridged(1, 2));
}

TEST_CASE("a phone that took the caller back and hangs up while the number rings leaves music") {
    AskedOutside call;
    World& world = call.world;
    call.dial();
    const LegId outside = world.legs_told<CallOutside>().back().leg;
    world.leg(LegReoffered{call.agent, std::string{kPhoneSdp}});
    REQUIRE(call.contact().state == ContactState::Talking);
    const auto played = world.told_media<media::Play>();
    world.leg(LegEnded{call.agent, "bye"});
    CHECK(world.told_media<media::Play>() == played + 1);
    call.answer(outside);
    CHECK(call.are_bridged(0, 2));
}

TEST_CASE("an agent who held by phone and took it back to ask has the caller when it is over") {
    AskedOutside call;
    World& world = call.world;
    world.leg(LegReoffered{call.agent, std::string{kHoldSdp}});
    const LegId outside = call.ask();
    world.leg(LegReoffered{call.agent, std::string{kPhoneSdp}});
    world.leg(LegFailed{outside, 486, "Busy Here"});
    call.check_is_back();
}

TEST_CASE("an answer that cannot be used ends the asking and not the call") {
    AskedOutside call;
    World& world = call.world;
    const LegId outside = call.ask_and_answer();
    world.leg(LegReoffered{outside, std::nullopt});
    world.leg(LegConfirmed{outside, std::string{"v=0\r\n"}});
    CHECK(call.was_ended(outside));
    call.check_is_back();
}

TEST_CASE("a carrier that redirects the number leaves the phone to name the one it dialled") {
    AskedOutside call;
    World& world = call.world;
    call.dial();
    LegFailed moved{world.legs_told<CallOutside>().back().leg, 302, "Moved"};
    moved.redirects = {"+34600999888"};
    world.leg(moved);
    const LegId instead = world.legs_told<CallOutside>().back().leg;
    world.leg(LegAnswered{instead, std::string{kPhoneSdp}, world.trunk});
    world.leg(LegTransferAsked{.leg = call.agent, .target = "600123456", .replaces = std::nullopt});
    CHECK(world.legs_told<GrantTransfer>().size() == 1);
    CHECK(call.contact().outside == "+34600999888");
    CHECK(call.contact().state == ContactState::Talking);
}

TEST_CASE("who completes an asking before media is back leaves no music over the number") {
    AskedOutside before;
    const LegId outside = before.ask_and_answer();
    World world{straight_to_queue(), mobiles()};
    world.now = before.world.now;
    world.act([&](Effects& out) {
        world.centre.restore(before.saved({before.caller, before.agent, outside}), world.now, out);
    });
    world.leg(LegEnded{before.agent, "bye"});
    media::Listing listing;
    for (const std::size_t n : {0U, 2U}) {
        listing.endpoints.push_back({.endpoint = before.endpoint(n)});
    }
    listing.endpoints.front().playing = media::PlayId{7};
    world.act([&](Effects& out) { world.centre.media_ready(listing, world.now, out); });
    const auto stopped = std::ranges::any_of(world.to_media, [&](const media::Command& command) {
        const auto* stop = std::get_if<media::StopPlay>(&command);
        return stop != nullptr && stop->play == media::PlayId{7};
    });
    CHECK(stopped);
    CHECK(world.told_media<media::Bridge>() >= 1);
}

TEST_CASE("a caller who hangs up ends the asking") {
    AskedOutside call;
    const LegId outside = call.ask_and_answer();
    call.world.leg(LegEnded{call.caller, "bye"});
    CHECK(call.was_ended(outside));
    CHECK(call.world.state(call.world.ana) == AgentState::WrapUp);
    CHECK(call.world.field("outside_ended", "result") == "answered");
    CHECK(call.world.centre.live_contacts() == 0);
    CHECK(call.world.told_media<media::Create>() == call.world.told_media<media::Destroy>());
}
