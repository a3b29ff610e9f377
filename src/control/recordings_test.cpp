#include <doctest/doctest.h>

#include "base/hex.h"
#include "control/detail/test_world.h"
#include "recording/chain.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

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
