#include "cases/reference.h"

#include <set>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "cases/errc.h"

namespace escucha::cases {

namespace {

ReferenceKey key_of(std::uint8_t seed) {
    ReferenceKey key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(seed + i * 7);
    return key;
}

std::error_code error_of(std::string_view text) {
    const auto parsed = parse_reference(text);
    return parsed ? std::error_code{} : parsed.error().code;
}

}  // namespace

TEST_CASE("the check digit catches every single wrong digit and every swap of neighbours") {
    const ReferenceKey key = key_of(1);
    for (std::uint64_t counter = 0; counter < 2'000; ++counter) {
        const std::string reference = make_reference(key, counter).value();
        REQUIRE(has_valid_check_digit(reference));
        for (std::size_t at = 0; at < reference.size(); ++at) {
            std::string wrong = reference;
            for (char digit = '0'; digit <= '9'; ++digit) {
                wrong[at] = digit;
                REQUIRE(has_valid_check_digit(wrong) == (digit == reference[at]));
            }
            if (at == 0) continue;
            wrong = reference;
            std::swap(wrong[at - 1], wrong[at]);
            REQUIRE(has_valid_check_digit(wrong) == (wrong == reference));
        }
    }
}

// With these two properties of the table the test above holds for every body there is.
TEST_CASE("the check digit table is a totally anti-symmetric quasigroup") {
    const auto step = [](char interim, char digit) {
        // A body whose check digit is `interim` is that digit itself: the first row is a
        // permutation.
        std::string body;
        for (char c = '0'; c <= '9'; ++c) {
            if (damm_check_digit(std::string{c}) == interim) body = c;
        }
        return damm_check_digit(body + digit);
    };
    for (char a = '0'; a <= '9'; ++a) {
        CHECK(step(a, a) == '0');
        std::set<char> row;
        std::set<char> column;
        for (char b = '0'; b <= '9'; ++b) {
            row.insert(step(a, b));
            column.insert(step(b, a));
            for (char c = '0'; c <= '9'; ++c) {
                const bool is_caught = step(step(c, a), b) != step(step(c, b), a);
                REQUIRE(is_caught == (a != b));
            }
        }
        CHECK(row.size() == 10);
        CHECK(column.size() == 10);
    }
}

TEST_CASE("the example of Damm's thesis has check digit 4") {
    CHECK(damm_check_digit("572") == '4');
    CHECK(has_valid_check_digit("5724"));
    CHECK_FALSE(has_valid_check_digit(""));
    CHECK_FALSE(has_valid_check_digit("57a4"));
}

TEST_CASE("no two cases of a company share a reference") {
    const ReferenceKey key = key_of(3);
    std::set<std::string> seen;
    for (std::uint64_t counter = 0; counter < 50'000; ++counter) {
        const std::string reference = make_reference(key, counter).value();
        REQUIRE(reference.size() == 8);
        REQUIRE(reference[0] != '0');
        REQUIRE(seen.insert(reference).second);
    }
}

TEST_CASE("a reference does not tell the next, nor the same case of another company") {
    const ReferenceKey key = key_of(3);
    int near = 0;
    for (std::uint64_t counter = 0; counter < 1'000; ++counter) {
        const long here = std::stol(make_reference(key, counter).value());
        const long next = std::stol(make_reference(key, counter + 1).value());
        if (std::abs(here - next) < 100'000) ++near;
    }
    CHECK(near < 20);  // By chance about 2 in 900 pairs lie so near.
    CHECK(make_reference(key_of(4), 0).value() != make_reference(key, 0).value());
}

TEST_CASE("references grow when a length is used up, and end") {
    const ReferenceKey key = key_of(9);
    CHECK(make_reference(key, 8'999'999).value().size() == 8);
    CHECK(make_reference(key, 9'000'000).value().size() == 9);
    CHECK(make_reference(key, 98'999'999).value().size() == 9);
    CHECK(make_reference(key, 99'000'000).value().size() == 10);
    CHECK(make_reference(key, kMaxReferences - 1).value().size() == 10);
    const auto over = make_reference(key, kMaxReferences);
    REQUIRE_FALSE(over);
    CHECK(over.error().code == Errc::ReferencesExhausted);
}

TEST_CASE("what is printed in groups is read back") {
    const bool holds = rc::check("parse of format is identity", [] {
        const auto counter = *rc::gen::inRange<std::uint64_t>(0, kMaxReferences);
        const std::string reference = make_reference(key_of(2), counter).value();
        RC_ASSERT(parse_reference(format_groups(reference)).value() == reference);
        RC_ASSERT(parse_reference(" " + reference.substr(0, 2) + "-" + reference.substr(2) + ".")
                      .value() == reference);
    });
    CHECK(holds);
    CHECK(format_groups("48219053") == "4821 9053");
    CHECK(format_groups("482190531") == "482 190 531");
    CHECK(format_groups("4821905312") == "482 190 5312");
    CHECK(format_groups("") == "");
    CHECK(format_groups("12") == "12");
}

TEST_CASE("a reference that is not one is refused with the reason") {
    CHECK(error_of("") == Errc::ReferenceLength);
    CHECK(error_of("1234567") == Errc::ReferenceLength);
    CHECK(error_of("12345678901") == Errc::ReferenceLength);
    CHECK(error_of("1234567a") == Errc::ReferenceCharacter);
    CHECK(error_of("1234567\xC3\xB1") == Errc::ReferenceCharacter);
    const std::string reference = make_reference(key_of(5), 5).value();
    std::string wrong = reference;
    wrong[3] = wrong[3] == '9' ? '0' : static_cast<char>(wrong[3] + 1);
    CHECK(error_of(wrong) == Errc::ReferenceCheckDigit);
    CHECK_FALSE(error_of(reference));
}

}  // namespace escucha::cases
