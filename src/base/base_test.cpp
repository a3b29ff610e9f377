#include <array>
#include <cstdint>

#include <doctest/doctest.h>

#include "base/bytes.h"
#include "base/errc.h"
#include "base/hex.h"
#include "base/ids.h"
#include "base/phone_number.h"
#include "base/redact.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"

using namespace escucha;
using namespace std::chrono_literals;

namespace {

WallTime at(std::string_view text) { return parse_rfc3339(text).value(); }

Result<int> halve(int value) {
    if (value % 2 != 0) return fail(Errc::InvalidArgument, "odd");
    return value / 2;
}

Result<int> quarter(int value) {
    ESC_TRY(auto half, halve(value));
    return halve(half);
}

}  // namespace

TEST_CASE("ids of version 7 sort by creation and survive a round trip through text") {
    Rng rng{7};
    const auto first = ContactId::make(at("2026-11-23T10:00:00Z"), rng);
    const auto second = ContactId::make(at("2026-11-23T10:00:00.001Z"), rng);
    CHECK(first < second);
    CHECK(ContactId::parse(first.to_string()) == first);
    CHECK(first.to_string()[14] == '7');
}

TEST_CASE("text that is not an id is refused") {
    CHECK_FALSE(ContactId::parse(""));
    CHECK_FALSE(ContactId::parse("00000000-0000-0000-0000-000000000000"));
    CHECK_FALSE(ContactId::parse("0190b6f0-5f6e-7000-8000-00000000000g"));
    CHECK_FALSE(ContactId::parse("0190b6f0x5f6e-7000-8000-000000000001"));
}

TEST_CASE("bytes are written in hex and read back, and what is no hex is refused") {
    constexpr std::array<std::uint8_t, 3> kBytes{0x00, 0x7f, 0xfe};
    CHECK(to_hex(kBytes) == "007ffe");
    std::array<std::uint8_t, 3> read{};
    CHECK(from_hex("007Ffe", read));
    CHECK(read == kBytes);
    for (const char* text : {"", "007ff", "007ffe00", "007ffg", "00 ffe", "-17ffe"}) {
        CAPTURE(text);
        CHECK_FALSE(from_hex(text, read));
    }
}

TEST_CASE("instants print and parse as RFC 3339") {
    CHECK(to_rfc3339(at("2026-11-23T03:21:25.120Z")) == "2026-11-23T03:21:25.120Z");
    CHECK(to_rfc3339(at("0801-01-02T03:04:05.006Z")) == "0801-01-02T03:04:05.006Z");
    CHECK(to_rfc3339(at("9999-12-31T23:59:59.999999Z")) == "9999-12-31T23:59:59.999Z");
    CHECK(at("2026-11-23T04:21:25+01:00") == at("2026-11-23T03:21:25Z"));
    CHECK(at("2024-02-29T00:00:00.000001Z") - at("2024-02-29T00:00:00Z") == 1us);
    CHECK_FALSE(parse_rfc3339("2026-02-30T00:00:00Z"));
    CHECK_FALSE(parse_rfc3339("2026-11-23T24:00:00Z"));
    CHECK_FALSE(parse_rfc3339("2026-11-23T03:21:25"));
    CHECK_FALSE(parse_rfc3339("2026-11-23T03:21:25.Z"));
}

TEST_CASE("phone numbers are kept in E.164 however they are written") {
    CHECK(PhoneNumber::parse("600 12 34 56", "34")->e164() == "+34600123456");
    CHECK(PhoneNumber::parse("+34 (600) 123-456", "34")->e164() == "+34600123456");
    CHECK(PhoneNumber::parse("0034600123456", "57")->e164() == "+34600123456");
    CHECK(PhoneNumber::parse("400123456", "34")->e164() == "+34400123456");
    CHECK_FALSE(PhoneNumber::parse("anonymous", "34"));
    CHECK_FALSE(PhoneNumber::parse("", "34"));
    CHECK_FALSE(PhoneNumber::parse("+1234567890123456", "34"));
}

TEST_CASE("a cursor that ran past the end stays failed and yields nothing") {
    Bytes bytes;
    ByteWriter writer{bytes};
    writer.write(std::uint16_t{0xABCD});
    writer.write_text("hola");
    ByteCursor cursor{bytes};
    CHECK(cursor.read<std::uint16_t>() == 0xABCD);
    CHECK(cursor.read_text(4) == "hola");
    CHECK(cursor.at_end());
    CHECK(cursor.read<std::uint8_t>() == 0);
    CHECK_FALSE(cursor.ok());

    ByteCursor limited{bytes};
    limited.read<std::uint16_t>();
    limited.read_text(3);
    CHECK_FALSE(limited.ok());
}

TEST_CASE("an error passes through ESC_TRY with its detail") {
    CHECK(quarter(8).value() == 2);
    const auto failed = quarter(6);
    REQUIRE(failed.has_error());
    CHECK(failed.error().code == Errc::InvalidArgument);
    CHECK(failed.error().message() == "invalid argument: odd");
}

TEST_CASE("numbers and names are unreadable in logs") {
    CHECK(redact_number("+34600123456") == "+34***456");
    CHECK(redact_number("100") == "100");
    CHECK(redact_text("Martínez").find("art") == std::string::npos);
}

TEST_CASE("the same seed gives the same run and below() keeps its bound") {
    Rng a{42};
    Rng b{42};
    for (int i = 0; i < 1000; ++i) {
        const auto value = a.below(7);
        CHECK(value == b.below(7));
        CHECK(value < 7);
    }
}
