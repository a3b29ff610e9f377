#include "acd/acd.h"

#include <doctest/doctest.h>

#include "acd/detail/test_floor.h"

namespace escucha::acd {

using namespace std::chrono_literals;

namespace {

#define CHECK_SOUND(floor) CHECK((floor).acd.broken_invariant().value_or("") == "")

Floor one_queue() {
    Floor f;
    f.add_queue(0);
    return f;
}

}  // namespace

TEST_CASE("a caller is offered to the agent who has been idle longest") {
    Floor f = one_queue();
    f.add_ready(2, {{f.q(0)}});
    f.pass(1s);
    f.add_ready(1, {{f.q(0)}});
    f.out = {};
    REQUIRE(f.enqueue(0, 0));
    CHECK(f.kind(2) == AgentStateKind::Offered);
    CHECK(f.kind(1) == AgentStateKind::Ready);
    CHECK(f.facts() ==
          std::vector<std::string>{"contact_queued", "offer_made", "agent_state_changed"});
    CHECK(Floor::text(f.fact("contact_queued"), "reason") == "flow");
    CHECK(Floor::text(f.fact("contact_queued"), "priority") == "normal");
    CHECK(Floor::text(f.fact("contact_queued"), "arrived") == to_rfc3339(f.now.wall));
    CHECK(Floor::text(f.fact("offer_made"), "ring_s") == "20");
    CHECK(Floor::text(f.fact("offer_made"), "reason") == "longest_idle");
    CHECK(f.fact("offer_made").queue == f.q(0));
    const auto rings = f.actions<RingAgent>();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].agent == f.a(2));
    CHECK(rings[0].deadline.at == f.now.mono + 20s);
    CHECK(rings[0].explanation.eligible == 2);
    REQUIRE(rings[0].explanation.first.size() == 2);
    CHECK(rings[0].explanation.first[0].agent == f.a(2));
    CHECK(rings[0].explanation.first[0].idle == 1s);
    CHECK_SOUND(f);
}

TEST_CASE("an agent of the second level is asked only when none of the first is Ready") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0), 2}});
    f.add_ready(2, {{f.q(0), 1}});
    REQUIRE(f.enqueue(0, 0));
    CHECK(f.kind(2) == AgentStateKind::Offered);
    REQUIRE(f.enqueue(1, 0));
    CHECK(f.kind(1) == AgentStateKind::Offered);
}

TEST_CASE("a missed offer keeps the caller's place, and the agent is Not Ready with the reason") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    const WallTime arrived = f.now.wall;
    f.pass(1s);
    REQUIRE(f.enqueue(1, 0));
    f.pass(19s);
    f.out = {};
    f.acd.wake(f.now, f.out);
    CHECK(f.kind(1) == AgentStateKind::NotReady);
    CHECK(f.reason(1) == "no_answer");
    CHECK(f.facts() == std::vector<std::string>{"offer_returned", "agent_state_changed"});
    CHECK(Floor::text(f.fact("offer_returned"), "reason") == "no_answer");
    CHECK(Floor::text(f.fact("offer_returned"), "ring_ms") == "20000");
    CHECK(f.actions<StopRinging>().size() == 1);
    CHECK(f.actions<ReturnedToQueue>().size() == 1);
    const auto waiting = f.acd.waiting(f.q(0), 10);
    REQUIRE(waiting.size() == 2);
    CHECK(waiting[0].contact == f.c(0));
    CHECK(waiting[0].arrived == arrived);
    CHECK(f.acd.position(f.c(1)) == 2);
    // The next to become free gets the one who was missed.
    f.add_ready(2, {{f.q(0)}});
    CHECK(f.offered(2)->contact == f.c(0));
    CHECK_SOUND(f);
}

TEST_CASE("an answer at the deadline loses to the ring timer") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    const OfferId offer = f.offer(1);
    f.pass(20s);
    f.out = {};
    const auto answer = f.acd.offer_answered(offer, f.now, f.out);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::OfferClosed);
    CHECK(f.reason(1) == "no_answer");
    REQUIRE(f.actions<StopRinging>().size() == 1);
    CHECK_SOUND(f);
}

