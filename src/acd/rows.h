#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "acd/agent_state.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace escucha::acd {

/// Served first to last. Within a class, the original arrival decides.
enum class Priority : std::uint8_t { Urgent, High, Normal, Low };
std::string_view word(Priority priority);
std::optional<Priority> parse_priority(std::string_view text);

/// Why the contact is in the queue, for the journal.
enum class QueuedBecause { Flow, Transfer, OfferReturned };
std::string_view word(QueuedBecause because);

struct QueuedContact {
    ContactId id;
    CompanyId company;
    QueueId queue;     ///< For a direct offer: the fallback queue.
    WallTime arrived;  ///< When the need first arrived: the place, kept for ever.
    Priority priority = Priority::Normal;
    std::string language{};  ///< "es", "en"
    QueuedBecause because = QueuedBecause::Flow;
};

// Where a contact is.
struct InQueue {};
struct Ringing {
    OfferId offer;
    AgentId agent;
    WallTime began;
    bool is_direct = false;  ///< Not in the queue; a miss puts it there.
};
struct InTalk {
    AgentId agent;
};
using Place = std::variant<InQueue, Ringing, InTalk>;

/// What is kept of one contact through a restart.
struct ContactRow {
    QueuedContact contact;
    WallTime queued_at;  ///< Start of this stay in the queue; waits are counted from it.
    Place place;
};

/// What is kept of one agent through a restart. Instants inside `state` mean nothing after one;
/// `Acd::restore` computes them anew from the wall times.
struct AgentRow {
    AgentId agent;
    AgentState state;
    WallTime since;
    bool is_phone_reachable = false;
};

/// One JSON object, no line breaks.
std::string encode(const ContactRow& row);
std::string encode(const AgentRow& row);
/// Error: `Errc::InvalidSavedState`, the detail names the field.
Result<ContactRow> decode_contact_row(std::string_view json);
Result<AgentRow> decode_agent_row(std::string_view json);

struct Rows {
    std::vector<AgentRow> agents;
    std::vector<ContactRow> contacts;
};
std::string encode(const Rows& rows);
Result<Rows> decode_rows(std::string_view json);

}  // namespace escucha::acd
