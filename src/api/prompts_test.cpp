// The prompt library and the queues' music over the real store.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numbers>

#include <doctest/doctest.h>

#include "api/detail/prompts.h"
#include "api/testing/world.h"
#include "speech_engine/intake.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

namespace fs = std::filesystem;

constexpr const char* kSaludo = "/api/v1/prompts/es/saludo";

/// A WAV of a tone; 8 kHz, mono, 16 bit.
std::string wav(double seconds = 1.0, double amplitude = 0.05, double hz = 440) {
    const auto samples = static_cast<std::size_t>(seconds * 8'000);
    std::string file = "RIFF....WAVEfmt ";
    const auto put = [&file](std::uint32_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) file += static_cast<char>(value >> (8 * i) & 255U);
    };
    put(16, 4);
    put(1, 2);
    put(1, 2);
    put(8'000, 4);
    put(16'000, 4);
    put(2, 2);
    put(16, 2);
    file += "data";
    put(static_cast<std::uint32_t>(samples * 2), 4);
    for (std::size_t i = 0; i < samples; ++i) {
        const double phase = 2 * std::numbers::pi * hz * static_cast<double>(i) / 8'000;
        put(static_cast<std::uint32_t>(std::lround(32'767 * amplitude * std::sin(phase))), 2);
    }
    const auto size = static_cast<std::uint32_t>(file.size() - 8);
    for (std::size_t i = 0; i < 4; ++i) file[4 + i] = static_cast<char>(size >> (8 * i) & 255U);
    return file;
}

Person boss(World& world) { return world.operator_(); }

Got put(Person person,
        const std::string& target,
        const std::string& body,
        std::vector<std::string> headers = {}) {
    headers.emplace_back("Content-Type: application/octet-stream");
    return person.send("PUT", target, body, std::move(headers));
}

/// A published flow of the company whose prompt names `file`.
void add_flow(World& world, CompanyId company, const std::string& file) {
    const std::string document =
        R"({"format":1,"name":"Bienvenida","languages":["es"],"start":"hola","human":"hola",)"
        R"("human_key":"0","repeat_key":"*","variables":{},)"
        R"("nodes":{"hola":{"type":"end","prompt":["saludo"]}},)"
        R"("prompts":{"saludo":{"es":"Hola.","file":")" +
        file + R"("}},"terms":{},"canvas":{}})";
    auto connection = world.fresh.database.connect().value();
    const auto flow = world.make<FlowId>();
    REQUIRE(connection.execute("INSERT INTO flow (id, company_id, key, name) VALUES (?, ?, ?, ?)",
                               {flow, company, "bienvenida", "Bienvenida"}));
    REQUIRE(
        connection.execute("INSERT INTO flow_version (flow_id, version, company_id, document,"
                           " created_at_us, published_at_us) VALUES (?, 1, ?, ?, ?, ?)",
                           {flow, company, document, World::now(), World::now()}));
}

}  // namespace

