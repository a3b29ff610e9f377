#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace escucha::server {

/// What the API may ask of the live contact centre: snapshots out, commands in.
///
/// Thread-safe: each call is posted to the control strand and waits for its answer there, at most
/// `kControlDeadline`; `Errc::Timeout` after that, `Errc::NotFound` for an id that is not live or
/// not of this company, `Errc::Conflict` when the present state does not allow the command. A
/// command's answer comes after its journal events are committed.

inline constexpr std::chrono::seconds kControlDeadline{3};

enum class AgentState { SignedOut, NotReady, Ready, Offered, Talking, WrapUp };

/// docs/glossary.md, "Agent". `since` is when the present state began.
struct AgentView {
    AgentId id;
    UserId user;
    std::string name;
    AgentState state = AgentState::SignedOut;
    std::string reason;  ///< Not Ready's reason code; empty in other states.
    WallTime since;
    std::optional<WallTime> until;  ///< End of ringing or of wrap-up.
    std::optional<ContactId> contact;
    std::string next_state;  ///< Chosen during a call: "ready", "not_ready:lunch" or empty.
    bool is_phone_registered = false;
    std::vector<QueueId> queues;
};

enum class ContactState { Menu, Waiting, Offered, Talking, Held, Voicemail, Ended };

/// One datum of the caller's context (docs/glossary.md, "Context"). Sensitive values arrive masked.
struct DatumView {
    std::string name;
    std::string value;
    std::string given_by;
    WallTime at;
    std::string verified;
};

struct ContactView {
    ContactId id;
    CompanyId company;
    LineId line;
    std::string line_name;
    std::string caller;  ///< E.164, or empty when withheld.
    std::string language;
    ContactState state = ContactState::Menu;
    std::string menu_node;  ///< Where in the flow, while in the menu.
    WallTime arrived;       ///< The place in every queue.
    WallTime since;         ///< Start of the present state.
    std::optional<CustomerId> customer;
    std::string customer_name;
    std::optional<CaseId> case_id;
    std::string case_reference;
    std::string case_subject;
    std::optional<QueueId> queue;
    std::optional<std::uint32_t> position;  ///< 1 is next; only while waiting.
    std::optional<AgentId> agent;
    std::optional<RecordingId> recording;
    bool is_recording_paused = false;
    std::uint32_t reasks = 0;
    std::vector<DatumView> context;
};

struct QueueView {
    QueueId id;
    std::string name;
    std::uint32_t waiting = 0;
    std::optional<WallTime> longest_since;
    std::uint32_t ready = 0, talking = 0, wrap_up = 0, not_ready = 0;
    std::uint32_t answered_today = 0, abandoned_today = 0;
    std::uint32_t answered_within_20s_today = 0;
};

/// Everything live of one company, taken at journal sequence number `seq`: events after it apply.
struct Floor {
    std::int64_t seq = 0;
    WallTime taken_at;
    std::vector<QueueView> queues;
    std::vector<AgentView> agents;
    std::vector<ContactView> contacts;
};

// Commands of an agent (or of a supervisor for an agent; the API checks the role).
struct SignIn { AgentId agent; };
struct SignOut { AgentId agent; };
struct SetReady { AgentId agent; };
struct SetNotReady { AgentId agent; std::string reason; };
struct AnswerOffer { AgentId agent; };
struct DeclineOffer { AgentId agent; };
struct HangUp { AgentId agent; };
struct Hold { AgentId agent; };
struct Resume { AgentId agent; };
struct TransferToAgent { AgentId agent; AgentId to; };
struct TransferToQueue { AgentId agent; QueueId to; };
struct PauseRecording { AgentId agent; std::string reason; };
struct ResumeRecording { AgentId agent; };
struct ExtendWrapUp { AgentId agent; };
struct FinishWrapUp { AgentId agent; };
/// The case a contact belongs to, set by the agent; never leaves a contact without one.
struct LinkCase { AgentId agent; ContactId contact; CaseId case_id; std::string reference; };
/// The customer a contact turned out to be.
struct LinkCustomer { AgentId agent; ContactId contact; CustomerId customer; std::string name; };

using Command = std::variant<SignIn, SignOut, SetReady, SetNotReady, AnswerOffer, DeclineOffer,
                             HangUp, Hold, Resume, TransferToAgent, TransferToQueue,
                             PauseRecording, ResumeRecording, ExtendWrapUp, FinishWrapUp, LinkCase,
                             LinkCustomer>;

/// The flight recorder of one call, for `escuchactl call show`.
struct TraceLine {
    WallTime at;
    std::string kind;  ///< "sip_in", "sip_out", "media", "flow", "acd", "decision"
    std::string text;  ///< One line, redacted; for SIP the start line, parties and CSeq.
};

class ControlPort {
public:
    virtual ~ControlPort() = default;

    virtual Result<Floor> floor(CompanyId company) = 0;
    virtual Result<AgentView> agent(CompanyId company, AgentId agent) = 0;
    virtual Result<ContactView> contact(CompanyId company, ContactId contact) = 0;
    virtual Result<void> command(CompanyId company, Command command) = 0;
    virtual Result<std::vector<TraceLine>> trace(CompanyId company, ContactId contact) = 0;
    /// Reads companies, lines, queues, agents, phones and published flows again from the store.
    virtual Result<void> reload() = 0;
    /// Counters in Prometheus text form.
    virtual std::string metrics() = 0;
    /// Empty when ready to take calls; else what is missing, one line each.
    virtual std::vector<std::string> not_ready() = 0;
};

}  // namespace escucha::server
