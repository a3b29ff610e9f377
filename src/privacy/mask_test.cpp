#include "privacy/mask.h"

#include <doctest/doctest.h>

using namespace escucha::privacy;

TEST_CASE("a masked value tells two of them apart and no more") {
    CHECK(masked(Mask::Tail, "12345678Z") == "•••••678Z");
    CHECK(masked(Mask::Tail, "12345678") == "••••••78");
    CHECK(masked(Mask::Tail, "1234") == "•••4");
    CHECK(masked(Mask::Tail, "123") == "•••");
    CHECK(masked(Mask::Tail, "ññññññññ9") == "•••••••ñ9");
    CHECK(masked(Mask::Phone, "+34600111222") == "+34 ••• 222");
    CHECK(masked(Mask::Phone, "+346001112") == "+34 ••• 112");
    CHECK(masked(Mask::Phone, "+34600111") == "•••••0111");
    CHECK(masked(Mask::Phone, "100") == "•••");
    CHECK(masked(Mask::Whole, "Calle Mayor 1") == "•••");
    for (const Mask mask : {Mask::Whole, Mask::Tail, Mask::Phone}) CHECK(masked(mask, "").empty());
}

TEST_CASE("the forms are known by their words") {
    CHECK(parse_mask("whole") == Mask::Whole);
    CHECK(parse_mask("tail") == Mask::Tail);
    CHECK(parse_mask("phone") == Mask::Phone);
    CHECK_FALSE(parse_mask("none"));
}

TEST_CASE("a masked form is recognised where a value belongs") {
    CHECK(looks_masked("•••••678Z"));
    CHECK_FALSE(looks_masked("Calle de la Ñ, 3·B"));
}
