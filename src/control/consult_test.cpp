#include <doctest/doctest.h>

#include "base/errc.h"
#include "control/detail/test_world.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

namespace {

/// Ana talks with a caller, and asks Luis before she passes them on.
struct Asked : OneCall {
    Asked() {
        talk();
        world.make_ready(world.luis);
        world.pass(30s);
    }
    /// By the page. The leg that rings.
    LegId ask() {
        REQUIRE(world.command(ConsultAgent{world.ana, world.luis}));
        return world.legs_told<RingPhone>().back().leg;
    }
    /// By hold and dial.
    LegId dial() {
        hold_and_dial("luis");
        return world.legs_told<RingPhone>().back().leg;
    }
    void answer(LegId colleague) {
        world.leg(LegProgress{colleague, 180});
        world.pass(4s);
        world.leg(LegAnswered{colleague, std::string{kPhoneSdp}});
    }
    [[nodiscard]] std::string reason(AgentId agent_id) const {
        return world.centre.agent(world.company->id, agent_id)->reason;
    }
    [[nodiscard]] bool hears_music() const {
        for (auto at = world.to_media.rbegin(); at != world.to_media.rend(); ++at) {
            if (std::holds_alternative<media::StopPlay>(*at)) return false;
            if (const auto* play = std::get_if<media::Play>(&*at)) {
                return play->repeat == media::Repeat::Forever;
            }
        }
        return false;
    }
    /// The caller goes on with Luis, and Ana is out of it.
    void check_passed_on(const ContactView& before) {
        CHECK(world.events("transfer_started").size() == 1);
        CHECK(world.field("transfer_started", "to") == world.luis.to_string());
        CHECK(world.field("transfer_started", "how") == "attended");
        CHECK(world.field("contact_disconnected", "by") == "transfer");
        CHECK(world.field("consultation_ended", "result") == "transferred");
        CHECK(world.events("contact_connected").size() == 2);
        CHECK(world.state(world.ana) == AgentState::WrapUp);
        CHECK(world.state(world.luis) == AgentState::Talking);
        const ContactView after = contact();
        CHECK(after.id == before.id);
        CHECK(after.case_id == before.case_id);
        CHECK(after.agent == world.luis);
        CHECK(after.state == ContactState::Talking);
        CHECK_FALSE(after.consultation.has_value());
        CHECK(was_ended(agent));
        CHECK_FALSE(hears_music());
        CHECK(world.told_media<media::Record>() == 2);
    }
    /// Ana has the caller again, and Luis what he had before.
    void check_back() {
        CHECK(contact().agent == world.ana);
        CHECK_FALSE(contact().consultation.has_value());
        CHECK(world.state(world.ana) == AgentState::Talking);
        CHECK(world.state(world.luis) == AgentState::Ready);
        CHECK(world.events("transfer_started").empty());
        CHECK(world.events("contact_disconnected").empty());
    }
};

}  // namespace

TEST_CASE("a colleague is asked by the page, and the caller goes on with them") {
    Asked call;
    World& world = call.world;
    const auto before = call.contact();
    const LegId colleague = call.ask();
    const auto ring = world.legs_told<RingPhone>().back();
    CHECK(ring.phone == "luis");
    CHECK(ring.number == "+34600123456");  // The customer, not the colleague.
    CHECK(world.field("hold_started", "by") == "transfer");
    CHECK(world.field("recording_paused", "reason") == "consultation");
    CHECK(call.hears_music());
    CHECK(call.reason(world.luis) == "consultation");
    CHECK(world.centre.agent(world.company->id, world.luis)->contact == before.id);
    REQUIRE(call.contact().consultation.has_value());
    CHECK(call.contact().consultation->by == world.ana);
    CHECK(call.contact().consultation->with == world.luis);
    CHECK_FALSE(call.contact().consultation->is_answered);
    CHECK(world.command(CompleteConsultation{world.ana}).error().code == Errc::Conflict);

    call.answer(colleague);
    CHECK(world.field("consultation_answered", "ring_ms") == "4000");
    CHECK(call.contact().consultation->is_answered);
    CHECK(call.contact().state == ContactState::Held);
    CHECK(call.hears_music());
    world.pass(10s);
    REQUIRE(world.command(CompleteConsultation{world.ana}));
    call.check_passed_on(before);
    CHECK(world.field("consultation_ended", "talk_ms") == "10000");
    CHECK(world.field("contact_disconnected", "hold_ms") == "14000");

    world.leg(LegEnded{colleague, "bye"});
    CHECK(world.field("contact_ended", "ended_by") == "agent");
    CHECK(world.state(world.luis) == AgentState::WrapUp);
}

