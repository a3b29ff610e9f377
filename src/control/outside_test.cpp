#include <doctest/doctest.h>

#include "base/errc.h"
#include "control/detail/test_world.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

namespace {

/// Ana talks with a caller, and passes them on outside.
struct PassedOn : OneCall {
    explicit PassedOn(OutsideRules rules = mobiles())
        : OneCall{straight_to_queue(), std::move(rules)} {
        talk();
        world.pass(30s);
    }
    LegId ask() {
        REQUIRE(world.command(TransferOutside{world.ana, "600 12 34 56"}));
        return world.legs_told<CallOutside>().back().leg;
    }
    LegId ask_and_answer() {
        const LegId leg = ask();
        world.pass(4s);
        world.leg(LegAnswered{leg, std::string{kPhoneSdp}, world.trunk});
        return leg;
    }
    [[nodiscard]] std::string bridged_with() const {
        for (auto at = world.to_media.rbegin(); at != world.to_media.rend(); ++at) {
            if (const auto* bridge = std::get_if<media::Bridge>(&*at)) {
                return std::to_string(static_cast<std::uint64_t>(bridge->b));
            }
        }
        return {};
    }
    [[nodiscard]] media::EndpointId last_endpoint() const {
        for (auto at = world.to_media.rbegin(); at != world.to_media.rend(); ++at) {
            if (const auto* create = std::get_if<media::Create>(&*at)) return create->endpoint;
        }
        return {};
    }
};

}  // namespace

TEST_CASE("a caller passed on outside hears music, the agent stays until the number answers") {
    PassedOn call;
    World& world = call.world;
    const LegId outside = call.ask();
    const auto told = world.legs_told<CallOutside>().back();
    CHECK(told.number == "+34600123456");
    CHECK(told.trunks == std::vector<TrunkId>{world.trunk});
    CHECK(told.patience == 25s);
    CHECK(world.field("hold_started", "by") == "transfer");
    CHECK(world.field("outside_started", "number") == "+34600123456");
    CHECK(call.contact().state == ContactState::Held);
    CHECK(call.contact().outside == "+34600123456");
    CHECK(world.state(world.ana) == AgentState::Talking);
    CHECK(world.events("transfer_started").empty());
    const auto before = call.contact();

    world.leg(LegProgress{outside, 180});
    world.pass(4s);
    world.leg(LegAnswered{outside, std::string{kPhoneSdp}, world.trunk});
    CHECK(world.field("outside_answered", "ring_ms") == "4000");
    CHECK(world.field("outside_answered", "trunk") == world.trunk.to_string());
    CHECK(world.field("transfer_started", "to_kind") == "outside");
    CHECK(world.field("contact_disconnected", "by") == "transfer");
    CHECK(world.field("contact_disconnected", "hold_ms") == "4000");
    CHECK(world.state(world.ana) == AgentState::WrapUp);
    CHECK(world.legs_told<EndLeg>().back().leg == call.agent);
    CHECK(world.told_media<media::Record>() == 2);
    CHECK(call.contact().state == ContactState::Talking);
    CHECK(call.contact().case_id == before.case_id);
    CHECK_FALSE(call.contact().agent.has_value());

    world.pass(60s);
    world.leg(LegEnded{outside, "bye"});
    CHECK(world.field("outside_ended", "talk_ms") == "60000");
    CHECK(world.field("outside_ended", "result") == "answered");
    CHECK(world.field("contact_ended", "ended_by") == "outside");
    CHECK(world.field("contact_ended", "outcome") == "served");
    CHECK(world.legs_told<EndLeg>().back().leg == call.caller);
    CHECK(world.told_media<media::Create>() == 3);
    CHECK(world.told_media<media::Destroy>() == 3);
    CHECK(world.centre.live_contacts() == 0);
}

