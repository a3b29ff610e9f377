// One person who is an agent of two companies.

#include <doctest/doctest.h>

#include "acd/detail/test_floor.h"

namespace escucha::acd {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kHere = 0, kThere = 1;
const UserId kAna = numbered<UserId>(5, 0);

/// Queue and agent `kHere` of one company, `kThere` of another: Ana, Ready in both.
struct TwoCompanies : Floor {
    TwoCompanies() {
        add_queue(kHere);
        add_queue(kThere, kOtherCompany);
        add_chair(kHere, kCompany);
        add_chair(kThere, kOtherCompany);
        REQUIRE(acd.sign_in(a(kHere), now, out));
        REQUIRE(acd.phone_reachable(a(kHere), Reachability::Reachable, now, out));
        REQUIRE(acd.choose_status(a(kHere), {}, now, out));
    }
    void add_chair(std::uint64_t n, CompanyId company) {
        REQUIRE(acd.put_agent({a(n), company, {{q(n)}}, kAna}, now, out));
    }
    void arrive(std::uint64_t contact, std::uint64_t where) {
        REQUIRE(acd.enqueue({.id = c(contact),
                             .company = where == kHere ? kCompany : kOtherCompany,
                             .queue = q(where),
                             .arrived = now.wall},
                            now,
                            out));
    }
    void talk(std::uint64_t contact, std::uint64_t where) {
        arrive(contact, where);
        REQUIRE(acd.offer_answered(offer(where), now, out));
    }
    void finish(std::uint64_t contact, std::uint64_t where) {
        REQUIRE(acd.contact_finished(a(where), c(contact), now, out));
        REQUIRE(acd.finish_wrap_up(a(where), now, out));
    }
};

}  // namespace

TEST_CASE("signing in, a status and a telephone are the person's, not the company's") {
    TwoCompanies f;
    CHECK(f.kind(kThere) == AgentStateKind::Ready);
    REQUIRE(f.acd.choose_status(f.a(kThere), {NextStatus::Kind::NotReady, "lunch"}, f.now, f.out));
    CHECK(f.reason(kHere) == "lunch");
    REQUIRE(f.acd.choose_status(f.a(kHere), {}, f.now, f.out));
    REQUIRE(f.acd.phone_reachable(f.a(kHere), Reachability::Unreachable, f.now, f.out));
    CHECK(f.reason(kThere) == "phone_unreachable");
    REQUIRE(f.acd.phone_reachable(f.a(kHere), Reachability::Reachable, f.now, f.out));
    CHECK(f.kind(kThere) == AgentStateKind::Ready);
    REQUIRE(f.acd.sign_out(f.a(kThere), f.now, f.out));
    CHECK(f.kind(kHere) == AgentStateKind::SignedOut);
    CHECK_FALSE(f.acd.broken_invariant());
}

TEST_CASE("while one company's call holds the person the other rings nobody") {
    TwoCompanies f;
    f.arrive(0, kHere);
    CHECK(f.kind(kHere) == AgentStateKind::Offered);
    CHECK(f.kind(kThere) == AgentStateKind::NotReady);
    CHECK(f.reason(kThere) == "elsewhere");
    f.arrive(1, kThere);
    CHECK(f.offered(kThere) == nullptr);
    CHECK(f.acd.waiting(f.q(kThere), 10).size() == 1);

    SUBCASE("the caller who waits is next when the call and its wrap-up are over") {
        REQUIRE(f.acd.offer_answered(f.offer(kHere), f.now, f.out));
        CHECK(f.reason(kThere) == "elsewhere");
        f.finish(0, kHere);
        CHECK(f.kind(kThere) == AgentStateKind::Offered);
        CHECK(f.reason(kHere) == "elsewhere");
    }
    SUBCASE("the caller who gives up ringing leaves the person to the other") {
        REQUIRE(f.acd.leave(f.c(0), LeaveReason::Abandoned, f.now, f.out));
        CHECK(f.kind(kThere) == AgentStateKind::Offered);
    }
    SUBCASE("a missed offer makes nobody ready anywhere") {
        f.pass(20s);
        f.acd.wake(f.now, f.out);
        CHECK(f.reason(kHere) == "no_answer");
        CHECK(f.reason(kThere) == "no_answer");
    }
    CHECK_FALSE(f.acd.broken_invariant());
}

TEST_CASE("a person who becomes free takes who came first, in whichever company") {
    TwoCompanies f;
    f.talk(0, kHere);
    f.arrive(1, kThere);
    f.pass(1s);
    f.arrive(2, kHere);
    f.finish(0, kHere);
    REQUIRE(f.offered(kThere) != nullptr);
    CHECK(f.offered(kThere)->contact == f.c(1));
    CHECK(f.kind(kHere) == AgentStateKind::NotReady);
}