TEST_CASE("a phone holds, dials a colleague and joins the two by REFER with Replaces") {
    for (const bool is_reverse : {false, true}) {
        CAPTURE(is_reverse);
        Asked call;
        World& world = call.world;
        const auto before = call.contact();
        const LegId colleague = call.dial();
        CHECK(world.field("hold_started", "by") == "phone");
        CHECK(world.field("consultation_started", "by") == "phone");
        CHECK(world.events("contact_arrived").size() == 1);
        call.answer(colleague);
        CHECK(world.legs_told<RingCaller>().back().leg == call.phone);
        CHECK(world.legs_told<AnswerCaller>().back().leg == call.phone);
        world.rows.clear();
        world.leg(LegConfirmed{call.phone, std::nullopt});
        CHECK(world.rows.size() == 1);  // Only now there is a dialog to be kept.
        // A call that is not one of the two is not joined.
        world.leg(LegTransferAsked{call.agent, "luis", call.caller});
        CHECK(world.legs_told<RefuseTransfer>().back().status == 603);

        const LegId inside = is_reverse ? call.phone : call.agent;
        const LegId named = is_reverse ? call.agent : call.phone;
        world.leg(LegTransferAsked{inside, "luis", named});
        CHECK(world.legs_told<GrantTransfer>().back().leg == inside);
        call.check_passed_on(before);
        CHECK(call.was_ended(call.phone));
        // What the phone still says of its two calls is nobody's any more.
        world.leg(LegEnded{call.phone, "bye"});
        world.leg(LegEnded{call.agent, "bye"});
        CHECK(call.contact().agent == world.luis);
    }
}

TEST_CASE("a phone without Replaces joins the two by naming the colleague") {
    Asked call;
    const auto before = call.contact();
    const LegId colleague = call.dial();
    call.world.leg(LegTransferAsked{call.agent, "luis"});
    CHECK(call.world.legs_told<RefuseTransfer>().back().status == 603);  // It rings.
    call.answer(colleague);
    call.world.leg(LegTransferAsked{call.agent, "luis"});
    CHECK(call.world.legs_told<GrantTransfer>().back().leg == call.agent);
    call.check_passed_on(before);
}

TEST_CASE("a phone that hangs up on the colleague takes the caller back") {
    Asked call;
    const LegId colleague = call.dial();
    call.answer(colleague);
    call.world.leg(LegEnded{call.phone, "bye"});
    CHECK(call.was_ended(colleague));
    call.check_back();
    CHECK(call.contact().state == ContactState::Held);
    CHECK(call.hears_music());
    CHECK(call.world.field("consultation_ended", "result") == "answered");
    CHECK(call.world.events("recording_resumed").size() == 1);
    call.world.leg(LegReoffered{call.agent, std::string{kPhoneSdp}});
    CHECK(call.contact().state == ContactState::Talking);
}

