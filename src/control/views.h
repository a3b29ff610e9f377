#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diversion.h"
#include "base/ids.h"
#include "base/sensitivity.h"
#include "base/time.h"
#include "control/secure_input.h"

namespace escucha::control {

// What the centre shows of itself: values, copied on the control strand, free to travel.

enum class AgentState { SignedOut, NotReady, Ready, Offered, Talking, WrapUp };

/// docs/glossary.md, "Agent". `since` is when the present state began.
struct AgentView {
    AgentId id;
    UserId user;
    std::string name;
    AgentState state = AgentState::SignedOut;
    std::string reason;  ///< Not Ready's reason code; empty in other states.
    WallTime since;
    std::optional<WallTime> until;     ///< End of ringing or of wrap-up.
    std::optional<ContactId> contact;  ///< Also one that a colleague asks them about.
    std::string next_state;  ///< Chosen during a call: "ready", "not_ready:lunch" or empty.
    bool is_phone_registered = false;
    std::vector<QueueId> queues;
};

/// Who is asked about a contact, or the contact one is asked about.
struct ConsultationView {
    AgentId by;                   ///< Whose contact it is.
    std::optional<AgentId> with;  ///< Who is asked; absent: ContactView::outside.
    bool is_answered = false;
    WallTime since;  ///< Of the ringing, or of the answer.
};

/// A colleague in a conference about the contact, or one who is rung for it.
struct MemberView {
    AgentId agent;
    bool is_joined = false;
    WallTime since;  ///< Of the ringing, or of the joining.
};
/// A supervisor in the conversation, or one whose phone rings for it.
struct SupervisorView {
    AgentId agent;
    std::string mode;  ///< "listen", "whisper", "join".
    bool is_joined = false;
    WallTime since;
};

/// What the caller keys in secret, or the last of it while the same talk goes on: how much, never
/// what.
struct SecureInputView {
    enum class State { Keying, Checking, Ended };
    SecureKind kind = SecureKind::Card;
    std::string label;
    State state = State::Keying;
    std::size_t digits = 0;
    std::uint32_t attempt = 1;
    WallTime since;                        ///< Of the beginning, or of the end.
    std::optional<SecureResult> result{};  ///< Once it has ended.
    std::string last_four{};               ///< Of a whole card; not journalled.
    bool is_delivered = false;             ///< The company's connector has it.
};

enum class ContactState { Menu, Waiting, Offered, Talking, Held, Voicemail, Ended };

/// One datum of the caller's context (docs/glossary.md, "Context"). Sensitive values arrive masked.
struct DatumView {
    std::string name;
    std::string value;
    std::string given_by;
    WallTime at;
    std::string verified;
    Sensitivity sensitivity = Sensitivity::Internal;
};

struct ContactView {
    ContactId id;
    CompanyId company;
    LineId line;
    std::string line_name;
    std::string caller;                  ///< E.164, or empty when withheld.
    std::optional<Diversion> diversion;  ///< The call was meant for another number first.
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
    std::string outside;  ///< E.164: a number outside that is called, or talked with; or empty.
    std::optional<ConsultationView> consultation;
    std::vector<MemberView> conference;  ///< Beside `agent`, in the order of asking.
    std::vector<SupervisorView> supervised_by;
    std::optional<SecureInputView> secure_input;
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
    bool is_stopped = false;
};

/// Everything live of one company, taken at journal sequence number `seq`: events after it apply.
struct Floor {
    std::int64_t seq = 0;
    WallTime taken_at;
    std::vector<QueueView> queues;
    std::vector<AgentView> agents;
    std::vector<ContactView> contacts;
};

/// The flight recorder of one call, for `escuchactl call show`.
struct TraceLine {
    WallTime at;
    std::string kind;  ///< "sip_in", "sip_out", "media", "flow", "acd", "decision"
    std::string text;  ///< One line, redacted; for SIP the start line, parties and CSeq.
};

}  // namespace escucha::control
