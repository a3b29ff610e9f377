// Two companies on one installation, and an agent who serves both with one telephone.

#include <doctest/doctest.h>

#include "base/errc.h"
#include "control/detail/test_world.h"

namespace escucha::control {

using namespace testing;

namespace {

struct Shared {
    Shared() {
        world.add_partner();
        world.make_ready(world.ana);
    }
    LegId partners_caller() { return world.caller(std::string{kPhoneSdp}, "600123457", "200"); }
    World world;
};

}  // namespace

TEST_CASE("an agent of two companies takes the callers of both, one at a time") {
    Shared shared;
    World& world = shared.world;
    const LegId first = shared.partners_caller();
    REQUIRE(world.legs_told<RingPhone>().size() == 1);
    const auto ring = world.legs_told<RingPhone>().front();
    CHECK(ring.phone == "ana");
    CHECK(world.state(world.ana) == AgentState::NotReady);
    world.leg(LegAnswered{ring.leg, std::string{kPhoneSdp}});
    CHECK(world.centre.agent(world.partner->id, world.ana_there)->state == AgentState::Talking);

    SUBCASE("the other company's caller waits until the call is over") {
        world.caller();
        CHECK(world.legs_told<RingPhone>().size() == 1);
        world.leg(LegEnded{first, "bye"});
        world.done.clear();
        world.act([&](Effects& out) {
            world.centre.on_command(
                CommandToken{1}, world.partner->id, FinishWrapUp{world.ana_there}, world.now, out);
        });
        CHECK(world.legs_told<RingPhone>().size() == 2);
        CHECK(world.state(world.ana) == AgentState::Offered);
    }
    SUBCASE("what each company is told is of its own") {
        for (const Event& event : world.journal) {
            if (event.contact) CHECK(event.company == world.partner->id);
            if (event.agent == world.ana) CHECK(event.company == world.company->id);
            if (event.agent == world.ana_there) CHECK(event.company == world.partner->id);
        }
        CHECK(world.centre.contacts(world.company->id).empty());
        CHECK(world.centre.contacts(world.partner->id).size() == 1);
    }
    SUBCASE("the phone's own keys act on the call in hand") {
        const LegId dialled = LegId::make(world.now.wall, world.rng);
        world.leg(IncomingCall{.leg = dialled,
                               .source = world.ana,
                               .dialled = "luis",
                               .caller = "ana",
                               .caller_display = {},
                               .sdp = std::string{kPhoneSdp}});
        // Luis is no agent of the partner's: nobody there has that telephone.
        CHECK(world.legs_told<RejectCaller>().size() == 1);
        CHECK(world.events("consultation_started").empty());
    }
    SUBCASE("nobody asks the agent about a call of the other company meanwhile") {
        world.make_ready(world.luis);
        world.caller();
        const auto rings = world.legs_told<RingPhone>();
        REQUIRE(rings.size() == 2);
        world.leg(LegAnswered{rings.back().leg, std::string{kPhoneSdp}});
        const auto asked = world.command(ConsultAgent{.agent = world.luis, .with = world.ana});
        CHECK(asked.error().code == escucha::Errc::Conflict);
    }
}

TEST_CASE("who is asked about one company's call is rung for no other") {
    Shared shared;
    World& world = shared.world;
    REQUIRE(world.command(SetNotReady{world.ana, "break"}));
    world.make_ready(world.luis);
    world.caller();
    world.leg(LegAnswered{world.legs_told<RingPhone>().back().leg, std::string{kPhoneSdp}});
    REQUIRE(world.command(ConsultAgent{.agent = world.luis, .with = world.ana}));
    shared.partners_caller();
    CHECK(world.legs_told<RingPhone>().size() == 2);
    const AgentView there = *world.centre.agent(world.partner->id, world.ana_there);
    CHECK(there.state == AgentState::NotReady);
    CHECK(there.reason == "consultation");
}

TEST_CASE("a line is dialled through the trunks that are for its company") {
    World world;
    world.make_ready(world.ana);
    const auto reaches = [&](const std::string& dialled) {
        const auto before = world.events("contact_arrived").size();
        world.caller(std::string{kPhoneSdp}, "600123456", dialled);
        return world.events("contact_arrived").size() > before;
    };
    CHECK(reaches("100"));
    CHECK_FALSE(reaches("200"));
    world.add_partner();
    CHECK(reaches("200"));
}

TEST_CASE("a queue that was stopped takes nobody new and serves who waits") {
    World world;
    REQUIRE(world.command(SignIn{world.ana}));
    world.caller();
    world.stop_queue();
    CHECK(world.events("contact_queued").size() == 1);
    world.caller(std::string{kPhoneSdp}, "600123457");
    CHECK(world.events("contact_queued").size() == 1);
    REQUIRE(world.command(SetReady{world.ana}));
    CHECK(world.legs_told<RingPhone>().size() == 1);
}

}  // namespace escucha::control
