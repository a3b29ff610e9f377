#include <doctest/doctest.h>
#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/errc.h"
#include "media/engine/detail/test_rig.h"
#include "media/engine/files.h"
#include "media/engine/port_pool.h"
#include "media/engine/prompt.h"
#include "media/engine/prompt_loader.h"
#include "media/engine/recording_note.h"
#include "media/engine/spsc_ring.h"

namespace escucha::media {
namespace {

using namespace test;
using std::chrono::milliseconds;

Instant at(int ms) { return Instant{milliseconds{ms}}; }

}  // namespace

TEST_CASE("ports are even, come in turn, and rest before they come again") {
    PortPool pool{20'001, 20'007};
    CHECK(pool.take(at(0)) == 20'002);
    CHECK(pool.take(at(0)) == 20'004);
    CHECK(pool.take(at(0)) == 20'006);
    CHECK_FALSE(pool.take(at(0)));
    pool.give_back(20'004, at(1'000));
    pool.give_back(20'002, at(1'001));
    CHECK_FALSE(pool.take(at(1'199)));
    CHECK(pool.take(at(1'200)) == 20'004);
    CHECK_FALSE(pool.take(at(1'200)));
    CHECK(pool.take(at(1'201)) == 20'002);
}

TEST_CASE("a range that ends on an even port does not give it: its RTCP port is outside") {
    PortPool pool{20'000, 20'002};
    CHECK(pool.free_count() == 1);
    CHECK(PortPool{20'000, 20'003}.free_count() == 2);
    CHECK(PortPool{65'534, 65'535}.free_count() == 1);
}

TEST_CASE("paths lead below their folder or nowhere") {
    for (const char* good : {"a.wav", "2026/11/23/x-1_2.wav", "a..b"}) CHECK(is_safe_path(good));
    for (const char* bad : {"",
                            "/a",
                            "a/",
                            "a//b",
                            "..",
                            "a/../b",
                            "./a",
                            ".open/x",
                            "a/.b",
                            "a b",
                            "a\\b",
                            "a\nb",
                            "ñ"}) {
        CHECK_FALSE(is_safe_path(bad));
    }
    CHECK(is_safe_path(std::string(kMaxPathBytes, 'a')));
    CHECK_FALSE(is_safe_path(std::string(kMaxPathBytes + 1, 'a')));
}

TEST_CASE("files behind links are not opened, existing ones not made again") {
    const TempFolder temp;
    const auto folder = Folder::open(temp.path("inside"));
    REQUIRE(folder.has_value());
    std::ofstream{temp.path("outside.txt")} << "secret";
    std::filesystem::create_symlink(temp.path("outside.txt"), temp.path("inside/link"));
    std::filesystem::create_directory_symlink(temp.path(), temp.path("inside/up"));
    CHECK(folder.value().open_file("link", O_RDONLY).error().code == Errc::Forbidden);
    CHECK(folder.value().open_file("up/outside.txt", O_RDONLY).error().code == Errc::Forbidden);
    CHECK(folder.value().open_file("none", O_RDONLY).error().code == Errc::NotFound);
    REQUIRE(folder.value().make_parents("a/b/c.txt").has_value());
    CHECK(folder.value().open_file("a/b/c.txt", O_WRONLY | O_CREAT | O_EXCL).has_value());
    CHECK(folder.value().open_file("a/b/c.txt", O_WRONLY | O_CREAT | O_EXCL).error().code ==
          Errc::Conflict);
}

TEST_CASE("a ring gives what it took, in order, and refuses at its capacity") {
    SpscRing<int> ring{4};
    int out = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 4; ++i) CHECK(ring.push(int{i}));
        CHECK_FALSE(ring.push(9));
        for (int i = 0; i < 4; ++i) {
            CHECK(ring.pop(out));
            CHECK(out == i);
        }
        CHECK_FALSE(ring.pop(out));
    }
}

TEST_CASE("a ring between two threads loses and invents nothing") {
    constexpr int kCount = 200'000;
    SpscRing<int> ring{256};
    std::thread producer{[&] {
        for (int i = 0; i < kCount;) {
            if (ring.push(int{i})) {
                ++i;
            } else {
                std::this_thread::yield();
            }
        }
    }};
    int expected = 0;
    bool is_in_order = true;
    while (expected < kCount) {
        int value = -1;
        if (!ring.pop(value)) {
            std::this_thread::yield();
            continue;
        }
        is_in_order = is_in_order && value == expected;
        ++expected;
    }
    producer.join();
    CHECK(is_in_order);
}

TEST_CASE("a playback joins its prompts, repeats for ever when asked, and fills up with silence") {
    const auto prompt = [](std::size_t samples, std::byte value) {
        return std::make_shared<const Prompt>(Prompt{Bytes(samples, value), Bytes(samples, value)});
    };
    Playback once{PlayId{1}, {prompt(100, std::byte{1}), prompt(100, std::byte{2})}, Repeat::Once};
    Bytes out(160);
    CHECK(once.fill(rtp::Law::Mu, out));
    CHECK(out[99] == std::byte{1});
    CHECK(out[100] == std::byte{2});
    CHECK(once.fill(rtp::Law::Mu, out));
    CHECK(out[39] == std::byte{2});
    CHECK(out[40] == rtp::silence(rtp::Law::Mu));
    CHECK_FALSE(once.fill(rtp::Law::Mu, out));
    CHECK(once.played_ms() == 25);

    Playback forever{PlayId{1}, {prompt(7, std::byte{3})}, Repeat::Forever};
    for (int i = 0; i < 100; ++i) {
        CHECK(forever.fill(rtp::Law::A, out));
        CHECK(std::all_of(out.begin(), out.end(), [](std::byte b) { return b == std::byte{3}; }));
    }
}

TEST_CASE("generated prompts have their length and level") {
    CHECK(Prompt::generate("silence:20").size() == 160);
    CHECK(Prompt::generate("silence:60000").size() == 480'000);
    for (const char* bad :
         {"silence:", "silence:x", "silence:0", "silence:-1", "silence:60001", "tone:"}) {
        CHECK(Prompt::generate(bad).empty());
    }
    const auto beep = Prompt::generate("tone:beep");
    CHECK(beep.size() == 2'400);
    // -20 dBFS RMS is an amplitude of 4,634.
    CHECK(level(std::span{beep}.subspan(80, 2'240), 1'000) == doctest::Approx(4'634).epsilon(0.02));
    CHECK(Prompt::generate("tone:ringing").size() == 36'000);
}

TEST_CASE("the cache keeps to its size, reads a changed file again and forgets a lost one") {
    const TempFolder temp;
    const auto write = [&](const char* name, std::size_t samples) {
        test::write_wav(temp.path(name), test::tone(440, samples));
    };
    write("a.wav", 1'000);
    write("b.wav", 1'000);
    write("c.wav", 1'000);
    PromptCache cache{Folder::open(temp.path()).value(), 4'000};
    const auto samples_of = [&](const char* name) {
        const auto found = cache.get(name);
        const auto* prompt = std::get_if<PromptPtr>(&found);
        return prompt == nullptr ? std::size_t{0} : (*prompt)->samples();
    };
    CHECK(samples_of("a.wav") == 1'000);
    CHECK(samples_of("b.wav") == 1'000);
    CHECK(cache.bytes() == 4'000);
    CHECK(samples_of("c.wav") == 1'000);
    CHECK(cache.bytes() == 4'000);
    write("c.wav", 900);
    CHECK(samples_of("c.wav") == 900);
    CHECK(cache.bytes() == 3'800);
    std::filesystem::remove(temp.path("c.wav"));
    CHECK(samples_of("c.wav") == 0);
    CHECK(cache.bytes() == 2'000);
}

TEST_CASE("a note comes back from its text; what is no note does not") {
    RecordingNote note{.recording = RecordingId{Uuid{.high = 1, .low = 2}},
                       .path = "a/b.wav",
                       .kind = RecordingKind::Voicemail,
                       .started_at = from_micros(1'700'000'000'000'000)};
    note.pauses = {{.from_ms = 1, .to_ms = 2}};
    const auto again = RecordingNote::parse_open(note.to_json());
    REQUIRE(again.has_value());
    CHECK(again->recording == note.recording);
    CHECK(again->path == note.path);
    CHECK(again->kind == note.kind);
    CHECK(again->started_at == note.started_at);
    CHECK(again->pauses == note.pauses);
    for (const char* bad :
         {"", "{}", "[]", "{\"recording\":1}", "{\"recording\":\"x\",\"path\":\"a.wav\"}"}) {
        CHECK_FALSE(RecordingNote::parse_open(bad));
    }
    note.path = "../x.wav";
    CHECK_FALSE(RecordingNote::parse_open(note.to_json()));
}

}  // namespace escucha::media
