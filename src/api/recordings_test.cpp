// Recordings over HTTP: sealed files, parts of them, journeys, and who may hear.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "api/testing/world.h"
#include "recording/sound.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

Bytes sound_of(std::size_t bytes) {
    Bytes samples(bytes);
    for (std::size_t i = 0; i < bytes; ++i) samples[i] = static_cast<std::byte>(i * 31 + i / 256);
    return samples;
}

/// A stereo recording of the contact: its events, and its file when the path is a sealed one.
RecordingId record(World& world, ContactId contact, const std::string& path, const Bytes& samples) {
    const auto id = world.make<RecordingId>();
    const auto file = world.folder / "recordings" / path;
    std::filesystem::create_directories(file.parent_path());
    if (path.ends_with(".rec")) {
        const auto key = world.recording_keys->wrap_new(world.company, id, world.now());
        REQUIRE(key.has_value());
        const auto layout = recording::Layout::fresh(id, 2);
        Bytes bytes;
        recording::Sealer::begin(layout, key.value().slot, bytes);
        recording::Sealer sealer{key.value().key, layout};
        sealer.append(samples, bytes);
        sealer.finish(bytes);
        std::ofstream{file, std::ios::binary} << as_text(bytes);
    }
    Event started = world.event("recording_started");
    started.contact = contact;
    started.with("recording", id.to_string()).with("kind", "call").with("path", path);
    Event ended = world.event("recording_ended");
    ended.contact = contact;
    ended.with("recording", id.to_string());
    ended.with("duration_ms", static_cast<std::int64_t>(samples.size() / 32));
    ended.with("bytes", std::int64_t{14}).with("sha256", "ab").with_flag("complete", true);
    world.commit({started, ended});
    return id;
}

}  // namespace

TEST_CASE("a recording is heard by those who may, whole or in part, and that is journalled once") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    const Bytes samples = sound_of(9'000);
    const auto id = record(world, talk.contact, "2026/a.rec", samples);
    Person ana = world.sign_in("ana");
    const std::string path = "/api/v1/recordings/" + id.to_string();
    CHECK(ana.get("/api/v1/recordings").count("/items") == 1);
    CHECK(ana.get(path).text("/case/reference") == talk.reference);
    const auto header = recording::wav_header(2, samples.size());
    const std::string wav = std::string{as_text(header)} + std::string{as_text(samples)};
    const Got whole = ana.get(path + "/audio");
    CHECK(whole.status == 200);
    CHECK(whole.reply.body == wav);
    CHECK(whole.reply.header("cache-control") == "no-store");
    CHECK(whole.reply.header("content-disposition").empty());
    // To a browser that opens it by itself, and would keep it, nothing is sent.
    CHECK(ana.get(path + "/audio", {"Sec-Fetch-Mode: navigate"}).status == 403);
    CHECK(ana.get("/api/v1/contacts/" + talk.contact.to_string() + "/journey/audio",
                  {"Sec-Fetch-Mode: navigate"})
              .status == 403);
    // Within the header, over its end, over the seam of two chunks, the last byte.
    for (const auto& [from, to] : {std::pair{4, 6}, {40, 50}, {4'000, 4'100}, {9'043, 9'043}}) {
        const auto asked = std::to_string(from) + "-" + std::to_string(to);
        const Got part = ana.get(path + "/audio", {"Range: bytes=" + asked});
        CHECK(part.status == 206);
        CHECK(part.reply.body ==
              wav.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from + 1)));
        CHECK(part.reply.header("content-range") == "bytes " + asked + "/9044");
    }
    const Got beyond = ana.get(path + "/audio", {"Range: bytes=9044-"});
    CHECK(beyond.status == 416);
    CHECK(beyond.reply.header("content-range") == "bytes */9044");
    const Got journal = ana.get("/api/v1/contacts/" + talk.contact.to_string());
    CHECK(journal.count("/events") == 8);
    CHECK(journal.text("/events/7/type") == "recording_played");
    CHECK(journal.text("/events/7/data/user") == world.agent_user.to_string());
    // Another agent's calls are not there for him; a supervisor hears all.
    Person carlos = world.sign_in("carlos");
    CHECK(carlos.get("/api/v1/recordings").count("/items") == 0);
    CHECK(carlos.get(path + "/audio").status == 404);
    CHECK(carlos.get("/api/v1/contacts/" + talk.contact.to_string() + "/journey").status == 404);
    CHECK(world.sign_in("sara").get(path + "/audio").status == 200);
}

