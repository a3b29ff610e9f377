#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/event.h"
#include "control/look_ups.h"
#include "sim/day.h"

namespace escucha::sim {

/// What the journal says, read as an auditor would: nothing is known but the events.
class Ledger {
public:
    explicit Ledger(std::function<void(const std::string&)> journal = {})
        : journal_{std::move(journal)} {}

    /// One committed event, in order.
    void commit(const Event& event);
    /// When everybody has gone home.
    void close(Report& report);

    void fail(std::string what);
    [[nodiscard]] bool has_failed() const { return !failure_.empty(); }
    [[nodiscard]] std::int64_t waiting() const { return waiting_; }

    // The store's side, for look-ups.
    [[nodiscard]] std::vector<control::KnownCase> cases_of(const std::string& caller) const;
    [[nodiscard]] std::optional<control::KnownCase> find_case(const std::string& reference) const;

private:
    struct Contact {
        std::string caller;
        bool is_ended = false;
        std::optional<QueueId> queue;
        std::optional<AgentId> ringing;
        std::optional<AgentId> talking;
        bool was_served = false;
        bool was_transferred = false;
        bool is_outside = false;           ///< A number is called, or talked with.
        bool is_outside_answered = false;  ///< It is talked with.
        bool is_outside_asked = false;     ///< By the agent, before the caller is passed on.
        std::optional<std::string> asked;  ///< Of whom the agent asks.
        std::set<std::string> members;     ///< Colleagues in the conference.
        bool is_conference = false;
        std::string rank;  ///< Priority and arrival, comparable as text.
    };
    struct Agent {
        std::string state = "signed_out";
        std::optional<ContactId> contact;  ///< Talks with.
    };
    using Place = std::pair<std::string, ContactId>;

    void on_contact(const Event& event);
    void arrived(const Event& event);
    void queued(Contact& contact, const Event& event);
    void left_queue(Contact& contact, const Event& event);
    void offered(Contact& contact, const Event& event);
    void returned(Contact& contact, const Event& event);
    void connected(Contact& contact, const Event& event);
    void disconnected(Contact& contact, const Event& event);
    void ended(Contact& contact, const Event& event);
    void outside(Contact& contact, const Event& event);
    void consultation(Contact& contact, const Event& event);
    void conference(Contact& contact, const Event& event);
    void supervision(Contact& contact, const Event& event);
    /// Is in a conversation that is not theirs, from now on or no more.
    void take_part(const std::string& agent, const Event& event);
    void take_leave(const std::string& agent, const Event& event);
    void opened(const Contact& contact, const Event& event);
    void agent_changed(const Event& event);
    void digest(const Event& event);
    void remember(const Event& event);

    std::unordered_map<ContactId, Contact> contacts_;
    std::unordered_map<AgentId, Agent> agents_;
    std::map<QueueId, std::set<Place>> lines_;  ///< Waiting and not ringing.
    std::map<std::string, control::KnownCase> cases_;
    std::unordered_map<std::string, std::vector<std::string>> by_caller_;
    std::set<std::string> open_recordings_;
    std::map<std::string, ContactId> guests_;  ///< Who is in which conversation that is not theirs.
    std::vector<std::int64_t> waits_ms_;
    std::int64_t waiting_ = 0;
    std::uint64_t digest_ = 14'695'981'039'346'656'037ULL;
    Report counts_;
    std::string failure_;
    std::deque<std::string> last_;
    std::function<void(const std::string&)> journal_;
};

}  // namespace escucha::sim
