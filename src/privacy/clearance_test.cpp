#include "privacy/clearance.h"

#include <doctest/doctest.h>

using namespace escucha;
using namespace escucha::privacy;

namespace {

const CustomerId kCaller{Uuid{1, 1}}, kOther{Uuid{1, 2}};
const ContactId kContact{Uuid{2, 1}}, kElse{Uuid{2, 2}};

Field field(Sensitivity sensitivity, InHand in_hand = InHand::Never) {
    return {.sensitivity = sensitivity, .in_hand = in_hand, .revealed_by = "f"};
}
Clearance holding(bool is_verified) {
    return {.in_hand = ContactInHand{kContact, kCaller, is_verified}};
}

}  // namespace

TEST_CASE("a class above the clearance is masked") {
    const Clearance nobody, seer{.sees_personal = true};
    const Subject someone{.customer = kOther};
    struct Row {
        Sensitivity sensitivity;
        Sight of_nobody, of_seer;
    };
    for (const Row& row : {Row{Sensitivity::Public, Sight::Whole, Sight::Whole},
                           Row{Sensitivity::Internal, Sight::Whole, Sight::Whole},
                           Row{Sensitivity::Personal, Sight::Masked, Sight::Whole},
                           Row{Sensitivity::Financial, Sight::Masked, Sight::Masked},
                           Row{Sensitivity::Secret, Sight::Hidden, Sight::Hidden}}) {
        CHECK(nobody.of(field(row.sensitivity), someone) == row.of_nobody);
        CHECK(seer.of(field(row.sensitivity), someone) == row.of_seer);
    }
}

TEST_CASE("the contact in hand shows what is needed, of that caller only") {
    for (const bool is_verified : {false, true}) {
        const Clearance agent = holding(is_verified);
        const Sight once_verified = is_verified ? Sight::Whole : Sight::Masked;
        const Subject caller{.customer = kCaller, .contact = kElse};
        CHECK(agent.of(field(Sensitivity::Personal), caller) == Sight::Masked);
        CHECK(agent.of(field(Sensitivity::Personal, InHand::Always), caller) == Sight::Whole);
        CHECK(agent.of(field(Sensitivity::Personal, InHand::Verified), caller) == once_verified);
        CHECK(agent.of(field(Sensitivity::Financial, InHand::Verified), caller) == once_verified);
        CHECK(agent.of(field(Sensitivity::Financial), caller) == Sight::Masked);
        // Nobody knows yet who calls.
        CHECK(agent.of(field(Sensitivity::Personal, InHand::Always), {.contact = kContact}) ==
              Sight::Whole);
        CHECK(agent.of(field(Sensitivity::Personal, InHand::Always),
                       {.customer = kOther, .contact = kElse}) == Sight::Masked);
        CHECK(agent.of(field(Sensitivity::Personal, InHand::Always), {}) == Sight::Masked);
    }
}

TEST_CASE("what an identity question asks for is hidden until the caller has answered") {
    Field document = field(Sensitivity::Personal, InHand::Verified);
    document.is_question = true;
    Clearance senior = holding(false);
    senior.sees_personal = true;
    senior.reveals.push_back({kCaller, "f", {}});
    CHECK(senior.of(document, {.customer = kCaller}) == Sight::Hidden);
    CHECK(senior.of(document, {.customer = kOther}) == Sight::Whole);
    senior.in_hand->is_verified = true;
    CHECK(senior.of(document, {.customer = kCaller}) == Sight::Whole);
}

TEST_CASE("a reveal shows one field of one customer, and never a secret") {
    Clearance agent;
    agent.reveals.push_back({kCaller, "f", {}});
    CHECK(agent.of(field(Sensitivity::Personal), {.customer = kCaller}) == Sight::Whole);
    CHECK(agent.of(field(Sensitivity::Financial), {.customer = kCaller}) == Sight::Whole);
    CHECK(agent.of(field(Sensitivity::Secret), {.customer = kCaller}) == Sight::Hidden);
    CHECK(agent.of(field(Sensitivity::Personal), {.customer = kOther}) == Sight::Masked);
    Field other = field(Sensitivity::Personal);
    other.revealed_by = "g";
    CHECK(agent.of(other, {.customer = kCaller}) == Sight::Masked);
    other.revealed_by.clear();
    CHECK(agent.of(other, {.customer = kCaller}) == Sight::Masked);
}