TEST_CASE("an answer just before the deadline connects, with the wait and the ring") {
    Floor f = one_queue();
    REQUIRE(f.enqueue(0, 0));
    f.pass(30s);
    f.add_ready(1, {{f.q(0)}});
    const OfferId offer = f.offer(1);
    f.pass(20s - 1us);
    f.out = {};
    REQUIRE(f.acd.offer_answered(offer, f.now, f.out));
    CHECK(f.kind(1) == AgentStateKind::Talking);
    const auto connects = f.actions<Connect>();
    REQUIRE(connects.size() == 1);
    CHECK(connects[0].contact == f.c(0));
    CHECK(connects[0].ring == 20s - 1us);
    CHECK(connects[0].wait == 50s - 1us);
    CHECK(Floor::text(f.fact("contact_left_queue"), "reason") == "answered");
    CHECK(Floor::text(f.fact("contact_left_queue"), "wait_ms") == "49999");
    CHECK_FALSE(f.acd.position(f.c(0)));
    const auto again = f.acd.offer_answered(offer, f.now, f.out);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == Errc::OfferClosed);
    CHECK_SOUND(f);
}

TEST_CASE("a caller who hangs up while ringing costs the agent nothing") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    f.pass(1s);
    f.add_ready(2, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.offered(1) != nullptr);
    f.pass(5s);
    f.out = {};
    REQUIRE(f.acd.leave(f.c(0), LeaveReason::Abandoned, f.now, f.out));
    CHECK(f.kind(1) == AgentStateKind::Ready);
    CHECK(Floor::text(f.fact("offer_returned"), "reason") == "caller_left");
    CHECK(Floor::text(f.fact("contact_left_queue"), "reason") == "abandoned");
    REQUIRE(f.actions<StopRinging>().size() == 1);
    CHECK(f.actions<StopRinging>()[0].reason == ReturnReason::CallerLeft);
    REQUIRE(f.enqueue(1, 0));
    CHECK(f.offered(1) != nullptr);  // Still idle longer than agent 2.
    CHECK(f.acd.queue(f.q(0))->abandoned == 1);
    CHECK_SOUND(f);
}

TEST_CASE("an agent who becomes free takes the earliest contact of all their queues") {
    Floor f;
    for (const std::uint64_t n : {0U, 1U, 2U}) f.add_queue(n);
    REQUIRE(f.enqueue(0, 2));
    f.pass(1s);
    REQUIRE(f.enqueue(1, 0));
    f.pass(1s);
    REQUIRE(f.enqueue(2, 1, Priority::High));
    f.add_ready(1, {{f.q(0)}, {f.q(1)}});
    CHECK(f.offered(1)->contact == f.c(2));  // Priority before arrival.
    f.add_ready(2, {{f.q(0)}, {f.q(1)}, {f.q(2)}});
    CHECK(f.offered(2)->contact == f.c(0));
    CHECK(f.actions<RingAgent>().back().explanation.queues_compared == 3);
    CHECK_SOUND(f);
}

TEST_CASE("a status chosen during a call holds after the wrap-up") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.acd.offer_answered(f.offer(1), f.now, f.out));
    f.out = {};
    REQUIRE(f.acd.choose_status(f.a(1), {NextStatus::Kind::NotReady, "lunch"}, f.now, f.out));
    CHECK(f.facts() == std::vector<std::string>{"agent_next_status_chosen"});
    CHECK(Floor::text(f.out.facts[0], "state") == "not_ready");
    CHECK(Floor::text(f.out.facts[0], "reason") == "lunch");
    REQUIRE(f.acd.contact_finished(f.a(1), f.c(0), f.now, f.out));
    CHECK(f.kind(1) == AgentStateKind::WrapUp);
    CHECK(f.acd.agent(f.a(1))->until() == f.now.wall + 60s);
    REQUIRE(f.acd.finish_wrap_up(f.a(1), f.now, f.out));
    CHECK(f.reason(1) == "lunch");
    CHECK_SOUND(f);
}

TEST_CASE("wrap-up ends by its timer, and can be extended a limited number of times") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.acd.offer_answered(f.offer(1), f.now, f.out));
    REQUIRE(f.acd.contact_finished(f.a(1), f.c(0), f.now, f.out));
    for (std::uint32_t i = 0; i < kMaxWrapUpExtensions; ++i) {
        REQUIRE(f.acd.extend_wrap_up(f.a(1), f.now, f.out));
    }
    const auto over = f.acd.extend_wrap_up(f.a(1), f.now, f.out);
    REQUIRE_FALSE(over);
    CHECK(over.error().code == Errc::WrapUpLimit);
    CHECK(Floor::text(f.fact("wrap_up_extended"), "by_s") == "60");
    REQUIRE(f.acd.next_wakeup() == f.now.mono + 60s + kMaxWrapUpExtensions * 60s);
    f.now.mono = *f.acd.next_wakeup() - 1us;
    f.acd.wake(f.now, f.out);
    CHECK(f.kind(1) == AgentStateKind::WrapUp);
    f.pass(1us);
    f.acd.wake(f.now, f.out);
    CHECK(f.kind(1) == AgentStateKind::Ready);
    CHECK_FALSE(f.acd.next_wakeup());
    f.acd.wake(f.now, f.out);
    CHECK_SOUND(f);
}

