#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "acd/agent_state.h"
#include "acd/effects.h"
#include "acd/errc.h"
#include "acd/rows.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace escucha::acd {

inline constexpr std::chrono::seconds kMinRingTime{1};
inline constexpr std::chrono::seconds kMaxRingTime{120};
inline constexpr std::chrono::seconds kMaxWrapUpTime{3600};
inline constexpr std::chrono::seconds kWrapUpExtension{60};
inline constexpr std::uint32_t kMaxWrapUpExtensions = 10;
inline constexpr std::uint32_t kMaxWaiting = 100'000;
inline constexpr std::size_t kMaxMemberships = 64;
inline constexpr std::size_t kMaxChairs = 32;
inline constexpr std::size_t kMaxReasonLength = 32;
/// A state younger than this is never repaired: its leg may still be on its way.
inline constexpr std::chrono::seconds kLeaseGrace{5};

struct QueueConfig {
    QueueId id;
    CompanyId company;
    std::string name;
    std::chrono::seconds ring_time{20};     ///< kMinRingTime to kMaxRingTime.
    std::chrono::seconds wrap_up_time{60};  ///< 0 (none) to kMaxWrapUpTime.
    std::uint32_t max_waiting = 1000;       ///< 1 to kMaxWaiting; returned offers always fit.
};

struct Membership {
    QueueId queue;
    /// 1 is asked first; an agent of level 2 is offered a contact when none of level 1 is Ready.
    std::uint8_t level = 1;
};

struct AgentProfile {
    AgentId id;
    CompanyId company;
    std::vector<Membership> memberships;  ///< At most kMaxMemberships, of queues that exist.
    /// Who it is. One person may be an agent of several companies, at most `kMaxChairs`: with one
    /// status and one telephone, and busy in one of them at a time. Nil: nobody else's.
    UserId person{};
};

enum class LeaveReason { Abandoned, Voicemail, Transferred, Closed };
std::string_view word(LeaveReason reason);
enum class Reachability { Unreachable, Reachable };
enum class OfferFailure { Unreachable, Busy };

/// An agent's leg, ringing or talking, that signalling knows to live and is not ending.
struct LiveLeg {
    AgentId agent;
    ContactId contact;
};
/// What signalling knows. `contacts` are the callers still there.
struct Truth {
    std::vector<LiveLeg> legs;
    std::vector<ContactId> contacts;
};

struct WaitingView {
    ContactId contact;
    std::uint32_t position;  ///< 1 is next.
    WallTime arrived;
    WallTime queued_at;
    std::optional<AgentId> ringing;
};
/// Counters since this Acd was made. entered == waiting + answered + abandoned + left_otherwise.
struct QueueView {
    QueueId id;
    CompanyId company;
    std::string name;
    std::uint32_t waiting = 0;                ///< Ringing ones included.
    std::optional<WallTime> longest_since{};  ///< Earliest arrival of the waiting.
    std::uint32_t ready = 0, offered = 0, talking = 0, wrap_up = 0, not_ready = 0;
    std::uint64_t entered = 0, answered = 0, abandoned = 0, left_otherwise = 0;
};

/// All queues and agents of an installation: who waits, who is free, who rings whom.
///
/// Pure and single-threaded. Events come with the time; what they cause is appended to `Effects`
/// (see there who journals what). On an error nothing changed and nothing was appended, except
/// where said. Nothing crosses companies: an id of another company is unknown. A person who is an
/// agent of several is Ready in all of them or in none, and NotReady{elsewhere} in the others while
/// one of them holds them: that they are busy is told, with whom is not.
///
/// Order: a contact's place is (priority, arrived, id), whatever happens to it. An agent who
/// becomes free takes the first of all contacts in their queues, whichever the company. A contact
/// takes, among the Ready members of its queue, the lowest level, then the longest idle. After
/// every event no contact waits in a queue of which a member is Ready. Cost O(log n) in contacts
/// and agents, times the agent's queues.
class Acd {
public:
    /// `seed` feeds the offers' ids; each process needs one of its own.
    explicit Acd(std::uint64_t seed);
    ~Acd();
    Acd(Acd&&) noexcept;
    Acd& operator=(Acd&&) noexcept;

    // Configuration, at any time; states and places are kept.
    Result<void> put_queue(QueueConfig config);
    /// Errors: UnknownQueue, QueueInUse. Memberships in it end.
    Result<void> remove_queue(QueueId queue);
    /// Adds or replaces. A new agent is SignedOut. Errors: InvalidConfig, UnknownQueue.
    Result<void> put_agent(AgentProfile profile, Now now, Effects& out);
    /// Errors: UnknownAgent, AgentBusy.
    Result<void> remove_agent(AgentId agent, Now now, Effects& out);

