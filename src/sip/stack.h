#pragma once
// size: one class, each of its commands said with its errors

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "sip/address.h"
#include "sip/effects.h"
#include "sip/errc.h"
#include "sip/settings.h"

namespace escucha::sip {

/// Where an outgoing call goes.
struct PhoneTarget {
    /// All its addresses are called at once. The first to answer has the call and the others stop
    /// ringing; a 6xx of one ends it for all; else it fails when the last has refused, with the
    /// weightiest refusal. A `Progress` comes of each.
    std::string username = {};
};
struct UriTarget {
    std::string uri = {};  ///< "sip:+34911234567@192.0.2.1"
    Flow flow = {};        ///< No DNS here: the shell resolved it.
};

/// A number of the outside world, by carriers that have an account (`TrunkAccount`).
struct TrunkTarget {
    enum class Presentation : std::uint8_t { Shown, Withheld };

    std::string number = {};  ///< As the carrier wants it: "+34911234567".
    /// In this order; of each, its servers in the order of its route. The next one is tried when
    /// one does not answer, cannot be connected to, is in trouble (500, 502, 503, 504), rejects our
    /// password or has `calls_max` calls; never once the number has rung. Of a 3xx see `Failed`.
    std::vector<TrunkId> trunks = {};
    /// Withheld: From is anonymous and Privacy asks the carrier to keep our number (RFC 3323).
    Presentation presentation = Presentation::Shown;
    /// The number of ours that a caller had dialled, when the call is made on their behalf; empty:
    /// for nobody. Carriers that want it so are told (`TrunkAccount::diversion`).
    std::string diverting = {};
    std::optional<Diversion> diverted_before = {};  ///< What came with that caller.
};

struct InviteRequest {
    LegId leg = {};  ///< Made by the caller; must be new.
    /// By a carrier, `from_display` and `from_user` are not used: its `caller_id` is shown.
    std::variant<PhoneTarget, UriTarget, TrunkTarget> target = {};
    std::string from_display = {};
    std::string from_user = {};
    std::optional<std::string> offer = {};  ///< Absent: offerless; see `Answered`.
    std::vector<std::pair<std::string, std::string>> headers =
        {};                                            ///< E.g. "Alert-Info", "X-Case".
    std::optional<std::chrono::seconds> expires = {};  ///< Expires header; also cancels by itself.
};

/// 3xx to 6xx for an incoming call that is not answered yet.
struct Rejection {
    int status = 486;
    std::optional<std::chrono::seconds> retry_after = {};
    std::vector<std::string> contacts = {};  ///< For 3xx: URIs the peer should try instead.
    /// What was wrong, for the people on the other side (Warning 399); ASCII, may be empty.
    std::string warning = {};
};

/// The whole of SIP for one process: transactions (RFC 3261 §17, RFC 6026), INVITE sessions,
/// registrar, digest, trunks.
///
/// Pure: no socket, clock, thread or global state. Owned by the control strand. Everything it wants
/// is appended to `effects`, in order. Timers: call `wake` at or after `next_wakeup()`; early, late
/// and repeated calls are harmless.
///
/// Commands to a leg answer `UnknownLeg` once its Ended or Failed is in some effects list, and
/// `WrongState` where its state forbids them; then nothing was sent.
class Stack {
public:
    /// `rng` makes ids of incoming legs and must outlive the Stack.
    Stack(Settings settings, Rng& rng);
    ~Stack();
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;

    /// Replaces the table. Live calls of a removed trunk go on.
    void set_trunks(std::vector<Trunk> trunks);
    /// Replaces the table of our accounts at carriers (REGISTER of RFC 3261 §10.2, OPTIONS as a
    /// probe). Unchanged ones go on undisturbed, a new or changed one waits for its route, and one
    /// that is gone is un-registered. What becomes of each is told by `TrunkState`.
    void set_trunk_accounts(std::vector<TrunkAccount> accounts, Now now, Effects& effects);
    /// Where this carrier is reached, the first before the later ones; empty when no address is
    /// known. Calls from these hosts are the trunk's, as those of its `sources` are. Errors:
    /// `UnknownTrunk`.
    Result<void> set_trunk_route(TrunkId trunk, std::vector<Flow> flows, Now now, Effects& effects);
    /// Un-registers everywhere; nothing is registered or probed after. Over, answered or not, when
    /// `is_leaving_trunks` is false: within seconds.
    void leave_trunks(Now now, Effects& effects);
    [[nodiscard]] bool is_leaving_trunks() const;
    /// Replaces the table. Bindings of removed phones end at once (D12: within 5 s).
    void set_phones(std::vector<Phone> phones, Now now, Effects& effects);

    /// From here on new INVITEs are refused with 503 and Retry-After, at the least cost there is;
    /// everything of calls that are already here goes on.
    void set_overloaded(bool is_overloaded);

    /// One datagram, or one message from a StreamFramer.
    void receive(const Flow& flow, ByteView message, Now now, Effects& effects);
    /// A TCP connection is gone. Bindings and transactions on it end; established legs stay,
    /// because the peer may come back on another one. A connection that cannot be opened is noticed
    /// by the transaction's own end, after 64*T1.
    void connection_closed(std::uint64_t connection, Now now, Effects& effects);
    /// No connection to this address could be made, or one that was asked for is gone: what waits
    /// for an answer by it is over, and a carrier's next server is tried.
    void unreachable(const Flow& flow, Now now, Effects& effects);

