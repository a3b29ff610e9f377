#include "base/diversion.h"

#include "control/detail/test_world.h"

using namespace escucha;
using namespace escucha::control;
using namespace escucha::control::testing;
using namespace std::chrono_literals;

namespace {

/// Ana talks with a caller whose call was diverted so.
struct Diverted : World {
    explicit Diverted(std::string from) {
        make_ready(ana);
        const LegId caller = LegId::make(now.wall, rng);
        leg(IncomingCall{
            .leg = caller,
            .source = trunk,
            .dialled = "100",
            .caller = "600123456",
            .caller_display = {},
            .sdp = std::string{kPhoneSdp},
            .diversion = Diversion{
                .from = std::move(from), .reason = DiversionReason::NoAnswer, .count = 2}});
        leg(LegConfirmed{caller, std::nullopt});
        leg(LegAnswered{legs_told<RingPhone>().front().leg, std::string{kPhoneSdp}});
        contact = centre.contacts(company->id).front().id;
    }
    [[nodiscard]] ContactView view() const { return *centre.contact(company->id, contact); }
    [[nodiscard]] std::string datum(std::string_view name) const {
        for (const DatumView& one : view().context) {
            if (one.name == name) return one.value;
        }
        return "(none)";
    }
    ContactId contact;
};

}  // namespace

TEST_CASE("from where a call was diverted is written down, shown and known to the flow") {
    const Diverted call{"911000200"};
    CHECK(call.field("contact_arrived", "diverted_from") == "+34911000200");
    CHECK(call.field("contact_arrived", "diversion_reason") == "no_answer");
    CHECK(call.field("contact_arrived", "diversions") == "2");
    const auto shown = call.view().diversion;
    REQUIRE(shown);
    CHECK(shown->from == "+34911000200");
    CHECK(shown->reason == DiversionReason::NoAnswer);
    CHECK(shown->count == 2);
    CHECK(call.datum("call.diverted_from") == "+34911000200");
    CHECK(call.datum("call.diversion") == "no_answer");
}

TEST_CASE("a private number that diverted is told nowhere, and that it did is") {
    const Diverted call{""};
    CHECK(call.field("contact_arrived", "diverted_from") == "(absent)");
    CHECK(call.field("contact_arrived", "diversions") == "2");
    CHECK(call.view().diversion->from.empty());
    CHECK(call.datum("call.diverted_from") == "(none)");
    CHECK(call.datum("call.diversion") == "no_answer");
}

TEST_CASE("a call that was not diverted says nothing of it") {
    World world;
    world.make_ready(world.ana);
    world.caller();
    CHECK(world.field("contact_arrived", "diversion_reason") == "(absent)");
    CHECK(world.centre.contacts(world.company->id).front().diversion == std::nullopt);
}

TEST_CASE("who is called outside for a diverted caller is told of both diversions") {
    Diverted call{"+34911000200"};
    REQUIRE(call.command(TransferOutside{call.ana, "600111222"}));
    const auto outside = call.legs_told<CallOutside>();
    REQUIRE(outside.size() == 1);
    CHECK(outside[0].diverting == "100");
    CHECK(outside[0].diverted_before == call.view().diversion);
}

TEST_CASE("a diversion outlives a restart") {
    Diverted before{"+34911000200"};
    World after;
    after.be_restored_from(before, before.contact, before.rows.at(before.contact));
    const auto restored = after.centre.contact(after.company->id, before.contact);
    REQUIRE(restored);
    CHECK(restored->diversion == before.view().diversion);
}