TEST_CASE("a colleague who does not take the question gives the caller back") {
    struct Way {
        const char* result;
        int status;  // Of the phone; 0: it rings on.
    };
    for (const auto& [result, status] : {Way{"busy", 486},
                                         Way{"declined", 603},
                                         Way{"no_answer", 480},
                                         Way{"failed", 500},
                                         Way{"no_answer", 0}}) {
        CAPTURE(result);
        Asked paged;
        const LegId asked = paged.ask();
        if (status != 0) paged.world.leg(LegFailed{asked, status, "no"});
        if (status == 0) paged.world.pass(21s);
        paged.check_back();
        CHECK(paged.world.field("consultation_ended", "result") == result);
        CHECK(paged.contact().state == ContactState::Talking);

        Asked dialled;
        const LegId rung = dialled.dial();
        if (status != 0) dialled.world.leg(LegFailed{rung, status, "no"});
        if (status == 0) dialled.world.pass(21s);
        dialled.check_back();
        CHECK(dialled.world.legs_told<RejectCaller>().back().leg == dialled.phone);
        CHECK(dialled.world.legs_told<RejectCaller>().back().status ==
              (status == 0 ? 480 : status));
        CHECK(dialled.contact().state == ContactState::Held);
    }
}

TEST_CASE("a caller who hangs up while a colleague is asked ends it for both") {
    for (const bool is_dialled : {false, true}) {
        for (const bool is_answered : {false, true}) {
            CAPTURE(is_dialled);
            CAPTURE(is_answered);
            Asked call;
            const LegId colleague = is_dialled ? call.dial() : call.ask();
            if (is_answered) call.answer(colleague);
            call.world.leg(LegEnded{call.caller, "bye"});
            CHECK(call.was_ended(call.agent));
            CHECK(call.was_ended(colleague));
            if (is_dialled && is_answered) CHECK(call.was_ended(call.phone));
            if (is_dialled && !is_answered) {
                CHECK(call.world.legs_told<RejectCaller>().back().leg == call.phone);
            }
            CHECK(call.world.field("contact_ended", "ended_by") == "caller");
            CHECK(call.world.state(call.world.ana) == AgentState::WrapUp);
            CHECK(call.world.state(call.world.luis) == AgentState::Ready);
            CHECK(call.world.centre.live_contacts() == 0);
        }
    }
}

TEST_CASE("an agent who hangs up leaves the caller with the colleague, or in the queue") {
    Asked answered;
    const auto before = answered.contact();
    answered.answer(answered.ask());
    answered.world.leg(LegEnded{answered.agent, "bye"});
    CHECK(answered.contact().agent == answered.world.luis);
    CHECK(answered.contact().id == before.id);
    CHECK(answered.world.state(answered.world.ana) == AgentState::WrapUp);

    Asked ringing;
    const LegId colleague = ringing.ask();
    REQUIRE(ringing.world.command(HangUp{ringing.world.ana}));
    CHECK(ringing.was_ended(colleague));
    CHECK(ringing.world.state(ringing.world.ana) == AgentState::WrapUp);
    // Who was asked is free again, and the first to be offered the caller.
    CHECK(ringing.contact().state == ContactState::Offered);
    CHECK(ringing.world.state(ringing.world.luis) == AgentState::Offered);
    CHECK(ringing.contact().arrived == before.arrived);
}

TEST_CASE("the caller is taken back from the page, by either of the two") {
    for (const bool is_colleagues : {false, true}) {
        Asked call;
        const LegId colleague = call.ask();
        call.answer(colleague);
        const AgentId who = is_colleagues ? call.world.luis : call.world.ana;
        REQUIRE(call.world.command(EndConsultation{who}));
        call.check_back();
        CHECK(call.was_ended(colleague));
        CHECK(call.contact().state == ContactState::Talking);
        CHECK_FALSE(call.hears_music());
        CHECK(call.world.command(EndConsultation{call.world.ana}).error().code == Errc::Conflict);
    }
    Asked declined;
    declined.ask();
    REQUIRE(declined.world.command(DeclineOffer{declined.world.luis}));
    declined.check_back();
    CHECK(declined.world.field("consultation_ended", "result") == "declined");
}