TEST_CASE("sound from outside before the answer is heard once it comes, in place of the music") {
    PassedOn call;
    const LegId outside = call.ask();
    const auto bridges = call.world.told_media<media::Bridge>();
    call.world.leg(LegProgress{outside, 183, std::string{kPhoneSdp}});
    CHECK(call.world.told_media<media::Bridge>() == bridges);
    const media::EndpointId endpoint = call.last_endpoint();
    call.world.sound(media::SourceLocked{.endpoint = endpoint, .ip = "127.0.0.1", .port = 4000});
    CHECK(call.world.told_media<media::Bridge>() == bridges + 1);
    CHECK(call.bridged_with() == std::to_string(static_cast<std::uint64_t>(endpoint)));
    CHECK(call.world.told_media<media::StopPlay>() >= 1);
    // What rings is no conversation that could fall silent.
    call.world.sound(media::MediaTimeout{.endpoint = endpoint, .silent_ms = 10'000});
    call.world.leg(LegAnswered{outside, std::string{kPhoneSdp}, call.world.trunk});
    CHECK(call.world.told_media<media::Bridge>() == bridges + 1);
    call.world.pass(61s);
    CHECK(call.world.centre.live_contacts() == 1);
}

TEST_CASE("a number that does not answer gives the caller back to the agent who waited") {
    for (const int status : {408, 486, 603, 503}) {
        CAPTURE(status);
        PassedOn call;
        const LegId outside = call.ask();
        call.world.pass(10s);
        call.world.leg(LegFailed{outside, status, "no"});
        const std::string result = call.world.field("outside_ended", "result");
        CHECK(result == (status == 408   ? "no_answer"
                         : status == 486 ? "busy"
                         : status == 603 ? "refused"
                                         : "failed"));
        CHECK(call.contact().state == ContactState::Talking);
        CHECK(call.contact().agent == call.world.ana);
        CHECK(call.contact().outside.empty());
        CHECK(call.world.field("hold_ended", "held_ms") == "10000");
        CHECK(call.world.state(call.world.ana) == AgentState::Talking);
        // And once more.
        call.ask();
    }
}

TEST_CASE("signalling that says nothing of a call outside is not waited for longer than its time") {
    PassedOn call;
    const LegId outside = call.ask();
    call.world.pass(26s);
    CHECK(call.contact().state == ContactState::Held);
    call.world.pass(1s);
    CHECK(call.contact().state == ContactState::Talking);
    CHECK(call.world.legs_told<EndLeg>().back().leg == outside);
    call.world.leg(LegAnswered{outside, std::string{kPhoneSdp}, std::nullopt});
    CHECK(call.world.events("outside_answered").empty());
}

TEST_CASE("an agent may take the caller back, or leave before the number answers") {
    PassedOn back;
    const LegId first = back.ask();
    REQUIRE(back.world.command(Resume{back.world.ana}));
    CHECK(back.world.field("outside_ended", "result") == "cancelled");
    CHECK(back.world.legs_told<EndLeg>().back().leg == first);
    CHECK(back.contact().state == ContactState::Talking);

    for (const bool is_by_page : {true, false}) {
        CAPTURE(is_by_page);
        PassedOn left;
        const LegId outside = left.ask();
        if (is_by_page) {
            REQUIRE(left.world.command(HangUp{left.world.ana}));
        } else {
            left.world.leg(LegEnded{left.agent, "bye"});
        }
        CHECK(left.world.state(left.world.ana) == AgentState::WrapUp);
        CHECK(left.contact().state == ContactState::Held);
        left.world.leg(LegAnswered{outside, std::string{kPhoneSdp}, left.world.trunk});
        CHECK(left.contact().state == ContactState::Talking);
        CHECK(left.world.events("transfer_started").size() == 1);
    }
}

TEST_CASE("when the agent has gone, a number that does not answer gives the caller to the queue") {
    PassedOn call;
    const auto before = call.contact();
    const LegId outside = call.ask();
    call.world.leg(LegEnded{call.agent, "bye"});
    call.world.make_ready(call.world.luis);
    call.world.leg(LegFailed{outside, 486, "busy"});
    CHECK(call.world.field("contact_queued", "reason") == "transfer");
    CHECK(call.contact().arrived == before.arrived);
    CHECK(call.contact().queue == before.queue);
    CHECK(call.contact().state == ContactState::Offered);
    CHECK(call.world.legs_told<RingPhone>().back().phone == "luis");
    call.world.leg(
        LegAnswered{call.world.legs_told<RingPhone>().back().leg, std::string{kPhoneSdp}});
    CHECK(call.contact().state == ContactState::Talking);
}

TEST_CASE("a caller who leaves ends the call outside, whether it rings or talks") {
    for (const bool is_answered : {false, true}) {
        CAPTURE(is_answered);
        PassedOn call;
        const LegId outside = is_answered ? call.ask_and_answer() : call.ask();
        call.world.leg(LegEnded{call.caller, "bye"});
        CHECK(call.world.centre.live_contacts() == 0);
        const auto ended = call.world.legs_told<EndLeg>();
        CHECK(std::any_of(
            ended.begin(), ended.end(), [&](const EndLeg& end) { return end.leg == outside; }));
        CHECK(call.world.field("outside_ended", "result") ==
              (is_answered ? "answered" : "cancelled"));
        CHECK(call.world.field("contact_ended", "outcome") == "served");
        CHECK(call.world.told_media<media::Destroy>() == call.world.told_media<media::Create>());
    }
}

TEST_CASE("a phone's transfer button reaches a number, and is told what became of it") {
    PassedOn call;
    World& world = call.world;
    world.leg(LegTransferAsked{call.agent, "+34699000000"});
    CHECK(world.legs_told<RefuseTransfer>().back().status == 603);
    CHECK(world.field("outside_refused", "reason") == "outside_denied");
    world.leg(LegTransferAsked{call.agent, "112"});
    CHECK(world.legs_told<RefuseTransfer>().back().status == 404);

    world.leg(LegTransferAsked{call.agent, "600123456"});
    CHECK(world.legs_told<BeginTransfer>().back().leg == call.agent);
    world.leg(LegFailed{world.legs_told<CallOutside>().back().leg, 486, "busy"});
    CHECK(world.legs_told<EndTransfer>().back().status == 486);
    CHECK(call.contact().state == ContactState::Talking);

    world.leg(LegTransferAsked{call.agent, "600123456"});
    world.leg(LegAnswered{
        world.legs_told<CallOutside>().back().leg, std::string{kPhoneSdp}, world.trunk});
    CHECK(world.legs_told<EndTransfer>().back().status == 200);
    CHECK(world.legs_told<EndLeg>().back().leg == call.agent);
    CHECK(world.state(world.ana) == AgentState::WrapUp);
}

TEST_CASE("a number that the rules forbid is refused by name, and nothing changes for the caller") {
    PassedOn call;
    const auto refused = [&](const char* number) {
        const auto result = call.world.command(TransferOutside{call.world.ana, number});
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().code == Errc::Conflict);
        return result.error().detail;
    };
    CHECK(refused("699 00 00 00") == "outside_denied");
    CHECK(refused("+44 20 7946 0000") == "outside_not_allowed");
    CHECK(refused("112") == "outside_emergency");
    CHECK(refused("ana") == "outside_not_a_number");
    CHECK(call.world.field("outside_refused", "reason") == "outside_not_a_number");
    CHECK(call.world.events("outside_refused").size() == 4);
    CHECK(call.world.events("hold_started").empty());
    CHECK(call.contact().state == ContactState::Talking);
    CHECK(call.world.centre.counters()
              .outside_refused[static_cast<std::size_t>(OutsideRefusal::Denied)] == 1);
    // The journal keeps no more of a number than is needed to find the mistake.
    call.world.command(TransferOutside{call.world.ana, "+34699000111"}).has_value();
    CHECK(call.world.field("outside_refused", "number") == "+34***111");
}

TEST_CASE("the caps of calls outside count over a restart and begin anew at midnight") {
    OutsideRules rules = mobiles();
    rules.calls_per_day = 2;
    rules.minutes_per_day = 5;
    PassedOn call{rules};
    call.world.leg(LegFailed{call.ask(), 486, "busy"});
    CHECK(call.world.states.back().second == "2026-11-23 1 0");
    const LegId outside = call.ask();
    CHECK(call.world.command(TransferOutside{call.world.ana, "600123456"}).error().detail ==
          "a transfer is under way");
    call.world.leg(LegFailed{outside, 486, "busy"});
    CHECK(call.world.command(TransferOutside{call.world.ana, "600123456"}).error().detail ==
          "outside_too_many_today");

    World again{straight_to_queue(), rules};
    Effects effects;
    again.now = call.world.now;
    again.centre.restore(call.saved({call.caller, call.agent}), again.now, effects);
    CHECK(again.command(TransferOutside{again.ana, "600123456"}).error().detail ==
          "outside_too_many_today");
    again.now.wall += 14h;
    again.now.mono += 14h;
    CHECK(again.command(TransferOutside{again.ana, "600123456"}).has_value());
}

TEST_CASE("the minutes of calls that still talk count, and so do those at the same time") {
    OutsideRules rules = mobiles();
    rules.minutes_per_day = 5;
    PassedOn call{rules};
    call.ask_and_answer();
    REQUIRE(call.world.command(FinishWrapUp{call.world.ana}));
    call.world.caller();
    const auto ring = call.world.legs_told<RingPhone>().back();
    call.world.leg(LegAnswered{ring.leg, std::string{kPhoneSdp}});
    call.world.pass(5min);
    CHECK(call.world.command(TransferOutside{call.world.ana, "600123456"}).error().detail ==
          "outside_too_long_today");
}

TEST_CASE("after a kill a conversation outside goes on, and one that rang gives the caller back") {
    PassedOn talking;
    const LegId outside = talking.ask_and_answer();
    World again;
    Effects effects;
    again.centre.restore(talking.saved({talking.caller, outside}), again.now, effects);
    CHECK(again.centre.broken_invariant() == std::nullopt);
    CHECK(again.centre.contacts(again.company->id).front().state == ContactState::Talking);
    again.act([&](Effects& out) { again.centre.media_ready({}, again.now, out); });
    CHECK(again.legs_told<Reoffer>().size() == 2);
    again.leg(LegEnded{outside, "bye"});
    CHECK(again.field("contact_ended", "ended_by") == "outside");

    PassedOn ringing;
    ringing.ask();
    World later;
    later.act([&](Effects& out) {
        later.centre.restore(ringing.saved({ringing.caller, ringing.agent}), later.now, out);
    });
    CHECK(later.field("outside_ended", "result") == "failed");
    CHECK(later.centre.contacts(later.company->id).front().state == ContactState::Talking);
    CHECK(later.state(later.ana) == AgentState::Talking);

    PassedOn left;
    left.ask();
    left.world.leg(LegEnded{left.agent, "bye"});
    World queue;
    queue.act(
        [&](Effects& out) { queue.centre.restore(left.saved({left.caller}), queue.now, out); });
    CHECK(queue.centre.contacts(queue.company->id).front().state == ContactState::Waiting);
}

TEST_CASE("a dialog outside that is gone without a word gives the caller to the queue") {
    PassedOn call;
    const LegId outside = call.ask_and_answer();
    call.world.act([&](Effects& out) {
        call.world.centre.on_living_legs({call.caller, call.agent, outside}, call.world.now, out);
    });
    CHECK(call.world.events("state_repaired").empty());
    call.world.look({call.caller});
    CHECK(call.world.field("state_repaired", "what") == "outside_leg");
    CHECK(call.world.field("outside_ended", "result") == "fault");
    CHECK(call.contact().state == ContactState::Waiting);
}

TEST_CASE("when media dies a call that rings outside is given up, and one that talks is revived") {
    PassedOn ringing;
    ringing.ask();
    ringing.world.act(
        [&](Effects& out) { ringing.world.centre.media_lost(ringing.world.now, out); });
    ringing.world.act(
        [&](Effects& out) { ringing.world.centre.media_ready({}, ringing.world.now, out); });
    CHECK(ringing.world.field("outside_ended", "result") == "failed");
    CHECK(ringing.contact().state == ContactState::Talking);

    PassedOn talking;
    const LegId outside = talking.ask_and_answer();
    talking.world.act(
        [&](Effects& out) { talking.world.centre.media_lost(talking.world.now, out); });
    talking.world.act(
        [&](Effects& out) { talking.world.centre.media_ready({}, talking.world.now, out); });
    const auto reoffers = talking.world.legs_told<Reoffer>();
    REQUIRE(reoffers.size() == 2);
    const auto bridges = talking.world.told_media<media::Bridge>();
    CHECK(bridges == 3);
    talking.world.leg(LegReofferAnswered{outside, std::string{kPhoneSdp}});
    CHECK(talking.contact().state == ContactState::Talking);
}