TEST_CASE("a status chosen as the other company's agent is what comes after the call") {
    TwoCompanies f;
    f.talk(0, kHere);
    REQUIRE(f.acd.choose_status(f.a(kThere), {NextStatus::Kind::NotReady, "lunch"}, f.now, f.out));
    CHECK(f.reason(kThere) == "elsewhere");
    CHECK(f.acd.agent(f.a(kHere))->next()->reason == "lunch");
    f.finish(0, kHere);
    CHECK(f.reason(kHere) == "lunch");
    CHECK(f.reason(kThere) == "lunch");

    f.out = {};
    const NextStatus made_up{NextStatus::Kind::NotReady, "elsewhere"};
    CHECK(f.acd.choose_status(f.a(kHere), made_up, f.now, f.out).error().code ==
          Errc::InvalidReason);
}

TEST_CASE("nobody is handed over to who is busy elsewhere") {
    TwoCompanies f;
    f.talk(0, kHere);
    f.add_queue(2, kOtherCompany);
    REQUIRE(f.acd.put_agent({f.a(2), kOtherCompany, {{f.q(2)}}, {}}, f.now, f.out));
    REQUIRE(f.acd.sign_in(f.a(2), f.now, f.out));
    REQUIRE(f.acd.phone_reachable(f.a(2), Reachability::Reachable, f.now, f.out));
    REQUIRE(f.acd.choose_status(f.a(2), {}, f.now, f.out));
    REQUIRE(f.acd.enqueue(
        {.id = f.c(1), .company = kOtherCompany, .queue = f.q(2), .arrived = f.now.wall},
        f.now,
        f.out));
    REQUIRE(f.acd.offer_answered(f.offer(2), f.now, f.out));
    CHECK(f.acd.hand_over(f.c(1), f.a(kThere), {}, f.now, f.out).error().code ==
          Errc::AgentNotReady);
}

TEST_CASE("leaving a company or joining one does not touch the call in hand") {
    TwoCompanies f;
    f.talk(0, kHere);
    REQUIRE(f.acd.remove_agent(f.a(kThere), f.now, f.out));
    CHECK(f.kind(kHere) == AgentStateKind::Talking);
    f.add_chair(kThere, kOtherCompany);
    CHECK(f.reason(kThere) == "elsewhere");
    f.finish(0, kHere);
    CHECK(f.kind(kThere) == AgentStateKind::Ready);

    REQUIRE(f.acd.remove_agent(f.a(kHere), f.now, f.out));
    CHECK(f.kind(kThere) == AgentStateKind::Ready);
    CHECK_FALSE(f.acd.broken_invariant());
}

TEST_CASE("a person sits in a limited number of chairs") {
    Floor f;
    for (std::uint64_t n = 0; n < kMaxChairs; ++n) {
        REQUIRE(f.acd.put_agent({f.a(n), numbered<CompanyId>(1, n), {}, kAna}, f.now, f.out));
    }
    const AgentProfile one_more{f.a(99), numbered<CompanyId>(1, 99), {}, kAna};
    CHECK(f.acd.put_agent(one_more, f.now, f.out).error().code == Errc::InvalidConfig);
    CHECK_FALSE(f.acd.agent(f.a(99)));
}

TEST_CASE("after a restart the person is still busy in one company only") {
    TwoCompanies f;
    f.talk(0, kHere);
    Rows rows = f.acd.rows();
    TwoCompanies again;
    const auto begin = [&] {
        again.acd = Acd{8};
        again.add_queue(kHere);
        again.add_queue(kThere, kOtherCompany);
        again.add_chair(kHere, kCompany);
        again.add_chair(kThere, kOtherCompany);
    };
    SUBCASE("with a row of each") { begin(); }
    SUBCASE("joined while nobody ran: no row of that company") {
        begin();
        std::erase_if(rows.agents, [&](const AgentRow& row) { return row.agent == f.a(kThere); });
    }
    SUBCASE("with rows that make a second caller's of the same person") {
        begin();
        AgentRow& other = rows.agents.at(1);
        REQUIRE(other.agent == f.a(kThere));
        other.state = Talking{.contact = f.c(1), .queue = f.q(kThere), .next = {}};
        rows.contacts.push_back({.contact = {.id = f.c(1),
                                             .company = kOtherCompany,
                                             .queue = f.q(kThere),
                                             .arrived = f.now.wall},
                                 .queued_at = f.now.wall,
                                 .place = InTalk{.agent = f.a(kThere)}});
        CHECK(again.acd.restore(rows, again.now, again.out).empty());
        CHECK(again.kind(kThere) == AgentStateKind::Talking);
        again.finish(1, kThere);
        CHECK(again.reason(kThere) == "elsewhere");
        again.finish(0, kHere);
        CHECK(again.kind(kThere) == AgentStateKind::Ready);
        CHECK_FALSE(again.acd.broken_invariant());
        return;
    }
    CHECK(again.acd.restore(rows, again.now, again.out).empty());
    CHECK(again.kind(kHere) == AgentStateKind::Talking);
    CHECK(again.reason(kThere) == "elsewhere");
    CHECK_FALSE(again.acd.broken_invariant());
}

}  // namespace escucha::acd
