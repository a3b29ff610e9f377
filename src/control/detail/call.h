#pragma once
// size: one call with all its parties; they are read together.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "acd/agent_state.h"
#include "acd/rows.h"
#include "base/diversion.h"
#include "base/ids.h"
#include "base/time.h"
#include "control/config.h"
#include "control/look_ups.h"
#include "control/secure_input.h"
#include "control/views.h"
#include "flow/run.h"
#include "media/protocol.h"
#include "sdp/sdp.h"

namespace escucha::control {

/// One party's side of the call: a signalling path and a media path.
struct Leg {
    LegId id;
    media::EndpointId endpoint{};
    sdp::LocalMedia local{};
    std::optional<sdp::Agreed> agreed{};
    bool is_offer_ours = false;  ///< The answer to our offer is still to come.
    bool is_silent = false;      ///< Media has heard nothing from it for a while.
    bool is_probing = false;     ///< Our re-INVITE only asks whether the phone is there.
    bool is_reviving = false;    ///< A new endpoint is being made after media was lost.
    bool is_unproven = false;    ///< Restored from the store: does the far side still know it?
    std::optional<SrtpSuite> cipher{};  ///< As media was last told; for the trace.
};

/// `codec` comes first: where both legs speak it, nothing is transcoded.
inline void prefer(std::vector<sdp::Codec>& codecs, sdp::Codec codec) {
    std::erase(codecs, codec);
    codecs.insert(codecs.begin(), codec);
}

/// What the answer to this leg's offer agrees on.
inline Result<sdp::Agreed> read_answer(const Leg& leg, std::string_view text) {
    ESC_TRY(const auto answer, sdp::parse(text));
    return sdp::apply_answer(leg.local, answer);
}

/// What the two sides agreed on is what the next offer begins with.
inline void agree_on(Leg& leg, sdp::Agreed agreed) {
    prefer(leg.local.codecs, agreed.codec);
    leg.local.profile = agreed.profile;
    if (agreed.srtp) {
        std::erase(leg.local.keys, agreed.srtp->send);
        leg.local.keys.insert(leg.local.keys.begin(), agreed.srtp->send);
    }
    leg.agreed = std::move(agreed);
}

/// The agent's side, from the first ring.
struct AgentLeg {
    Leg leg;
    AgentId agent;
    OfferId offer;
    bool is_ringing = false;  ///< The phone said 180.
    WallTime rung_at;
};

/// The side of a number of the outside world, from the moment an agent asked for it. Until it has
/// answered the agent may still be there (InTalk) or gone (WithOutside); then they are gone, unless
/// they ask it first (Call::consultation).
struct OutsideLeg {
    Leg leg;
    std::string number;  ///< E.164.
    AgentId asked_by;
    Instant asked_at;
    Instant deadline;                      ///< From here on it has not answered.
    std::optional<acd::ContactRow> place;  ///< Where the caller stood in the queues.
    std::optional<Instant> answered_at;
    std::optional<TrunkId> trunk;   ///< That carries it, once answered.
    bool is_heard = false;          ///< Its sound before the answer is.
    bool is_phone_waiting = false;  ///< The agent's phone asked by REFER and waits for the end.
    std::vector<std::string> instead{};  ///< Told by carriers, not yet tried; the first is next.
    std::vector<std::string> tried{};    ///< E.164.
    std::uint32_t redirects = 0;         ///< Followed.
};

/// A colleague who is asked about a contact.
struct AskedColleague {
    Leg leg;
    AgentId agent;
    acd::NextStatus next;  ///< What they are when it is over.
    Instant deadline{};    ///< From here on they have not answered.
};

/// A colleague, or a number of the outside world, whom the agent asks before passing the caller on:
/// from the first ring until the caller is theirs or the agent's again. The contact stays with the
/// agent (InTalk, held).
struct Consultation {
    std::optional<AskedColleague> colleague;  ///< Absent: `Call::outside` is asked.
    std::optional<Leg> phone;  ///< The agent's second leg, when they dialled: hold and dial.
    std::optional<std::string> phone_offer;  ///< Of its INVITE; kept until it is answered.
    Instant asked_at;
    bool is_ringing = false;
    std::optional<Instant> answered_at;
    bool is_recording_paused = false;  ///< By us: what the two say is not the customer's.

    /// The agent's side of it.
    [[nodiscard]] Leg& asking(AgentLeg& agent) { return phone ? *phone : agent.leg; }
};

/// Who is in the conversation beside the caller and the agent whose contact it is, from the first
/// ring: a colleague, which makes it a conference, or a supervisor.
struct Member {
    enum class Part { Colleague, Supervisor };
    Leg leg;
    AgentId agent;
    Part part = Part::Colleague;
    media::MixRole role = media::MixRole::Full;  ///< A whisperer whispers to the agent.
    /// What they are when it is over; absent for who was signed out and stays so.
    std::optional<acd::NextStatus> next;
    Instant asked_at{};
    Instant deadline{};                  ///< From here on they have not answered.
    std::optional<Instant> joined_at{};  ///< Once they have.
};

/// The caller keys what the agent must not know (InTalk, not bridged). While there is one nothing
/// bridges the two.
struct SecureInput {
    enum class Phase {
        Keying,
        Checking,  ///< The connector is asked.
        Closing,   ///< It has ended; a key more may still come (kSecureTail).
    };
    SecureInput(SecureKind kind, std::optional<std::size_t> most) : entry{kind, most} {}