TEST_CASE("what a colleague chooses while they are asked comes after") {
    Asked call;
    call.answer(call.ask());
    REQUIRE(call.world.command(SetNotReady{call.world.luis, "lunch"}));
    CHECK(call.reason(call.world.luis) == "consultation");
    REQUIRE(call.world.command(EndConsultation{call.world.ana}));
    CHECK(call.reason(call.world.luis) == "lunch");
    // Who was not ready is asked all the same, and is not ready after it.
    call.answer(call.ask());
    REQUIRE(call.world.command(CompleteConsultation{call.world.ana}));
    CHECK(call.world.state(call.world.luis) == AgentState::Talking);
    CHECK(call.world.centre.agent(call.world.company->id, call.world.luis)->next_state ==
          "not_ready:lunch");

    Asked left;
    left.ask();
    REQUIRE(left.world.command(SignOut{left.world.luis}));
    REQUIRE(left.world.command(EndConsultation{left.world.ana}));
    CHECK(left.world.state(left.world.luis) == AgentState::SignedOut);
}

TEST_CASE("nobody is asked who is not there, is asked already, or has the caller") {
    Asked call;
    World& world = call.world;
    const auto code = [&](AgentId with) {
        return world.command(ConsultAgent{world.ana, with}).error().code;
    };
    CHECK(code(world.ana) == Errc::Conflict);
    CHECK(code(AgentId::make(world.now.wall, world.rng)) == Errc::NotFound);
    CHECK(world.command(ConsultAgent{world.luis, world.ana}).error().code == Errc::Conflict);
    CHECK(world.command(CompleteConsultation{world.ana}).error().code == Errc::Conflict);
    call.ask();
    CHECK(code(world.luis) == Errc::Conflict);
    CHECK(world.command(TransferToQueue{world.ana, world.queue}).error().code == Errc::Conflict);
    CHECK(world.command(TransferOutside{world.ana, "600123456"}).error().code == Errc::Conflict);
    REQUIRE(world.command(Resume{world.ana}));
    call.check_back();
    REQUIRE(world.command(SignOut{world.luis}));
    CHECK(code(world.luis) == Errc::Conflict);
    // A phone is told so, and one that talks with nobody finds no such number, as before.
    call.dial();
    CHECK(world.legs_told<RejectCaller>().back().status == 486);
    world.leg(IncomingCall{.leg = LegId::make(world.now.wall, world.rng),
                           .source = world.luis,
                           .dialled = "ana",
                           .caller = "luis",
                           .caller_display = {},
                           .sdp = std::string{kPhoneSdp}});
    CHECK(world.legs_told<RejectCaller>().back().status == 404);
}

TEST_CASE("after a kill a consultation goes on, and one that rang gives the caller back") {
    const auto restored = [](Asked& call, World& again, const std::vector<LegId>& living) {
        const SavedRows rows = call.saved(living);
        again.now = call.world.now;
        again.act([&](Effects& out) { again.centre.restore(rows, again.now, out); });
    };
    const auto contact_of = [](const World& world) {
        return world.centre.contacts(world.company->id).front();
    };
    Asked talking;
    const LegId colleague = talking.dial();
    talking.answer(colleague);
    World again;
    restored(talking, again, {talking.caller, talking.agent, talking.phone, colleague});
    REQUIRE(contact_of(again).consultation.has_value());
    CHECK(contact_of(again).consultation->is_answered);
    again.leg(LegTransferAsked{talking.agent, "luis", talking.phone});
    CHECK(contact_of(again).agent == again.luis);
    CHECK(again.state(again.luis) == AgentState::Talking);
    CHECK(again.state(again.ana) == AgentState::WrapUp);

    World without;
    restored(talking, without, {talking.caller, talking.agent, talking.phone});
    CHECK_FALSE(contact_of(without).consultation.has_value());
    CHECK(contact_of(without).agent == without.ana);
    CHECK(without.state(without.luis) == AgentState::Ready);

    World alone;
    restored(talking, alone, {talking.caller, talking.phone, colleague});
    CHECK(contact_of(alone).agent == alone.luis);

    Asked ringing;
    ringing.ask();
    World later;
    restored(ringing, later, {ringing.caller, ringing.agent});
    CHECK(contact_of(later).state == ContactState::Talking);
    CHECK(later.state(later.luis) == AgentState::Ready);
    CHECK(later.field("consultation_ended", "result") == "failed");
}

