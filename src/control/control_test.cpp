// size: one world for every chapter of a call
#include <doctest/doctest.h>

#include "base/errc.h"
#include "base/hex.h"
#include "control/detail/test_world.h"
#include "recording/chain.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

TEST_CASE("a call is journalled before it is answered and greeted only after the ACK") {
    World world;
    const LegId leg = LegId::make(world.now.wall, world.rng);
    world.leg(IncomingCall{.leg = leg,
                           .source = world.trunk,
                           .dialled = "100",
                           .caller = "600123456",
                           .caller_display = {},
                           .sdp = std::string{kPhoneSdp}});
    CHECK(world.events("contact_arrived").size() == 1);
    CHECK(world.field("contact_arrived", "caller") == "+34600123456");
    REQUIRE(world.legs_told<AnswerCaller>().size() == 1);
    CHECK(world.told_media<media::Play>() == 0);
    world.leg(LegConfirmed{leg, std::nullopt});
    CHECK(world.told_media<media::Play>() == 1);
}

TEST_CASE("unknown numbers, unusable audio and a missing media process are refused at once") {
    World world;
    const auto call = [&](std::string dialled, std::string_view sdp) {
        world.leg(IncomingCall{.leg = LegId::make(world.now.wall, world.rng),
                               .source = world.trunk,
                               .dialled = std::move(dialled),
                               .caller = "600123456",
                               .caller_display = {},
                               .sdp = std::string{sdp}});
        return world.legs_told<RejectCaller>().back().status;
    };
    CHECK(call("999", kPhoneSdp) == 404);
    CHECK(call("100", kVideoOnlySdp) == 488);
    CHECK(call("100", "nonsense") == 400);
    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    CHECK(call("100", kPhoneSdp) == 503);
    CHECK(world.events("contact_arrived").empty());
}

TEST_CASE("a caller is offered to the ready agent, connected, recorded and ended with a case") {
    World world;
    world.make_ready(world.ana);
    const LegId caller = world.caller();
    REQUIRE(world.legs_told<RingPhone>().size() == 1);
    const auto ring = world.legs_told<RingPhone>().front();
    CHECK(ring.phone == "ana");
    CHECK(world.state(world.ana) == AgentState::Offered);

    world.leg(LegAnswered{ring.leg, std::string{kPhoneSdp}});
    CHECK(world.state(world.ana) == AgentState::Talking);
    CHECK(world.told_media<media::Bridge>() == 1);
    CHECK(world.told_media<media::Record>() == 1);
    CHECK(world.events("case_opened").size() == 1);

    world.leg(LegEnded{caller, "bye"});
    CHECK(world.field("contact_disconnected", "by") == "caller");
    CHECK(world.field("contact_ended", "outcome") == "served");
    CHECK(world.state(world.ana) == AgentState::WrapUp);
    CHECK(world.centre.live_contacts() == 0);
    CHECK(world.told_media<media::Destroy>() == 2);
    CHECK(world.told_media<media::StopRecord>() == 1);
    // The row stays until the file is closed, so that a kill in between loses no recording's end.
    CHECK(world.rows.size() == 1);
    media::RecordEnded ended;
    ended.recording = *RecordingId::parse(world.field("recording_started", "recording"));
    world.act([&](Effects& out) { world.centre.on(ended, world.now, out); });
    CHECK(world.events("recording_ended").size() == 1);
    CHECK(world.rows.empty());
}

namespace {

/// "name=value" of each datum recorded in a case, in order; "name" alone when it has no value.
std::vector<std::string> recorded_in_cases(const World& world) {
    std::vector<std::string> found;
    for (const Event& event : world.journal) {
        if (event.type != "case_datum_recorded") continue;
        CHECK(event.case_id.has_value());
        std::string one = std::get<std::string>(*event.find("name"));
        if (const auto* value = event.find("value")) one += "=" + std::get<std::string>(*value);
        found.push_back(std::move(one));
    }
    return found;
}

}  // namespace

