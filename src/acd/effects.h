#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "acd/agent_state.h"
#include "base/event.h"
#include "base/ids.h"
#include "base/time.h"

namespace escucha::acd {

/// Why an offer came to its end without a conversation.
enum class ReturnReason { NoAnswer, Declined, Unreachable, Busy, CallerLeft };
/// Why this agent rings: the queue's choice, or somebody transferred the contact to them.
enum class OfferReason { LongestIdle, Transfer };

std::string_view word(ReturnReason reason);
std::string_view word(OfferReason reason);

/// One agent who could have taken the contact.
struct Candidate {
    AgentId agent;
    std::uint8_t level = 1;
    Duration idle{};
};

/// Who was eligible and why the choice fell as it did.
struct Explanation {
    std::size_t eligible = 0;         ///< Agents of the queue who were Ready.
    std::vector<Candidate> first{};   ///< The first few in order; the chosen one leads.
    std::size_t queues_compared = 0;  ///< An agent who became free chose among so many queues.
    std::size_t waiting = 0;          ///< Contacts in the queue, this one included.
};

/// Ring the agent's phone and show the card. Ends with `StopRinging` or `Connect`, never both.
struct RingAgent {
    OfferId offer;
    ContactId contact;
    AgentId agent;
    std::optional<QueueId> queue;  ///< Absent for a direct offer.
    Deadline deadline;
    OfferReason reason;
    Explanation explanation;
};
/// End the ringing leg and take the card away. Harmless when the phone stopped by itself.
struct StopRinging {
    OfferId offer;
    ContactId contact;
    AgentId agent;
    ReturnReason reason;
};
/// Bridge the contact and the agent who answered.
struct Connect {
    OfferId offer;
    ContactId contact;
    AgentId agent;
    std::optional<QueueId> queue{};
    Duration wait{};  ///< In this queue; zero for a direct offer.
    Duration ring{};
};
/// The contact waits again, where it was before. Play it its music.
struct ReturnedToQueue {
    ContactId contact;
    QueueId queue;
    ReturnReason reason;
};
struct AgentStateChanged {
    AgentId agent;
    AgentStateKind previous;
    AgentStateKind state;
    std::string reason;  ///< Not Ready's reason; for the others what led to it.
    std::optional<WallTime> until;
    std::optional<ContactId> contact;
};
/// `reconcile` found a living leg that no state explains: hang it up.
struct StrayLeg {
    AgentId agent;
    ContactId contact;
};

using Action =
    std::variant<RingAgent, StopRinging, Connect, ReturnedToQueue, AgentStateChanged, StrayLeg>;

/// What one event caused. The owner journals `facts` together with the rows of the changed agents
/// and contacts, and only then carries out `actions`, in order.
struct Effects {
    /// contact_queued, contact_left_queue, offer_made, offer_returned, agent_state_changed,
    /// agent_next_status_chosen, wrap_up_extended, state_repaired: fields in docs/journal.md.
    /// The owner adds contact_connected, contact_disconnected and transfer_started itself.
    std::vector<Event> facts;
    std::vector<Action> actions;
    /// Whose `Acd::agent_row` / `contact_row` must be stored anew, or removed when it is nullopt.
    /// May repeat an id.
    std::vector<AgentId> changed_agents;
    std::vector<ContactId> changed_contacts;
};

}  // namespace escucha::acd