    // The contact.
    /// Puts a contact in a queue at the place of its arrival, and offers it if somebody is Ready.
    /// One that waits or rings elsewhere is moved; one that talks is taken from its agent, who goes
    /// to wrap-up (a blind transfer to a queue). Errors: UnknownQueue, QueueFull.
    Result<void> enqueue(QueuedContact contact, Now now, Effects& out);
    /// A blind transfer to an agent. On a miss the contact goes to `contact.queue` at its own
    /// place. Otherwise as `enqueue`. Errors: UnknownQueue, UnknownAgent, AgentNotReady.
    Result<void> offer_direct(QueuedContact contact, AgentId to, Now now, Effects& out);
    /// An attended transfer: a contact that talks goes on with another agent, without an offer; the
    /// one it leaves goes to wrap-up. `to` is Ready or NotReady, and `next` comes after. Errors:
    /// UnknownContact when it does not talk, UnknownAgent, AgentNotReady.
    Result<void> hand_over(ContactId contact, AgentId to, NextStatus next, Now now, Effects& out);
    /// The contact is gone, whatever it was doing: waiting, ringing (the offer is cancelled and the
    /// agent is Ready again, as long idle as before) or talking (as `contact_finished`).
    /// Error: UnknownContact.
    Result<void> leave(ContactId contact, LeaveReason reason, Now now, Effects& out);
    /// The conversation ended: the agent's wrap-up begins. Error: UnknownContact when this agent
    /// does not talk with this contact.
    Result<void> contact_finished(AgentId agent, ContactId contact, Now now, Effects& out);

    // The offer. Error: OfferClosed. An answer at the deadline loses to the ring timer; then the
    // expiry is in `out` although the answer fails.
    Result<void> offer_answered(OfferId offer, Now now, Effects& out);
    Result<void> offer_declined(OfferId offer, Now now, Effects& out);
    /// The phone could not be rung. Unreachable: Ready again when the phone registers.
    Result<void> offer_failed(OfferId offer, OfferFailure failure, Now now, Effects& out);

    // The agent. Signing in or out twice is no error. A person's status is one: chosen as any of
    // their agents it holds for all, and while one is busy it is what comes after.
    Result<void> sign_in(AgentId agent, Now now, Effects& out);  ///< NotReady{signed_in}.
    /// While Offered, Talking or in WrapUp: what comes after.
    Result<void> sign_out(AgentId agent, Now now, Effects& out);
    /// While Offered, Talking or in WrapUp: what comes after. `status.kind` Ready or NotReady.
    /// Errors: UnknownAgent, AgentSignedOut, InvalidReason.
    Result<void> choose_status(AgentId agent, NextStatus status, Now now, Effects& out);
    /// Call it at every registration too, so that an agent whose phone failed comes back.
    Result<void> phone_reachable(AgentId agent, Reachability reach, Now now, Effects& out);
    /// kWrapUpExtension more. Errors: UnknownAgent, NotInWrapUp, WrapUpLimit.
    Result<void> extend_wrap_up(AgentId agent, Now now, Effects& out);
    Result<void> finish_wrap_up(AgentId agent, Now now, Effects& out);

    // Time and repair.
    /// The next ring or wrap-up deadline.
    [[nodiscard]] std::optional<Instant> next_wakeup() const;
    /// Early, late and repeated calls are harmless.
    void wake(Now now, Effects& out);
    /// Compares states older than kLeaseGrace with signalling and mends what differs.
    void reconcile(const Truth& truth, Now now, Effects& out);

    // Restart. Rows are restored into an Acd that has its configuration and nothing else.
    [[nodiscard]] std::optional<AgentRow> agent_row(AgentId agent) const;
    [[nodiscard]] std::optional<ContactRow> contact_row(ContactId contact) const;
    [[nodiscard]] Rows rows() const;
    /// Timers go on by the wall clock; one that ended meanwhile fires at the next `wake`. Rows that
    /// contradict each other are mended for the contact (it waits, at its place). Returns the
    /// contacts whose queue is gone: the owner must place them.
    std::vector<ContactId> restore(const Rows& rows, Now now, Effects& out);

    // Views.
    [[nodiscard]] std::optional<AgentView> agent(AgentId agent) const;
    [[nodiscard]] std::vector<AgentView> agents(CompanyId company) const;
    /// Of all companies: the agents who are the same person, `agent` among them.
    [[nodiscard]] std::vector<AgentId> same_person(AgentId agent) const;
    /// The one of them who holds the person, busy; else `agent`.
    [[nodiscard]] AgentId in_use(AgentId agent) const;
    [[nodiscard]] std::optional<QueueView> queue(QueueId queue) const;
    [[nodiscard]] std::vector<QueueView> queues(CompanyId company) const;
    /// In order, at most `limit`.
    [[nodiscard]] std::vector<WaitingView> waiting(QueueId queue, std::size_t limit) const;
    /// 1 is next; nullopt when it is in no queue. O(log n).
    [[nodiscard]] std::optional<std::uint32_t> position(ContactId contact) const;

    /// Every invariant above, checked in full; the first broken one, or nullopt. Tests and sim.
    [[nodiscard]] std::optional<std::string> broken_invariant() const;

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace escucha::acd
