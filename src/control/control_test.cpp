#include <doctest/doctest.h>

#include <array>

#include "base/errc.h"
#include "control/detail/test_world.h"

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

KnownCase open_case(World& world, std::string reference, std::string caller) {
    return KnownCase{.id = CaseId::make(world.now.wall, world.rng),
                     .reference = std::move(reference),
                     .kind = "childcare",
                     .topic = {},
                     .status = "open",
                     .subject = {},
                     .opened = world.now.wall,
                     .last_contact = world.now.wall,
                     .customer = {},
                     .caller = std::move(caller),
                     .due = {}};
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

TEST_CASE("how a leg that ended without media sounded is awaited of media that holds it still") {
    World world;
    REQUIRE(world.command(SignIn{world.ana}));
    const std::array callers{world.caller(), world.caller()};
    std::vector<media::EndpointId> endpoints;
    for (const auto& command : world.to_media) {
        const auto* create = std::get_if<media::Create>(&command);
        if (create != nullptr) endpoints.push_back(create->endpoint);
    }
    REQUIRE(endpoints.size() == 2);
    world.act([&](Effects& out) { world.centre.media_lost(world.now, out); });
    for (const LegId caller : callers) world.leg(LegEnded{caller, "bye"});
    media::Listing listing;
    listing.endpoints.push_back({.endpoint = endpoints[1]});
    world.act([&](Effects& out) { world.centre.media_ready(listing, world.now, out); });
    media::StatsReport heard;
    heard.packets_received = 500;
    world.sound(media::Destroyed{.endpoint = endpoints[0], .stats = heard});
    CHECK(world.events("sound_measured").empty());
    world.sound(media::Destroyed{.endpoint = endpoints[1], .stats = heard});
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
    const KnownCase known =
        open_case(world, world.field("case_opened", "reference"), "+34600123456");
    world.leg(LegEnded{first, "bye"});
    world.journal.clear();
    world.facts.open_cases = {known};
    world.caller();
    CHECK(world.events("case_opened").empty());
    CHECK(world.events("case_linked").size() == 1);
    CHECK(recorded_in_cases(world).size() == 3);
}

TEST_CASE("a caller who gives a name and no number is nobody whose cases are known") {
    World world{opens_a_case()};
    world.facts.open_cases = {open_case(world, "12345678", "maria")};
    world.caller(std::string{kPhoneSdp}, "maria");
    CHECK(world.field("contact_arrived", "caller") == "maria");
    CHECK(world.events("case_linked").empty());
    CHECK(world.events("case_opened").size() == 1);
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

TEST_CASE("a caller whom no voice can greet hears a beep, and the flow goes on") {
    World world{asks_the_day()};
    world.make_ready(world.ana);
    world.has_voice = false;
    world.caller();
    const auto beeps = [&] {
        return std::ranges::count_if(world.to_media, [](const media::Command& command) {
            const auto* play = std::get_if<media::Play>(&command);
            return play != nullptr && play->prompts == std::vector<std::string>{"tone:beep"};
        });
    };
    CHECK(beeps() > 0);
    world.press("29112026#");
    world.press("12345678#");
    CHECK(world.legs_told<RingPhone>().size() == 1);
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

TEST_CASE(
    "a phone that holds and says nothing is asked whether it is there, and its call goes on") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    const LegId agent = world.legs_told<RingPhone>().front().leg;
    world.leg(LegAnswered{agent, std::string{kPhoneSdp}});
    world.leg(LegReoffered{agent, std::string{kHoldSdp}});
    const auto endpoint =
        std::get<media::Create>(*std::find_if(world.to_media.rbegin(),
                                              world.to_media.rend(),
                                              [](const media::Command& command) {
                                                  return std::holds_alternative<media::Create>(
                                                      command);
                                              }))
            .endpoint;
    world.sound(media::MediaTimeout{.endpoint = endpoint, .silent_ms = 10'000});
    REQUIRE(world.legs_told<Reoffer>().size() == 1);
    CHECK(world.legs_told<Reoffer>().front().leg == agent);
    world.leg(LegReofferAnswered{agent, std::string{kHoldSdp}});
    world.pass(10min);
    CHECK(world.centre.live_contacts() == 1);

    SUBCASE("back, it is heard") {
        world.leg(LegReoffered{agent, std::string{kPhoneSdp}});
        world.sound(media::MediaResumed{.endpoint = endpoint});
        world.pass(10min);
        CHECK(world.centre.live_contacts() == 1);
    }
    SUBCASE("back, it still says nothing") {
        world.leg(LegReoffered{agent, std::string{kPhoneSdp}});
        world.pass(61s);
        CHECK(world.field("contact_disconnected", "by") == "fault");
        CHECK(world.centre.live_contacts() == 0);
    }
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
