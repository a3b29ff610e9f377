#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "base/time.h"

namespace escucha::acd {

/// What an agent chose to be next. `SignedOut` comes from `sign_out` while busy.
struct NextStatus {
    enum class Kind { Ready, NotReady, SignedOut };
    Kind kind = Kind::Ready;
    std::string reason;  ///< Not Ready's reason; empty for the others.
    bool operator==(const NextStatus&) const = default;
};

/// When something ends, on both clocks: the monotonic one drives the timer, the wall one is shown
/// and survives a restart.
struct Deadline {
    Instant at;
    WallTime wall;
};

// The agent's states; docs/glossary.md, "Agent". Each holds exactly what is valid in it.
struct SignedOut {};

/// `reason` is the agent's word ("lunch"), or one of the system's: "signed_in", "no_answer",
/// "declined", "busy", "phone_unreachable", and "elsewhere" while the same person is busy as an
/// agent of another company; the owner adds "consultation".
struct NotReady {
    std::string reason;
    /// The agent wants to be Ready and only the phone is missing: Ready when it registers again.
    bool is_waiting_for_phone = false;
};

/// Idle and reachable. `idle_rank` counts up each time any agent becomes idle, so the smallest is
/// the longest idle and no step of a clock can reorder agents.
struct Ready {
    std::uint64_t idle_rank;
};

/// One contact rings at this agent's phone. `idle_rank` is kept for an offer that ends through no
/// act of the agent's.
struct Offered {
    OfferId offer;
    ContactId contact;
    Deadline deadline;  ///< From this instant on, an answer is too late.
    std::uint64_t idle_rank;
    NextStatus next;
};

struct Talking {
    ContactId contact;
    QueueId queue;  ///< Whose wrap-up time applies.
    NextStatus next;
};

struct WrapUp {
    ContactId contact;
    QueueId queue;
    Deadline deadline;
    std::uint32_t extensions = 0;
    NextStatus next;
};

///                     ┌──────────────────── declined, missed, unreachable ───────────────┐
///  SignedOut ⇄ NotReady ⇄ Ready ──offer──► Offered ──answer──► Talking ──end──► WrapUp ──┴─► next
///                     ▲      ▲─caller left────┘                                  timer or agent
///
/// `next` is Ready unless the agent chose otherwise meanwhile; a phone that is not registered turns
/// Ready into NotReady{phone_unreachable} until it is. The whole table, every state against every
/// event, is acd_table_test.cpp.
using AgentState = std::variant<SignedOut, NotReady, Ready, Offered, Talking, WrapUp>;

enum class AgentStateKind { SignedOut, NotReady, Ready, Offered, Talking, WrapUp };

AgentStateKind kind_of(const AgentState& state);
/// The contact an Offered, Talking or WrapUp agent is held by.
std::optional<ContactId> contact_of(const AgentState& state);
/// The person is busy as an agent of another company.
bool is_elsewhere(const AgentState& state);
/// The end of ringing or of wrap-up.
std::optional<WallTime> until_of(const AgentState& state);
/// "signed_out", "not_ready", "ready", "offered", "talking", "wrap_up", as in the journal.
std::string_view word(AgentStateKind kind);
std::string_view word(NextStatus::Kind kind);

/// The agent as the floor sees it.
struct AgentView {
    AgentId id;
    CompanyId company;
    AgentState state;
    WallTime since;
    bool is_phone_reachable = false;

    [[nodiscard]] std::string_view reason() const;  ///< Not Ready's; empty in other states.
    [[nodiscard]] std::optional<WallTime> until() const { return until_of(state); }
    [[nodiscard]] std::optional<ContactId> contact() const { return contact_of(state); }
    [[nodiscard]] std::optional<NextStatus> next() const;  ///< Only while busy.
};

}  // namespace escucha::acd