    SecureEntry entry;
    std::string label;
    std::uint64_t serial = 0;  ///< Tells it from others of this call.
    Phase phase = Phase::Keying;
    std::uint32_t attempt = 1;
    Instant since;
    Instant deadline;                      ///< Of the phase.
    Instant closes_by;                     ///< In Closing.
    bool is_recording_paused = false;      ///< By us.
    std::optional<media::PlayId> comfort;  ///< What the agent hears.
};
/// How the last one of this talk ended.
struct SecureOutcome {
    SecureKind kind{};
    std::string label;
    SecureResult result{};
    std::size_t digits = 0;
    std::uint32_t attempt = 1;
    std::string last_four;
    bool is_delivered = false;
    WallTime at;
};

// Where a call stands. docs/life-of-a-call.md draws it.

/// The caller's endpoint is being made; then the call is answered.
struct Arriving {
    std::optional<std::string> offer;
};
/// 200 is out, the ACK is not yet in.
struct Answering {};
/// The flow speaks and listens.
struct InFlow {};
/// In a queue, or ringing at an agent: `acd` knows which.
struct InQueue {
    flow::AskId ask{};
};
struct Held {
    enum class By { Page, Phone, Transfer };
    By by = By::Page;
    Instant since;
};
struct InTalk {
    Instant since;
    std::optional<Held> held{};
    Duration held_before{};
};
/// Passed on to a number of the outside world, which rings or talks: the agent is gone.
struct WithOutside {
    Instant since;
};
using Stage = std::variant<Arriving, Answering, InFlow, InQueue, InTalk, WithOutside>;

/// What the caller hears that is not a bridge.
struct Playing {
    media::PlayId id{};
    std::optional<flow::PlayId> said{};  ///< The flow's own number, when the flow speaks.
    bool is_prepared = false;            ///< The play was handed to media.
    bool is_music = false;
    bool is_interruptible = false;
};

/// A voicemail from the beep to the end of the file.
struct Voicemail {
    flow::AskId ask{};
    flow::TakeVoicemail wanted;
    std::optional<media::PlayId> beep{};
};

struct OpenRecording {
    RecordingId id;
    std::string path;
    media::RecordingKind kind = media::RecordingKind::Call;
    std::optional<Instant> paused_since{};
    std::string pause_reason{};
};

struct CaseOfCall {
    CaseId id;
    std::string reference;
    std::string subject;
};

/// A telephone's three ways to tell a key.
enum class KeyWay { Media, Info };
/// The caller's last key: a phone that tells its keys by INFO may sound them too.
struct HeardKey {
    char key = '0';
    KeyWay way = KeyWay::Media;
    Instant at;
};

struct Call {
    ContactId id;
    std::shared_ptr<const Line> line;
    std::string caller;  ///< E.164, an internal number, or empty.
    std::string dialled;
    std::optional<Diversion> diversion;  ///< `from` as `caller`.
    WallTime arrived;
    Instant began;  ///< For durations; counted from `arrived` after a restart.
    WallTime stage_since;
    Stage stage;
    media::CallGroup group{};
    Leg caller_leg;
    std::optional<AgentLeg> agent;
    std::optional<OutsideLeg> outside;
    std::optional<Consultation> consultation;
    std::vector<Member> members;              ///< At most kMostMembers.
    std::optional<Instant> conference_since;  ///< While a colleague has joined.
    std::vector<media::MixMember> mixed;      ///< The mix as media was told; empty: there is none.
    std::vector<media::EndpointId> recorded;  ///< Of members, as media was told.
    std::optional<SecureInput> secure;
    std::optional<SecureOutcome> secure_outcome;
    std::optional<flow::Run> run;
    std::optional<Playing> playing;
    std::optional<Voicemail> voicemail;
    std::optional<HeardKey> last_key;
    std::optional<OpenRecording> recording;
    /// Of a recording that was lost while paused: the next begins paused, for this reason.
    std::optional<std::string> kept_pause;
    std::uint64_t plays = 0;  ///< Numbers media plays; unique on the caller's endpoint.

    std::optional<CustomerId> customer;
    std::string customer_name;
    std::optional<CaseOfCall> matter;
    std::vector<KnownCase> known_cases;
    std::optional<flow::AskId> awaited_number;  ///< The flow asked who calls before we knew.
    std::optional<CallerFacts> caller_facts;

    std::optional<QueueId> queue;
    std::optional<Instant> set_up_deadline;
    std::optional<Instant> silence_deadline;
    std::optional<Instant> timer;  ///< As it stands in the timer index.
    bool is_dirty = false;         ///< Its live row must be written.
    bool is_row_stored = false;
    bool is_caller_gone = false;
    bool is_over = false;  ///< contact_ended is written; kept only until the turn ends.
    std::deque<TraceLine> trace;

    [[nodiscard]] CompanyId company() const { return line->company->id; }
    /// Of whom the consultation asks; there is one.
    [[nodiscard]] Leg& asked_leg() {
        return consultation->colleague ? consultation->colleague->leg : outside->leg;
    }
};

}  // namespace escucha::control
