#include "rtp/packet.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>

namespace escucha::rtp {
namespace {

Bytes packet_of(const Header& header, std::size_t payload) {
    Bytes bytes(kHeaderBytes + payload, std::byte{0x55});
    write(header, std::span<std::byte, kHeaderBytes>{bytes.data(), kHeaderBytes});
    return bytes;
}

}  // namespace

TEST_CASE("what is written parses back to the same header and payload") {
    const bool holds = rc::check([](std::uint8_t type,
                                    bool marker,
                                    std::uint16_t sequence,
                                    std::uint32_t timestamp,
                                    std::uint32_t ssrc) {
        const Header header{.payload_type = static_cast<std::uint8_t>(type & 0x7FU),
                            .marker = marker,
                            .sequence = {sequence},
                            .timestamp = {timestamp},
                            .ssrc = ssrc};
        const Bytes bytes = packet_of(header, 160);
        const auto parsed = parse(bytes);
        RC_ASSERT(parsed.has_value());
        RC_ASSERT(parsed->header == header);
        RC_ASSERT(parsed->payload.size() == 160U);
    });
    CHECK(holds);
}

TEST_CASE("contributing sources, extension and padding are stepped over") {
    Bytes bytes = packet_of({}, 0);
    bytes[0] = std::byte{0xB2};  // version 2, padding, extension, two CSRCs
    bytes.insert(bytes.end(), 8, std::byte{1});
    const Bytes extension{std::byte{0xBE}, std::byte{0xDE}, std::byte{0}, std::byte{1}};
    bytes.insert(bytes.end(), extension.begin(), extension.end());
    bytes.insert(bytes.end(), 4, std::byte{2});
    bytes.insert(bytes.end(), 10, std::byte{7});
    bytes.insert(bytes.end(), {std::byte{0}, std::byte{0}, std::byte{3}});
    const auto parsed = parse(bytes);
    REQUIRE(parsed.has_value());
    CHECK(parsed->payload.size() == 10);
    CHECK(parsed->payload.front() == std::byte{7});

    for (std::size_t cut = 0; cut < 32; ++cut) CHECK_FALSE(parse(ByteView{bytes}.first(cut)));
}

TEST_CASE("padding longer than the payload or of zero is refused") {
    Bytes bytes = packet_of({}, 4);
    bytes[0] = std::byte{0xA0};
    bytes.back() = std::byte{4};
    CHECK(parse(bytes).has_value());
    bytes.back() = std::byte{5};
    CHECK_FALSE(parse(bytes));
    bytes.back() = std::byte{0};
    CHECK_FALSE(parse(bytes));
}

TEST_CASE("other versions and short datagrams are refused") {
    Bytes bytes = packet_of({}, 0);
    CHECK(parse(bytes).has_value());
    CHECK_FALSE(parse(ByteView{bytes}.first(11)));
    bytes[0] = std::byte{0x40};
    CHECK_FALSE(parse(bytes));
}

TEST_CASE("sequence numbers and timestamps measure across the wrap") {
    CHECK(SequenceNumber{1}.since({0xFFFF}) == 2);
    CHECK(SequenceNumber{0xFFFF}.since({1}) == -2);
    CHECK(SequenceNumber{0xFFFF}.plus(2) == SequenceNumber{1});
    CHECK(SequenceNumber{1}.plus(-2) == SequenceNumber{0xFFFF});
    CHECK(Timestamp{160}.since({0xFFFF'FFF0U}) == 176);
    CHECK(Timestamp{0}.plus(-1) == Timestamp{0xFFFF'FFFFU});
}

TEST_CASE("RTCP is told from RTP on a shared port by its second byte") {
    Bytes bytes = packet_of({.payload_type = 8, .marker = true}, 0);
    CHECK_FALSE(looks_like_rtcp(bytes));
    bytes[1] = std::byte{200};
    CHECK(looks_like_rtcp(bytes));
    bytes[1] = std::byte{223};
    CHECK(looks_like_rtcp(bytes));
    bytes[1] = std::byte{224};
    CHECK_FALSE(looks_like_rtcp(bytes));
    CHECK_FALSE(looks_like_rtcp(ByteView{bytes}.first(1)));
}

}  // namespace escucha::rtp
