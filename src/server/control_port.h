#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "control/commands.h"
#include "control/outside_rules.h"
#include "control/views.h"
#include "sip/effects.h"

namespace escucha::server {

using control::AddToConference;
using control::AgentState;
using control::AgentView;
using control::AnswerOffer;
using control::BeginSecureInput;
using control::Command;
using control::CompleteConsultation;
using control::ConsultAgent;
using control::ConsultOutside;
using control::ContactState;
using control::ContactView;
using control::DatumView;
using control::DeclineOffer;
using control::EndConsultation;
using control::EndSupervision;
using control::EndSecureInput;
using control::ExtendWrapUp;
using control::FinishWrapUp;
using control::Floor;
using control::HangUp;
using control::Hold;
using control::LinkCase;
using control::LinkCustomer;
using control::MakeConference;
using control::MemberView;
using control::OutsideRefusal;
using control::PauseRecording;
using control::QueueView;
using control::RemoveFromConference;
using control::Resume;
using control::ResumeRecording;
using control::SetNotReady;
using control::SetReady;
using control::SignIn;
using control::SignOut;
using control::Supervise;
using control::SupervisionMode;
using control::SupervisorView;
using control::TraceLine;
using control::TransferOutside;
using control::TransferToAgent;
using control::TransferToQueue;

/// What the API may ask of the live contact centre: snapshots out, commands in.
///
/// Thread-safe: each call is posted to the control strand and waits for its answer there, at most
/// `kControlDeadline`; `Errc::Timeout` after that, `Errc::NotFound` for an id that is not live or
/// not of this company, `Errc::Conflict` when the present state does not allow the command. A
/// command's answer comes after its journal events are committed.

inline constexpr std::chrono::seconds kControlDeadline{3};

/// A source that guessed passwords of phones and is not listened to until then.
struct SipBan {
    std::string source;  ///< An IP address; of IPv6 the first of its /64.
    WallTime until{};
};

/// A carrier of the configuration file, as it is now.
struct TrunkView {
    std::string name;
    sip::TrunkRegistration registration = sip::TrunkRegistration::NotWanted;
    sip::TrunkReach reach = sip::TrunkReach::Unknown;
    std::string server;           ///< "192.0.2.1:5060", where we are registered; else empty.
    WallTime since{};             ///< Of the present registration and reach.
    std::string why;              ///< A failed registration's cause, for people.
    std::uint64_t calls = 0;      ///< Now, in both directions.
    std::uint32_t calls_max = 0;  ///< 0: no limit.
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
    virtual Result<std::vector<SipBan>> sip_bans() = 0;
    /// `NotFound` when this source is not banned.
    virtual Result<void> lift_sip_ban(std::string source) = 0;
    /// By name.
    virtual Result<std::vector<TrunkView>> trunks() = 0;
    /// Counters in Prometheus text form.
    virtual std::string metrics() = 0;
    /// Empty when ready to take calls; else what is missing, one line each.
    virtual std::vector<std::string> not_ready() = 0;
};

}  // namespace escucha::server
