#include "rtp/out_stream.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

namespace escucha::rtp {
namespace {

using std::chrono::milliseconds;

Instant at(int ms) { return Instant{milliseconds{ms}}; }
Header incoming(std::uint16_t sequence, std::uint32_t timestamp, std::uint32_t ssrc = 77) {
    return {.sequence = {sequence}, .timestamp = {timestamp}, .ssrc = ssrc};
}

struct Fixture {
    OutStream stream{0xABCD, {65'534}, {0xFFFF'FF00U}};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "made audio is one even stream, and only its first packet is marked") {
    Header last = stream.generated(0, 160, at(0));
    CHECK(last.marker);
    CHECK(last.sequence == SequenceNumber{65'534});
    for (int i = 1; i < 10; ++i) {
        // The beat trembles; the timestamps do not.
        const Header next = stream.generated(0, 160, at(20 * i + (i % 3)));
        CHECK_FALSE(next.marker);
        CHECK(next.sequence.since(last.sequence) == 1);
        CHECK(next.timestamp.since(last.timestamp) == 160);
        CHECK(next.ssrc == 0xABCD);
        last = next;
    }
}

TEST_CASE_FIXTURE(Fixture,
                  "from prompt to bridge the peer sees one stream that follows the clock") {
    const Header prompt = stream.generated(0, 160, at(0));
    const auto bridge = stream.relayed(incoming(500, 90'000), 0, 160, at(1020));
    REQUIRE(bridge.has_value());
    CHECK(bridge->marker);
    CHECK(bridge->sequence.since(prompt.sequence) == 1);
    CHECK(bridge->timestamp.since(prompt.timestamp) == 1020 * 8);
    const auto next = stream.relayed(incoming(501, 90'160), 0, 160, at(1040));
    CHECK_FALSE(next->marker);
    CHECK(next->timestamp.since(bridge->timestamp) == 160);

    const Header music = stream.generated(8, 160, at(1060));
    CHECK(music.marker);
    CHECK(music.sequence.since(next->sequence) == 1);
    CHECK(music.timestamp.since(next->timestamp) == 160);
    CHECK(music.payload_type == 8);
}

TEST_CASE_FIXTURE(Fixture, "losses and reordering of the bridged leg pass through unchanged") {
    const auto first = stream.relayed(incoming(10, 0), 0, 160, at(0));
    const auto third = stream.relayed(incoming(12, 320), 0, 160, at(40));
    const auto second = stream.relayed(incoming(11, 160), 0, 160, at(41));
    CHECK(third->sequence.since(first->sequence) == 2);
    CHECK(second->sequence.since(first->sequence) == 1);
    CHECK(second->timestamp.since(first->timestamp) == 160);
    CHECK(stream.generated(0, 160, at(60)).sequence.since(first->sequence) == 3);
}

TEST_CASE_FIXTURE(Fixture, "a straggler from before the switch is dropped") {
    stream.generated(0, 160, at(0));
    REQUIRE(stream.relayed(incoming(10, 1600), 0, 160, at(20)).has_value());
    CHECK_FALSE(stream.relayed(incoming(9, 1440), 0, 160, at(21)).has_value());
}

TEST_CASE_FIXTURE(Fixture,
                  "a new source or a leap of its numbers is a new spurt, not a leap of ours") {
    const auto first = stream.relayed(incoming(10, 0, 1), 0, 160, at(0));
    const auto other = stream.relayed(incoming(40'000, 123'456, 2), 0, 160, at(20));
    CHECK(other->marker);
    CHECK(other->sequence.since(first->sequence) == 1);
    CHECK(other->timestamp.since(first->timestamp) == 160);
    const auto leap = stream.relayed(incoming(50'000, 9, 2), 0, 160, at(40));
    CHECK(leap->sequence.since(other->sequence) == 1);
}

TEST_CASE_FIXTURE(Fixture, "relayed key presses keep their shared timestamp") {
    const auto voice = stream.relayed(incoming(10, 1600), 0, 160, at(0));
    const auto press = stream.relayed(incoming(11, 1760), 101, 0, at(20));
    const auto again = stream.relayed(incoming(12, 1760), 101, 0, at(40));
    CHECK(press->timestamp == again->timestamp);
    CHECK(press->timestamp.since(voice->timestamp) == 160);
    CHECK(again->payload_type == 101);
    const auto later = stream.relayed(incoming(13, 2080), 0, 160, at(60));
    CHECK(later->timestamp.since(voice->timestamp) == 480);
}

TEST_CASE_FIXTURE(Fixture,
                  "sent key presses hold their timestamp and the clock goes on behind them") {
    const Header voice = stream.generated(0, 160, at(0));
    const Header press = stream.event(101, true, at(20));
    CHECK(press.marker);
    CHECK(press.timestamp.since(voice.timestamp) == 160);
    const Header more = stream.event(101, false, at(40));
    CHECK(more.timestamp == press.timestamp);
    CHECK_FALSE(more.marker);
    const Header second = stream.event(101, true, at(220));
    CHECK(second.timestamp.since(press.timestamp) == 1600);
    CHECK(stream.generated(0, 160, at(300)).timestamp.since(voice.timestamp) == 2400);
}

TEST_CASE("whatever feeds it, numbers rise by one and time never runs back") {
    const bool holds = rc::check([](const std::vector<std::uint8_t>& script) {
        OutStream stream{1, {65'000}, {0xFFFF'0000U}};
        std::uint16_t in_sequence = 40'000;
        std::uint32_t in_timestamp = 5;
        std::uint32_t in_ssrc = 1;
        std::optional<Header> last;
        int now = 0;
        for (const std::uint8_t step : script) {
            now += 20;
            std::optional<Header> header;
            if (step % 8 == 0) now += 1000;
            if (step % 8 == 1) ++in_ssrc;
            if (step % 2 == 0) {
                header = stream.generated(0, 160, at(now));
            } else {
                header =
                    stream.relayed(incoming(++in_sequence, in_timestamp, in_ssrc), 0, 160, at(now));
            }
            in_timestamp += 160;
            RC_ASSERT(header.has_value());
            if (last) {
                RC_ASSERT(header->sequence.since(last->sequence) == 1);
                RC_ASSERT(header->timestamp.since(last->timestamp) >= 160);
            }
            last = header;
        }
    });
    CHECK(holds);
}

TEST_CASE("at 48 kHz the timestamps follow the clock in its ticks") {
    OutStream stream{1, {100}, {1'000}};
    stream.set_clock(48'000);
    const Instant start{std::chrono::seconds{5}};
    const Header first = stream.generated(96, 960, start);
    const Header second = stream.generated(96, 960, start + std::chrono::milliseconds{20});
    CHECK(second.timestamp.since(first.timestamp) == 960);
    stream.interrupt();
    const Header later = stream.generated(96, 960, start + std::chrono::milliseconds{1'040});
    CHECK(later.marker);
    CHECK(later.timestamp.since(second.timestamp) == 48'960);
    CHECK(later.sequence.since(second.sequence) == 1);
}

TEST_CASE("a key press passed on keeps one timestamp while the audio goes on between its packets") {
    OutStream stream{1, {100}, {1'000}};
    const Instant start{std::chrono::seconds{5}};
    const auto at = [&](int ms) { return start + std::chrono::milliseconds{ms}; };
    stream.generated(0, 160, at(0));
    const auto first = stream.passed_event(101, {777}, at(5));
    const Header audio = stream.generated(0, 160, at(20));
    const auto second = stream.passed_event(101, {777}, at(25));
    REQUIRE(first.has_value());
    REQUIRE(second.has_value());
    CHECK(first->marker);
    CHECK_FALSE(second->marker);
    CHECK(first->timestamp == second->timestamp);
    CHECK_FALSE(audio.marker);
    CHECK(second->sequence.since(first->sequence) == 2);
    const auto next = stream.passed_event(101, {2'000}, at(200));
    REQUIRE(next.has_value());
    CHECK(next->timestamp.since(first->timestamp) > 0);
    CHECK_FALSE(stream.passed_event(101, {777}, at(205)).has_value());
    const auto segment = stream.passed_event(101, Timestamp{2'000}.plus(0xFFFF), at(8'400));
    REQUIRE(segment.has_value());
    CHECK(segment->timestamp.since(next->timestamp) == 0xFFFF);
}

}  // namespace escucha::rtp
