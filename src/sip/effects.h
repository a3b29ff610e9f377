#pragma once
// size: the list of all that a Stack tells, read as one

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/diversion.h"
#include "base/ids.h"
#include "base/time.h"
#include "sip/address.h"

namespace escucha::sip {

/// What the Stack wants done and what it has to tell, in order. SDP travels as text; the Stack
/// never looks inside. Every leg ends with exactly one `Ended` or `Failed`; its id means nothing
/// after.

/// Put these bytes on the wire. Losing them is allowed on UDP: retransmission is the Stack's work.
struct Send {
    Flow flow = {};
    std::string bytes = {};
};

/// A registered phone as the origin of a call.
struct PhoneSource {
    std::string username = {};
    auto operator<=>(const PhoneSource&) const = default;
};
using Source = std::variant<TrunkId, PhoneSource>;

/// A new call from outside or from an agent's phone. 100 Trying is already on its way.
struct Incoming {
    LegId leg = {};
    Source source = {};
    Flow flow = {};
    /// The dialled number: user part of the Request-URI, or of To when the Request-URI is the
    /// Contact that we registered at this carrier.
    std::string request_user = {};
    std::string caller_user =
        {};  ///< User part of From; a claim, not proof. "anonymous" comes as is.
    std::string caller_display = {};  ///< Display name of From, unquoted; may be empty.
    std::string asserted_user =
        {};  ///< P-Asserted-Identity, only from a trunk with trusted identity.
    std::string call_id = {};
    std::optional<std::string> offer = {};  ///< Absent: the peer expects our offer in `answer`.
    /// The established leg whose place this call is to take (RFC 3891). Whether it may is for the
    /// owner to say: answer this one and end that one, or reject.
    std::optional<LegId> replaces = {};
    /// Of a carrier's call that was meant for another number first.
    std::optional<Diversion> diversion = {};
};

/// Outgoing leg: 101 to 199. SDP here is early media.
struct Progress {
    LegId leg = {};
    int status = 0;
    std::optional<std::string> sdp = {};
};

/// Outgoing leg picked up. For an INVITE with offer this is the answer and the ACK is already sent.
/// For an offerless one `sdp` is the peer's offer: reply with `ack_with_answer`.
struct Answered {
    LegId leg = {};
    std::string sdp = {};
    std::optional<TrunkId> trunk = {};  ///< By which carrier, of a `TrunkTarget`.
};

/// Outgoing leg never answered: final status of the peer, 408 for no answer to our INVITE, 487 for
/// our own cancel, 503 for a broken connection. 3xx is never followed here; its contacts are told.
struct Failed {
    LegId leg = {};
    int status = 0;
    std::string reason = {};
    std::vector<std::string> contacts = {};
    std::optional<TrunkId> trunk = {};  ///< The last carrier that was tried, of a `TrunkTarget`.
    /// Numbers that this carrier says to call instead (300, 301, 302), the best (q) first, as far
    /// as they are at the carrier itself: its domain, its servers, or tel URIs. Whoever pays
    /// decides whether they are called, as any other number.
    std::vector<std::string> redirects = {};
};

/// Incoming leg: our answer was acknowledged. `sdp` is the ACK's answer after an offerless INVITE.
struct Confirmed {
    LegId leg = {};
    std::optional<std::string> sdp = {};
};

enum class EndedBy { Local, Remote, Timeout, Transport };

/// The leg is over: BYE, CANCEL, our own `reject` or `hang_up`, no ACK within 64*T1, or a dead
/// peer.
struct Ended {
    LegId leg = {};
    EndedBy by = EndedBy::Remote;
    std::string reason = {};  ///< Text of the Reason header, or our own words.
};

/// The peer wants to change media or holds the call, by re-INVITE or UPDATE. Reply with
/// `accept_reinvite` or `reject_reinvite`. Without `sdp` the peer asks for our offer; its answer
/// comes as `Confirmed`.
struct Reinvite {
    LegId leg = {};
    std::optional<std::string> sdp = {};
};

/// Our re-INVITE was accepted; the ACK is already sent.
struct ReinviteAnswered {
    LegId leg = {};
    std::string sdp = {};
};

/// Our re-INVITE was refused; the session stays as it was. 491 is retried by the Stack first
/// (RFC 3261 §14.1); 408 and 481 are followed by `Ended`.
struct ReinviteFailed {
    LegId leg = {};
    int status = 0;
};

/// A session timer was set again (RFC 4028): save the leg. `sdp` is the peer's answer where our
/// refresh repeated our last SDP; as a rule it is what the peer said before.
struct Refreshed {
    LegId leg = {};
    std::optional<std::string> sdp = {};
};

/// The call the new one is to take over (RFC 3891): one of another dialog of the same peer.
struct Replaces {
    std::string call_id = {};
    std::string to_tag = {};
    std::string from_tag = {};
    bool is_early_only = false;
};

/// A key of the peer's, sent as INFO: one of "0123456789*#ABCD". A peer that sends RFC 4733 as well
/// tells it twice; that is for the owner to know.
struct KeyPressed {
    LegId leg = {};
    char key = '0';
};

/// The peer wants the other party of its call connected elsewhere (REFER, RFC 3515). Reply with
/// `accept_transfer` or `refuse_transfer` at once. The target is a wish of the peer's: nobody has
/// looked whether it may call there.
struct TransferRequested {
    LegId leg = {};
    std::string target_uri = {};   ///< "sip:200@escucha", without header parameters.
    std::string target_user = {};  ///< Its user part: a number or a name.
    std::string referred_by = {};  ///< The URI of Referred-By, a claim; may be empty.
    std::optional<Replaces> replaces = {};
};

/// A phone is reachable: after every accepted REGISTER that leaves at least one binding.
struct Registered {
    std::string username = {};
    std::size_t contacts = 0;
    std::chrono::seconds expires{0};
    bool is_over_tls = false;  ///< All of them are: what is said to the phone stays between us.
};

enum class UnregisteredReason { Removed, Expired, ConnectionClosed, PhoneDeleted };

/// The last binding of a phone is gone.
struct Unregistered {
    std::string username = {};
    UnregisteredReason reason = UnregisteredReason::Removed;
};

enum class TrunkRegistration : std::uint8_t { NotWanted, Trying, Registered, Failed };
enum class TrunkReach : std::uint8_t { Unknown, Reachable, Unreachable };

/// What has changed of a trunk with an account, whole.
struct TrunkState {
    TrunkId trunk = {};
    TrunkRegistration registration = TrunkRegistration::NotWanted;
    /// Reachable as long as one of its flows answers.
    TrunkReach reach = TrunkReach::Unknown;
    std::optional<Flow> flow = {};  ///< Where we are registered.
    std::string why = {};           ///< Of `Failed`, for people: "wrong user or password (401)".
};

/// From here on nothing of this source is read, except from phones that are registered there.
struct Ban {
    Address source = {};  ///< Port 0; of IPv6 the /64.
    WallTime until{};
};

enum class Direction { In, Out };

/// One message for the flight recorder: start line, parties with numbers shortened, CSeq, Call-ID.
/// Comes before the effects of the message. Only when `Settings::is_tracing`.
struct Trace {
    std::optional<LegId> leg = {};
    Direction direction = Direction::In;
    std::string line = {};
};

using Effect = std::variant<Send,
                            Incoming,
                            Progress,
                            Answered,
                            Failed,
                            Confirmed,
                            Ended,
                            Reinvite,
                            ReinviteAnswered,
                            ReinviteFailed,
                            Refreshed,
                            KeyPressed,
                            TransferRequested,
                            Registered,
                            Unregistered,
                            TrunkState,
                            Ban,
                            Trace>;
using Effects = std::vector<Effect>;

}  // namespace escucha::sip
