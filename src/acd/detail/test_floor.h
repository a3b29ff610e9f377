#pragma once

// A floor for tests: companies, queues, agents and a clock, and names instead of ids.

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "acd/acd.h"

namespace escucha::acd {

template <typename Id>
Id numbered(std::uint64_t kind, std::uint64_t n) {
    return Id{Uuid{kind, n + 1}};
}

inline const CompanyId kCompany = numbered<CompanyId>(1, 0);
inline const CompanyId kOtherCompany = numbered<CompanyId>(1, 1);

struct Floor {
    Acd acd{7};
    Effects out;
    Now now{Instant{} + std::chrono::hours{1}, from_micros(1'790'000'000'000'000)};

    static QueueId q(std::uint64_t n) { return numbered<QueueId>(2, n); }
    static AgentId a(std::uint64_t n) { return numbered<AgentId>(3, n); }
    static ContactId c(std::uint64_t n) { return numbered<ContactId>(4, n); }

    void pass(Duration time) {
        now.mono += time;
        now.wall += time;
    }
    void add_queue(std::uint64_t n, CompanyId company = kCompany) {
        QueueConfig config{.id = q(n), .company = company, .name = "q" + std::to_string(n)};
        REQUIRE(acd.put_queue(config));
    }
    void add_agent(std::uint64_t n,
                   std::vector<Membership> memberships,
                   CompanyId company = kCompany) {
        REQUIRE(acd.put_agent({a(n), company, std::move(memberships)}, now, out));
    }
    /// Signed in, reachable and Ready.
    void add_ready(std::uint64_t n, std::vector<Membership> memberships) {
        add_agent(n, std::move(memberships));
        REQUIRE(acd.sign_in(a(n), now, out));
        REQUIRE(acd.phone_reachable(a(n), Reachability::Reachable, now, out));
        REQUIRE(acd.choose_status(a(n), {}, now, out));
    }
    /// Arrives now.
    Result<void> enqueue(std::uint64_t contact,
                         std::uint64_t queue,
                         Priority priority = Priority::Normal) {
        return acd.enqueue({.id = c(contact),
                            .company = kCompany,
                            .queue = q(queue),
                            .arrived = now.wall,
                            .priority = priority,
                            .language = "es"},
                           now,
                           out);
    }
    AgentStateKind kind(std::uint64_t agent) const { return kind_of(acd.agent(a(agent))->state); }
    std::string reason(std::uint64_t agent) const {
        return std::string{acd.agent(a(agent))->reason()};
    }
    const Offered* offered(std::uint64_t agent) {
        view_ = *acd.agent(a(agent));
        return std::get_if<Offered>(&view_.state);
    }
    OfferId offer(std::uint64_t agent) {
        REQUIRE(offered(agent) != nullptr);
        return offered(agent)->offer;
    }
    template <typename T>
    std::vector<T> actions() const {
        std::vector<T> found;
        for (const Action& action : out.actions) {
            if (const auto* one = std::get_if<T>(&action)) found.push_back(*one);
        }
        return found;
    }
    std::vector<std::string> facts() const {
        std::vector<std::string> types;
        for (const Event& event : out.facts) types.emplace_back(event.type);
        return types;
    }
    const Event& fact(std::string_view type) const {
        for (const Event& event : out.facts) {
            if (event.type == type) return event;
        }
        FAIL("no fact " << std::string{type});
        return out.facts.front();
    }
    static std::string text(const Event& event, std::string_view field) {
        const Event::Value* value = event.find(field);
        if (value == nullptr) return "(absent)";
        if (const auto* text = std::get_if<std::string>(value)) return *text;
        if (const auto* number = std::get_if<std::int64_t>(value)) return std::to_string(*number);
        return "(other)";
    }

private:
    AgentView view_;
};

}  // namespace escucha::acd
