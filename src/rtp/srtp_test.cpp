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
    CHECK_FALSE(srtp_suite_of("AES_CM_128_HMAC_SHA1_32"));
}

TEST_CASE("a packet protected by another implementation is read, and ours is the same to the bit") {
    // The vectors of the test driver of Cisco's libsrtp, also used by others; the last one was made
    // with libre.
    struct Vector {
        SrtpKey key;
        std::string_view plain;
        std::string_view secret;
    };
    const std::array vectors{
        Vector{key_of(SrtpSuite::AesCm128Sha1_80,
                      "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6"),
               "800f1234decafbadcafebabeabababababababababababababababab",
               "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"},
        Vector{
            key_of(SrtpSuite::AeadAes128Gcm,
                   "000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaab"),
            "800f1234decafbadcafebabeabababababababababababababababab",
            "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a3"
            "92"},
        Vector{
            key_of(
                SrtpSuite::AeadAes256Gcm,
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fa0a1a2a3a4a5a6a7"
                "a8a9aaab"),
            "800f1234decafbadcafebabeabababababababababababababababab",
            "800f1234decafbadcafebabe0af7f21e8a90bdad7a425c9c31ed4bb1d90238917e7390a2793500e1681aca"
            "ea"}};
    for (const Vector& vector : vectors) {
        CAPTURE(name_of(vector.key.suite));
        SrtpDirection sender{vector.key};
        SrtpDirection receiver{vector.key};
        CHECK(protect(sender, from_hex(vector.plain)) == from_hex(vector.secret));
        CHECK(unprotect(receiver, from_hex(vector.secret)) == from_hex(vector.plain));
    }
}

