#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/errc.h"
#include "speech_engine/command.h"
#include "speech_engine/prompt_maker.h"
#include "speech_engine/sound.h"

namespace escucha::speech_engine {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using speech::Clip;
using speech::Language;
using speech::Reuse;

/// A folder of its own for one test.
struct Folder {
    Folder() {
        char name[] = "/tmp/escucha-speech-XXXXXX";
        path = ::mkdtemp(name);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    fs::path path;
};

Samples tone(double hz, double amplitude, std::size_t samples) {
    Samples out(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        out[i] = static_cast<float>(
            amplitude * std::sin(2.0 * std::numbers::pi * hz * static_cast<double>(i) / 8000.0));
    }
    return out;
}

/// An engine that counts how often it was started and copies a WAV.
Engine copying_engine(const fs::path& folder, const std::string& more = {}) {
    Samples sound(1600, 0.0F);
    const auto voice = tone(440, 0.05, 8000);
    sound.insert(sound.end(), voice.begin(), voice.end());
    sound.resize(sound.size() + 4000, 0.0F);
    REQUIRE(write_wav(folder / "voice.wav", sound));
    Engine engine;
    engine.id = "test";
    engine.command = {"/bin/sh",
                      "-c",
                      more + "cat >/dev/null; echo x >>\"$0\"/starts; cat \"$0\"/voice.wav",
                      folder.string()};
    return engine;
}

std::size_t starts(const fs::path& folder) {
    std::ifstream in{folder / "starts"};
    std::size_t lines = 0;
    for (std::string line; std::getline(in, line);) ++lines;
    return lines;
}

}  // namespace

TEST_CASE("a text is rendered once, trimmed, levelled and kept") {
    const Folder folder;
    PromptMaker maker{copying_engine(folder.path), folder.path / "files", folder.path / "cache"};
    const Clip clip{.file = {}, .text = "Hola.", .reuse = Reuse::Static};

    const auto first = maker.make(clip, Language::Es);
    REQUIRE_MESSAGE(first.has_value(), first.error().message());
    const auto second = maker.make(clip, Language::Es);
    REQUIRE(second.has_value());

    CHECK(starts(folder.path) == 1);
    CHECK(first.value().path == second.value().path);
    CHECK(first.value().duration == second.value().duration);
    CHECK(first.value().duration >= 1000ms);
    CHECK(first.value().duration <= 1100ms);
    const auto sound = read_sound(first.value().path);
    REQUIRE(sound.has_value());
    CHECK(rms_dbfs(sound.value()) == doctest::Approx(-20.0).epsilon(0.03));
}

TEST_CASE("a text asked for by many threads at once is rendered once") {
    const Folder folder;
    PromptMaker maker{
        copying_engine(folder.path, "sleep 0.1; "), folder.path / "files", folder.path / "cache"};
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
            if (maker.make({.file = {}, .text = "Hola.", .reuse = Reuse::Static}, Language::Es)) {
                ++good;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(good == 6);
    CHECK(starts(folder.path) == 1);
}

TEST_CASE("a recording is preferred to the engine, and the engine speaks when it is missing") {
    const Folder folder;
    PromptMaker maker{copying_engine(folder.path), folder.path / "files", folder.path / "cache"};
    const Clip clip{.file = "es/saludo.wav", .text = "Hola.", .reuse = Reuse::Static};
    REQUIRE(maker.make(clip, Language::Es).has_value());
    CHECK(starts(folder.path) == 1);

    REQUIRE(write_wav(folder.path / "files/es/saludo.wav", tone(300, 0.9, 4000)));
    const auto recorded = maker.make(clip, Language::Es);
    REQUIRE(recorded.has_value());
    CHECK(starts(folder.path) == 1);
    CHECK(recorded.value().duration == 500ms);
}

TEST_CASE("a recording outside the prompt folder is never read") {
    const Folder folder;
    REQUIRE(write_wav(folder.path / "secret.wav", tone(300, 0.9, 4000)));
    PromptMaker maker{copying_engine(folder.path), folder.path / "files", folder.path / "cache"};
    const auto made = maker.make({.file = "../secret.wav", .text = "Hola.", .reuse = Reuse::Static},
                                 Language::Es);
    REQUIRE(made.has_value());
    CHECK(starts(folder.path) == 1);
}

TEST_CASE("an engine that is missing, fails, hangs or never stops gives an error and no file") {
    const Folder folder;
    const auto error_of = [&](std::vector<std::string> command) {
        Engine engine;
        engine.command = std::move(command);
        engine.deadline = 300ms;
        PromptMaker maker{engine, folder.path / "files", folder.path / "cache"};
        const auto made =
            maker.make({.file = {}, .text = "Hola.", .reuse = Reuse::Static}, Language::Es);
        REQUIRE(!made.has_value());
        return made.error().code;
    };
    CHECK(error_of({"/nonexistent/engine"}) == Errc::Unavailable);
    CHECK(error_of({"/bin/sh", "-c", "exit 3"}) == Errc::Unavailable);
    CHECK(error_of({"/bin/sh", "-c", "exec sleep 20"}) == Errc::Timeout);
    CHECK(error_of({"/bin/sh", "-c", "echo not a sound"}) == Errc::InvalidArgument);
    CHECK(error_of({"/bin/sh", "-c", "cat /dev/zero"}).value() != 0);
    CHECK(!fs::exists(folder.path / "cache"));
}

TEST_CASE("a program's output is bounded and its input may be larger than a pipe") {
    const std::string input(300'000, 'a');
    const auto echoed = run_command({"/bin/cat"}, input, {.deadline = 5s, .most_bytes = 300'000});
    REQUIRE(echoed.has_value());
    CHECK(echoed.value().bytes == input);
    const auto over = run_command({"/bin/cat"}, input, {.deadline = 5s, .most_bytes = 299'999});
    REQUIRE(!over.has_value());
    CHECK(over.error().code == Errc::TooLarge);
}

TEST_CASE("too long a text, an empty one and a language without a voice are refused") {
    const Folder folder;
    auto engine = copying_engine(folder.path);
    engine.voices.erase(Language::En);
    PromptMaker maker{engine, folder.path / "files", folder.path / "cache"};
    const auto make = [&](std::size_t length, Language language) {
        return maker.make({.file = {}, .text = std::string(length, 'a'), .reuse = Reuse::Static},
                          language);
    };
    CHECK(make(PromptMaker::kMaxTextBytes, Language::Es).has_value());
    CHECK(make(PromptMaker::kMaxTextBytes + 1, Language::Es).error().code == Errc::TooLarge);
    CHECK(make(0, Language::Es).error().code == Errc::InvalidArgument);
    CHECK(make(4, Language::En).error().code == Errc::Unavailable);
}

TEST_CASE("pruning removes the least recently used variable clips and no static one") {
    const Folder folder;
    PromptMaker maker{copying_engine(folder.path), folder.path / "files", folder.path / "cache"};
    const auto make = [&](const std::string& text, Reuse reuse) {
        return maker.make({.file = {}, .text = text, .reuse = reuse}, Language::Es).value().path;
    };
    const auto kept = make("Siempre.", Reuse::Static);
    const auto old = make("Son doce euros.", Reuse::Variable);
    const auto fresh = make("Son trece euros.", Reuse::Variable);
    fs::last_write_time(old, fs::file_time_type::clock::now() - 1h);
    CHECK(maker.prune(fs::file_size(fresh)) == 1);
    CHECK(fs::exists(kept));
    CHECK(!fs::exists(old));
    CHECK(fs::exists(fresh));
}

TEST_CASE("levelling reaches the target without clipping, whatever comes in") {
    for (const double amplitude : {0.01, 0.1, 0.5, 1.0, 3.0}) {
        auto samples = tone(500, amplitude, 16000);
        // A click far above the voice must not keep the voice quiet.
        samples[8000] = 5.0F;
        level(samples, -20.0);
        CHECK(rms_dbfs(samples) == doctest::Approx(-20.0).epsilon(0.05));
        CHECK(peak_dbfs(samples) <= -0.99);
    }
    Samples silence(800, 0.0F);
    level(silence, -20.0);
    CHECK(rms_dbfs(silence) == -120.0);
}

TEST_CASE("a sound of another rate keeps its length and its pitch") {
    const Folder folder;
    // 22050 Hz, as espeak-ng writes: made by declaring another rate, then read back.
    Engine engine;
    engine.command = {"espeak-ng", "-v", "{voice}", "--stdin", "--stdout"};
    PromptMaker maker{engine, folder.path / "files", folder.path / "cache"};
    const auto made = maker.make(
        {.file = {}, .text = "Buenos días, le atiende Luz del Valle.", .reuse = Reuse::Static},
        Language::Es);
    REQUIRE_MESSAGE(made.has_value(), made.error().message());
    CHECK(made.value().duration > 1500ms);
    CHECK(made.value().duration < 6000ms);
    const auto sound = read_sound(made.value().path);
    REQUIRE(sound.has_value());
    CHECK(duration_of(sound.value()) == made.value().duration);
    CHECK(rms_dbfs(sound.value()) == doctest::Approx(-20.0).epsilon(0.05));
    CHECK(peak_dbfs(sound.value()) <= -0.9);
}

TEST_CASE("hold music lasts over a minute, is quiet, loops without a step and is kept") {
    const Folder folder;
    PromptMaker maker{Engine{}, folder.path / "files", folder.path / "cache"};
    const auto music = maker.hold_music();
    REQUIRE(music.has_value());
    CHECK(music.value().duration >= 60s);
    CHECK(music.value().duration <= 90s);
    const auto sound = read_sound(music.value().path).value();
    CHECK(rms_dbfs(sound) == doctest::Approx(-24.0).epsilon(0.05));
    CHECK(std::abs(sound.front() - sound.back()) < 0.05F);
    CHECK(maker.hold_music().value().duration == music.value().duration);
    CHECK(maker.beep().value().duration == 400ms);
}

}  // namespace escucha::speech_engine
