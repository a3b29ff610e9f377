#include "rtp/reception.h"

#include <doctest/doctest.h>

#include <array>

namespace escucha::rtp {
namespace {

using std::chrono::milliseconds;

Header packet(std::uint16_t sequence, std::uint32_t ssrc = 1) {
    return {.sequence = {sequence}, .timestamp = {sequence * 160U}, .ssrc = ssrc};
}
Instant beat(int n) { return Instant{milliseconds{20 * n}}; }

}  // namespace

TEST_CASE("losses are counted over the wrap, and a late packet takes one back") {
    Reception reception;
    int n = 0;
    for (const std::uint16_t sequence :
         std::initializer_list<std::uint16_t>{65'533, 65'534, 0, 1, 3}) {
        reception.on_packet(packet(sequence), Reception::Kind::Audio, beat(n++));
    }
    CHECK(reception.lost() == 2);
    reception.on_packet(packet(65'535), Reception::Kind::Audio, beat(n++));
    CHECK(reception.lost() == 1);
    CHECK(reception.received() == 6);
}

TEST_CASE("the report's fraction counts since the report before") {
    Reception reception;
    CHECK_FALSE(reception.report(beat(0)));
    for (std::uint16_t i = 0; i < 10; ++i) {
        if (i != 4) reception.on_packet(packet(i), Reception::Kind::Audio, beat(i));
    }
    const auto first = reception.report(beat(10));
    REQUIRE(first.has_value());
    CHECK(first->fraction_lost == 25);  // 1 of 10, in 1/256
    CHECK(first->cumulative_lost == 1);
    CHECK(first->highest_sequence == 9);
    reception.on_packet(packet(10), Reception::Kind::Audio, beat(10));
    const auto second = reception.report(beat(11));
    REQUIRE(second.has_value());
    CHECK(second->fraction_lost == 0);
    CHECK(second->cumulative_lost == 1);
}

TEST_CASE("an even stream has no jitter, an uneven one the sixteenth of its difference") {
    Reception even;
    for (int i = 0; i < 50; ++i) {
        even.on_packet(packet(static_cast<std::uint16_t>(i)), Reception::Kind::Audio, beat(i));
    }
    CHECK(even.jitter() == Duration::zero());

    Reception late;
    late.on_packet(packet(0), Reception::Kind::Audio, beat(0));
    late.on_packet(packet(1), Reception::Kind::Audio, beat(1) + milliseconds{16});
    CHECK(late.jitter() == milliseconds{1});
    // A key press does not count.
    late.on_packet(packet(2), Reception::Kind::Event, beat(100));
    CHECK(late.jitter() == milliseconds{1});
}

TEST_CASE("a leap of the numbers is believed at the second packet, and no loss") {
    Reception reception;
    reception.on_packet(packet(10), Reception::Kind::Audio, beat(0));
    reception.on_packet(packet(30'000), Reception::Kind::Audio, beat(1));
    CHECK(reception.lost() == 0);
    reception.on_packet(packet(30'001), Reception::Kind::Audio, beat(2));
    CHECK(reception.lost() == 0);
    CHECK(reception.report(beat(3))->highest_sequence == 30'001);
}

TEST_CASE("a new source starts anew and keeps the losses of the old") {
    Reception reception;
    reception.on_packet(packet(1, 7), Reception::Kind::Audio, beat(0));
    reception.on_packet(packet(3, 7), Reception::Kind::Audio, beat(1));
    reception.on_packet(packet(9, 8), Reception::Kind::Audio, beat(2));
    CHECK(reception.lost() == 1);
    CHECK(reception.ssrc() == 8);
    CHECK(reception.received() == 3);
}

TEST_CASE("a report built is the report parsed, and gives the round trip") {
    const WallTime sent = from_micros(1'700'000'000'000'000);
    const SenderReport sender{
        .ssrc = 5, .ntp = to_ntp(sent), .timestamp = {800}, .packets = 50, .octets = 8'000};
    const ReportBlock block{.ssrc = 6,
                            .fraction_lost = 10,
                            .cumulative_lost = -3,
                            .highest_sequence = 0x0001'0002,
                            .jitter = 12,
                            .last_sr = middle_bits(to_ntp(sent)),
                            .delay_since_last_sr = to_ntp_short(milliseconds{500})};
    for (const std::string_view cname : {"", "a", "ab", "abc", "escucha-media"}) {
        std::array<std::byte, kMaxRtcpBytes> out{};
        const std::size_t size =
            build_rtcp({.ssrc = 5, .sender = sender, .reception = block, .cname = cname}, out);
        CHECK(size % 4 == 0);
        const auto parsed = parse_rtcp(ByteView{out}.first(size), 6);
        REQUIRE(parsed.has_value());
        CHECK(parsed->sender == sender);
        CHECK(parsed->about_us == block);
        CHECK_FALSE(parsed->has_bye);
        CHECK_FALSE(parse_rtcp(ByteView{out}.first(size), 99)->about_us.has_value());
        for (std::size_t cut = 1; cut < size; ++cut) {
            const auto part = parse_rtcp(ByteView{out}.first(cut), 6);
            CHECK((!part || cut == 52));  // The whole report without its SDES.
        }
    }
    const auto trip = round_trip(block, sent + milliseconds{540});
    REQUIRE(trip.has_value());
    CHECK(*trip >= milliseconds{39});
    CHECK(*trip <= milliseconds{41});
    CHECK_FALSE(round_trip({}, sent));
    CHECK_FALSE(round_trip(block, sent));
}

TEST_CASE("a receiver's report has no sender part") {
    std::array<std::byte, kMaxRtcpBytes> out{};
    const std::size_t size = build_rtcp(
        {.ssrc = 5, .sender = std::nullopt, .reception = std::nullopt, .cname = "x"}, out);
    const auto parsed = parse_rtcp(ByteView{out}.first(size), 6);
    REQUIRE(parsed.has_value());
    CHECK(parsed->sender_ssrc == 5);
    CHECK_FALSE(parsed->sender);
}

TEST_CASE("the peer's report comes back as LSR and DLSR") {
    Reception reception;
    reception.on_packet(packet(1, 7), Reception::Kind::Audio, beat(0));
    reception.on_sender_report({.ssrc = 7, .ntp = 0x0000'1111'2222'0000ULL}, beat(0));
    const auto block = reception.report(Instant{std::chrono::seconds{2}});
    REQUIRE(block.has_value());
    CHECK(block->last_sr == 0x1111'2222);
    CHECK(block->delay_since_last_sr == 2 * 65'536);
}

TEST_CASE("jitter is a time, whatever the clock of the stream") {
    Reception slow;
    Reception fast;
    fast.set_clock(48'000);
    // A machine that has been up for ten years.
    const Instant start{std::chrono::hours{24 * 3'650}};
    for (std::uint16_t n = 0; n < 200; ++n) {
        const Instant now = start + milliseconds{20 * n + n % 3 * 5};
        slow.on_packet({.sequence = {n}, .timestamp = {n * 160U}}, Reception::Kind::Audio, now);
        fast.on_packet({.sequence = {n}, .timestamp = {n * 960U}}, Reception::Kind::Audio, now);
    }
    CHECK(slow.jitter() > milliseconds{4});
    CHECK(std::chrono::abs(slow.jitter() - fast.jitter()) < milliseconds{1});
}

}  // namespace escucha::rtp
