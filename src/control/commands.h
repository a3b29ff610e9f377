#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/ids.h"
#include "control/secure_input.h"

namespace escucha::control {

// Commands of an agent (or of a supervisor for an agent; the API checks the role).
struct SignIn {
    AgentId agent;
};
struct SignOut {
    AgentId agent;
};
struct SetReady {
    AgentId agent;
};
struct SetNotReady {
    AgentId agent;
    std::string reason;
};
struct AnswerOffer {
    AgentId agent;
};
struct DeclineOffer {
    AgentId agent;
};
struct HangUp {
    AgentId agent;
};
struct Hold {
    AgentId agent;
};
struct Resume {
    AgentId agent;
};
struct TransferToAgent {
    AgentId agent;
    AgentId to;
};
struct TransferToQueue {
    AgentId agent;
    QueueId to;
};
/// To a number of the outside world, as people write it. The agent stays in the call until the
/// number has answered; the error of a number that must not be called names the rule
/// (control/outside_rules.h).
struct TransferOutside {
    AgentId agent;
    std::string number;
};
/// Asks a colleague, while the caller hears music. What comes of it: `CompleteConsultation` passes
/// the caller on, `EndConsultation` gives the caller back to the agent.
struct ConsultAgent {
    AgentId agent;
    AgentId with;
};
/// As ConsultAgent, of a number of the outside world; errors as TransferOutside's.
struct ConsultOutside {
    AgentId agent;
    std::string number;
};
struct CompleteConsultation {
    AgentId agent;
};
/// By either of the two.
struct EndConsultation {
    AgentId agent;
};
/// Caller, agent and the colleague who was asked hear each other. An agent who hangs up then leaves
/// the caller with the colleague.
struct MakeConference {
    AgentId agent;
};
/// One more colleague is rung, and joins on answer.
struct AddToConference {
    AgentId agent;
    AgentId with;
};
/// By the agent, also of one who still rings. A colleague leaves by HangUp.
struct RemoveFromConference {
    AgentId agent;
    AgentId with;
};
/// Listen hears all and is heard by nobody, Whisper is heard by the agent, Join by all.
enum class SupervisionMode : std::uint8_t { Listen, Whisper, Join };
/// Rings the phone of `agent`, the supervisor, who comes into the conversation on answer. Who is in
/// it already takes the new mode.
struct Supervise {
    AgentId agent;
    ContactId contact;
    SupervisionMode mode = SupervisionMode::Listen;
};
struct EndSupervision {
    AgentId agent;
};
struct PauseRecording {
    AgentId agent;
    std::string reason;
};
struct ResumeRecording {
    AgentId agent;
};
/// The caller keys what the agent must not know. The two do not hear each other and nothing is
/// recorded until it has ended.
struct BeginSecureInput {
    AgentId agent;
    SecureKind kind = SecureKind::Card;
    std::string
        label{};  ///< What it is, for the connector; at most kLongestSecureLabel bytes count.
    std::optional<std::size_t> digits_max{};
};
struct EndSecureInput {
    AgentId agent;
};
struct ExtendWrapUp {
    AgentId agent;
};
struct FinishWrapUp {
    AgentId agent;
};
/// The case a contact belongs to, set by the agent; never leaves a contact without one.
struct LinkCase {
    AgentId agent;
    ContactId contact;
    CaseId case_id;
    std::string reference;
};
/// The customer a contact turned out to be.
struct LinkCustomer {
    AgentId agent;
    ContactId contact;
    CustomerId customer;
    std::string name;
};

using Command = std::variant<SignIn,
                             SignOut,
                             SetReady,
                             SetNotReady,
                             AnswerOffer,
                             DeclineOffer,
                             HangUp,
                             Hold,
                             Resume,
                             TransferToAgent,
                             TransferToQueue,
                             TransferOutside,
                             ConsultAgent,
                             ConsultOutside,
                             CompleteConsultation,
                             EndConsultation,
                             MakeConference,
                             AddToConference,
                             RemoveFromConference,
                             Supervise,
                             EndSupervision,
                             PauseRecording,
                             ResumeRecording,
                             BeginSecureInput,
                             EndSecureInput,
                             ExtendWrapUp,
                             FinishWrapUp,
                             LinkCase,
                             LinkCustomer>;

}  // namespace escucha::control