TEST_CASE("a queue without wrap-up time frees the agent at once") {
    Floor f;
    QueueConfig config{.id = f.q(0), .company = kCompany, .name = "q", .wrap_up_time = 0s};
    REQUIRE(f.acd.put_queue(config));
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    f.pass(1s);
    REQUIRE(f.enqueue(1, 0));
    REQUIRE(f.acd.offer_answered(f.offer(1), f.now, f.out));
    REQUIRE(f.acd.contact_finished(f.a(1), f.c(0), f.now, f.out));
    CHECK(f.offered(1)->contact == f.c(1));
    CHECK_SOUND(f);
}

TEST_CASE("an agent whose phone failed comes back by itself when it registers") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.acd.offer_failed(f.offer(1), OfferFailure::Unreachable, f.now, f.out));
    CHECK(f.reason(1) == "phone_unreachable");
    CHECK(f.acd.position(f.c(0)) == 1);
    REQUIRE(f.acd.phone_reachable(f.a(1), Reachability::Reachable, f.now, f.out));
    CHECK(f.offered(1)->contact == f.c(0));
    // Lost while ringing: the caller does not wait for the ring timer.
    REQUIRE(f.acd.phone_reachable(f.a(1), Reachability::Unreachable, f.now, f.out));
    CHECK(f.reason(1) == "phone_unreachable");
    CHECK(f.acd.waiting(f.q(0), 1)[0].ringing == std::nullopt);
    // Another reason is not forgotten because the phone came back.
    REQUIRE(f.acd.choose_status(f.a(1), {NextStatus::Kind::NotReady, "lunch"}, f.now, f.out));
    REQUIRE(f.acd.phone_reachable(f.a(1), Reachability::Reachable, f.now, f.out));
    CHECK(f.reason(1) == "lunch");
    CHECK_SOUND(f);
}

TEST_CASE("Ready without a phone is Not Ready until it registers") {
    Floor f = one_queue();
    f.add_agent(1, {{f.q(0)}});
    REQUIRE(f.acd.sign_in(f.a(1), f.now, f.out));
    CHECK(f.reason(1) == "signed_in");
    REQUIRE(f.acd.choose_status(f.a(1), {}, f.now, f.out));
    CHECK(f.reason(1) == "phone_unreachable");
    REQUIRE(f.acd.phone_reachable(f.a(1), Reachability::Reachable, f.now, f.out));
    CHECK(f.kind(1) == AgentStateKind::Ready);
}

TEST_CASE("a declined and a busy offer end with their reasons") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    f.add_ready(2, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.acd.offer_declined(f.offer(1), f.now, f.out));
    CHECK(f.reason(1) == "declined");
    REQUIRE(f.acd.offer_failed(f.offer(2), OfferFailure::Busy, f.now, f.out));
    CHECK(f.reason(2) == "busy");
    CHECK(f.acd.position(f.c(0)) == 1);
    CHECK_SOUND(f);
}

TEST_CASE("a transfer to an agent leaves the queue alone and falls back to it at the old place") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    const WallTime arrived = f.now.wall;
    REQUIRE(f.acd.offer_answered(f.offer(1), f.now, f.out));
    f.pass(100s);
    REQUIRE(f.enqueue(1, 0));
    f.add_ready(2, {});
    f.out = {};
    const QueuedContact contact{.id = f.c(0),
                                .company = kCompany,
                                .queue = f.q(0),
                                .arrived = arrived,
                                .language = "es",
                                .because = QueuedBecause::Transfer};
    REQUIRE(f.acd.offer_direct(contact, f.a(2), f.now, f.out));
    CHECK(f.kind(1) == AgentStateKind::WrapUp);
    CHECK(f.offered(2)->contact == f.c(0));
    CHECK(Floor::text(f.fact("offer_made"), "reason") == "transfer");
    CHECK_FALSE(f.fact("offer_made").queue);
    CHECK_FALSE(f.acd.position(f.c(0)));
    CHECK_SOUND(f);
    f.pass(20s);
    f.out = {};
    f.acd.wake(f.now, f.out);
    CHECK(f.reason(2) == "no_answer");
    CHECK(f.acd.position(f.c(0)) == 1);  // Arrived before contact 1.
    CHECK(Floor::text(f.fact("contact_queued"), "reason") == "offer_returned");
    CHECK_SOUND(f);
}