TEST_CASE("a row of an agent who was asked about a contact that is gone holds them up no longer") {
    Asked call;
    call.answer(call.ask());
    World again;
    again.act([&](Effects& out) {
        again.centre.restore({.contacts = {}, .states = call.world.states}, again.now, out);
    });
    CHECK(again.state(again.luis) == AgentState::Ready);
}

TEST_CASE("when media dies in a consultation its two legs are revived and joined again") {
    Asked call;
    World& world = call.world;
    call.answer(call.dial());
    const auto bridges = world.told_media<media::Bridge>();
    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    world.act([&](Effects& out) { world.centre.media_ready({}, world.now, out); });
    CHECK(world.legs_told<Reoffer>().size() == 4);
    CHECK(world.told_media<media::Bridge>() > bridges);
    CHECK(call.hears_music());

    Asked ringing;
    ringing.ask();
    ringing.world.act(
        [&](Effects& out) { ringing.world.centre.media_lost(ringing.world.now, out); });
    ringing.world.act(
        [&](Effects& out) { ringing.world.centre.media_ready({}, ringing.world.now, out); });
    ringing.check_back();
}

TEST_CASE("dialogs of a consultation that are gone without a word give the caller back") {
    Asked call;
    const LegId colleague = call.dial();
    call.answer(colleague);
    call.world.act([&](Effects& out) {
        call.world.centre.on_living_legs(
            {call.caller, call.agent, call.phone, colleague}, call.world.now, out);
    });
    CHECK(call.world.events("state_repaired").empty());
    call.world.look({call.caller, call.agent, call.phone});
    CHECK(call.world.field("state_repaired", "what") == "consultation_leg");
    call.check_back();
}

TEST_CASE("another phone of the agent's takes the conversation over, and nobody else's does") {
    Asked call;
    World& world = call.world;
    const auto invite = [&](std::variant<TrunkId, AgentId> source, LegId replaced) {
        const LegId leg = LegId::make(world.now.wall, world.rng);
        world.leg(IncomingCall{.leg = leg,
                               .source = source,
                               .dialled = "ana",
                               .caller = "ana",
                               .caller_display = {},
                               .sdp = std::string{kPhoneSdp},
                               .replaces = replaced});
        return leg;
    };
    invite(world.luis, call.agent);
    CHECK(world.legs_told<RejectCaller>().back().status == 603);
    invite(world.trunk, call.agent);
    CHECK(world.legs_told<RejectCaller>().back().status == 603);
    invite(world.ana, call.caller);
    CHECK(world.legs_told<RejectCaller>().back().status == 603);
    invite(world.ana, LegId::make(world.now.wall, world.rng));
    CHECK(world.legs_told<RejectCaller>().back().status == 481);

    const LegId other = invite(world.ana, call.agent);
    CHECK(world.legs_told<AnswerCaller>().back().leg == other);
    CHECK(world.legs_told<EndLeg>().back().leg == call.agent);
    CHECK(call.contact().state == ContactState::Talking);
    CHECK(call.contact().agent == world.ana);
    CHECK(world.told_media<media::Record>() == 1);  // The recording goes on.
    CHECK(world.told_media<media::Unbridge>() == 0);
    world.leg(LegEnded{call.agent, "replaced"});
    CHECK(call.contact().agent == world.ana);
    world.leg(LegEnded{other, "bye"});
    CHECK(world.field("contact_ended", "ended_by") == "agent");
}
