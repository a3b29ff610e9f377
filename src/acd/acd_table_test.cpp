// Every state of an agent against every event: what it becomes, or which error says no.

#include <array>
#include <functional>

#include <doctest/doctest.h>

#include "acd/acd.h"
#include "acd/detail/test_floor.h"

namespace escucha::acd {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kAgent = 1;

/// A floor whose agent 1 is in the state; contact 0 is theirs in the busy ones.
Floor in_state(std::string_view state) {
    Floor f;
    f.add_queue(0);
    f.add_agent(kAgent, {{f.q(0)}});
    if (state == "signed_out") return f;
    REQUIRE(f.acd.sign_in(f.a(kAgent), f.now, f.out));
    if (state == "not_ready") {
        REQUIRE(f.acd.phone_reachable(f.a(kAgent), Reachability::Reachable, f.now, f.out));
        REQUIRE(
            f.acd.choose_status(f.a(kAgent), {NextStatus::Kind::NotReady, "lunch"}, f.now, f.out));
        return f;
    }
    REQUIRE(f.acd.choose_status(f.a(kAgent), {}, f.now, f.out));
    if (state == "no_phone") return f;
    REQUIRE(f.acd.phone_reachable(f.a(kAgent), Reachability::Reachable, f.now, f.out));
    if (state == "ready") return f;
    REQUIRE(f.enqueue(0, 0));
    if (state == "offered") return f;
    REQUIRE(f.acd.offer_answered(f.offer(kAgent), f.now, f.out));
    if (state == "talking") return f;
    REQUIRE(f.acd.contact_finished(f.a(kAgent), f.c(0), f.now, f.out));
    REQUIRE(state == "wrap_up");
    return f;
}

struct EventUnderTest {
    std::string_view name;
    std::function<Result<void>(Floor&, OfferId)> run;
    /// For signed_out, not_ready, no_phone, ready, offered, talking, wrap_up: the state after, with
    /// Not Ready's reason; "=" when it stays; "!" and the error; "+" and the status chosen for
    /// afterwards.
    std::array<std::string_view, 7> expected;
};

constexpr std::array<std::string_view, 7> kStates{
    "signed_out", "not_ready", "no_phone", "ready", "offered", "talking", "wrap_up"};

Result<void> after(Floor& f, Duration time, const std::function<Result<void>()>& event) {
    f.pass(time);
    return event();
}

const std::vector<EventUnderTest>& events() {
    const auto agent = Floor::a(kAgent);
    static const std::vector<EventUnderTest> kEvents{
        {"sign_in",
         [=](Floor& f, OfferId) { return f.acd.sign_in(agent, f.now, f.out); },
         {"not_ready signed_in", "=", "=", "=", "=", "=", "="}},
        {"sign_out",
         [=](Floor& f, OfferId) { return f.acd.sign_out(agent, f.now, f.out); },
         {"=",
          "signed_out",
          "signed_out",
          "signed_out",
          "+signed_out",
          "+signed_out",
          "+signed_out"}},
        {"choose Ready",
         [=](Floor& f, OfferId) { return f.acd.choose_status(agent, {}, f.now, f.out); },
         {"!the agent is signed out", "ready", "=", "=", "=", "=", "="}},
        {"choose Not Ready, break",
         [=](Floor& f, OfferId) {
             return f.acd.choose_status(agent, {NextStatus::Kind::NotReady, "break"}, f.now, f.out);
         },
         {"!the agent is signed out",
          "not_ready break",
          "not_ready break",
          "not_ready break",
          "+not_ready break",
          "+not_ready break",
          "+not_ready break"}},
        {"choose Not Ready, lunch",
         [=](Floor& f, OfferId) {
             return f.acd.choose_status(agent, {NextStatus::Kind::NotReady, "lunch"}, f.now, f.out);
         },
         {"!the agent is signed out",
          "=",
          "not_ready lunch",
          "not_ready lunch",
          "+not_ready lunch",
          "+not_ready lunch",
          "+not_ready lunch"}},
        {"phone reachable",
         [=](Floor& f, OfferId) {
             return f.acd.phone_reachable(agent, Reachability::Reachable, f.now, f.out);
         },
         {"=", "=", "ready", "=", "=", "=", "="}},
        {"phone unreachable",
         [=](Floor& f, OfferId) {
             return f.acd.phone_reachable(agent, Reachability::Unreachable, f.now, f.out);
         },
         {"=", "=", "=", "not_ready phone_unreachable", "not_ready phone_unreachable", "=", "="}},
        {"a contact arrives",
         [=](Floor& f, OfferId) { return f.enqueue(7, 0); },
         {"=", "=", "=", "offered", "=", "=", "="}},
        {"a direct offer",
         [=](Floor& f, OfferId) {
             return f.acd.offer_direct(
                 {.id = f.c(7), .company = kCompany, .queue = f.q(0), .arrived = f.now.wall},
                 agent,
                 f.now,
                 f.out);
         },
         {"!the agent is not ready",
          "!the agent is not ready",
          "!the agent is not ready",
          "offered",
          "!the agent is not ready",
          "!the agent is not ready",
          "!the agent is not ready"}},
        {"the offer is answered",
         [=](Floor& f, OfferId offer) { return f.acd.offer_answered(offer, f.now, f.out); },
         {"!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "talking",
          "!the offer is over",
          "!the offer is over"}},
        {"the offer is answered at the deadline",
         [=](Floor& f, OfferId offer) {
             return after(f, 20s, [&] { return f.acd.offer_answered(offer, f.now, f.out); });
         },
         {"!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "!the offer is over; not_ready no_answer",
          "!the offer is over",
          "!the offer is over"}},
        {"the offer is declined",
         [=](Floor& f, OfferId offer) { return f.acd.offer_declined(offer, f.now, f.out); },
         {"!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "not_ready declined",
          "!the offer is over",
          "!the offer is over"}},
        {"the phone is busy",
         [=](Floor& f, OfferId offer) {
             return f.acd.offer_failed(offer, OfferFailure::Busy, f.now, f.out);
         },
         {"!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "not_ready busy",
          "!the offer is over",
          "!the offer is over"}},
        {"the phone cannot be rung",
         [=](Floor& f, OfferId offer) {
             return f.acd.offer_failed(offer, OfferFailure::Unreachable, f.now, f.out);
         },
         {"!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "!the offer is over",
          "not_ready phone_unreachable",
          "!the offer is over",
          "!the offer is over"}},
        {"the caller leaves",
         [=](Floor& f, OfferId) {
             return f.acd.leave(f.c(0), LeaveReason::Abandoned, f.now, f.out);
         },
         {"!unknown contact",
          "!unknown contact",
          "!unknown contact",
          "!unknown contact",
          "ready",
          "wrap_up",
          "!unknown contact"}},
        {"the contact is finished",
         [=](Floor& f, OfferId) { return f.acd.contact_finished(agent, f.c(0), f.now, f.out); },
         {"!unknown contact",
          "!unknown contact",
          "!unknown contact",
          "!unknown contact",
          "!unknown contact",
          "wrap_up",
          "!unknown contact"}},
        {"extend wrap-up",
         [=](Floor& f, OfferId) { return f.acd.extend_wrap_up(agent, f.now, f.out); },
         {"!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "="}},
        {"finish wrap-up",
         [=](Floor& f, OfferId) { return f.acd.finish_wrap_up(agent, f.now, f.out); },
         {"!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "!the agent is not in wrap-up",
          "ready"}},
        {"an early wake",
         [=](Floor& f, OfferId) {
             f.acd.wake(f.now, f.out);
             return Result<void>{ok()};
         },
         {"=", "=", "=", "=", "=", "=", "="}},
        {"a late wake",
         [=](Floor& f, OfferId) {
             f.pass(10min);
             f.acd.wake(f.now, f.out);
             return Result<void>{ok()};
         },
         {"=", "=", "=", "=", "not_ready no_answer", "=", "ready"}},
        {"no leg lives",
         [=](Floor& f, OfferId) {
             f.pass(kLeaseGrace);
             f.acd.reconcile({.legs = {}, .contacts = {f.c(0)}}, f.now, f.out);
             return Result<void>{ok()};
         },
         {"=", "=", "=", "=", "offered", "wrap_up", "="}},
        {"the profile is put again",
         [=](Floor& f, OfferId) {
             return f.acd.put_agent({agent, kCompany, {{f.q(0), 2}}}, f.now, f.out);
         },
         {"=", "=", "=", "=", "=", "=", "="}},
        {"the agent is removed",
         [=](Floor& f, OfferId) { return f.acd.remove_agent(agent, f.now, f.out); },
         {"removed",
          "removed",
          "removed",
          "removed",
          "!the agent holds a contact",
          "!the agent holds a contact",
          "!the agent holds a contact"}},
    };
    return kEvents;
}

std::string describe(Floor& f) {
    const auto view = f.acd.agent(f.a(kAgent));
    if (!view) return "removed";
    std::string text{word(kind_of(view->state))};
    if (!view->reason().empty()) text += " " + std::string{view->reason()};
    return text;
}

}  // namespace

TEST_CASE("every state meets every event as the table says") {
    for (const EventUnderTest& event : events()) {
        for (std::size_t i = 0; i < kStates.size(); ++i) {
            CAPTURE(event.name);
            CAPTURE(kStates[i]);
            Floor f = in_state(kStates[i]);
            const std::string before = describe(f);
            const OfferId offer = kStates[i] == "offered" ? f.offer(kAgent) : OfferId{Uuid{9, 9}};
            f.out = {};
            const Result<void> result = event.run(f, offer);
            CHECK(f.acd.broken_invariant().value_or("") == "");

            std::string outcome;
            if (!result) outcome = "!" + result.error().code.message();
            const auto view = f.acd.agent(f.a(kAgent));
            const auto next = view ? view->next() : std::nullopt;
            if (describe(f) != before) {
                outcome += (outcome.empty() ? "" : "; ") + describe(f);
            } else if (next && *next != NextStatus{}) {
                outcome += "+" + std::string{word(next->kind)} +
                           (next->reason.empty() ? "" : " " + next->reason);
            }
            std::string expected{event.expected[i]};
            if (expected == before || expected == "=") expected.clear();
            CHECK(outcome == expected);
            // What changed was journalled, with the state it came from; what did not was not.
            const bool has_changed = describe(f) != before;
            bool is_told = false;
            for (const Event& fact : f.out.facts) {
                if (fact.type == "agent_state_changed" && fact.agent == f.a(kAgent)) is_told = true;
            }
            if (has_changed && describe(f) != "removed") CHECK(is_told);
        }
    }
}

TEST_CASE("unknown agents, contacts and offers are refused everywhere") {
    Floor f;
    f.add_queue(0);
    const auto nobody = f.a(99);
    const auto code = [](const Result<void>& result) {
        REQUIRE_FALSE(result);
        return result.error().code;
    };
    CHECK(code(f.acd.sign_in(nobody, f.now, f.out)) == Errc::UnknownAgent);
    CHECK(code(f.acd.sign_out(nobody, f.now, f.out)) == Errc::UnknownAgent);
    CHECK(code(f.acd.choose_status(nobody, {}, f.now, f.out)) == Errc::UnknownAgent);
    CHECK(code(f.acd.phone_reachable(nobody, Reachability::Reachable, f.now, f.out)) ==
          Errc::UnknownAgent);
    CHECK(code(f.acd.extend_wrap_up(nobody, f.now, f.out)) == Errc::UnknownAgent);
    CHECK(code(f.acd.finish_wrap_up(nobody, f.now, f.out)) == Errc::UnknownAgent);
    CHECK(code(f.acd.remove_agent(nobody, f.now, f.out)) == Errc::UnknownAgent);
    CHECK(code(f.acd.remove_queue(f.q(9))) == Errc::UnknownQueue);
    CHECK(code(f.acd.leave(f.c(9), LeaveReason::Closed, f.now, f.out)) == Errc::UnknownContact);
    CHECK_FALSE(f.acd.agent(nobody));
    CHECK_FALSE(f.acd.queue(f.q(9)));
    CHECK(f.acd.waiting(f.q(9), 5).empty());
    CHECK_FALSE(f.acd.position(f.c(9)));
    CHECK(f.out.facts.empty());
}

}  // namespace escucha::acd
