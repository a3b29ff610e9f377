#include "media/engine/timeline.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace escucha::media {
namespace {

using std::chrono::milliseconds;
using Samples = std::vector<std::int16_t>;

constexpr Instant kStart{std::chrono::hours{1}};
Instant at(int ms) { return kStart + milliseconds{ms}; }

Samples packet(std::int16_t value) { return Samples(160, value); }

struct Recorded {
    Samples left;
    Samples right;
};

/// Everything up to `now`, split.
Recorded all(Timeline& timeline, Instant now) {
    Recorded result;
    while (true) {
        const auto part = timeline.take_rest(now);
        if (part.empty()) return result;
        for (std::size_t i = 0; i < part.size(); i += 2) {
            result.left.push_back(part[i]);
            result.right.push_back(part[i + 1]);
        }
    }
}
Timeline::Source source(int arrival_ms, std::uint32_t timestamp, std::uint32_t ssrc = 1) {
    return {ssrc, {timestamp}, at(arrival_ms)};
}
std::size_t first_of(const Samples& samples, std::int16_t value) {
    return static_cast<std::size_t>(std::find(samples.begin(), samples.end(), value) -
                                    samples.begin());
}

}  // namespace

TEST_CASE("what is said lands where the clock says, each side on its own channel") {
    Timeline timeline{2, kStart};
    timeline.place(0, source(100, 5'000, 1), packet(11));
    timeline.place(1, source(300, 90'000, 2), packet(22));
    const auto recorded = all(timeline, at(1'000));
    CHECK(recorded.left.size() == 8'000);
    CHECK(first_of(recorded.left, 11) == 800);
    CHECK(first_of(recorded.right, 22) == 2'400);
    CHECK(std::count(recorded.left.begin(), recorded.left.end(), 11) == 160);
    CHECK(std::count(recorded.left.begin(), recorded.left.end(), 22) == 0);
}

TEST_CASE(
    "voices that join are summed on the right, bent to full scale, and the left is one voice") {
    Timeline timeline{2, kStart};
    timeline.place(0, source(100, 5'000, 1), packet(11));
    timeline.place(1, source(100, 0, 2), packet(1'000));
    timeline.place(2, source(100, 0, 3), packet(200));
    timeline.place(Timeline::kMaxVoices - 1, source(110, 0, 4), packet(30));
    timeline.place(Timeline::kMaxVoices, source(100, 0, 5), packet(7));
    timeline.place(1, source(200, 800, 2), packet(30'000));
    timeline.place(2, source(200, 800, 3), packet(30'000));
    const auto recorded = all(timeline, at(1'000));
    CHECK(recorded.left[800] == 11);
    CHECK(recorded.right[800] == 1'200);
    CHECK(recorded.right[800 + 80] == 1'230);
    CHECK(recorded.right[800 + 160] == 30);
    CHECK(recorded.right[1'600] > 30'000);
    CHECK(std::count(recorded.right.begin(), recorded.right.end(), 0) == 8'000 - 240 - 160);
    Timeline voicemail{1, kStart};
    voicemail.place(1, source(100, 0), packet(5));
    CHECK(std::ranges::count(voicemail.take_rest(at(200)), 5) == 0);
}

TEST_CASE("jitter is not heard: packets keep the spacing of their timestamps") {
    Timeline timeline{2, kStart};
    const int jitter[] = {0, 30, 5, 60, 0, 20, 80, 0};
    for (int i = 0; i < 8; ++i) {
        timeline.place(
            0, source(100 + 20 * i + jitter[i], static_cast<std::uint32_t>(160 * i)), packet(7));
    }
    const auto recorded = all(timeline, at(1'000));
    CHECK(first_of(recorded.left, 7) == 800);
    for (std::size_t i = 800; i < 800 + 8 * 160; ++i) CHECK(recorded.left[i] == 7);
    CHECK(recorded.left[800 + 8 * 160] == 0);
}

TEST_CASE("a lost packet is its length of silence") {
    Timeline timeline{2, kStart};
    timeline.place(0, source(0, 0), packet(7));
    timeline.place(0, source(40, 320), packet(9));
    const auto recorded = all(timeline, at(100));
    CHECK(recorded.left[159] == 7);
    CHECK(recorded.left[160] == 0);
    CHECK(recorded.left[319] == 0);
    CHECK(recorded.left[320] == 9);
}

TEST_CASE(
    "a new source, a leap of timestamps and a clock that runs off are put where they arrive") {
    Timeline timeline{2, kStart};
    timeline.place(0, source(0, 0, 1), packet(1));
    timeline.place(0, source(200, 777'777, 2), packet(2));
    timeline.place(0, source(400, 1, 2), packet(3));
    const auto recorded = all(timeline, at(1'000));
    CHECK(first_of(recorded.left, 1) == 0);
    CHECK(first_of(recorded.left, 2) == 1'600);
    CHECK(first_of(recorded.left, 3) == 3'200);
}

TEST_CASE("the drift allowed ends at two hundred milliseconds") {
    const auto place_of_second = [](int arrival) {
        Timeline timeline{2, kStart};
        timeline.place(0, source(0, 0), packet(1));
        timeline.place(0, source(arrival, 160), packet(2));
        return first_of(all(timeline, at(1'000)).left, 2);
    };
    CHECK(place_of_second(220) == 160);
    CHECK(place_of_second(221) == 1'768);
}

TEST_CASE("a pause silences both channels to the sample, and time goes on") {
    Timeline timeline{2, kStart};
    for (int i = 0; i < 50; ++i) {
        const auto timestamp = static_cast<std::uint32_t>(160 * i);
        if (i == 15) CHECK(timeline.pause(at(300)) == milliseconds{300});
        if (i == 30) CHECK(timeline.resume(at(600)) == milliseconds{600});
        timeline.place(0, source(20 * i, timestamp, 1), packet(1));
        timeline.place(1, source(20 * i, timestamp, 2), packet(2));
    }
    CHECK_FALSE(timeline.resume(at(600)));
    const auto recorded = all(timeline, at(1'000));
    REQUIRE(recorded.left.size() == 8'000);
    for (std::size_t i = 0; i < 8'000; ++i) {
        const bool is_silent = i >= 2'400 && i < 4'800;
        CHECK(recorded.left[i] == (is_silent ? 0 : 1));
        CHECK(recorded.right[i] == (is_silent ? 0 : 2));
    }
    CHECK(timeline.pauses(at(1'000)) == std::vector<Pause>{{300, 600}});
}

TEST_CASE("what arrives during a pause is not recorded though its timestamp lies before it") {
    Timeline timeline{2, kStart};
    timeline.place(0, source(0, 0), packet(1));
    timeline.pause(at(30));
    timeline.place(0, source(40, 160), packet(2));  // By its timestamp at 20 ms.
    const auto recorded = all(timeline, at(500));
    CHECK(std::count(recorded.left.begin(), recorded.left.end(), 2) == 0);
}

TEST_CASE("a pause also takes what was already laid out beyond it") {
    Timeline timeline{2, kStart};
    timeline.place(0, source(0, 0), Samples(800, 5));
    timeline.pause(at(50));
    const auto recorded = all(timeline, at(500));
    CHECK(recorded.left[399] == 5);
    CHECK(recorded.left[400] == 0);
}

TEST_CASE("pausing is never refused: after the last marker the markers grow") {
    Timeline timeline{2, kStart};
    int now = 0;
    for (std::size_t i = 0; i < kMaxPauses + 1; ++i) {
        timeline.pause(at(now += 10));
        timeline.place(0, source(now, static_cast<std::uint32_t>(now * 8)), packet(3));
        CHECK(timeline.resume(at(now += 30)).has_value());
    }
    CHECK(timeline.pauses(at(now)).size() == kMaxPauses);
    CHECK(timeline.pauses(at(now)).back().to_ms == static_cast<std::uint32_t>(now));
    const auto recorded = all(timeline, at(now));
    CHECK(std::count(recorded.left.begin(), recorded.left.end(), 3) == 0);
}

TEST_CASE("what is handed out stays behind the present by the delay, and never changes") {
    Timeline timeline{2, kStart};
    timeline.place(0, source(0, 0), packet(1));
    CHECK(timeline.take(at(350)).empty());
    CHECK(timeline.take(at(360)).size() == 160);
    timeline.place(0, source(90, 0), packet(9));  // Too late for the first 80 samples.
    const auto rest = timeline.take_rest(at(450));
    CHECK(rest.size() == 2 * 2'000);  // A part; the next call goes on.
    CHECK(rest[0] == 9);
    CHECK(timeline.take_rest(at(450)).size() == 2 * 1'520);
}

TEST_CASE("however packets come, the file is as long as the call and holds only what was said") {
    const bool holds = rc::check([](const std::vector<std::uint16_t>& arrivals) {
        Timeline timeline{2, kStart};
        std::vector<std::uint16_t> sorted = arrivals;
        std::sort(sorted.begin(), sorted.end());
        std::size_t length = 0;
        const auto drain = [&](Instant now) {
            while (true) {
                const auto part = timeline.take(now);
                if (part.empty()) return;
                length += part.size() / 2;
                for (std::size_t i = 0; i < part.size(); i += 2) {
                    const std::int16_t right = part[i + 1];
                    RC_ASSERT(part[i] == 0 || part[i] == 4);
                    RC_ASSERT(right == 0 || right == 4 || right == 8);  // Two voices are summed.
                }
            }
        };
        std::uint32_t timestamp = 0;
        for (const std::uint16_t ms : sorted) {
            drain(at(ms % 20'000));
            timeline.place(ms % 3, source(ms % 20'000, timestamp, ms % 2U), packet(4));
            timestamp += ms % 5 == 0 ? 100'000U : 160U;
        }
        drain(at(20'000));
        length += all(timeline, at(20'000)).left.size();
        RC_ASSERT(length == 160'000U);
    });
    CHECK(holds);
}

}  // namespace escucha::media