TEST_CASE("a direct offer is refused unless the agent is Ready, and then nothing changed") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    f.add_agent(2, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.acd.offer_answered(f.offer(1), f.now, f.out));
    f.out = {};
    QueuedContact contact{
        .id = f.c(0), .company = kCompany, .queue = f.q(0), .arrived = f.now.wall};
    const auto refused = f.acd.offer_direct(contact, f.a(2), f.now, f.out);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::AgentNotReady);
    const auto to_self = f.acd.offer_direct(contact, f.a(1), f.now, f.out);
    REQUIRE_FALSE(to_self);
    CHECK(to_self.error().code == Errc::AgentNotReady);
    CHECK(f.out.facts.empty());
    CHECK(f.kind(1) == AgentStateKind::Talking);
}

TEST_CASE("a contact that talks is handed over without an offer, and only to who is free") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    f.add_agent(2, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    const auto hand_over = [&](std::uint64_t to) {
        return f.acd.hand_over(
            f.c(0), f.a(to), {NextStatus::Kind::NotReady, "lunch"}, f.now, f.out);
    };
    CHECK(hand_over(2).error().code == Errc::UnknownContact);  // It rings.
    REQUIRE(f.acd.offer_answered(f.offer(1), f.now, f.out));
    f.out = {};
    CHECK(hand_over(1).error().code == Errc::AgentNotReady);
    CHECK(hand_over(2).error().code == Errc::AgentNotReady);  // Signed out.
    CHECK(hand_over(9).error().code == Errc::UnknownAgent);
    CHECK(f.out.facts.empty());
    REQUIRE(f.acd.sign_in(f.a(2), f.now, f.out));
    REQUIRE(hand_over(2));
    CHECK(f.kind(1) == AgentStateKind::WrapUp);
    CHECK(f.kind(2) == AgentStateKind::Talking);
    CHECK(f.acd.agent(f.a(2))->next()->reason == "lunch");
    CHECK_SOUND(f);
    REQUIRE(f.acd.contact_finished(f.a(2), f.c(0), f.now, f.out));
    CHECK(f.kind(2) == AgentStateKind::WrapUp);
    CHECK_SOUND(f);
}

TEST_CASE("a transfer to a queue keeps the place of the first arrival and frees the agent") {
    Floor f;
    f.add_queue(0);
    f.add_queue(1);
    f.add_ready(1, {{f.q(0)}});
    const WallTime arrived = f.now.wall;
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.acd.offer_answered(f.offer(1), f.now, f.out));
    f.pass(60s);
    REQUIRE(f.enqueue(1, 1));
    f.out = {};
    REQUIRE(f.acd.enqueue({.id = f.c(0),
                           .company = kCompany,
                           .queue = f.q(1),
                           .arrived = arrived,
                           .because = QueuedBecause::Transfer},
                          f.now,
                          f.out));
    CHECK(f.kind(1) == AgentStateKind::WrapUp);
    CHECK(f.acd.position(f.c(0)) == 1);
    CHECK(Floor::text(f.fact("contact_queued"), "reason") == "transfer");
    CHECK_SOUND(f);
}

TEST_CASE("a contact that waits can be moved and prioritised; asking twice changes nothing") {
    Floor f;
    f.add_queue(0);
    f.add_queue(1);
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.enqueue(1, 0));
    f.out = {};
    REQUIRE(f.enqueue(1, 0));
    CHECK(f.out.facts.empty());
    REQUIRE(f.enqueue(1, 0, Priority::Urgent));
    CHECK(f.acd.position(f.c(1)) == 1);
    REQUIRE(f.enqueue(1, 1));
    CHECK(f.acd.queue(f.q(0))->waiting == 1);
    CHECK(f.acd.queue(f.q(1))->waiting == 1);
    CHECK(f.acd.queue(f.q(0))->left_otherwise == 2);
    CHECK_SOUND(f);
}

