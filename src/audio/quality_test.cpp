#include "audio/quality.h"

#include <doctest/doctest.h>

#include <rapidcheck.h>

namespace escucha::audio {
namespace {

using std::chrono::milliseconds;

doctest::Approx about(double value, double tolerance) {
    return doctest::Approx(value).epsilon(tolerance / value);
}

}  // namespace

TEST_CASE("ratings become the opinions of G.107 annex B") {
    // Table B.1 of G.107.
    CHECK(mos_of(90) == about(4.34, 0.005));
    CHECK(mos_of(80) == about(4.03, 0.006));
    CHECK(mos_of(70) == about(3.60, 0.005));
    CHECK(mos_of(60) == about(3.10, 0.005));
    CHECK(mos_of(50) == about(2.58, 0.005));
    CHECK(mos_of(93.2) == about(4.41, 0.005));
    CHECK(mos_of(0) == 1);
    CHECK(mos_of(-5) == 1);
    CHECK(mos_of(3) == 1);
    CHECK(mos_of(100) == 4.5);
    CHECK(mos_of(120) == 4.5);
}

TEST_CASE("codecs rate as G.113 has them") {
    const Connection clean{};
    CHECK(rating(impairment_of(Codec::Pcma), clean) == doctest::Approx(93.2));
    // G.729A: Ie 11, Bpl 19 (G.113 table I.1 and I.4).
    const Impairment g729a{.equipment = 11, .loss_robustness = 19};
    CHECK(rating(g729a, clean) == doctest::Approx(82.2));
    CHECK(mos_of(rating(g729a, clean)) == about(4.11, 0.01));
    // Ie-eff at 2 % is 11 + 84 * 2 / 21 = 19.
    CHECK(rating(g729a, {.loss_percent = 2}) == doctest::Approx(74.2));
}

TEST_CASE("losses and delay take away what the model says") {
    const Impairment g711 = impairment_of(Codec::Pcmu);
    CHECK(rating(g711, {.loss_percent = 1}) == about(89.56, 0.01));
    CHECK(rating(g711, {.loss_percent = 5}) == about(77.42, 0.01));
    CHECK(rating(g711, {.one_way_delay = milliseconds{100}}) == about(90.8, 0.01));
    // 150 ms is still toll quality, 400 ms the most that G.114 allows.
    CHECK(rating(g711, {.one_way_delay = milliseconds{150}}) == about(89.6, 0.01));
    CHECK(rating(g711, {.one_way_delay = milliseconds{400}}) == about(59.1, 0.1));
    CHECK(rating(g711, {.loss_percent = 100, .one_way_delay = milliseconds{2'000}}) == 0);
    CHECK(rating(g711, {.loss_percent = -1}) == doctest::Approx(93.2));
}

TEST_CASE("more loss or more delay is never better, and the opinion stays on its scale") {
    rc::check("monotonous", [] {
        const auto codec = *rc::gen::element(Codec::Pcmu, Codec::G722, Codec::Opus);
        const double loss = *rc::gen::inRange(0, 1'000) / 10.0;
        const Duration delay = milliseconds{*rc::gen::inRange(0, 2'000)};
        const Impairment impairment = impairment_of(codec);
        const double here = rating(impairment, {.loss_percent = loss, .one_way_delay = delay});
        const double more_loss =
            rating(impairment, {.loss_percent = loss + 1, .one_way_delay = delay});
        const double later =
            rating(impairment, {.loss_percent = loss, .one_way_delay = delay + milliseconds{10}});
        RC_ASSERT(more_loss <= here);
        RC_ASSERT(later <= here);
        const bool is_on_scale = mos_of(here) >= 1 && mos_of(here) <= 4.5;
        RC_ASSERT(is_on_scale);
    });
}

}  // namespace escucha::audio
