// The auditor itself: each rule of detail/ledger.h must catch what breaks it.

#include <functional>

#include <doctest/doctest.h>

#include "sim/detail/ledger.h"

namespace escucha::sim {

namespace {

const CompanyId kCompany{Uuid{1, 1}};
const QueueId kQueue{Uuid{2, 1}};
const AgentId kAna{Uuid{3, 1}};
const AgentId kLuis{Uuid{3, 2}};
const CaseId kCase{Uuid{5, 1}};

ContactId contact(std::uint64_t n) { return ContactId{Uuid{4, n}}; }

struct Book {
    Ledger ledger;

    Event& event(std::string_view type, std::uint64_t n) {
        last = Event{};
        last.type = type;
        last.company = kCompany;
        last.contact = contact(n);
        return last;
    }
    void commit() { ledger.commit(last); }

    void arrive(std::uint64_t n) {
        event("contact_arrived", n);
        commit();
    }
    void queue(std::uint64_t n, const char* arrived, const char* priority = "normal") {
        event("contact_queued", n).with("arrived", arrived).with("priority", priority);
        last.queue = kQueue;
        commit();
    }
    void leave_queue(std::uint64_t n, const char* reason) {
        event("contact_left_queue", n).with("reason", reason).with("wait_ms", std::int64_t{5});
        last.queue = kQueue;
        commit();
    }
    void offer(std::uint64_t n, AgentId agent) {
        event("offer_made", n).agent = agent;
        last.queue = kQueue;
        commit();
    }
    void connect(std::uint64_t n, AgentId agent) {
        event("contact_connected", n).agent = agent;
        commit();
    }
    void disconnect(std::uint64_t n, AgentId agent, const char* by) {
        event("contact_disconnected", n).with("by", by).agent = agent;
        commit();
    }
    void end(std::uint64_t n, const char* outcome = "served") {
        event("contact_ended", n).with("outcome", outcome).case_id = kCase;
        commit();
    }
    void record(std::uint64_t n, const char* type) {
        event(type, n).with("recording", "r1");
        commit();
    }
    void agent_state(const char* previous, const char* state) {
        event("agent_state_changed", 0).with("previous", previous).with("state", state);
        last.contact.reset();
        last.agent = kAna;
        commit();
    }
    /// Arrives, waits, is connected with the agent.
    void talk(std::uint64_t n, AgentId agent) {
        arrive(n);
        queue(n, "2026-11-23T08:00:00.000Z");
        offer(n, agent);
        leave_queue(n, "answered");
        connect(n, agent);
    }

    Event last;
};

std::string verdict(const std::function<void(Book&)>& history) {
    Book book;
    history(book);
    Report report;
    book.ledger.close(report);
    return report.failure.substr(0, report.failure.find(':'));
}

}  // namespace

TEST_CASE("an honest history is accepted") {
    CHECK(verdict([](Book& b) {
              b.talk(1, kAna);
              b.record(1, "recording_started");
              b.disconnect(1, kAna, "transfer");
              b.queue(1, "2026-11-23T08:00:00.000Z");
              b.offer(1, kLuis);
              b.leave_queue(1, "answered");
              b.connect(1, kLuis);
              b.disconnect(1, kLuis, "caller");
              b.end(1);
              b.record(1, "recording_ended");
              b.agent_state("signed_out", "not_ready");
              b.agent_state("not_ready", "ready");
          }) == "");
}

TEST_CASE("every rule catches what breaks it") {
    CHECK(verdict([](Book& b) { b.arrive(1); }) == "never ended");
    CHECK(verdict([](Book& b) {
              b.arrive(1);
              b.event("contact_ended", 1).with("outcome", "served");
              b.commit();
          }) == "ended without a case");
    CHECK(verdict([](Book& b) {
              b.arrive(1);
              b.end(1, "vanished");
          }) == "outcome vanished");
    CHECK(verdict([](Book& b) {
              b.arrive(1);
              b.end(1);
              b.end(1);
          }).starts_with("contact_ended after the end"));
    CHECK(verdict([](Book& b) { b.end(1); }) == "contact_ended of nobody");
    CHECK(verdict([](Book& b) {
              b.talk(1, kAna);
              b.end(1);
          }) == "ended while waiting, ringing or talking");
    CHECK(verdict([](Book& b) {
              b.talk(1, kAna);
              b.arrive(2);
              b.connect(2, kAna);
          }) == "an agent in two calls");
    CHECK(verdict([](Book& b) {
              b.talk(1, kAna);
              b.connect(1, kLuis);
          }) == "connected twice");
    CHECK(verdict([](Book& b) {
              b.talk(1, kAna);
              b.disconnect(1, kAna, "caller");
              b.connect(1, kLuis);
          }) == "served twice");
    CHECK(verdict([](Book& b) {
              b.talk(1, kAna);
              b.disconnect(1, kLuis, "agent");
          }) == "disconnected from another");
    CHECK(verdict([](Book& b) {
              b.arrive(1);
              b.leave_queue(1, "abandoned");
          }) == "left a queue it was not in");
    CHECK(verdict([](Book& b) {
              b.arrive(1);
              b.record(1, "recording_started");
              b.end(1);
          }) == "a recording never ended");
    CHECK(verdict([](Book& b) {
              b.arrive(1);
              b.record(1, "recording_ended");
          }) == "a recording ended twice");
    CHECK(verdict([](Book& b) {
              b.agent_state("ready", "offered");
          }).starts_with("agent 00000001 was signed_out"));
}

TEST_CASE("offers follow priority, then arrival") {
    const auto served_first = [](std::uint64_t n, const char* priority_of_second) {
        return verdict([&](Book& b) {
            b.arrive(1);
            b.arrive(2);
            b.queue(1, "2026-11-23T08:00:00.000Z");
            b.queue(2, "2026-11-23T08:00:01.000Z", priority_of_second);
            b.offer(n, kAna);
        });
    };
    CHECK(served_first(1, "normal") == "never ended");
    CHECK(served_first(2, "normal").starts_with("served out of order"));
    CHECK(served_first(2, "urgent") == "never ended");
    CHECK(served_first(1, "high").starts_with("served out of order"));
}

}  // namespace escucha::sim