TEST_CASE("a queue takes max_waiting contacts and no more; one that returns always fits") {
    Floor f;
    REQUIRE(f.acd.put_queue({.id = f.q(0), .company = kCompany, .name = "q", .max_waiting = 2}));
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.enqueue(1, 0));
    const auto full = f.enqueue(2, 0);
    REQUIRE_FALSE(full);
    CHECK(full.error().code == Errc::QueueFull);
    f.add_ready(1, {});
    REQUIRE(f.acd.offer_direct(
        {.id = f.c(3), .company = kCompany, .queue = f.q(0), .arrived = f.now.wall},
        f.a(1),
        f.now,
        f.out));
    REQUIRE(f.acd.offer_declined(f.offer(1), f.now, f.out));
    CHECK(f.acd.queue(f.q(0))->waiting == 3);
    CHECK_SOUND(f);
}

TEST_CASE("nothing crosses companies") {
    Floor f;
    f.add_queue(0);
    f.add_queue(1, kOtherCompany);
    const auto foreign_membership = f.acd.put_agent({f.a(1), kCompany, {{f.q(1)}}}, f.now, f.out);
    REQUIRE_FALSE(foreign_membership);
    CHECK(foreign_membership.error().code == Errc::UnknownQueue);
    const auto foreign_queue = f.enqueue(0, 1);
    REQUIRE_FALSE(foreign_queue);
    CHECK(foreign_queue.error().code == Errc::UnknownQueue);
    f.add_agent(2, {{f.q(1)}}, kOtherCompany);
    const auto foreign_agent = f.acd.offer_direct(
        {.id = f.c(0), .company = kCompany, .queue = f.q(0), .arrived = f.now.wall},
        f.a(2),
        f.now,
        f.out);
    REQUIRE_FALSE(foreign_agent);
    CHECK(foreign_agent.error().code == Errc::UnknownAgent);
    CHECK(f.acd.agents(kCompany).empty());
    CHECK(f.acd.queues(kOtherCompany).size() == 1);
}