TEST_CASE("how each leg sounded is journalled when media lets go of it, once") {
    World world;
    world.make_ready(world.ana);
    const LegId caller = world.caller();
    world.leg(LegAnswered{world.legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
    world.leg(LegEnded{caller, "bye"});
    const auto gone = [&](media::EndpointId endpoint, const media::StatsReport& stats) {
        world.act([&](Effects& out) {
            world.centre.on(media::Event{media::Destroyed{.endpoint = endpoint, .stats = stats}},
                            world.now,
                            out);
        });
    };
    std::vector<media::EndpointId> destroyed;
    for (const auto& command : world.to_media) {
        const auto* destroy = std::get_if<media::Destroy>(&command);
        if (destroy != nullptr) destroyed.push_back(destroy->endpoint);
    }
    REQUIRE(destroyed.size() == 2);
    media::StatsReport heard;
    heard.packets_received = 500;
    heard.packets_lost = 5;
    heard.mos_x100 = 421;
    gone(destroyed[0], heard);
    gone(destroyed[0], heard);
    CHECK(world.events("sound_measured").size() == 1);
    CHECK(world.field("sound_measured", "leg") == "agent");
    CHECK(world.field("sound_measured", "lost") == "5");
    CHECK(world.field("sound_measured", "round_trip_us") == "(absent)");
    gone(destroyed[1], {});
    CHECK(world.events("sound_measured").size() == 1);
}

TEST_CASE("what a flow includes is put into the case, without what nobody may see") {
    World world{opens_a_case()};
    world.caller();
    CHECK(recorded_in_cases(world) ==
          std::vector<std::string>{"date=2026-11-29", "document=12345678", "balance"});
    CHECK(world.field("case_datum_recorded", "type") == "money");
    CHECK(world.field("case_datum_recorded", "given_by") == "system");
}

TEST_CASE("a second call about one matter brings its new values to the same case") {
    World world{opens_a_case()};
    const auto first = world.caller();
    KnownCase known{.id = CaseId::make(world.now.wall, world.rng),
                    .reference = world.field("case_opened", "reference"),
                    .kind = "childcare",
                    .topic = {},
                    .status = "open",
                    .subject = {},
                    .opened = world.now.wall,
                    .last_contact = world.now.wall,
                    .customer = {},
                    .caller = "+34600123456",
                    .due = {}};
    world.leg(LegEnded{first, "bye"});
    world.journal.clear();
    world.facts.open_cases = {known};
    world.caller();
    CHECK(world.events("case_opened").empty());
    CHECK(world.events("case_linked").size() == 1);
    CHECK(recorded_in_cases(world).size() == 3);
}

TEST_CASE(
    "a case opened because a person answered has what the caller gave, but nothing personal") {
    World world{asks_the_day()};
    world.make_ready(world.ana);
    world.caller();
    world.press("29112026#");
    world.press("12345678#");
    const auto rings = world.legs_told<RingPhone>();
    REQUIRE(rings.size() == 1);
    CHECK(recorded_in_cases(world).empty());
    world.leg(LegAnswered{rings.front().leg, std::string{kPhoneSdp}});
    CHECK(recorded_in_cases(world) == std::vector<std::string>{"date=2026-11-29"});
    CHECK(world.field("case_datum_recorded", "given_by") == "caller");
}

TEST_CASE("a phone that tells its keys by INFO and sounds them too is understood once") {
    for (const bool is_told_first : {true, false}) {
        World world{asks_the_day()};
        world.make_ready(world.ana);
        const LegId leg = world.caller(sdp_of("0", ""));
        for (const char key : std::string_view{"29112026#"}) {
            if (is_told_first) world.leg(LegKey{.leg = leg, .key = key});
            world.press(std::string_view{&key, 1});
            if (!is_told_first) world.leg(LegKey{.leg = leg, .key = key});
        }
        world.press("12345678#");
        const auto rings = world.legs_told<RingPhone>();
        REQUIRE(rings.size() == 1);
        world.leg(LegAnswered{rings.front().leg, std::string{kPhoneSdp}});
        CHECK(recorded_in_cases(world) == std::vector<std::string>{"date=2026-11-29"});
    }
}

TEST_CASE(
    "a connector that fails five times in a row is left alone, and its callers go on at once") {
    World world{asks_a_connector()};
    REQUIRE(world.command(SignIn{world.ana}));
    const auto fail_next = [&] {
        const auto leg = world.caller();
        const Ticket asked = world.connectors_asked.back();
        world.act([&](Effects& out) {
            world.centre.on_answer(asked, NotAvailable{"status 500"}, world.now, out);
        });
        CHECK(world.field("look_up_done", "result") == "failed");
        world.leg(LegEnded{leg, "bye"});
    };
    for (int i = 0; i < 5; ++i) fail_next();
    CHECK(world.connectors_asked.size() == 5);
    CHECK(world.centre.counters().connector_failures == 5);
    CHECK(world.centre.counters().connector_rests == 1);

    world.journal.clear();
    const auto leg = world.caller();
    CHECK(world.connectors_asked.size() == 5);
    CHECK(world.field("look_up_done", "result") == "failed");
    CHECK(world.field("look_up_done", "took_ms") == "0");
    CHECK(world.events("contact_queued").size() == 1);
    CHECK(world.centre.counters().connector_refusals == 1);
    world.leg(LegEnded{leg, "bye"});

    world.pass(30s);
    world.caller();
    CHECK(world.connectors_asked.size() == 6);
}

TEST_CASE("an answer to a caller who has left still tells that the connector lives") {
    World world{asks_a_connector()};
    for (int i = 0; i < 5; ++i) {
        world.leg(LegEnded{world.caller(), "bye"});
        world.act([&](Effects& out) {
            const ConnectorAnswer late{.status = i == 3 ? ConnectorAnswer::Status::Failed
                                                        : ConnectorAnswer::Status::Timeout,
                                       .fields = {},
                                       .source = {},
                                       .as_of = {}};
            world.centre.on_answer(world.connectors_asked.back(), late, world.now, out);
        });
    }
    CHECK(world.centre.counters().connector_failures == 4);
    CHECK(world.centre.counters().connector_rests == 0);
}

TEST_CASE("the agent's phone is offered the caller's codec first, and each leg is told its own") {
    World world;
    world.make_ready(world.ana);
    world.caller(
        sdp_of("111 110", "a=rtpmap:111 opus/48000/2\r\na=rtpmap:110 telephone-event/48000\r\n"));
    const auto ring = world.legs_told<RingPhone>().front();
    CHECK(ring.sdp.find("RTP/AVP 96 0 8 101 102\r\n") != std::string::npos);
    world.leg(LegAnswered{ring.leg, sdp_of("8 101", "a=rtpmap:101 telephone-event/8000\r\n")});
    std::vector<media::SetRemote> told;
    for (const auto& command : world.to_media) {
        const auto* remote = std::get_if<media::SetRemote>(&command);
        if (remote != nullptr) told.push_back(*remote);
    }
    REQUIRE(told.size() == 2);
    CHECK(told[0].codec == media::Codec::Opus);
    CHECK(told[0].opus_pt == 111);
    CHECK(told[0].telephone_event_pt == 110);
    CHECK(told[0].telephone_event_hz == 48'000);
    CHECK(told[1].codec == media::Codec::Pcma);
    CHECK(told[1].opus_pt == 0);
    CHECK(told[1].telephone_event_hz == 8'000);
    CHECK(world.told_media<media::Bridge>() == 1);
}

TEST_CASE("after a kill a leg is asked for in the codec it has") {
    World world;
    world.make_ready(world.ana);
    const LegId caller = world.caller(sdp_of("9", ""));
    SavedRows saved{.contacts = {}, .states = world.states};
    for (const auto& [contact, state] : world.rows) {
        saved.contacts.push_back({.contact = contact, .state = state, .living_legs = {caller}});
    }
    REQUIRE(saved.contacts.size() == 1);
    World again;
    Effects effects;
    again.centre.restore(saved, again.now, effects);
    REQUIRE(again.centre.live_contacts() == 1);
    media::Listing listing;
    listing.endpoints.push_back(
        {.endpoint = std::get<media::Create>(world.to_media.front()).endpoint});
    again.act([&](Effects& out) { again.centre.media_ready(listing, again.now, out); });
    REQUIRE(again.legs_told<Reoffer>().size() == 1);
    CHECK(again.legs_told<Reoffer>().front().leg == caller);
    CHECK(again.legs_told<Reoffer>().front().sdp.find("RTP/AVP 9 0 8 101\r\n") !=
          std::string::npos);
}

TEST_CASE("a conference nobody remembers ends when media is there again") {
    World world;
    media::Listing listing;
    listing.mixes = {{.mix = media::MixId{7}}, {.mix = media::MixId{9}}};
    world.act([&](Effects& out) { world.centre.media_ready(listing, world.now, out); });
    CHECK(world.told_media<media::EndMix>() == 2);
}

TEST_CASE("a missed offer gives the caller back and the next ready agent is rung") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    world.make_ready(world.luis);
    world.pass(21s);
    CHECK(world.state(world.ana) == AgentState::NotReady);
    REQUIRE(world.legs_told<RingPhone>().size() == 2);
    CHECK(world.legs_told<RingPhone>().back().phone == "luis");
    CHECK(world.field("offer_returned", "reason") == "no_answer");
}

TEST_CASE("a phone that cannot be rung costs the caller nothing") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    const auto ring = world.legs_told<RingPhone>().front();
    world.leg(LegFailed{ring.leg, 480, "gone"});
    CHECK(world.state(world.ana) == AgentState::NotReady);
    CHECK(world.centre.contacts(world.company->id).front().state == ContactState::Waiting);
    CHECK(world.centre.contacts(world.company->id).front().position == 1);
}

TEST_CASE("a caller who leaves while a phone rings leaves the agent ready and the phone silent") {
    World world;
    world.make_ready(world.ana);
    const LegId caller = world.caller();
    const auto ring = world.legs_told<RingPhone>().front();
    world.leg(LegEnded{caller, "cancelled"});
    CHECK(world.state(world.ana) == AgentState::Ready);
    CHECK(world.legs_told<EndLeg>().back().leg == ring.leg);
    CHECK(world.field("contact_ended", "outcome") == "abandoned_queue");
    // The answer that crossed on the wire finds nobody, and nobody is left in a dead call.
    world.leg(LegAnswered{ring.leg, std::string{kPhoneSdp}});
    CHECK(world.state(world.ana) == AgentState::Ready);
}

TEST_CASE("hold by the page plays music to the caller until it is resumed") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    world.leg(LegAnswered{world.legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
    REQUIRE(world.command(Hold{world.ana}));
    CHECK(world.centre.contacts(world.company->id).front().state == ContactState::Held);
    CHECK(world.told_media<media::Unbridge>() == 1);
    CHECK(world.command(Hold{world.ana}).error().code == Errc::Conflict);
    world.pass(7s);
    REQUIRE(world.command(Resume{world.ana}));
    CHECK(world.field("hold_ended", "held_ms") == "7000");
    CHECK(world.told_media<media::Bridge>() == 2);
}

TEST_CASE("who waits hears the music of the queue in turn, and the default without any") {
    World world;
    const auto last_music = [&] {
        std::vector<std::string> prompts;
        for (const auto& command : world.to_media) {
            const auto* play = std::get_if<media::Play>(&command);
            if (play != nullptr && play->repeat == media::Repeat::Forever) prompts = play->prompts;
        }
        return prompts;
    };
    world.make_ready(world.ana);
    world.make_ready(world.luis);
    world.caller();
    CHECK(last_music() == std::vector<std::string>{"music/hold.wav"});
    world.choose_music({"library/a.wav", "library/b.wav"});
    world.caller();
    CHECK(last_music() == world.music);
    world.to_media.clear();
    const auto ring = world.legs_told<RingPhone>().back();
    world.leg(LegAnswered{ring.leg, std::string{kPhoneSdp}});
    REQUIRE(world.command(Hold{ring.phone == "ana" ? world.ana : world.luis}));
    CHECK(last_music() == world.music);
}

TEST_CASE("hold by the phone is the phone's to end") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    const auto phone = world.legs_told<RingPhone>().front().leg;
    world.leg(LegAnswered{phone, std::string{kPhoneSdp}});
    world.leg(LegReoffered{phone, std::string{kHoldSdp}});
    CHECK(world.field("hold_started", "by") == "phone");
    CHECK(world.command(Resume{world.ana}).error().code == Errc::Conflict);
    world.leg(LegReoffered{phone, std::string{kPhoneSdp}});
    CHECK(world.events("hold_ended").size() == 1);
    CHECK(world.legs_told<AcceptReoffer>().size() == 2);
}

TEST_CASE("a transfer to a queue keeps the caller, the case and the place in time") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    world.leg(LegAnswered{world.legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
    const auto before = world.centre.contacts(world.company->id).front();
    world.pass(30s);
    REQUIRE(world.command(TransferToQueue{world.ana, world.queue}));
    const auto after = world.centre.contacts(world.company->id).front();
    CHECK(after.id == before.id);
    CHECK(after.case_id == before.case_id);
    CHECK(after.arrived == before.arrived);
    CHECK(after.state == ContactState::Waiting);
    CHECK(world.state(world.ana) == AgentState::WrapUp);
    world.make_ready(world.luis);
    CHECK(world.legs_told<RingPhone>().back().phone == "luis");
}

TEST_CASE("a phone's transfer button does what the page would, and is told before it is hung up") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    const auto phone = world.legs_told<RingPhone>().front().leg;
    world.leg(LegAnswered{phone, std::string{kPhoneSdp}});
    world.make_ready(world.luis);

    world.leg(LegTransferAsked{phone, "nobody"});
    CHECK(world.legs_told<RefuseTransfer>().back().status == 404);
    world.leg(LegTransferAsked{phone, "ana"});
    CHECK(world.legs_told<RefuseTransfer>().back().status == 603);
    CHECK(world.state(world.ana) == AgentState::Talking);
    CHECK(world.legs_told<EndLeg>().empty());

    world.leg(LegTransferAsked{phone, "luis"});
    CHECK(world.legs_told<GrantTransfer>().back().leg == phone);
    CHECK(world.legs_told<EndLeg>().back().leg == phone);
    CHECK(world.state(world.ana) == AgentState::WrapUp);
    CHECK(world.legs_told<RingPhone>().back().phone == "luis");
}

TEST_CASE("a caller's own transfer request is refused") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    world.leg(LegAnswered{world.legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
    world.leg(LegTransferAsked{world.legs_told<AnswerCaller>().front().leg, "luis"});
    CHECK(world.legs_told<RefuseTransfer>().back().status == 603);
    CHECK(world.state(world.ana) == AgentState::Talking);
}

TEST_CASE("a transfer to an agent who is not ready is refused and nothing changes") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    world.leg(LegAnswered{world.legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
    CHECK(world.command(TransferToAgent{world.ana, world.luis}).error().code == Errc::Conflict);
    CHECK(world.state(world.ana) == AgentState::Talking);
    CHECK(world.events("transfer_started").empty());
}

TEST_CASE("a recording is paused and resumed with its marker in the journal") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    world.leg(LegAnswered{world.legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
    REQUIRE(world.command(PauseRecording{world.ana, "card"}));
    CHECK(world.command(PauseRecording{world.ana, "card"}).error().code == Errc::Conflict);
    world.pass(4s);
    REQUIRE(world.command(ResumeRecording{world.ana}));
    CHECK(world.field("recording_resumed", "paused_ms") == "4000");
}

TEST_CASE("a renewed session is saved again, and moves the sound only when the phone has moved") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    const auto phone = world.legs_told<RingPhone>().front().leg;
    world.leg(LegAnswered{phone, std::string{kPhoneSdp}});
    const auto placed = world.told_media<media::SetRemote>();
    world.rows.clear();
    world.leg(LegRefreshed{phone, std::string{kPhoneSdp}});
    CHECK(world.rows.size() == 1);
    CHECK(world.told_media<media::SetRemote>() == placed);
    std::string moved{kPhoneSdp};
    moved.replace(moved.find("m=audio ") + 8, 1, "2");
    world.leg(LegRefreshed{phone, moved});
    CHECK(world.told_media<media::SetRemote>() == placed + 1);
    world.rows.clear();
    world.leg(LegRefreshed{phone, std::nullopt});
    CHECK(world.rows.size() == 1);
}

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

namespace {

/// What signalling says at the centre's next look.
void look(World& world, const std::vector<LegId>& living) {
    const auto before = world.looks;
    world.pass(5s);
    REQUIRE(world.looks > before);
    world.act([&](Effects& out) { world.centre.on_living_legs(living, world.now, out); });
}

}  // namespace

TEST_CASE(
    "a waiting caller whose dialog is gone without a word is ended, written down and counted") {
    World world;
    REQUIRE(world.command(SignIn{world.ana}));
    const LegId caller = world.caller();
    look(world, {caller});
    CHECK(world.events("state_repaired").empty());
    look(world, {});
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
    look(world, {agent});
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
    look(world, {caller});
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
    look(world, {caller});
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

TEST_CASE("a leg that no call has is hung up at the second look, not at the first") {
    World world;
    const LegId stray = LegId::make(world.now.wall, world.rng);
    look(world, {stray});
    CHECK(world.legs_told<EndLeg>().empty());
    look(world, {stray});
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

TEST_CASE("commands for another company's agent find nobody") {
    World world;
    Effects effects;
    Rng rng{99};
    world.centre.on_command(CommandToken{7},
                            CompanyId::make(world.now.wall, rng),
                            SignIn{world.ana},
                            world.now,
                            effects);
    const auto* done = std::get_if<CommandDone>(&effects.actions.back());
    REQUIRE(done != nullptr);
    CHECK(done->result.error().code == Errc::NotFound);
}

// ---- Encrypted sound ---------------------------------------------------------------------------

namespace {

/// A telephone's end of an encrypted stream.
sdp::LocalMedia secret_phone(sdp::Profile profile = sdp::Profile::Secure) {
    sdp::LocalMedia phone;
    phone.address = "192.0.2.9";
    phone.port = 4000;
    phone.profile = profile;
    phone.keys.push_back({.suite = SrtpSuite::AeadAes128Gcm, .master = {9, 9, 9}});
    return phone;
}

std::optional<SrtpKeys> last_keys(const World& world) {
    for (auto command = world.to_media.rbegin(); command != world.to_media.rend(); ++command) {
        if (const auto* remote = std::get_if<media::SetRemote>(&*command)) return remote->srtp;
    }
    return std::nullopt;
}

std::string answer_of(const std::string& offer, const sdp::LocalMedia& phone = secret_phone()) {
    const auto session = sdp::parse(offer);
    REQUIRE(session.has_value());
    auto made = sdp::answer(session.value(), phone);
    REQUIRE(made.has_value());
    return made.value().text;
}

}  // namespace

TEST_CASE("a caller who offers a key is answered with one, and media gets both") {
    for (const auto profile : {sdp::Profile::Secure, sdp::Profile::Opportunistic}) {
        World world;
        const auto phone = secret_phone(profile);
        world.caller(sdp::offer(phone));
        const auto answer = sdp::parse(world.legs_told<AnswerCaller>().front().sdp);
        const auto agreed = sdp::apply_answer(phone, answer.value());
        REQUIRE(agreed.has_value());
        REQUIRE(agreed.value().srtp.has_value());
        REQUIRE(last_keys(world).has_value());
        CHECK(last_keys(world)->send == agreed.value().srtp->receive);
        CHECK(last_keys(world)->receive == phone.keys.front());
    }
}

TEST_CASE("what may not be encrypted, or must be, is refused with its reason") {
    World world;
    const auto call = [&](std::optional<std::string> sdp, Signalling signalling) {
        const std::size_t before = world.legs_told<RejectCaller>().size();
        world.leg(IncomingCall{.leg = LegId::make(world.now.wall, world.rng),
                               .source = world.trunk,
                               .dialled = "100",
                               .caller = "600123456",
                               .caller_display = {},
                               .sdp = std::move(sdp),
                               .signalling = signalling});
        const auto refused = world.legs_told<RejectCaller>();
        if (refused.size() == before) return std::string{};
        CHECK(refused.back().status == 488);
        return refused.back().warning;
    };
    world.set_encryption(sdp::Encryption::Never);
    CHECK(call(sdp::offer(secret_phone()), Signalling::Clear) ==
          "encrypted sound is not allowed here");
    CHECK(call(std::string{kPhoneSdp}, Signalling::Clear).empty());
    world.set_encryption(sdp::Encryption::Required);
    CHECK(call(std::string{kPhoneSdp}, Signalling::Clear) ==
          "encrypted sound (RTP/SAVP with a=crypto) is required");
    CHECK(call(sdp::offer(secret_phone()), Signalling::Clear).empty());
    CHECK(world.centre.counters().encryption_refusals == 2);
    // Without an offer the first key would be ours.
    CHECK_FALSE(call(std::nullopt, Signalling::Clear).empty());
    CHECK(call(std::nullopt, Signalling::Encrypted).empty());
    CHECK(world.legs_told<AnswerCaller>().back().sdp.find("RTP/SAVP") != std::string::npos);
}

TEST_CASE("a trunk may have a rule of its own") {
    World world;
    world.set_encryption(sdp::Encryption::Required, sdp::Encryption::WhenOffered);
    world.caller();
    CHECK(world.legs_told<RejectCaller>().empty());
}

TEST_CASE("a phone on TLS is offered keys, and rung in clear when it has no use for them") {
    World world;
    world.register_phone("ana", Signalling::Encrypted);
    world.make_ready(world.ana);
    world.caller();
    const auto first = world.legs_told<RingPhone>().back();
    CHECK(first.sdp.find("RTP/SAVP") != std::string::npos);
    world.leg(LegFailed{first.leg, 488, "Not Acceptable Here"});
    REQUIRE(world.legs_told<RingPhone>().size() == 2);
    const auto second = world.legs_told<RingPhone>().back();
    CHECK(second.leg != first.leg);
    CHECK(second.sdp.find("crypto") == std::string::npos);
    world.leg(LegAnswered{second.leg, std::string{kPhoneSdp}});
    CHECK(world.state(world.ana) == AgentState::Talking);
    CHECK_FALSE(last_keys(world).has_value());
}

TEST_CASE("a phone whose signalling others can read is never sent a key first") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    CHECK(world.legs_told<RingPhone>().back().sdp.find("crypto") == std::string::npos);
}

TEST_CASE("where encryption is required only phones on TLS are rung, and never in clear") {
    World world;
    world.set_encryption(sdp::Encryption::Required, sdp::Encryption::WhenOffered);
    world.make_ready(world.luis);
    world.caller();
    CHECK(world.legs_told<RingPhone>().empty());
    world.register_phone("ana", Signalling::Encrypted);
    world.make_ready(world.ana);
    REQUIRE(world.legs_told<RingPhone>().size() == 1);
    world.leg(LegFailed{world.legs_told<RingPhone>().back().leg, 488, "Not Acceptable Here"});
    CHECK(world.legs_told<RingPhone>().size() == 1);
}

TEST_CASE("keys stay over hold, a restart of control and a new media process") {
    World world;
    world.register_phone("ana", Signalling::Encrypted);
    world.make_ready(world.ana);
    world.caller();
    const auto ring = world.legs_told<RingPhone>().back();
    world.leg(LegAnswered{ring.leg, answer_of(ring.sdp)});
    const auto keys = last_keys(world);
    REQUIRE(keys.has_value());

    auto holding = secret_phone();
    holding.direction = sdp::Direction::SendOnly;
    world.leg(LegReoffered{ring.leg, sdp::offer(holding)});
    CHECK(world.events("hold_started").size() == 1);
    CHECK(last_keys(world) == keys);

    // Another control goes on with the row, and asks with the same keys.
    REQUIRE(world.rows.size() == 1);
    const auto& [contact, row] = *world.rows.begin();
    World next{world.document};
    next.be_restored_from(world, contact, row);
    const auto asked = next.legs_told<Reoffer>();
    REQUIRE_FALSE(asked.empty());
    const auto to_agent = std::ranges::find(asked, ring.leg, &Reoffer::leg);
    REQUIRE(to_agent != asked.end());
    next.leg(LegReofferAnswered{ring.leg, answer_of(to_agent->sdp)});
    CHECK(last_keys(next) == keys);

    // Nothing that people or pages see has a key.
    for (const Event& event : world.journal) {
        for (const auto& [name, value] : event.data) {
            const auto* text = std::get_if<std::string>(&value);
            if (text != nullptr) CHECK(text->find("inline") == std::string::npos);
        }
    }
    const auto trace = *world.centre.trace_of(world.company->id, contact);
    CHECK(std::ranges::any_of(trace, [](const TraceLine& line) {
        return line.text == "the sound of the agent goes AEAD_AES_128_GCM";
    }));

    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    world.act([&](Effects& out) { world.centre.media_ready({}, world.now, out); });
    const auto anew = world.legs_told<Reoffer>();
    const auto revived = std::ranges::find(anew, ring.leg, &Reoffer::leg);
    REQUIRE(revived != anew.end());
    world.leg(LegReofferAnswered{ring.leg, answer_of(revived->sdp)});
    CHECK(last_keys(world) == keys);
}

TEST_CASE("how a leg was encrypted is journalled with its sound") {
    World world;
    const LegId leg = world.caller(sdp::offer(secret_phone()));
    world.leg(LegEnded{leg, "bye"});
    const auto* destroy = std::get_if<media::Destroy>(&world.to_media.back());
    REQUIRE(destroy != nullptr);
    media::Destroyed gone{.endpoint = destroy->endpoint};
    gone.stats = {.endpoint = destroy->endpoint,
                  .packets_received = 100,
                  .packets_unauthentic = 3,
                  .suite = SrtpSuite::AeadAes128Gcm};
    world.sound(gone);
    CHECK(world.field("sound_measured", "cipher") == "AEAD_AES_128_GCM");
    CHECK(world.field("sound_measured", "unauthentic") == "3");
    CHECK(world.centre.counters().legs_encrypted == 1);
    CHECK(world.centre.counters().packets_unauthentic == 3);
}

namespace {

/// Ana talks with a caller, and passes them on outside.
struct PassedOn {
    explicit PassedOn(OutsideRules rules = mobiles())
        : world{straight_to_queue(), std::move(rules)} {
        world.make_ready(world.ana);
        caller = world.caller();
        agent = world.legs_told<RingPhone>().front().leg;
        world.leg(LegAnswered{agent, std::string{kPhoneSdp}});
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
    [[nodiscard]] ContactView contact() const {
        return world.centre.contacts(world.company->id).front();
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
    [[nodiscard]] SavedRows saved(const std::vector<LegId>& living) const {
        SavedRows rows{.contacts = {}, .states = world.states};
        for (const auto& [contact, state] : world.rows) {
            rows.contacts.push_back({.contact = contact, .state = state, .living_legs = living});
        }
        return rows;
    }

    World world;
    LegId caller;
    LegId agent;
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
    look(call.world, {call.caller});
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

namespace {

/// A caller in talk with Ana; the id of the recording.
RecordingId talk(World& world) {
    world.make_ready(world.ana);
    world.caller();
    const auto phone = world.legs_told<RingPhone>().back().leg;
    world.leg(LegAnswered{phone, std::string{kPhoneSdp}});
    return *RecordingId::parse(world.field("recording_started", "recording"));
}

media::RecordEnded ended_file(RecordingId id) {
    media::RecordEnded ended;
    ended.recording = id;
    ended.duration_ms = 4'000;
    ended.bytes = 128'000;
    ended.sha256 = {1, 2, 3};
    ended.complete = true;
    ended.pauses = {{.from_ms = 10, .to_ms = 20}, {.from_ms = 30, .to_ms = 40}};
    return ended;
}

}  // namespace

TEST_CASE("ended recordings are a chain that goes on over a restart") {
    World world;
    const RecordingId id = talk(world);
    CHECK(world.recorded_for == std::vector{world.company->id});
    world.act([&](Effects& out) { world.centre.on(ended_file(id), world.now, out); });
    CHECK(world.field("recording_ended", "link") == "1");
    CHECK(world.field("recording_ended", "previous") == std::string(64, '0'));
    CHECK(world.field("recording_ended", "pauses") == "10-20,30-40");
    CHECK(world.field("recording_ended", "reason") == "stopped");
    const auto& ended = world.journal.back();
    REQUIRE(ended.type == "recording_ended");
    const recording::ChainTip first = recording::next_link({},
                                                           {.company = world.company->id,
                                                            .recording = id,
                                                            .contact = *ended.contact,
                                                            .file = {1, 2, 3},
                                                            .duration_ms = 4'000,
                                                            .bytes = 128'000,
                                                            .is_complete = true,
                                                            .reason = "stopped"});
    CHECK(world.field("recording_ended", "chain") == to_hex(first.link));

    World again;
    Effects effects;
    again.centre.restore({.contacts = {}, .states = world.states}, again.now, effects);
    const RecordingId next = talk(again);
    again.act([&](Effects& out) { again.centre.on(ended_file(next), again.now, out); });
    CHECK(again.field("recording_ended", "link") == "2");
    CHECK(again.field("recording_ended", "previous") == to_hex(first.link));
}

TEST_CASE("a recording that media or its key refuse is told as ended, incomplete, with the cause") {
    World world;
    const RecordingId id = talk(world);
    const media::Failed refused{.command = media::wire_type(media::Command{media::Record{}}),
                                .recording = id,
                                .code = media::FailureCode::Io,
                                .detail = "no key"};
    world.act([&](Effects& out) { world.centre.on(refused, world.now, out); });
    CHECK(world.field("recording_ended", "reason") == "io");
    CHECK(world.field("recording_ended", "duration_ms") == "0");
    CHECK(world.state(world.ana) == AgentState::Talking);
    world.act([&](Effects& out) { world.centre.on(refused, world.now, out); });
    CHECK(world.events("recording_ended").size() == 1);
}

TEST_CASE("a pause outlives the media process: the next recording begins paused, for its reason") {
    World world;
    const RecordingId id = talk(world);
    REQUIRE(world.command(PauseRecording{world.ana, "card_data"}));
    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    media::Listing listing;
    listing.ended.push_back(ended_file(id));
    listing.ended.front().reason = media::RecordEnd::Interrupted;
    world.to_media.clear();
    world.act([&](Effects& out) { world.centre.media_ready(listing, world.now, out); });
    for (const auto& reoffer : world.legs_told<Reoffer>()) {
        world.leg(LegReofferAnswered{reoffer.leg, std::string{kPhoneSdp}});
    }
    REQUIRE(world.told_media<media::Record>() == 1);
    CHECK(world.told_media<media::PauseRecord>() == 1);
    CHECK(world.events("recording_paused").size() == 2);
    CHECK(world.field("recording_paused", "reason") == "card_data");
    CHECK(world.field("recording_paused", "recording") != id.to_string());
    REQUIRE(world.command(ResumeRecording{world.ana}));
    CHECK(world.told_media<media::ResumeRecord>() == 1);
    CHECK_FALSE(world.command(ResumeRecording{world.ana}));
}

TEST_CASE("a pause ended between two recordings does not come back with the next") {
    World world;
    const RecordingId id = talk(world);
    REQUIRE(world.command(PauseRecording{world.ana, "other"}));
    world.act([&](Effects& out) { world.centre.on(ended_file(id), world.now, out); });
    REQUIRE(world.command(ResumeRecording{world.ana}));
    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    world.act([&](Effects& out) { world.centre.media_ready({}, world.now, out); });
    for (const auto& reoffer : world.legs_told<Reoffer>()) {
        world.leg(LegReofferAnswered{reoffer.leg, std::string{kPhoneSdp}});
    }
    CHECK(world.events("recording_started").size() == 2);
    CHECK(world.events("recording_paused").size() == 1);
}

namespace {

/// Ana talks with a caller, and asks Luis before she passes them on.
struct Asked {
    Asked() {
        world.make_ready(world.ana);
        caller = world.caller();
        agent = world.legs_told<RingPhone>().front().leg;
        world.leg(LegAnswered{agent, std::string{kPhoneSdp}});
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
        world.leg(LegReoffered{agent, std::string{kHoldSdp}});
        phone = LegId::make(world.now.wall, world.rng);
        world.leg(IncomingCall{.leg = phone,
                               .source = world.ana,
                               .dialled = "luis",
                               .caller = "ana",
                               .caller_display = {},
                               .sdp = std::string{kPhoneSdp}});
        return world.legs_told<RingPhone>().back().leg;
    }
    void answer(LegId colleague) {
        world.leg(LegProgress{colleague, 180});
        world.pass(4s);
        world.leg(LegAnswered{colleague, std::string{kPhoneSdp}});
    }
    [[nodiscard]] ContactView contact() const {
        return world.centre.contacts(world.company->id).front();
    }
    [[nodiscard]] bool was_ended(LegId leg) const {
        const auto ended = world.legs_told<EndLeg>();
        return std::ranges::find(ended, leg, &EndLeg::leg) != ended.end();
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

    World world;
    LegId caller;
    LegId agent;
    LegId phone;
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
        SavedRows rows{.contacts = {}, .states = call.world.states};
        for (const auto& [contact, state] : call.world.rows) {
            rows.contacts.push_back({.contact = contact, .state = state, .living_legs = living});
        }
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
    look(call.world, {call.caller, call.agent, call.phone});
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
