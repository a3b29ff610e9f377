#pragma once

#include <compare>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>

#include "acd/acd.h"
#include "base/rng.h"

namespace escucha::acd {

/// One event being served: its time and what it causes.
struct Turn {
    Now now;
    Effects& out;
};

/// A place among all contacts of a company.
struct PlaceKey {
    Priority priority;
    WallTime arrived;
    ContactId contact;
    auto operator<=>(const PlaceKey&) const = default;
};

/// A place among the Ready members of one queue.
struct ReadyKey {
    std::uint8_t level;
    std::uint64_t idle_rank;
    AgentId agent;
    auto operator<=>(const ReadyKey&) const = default;
};

/// A set that also knows the rank of a key, for positions.
using Line = __gnu_pbds::tree<PlaceKey,
                              __gnu_pbds::null_type,
                              std::less<>,
                              __gnu_pbds::rb_tree_tag,
                              __gnu_pbds::tree_order_statistics_node_update>;

struct ContactRecord {
    QueuedContact contact;
    WallTime queued_at;
    Instant queued;  ///< `queued_at` on the monotonic clock.
    Place place;
    Instant placed;  ///< Start of `place`.

    [[nodiscard]] PlaceKey key() const {
        return {.priority = contact.priority, .arrived = contact.arrived, .contact = contact.id};
    }
    [[nodiscard]] bool is_in_line() const;
};

struct AgentRecord {
    AgentProfile profile;
    AgentState state;
    WallTime since_wall;
    Instant since;
    bool is_phone_reachable = false;
};

struct QueueRecord {
    QueueConfig config;
    Line line;                     ///< Waiting and ringing, in order.
    std::set<PlaceKey> available;  ///< Waiting, offered to nobody.
    std::set<ReadyKey> ready;      ///< Members who are Ready.
    std::set<AgentId> members;
    std::uint32_t held = 0;  ///< Contacts whose queue this is, talking ones included.
    std::uint64_t entered = 0, answered = 0, abandoned = 0, left_otherwise = 0;
};

/// What `reconcile` or `restore` found wrong and mended.
struct Repair {
    std::optional<AgentId> agent;
    std::optional<ContactId> contact;
    std::string_view what, found, expected;
};

struct Acd::Core {
    explicit Core(std::uint64_t seed) : rng{seed} {}

    Rng rng;
    std::unordered_map<QueueId, QueueRecord> queues;
    std::unordered_map<AgentId, AgentRecord> agents;
    std::unordered_map<ContactId, ContactRecord> contacts;
    std::unordered_map<OfferId, AgentId> offers;
    /// The agents of each person who is named, in the order in which they came.
    std::unordered_map<UserId, std::vector<AgentId>> chairs;
    std::set<std::pair<Instant, AgentId>> timers;
    std::uint64_t next_idle_rank = 1;
    // Filled while an event is served, emptied by settle().
    std::vector<PlaceKey> loose;  ///< Contacts that became available.
    std::set<AgentId> freed;      ///< Agents who became Ready and have not chosen yet.

    // Finding. nullptr for what is unknown or of another company.
    QueueRecord* find_queue(QueueId id);
    QueueRecord* find_queue(QueueId id, CompanyId company);
    AgentRecord* find_agent(AgentId id);
    ContactRecord* find_contact(ContactId id);
    AgentRecord& agent_of(AgentId id);
    ContactRecord& contact_of(ContactId id);

    // Agents (agents.cpp).
    /// Of the agent, and what follows from it for the other companies' agents who are the same
    /// person.
    void set_state(AgentRecord& agent, AgentState state, std::string_view reason, Turn turn);
    void change_state(AgentRecord& agent, AgentState state, std::string_view reason, Turn turn);
    void index_state(const AgentRecord& agent);
    void unindex_state(const AgentRecord& agent);
    /// Where the agent goes when nothing holds them: Ready needs a reachable phone.
    AgentState rest_state(const AgentRecord& agent,
                          const NextStatus& next,
                          std::uint64_t idle_rank);
    void rest(AgentRecord& agent, const NextStatus& next, std::string_view reason, Turn turn);
    /// As `rest`, as long idle as before.
    void rest_as_before(AgentRecord& agent, std::string_view reason, Turn turn);
    void choose_next(AgentRecord& agent, NextStatus& next, NextStatus chosen, Turn turn);
    void start_wrap_up(AgentRecord& agent, std::string_view reason, Turn turn);

    // One person, agent of several companies (chairs.cpp).
    /// The agent and those who are the same person.
    [[nodiscard]] std::span<const AgentId> chairs_of(const AgentRecord& agent) const;
    /// The one that holds the person: busy, or else `agent` itself.
    AgentRecord& chair_in_use(AgentRecord& agent);
    bool is_elsewhere(const AgentRecord& agent);
    void take_chair(const AgentRecord& agent);
    /// After the person's agents changed: all as the one that holds them.
    void align_chairs(AgentRecord& agent, std::string_view reason, Turn turn);
    void leave_chair(const AgentRecord& agent);
    /// What the person's other agents are while this one is in its state.
    void mirror(const AgentRecord& agent, std::string_view reason, Turn turn);
    void set_reachable(AgentRecord& agent, bool is_reachable, Effects& out);

    [[nodiscard]] std::chrono::seconds wrap_up_time(QueueId queue) const;

    // Contacts (contacts.cpp).
    void place_in_queue(QueuedContact contact, QueuedBecause because, Turn turn);
    void make_available(ContactRecord& record);
    void leave_line(ContactRecord& record, LeaveReason reason, Turn turn);
    void note_left_queue(const ContactRecord& record, std::string_view reason, Turn turn);
    /// Ends whatever the contact was doing before it goes elsewhere or away.
    void detach(ContactId contact, LeaveReason reason, Turn turn);
    void forget(ContactId contact);
    void hold_queue(const QueuedContact& contact);

    // Offers (offers.cpp).
    void begin_offer(ContactRecord& record, AgentRecord& agent, Explanation why, Turn turn);
    void end_offer(AgentRecord& agent, ReturnReason reason, Turn turn);
    void give_back(AgentRecord& agent, ReturnReason reason, Turn turn);
    void cancel_offer(AgentRecord& agent, Turn turn);
    void return_contact(ContactId contact, ReturnReason reason, Turn turn);
    Result<AgentRecord*> open_offer(OfferId offer, std::string_view what, Turn turn);
    void connect(AgentRecord& agent, Turn turn);
    /// Matches loose contacts and freed agents. Every public event ends with it.
    void settle(Turn turn);
    bool offer_to_best(QueueRecord& queue, ContactRecord& record, Turn turn);
    void serve(AgentRecord& agent, Turn turn);
    [[nodiscard]] Explanation explain(const QueueRecord& queue, AgentId chosen, Turn turn) const;

    // Repair (restore.cpp).
    void reconcile_agent(AgentRecord& agent, bool has_leg, Turn turn);
    void note_repair(const Repair& repair, CompanyId company, Turn turn);
    void mend_restored_agent(AgentRecord& agent, Turn turn);
    Event& fact(std::string_view type, CompanyId company, Turn turn);
    AgentState revived(const AgentRow& row, Now now);
    // invariants.cpp
    [[nodiscard]] std::optional<std::string> check(const ContactRecord& record) const;
    [[nodiscard]] std::optional<std::string> check(const AgentRecord& agent) const;
    bool restore_contact(const ContactRow& row, Turn turn);
};

/// NotReady's reason.
inline constexpr std::string_view kElsewhere = "elsewhere";
bool is_busy(const AgentState& state);

inline std::int64_t to_ms(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace escucha::acd
