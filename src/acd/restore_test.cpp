#include <doctest/doctest.h>

#include "acd/acd.h"
#include "acd/detail/test_floor.h"

namespace escucha::acd {

using namespace std::chrono_literals;

namespace {

/// Agent 0 wraps up, 1 talks, 2 is rung, 3 is Not Ready, 4 signed out; two contacts wait.
Floor busy_floor() {
    Floor f;
    f.add_queue(0);
    for (std::uint64_t n = 0; n < 4; ++n) {
        f.add_ready(n, {{f.q(0)}});
        f.pass(1s);
        REQUIRE(f.enqueue(n, 0));
    }
    REQUIRE(f.acd.offer_answered(f.offer(0), f.now, f.out));
    REQUIRE(f.acd.contact_finished(f.a(0), f.c(0), f.now, f.out));
    REQUIRE(f.acd.choose_status(f.a(0), {NextStatus::Kind::NotReady, "lunch"}, f.now, f.out));
    REQUIRE(f.acd.offer_answered(f.offer(1), f.now, f.out));
    REQUIRE(f.acd.offer_declined(f.offer(3), f.now, f.out));
    f.add_agent(4, {{f.q(0)}});
    REQUIRE(f.enqueue(9, 0));
    return f;
}

/// The configuration of `busy_floor`, and nothing live.
Floor configured() {
    Floor f;
    f.add_queue(0);
    for (std::uint64_t n = 0; n < 5; ++n) f.add_agent(n, {{f.q(0)}});
    f.out = {};
    return f;
}

}  // namespace

TEST_CASE("a restart keeps every state, every place and every timer") {
    Floor before = busy_floor();
    const std::string saved = encode(before.acd.rows());
    Floor after = configured();
    after.now = {Instant{} + 5s, before.now.wall + 3s};  // Another boot, three seconds later.
    auto rows = decode_rows(saved);
    REQUIRE(rows);
    CHECK(after.acd.restore(rows.value(), after.now, after.out).empty());
    CHECK(after.acd.broken_invariant().value_or("") == "");
    CHECK(after.out.facts.empty());
    for (std::uint64_t n = 0; n < 5; ++n) {
        CAPTURE(n);
        CHECK(after.kind(n) == before.kind(n));
        CHECK(after.reason(n) == before.reason(n));
        CHECK(after.acd.agent(after.a(n))->until() == before.acd.agent(before.a(n))->until());
        CHECK(after.acd.agent(after.a(n))->since == before.acd.agent(before.a(n))->since);
    }
    CHECK(after.acd.position(after.c(2)) == 1);
    CHECK(after.acd.position(after.c(3)) == 2);
    CHECK(after.acd.position(after.c(9)) == 3);
    CHECK(encode(after.acd.rows()) == saved);
    // Ring began at 1 s before the save at the latest; it goes on by the wall clock.
    REQUIRE(before.acd.next_wakeup());
    CHECK(*after.acd.next_wakeup() - after.now.mono ==
          *before.acd.next_wakeup() - before.now.mono - 3s);
    REQUIRE(after.acd.offer_answered(before.offer(2), after.now, after.out));
    CHECK(after.kind(2) == AgentStateKind::Talking);
}

TEST_CASE("a ring that ended during the outage ends at the first wake") {
    Floor before = busy_floor();
    Floor after = configured();
    after.now = {Instant{}, before.now.wall + 1h};
    after.acd.restore(before.acd.rows(), after.now, after.out);
    after.acd.wake(after.now, after.out);
    CHECK(after.reason(2) == "no_answer");
    CHECK(after.reason(0) == "lunch");
    CHECK(after.acd.position(after.c(2)) == 1);
    CHECK(after.acd.broken_invariant().value_or("") == "");
}

TEST_CASE("a wall clock that was set back does not prolong a ring") {
    Floor before = busy_floor();
    Floor after = configured();
    after.now = {Instant{}, before.now.wall - std::chrono::hours{24 * 365}};
    after.acd.restore(before.acd.rows(), after.now, after.out);
    CHECK(*after.acd.next_wakeup() <= after.now.mono + kMaxRingTime);
}

TEST_CASE("rows that contradict each other are mended for the caller") {
    Floor before = busy_floor();
    Rows rows = before.acd.rows();
    // The agents' rows are those of an earlier time: nobody holds a contact any more.
    for (AgentRow& row : rows.agents) row.state = SignedOut{};
    Floor after = configured();
    after.now = before.now;
    after.acd.restore(rows, after.now, after.out);
    CHECK(after.acd.broken_invariant().value_or("") == "");
    CHECK(after.acd.position(after.c(1)) == 1);  // It talked; now it waits at its place.
    CHECK(after.acd.queue(after.q(0))->waiting == 4);
    CHECK(after.fact("state_repaired").contact);

    Rows without_contacts = before.acd.rows();
    without_contacts.contacts.clear();
    Floor other = configured();
    other.now = before.now;
    other.acd.restore(without_contacts, other.now, other.out);
    CHECK(other.acd.broken_invariant().value_or("") == "");
    CHECK(other.kind(1) == AgentStateKind::Ready);
    CHECK(other.kind(2) == AgentStateKind::Ready);
}

TEST_CASE("contacts whose queue is gone are handed to the owner") {
    Floor before = busy_floor();
    Floor after;
    after.add_queue(1);
    after.add_agent(1, {{after.q(1)}});
    const auto lost = after.acd.restore(before.acd.rows(), after.now, after.out);
    CHECK(lost.size() == 3);
    CHECK(after.kind(1) == AgentStateKind::Talking);  // A conversation needs no queue.
    CHECK(after.acd.broken_invariant().value_or("") == "");
    REQUIRE(after.acd.contact_finished(after.a(1), after.c(1), after.now, after.out));
    CHECK(after.kind(1) == AgentStateKind::WrapUp);
}

TEST_CASE("one row goes through text and back") {
    Floor f = busy_floor();
    for (std::uint64_t n = 0; n < 5; ++n) {
        const std::string text = encode(*f.acd.agent_row(f.a(n)));
        const auto row = decode_agent_row(text);
        REQUIRE(row);
        CHECK(encode(row.value()) == text);
    }
    const std::string text = encode(*f.acd.contact_row(f.c(2)));
    const auto row = decode_contact_row(text);
    REQUIRE(row);
    CHECK(encode(row.value()) == text);
    CHECK_FALSE(f.acd.contact_row(f.c(77)));
}

TEST_CASE("text that is no saved state is refused with the field's name") {
    const auto detail = [](const auto& result) {
        REQUIRE_FALSE(result);
        CHECK(result.error().code == Errc::InvalidSavedState);
        return result.error().detail;
    };
    CHECK(detail(decode_rows("{")) == "not JSON");
    CHECK(detail(decode_rows("{}")) == "agents");
    CHECK(detail(decode_rows(R"({"agents":[]})")) == "contacts");
    CHECK(detail(decode_rows(R"({"agents":[3],"contacts":[]})")) == "not an object");
    CHECK(detail(decode_agent_row(R"({"agent":"x"})")) == "agent");
    Floor f = busy_floor();
    std::string text = encode(*f.acd.contact_row(f.c(2)));
    text.replace(text.find("normal"), 6, "whatev");
    CHECK(detail(decode_contact_row(text)) == "priority");
}

}  // namespace escucha::acd
