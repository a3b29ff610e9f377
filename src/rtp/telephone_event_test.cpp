#include "rtp/telephone_event.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

namespace escucha::rtp {
namespace {

using std::chrono::milliseconds;

constexpr Instant at(int ms) { return Instant{milliseconds{ms}}; }

struct Fixture {
    TelephoneEventReceiver receiver;

    TelephoneEventReceiver::Update hear(
        char key, std::uint32_t timestamp, int duration_ms, bool is_end, int now = 0) {
        const EventPayload payload{.event = event_of(key).value(),
                                   .is_end = is_end,
                                   .volume = 10,
                                   .duration = static_cast<std::uint16_t>(duration_ms * 8)};
        return receiver.on_packet({timestamp}, payload.print(), at(now));
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a press starts at its first packet and ends once, with its duration") {
    CHECK(hear('5', 1000, 20, false).started == '5');
    CHECK(hear('5', 1000, 40, false) == TelephoneEventReceiver::Update{});
    CHECK(hear('5', 1000, 60, true).ended == KeyPress{'5', milliseconds{60}});
    CHECK(hear('5', 1000, 60, true) == TelephoneEventReceiver::Update{});
    CHECK(hear('5', 1000, 60, true) == TelephoneEventReceiver::Update{});
    CHECK_FALSE(receiver.is_active());
}

TEST_CASE_FIXTURE(Fixture, "the same key pressed twice is two presses") {
    hear('1', 1000, 60, true);
    const auto second = hear('1', 3000, 60, true);
    CHECK(second.started == '1');
    CHECK(second.ended.has_value());
}

TEST_CASE_FIXTURE(Fixture, "a press of which only an end packet arrives is heard") {
    const auto update = hear('#', 1000, 100, true);
    CHECK(update.started == '#');
    CHECK(update.ended == KeyPress{'#', milliseconds{100}});
}

TEST_CASE_FIXTURE(Fixture, "a lost end is made up for by the next press") {
    hear('1', 1000, 40, false);
    const auto update = hear('2', 3000, 20, false);
    CHECK(update.unfinished == KeyPress{'1', milliseconds{40}});
    CHECK(update.started == '2');
}

TEST_CASE_FIXTURE(Fixture, "a lost end is made up for by the clock, not a moment early") {
    hear('1', 1000, 40, false, 100);
    CHECK_FALSE(receiver.wake(at(349)));
    CHECK(receiver.wake(at(350)) == KeyPress{'1', milliseconds{40}});
    CHECK_FALSE(receiver.wake(at(350)));
    // The end arrives after all.
    CHECK(hear('1', 1000, 60, true, 360) == TelephoneEventReceiver::Update{});
}

TEST_CASE_FIXTURE(Fixture, "stragglers of an earlier press change nothing") {
    hear('1', 1000, 60, true);
    hear('2', 3000, 20, false);
    CHECK(hear('1', 1000, 60, true) == TelephoneEventReceiver::Update{});
    CHECK(hear('2', 3000, 60, true).ended.has_value());
}

TEST_CASE_FIXTURE(Fixture, "a press longer than 65535 ticks goes on in a new segment") {
    receiver.on_packet({1000}, EventPayload{.event = 7, .duration = 0xFFFF}.print(), at(8192));
    const auto more =
        receiver.on_packet({1000 + 0xFFFF},
                           EventPayload{.event = 7, .is_end = true, .duration = 801}.print(),
                           at(8300));
    CHECK_FALSE(more.started);
    CHECK(more.ended == KeyPress{'7', milliseconds{8292}});
}

TEST_CASE_FIXTURE(Fixture, "events that are no keys and payloads cut short are ignored") {
    CHECK(receiver.on_packet({1}, EventPayload{.event = 16, .is_end = true}.print(), at(0)) ==
          TelephoneEventReceiver::Update{});
    const Bytes three(3, std::byte{1});
    CHECK(receiver.on_packet({1}, three, at(0)) == TelephoneEventReceiver::Update{});
}

TEST_CASE(
    "whatever is lost or repeated, each key of which a packet arrives is heard once, in order") {
    const bool holds =
        rc::check([](const std::vector<std::uint8_t>& keys, std::vector<bool> fates) {
            TelephoneEventReceiver receiver;
            std::vector<char> heard;
            std::vector<char> expected;
            std::size_t fate = 0;
            const auto arrives = [&] { return fates.empty() || fates[fate++ % fates.size()]; };
            std::uint32_t timestamp = 0xFFFF'F000U;
            int now = 0;
            const auto note = [&](const TelephoneEventReceiver::Update& update) {
                if (update.unfinished) heard.push_back(update.unfinished->key);
                if (update.ended) heard.push_back(update.ended->key);
            };
            for (const std::uint8_t raw : keys) {
                TelephoneEventSender sender{std::string{key_of(raw % 16U).value()}};
                timestamp += 1600;
                bool is_heard = false;
                while (!sender.is_done()) {
                    now += 20;
                    const auto step = sender.step();
                    if (!step || !arrives()) continue;
                    is_heard = true;
                    note(receiver.on_packet({timestamp}, step->payload.print(), at(now)));
                    note(receiver.on_packet({timestamp}, step->payload.print(), at(now)));
                }
                if (is_heard) expected.push_back(key_of(raw % 16U).value());
            }
            if (const auto last = receiver.wake(at(now + 1000))) heard.push_back(last->key);
            RC_ASSERT(heard == expected);
        });
    CHECK(holds);
}

TEST_CASE("a sent digit is five packets of tone, the last an end, two more ends, then a pause") {
    TelephoneEventSender sender{"7"};
    int starts = 0;
    int ends = 0;
    int packets = 0;
    int beats = 0;
    std::uint16_t duration = 0;
    while (!sender.is_done()) {
        ++beats;
        const auto step = sender.step();
        if (!step) continue;
        ++packets;
        starts += step->is_start ? 1 : 0;
        ends += step->payload.is_end ? 1 : 0;
        duration = step->payload.duration;
    }
    CHECK(packets == 7);
    CHECK(starts == 1);
    CHECK(ends == 3);
    CHECK(duration == 800);
    CHECK(beats == 10);
    CHECK_FALSE(sender.step());
}

TEST_CASE("only keys can be sent") {
    CHECK(TelephoneEventSender::is_sendable("0123456789*#ABCD"));
    CHECK_FALSE(TelephoneEventSender::is_sendable("12 "));
    CHECK_FALSE(TelephoneEventSender::is_sendable("E"));
    CHECK_FALSE(TelephoneEventSender::is_sendable(""));
}

TEST_CASE("a press on a clock of 48 kHz has its length in milliseconds, and changes clocks") {
    TelephoneEventReceiver receiver;
    receiver.set_clock(48'000);
    const EventPayload end{.event = 5, .is_end = true, .duration = 4'800};
    const auto update = receiver.on_packet({1}, end.print(), Instant{});
    REQUIRE(update.ended.has_value());
    CHECK(update.ended->duration == std::chrono::milliseconds{100});
    CHECK(end.at_clock(48'000, 8'000).duration == 800);
    CHECK(end.at_clock(8'000, 48'000).duration == 28'800);
    const EventPayload longest{.event = 5, .duration = 0xFFFF};
    CHECK(longest.at_clock(8'000, 48'000).duration == 0xFFFF);
    CHECK(longest.at_clock(8'000, 8'000) == longest);
}

}  // namespace escucha::rtp