TEST_CASE("what is sent is read, in any order, once; what was touched is refused") {
    for (const SrtpSuite suite : kSrtpSuites) {
        SrtpDirection sender{some_key(suite)};
        SrtpDirection receiver{some_key(suite)};
        const Bytes first = protect(sender, voice(65'534));
        const Bytes late = protect(sender, voice(65'535));
        const Bytes second = protect(sender, voice(0));
        const Bytes third = protect(sender, voice(1));
        CHECK(first.size() <= kHeaderBytes + 160 + kSrtpRoom);
        CHECK(unprotect(receiver, first) == voice(65'534));
        CHECK(unprotect(receiver, third) == voice(1));
        CHECK(unprotect(receiver, second) == voice(0));
        CHECK(unprotect(receiver, late) == voice(65'535));
        CHECK_FALSE(unprotect(receiver, third));
        CHECK_FALSE(unprotect(receiver, late));
        const Bytes whole = protect(sender, voice(2));
        Bytes touched = whole;
        touched[20] ^= std::byte{1};
        CHECK_FALSE(unprotect(receiver, touched));
        touched = whole;
        touched[4] ^= std::byte{1};  // In the header, which is not encrypted.
        CHECK_FALSE(unprotect(receiver, touched));
        CHECK(unprotect(receiver, whole) == voice(2));
        SrtpDirection stranger{some_key(suite, 2)};
        CHECK_FALSE(unprotect(receiver, protect(stranger, voice(3))));
    }
}

TEST_CASE("an empty payload and an extended header are no matter") {
    for (const SrtpSuite suite : kSrtpSuites) {
        SrtpDirection sender{some_key(suite)};
        SrtpDirection receiver{some_key(suite)};
        const Bytes empty = voice(1, 0);
        CHECK(unprotect(receiver, protect(sender, empty)) == empty);
        Bytes extended = voice(2);
        extended[0] |= std::byte{0x10};
        extended[14] = std::byte{0};
        extended[15] = std::byte{3};  // Three words of extension.
        const Bytes secret = protect(sender, extended);
        CHECK(std::equal(secret.begin(), secret.begin() + 12 + 4 + 12, extended.begin()));
        CHECK(unprotect(receiver, secret) == extended);
        extended[14] = std::byte{0xFF};  // Longer than the packet.
        extended.resize(extended.size() + kSrtpRoom);
        CHECK_FALSE(sender.protect_rtp(extended, extended.size() - kSrtpRoom));
    }
}

TEST_CASE("a forged packet does not move the rollover counter") {
    for (const SrtpSuite suite : kSrtpSuites) {
        SrtpDirection sender{some_key(suite)};
        SrtpDirection receiver{some_key(suite)};
        CHECK(unprotect(receiver, protect(sender, voice(40'000))));
        // Its number alone says that the numbers began anew.
        Bytes forged = voice(5);
        forged.resize(forged.size() + kSrtpRoom);
        CHECK_FALSE(unprotect(receiver, forged));
        CHECK(unprotect(receiver, protect(sender, voice(40'001))) == voice(40'001));
    }
}

TEST_CASE("packets of strangers leave no trace, however many") {
    SrtpDirection sender{some_key(SrtpSuite::AeadAes128Gcm)};
    SrtpDirection receiver{some_key(SrtpSuite::AeadAes128Gcm)};
    const Bytes first = protect(sender, voice(1));
    CHECK(unprotect(receiver, first));
    for (std::uint8_t n = 0; n < 200; ++n) {
        Bytes forged = voice(n);
        forged[8] = std::byte{n};  // Another SSRC each time.
        forged.resize(forged.size() + kSrtpRoom);
        CHECK_FALSE(unprotect(receiver, forged));
    }
    CHECK_FALSE(unprotect(receiver, first));
    CHECK(unprotect(receiver, protect(sender, voice(2))) == voice(2));
}

TEST_CASE("who begins to listen in the middle finds the rollover counter") {
    for (const SrtpSuite suite : kSrtpSuites) {
        for (const std::uint32_t rollovers : {1U, 7U, SrtpDirection::kMaxRollovers}) {
            SrtpDirection sender{some_key(suite)};
            // The sender counts as fast as numbers may step.
            for (std::uint32_t n = 0; n <= rollovers * 4; ++n) {
                protect(sender, voice(static_cast<std::uint16_t>(n * 16'384)));
            }
            SrtpDirection receiver{some_key(suite)};
            std::uint32_t packets = 0;
            std::uint16_t sequence = 1;
            while (!unprotect(receiver, protect(sender, voice(sequence++)))) {
                REQUIRE(++packets < SrtpDirection::kMaxRollovers);
            }
            CHECK(unprotect(receiver, protect(sender, voice(sequence))) == voice(sequence));
        }
    }
}

TEST_CASE("no number is used twice with one key, and a late one keeps its own count") {
    SrtpDirection sender{some_key(SrtpSuite::AesCm128Sha1_80)};
    SrtpDirection receiver{some_key(SrtpSuite::AesCm128Sha1_80)};
    CHECK(unprotect(receiver, protect(sender, voice(65'534))));
    CHECK(unprotect(receiver, protect(sender, voice(0))));
    Bytes again = voice(0);
    again.resize(again.size() + kSrtpRoom);
    CHECK_FALSE(sender.protect_rtp(again, again.size() - kSrtpRoom));
    CHECK(unprotect(receiver, protect(sender, voice(65'535))) == voice(65'535));
    CHECK(unprotect(receiver, protect(sender, voice(1))) == voice(1));
}

TEST_CASE("reports are protected too") {
    for (const SrtpSuite suite : kSrtpSuites) {
        SrtpDirection sender{some_key(suite)};
        SrtpDirection receiver{some_key(suite)};
        const Bytes plain = from_hex("80c900010000cafe");
        Bytes packet = plain;
        packet.resize(plain.size() + kSrtpRoom);
        const auto size = sender.protect_rtcp(packet, plain.size());
        REQUIRE(size);
        packet.resize(*size);
        CHECK(packet.size() > plain.size());
        Bytes again = packet;
        Bytes touched = packet;
        touched[5] ^= std::byte{1};
        CHECK_FALSE(receiver.unprotect_rtcp(touched));
        const auto back = receiver.unprotect_rtcp(packet);
        REQUIRE(back);
        packet.resize(*back);
        CHECK(packet == plain);
        CHECK_FALSE(receiver.unprotect_rtcp(again));
    }
}

TEST_CASE("a report protected by another implementation is read") {
    SrtpDirection receiver{key_of(SrtpSuite::AeadAes128Gcm,
                                  "000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaab")};
    Bytes report = from_hex(
        "81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001");
    const auto size = receiver.unprotect_rtcp(report);
    REQUIRE(size);
    report.resize(*size);
    CHECK(report == from_hex("81c8000bcafebabeabababababababababababababababab"));
}

TEST_CASE("no bytes make it read beyond them") {
    SrtpDirection receiver{some_key(SrtpSuite::AeadAes128Gcm)};
    SrtpDirection other{some_key(SrtpSuite::AesCm128Sha1_80)};
    const bool held = rc::check([&](std::vector<std::uint8_t> noise) {
        Bytes packet(noise.size());
        std::ranges::transform(noise, packet.begin(), [](auto b) { return std::byte{b}; });
        if (!packet.empty()) packet[0] = std::byte{0x80};
        RC_ASSERT(!receiver.unprotect_rtp(packet));
        RC_ASSERT(!other.unprotect_rtp(packet));
        RC_ASSERT(!receiver.unprotect_rtcp(packet));
        RC_ASSERT(!other.unprotect_rtcp(packet));
    });
    CHECK(held);
}

TEST_CASE("a report that claims to be in clear is refused") {
    for (const SrtpSuite suite : kSrtpSuites) {
        SrtpDirection receiver{some_key(suite)};
        Bytes forged = from_hex("80c900010000cafe00000001");
        CHECK_FALSE(receiver.unprotect_rtcp(forged));
        forged.resize(forged.size() + 16);
        CHECK_FALSE(receiver.unprotect_rtcp(forged));
    }
}

TEST_CASE("without room behind it a packet is refused, not overrun") {
    SrtpDirection sender{some_key(SrtpSuite::AesCm128Sha1_80)};
    Bytes packet = voice(1);
    CHECK_FALSE(sender.protect_rtp(packet, packet.size()));
    CHECK_FALSE(sender.protect_rtcp(packet, packet.size()));
    packet.resize(packet.size() + kSrtpRoom - 1);
    CHECK_FALSE(sender.protect_rtp(packet, packet.size() - kSrtpRoom + 1));
}

}  // namespace escucha::rtp
