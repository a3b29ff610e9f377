#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/diversion.h"
#include "base/ids.h"

namespace escucha::control {

// The door to telephones: what happened to a leg, and what should be done with one. SIP stands
// behind it today; a browser's phone will stand behind the same door.

/// Whether others on the way can read what is said to and by a telephone's signalling. A key for
/// sound is worth nothing there if they can.
enum class Signalling : std::uint8_t { Clear, Encrypted };

/// A call came in. `sdp` is absent when the offer is ours to make.
struct IncomingCall {
    LegId leg;
    std::variant<TrunkId, AgentId> source;
    std::string dialled;  ///< The user part that was asked for: "100", "+34910000100".
    std::string caller;   ///< As presented; evidence, not identity. Empty when withheld.
    std::string caller_display;
    std::optional<std::string> sdp;
    Signalling signalling = Signalling::Clear;
    std::optional<LegId> replaces{};       ///< The leg that this one is to take the place of.
    std::optional<Diversion> diversion{};  ///< It was meant for another number first.
};
/// 180, 183 or another provisional answer of a phone we rang. `sdp`: sound before the answer.
struct LegProgress {
    LegId leg;
    int status;
    std::optional<std::string> sdp{};
};
/// `trunk`: by which carrier, of a call to the outside world.
struct LegAnswered {
    LegId leg;
    std::string sdp;
    std::optional<TrunkId> trunk{};
};
struct LegFailed {
    LegId leg;
    int status;
    std::string reason;
    std::optional<TrunkId> trunk{};
    std::vector<std::string> redirects{};  ///< Numbers its carrier says to call instead.
};
/// The caller's side acknowledged our answer; carries the answer when the offer was ours.
struct LegConfirmed {
    LegId leg;
    std::optional<std::string> sdp;
};
struct LegEnded {
    LegId leg;
    std::string reason;
};
/// The far side wants other media (hold, resume, new address). Absent sdp: it asks for our offer.
struct LegReoffered {
    LegId leg;
    std::optional<std::string> sdp;
};
struct LegReofferAnswered {
    LegId leg;
    std::string sdp;
};
struct LegReofferFailed {
    LegId leg;
    int status;
};
/// Signalling renewed the session by itself; what is saved of the leg is out of date. `sdp`: what
/// the far side said to our unchanged offer.
struct LegRefreshed {
    LegId leg;
    std::optional<std::string> sdp;
};

/// A phone's transfer button (REFER): the other party of its call is to be connected elsewhere.
/// Answered by `GrantTransfer`, `BeginTransfer` or `RefuseTransfer`.
struct LegTransferAsked {
    LegId leg;
    /// The user part of the target: a phone of ours, a queue, or a number of the outside world.
    std::string target;
    /// Another leg of the phone: its other party is whom the first one's is to talk with.
    std::optional<LegId> replaces{};
};

/// A key that came by signalling instead of with the sound.
struct LegKey {
    LegId leg;
    char key;
};

using LegEvent = std::variant<IncomingCall,
                              LegProgress,
                              LegAnswered,
                              LegFailed,
                              LegConfirmed,
                              LegEnded,
                              LegReoffered,
                              LegReofferAnswered,
                              LegReofferFailed,
                              LegRefreshed,
                              LegTransferAsked,
                              LegKey>;

struct RingCaller {
    LegId leg;
};
struct AnswerCaller {
    LegId leg;
    std::string sdp;
};
struct RejectCaller {
    LegId leg;
    int status;
    std::optional<std::chrono::seconds> retry_after{};
    std::string warning{};  ///< What was wrong, for the people on the other side.
};
struct RingPhone {
    LegId leg;
    std::string phone;  ///< The registered user name.
    std::string display;
    std::string number;
    std::string sdp;
    std::vector<std::pair<std::string, std::string>> headers;
};
/// Ends the leg in whatever state it is: refuses, cancels or says goodbye.
struct EndLeg {
    LegId leg;
    std::string reason;
};
struct Reoffer {
    LegId leg;
    std::string sdp;
};
struct AcceptReoffer {
    LegId leg;
    std::string sdp;
};
struct RejectReoffer {
    LegId leg;
    int status;
};
/// Asks a ringing desk phone to go off hook, where it knows how (Event: talk).
struct LiftPhone {
    LegId leg;
};

/// The transfer is ours to carry out; the phone is told that it is done.
struct GrantTransfer {
    LegId leg;
};
struct RefuseTransfer {
    LegId leg;
    int status;
};
/// The transfer is tried; the phone waits for `EndTransfer`.
struct BeginTransfer {
    LegId leg;
};
/// 200: done. Else what became of it; the call is the phone's again.
struct EndTransfer {
    LegId leg;
    int status;
};

/// A number of the outside world, by these carriers in this order (sip::TrunkTarget).
struct CallOutside {
    LegId leg;
    std::string number;
    std::vector<TrunkId> trunks;
    bool is_number_withheld = false;  ///< Ours.
    std::string sdp;
    std::chrono::seconds patience;  ///< Then the call has failed.
    std::string diverting{};        ///< The line that the caller had dialled, for whom it is made.
    std::optional<Diversion> diverted_before{};  ///< What came with that caller.
};

using LegAction = std::variant<RingCaller,
                               AnswerCaller,
                               RejectCaller,
                               RingPhone,
                               EndLeg,
                               Reoffer,
                               AcceptReoffer,
                               RejectReoffer,
                               LiftPhone,
                               GrantTransfer,
                               RefuseTransfer,
                               BeginTransfer,
                               EndTransfer,
                               CallOutside>;

}  // namespace escucha::control
