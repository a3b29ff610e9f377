#include "control/detail/test_world.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

namespace {

/// Ana has asked for a number outside, which rings.
struct Calling : World {
    Calling() : World{straight_to_queue(), rules_of_six()} {
        make_ready(ana);
        caller();
        leg(LegAnswered{legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
        REQUIRE(command(TransferOutside{ana, "600111000"}));
        REQUIRE(called().size() == 1);
    }
    static OutsideRules rules_of_six() {
        OutsideRules rules = mobiles();
        rules.calls_max = 1;
        return rules;
    }
    void redirect(std::vector<std::string> numbers, int status = 302) {
        leg(LegFailed{.leg = called().back().leg,
                      .status = status,
                      .reason = "the carrier redirects",
                      .trunk = trunk,
                      .redirects = std::move(numbers)});
    }
    [[nodiscard]] std::vector<CallOutside> called() const { return legs_told<CallOutside>(); }
    [[nodiscard]] bool has_failed() const { return !events("outside_ended").empty(); }
};

std::string number_of(int last) { return "+34600111" + std::to_string(100 + last); }

}  // namespace

TEST_CASE("a number that a carrier names instead is called, by the same carriers and in its time") {
    Calling world;
    world.pass(5s);
    world.redirect({"+34600111001", "+34600111002"});
    REQUIRE(world.called().size() == 2);
    const CallOutside next = world.called().back();
    CHECK(next.number == "+34600111001");
    CHECK(next.leg != world.called().front().leg);
    CHECK(next.trunks == world.called().front().trunks);
    CHECK(next.patience == 20s);
    CHECK(world.field("outside_redirected", "from") == "+34600111000");
    CHECK(world.field("outside_redirected", "number") == "+34600111001");
    CHECK(world.field("outside_redirected", "status") == "302");
    SUBCASE("and answers") {
        world.leg(LegAnswered{next.leg, std::string{kPhoneSdp}, world.trunk});
        CHECK(world.field("outside_answered", "number") == "+34600111001");
        CHECK(world.state(world.ana) == AgentState::WrapUp);
    }
    SUBCASE("and when it is busy the next one is") {
        world.redirect({}, 486);
        CHECK(world.called().back().number == "+34600111002");
        world.redirect({}, 486);
        CHECK(world.has_failed());
        CHECK(world.field("outside_ended", "result") == "busy");
        CHECK(world.state(world.ana) == AgentState::Talking);
    }
    SUBCASE("and when it says that nobody anywhere will, none is") {
        world.redirect({}, 603);
        CHECK(world.called().size() == 2);
        CHECK(world.has_failed());
    }
}

TEST_CASE("a number that the rules forbid is not called because a carrier says so") {
    Calling world;
    world.redirect({"+34699000000", "+882999", "112", "+34600111001"});
    CHECK(world.called().size() == 2);
    CHECK(world.called().back().number == "+34600111001");
    CHECK(world.events("outside_refused").size() == 3);
    CHECK(world.field("outside_refused", "reason") == "outside_emergency");
    world.redirect({"+34699000000"});
    CHECK(world.has_failed());
    CHECK(world.field("outside_ended", "result") != "answered");
    CHECK(world.told_media<media::Bridge>() == 2);  // the caller is Ana's again
}

TEST_CASE("a circle of redirections ends") {
    Calling world;
    world.redirect({"600 111 001"});
    world.redirect({"+34600111000", "+34600111001"});
    CHECK(world.called().size() == 2);
    CHECK(world.has_failed());
}

TEST_CASE("so many redirections are followed and no more") {
    Calling world;
    for (int i = 1; i <= 5; ++i) {
        world.redirect({number_of(i)});
        CHECK(world.called().back().number == number_of(i));
    }
    world.redirect({number_of(6)});
    CHECK(world.called().size() == 6);
    CHECK(world.has_failed());
}

TEST_CASE("each number that is called instead is one of the day's") {
    OutsideRules rules = mobiles();
    rules.calls_per_day = 2;
    World world{straight_to_queue(), rules};
    world.make_ready(world.ana);
    world.caller();
    world.leg(LegAnswered{world.legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
    REQUIRE(world.command(TransferOutside{world.ana, "600111000"}));
    const auto fail_last = [&](std::vector<std::string> redirects) {
        world.leg(LegFailed{.leg = world.legs_told<CallOutside>().back().leg,
                            .status = 302,
                            .reason = {},
                            .trunk = world.trunk,
                            .redirects = std::move(redirects)});
    };
    fail_last({"+34600111001"});
    CHECK(world.legs_told<CallOutside>().size() == 2);
    fail_last({"+34600111002"});
    CHECK(world.legs_told<CallOutside>().size() == 2);
    CHECK(world.field("outside_refused", "reason") == "outside_too_many_today");
}

TEST_CASE("with no time left nobody else is called") {
    Calling world;
    world.pass(24s);
    world.redirect({"+34600111001"});
    CHECK(world.called().size() == 1);
    CHECK(world.has_failed());
}

TEST_CASE("sound from before the redirection is not taken for that of the next number") {
    Calling world;
    const LegId first = world.called().back().leg;
    world.leg(LegProgress{first, 183, std::string{kPhoneSdp}});
    const auto endpoint = std::get<media::Create>(
        *std::find_if(world.to_media.rbegin(), world.to_media.rend(), [](const auto& command) {
            return std::holds_alternative<media::Create>(command);
        }));
    world.sound(media::SourceLocked{.endpoint = endpoint.endpoint});
    const auto bridged = world.told_media<media::Bridge>();
    world.redirect({"+34600111001"});
    CHECK(world.told_media<media::Unbridge>() == 2);
    world.leg(LegProgress{first, 180});  // of a leg that is over
    world.leg(LegAnswered{world.called().back().leg, std::string{kPhoneSdp}, world.trunk});
    CHECK(world.told_media<media::Bridge>() == bridged + 1);
}

TEST_CASE("a phone of ours that is forwarded has its offer returned, and nobody else is rung") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    world.leg(LegFailed{.leg = world.legs_told<RingPhone>().front().leg,
                        .status = 302,
                        .reason = "Moved Temporarily",
                        .redirects = {"+34600111001", "luis"}});
    CHECK(world.legs_told<RingPhone>().size() == 1);
    CHECK(world.legs_told<CallOutside>().empty());
    CHECK(world.field("offer_returned", "reason") == "unreachable");
    CHECK(world.centre.live_contacts() == 1);
}