    [[nodiscard]] std::optional<Instant> next_wakeup() const;
    void wake(Now now, Effects& effects);

    // Incoming legs.

    /// 180, or 183 with `sdp` for early media. May repeat. Where the caller requires it (RFC 3262)
    /// it is sent reliably, after the one before was acknowledged; an SDP in it is then our answer
    /// for good. Such a caller without an offer hears nothing before the answer.
    Result<void> ring(
        LegId leg, int status, std::optional<std::string> sdp, Now now, Effects& effects);
    /// 200. `sdp` answers the INVITE's offer, or is our offer when it had none. After a reliable
    /// `ring` with SDP it must be the same; the 200 waits for the caller to acknowledge that one.
    Result<void> answer(LegId leg, std::string sdp, Now now, Effects& effects);
    /// Ends the leg with `Ended{Local}`.
    Result<void> reject(LegId leg, const Rejection& rejection, Now now, Effects& effects);

    /// The leg that a REFER's `Replaces` names, if it is one of ours.
    [[nodiscard]] std::optional<LegId> find_replaced(const Replaces& wanted) const;

    // Outgoing legs.

    /// `NotRegistered` for a phone without a binding; `UnknownTrunk` when no carrier of the target
    /// has an address, `Overloaded` when those that have are in full use.
    Result<void> invite(InviteRequest request, Now now, Effects& effects);
    /// Ends an unanswered outgoing leg with `Failed{487}` at once; should an answer cross, the
    /// Stack acknowledges it and hangs up.
    Result<void> cancel(LegId leg, Now now, Effects& effects);
    /// Asks a ringing desk phone to go off hook: NOTIFY with `Event: talk` in the early dialog, as
    /// most makers' phones understand it. Others refuse it, which changes nothing. `WrongState`
    /// before the phone rings, or when it told no address.
    Result<void> lift(LegId leg, Now now, Effects& effects);
    /// After `Answered` with the peer's offer.
    Result<void> ack_with_answer(LegId leg, std::string sdp, Now now, Effects& effects);

    // Any leg.

    /// Right in every state: refuses (480), cancels or sends BYE; the leg's one end event follows
    /// at once. `reason` becomes the text of a Reason header; ASCII, may be empty.
    Result<void> hang_up(LegId leg, std::string_view reason, Now now, Effects& effects);
    /// Offers new media on an established leg. `WrongState` while another offer is open; behind a
    /// refresh of our own it waits.
    Result<void> reinvite(LegId leg, std::string sdp, Now now, Effects& effects);
    Result<void> accept_reinvite(LegId leg, std::string sdp, Now now, Effects& effects);
    Result<void> reject_reinvite(LegId leg, int status, Now now, Effects& effects);

    // A transfer the peer asked for; see `TransferRequested`.

    /// 202, and NOTIFY that it is being tried. Then `finish_transfer`, before the leg is hung up.
    Result<void> accept_transfer(LegId leg, Now now, Effects& effects);
    /// 403, 603 or another refusal.
    Result<void> refuse_transfer(LegId leg, int status, Now now, Effects& effects);
    /// The last NOTIFY: 200, or what the target said (up to 699).
    Result<void> finish_transfer(LegId leg, int status, Now now, Effects& effects);

    // Survival of a restart.

    /// An established (or answered, not yet acknowledged) leg in a few hundred bytes of text;
    /// `WrongState` before. Save again after `Answered`, `Confirmed`, every re-INVITE and
    /// `Refreshed`.
    [[nodiscard]] Result<std::string> save_leg(LegId leg) const;
    /// Brings a saved leg back as established; its session timer goes on. TCP: the first request
    /// opens a new connection.
    Result<void> restore_leg(LegId leg, std::string_view saved, Now now);
    [[nodiscard]] std::string save_registrations(Now now) const;
    /// Bindings of phones not in the table, and those on TCP connections, are left out. Returns the
    /// usernames that are reachable again.
    Result<std::vector<std::string>> restore_registrations(std::string_view saved, Now now);

    /// Is `invite` to this phone possible?
    [[nodiscard]] bool is_registered(std::string_view username, Now now) const;
    /// The `sess-version` of the last SDP we sent on this leg; the next one must be higher.
    [[nodiscard]] std::optional<std::uint64_t> sdp_version(LegId leg) const;

    /// Sources that guessed passwords and are not listened to now, in any order.
    [[nodiscard]] std::vector<Ban> bans(Now now) const;
    /// False when there was no ban of this source.
    bool lift_ban(const Address& source);

    /// Legs whose Ended or Failed has not been told yet, in any order.
    [[nodiscard]] std::vector<LegId> legs() const;

    [[nodiscard]] const Counters& counters() const;
    /// Of each carrier that has had a call, in any order.
    [[nodiscard]] std::vector<TrunkCalls> trunk_calls() const;
    [[nodiscard]] Gauges gauges() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace escucha::sip
