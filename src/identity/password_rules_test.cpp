#include "identity/password_rules.h"

#include <doctest/doctest.h>

#include <fstream>

#include "base/errc.h"
#include "identity/passwords.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::identity;

namespace {

constexpr PasswordContext kAna{
    .login = "ana.belmonte", .name = "Ana Belmonte Ruiz", .company = "Luz del Valle"};

std::optional<PasswordFault> fault(std::string_view password) {
    static const PasswordRules rules;
    return rules.fault(password, kAna);
}

std::string times(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

}  // namespace

TEST_CASE("fifteen characters are enough, whatever their kind, and 256 bytes are the most") {
    CHECK(fault("tejado marino 7") == std::nullopt);
    CHECK(fault("tejado marino ") == PasswordFault::TooShort);
    CHECK(fault("") == PasswordFault::TooShort);
    CHECK(fault("ñandú áéíóú yzx") == std::nullopt);            // 15 characters, 22 bytes
    CHECK(fault("ñandú áéíóú yz") == PasswordFault::TooShort);  // 14 characters, 21 bytes
    const std::string long_one = "sello " + times("x7q", 100);
    CHECK(fault(long_one.substr(0, kMaxPasswordLength)) == std::nullopt);
    CHECK(fault(long_one.substr(0, kMaxPasswordLength + 1)) == PasswordFault::TooLong);
}

TEST_CASE("sixty-four characters of any script fit") {
    std::string emoji;
    for (int i = 0; i < 64; ++i) emoji += i % 7 < 3 ? "🐙" : i % 5 == 0 ? "🌵" : "🧩";
    CHECK(emoji.size() == kMaxPasswordLength);
    CHECK(fault(emoji) == std::nullopt);
    CHECK(fault("το καραβι φευγει νωρις") == std::nullopt);
    CHECK(fault("\xFF\xFEuna contraseña larga") == PasswordFault::NotText);
}

TEST_CASE("what everybody guesses is refused, also dressed up") {
    for (const std::string guessed : {"passwordpassword",
                                      "Contraseña123456",
                                      "contraseñacontraseña",
                                      "p4ssw0rd12345678",
                                      "p@$$w0rd-20262026",
                                      "qwertyuiopasdfghjkl",
                                      "123456789012345",
                                      "aaaaaaaaaaaaaaa",
                                      "abcabcabcabcabc",
                                      "abcdefghijklmnopq",
                                      "987654321098765",
                                      "               ",
                                      "futbol.barcelona",
                                      "IloveYou!!!!2026"}) {
        CAPTURE(guessed);
        CHECK(fault(guessed) == PasswordFault::Guessable);
    }
}

TEST_CASE("the person's, the company's and the product's name are guesses") {
    for (const std::string guessed : {"ana.belmonte1984",
                                      "Luz del Valle 2026",
                                      "escucha-luzdelvalle",
                                      "anabelmonteruiz2026",
                                      "Escucha123456789"}) {
        CAPTURE(guessed);
        CHECK(fault(guessed) == PasswordFault::Guessable);
    }
    CHECK(PasswordRules{}.fault("ana.belmonte1984", {"luis", "Luis", "Otra"}) == std::nullopt);
}

TEST_CASE("a sentence may hold any word") {
    for (const std::string good : {"correct horse battery staple",
                                   "mi perro duerme en el sofá",
                                   "Ana llega tarde los lunes",
                                   "una contraseña larga de Ana"}) {
        CAPTURE(good);
        CHECK(fault(good) == std::nullopt);
    }
}

TEST_CASE("the operator's file adds to the list") {
    const store::testing::TemporaryFolder folder;
    const auto path = folder.path() / "words";
    std::ofstream{path} << "Zarzamora Silvestre\nbarlovento\n";
    const auto rules = PasswordRules::with_file(path).value();
    CHECK(rules.fault("zarzamorasilvestre", kAna) == PasswordFault::Guessable);
    CHECK(rules.fault("barlovento 2026 7", kAna) == PasswordFault::Guessable);
    CHECK(rules.fault("passwordpassword", kAna) == PasswordFault::Guessable);
    CHECK(fault("zarzamorasilvestre") == std::nullopt);
    CHECK(PasswordRules::with_file(folder.path() / "none").error().code == escucha::Errc::Io);
}

TEST_CASE("a fault is a word and back") {
    for (const auto one : {PasswordFault::TooShort,
                           PasswordFault::TooLong,
                           PasswordFault::NotText,
                           PasswordFault::Guessable,
                           PasswordFault::Unchanged}) {
        CHECK(parse_password_fault(word_of(one)) == one);
    }
    CHECK_FALSE(parse_password_fault("nice"));
}
