#include "cases/sensitive_text.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

using escucha::cases::mask_sensitive;

TEST_CASE("numbers of cards are dots but for the last four digits") {
    // The numbers that issuers publish for tests.
    CHECK(mask_sensitive("Visa 4242424242424242, vence 12/28") ==
          "Visa ••••••••••••4242, vence 12/28");
    CHECK(mask_sensitive("4242 4242 4242 4242") == "•••• •••• •••• 4242");
    CHECK(mask_sensitive("5555-5555-5555-4444.") == "••••-••••-••••-4444.");
    CHECK(mask_sensitive("amex 3782 822463 10005") == "amex •••• •••••• •0005");
    CHECK(mask_sensitive("llama del 600 123 456 4242 4242 4242 4242 hoy") ==
          "llama del 600 123 456 •••• •••• •••• 4242 hoy");
    CHECK(mask_sensitive("dos: 4242424242424242 5555555555554444") ==
          "dos: ••••••••••••4242 ••••••••••••4444");
}

TEST_CASE("documents whose check character is right are dots but for their end") {
    CHECK(mask_sensitive("DNI 12345678Z") == "DNI •••••••8Z");
    CHECK(mask_sensitive("dni 12.345.678-z") == "dni ••.•••.••8-z");
    CHECK(mask_sensitive("NIE X1234567L") == "NIE •••••••7L");
    CHECK(mask_sensitive("RUT 12.345.678-5") == "RUT ••.•••.••8-5");
    CHECK(mask_sensitive("RUT 7000013-K") == "RUT ••••••3-K");
    CHECK(mask_sensitive("CUIT 20-12345678-6") == "CUIT ••-•••••••8-6");
    CHECK(mask_sensitive("CURP HEGG560427MVZRRL04") == "CURP ••••••••••••••••04");
}

TEST_CASE("everything else stays as it was written") {
    for (const char* text : {"",
                             "Pago de 1.234,56 € el 30/11/2026 a las 14:05",
                             "Teléfono +34 600 123 456, expediente 48213907751",
                             "4242 4242 4242 4243",   // A wrong check digit.
                             "42424242424242424242",  // Too long.
                             "A4242424242424242",     // Part of a word.
                             "DNI 12345678A",
                             "12345678-4",
                             "20-12345679-0",
                             "HEGG560427MVZRRL05",
                             "Cédula 1020304050, DNI 45678912",
                             "señor Núñez: «ñandú» 😀"}) {
        CAPTURE(text);
        CHECK(mask_sensitive(text) == text);
    }
}

TEST_CASE("masking twice changes nothing, and no whole card is left") {
    CHECK(rc::check("any text around a card", [] {
        const std::string before =
            *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"ab 12.-X\n"}));
        const std::string after =
            *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"ab 12.-X\n"}));
        const std::string text = before + " | 4242 4242 4242 4242 | " + after;
        const std::string once = mask_sensitive(text);
        RC_ASSERT(once.find("4242 4242") == std::string::npos);
        RC_ASSERT(mask_sensitive(once) == once);
    }));
}