TEST_CASE("a prompt is uploaded, levelled, listened to, described, replaced and deleted") {
    World world{each_engine()};
    const Got made =
        put(boss(world), std::string{kSaludo} + "?title=Saludo&text=Hola&source=recorded", wav());
    REQUIRE(made.status == 201);
    CHECK(made.text("/language") == "es");
    CHECK(made.text("/file") == "saludo.wav");
    CHECK(made.text("/title") == "Saludo");
    CHECK(made.text("/text") == "Hola");
    CHECK(made.text("/source") == "recorded");
    CHECK(made.number("/duration_ms") == 1'000);
    CHECK(made.number("/level_before_dbfs") == -29);
    CHECK(made.number("/level_after_dbfs") == -20);
    CHECK(made.count("/used_by") == 0);
    CHECK(world.port.reloads == 1);

    Person sara = world.sign_in("sara");
    const Got heard = sara.get(std::string{kSaludo} + "/audio");
    CHECK(heard.status == 200);
    CHECK(heard.reply.header("content-type") == "audio/wav");
    CHECK(static_cast<std::int64_t>(heard.reply.body.size()) == made.number("/bytes"));
    CHECK(heard.reply.body.starts_with("RIFF"));
    const Got part = sara.get(std::string{kSaludo} + "/audio", {"Range: bytes=0-43"});
    CHECK(part.status == 206);
    CHECK(part.reply.body.size() == 44);
    CHECK(sara.get(std::string{kSaludo} + "/audio", {"Range: bytes=99999999-"}).status == 416);

    const Got described = boss(world).send("PATCH", kSaludo, R"({"title":"Saludo de verano"})");
    CHECK(described.status == 200);
    CHECK(described.text("/title") == "Saludo de verano");
    CHECK(described.text("/text") == "Hola");

    CHECK(put(boss(world), kSaludo, wav(), {"If-None-Match: *"}).text("/code") == "already_exists");
    const Got replaced = put(boss(world), kSaludo, wav(2.0));
    CHECK(replaced.status == 200);
    CHECK(replaced.text("/title") == "Saludo de verano");
    CHECK(replaced.text("/source") == "uploaded");
    CHECK(replaced.number("/duration_ms") == 2'000);
    CHECK(replaced.text("/sha256") != made.text("/sha256"));
    const fs::path before =
        world.folder / "prompts" / speech_engine::library_path(world.company, made.text("/sha256"));
    CHECK_MESSAGE(fs::exists(before), "a call may still be playing it");

    CHECK(sara.get("/api/v1/prompts").count("/items") == 1);
    CHECK(sara.get("/api/v1/prompts?language=en").count("/items") == 0);
    CHECK(boss(world).send("DELETE", kSaludo).status == 204);
    CHECK(sara.get(kSaludo).status == 404);
    CHECK(sara.get("/api/v1/prompts").count("/items") == 0);
    CHECK(world.port.reloads == 3);
}

TEST_CASE("who may not manage prompts changes nothing, and an agent does not see them") {
    World world;
    Person sara = world.sign_in("sara");
    Person ana = world.sign_in("ana");
    CHECK(put(sara, kSaludo, wav()).status == 403);
    CHECK(sara.send("DELETE", kSaludo).status == 403);
    CHECK(sara.send("PATCH", kSaludo, R"({"title":"x"})").status == 403);
    CHECK(ana.get("/api/v1/prompts").status == 403);
    CHECK(ana.get(std::string{kSaludo} + "/audio").status == 403);
    CHECK(ana.get("/api/v1/hold-music/audio").status == 403);
    CHECK(put(world.stranger(), kSaludo, wav()).status == 401);
    CHECK(put(world.stranger(), kSaludo, std::string(2'000'000, 'x')).status == 413);
    CHECK(sara.get("/api/v1/prompts").count("/items") == 0);
}

TEST_CASE("a name that could be a path is no name") {
    World world;
    for (const char* name : {"..", "%2e%2e", "..%2fx", "a%2fb", "a.b", ".a", "-a", "A", "%c3%b1"}) {
        CAPTURE(name);
        const std::string path = std::string{"/api/v1/prompts/es/"} + name;
        CHECK(put(boss(world), path, wav()).status >= 400);
        CHECK(boss(world).get(path + "/audio").status == 404);
    }
    CHECK(put(boss(world), "/api/v1/prompts/fr/saludo", wav()).status == 404);
    CHECK(
        put(boss(world), "/api/v1/prompts/es/" + std::string(kMaxPromptName, 'a'), wav()).status ==
        201);
    const Got long_name =
        put(boss(world), "/api/v1/prompts/es/" + std::string(kMaxPromptName + 1, 'a'), wav());
    CHECK(long_name.text("/code") == "bad_field");
    CHECK(long_name.text("/detail").find("60 letras") != std::string::npos);
}

TEST_CASE("a sound that cannot be taken is refused in words that tell what to do") {
    World world;
    const auto refused =
        [&](const std::string& body, const std::string& words, const char* language = "es") {
            const Got got =
                put(boss(world), kSaludo, body, {"Accept-Language: " + std::string{language}});
            CAPTURE(got.reply.body);
            CHECK(got.status >= 400);
            CHECK(got.status < 500);
            CHECK(got.text("/detail").find(words) != std::string::npos);
        };
    refused("esto no suena", "WAV, FLAC, Ogg o MP3");
    refused("this is no sound", "WAV, FLAC, Ogg or MP3", "en");
    refused(wav(1.0, 0.0), "compruebe el micrófono");
    refused(wav(0.01), "décima de segundo");
    refused(wav().substr(0, 9'000), "está cortado");
    refused(wav().substr(0, 9'000), "cut short", "en");
    CHECK(boss(world).get("/api/v1/prompts").count("/items") == 0);
    CHECK(!fs::exists(world.folder / "prompts" / "library"));
    const std::size_t most = speech_engine::IntakeLimits::kMaxBytes;
    CHECK(put(boss(world), kSaludo, wav() + std::string(most - wav().size(), '\0')).status == 201);
    const Got large = put(boss(world), kSaludo, std::string(most + 1, 'x'));
    CHECK(large.status == 413);
    CHECK(large.text("/detail").find("32 MB") != std::string::npos);
}

TEST_CASE("a company keeps no more prompts than its limit, and may replace at it") {
    World world;
    std::vector<Event> events;
    for (std::int64_t i = 0; i < kMaxPromptsOfCompany - 1; ++i) {
        Event saved = world.event("prompt_saved");
        saved.with("language", "en").with("name", "p" + std::to_string(i)).with("sha256", "0");
        events.push_back(std::move(saved));
    }
    world.commit(std::move(events));
    CHECK(put(boss(world), kSaludo, wav()).status == 201);
    CHECK(put(boss(world), kSaludo, wav(0.5)).status == 200);
    const Got refused = put(boss(world), "/api/v1/prompts/es/otra", wav());
    CHECK(refused.status == 409);
    CHECK(refused.text("/detail").find("500") != std::string::npos);
}

TEST_CASE("one company never sees, plays or deletes another's prompt") {
    World world{each_engine()};
    Event theirs = world.event("prompt_saved");
    theirs.company = world.other_company;
    theirs.with("language", "es")
        .with("name", "saludo")
        .with("title", "Ajena")
        .with("sha256", "ab");
    world.commit({theirs});
    const fs::path file =
        world.folder / "prompts" / speech_engine::library_path(world.other_company, "ab");
    fs::create_directories(file.parent_path());
    std::ofstream{file} << "RIFF";
    CHECK(boss(world).get("/api/v1/prompts").count("/items") == 0);
    CHECK(boss(world).get(std::string{kSaludo} + "/audio").status == 404);
    CHECK(boss(world).send("DELETE", kSaludo).status == 404);
    CHECK(fs::exists(file));
    CHECK(put(boss(world), kSaludo, wav()).status == 201);
    CHECK(boss(world).get(kSaludo).text("/title") == "saludo");
}

TEST_CASE("a prompt that a flow or a queue uses is not deleted, and the answer names them") {
    World world{each_engine()};
    add_flow(world, world.company, "saludo.wav");
    REQUIRE(put(boss(world), kSaludo, wav()).status == 201);
    const Got used = boss(world).get(kSaludo);
    CHECK(used.count("/used_by") == 1);
    CHECK(used.text("/used_by/0/kind") == "flow");
    const Got kept = boss(world).send("DELETE", kSaludo);
    CHECK(kept.status == 409);
    CHECK(kept.text("/code") == "wrong_state");
    CHECK(kept.text("/detail").find("«Bienvenida»") != std::string::npos);

    REQUIRE(put(boss(world), "/api/v1/prompts/none/calma", wav()).status == 201);
    const std::string music = "/api/v1/queues/" + world.queue.to_string() + "/music";
    CHECK(boss(world).send("PUT", music, R"({"prompts":["calma"]})").status == 200);
    const Got held = boss(world).send("DELETE", "/api/v1/prompts/none/calma");
    CHECK(held.status == 409);
    CHECK(held.text("/detail").find("«Atención»") != std::string::npos);
    CHECK(boss(world).send("PUT", music, R"({"prompts":[]})").status == 200);
    CHECK(boss(world).send("DELETE", "/api/v1/prompts/none/calma").status == 204);
}

TEST_CASE("a queue's music is chosen among the company's, in its order") {
    World world{each_engine()};
    REQUIRE(put(boss(world), "/api/v1/prompts/none/uno", wav()).status == 201);
    REQUIRE(put(boss(world), "/api/v1/prompts/none/dos", wav(2.0)).status == 201);
    CHECK(boss(world).get("/api/v1/prompts/none/uno").number("/level_after_dbfs") == -24);
    REQUIRE(put(boss(world), kSaludo, wav()).status == 201);
    const std::string path = "/api/v1/queues/" + world.queue.to_string() + "/music";
    CHECK(boss(world).send("PUT", path, R"({"prompts":["dos","uno"]})").status == 200);
    const Got queues = world.sign_in("ana").get("/api/v1/queues");
    CHECK(queues.text("/items/0/music/0") == "dos");
    CHECK(queues.text("/items/0/music/1") == "uno");
    const Got wrong = boss(world).send("PUT", path, R"({"prompts":["uno","saludo"]})");
    CHECK(wrong.text("/pointer") == "/prompts/1");
    std::string names = R"("uno")";
    for (std::size_t i = 1; i < kMaxQueueMusic; ++i) names += R"(,"uno")";
    CHECK(boss(world).send("PUT", path, R"({"prompts":[)" + names + "]}").status == 200);
    CHECK(boss(world).send("PUT", path, R"({"prompts":[)" + names + R"(,"uno"]})").status == 422);
    CHECK(world.sign_in("sara").send("PUT", path, R"({"prompts":[]})").status == 403);
    CHECK(boss(world)
              .send("PUT",
                    "/api/v1/queues/" + world.make<QueueId>().to_string() + "/music",
                    R"({"prompts":[]})")
              .status == 404);
}

TEST_CASE("a flow page tells which recordings are missing") {
    World world;
    add_flow(world, world.company, "saludo.wav");
    const auto codes = [&] {
        Person sara = world.sign_in("sara");
        const std::string id = sara.get("/api/v1/flows").text("/items/0/id");
        return sara.get("/api/v1/flows/" + id + "/versions/1").text("/problems");
    };
    CHECK(codes().find("missing_recording") != std::string::npos);
    fs::create_directories(world.folder / "recorded-prompts" / "es");
    std::ofstream{world.folder / "recorded-prompts" / "es" / "saludo.wav"} << "x";
    CHECK(codes().find("missing_recording") == std::string::npos);
    fs::remove_all(world.folder / "recorded-prompts");
    REQUIRE(put(boss(world), kSaludo, wav()).status == 201);
    CHECK(codes().find("missing_recording") == std::string::npos);
}

TEST_CASE("the installation's music can be listened to") {
    World world;
    Person sara = world.sign_in("sara");
    CHECK(sara.get("/api/v1/hold-music/audio").status == 404);
    fs::create_directories(world.folder / "prompts" / "tones");
    std::ofstream{world.folder / "prompts" / "tones" / "hold-music.wav"} << wav();
    CHECK(sara.get("/api/v1/hold-music/audio").status == 200);
}
