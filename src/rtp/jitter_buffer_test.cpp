#include "rtp/jitter_buffer.h"

#include <doctest/doctest.h>

#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <vector>

namespace escucha::rtp {
namespace {

using std::chrono::milliseconds;
using Kind = JitterBuffer::Next::Kind;
using Put = JitterBuffer::Put;
using Loudness = JitterBuffer::Loudness;

constexpr std::uint32_t kTicks = 160;

Instant at_ms(std::int64_t ms) { return Instant{std::chrono::hours{1} + milliseconds{ms}}; }

/// A stream from a sender with a beat of 20 ms, and a listener with the same.
struct Line {
    JitterBuffer buffer{8'000};
    std::uint16_t first = 65'500;         ///< The numbers wrap early on.
    std::uint32_t origin = 0xFFFF'F000U;  ///< So do the timestamps.

    Put put(int n, std::int64_t ms) {
        const std::array payload{static_cast<std::byte>(n & 0xFF), static_cast<std::byte>(n >> 8)};
        return buffer.put({.sequence = SequenceNumber{first}.plus(n),
                           .timestamp = Timestamp{origin}.plus(std::int64_t{n} * kTicks),
                           .ticks = kTicks,
                           .payload = payload,
                           .at = at_ms(ms)});
    }
    static int number(const JitterBuffer::Next& next) {
        return std::to_integer<int>(next.payload[0]) | std::to_integer<int>(next.payload[1]) << 8;
    }
    /// What is played at this beat: its number, -1 for made up, -2 for nothing.
    std::vector<int> take(std::int64_t ms, Loudness loudness = Loudness::Voice) {
        std::vector<int> result;
        JitterBuffer::Next next = buffer.take(at_ms(ms), Duration::zero(), loudness);
        if (next.kind == Kind::Merged) {
            result.push_back(number(next));
            next = buffer.take_next();
        }
        if (next.kind == Kind::Nothing) return {-2};
        result.push_back(next.kind == Kind::Packet ? number(next) : -1);
        return result;
    }
};

/// One packet's fate on the way.
struct Sent {
    int number;
    int arrives_ms;
};

/// Plays `sent` to its end and returns everything played, in order.
std::vector<int> run(Line& line, std::vector<Sent> sent, Loudness loudness = Loudness::Voice) {
    std::stable_sort(sent.begin(), sent.end(), [](const Sent& a, const Sent& b) {
        return a.arrives_ms < b.arrives_ms;
    });
    std::vector<int> played;
    const int end = sent.empty() ? 0 : sent.back().arrives_ms + 3'000;
    std::size_t at = 0;
    for (int beat = 0; beat < end; beat += 20) {
        for (; at < sent.size() && sent[at].arrives_ms <= beat; ++at) {
            line.put(sent[at].number, sent[at].arrives_ms);
        }
        const auto now = line.take(beat, loudness);
        played.insert(played.end(), now.begin(), now.end());
    }
    return played;
}

std::vector<int> audible(std::vector<int> played) {
    played.erase(std::remove_if(played.begin(), played.end(), [](int n) { return n < 0; }),
                 played.end());
    return played;
}

}  // namespace

TEST_CASE("an even stream is played in order, whole, 40 ms after its first packet") {
    Line line;
    CHECK(line.take(0) == std::vector{-2});
    for (int n = 0; n < 200; ++n) {
        CHECK(line.put(n, n * 20) == Put::Kept);
        const std::vector expected{n < 2 ? -2 : n - 2};
        CHECK(line.take(n * 20) == expected);
    }
    CHECK(line.buffer.counters().lost == 0);
    CHECK(line.buffer.counters().late == 0);
    CHECK(line.buffer.target() == JitterBuffer::kMinDelay);
}

TEST_CASE("packets that overtook each other are played in their order") {
    Line line;
    const auto played = run(line, {{1, 20}, {0, 25}, {3, 60}, {2, 65}, {4, 80}});
    CHECK(audible(played) == std::vector{0, 1, 2, 3, 4});
    CHECK(line.buffer.counters().lost == 0);
}

TEST_CASE("a packet that comes twice is played once and counted") {
    Line line;
    line.put(0, 0);
    CHECK(line.put(0, 1) == Put::Duplicate);
    CHECK(line.take(40) == std::vector{0});
    CHECK(line.put(0, 50) == Put::Duplicate);
    CHECK(line.take(60) == std::vector{-1});
    CHECK(line.buffer.counters().duplicate == 2);
    CHECK(line.buffer.counters().kept == 1);
}

TEST_CASE("a lost packet is missing in its place, with the next one to restore it from") {
    Line line;
    for (const int n : {0, 2, 3}) line.put(n, n * 15);
    line.put(6, 95);
    CHECK(line.take(40) == std::vector{0});
    const auto missing = line.buffer.take(at_ms(60), Duration::zero(), Loudness::Voice);
    CHECK(missing.kind == Kind::Missing);
    CHECK(missing.ticks == kTicks);
    REQUIRE(missing.payload.size() == 2);
    CHECK(Line::number(missing) == 2);
    CHECK(line.take(80) == std::vector{2});
    CHECK(line.take(100) == std::vector{3});
    CHECK(line.buffer.counters().lost == 1);
    const auto two = line.buffer.take(at_ms(120), Duration::zero(), Loudness::Voice);
    CHECK(two.kind == Kind::Missing);
    CHECK(two.payload.empty());
}

TEST_CASE("numbers of key presses are not lost packets") {
    Line line;
    line.put(0, 0);
    line.buffer.pass_over(SequenceNumber{line.first}.plus(1));
    line.buffer.pass_over(SequenceNumber{line.first}.plus(2));
    line.take(40);
    line.put(3, 60);
    for (const int ms : {60, 80, 100}) line.take(ms);
    CHECK(line.buffer.counters().lost == 0);
}

TEST_CASE("after its place was made up an older packet is late; the newest is gone back to") {
    Line line;
    line.put(0, 0);
    line.put(2, 40);
    line.take(40);
    CHECK(line.take(60) == std::vector{-1});
    CHECK(line.put(1, 70) == Put::Late);
    CHECK(line.take(80) == std::vector{2});
    CHECK(line.take(100) == std::vector{-1});
    CHECK(line.put(3, 110) == Put::Kept);
    CHECK(line.take(120) == std::vector{3});
    CHECK(line.buffer.counters().late == 1);
}

TEST_CASE("a stream that pauses is nothing after a second, and begins anew") {
    Line line;
    line.put(0, 0);
    for (int ms = 40; ms < 1'000; ms += 20) CHECK(line.take(ms) == std::vector{ms == 40 ? 0 : -1});
    CHECK(line.take(1'000) == std::vector{-2});
    CHECK(line.put(1, 5'000) == Put::Kept);
    CHECK(line.take(5'020) == std::vector{-2});
    CHECK(line.take(5'040) == std::vector{1});
}

TEST_CASE("silence that the sender leaves out moves no delay and loses nothing") {
    Line line;
    for (int n = 0; n < 20; ++n) {
        line.put(n, n * 20);
        line.take(n * 20);
    }
    // 600 ms without packets; the numbers go on, the timestamps follow the clock.
    for (int beat = 20; beat < 50; ++beat) line.take(beat * 20, Loudness::Quiet);
    line.first = static_cast<std::uint16_t>(line.first - 30);
    for (int n = 50; n < 70; ++n) {
        line.put(n, n * 20);
        line.take(n * 20);
    }
    CHECK(line.buffer.counters().lost == 0);
    CHECK(line.buffer.counters().late == 0);
    CHECK(line.buffer.delay() <= milliseconds{40});
}

TEST_CASE("the delay grows with the jitter, and shrinks in silence when it is over") {
    Line line;
    std::vector<Sent> sent;
    for (int n = 0; n < 300; ++n) sent.push_back({n, n * 20 + n * 37 % 100});
    run(line, sent);
    CHECK(line.buffer.target() >= milliseconds{80});
    CHECK(line.buffer.target() <= milliseconds{120});
    sent.clear();
    for (int n = 0; n < 600; ++n) sent.push_back({n, n * 20 + (n < 100 ? n * 37 % 100 : 0)});
    Line steady;
    run(steady, sent, Loudness::Quiet);
    CHECK(steady.buffer.target() == JitterBuffer::kMinDelay);
    CHECK(steady.buffer.delay() < JitterBuffer::kMinDelay + JitterBuffer::kBeat);
}

TEST_CASE("a way that becomes longer for good is followed after five packets") {
    Line line;
    std::vector<Sent> sent;
    for (int n = 0; n < 100; ++n) sent.push_back({n, n * 20 + (n < 50 ? 0 : 900)});
    const auto played = run(line, sent);
    CHECK(std::count_if(played.begin(), played.end(), [](int n) { return n >= 50; }) >=
          50 - JitterBuffer::kMaxLateInRow);
}

TEST_CASE("a sender that starts anew is heard, whichever way its numbers and timestamps jump") {
    for (const int number_jump : {-20'000, -500, 1, 20'000}) {
        for (const std::int64_t tick_jump : {-5'000'000, 5'000'000}) {
            Line line;
            for (int n = 0; n < 20; ++n) {
                line.put(n, n * 20);
                line.take(n * 20);
            }
            line.first = static_cast<std::uint16_t>(line.first + number_jump);
            line.origin += static_cast<std::uint32_t>(tick_jump);
            int heard = 0;
            for (int n = 20; n < 120; ++n) {
                line.put(n, n * 20);
                heard += line.take(n * 20).back() >= 0 ? 1 : 0;
            }
            CAPTURE(number_jump);
            CAPTURE(tick_jump);
            CHECK(heard >= 40);
        }
    }
}

TEST_CASE("a full buffer lets go of the oldest") {
    Line line;
    const int count = static_cast<int>(JitterBuffer::kCapacity);
    for (int n = 0; n < count; ++n) CHECK(line.put(n, n) == Put::Kept);
    Line over = line;
    CHECK(line.buffer.take_next().kind == Kind::Packet);
    CHECK(line.buffer.counters().lost == 0);
    CHECK(over.put(count, count) == Put::Kept);
    const auto next = over.buffer.take_next();
    REQUIRE(next.kind == Kind::Packet);
    CHECK(Line::number(next) == 1);
}

TEST_CASE("payloads up to the limit are taken, longer ones and those without length refused") {
    JitterBuffer buffer{8'000};
    const std::vector<std::byte> payload(JitterBuffer::kMaxPayloadBytes + 1);
    const auto put = [&](std::size_t size, std::uint32_t ticks) {
        return buffer.put(
            {.ticks = ticks, .payload = ByteView{payload}.first(size), .at = at_ms(0)});
    };
    CHECK(put(JitterBuffer::kMaxPayloadBytes + 1, kTicks) == Put::Refused);
    CHECK(put(10, 0) == Put::Refused);
    CHECK(put(JitterBuffer::kMaxPayloadBytes, kTicks) == Put::Kept);
}

TEST_CASE("whatever the network does: in order, never twice, never too late, nothing unaccounted") {
    rc::check("order", [] {
        const int jitter = *rc::gen::inRange(0, 400);
        const int loss_percent = *rc::gen::inRange(0, 50);
        const auto seed = *rc::gen::arbitrary<std::uint32_t>();
        const auto loudness = *rc::gen::element(Loudness::Voice, Loudness::Quiet);
        std::uint32_t state = seed;
        const auto roll = [&](int below) {
            state = state * 1'664'525U + 1'013'904'223U;
            return static_cast<int>((state >> 8U) % static_cast<unsigned>(below));
        };
        std::vector<Sent> sent;
        for (int n = 0; n < 400; ++n) {
            if (roll(100) < loss_percent) continue;
            sent.push_back({n, n * 20 + roll(jitter + 1)});
            if (roll(10) == 0) sent.push_back({n, n * 20 + roll(jitter + 1)});
        }
        Line line;
        std::vector<int> played;
        std::stable_sort(sent.begin(), sent.end(), [](const Sent& a, const Sent& b) {
            return a.arrives_ms < b.arrives_ms;
        });
        std::size_t at = 0;
        for (int beat = 0; beat < 10'000; beat += 20) {
            for (; at < sent.size() && sent[at].arrives_ms <= beat; ++at) {
                line.put(sent[at].number, sent[at].arrives_ms);
            }
            for (const int n : line.take(beat, loudness)) {
                if (n < 0) continue;
                const int last = played.empty() ? -1 : played.back();
                RC_ASSERT(n > last);
                played.push_back(n);
                // When the sender spoke it, and the most we may add to the jitter.
                RC_ASSERT(beat - n * 20 <= jitter + 280);
            }
            RC_ASSERT(line.buffer.delay() <= JitterBuffer::kMaxDelay + JitterBuffer::kMaxExcess);
            RC_ASSERT(line.buffer.target() >= JitterBuffer::kMinDelay);
            RC_ASSERT(line.buffer.target() <= JitterBuffer::kMaxDelay);
        }
        const auto& counters = line.buffer.counters();
        RC_ASSERT(counters.kept + counters.late + counters.duplicate == sent.size());
        RC_ASSERT(played.size() <= counters.kept);
    });
}

}  // namespace escucha::rtp
