#include "rtp/srtp.h"

#include <doctest/doctest.h>

#include <rapidcheck.h>

#include <algorithm>

#include "rtp/packet.h"

namespace escucha::rtp {
namespace {

std::uint8_t digit(char c) {
    return static_cast<std::uint8_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

Bytes from_hex(std::string_view text) {
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(digit(text[i]) << 4U | digit(text[i + 1])));
    }
    return bytes;
}

SrtpKey key_of(SrtpSuite suite, std::string_view hex) {
    SrtpKey key{.suite = suite, .master = {}};
    const Bytes bytes = from_hex(hex);
    REQUIRE(bytes.size() == key_bytes(suite));
    std::ranges::transform(
        bytes, key.master.begin(), [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    return key;
}

SrtpKey some_key(SrtpSuite suite, std::uint8_t seed = 1) {
    SrtpKey key{.suite = suite, .master = {}};
    for (std::size_t i = 0; i < key_bytes(suite); ++i) {
        key.master[i] = static_cast<std::uint8_t>(seed * 31 + i);
    }
    return key;
}

Bytes voice(std::uint16_t sequence, std::size_t size = 160) {
    Bytes packet(kHeaderBytes + size, std::byte{0x5A});
    write({.sequence = {sequence}, .timestamp = {sequence * 160U}, .ssrc = 0xCAFE},
          std::span{packet}.first<kHeaderBytes>());
    return packet;
}

Bytes protect(SrtpDirection& direction, Bytes packet) {
    const std::size_t size = packet.size();
    packet.resize(size + kSrtpRoom);
    const auto grown = direction.protect_rtp(packet, size);
    REQUIRE(grown.has_value());
    packet.resize(*grown);
    return packet;
}

std::optional<Bytes> unprotect(SrtpDirection& direction, Bytes packet) {
    const auto size = direction.unprotect_rtp(packet);
    if (!size) return std::nullopt;
    packet.resize(*size);
    return packet;
}

}  // namespace

TEST_CASE("names of suites are those of SDP") {
    for (const SrtpSuite suite : kSrtpSuites) CHECK(srtp_suite_of(name_of(suite)) == suite);
    CHECK_FALSE(srtp_suite_of("F8_128_HMAC_SHA1_80"));
}

TEST_CASE("a packet protected by another implementation is read, and ours is the same to the bit") {
    // The vectors of the test driver of Cisco's libsrtp, also used by others.
    const SrtpKey key = key_of(SrtpSuite::AesCm128Sha1_80,
                               "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6");
    const Bytes plain = from_hex("800f1234decafbadcafebabeabababababababababababababababab");
    const Bytes secret =
        from_hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb");
    auto sender = SrtpDirection::make(key);
    auto receiver = SrtpDirection::make(key);
    REQUIRE(sender);
    REQUIRE(receiver);
    CHECK(protect(*sender, plain) == secret);
    CHECK(unprotect(*receiver, secret) == plain);
}

TEST_CASE("what is sent is read, in any order, once; what was touched is refused") {
    for (const SrtpSuite suite : kSrtpSuites) {
        auto sender = SrtpDirection::make(some_key(suite));
        auto receiver = SrtpDirection::make(some_key(suite));
        const Bytes first = protect(*sender, voice(65'535));
        const Bytes second = protect(*sender, voice(0));
        const Bytes third = protect(*sender, voice(1));
        CHECK(first.size() <= kHeaderBytes + 160 + kSrtpRoom);
        CHECK(unprotect(*receiver, first) == voice(65'535));
        CHECK(unprotect(*receiver, third) == voice(1));
        CHECK(unprotect(*receiver, second) == voice(0));
        CHECK_FALSE(unprotect(*receiver, third));
        Bytes touched = protect(*sender, voice(2));
        touched[20] ^= std::byte{1};
        CHECK_FALSE(unprotect(*receiver, touched));
        auto stranger = SrtpDirection::make(some_key(suite, 2));
        CHECK_FALSE(unprotect(*receiver, protect(*stranger, voice(3))));
    }
}

TEST_CASE("reports are protected too") {
    for (const SrtpSuite suite : kSrtpSuites) {
        auto sender = SrtpDirection::make(some_key(suite));
        auto receiver = SrtpDirection::make(some_key(suite));
        const Bytes plain = from_hex("80c900010000cafe");
        Bytes packet = plain;
        packet.resize(plain.size() + kSrtpRoom);
        const auto size = sender->protect_rtcp(packet, plain.size());
        REQUIRE(size);
        packet.resize(*size);
        CHECK(packet.size() > plain.size());
        const auto back = receiver->unprotect_rtcp(packet);
        REQUIRE(back);
        packet.resize(*back);
        CHECK(packet == plain);
    }
}

TEST_CASE("no bytes make it read beyond them") {
    auto receiver = SrtpDirection::make(some_key(SrtpSuite::AeadAes128Gcm));
    auto other = SrtpDirection::make(some_key(SrtpSuite::AesCm128Sha1_80));
    const bool held = rc::check([&](std::vector<std::uint8_t> noise) {
        Bytes packet(noise.size());
        std::ranges::transform(noise, packet.begin(), [](auto b) { return std::byte{b}; });
        if (!packet.empty()) packet[0] = std::byte{0x80};
        RC_ASSERT(!receiver->unprotect_rtp(packet));
        RC_ASSERT(!other->unprotect_rtp(packet));
        RC_ASSERT(!receiver->unprotect_rtcp(packet));
        RC_ASSERT(!other->unprotect_rtcp(packet));
    });
    CHECK(held);
}

TEST_CASE("a report that claims to be in clear is refused") {
    for (const SrtpSuite suite : kSrtpSuites) {
        auto receiver = SrtpDirection::make(some_key(suite));
        Bytes forged = from_hex("80c900010000cafe00000001");
        CHECK_FALSE(receiver->unprotect_rtcp(forged));
        forged.resize(forged.size() + 10);
        CHECK_FALSE(receiver->unprotect_rtcp(forged));
    }
}

TEST_CASE("without room behind it a packet is refused, not overrun") {
    auto sender = SrtpDirection::make(some_key(SrtpSuite::AesCm128Sha1_80));
    Bytes packet = voice(1);
    CHECK_FALSE(sender->protect_rtp(packet, packet.size()));
    CHECK_FALSE(sender->protect_rtcp(packet, packet.size()));
}

}  // namespace escucha::rtp