TEST_CASE("configuration out of range is refused at its edges") {
    Floor f;
    const auto with = [&](auto change) {
        QueueConfig config{.id = f.q(0), .company = kCompany, .name = "q"};
        change(config);
        return static_cast<bool>(f.acd.put_queue(config));
    };
    CHECK_FALSE(with([](QueueConfig& c) { c.ring_time = 0s; }));
    CHECK(with([](QueueConfig& c) { c.ring_time = 1s; }));
    CHECK(with([](QueueConfig& c) { c.ring_time = 120s; }));
    CHECK_FALSE(with([](QueueConfig& c) { c.ring_time = 121s; }));
    CHECK_FALSE(with([](QueueConfig& c) { c.wrap_up_time = -1s; }));
    CHECK(with([](QueueConfig& c) { c.wrap_up_time = 3600s; }));
    CHECK_FALSE(with([](QueueConfig& c) { c.wrap_up_time = 3601s; }));
    CHECK_FALSE(with([](QueueConfig& c) { c.max_waiting = 0; }));
    CHECK(with([](QueueConfig& c) { c.max_waiting = 100'000; }));
    CHECK_FALSE(with([](QueueConfig& c) { c.max_waiting = 100'001; }));
    CHECK_FALSE(with([](QueueConfig& c) { c.company = kOtherCompany; }));

    std::vector<Membership> many;
    for (std::uint64_t n = 100; n < 100 + kMaxMemberships; ++n) {
        f.add_queue(n);
        many.push_back({f.q(n)});
    }
    CHECK(f.acd.put_agent({f.a(1), kCompany, many}, f.now, f.out));
    many.push_back({f.q(0)});
    CHECK_FALSE(f.acd.put_agent({f.a(1), kCompany, many}, f.now, f.out));
    CHECK_FALSE(f.acd.put_agent({f.a(1), kCompany, {{f.q(0)}, {f.q(0)}}}, f.now, f.out));
    CHECK_FALSE(f.acd.put_agent({f.a(1), kCompany, {{f.q(0), 0}}}, f.now, f.out));
}

TEST_CASE("reasons are words of the agent's own") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    const auto choose = [&](std::string reason) {
        return static_cast<bool>(f.acd.choose_status(
            f.a(1), {NextStatus::Kind::NotReady, std::move(reason)}, f.now, f.out));
    };
    CHECK(choose(std::string(kMaxReasonLength, 'x')));
    CHECK_FALSE(choose(std::string(kMaxReasonLength + 1, 'x')));
    CHECK_FALSE(choose(""));
    CHECK_FALSE(choose("Lunch break"));
    CHECK_FALSE(choose("no_answer"));
    CHECK_FALSE(choose("phone_unreachable"));
}

TEST_CASE("memberships change at run time without losing states or places") {
    Floor f;
    f.add_queue(0);
    f.add_queue(1);
    REQUIRE(f.enqueue(0, 1));
    f.add_ready(1, {{f.q(0)}});
    CHECK(f.kind(1) == AgentStateKind::Ready);
    f.add_agent(1, {{f.q(0)}, {f.q(1)}});
    CHECK(f.offered(1)->contact == f.c(0));
    f.add_agent(1, {{f.q(0)}});
    CHECK(f.offered(1)->contact == f.c(0));
    CHECK_SOUND(f);
    const auto busy = f.acd.remove_agent(f.a(1), f.now, f.out);
    REQUIRE_FALSE(busy);
    CHECK(busy.error().code == Errc::AgentBusy);
    const auto in_use = f.acd.remove_queue(f.q(1));
    REQUIRE_FALSE(in_use);
    CHECK(in_use.error().code == Errc::QueueInUse);
    REQUIRE(f.acd.leave(f.c(0), LeaveReason::Closed, f.now, f.out));
    CHECK(f.acd.remove_queue(f.q(1)));
    CHECK(f.acd.remove_queue(f.q(0)));
    CHECK(f.acd.remove_agent(f.a(1), f.now, f.out));
    CHECK(f.out.facts.back().type == "agent_state_changed");
    CHECK_FALSE(f.acd.agent(f.a(1)));
    CHECK_SOUND(f);
}

TEST_CASE("a lost hang-up heals: the agent who talks with nobody goes to wrap-up") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    REQUIRE(f.acd.offer_answered(f.offer(1), f.now, f.out));
    f.pass(kLeaseGrace - 1us);
    f.out = {};
    f.acd.reconcile({}, f.now, f.out);
    CHECK(f.kind(1) == AgentStateKind::Talking);  // Its leg may still be on its way.
    f.pass(1us);
    f.acd.reconcile({.legs = {{f.a(1), f.c(0)}}, .contacts = {f.c(0)}}, f.now, f.out);
    CHECK(f.kind(1) == AgentStateKind::Talking);
    CHECK(f.out.facts.empty());
    f.acd.reconcile({}, f.now, f.out);
    CHECK(f.kind(1) == AgentStateKind::WrapUp);
    CHECK(Floor::text(f.fact("state_repaired"), "what") == "talking");
    CHECK_SOUND(f);
}

TEST_CASE(
    "a ring without a leg is given back and rung again; a caller who is gone leaves the queue") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    f.pass(1s);
    REQUIRE(f.enqueue(1, 0));
    const OfferId first = f.offer(1);
    f.pass(kLeaseGrace);
    f.out = {};
    f.acd.reconcile({.legs = {}, .contacts = {f.c(0)}}, f.now, f.out);
    CHECK(f.offered(1)->contact == f.c(0));
    CHECK(f.offer(1) != first);
    CHECK(f.acd.queue(f.q(0))->waiting == 1);
    CHECK(f.acd.queue(f.q(0))->abandoned == 1);
    CHECK_SOUND(f);
}

TEST_CASE("a leg that no state explains is reported") {
    Floor f = one_queue();
    f.add_ready(1, {{f.q(0)}});
    f.pass(kLeaseGrace);
    f.out = {};
    f.acd.reconcile({.legs = {{f.a(1), f.c(9)}}, .contacts = {}}, f.now, f.out);
    REQUIRE(f.actions<StrayLeg>().size() == 1);
    CHECK(f.actions<StrayLeg>()[0].contact == f.c(9));
}

TEST_CASE("a step back of the wall clock does not reorder idle agents") {
    Floor f = one_queue();
    f.add_ready(2, {{f.q(0)}});
    f.now.wall -= std::chrono::hours{1};
    f.add_ready(1, {{f.q(0)}});
    REQUIRE(f.enqueue(0, 0));
    CHECK(f.kind(2) == AgentStateKind::Offered);
}

TEST_CASE("two contacts of one arrival keep one order") {
    Floor f = one_queue();
    REQUIRE(f.enqueue(2, 0));
    REQUIRE(f.enqueue(1, 0));
    CHECK(f.acd.position(f.c(1)) == 1);
    CHECK(f.acd.position(f.c(2)) == 2);
    CHECK(f.acd.waiting(f.q(0), 1).size() == 1);
}

}  // namespace escucha::acd