TEST_CASE("a plain recording of before is still heard") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    const Bytes samples = sound_of(800);
    const auto header = recording::wav_header(2, samples.size());
    const std::string wav = std::string{as_text(header)} + std::string{as_text(samples)};
    const auto id = record(world, talk.contact, "old.wav", samples);
    std::ofstream{world.folder / "recordings/old.wav"} << wav;
    const std::string path = "/api/v1/recordings/" + id.to_string() + "/audio";
    CHECK(world.sign_in("ana").get(path).reply.body == wav);
}

TEST_CASE("a recording whose key is lost, or that is another's file, is not played, and says why") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    const auto id = record(world, talk.contact, "a.rec", sound_of(9'000));
    const auto other = record(world, talk.contact, "b.rec", sound_of(9'000));
    Person ana = world.sign_in("ana");
    CHECK(world.operator_().get("/api/v1/status").count("/warnings") == 0);
    const auto path = [](RecordingId of) {
        return "/api/v1/recordings/" + of.to_string() + "/audio";
    };
    std::filesystem::copy_file(world.folder / "recordings/b.rec",
                               world.folder / "recordings/a.rec",
                               std::filesystem::copy_options::overwrite_existing);
    const Got swapped = ana.get(path(id), {"Accept-Language: en"});
    CHECK(swapped.status == 503);
    CHECK(swapped.text("/detail").find("damaged") != std::string::npos);
    std::filesystem::remove(world.folder / "recording.keys");
    world.recording_keys.reset();
    world.restart();
    CHECK(world.operator_().get("/api/v1/status").count("/warnings") == 1);
    const Got lost = ana.get(path(other), {"Accept-Language: en"});
    CHECK(lost.status == 503);
    CHECK(lost.text("/detail").find("key") != std::string::npos);
}

TEST_CASE("the last second of two hours is served without reading what comes before it") {
    World world;
    const auto talk = world.talk(world.agent);
    const Bytes minute = sound_of(std::size_t{60} * 32'000);
    Bytes samples;
    samples.reserve(120 * minute.size());
    for (int i = 0; i < 120; ++i) samples.insert(samples.end(), minute.begin(), minute.end());
    const auto id = record(world, talk.contact, "long.rec", samples);
    Person ana = world.sign_in("ana");
    // All that this process read, sockets and database too.
    const auto bytes_read = [] {
        std::ifstream file{"/proc/self/io"};
        std::string name;
        std::uint64_t count = 0;
        file >> name >> count;
        REQUIRE(name == "rchar:");
        return count;
    };
    const std::string last = "Range: bytes=" + std::to_string(44 + samples.size() - 32'000) + "-";
    const auto end = as_text(ByteView{samples}.last(1'000));
    for (const std::string& path :
         {"/api/v1/recordings/" + id.to_string() + "/audio",
          "/api/v1/contacts/" + talk.contact.to_string() + "/journey/audio"}) {
        const std::uint64_t before = bytes_read();
        const Got got = ana.get(path, {last});
        CHECK(got.status == 206);
        CHECK(got.reply.body.ends_with(end));
        CHECK(bytes_read() - before < 1'000'000);
    }
}

TEST_CASE("a contact's recordings are one journey: an index and a sound with silence between") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    const Bytes samples = sound_of(32'000);  // One second.
    const auto first = record(world, talk.contact, "a.rec", samples);
    const auto second = record(world, talk.contact, "b.rec", samples);
    Person ana = world.sign_in("ana");
    const std::string path = "/api/v1/contacts/" + talk.contact.to_string() + "/journey";
    const Got journey = ana.get(path);
    REQUIRE(journey.status == 200);
    REQUIRE(journey.count("/segments") == 2);
    CHECK(journey.text("/segments/0/recording_id") == first.to_string());
    CHECK(journey.text("/segments/1/recording_id") == second.to_string());
    CHECK(journey.text("/segments/0/agent/name") == "Doña ana");
    const Got sound = ana.get(path + "/audio");
    CHECK(sound.status == 200);
    CHECK(sound.reply.body.substr(0, 4) == "RIFF");
    CHECK(sound.reply.body.find(as_text(ByteView{samples}.first(64))) != std::string::npos);
    const Got part = ana.get(path + "/audio", {"Range: bytes=44-143"});
    CHECK(part.status == 206);
    CHECK(part.reply.body == sound.reply.body.substr(44, 100));
    std::filesystem::remove(world.folder / "recordings/a.rec");
    CHECK(ana.get(path + "/audio").status == 200);
    std::filesystem::remove(world.folder / "recordings/b.rec");
    CHECK(ana.get(path + "/audio").status == 404);
}

TEST_CASE("a recording's path cannot lead out of its folder") {
    World world{each_engine()};
    const auto talk = world.talk(world.agent);
    std::filesystem::create_directories(world.folder / "recordings");
    std::ofstream{world.folder / "secret.wav"} << "secret";
    for (const std::string& path :
         {std::string{"../secret.wav"}, (world.folder / "secret.wav").string()}) {
        const auto id = world.make<RecordingId>();
        Event started = world.event("recording_started");
        started.contact = talk.contact;
        started.with("recording", id.to_string()).with("kind", "call").with("path", path);
        world.commit({started});
        CHECK(world.sign_in("sara").get("/api/v1/recordings/" + id.to_string() + "/audio").status ==
              404);
    }
}

TEST_CASE("a recording leaves as an approved export, sealed, and of those who may hear it") {
    World world;
    const auto talk = world.talk(world.agent);
    const Bytes samples = sound_of(300'000);
    const auto id = record(world, talk.contact, "2026/a.rec", samples);
    Person sara = world.sign_in("sara");
    Person control = world.sign_in(world.add_person("compliance", world.company));
    const auto body = [](const char* what, const char* filter, const std::string& of) {
        return std::string{R"({"what":")"} + what + R"(","filter":{")" + filter + "\":\"" + of +
               R"("},"columns":[],"reason":"reclamación judicial"})";
    };
    const std::string no_one = world.make<RecordingId>().to_string();
    CHECK(
        sara.post("/api/v1/exports", body("recording", "recording_id", no_one)).text("/pointer") ==
        "/filter");
    // Whoever hears no recordings asks for none.
    Person chief = world.sign_in(world.add_person("department_head", world.company));
    CHECK(chief.post("/api/v1/exports", body("recording", "recording_id", id.to_string())).status ==
          403);
    const auto contact = talk.contact.to_string();
    const Got asked =
        sara.post("/api/v1/exports", body("contact_recordings", "contact_id", contact));
    REQUIRE(asked.status == 201);
    CHECK(asked.number("/expected_rows") == 1);
    const std::string path = "/api/v1/exports/" + asked.text("/id");
    CHECK(control.post(path + "/approve", R"({"reason":"de acuerdo"})").status == 200);
    const std::string passphrase = sara.post(path + "/file").text("/passphrase");
    while (sara.get(path).text("/state") != "ready") std::this_thread::yield();
    const Got file = sara.get(path + "/file");
    REQUIRE(file.status == 200);
    std::ofstream{world.folder / "a.zip", std::ios::binary} << file.reply.body;
    const std::string command = "7z x -y -p" + passphrase + " -o'" + world.folder.string() + "' '" +
                                (world.folder / "a.zip").string() + "' >/dev/null </dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
    std::ifstream wav{world.folder / (id.to_string() + ".wav"), std::ios::binary};
    const std::string heard{std::istreambuf_iterator<char>{wav}, {}};
    const auto header = recording::wav_header(2, samples.size());
    CHECK(heard == std::string{as_text(header)} + std::string{as_text(samples)});
    CHECK(sara.get(path).number("/customers") == 1);
}
