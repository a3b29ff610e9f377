#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "sip/detail/session_timer.h"
#include "sip/detail/slots.h"
#include "sip/detail/timers.h"
#include "sip/detail/trunk_call.h"
#include "sip/detail/writer.h"
#include "sip/effects.h"

namespace escucha::sip::detail {

/// CSeq of an INVITE that opens a dialog; one more when it is sent again after a 422. Its ACK
/// repeats it, whatever was sent in between.
inline constexpr std::uint32_t kInviteCseq = 1;

/// The peer relation of one leg (RFC 3261 §12). `local` and `remote` are whole header values, tags
/// included, ready to be written.
struct Dialog {
    std::string call_id;
    std::string local_tag;
    std::string remote_tag;  ///< Empty until known; a peer of RFC 2543 never has one.
    std::string local;
    std::string remote;
    std::string remote_target;
    std::vector<std::string> routes;
    std::uint32_t local_cseq = 0;
    std::uint32_t remote_cseq = 0;  ///< 0: none yet.
    Flow flow;
    bool is_phone = false;     ///< Reached only by the flow it registered on.
    bool is_outgoing = false;  ///< We made the Call-ID.
    TrunkId trunk;             ///< The carrier whose challenges are answered; nil: none.
};

// What is going on with offers inside an established leg.

struct Quiet {};
/// Our 2xx waits for its ACK; `txn` repeats it.
struct AwaitingAck {
    Handle txn = kNoHandle;
    std::uint32_t cseq = 0;
    bool is_initial = false;
    bool is_offerless = false;
    std::uint32_t rseq = 0;  ///< Of a reliable response that was not acknowledged before the 2xx.
};
/// A request that waits for our owner's decision, and the session it would have.
struct Asked {
    Handle txn = kNoHandle;
    Echo echo;
    SessionTerms terms;
    std::uint32_t cseq = 0;
};
enum class OfferedBy : std::uint8_t { Invite, Update };
/// Their re-INVITE, or UPDATE with an offer, waits for the owner's decision.
struct TheirOffer {
    Asked asked;
    OfferedBy by = OfferedBy::Invite;
    bool is_offerless = false;
};
enum class Motive : std::uint8_t { Owner, Refresh };
/// What our re-INVITE offers, and why. A refresh repeats the SDP we sent last.
struct Proposal {
    std::string sdp;
    Motive motive = Motive::Owner;
    unsigned attempt = 1;
};
/// Our re-INVITE waits for their answer.
struct OurOffer {
    Handle txn = kNoHandle;
    Proposal proposal;
    std::string next;  ///< The owner's offer, when it met a refresh on its way.
};
/// Refused with 491; tried again when the leg's alarm goes off.
struct OfferLater {
    Proposal proposal;
};
using Exchange = std::variant<Quiet, AwaitingAck, TheirOffer, OurOffer, OfferLater>;

// States of a leg.
//
//   incoming:  Offered -> Established -> gone         answer; BYE either way
//              Offered -> gone                        reject, CANCEL, too long
//              Established(AwaitingAck) -> HangupOwed -> gone   RFC 3261 §15: no BYE before the ACK
//   outgoing:  Calling -> Established -> gone
//              Calling -> AnswerOwed -> Established   offerless INVITE
//              Calling -> gone                        refused, cancelled, timed out
//
// A leg that is gone may leave a transaction behind, which finishes CANCEL or a crossing 200 alone.

/// The peer requires its provisional responses to be reliable (RFC 3262): one at a time, each until
/// its PRACK.
struct Reliable {
    struct Ring {
        int status = 180;
        std::optional<std::string> sdp;
    };
    std::uint32_t rseq = 0;  ///< Of the last one sent; 0: none yet.
    bool is_open = false;    ///< The last one waits for its PRACK.
    bool has_sdp = false;    ///< One of them carried our answer: no other response will.
    bool is_sdp_open = false;
    std::optional<Ring> next;           ///< Waits for the one before.
    std::optional<std::string> answer;  ///< The 2xx waits: our answer is not acknowledged yet.
};
struct Offered {
    Asked asked;
    bool is_offerless = false;
    std::optional<Reliable> reliable{};
};
struct Calling {
    Handle txn = kNoHandle;
    std::uint32_t cseq = kInviteCseq;
    bool is_offerless = false;
    std::string early_sdp;  ///< Gateways that answer in 183 may leave the 200 empty.
    /// The last reliable response of each fork, which alone decides what is acknowledged next.
    struct Heard {
        std::string tag;
        std::uint32_t rseq = 0;
    };
    std::vector<Heard> heard{};
    std::optional<Dialog> early{};  ///< Once it rings; the answer may come from another branch.
};
struct AnswerOwed {
    Handle txn = kNoHandle;
    std::uint32_t cseq = kInviteCseq;
};
struct Established {
    Exchange exchange;
};
struct HangupOwed {
    Handle txn = kNoHandle;
    std::string reason;
};
using LegState = std::variant<Offered, Calling, AnswerOwed, Established, HangupOwed>;

/// The peer's REFER: asked until our owner accepts, then told of until it is finished.
struct Transfer {
    Handle txn = kNoHandle;  ///< None once it is accepted.
    Echo echo;
    std::uint32_t cseq = 0;
};

struct Leg {
    LegId id;
    Dialog dialog;
    LegState state;
    std::optional<std::uint64_t> sdp_version;
    std::string sdp;  ///< Ours, as last agreed: what a refresh repeats.
    std::optional<SessionTimer> session;
    bool is_update_allowed = false;  ///< The peer's Allow has it: our refreshes need no SDP.
    std::chrono::seconds min_se{0};  ///< The longest a 422 of the peer asked for.
    std::optional<Transfer> transfer;
    std::unique_ptr<TrunkCall> by_trunk;  ///< Until a call of ours by a carrier is answered.
    Alarm alarm;
    Alarm session_alarm;
};

/// One outgoing leg that rings at several addresses at once.
struct Ringing {
    std::vector<Handle> branches;   ///< In Calling, all of them; those that failed are gone.
    Instant deadline;               ///< Nobody has answered by then: given up.
    std::optional<Failed> failure;  ///< The weightiest so far.
};

}  // namespace escucha::sip::detail
