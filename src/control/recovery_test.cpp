#include <doctest/doctest.h>

#include "control/detail/test_world.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

TEST_CASE("when media dies every live leg is given a new endpoint and re-invited") {
    World world;
    world.make_ready(world.ana);
    const LegId caller = world.caller();
    const auto phone = world.legs_told<RingPhone>().front().leg;
    world.leg(LegAnswered{phone, std::string{kPhoneSdp}});
    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    world.act([&](Effects& out) { world.centre.media_ready({}, world.now, out); });
    const auto reoffers = world.legs_told<Reoffer>();
    REQUIRE(reoffers.size() == 2);
    CHECK(std::any_of(
        reoffers.begin(), reoffers.end(), [&](const auto& r) { return r.leg == caller; }));
    world.leg(LegReofferAnswered{caller, std::string{kPhoneSdp}});
    world.leg(LegReofferAnswered{phone, std::string{kPhoneSdp}});
    CHECK(world.told_media<media::Bridge>() == 2);
    CHECK(world.told_media<media::Record>() == 2);
}

TEST_CASE(
    "a waiting caller whose dialog is gone without a word is ended, written down and counted") {
    World world;
    REQUIRE(world.command(SignIn{world.ana}));
    const LegId caller = world.caller();
    world.look({caller});
    CHECK(world.events("state_repaired").empty());
    world.look({});
    CHECK(world.field("state_repaired", "what") == "caller_leg");
    CHECK(world.field("state_repaired", "found") == "no_dialog");
    CHECK(world.field("contact_ended", "outcome") == "abandoned_queue");
    CHECK(world.centre.counters().states_repaired == 1);
    CHECK(world.centre.live_contacts() == 0);
    CHECK(world.rows.empty());
}

TEST_CASE(
    "a conversation whose caller's dialog is gone is ended, and the agent is free for wrap-up") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    const LegId agent = world.legs_told<RingPhone>().front().leg;
    world.leg(LegAnswered{agent, std::string{kPhoneSdp}});
    world.look({agent});
    CHECK(world.field("contact_disconnected", "by") == "fault");
    CHECK(world.field("contact_ended", "ended_by") == "system");
    CHECK(world.state(world.ana) == AgentState::WrapUp);
    CHECK(world.legs_told<EndLeg>().back().leg == agent);
    CHECK(world.centre.counters().states_repaired == 1);
}

TEST_CASE("a caller whose agent's dialog is gone waits again, with music and in the first place") {
    World world;
    world.make_ready(world.ana);
    const LegId caller = world.caller();
    const LegId agent = world.legs_told<RingPhone>().front().leg;
    world.leg(LegAnswered{agent, std::string{kPhoneSdp}});
    const auto played = world.told_media<media::Play>();
    world.look({caller});
    CHECK(world.field("state_repaired", "what") == "agent_leg");
    CHECK(world.field("contact_disconnected", "by") == "fault");
    CHECK(world.events("contact_ended").empty());
    CHECK(world.events("contact_queued").size() == 2);
    CHECK(world.told_media<media::Play>() == played + 1);
    CHECK(world.centre.live_contacts() == 1);
}

TEST_CASE("a ringing phone whose dialog is gone gives the caller back to the queue") {
    World world;
    world.make_ready(world.ana);
    const LegId caller = world.caller();
    REQUIRE(world.legs_told<RingPhone>().size() == 1);
    world.look({caller});
    CHECK(world.field("offer_returned", "reason") == "unreachable");
    CHECK(world.centre.live_contacts() == 1);
}

TEST_CASE("a leg that began after the look was asked for is not missed") {
    World world;
    REQUIRE(world.command(SignIn{world.ana}));
    const LegId first = world.caller();
    world.pass(5s);
    world.caller();
    world.act([&](Effects& out) { world.centre.on_living_legs({first}, world.now, out); });
    CHECK(world.events("state_repaired").empty());
    CHECK(world.centre.live_contacts() == 2);
}

TEST_CASE("a phone that is not rung yet, because media is slow, is not taken for one that is gone") {
    World world;
    world.make_ready(world.ana);
    world.make_ready(world.luis);
    const LegId caller = world.caller();
    const LegId ringing = world.legs_told<RingPhone>().front().leg;
    world.is_media_slow = true;
    SUBCASE("of an agent to whom a caller is offered") {
        world.leg(LegFailed{.leg = ringing, .status = 486, .reason = "Busy Here"});
        REQUIRE(world.state(world.luis) == AgentState::Offered);
        world.look({caller});
    }
    SUBCASE("of a colleague who is asked") {
        world.leg(LegAnswered{ringing, std::string{kPhoneSdp}});
        REQUIRE(world.command(ConsultAgent{world.ana, world.luis}));
        world.look({caller, ringing});
    }
    REQUIRE(world.legs_told<RingPhone>().size() == 1);
    CHECK(world.events("state_repaired").empty());
    const auto endpoint = std::get<media::Create>(world.to_media.back()).endpoint;
    world.sound(media::Created{.endpoint = endpoint, .ip = "127.0.0.1", .port = 20'002});
    REQUIRE(world.legs_told<RingPhone>().size() == 2);
    CHECK(world.legs_told<RingPhone>().back().phone == "luis");
}

TEST_CASE("a leg that no call has is hung up at the second look, not at the first") {
    World world;
    const LegId stray = LegId::make(world.now.wall, world.rng);
    world.look({stray});
    CHECK(world.legs_told<EndLeg>().empty());
    world.look({stray});
    REQUIRE(world.legs_told<EndLeg>().size() == 1);
    CHECK(world.legs_told<EndLeg>().front().leg == stray);
    CHECK(world.centre.counters().states_repaired == 1);
}

TEST_CASE("after a kill a waiting caller is still in the same place and the agents as they were") {
    World world;
    world.make_ready(world.ana);
    const LegId first = world.caller();
    const auto ring = world.legs_told<RingPhone>().front();
    world.leg(LegAnswered{ring.leg, std::string{kPhoneSdp}});
    world.pass(5s);
    const LegId second = world.caller();
    SavedRows saved{.contacts = {}, .states = world.states};
    for (const auto& [contact, state] : world.rows) {
        saved.contacts.push_back(
            {.contact = contact, .state = state, .living_legs = {first, second, ring.leg}});
    }
    REQUIRE(saved.contacts.size() == 2);

    World again;
    Effects effects;
    // The same seed gives the same ids, as the store would.
    again.centre.restore(saved, again.now, effects);
    CHECK(again.centre.live_contacts() == 2);
    CHECK(again.state(again.ana) == AgentState::Talking);
    CHECK(again.centre.broken_invariant() == std::nullopt);

    // Each restored phone is asked whether it is still there; one that is not ends its call.
    media::Listing listing;
    for (const auto& command : world.to_media) {
        const auto* create = std::get_if<media::Create>(&command);
        if (create != nullptr) listing.endpoints.push_back({.endpoint = create->endpoint});
    }
    again.act([&](Effects& out) { again.centre.media_ready(listing, again.now, out); });
    CHECK(again.legs_told<Reoffer>().size() == 3);
    again.leg(LegReofferFailed{second, 408});
    CHECK(again.legs_told<EndLeg>().back().leg == second);
    again.leg(LegEnded{second, "timeout"});
    CHECK(again.centre.live_contacts() == 1);
}
