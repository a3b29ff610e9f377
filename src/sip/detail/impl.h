#pragma once
// size: one class, one declaration for each function of its eleven files

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/overloaded.h"
#include "sip/detail/digest.h"
#include "sip/detail/guard.h"
#include "sip/detail/leg.h"
#include "sip/detail/message.h"
#include "sip/detail/record.h"
#include "sip/detail/refused.h"
#include "sip/detail/registrar.h"
#include "sip/detail/secret.h"
#include "sip/detail/transactions.h"
#include "sip/detail/trunk_client.h"
#include "sip/detail/wire.h"
#include "sip/stack.h"

namespace escucha::sip {

/// The Stack's inside: receive.cpp (which message goes where), access.cpp (who may), incoming.cpp,
/// outgoing.cpp, parallel.cpp and session.cpp (legs), refresh.cpp (session timers),
/// update.cpp, reliable.cpp (100rel),
/// refer.cpp, trunk_call.cpp (calls by a carrier), save.cpp. Our own registrations are
/// trunk_client.h's.
class Stack::Impl {
public:
    Impl(Settings settings, Rng& rng);

    void set_trunks(std::vector<Trunk> trunks) { trunks_ = std::move(trunks); }
    void set_overloaded(bool is_overloaded) { is_overloaded_ = is_overloaded; }
    void receive(const Flow& flow, ByteView bytes, detail::Io& io);
    void connection_closed(std::uint64_t connection, detail::Io& io);
    void unreachable(const Flow& flow, detail::Io& io);
    [[nodiscard]] const detail::Leg* find_replaced(const Replaces& wanted) const;
    [[nodiscard]] std::optional<Instant> next_wakeup() const;
    void wake(detail::Io& io);

    Result<void> ring(LegId id, int status, std::optional<std::string> sdp, detail::Io& io);
    Result<void> answer(LegId id, std::string sdp, detail::Io& io);
    Result<void> reject(LegId id, const Rejection& rejection, detail::Io& io);
    Result<void> invite(InviteRequest request, detail::Io& io);
    Result<void> cancel(LegId id, detail::Io& io);
    Result<void> lift(LegId id, detail::Io& io);
    Result<void> ack_with_answer(LegId id, std::string sdp, detail::Io& io);
    Result<void> hang_up(LegId id, std::string_view reason, detail::Io& io);
    Result<void> reinvite(LegId id, std::string sdp, detail::Io& io);
    Result<void> accept_reinvite(LegId id, std::string sdp, detail::Io& io);
    Result<void> reject_reinvite(LegId id, int status, detail::Io& io);
    Result<void> accept_transfer(LegId id, detail::Io& io);
    Result<void> refuse_transfer(LegId id, int status, detail::Io& io);
    Result<void> finish_transfer(LegId id, int status, detail::Io& io);
    [[nodiscard]] Result<std::string> save_leg(LegId id) const;
    Result<void> restore_leg(LegId id, std::string_view saved, Now now);
    [[nodiscard]] std::optional<std::uint64_t> sdp_version(LegId id) const;

    [[nodiscard]] std::vector<LegId> legs() const;
    [[nodiscard]] detail::SourceGuard& guard() { return guard_; }
    [[nodiscard]] detail::TrunkClients& trunk_clients() { return trunk_clients_; }

    [[nodiscard]] detail::Registrar& registrar() { return registrar_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] std::vector<TrunkCalls> trunk_calls() const;
    [[nodiscard]] Gauges gauges() const;

private:
    using Handle = detail::Handle;
    using Io = detail::Io;
    using Leg = detail::Leg;
    using Message = detail::Message;
    using Txn = detail::Txn;
    struct FoundLeg {
        Handle handle = detail::kNoHandle;
        Leg* leg = nullptr;
    };

    // receive.cpp
    void on_request(const Flow& flow, const Message& request, Io& io);
    bool is_repeated(const Message& request, Io& io);
    bool is_refused(const Flow& flow, const Message& request, Io& io);
    void on_outside_dialog(const Flow& flow, const Message& request, Io& io);
    void on_inside_dialog(const Flow& flow, const Message& request, Io& io);
    void on_ack(const Flow& flow, const Message& ack, Io& io);
    void on_cancel(const Flow& flow, const Message& request, Io& io);
    void on_response(const Flow& flow, const Message& response, Io& io);
    /// A stateless answer: the same bytes for the same request, however often it comes.
    void reply(const Flow& flow,
               const Message& request,
               const detail::ResponseParts& parts,
               Io& io);
    /// The same, unless this source has asked too often.
    void reply_to_anyone(const Flow& flow,
                         const Message& request,
                         const detail::ResponseParts& parts,
                         Io& io);
    /// A final answer inside a dialog, kept for repetitions of the request.
    void settle(const Flow& flow,
                const Message& request,
                const Leg& leg,
                const detail::ResponseParts& parts,
                Io& io);
    /// The dialog of the leg, early or not, that the request belongs to.
    static detail::Dialog* dialog_of(Leg& leg, const Message& request);
    [[nodiscard]] detail::Key server_key(const Message& request, std::string_view method) const;
    [[nodiscard]] detail::Key merge_key(const Message& request) const;
    [[nodiscard]] detail::Key dialog_key(std::string_view call_id, std::string_view tag) const;
    void note_leg(const Leg& leg, Io& io) const;

    // access.cpp
    struct Refusal {
        int status = 403;
        std::string headers;
    };
    struct Admission {
        Source source;
        bool is_identity_trusted = false;
    };
    std::variant<Admission, Refusal> admit(const Flow& flow, const Message& request, Io& io);
    void on_register(const Flow& flow, const Message& request, Io& io);
    bool may_ask(const Flow& flow, Now now);
    void on_guess(const Flow& flow, Io& io);
    bool is_shut_out(const Flow& flow, const Message& request, Now now);
    [[nodiscard]] bool is_trunk_source(const Flow& flow) const;
    [[nodiscard]] bool comes_from(const Trunk& trunk, const Flow& flow) const;
    /// The user part that says what was dialled.
    [[nodiscard]] std::string dialled_user(const Flow& flow, const Message& request) const;
    Refusal challenge(std::string_view realm,
                      const Flow& flow,
                      detail::Authenticator::Outcome why,
                      Now now);
    [[nodiscard]] std::string challenge_realm(std::string_view host) const;
    [[nodiscard]] const Trunk* trunk_of_user(std::string_view username, const Flow& flow) const;

    // incoming.cpp
    void on_new_invite(const Flow& flow, const Message& request, Io& io);
    [[nodiscard]] bool was_refused(const Message& request) const;
    void refuse_for_load(const Flow& flow, const Message& request, Io& io);
    void open_incoming(const Flow& flow,
                       const Message& request,
                       const Admission& admission,
                       Io& io);
    void refuse_offered(Leg& leg, const detail::ResponseParts& parts, Io& io);
    void answer_offered(const FoundLeg& found, std::string_view sdp, Io& io);
    void on_acknowledged(Handle handle, Leg& leg, const Message& ack, Io& io);
    void on_invite_cancelled(Handle handle, const Message& cancel, Io& io);

    // outgoing.cpp
    void on_invite_response(Handle txn, const Flow& flow, const Message& response, Io& io);
    void on_invite_progress(Txn& txn, Handle handle, const Message& response, Io& io);
    void on_invite_success(Handle txn, const Flow& flow, const Message& response, Io& io);
    void on_invite_failure(Handle txn, const Message& response, Io& io);
    /// Sends the INVITE again with a longer session. False when that is no use.
    bool invite_longer(Handle handle, const Message& invite, const Message& response, Io& io);
    void on_later_success(Txn& txn, const Message& response, Io& io);
    void on_orphan_success(Handle txn, const Message& response, Io& io);
    void take_answer(Handle handle, Leg& leg, Handle txn, const Message& response, Io& io);
    [[nodiscard]] std::string own_identity(const InviteRequest& request, const Flow& flow) const;
    /// The lines of the INVITE to a carrier; empty for others.
    std::string credentials_in(const detail::Dialog& dialog, Handle txn);
    static std::optional<TrunkId> trunk_of(const Leg& leg);
    /// The instant at which it is given up.
    Instant start_invite(Handle handle, Leg& leg, const InviteRequest& request, Io& io);
    /// A request inside a dialog that is not answered yet; `parts` has method and headers.
    void send_early(Leg& leg,
                    const detail::Dialog& early,
                    Counters::Method method,
                    const detail::RequestParts& parts,
                    Io& io);
    void abandon(Handle txn, Io& io);
    void send_cancel(Txn& txn, Handle handle, Io& io);

    // parallel.cpp
    enum class Elsewhere { Answered, Refused };
    Result<void> invite_phone(const InviteRequest& request, Io& io);
    /// The other addresses of this leg's phone stop ringing.
    void release_others(Handle kept, Elsewhere why, Io& io);
    /// True when other addresses still ring. Else `failed` is what the owner is told.
    bool is_carried_on(Handle handle, Failed& failed, Io& io);
    bool is_silent(const Leg& branch);
    bool rings_on(Handle handle, Leg& branch, Io& io);
    void drop_branch(Handle handle);

    // trunk_call.cpp
    Result<void> invite_outside(InviteRequest request, Io& io);
    /// False when there is none left.
    bool try_next_hop(Handle handle, Leg& leg, Io& io);
    void call_by(Handle handle, Leg& leg, const TrunkAccount& account, const Flow& flow, Io& io);
    /// This server's answer was no answer to the call: another one is asked. False when none is.
    /// What a carrier's 3xx means, for `Failed`: `reason` and `redirects`.
    void read_redirect(const Leg& leg, const Message& response, Failed& failed, Io& io) const;
    bool goes_on_elsewhere(Handle handle, int status, Io& io);
    bool is_still_tried(Handle handle, Leg& leg, Io& io);
    /// Sends the request again, with our password. False when that is no use: then it was refused.
    bool answer_challenge(Handle txn, const Message& response, Io& io);
    static void follow(Leg& leg, Handle was, Handle now, std::uint32_t cseq);
    bool read_own(std::string& space, std::string_view text, Message& out) const;
    static std::unique_ptr<detail::CarrierAuth> auth_for(TrunkId trunk);
    TrunkCalls& calls_by(TrunkId trunk);
    void enter_trunk(Leg& leg, TrunkId trunk);
    void leave_trunk(Leg& leg);
    void note_failure(TrunkId trunk, int status);
    void note_answer(Leg& leg);

    // session.cpp
    void on_bye(Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io);
    void on_reinvite(Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io);
    void on_reinvite_success(Handle handle, Handle txn, const Message& response, Io& io);
    struct Refused {
        int status = 0;
        std::chrono::seconds min_se{0};  ///< Of a 422.
    };
    void on_reinvite_failure(Handle handle, Leg& leg, const Refused& refused, Io& io);
    void on_offer_refused(Handle handle, const detail::OurOffer& was, int status, Io& io);
    void start_reinvite(Handle handle, Leg& leg, detail::Proposal proposal, Io& io);
    /// A request that may renew the session, as the transaction's role and purpose say.
    Handle send_in_session(
        Handle handle, Leg& leg, detail::Txn txn, const detail::RequestParts& parts, Io& io);
    Result<detail::TheirOffer> take_their_offer(const FoundLeg& found, std::string_view command);
    void on_leg_alarm(Handle handle, Io& io);
    void on_timeout(const detail::TxnTimeout& timeout, Io& io);
    void on_no_ack(Handle handle, Leg& leg, Io& io);
    void hang_up_established(const FoundLeg& found, EndedBy by, std::string_view reason, Io& io);
    void acknowledge_empty(Leg& leg, const detail::AnswerOwed& owed, Io& io);
    void send_bye(detail::Dialog& dialog,
                  std::string_view reason,
                  const std::optional<LegId>& leg,
                  Io& io);
    void settle_exchange(Leg& leg, Io& io);
    std::string write_in_dialog(const detail::Dialog& dialog,
                                const detail::RequestParts& parts) const;
    void answer_txn(Handle txn,
                    const detail::Echo& echo,
                    const detail::ResponseParts& parts,
                    const Leg& leg,
                    Io& io);
    void accept_txn(const detail::Asked& asked, Leg& leg, std::string_view sdp, Io& io);
    void end_leg(Handle handle, EndedBy by, std::string reason, Io& io);
    void fail_leg(Handle handle, Failed failed, Io& io);
    /// The owner was told; the id means nothing from here on.
    void forget_id(Leg& leg);
    void drop_leg(Handle handle);
    Handle add_leg(Leg leg);
    [[nodiscard]] Result<FoundLeg> find_leg(LegId id);
    [[nodiscard]] const Leg* find_leg(LegId id) const;
    [[nodiscard]] std::string own_host(const Flow& flow) const;
    [[nodiscard]] std::string contact_line(const Flow& flow) const;
    void remember_version(Leg& leg, std::string_view sdp) const;

    // info.cpp
    void on_info(Leg& leg, const Flow& flow, const Message& request, Io& io);

    // update.cpp
    void on_update(Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io);
    /// Why this UPDATE cannot be taken now; nullopt when it can.
    static std::optional<int> update_refusal(const Leg& leg, const Message& request);
    void send_update(Handle handle, Leg& leg, Io& io);
    void on_update_response(Handle handle, const Message& response, Io& io);
    void on_update_failure(Handle handle, Leg& leg, const Refused& refused, Io& io);

    // reliable.cpp
    void ring_reliably(Leg& leg, detail::Reliable::Ring ring, Io& io);
    void send_reliably(Leg& leg, const detail::Reliable::Ring& ring, Io& io);
    void on_prack(Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io);
    void on_no_prack(Handle handle, Leg& leg, Io& io);
    /// Acknowledges a reliable response. False when it is an old one, or out of order: drop it.
    bool is_heard(Leg& leg, detail::Calling& calling, const Message& response, Io& io);

    // refer.cpp
    /// The leg that an INVITE with Replaces names, or the status it is refused with.
    [[nodiscard]] std::variant<LegId, int> replaced_by(const detail::Message& invite) const;
    void on_refer(Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io);
    void notify_transfer(Leg& leg, int status, std::string_view subscription, Io& io);

    // refresh.cpp
    /// From now on the leg lives for another interval.
    void start_session(Handle handle, Leg& leg, const detail::SessionTerms& terms, Io& io);
    /// As the peer's 2xx to our INVITE wants it.
    void renew_session(Handle handle, Leg& leg, const Message& response, Io& io);
    void arm_session(Handle handle, Leg& leg);
    void refresh(Handle handle, Leg& leg, Io& io);
    void on_session_alarm(Handle handle, Io& io);
    void on_refresh_failed(Handle handle, Leg& leg, Io& io);
    /// The headers of the 422 that a request gets whose session is too brief.
    [[nodiscard]] std::optional<std::string> session_refusal(const Message& request) const;
    [[nodiscard]] detail::SessionTerms terms_for(const Message& request, const Leg& leg) const;
    [[nodiscard]] std::string session_headers(const Leg& leg) const;
    void save_session(const Leg& leg, detail::RecordWriter& writer) const;
    void restore_session(detail::RecordReader& reader, Leg& leg, Now now);

    Settings settings_;
    Rng& rng_;
    Counters counters_;
    detail::Secret secret_;
    detail::Wire wire_;
    detail::Transactions transactions_;
    detail::Authenticator authenticator_;
    detail::SourceGuard guard_;
    detail::Refused refused_;
    detail::Registrar registrar_;
    detail::TrunkClients trunk_clients_;
    std::unordered_map<TrunkId, TrunkCalls> trunk_calls_;
    std::vector<Trunk> trunks_;
    bool is_overloaded_ = false;
    detail::Slots<Leg> legs_;
    detail::Timers leg_timers_;
    detail::Timers session_timers_;
    std::unordered_map<LegId, Handle> ids_;
    /// Outgoing legs that ring at several addresses; each is a Leg with the same id until one
    /// answers. `ids_` has one of them.
    std::unordered_map<LegId, detail::Ringing> ringing_;
    std::unordered_map<detail::Key, Handle, detail::KeyHash> dialogs_;
    std::string buffer_;  ///< The message being read; its memory is reused.
    Message message_;
    std::optional<std::size_t> trace_at_;  ///< Where the message's Trace waits for its leg.
};

namespace detail {

/// The SDP of a message: its body, or the SDP part of a multipart body; nullopt when there is none.
std::optional<std::string> sdp_of(const Message& message);
/// Does the body have a type we cannot read?
bool has_strange_body(const Message& message);
/// RFC 3261 §20.1: who names what it takes and leaves SDP out cannot be answered.
bool takes_sdp(const Message& message);
/// Text of the Reason header, or what the status line says.
std::string reason_of(const Message& message);
/// A complete dialog from the peer's 2xx (RFC 3261 §12.1.2).
void confirm_dialog(Dialog& dialog, const Message& response);
/// The peer's new Contact, if it names one (RFC 3261 §12.2.1.2, §12.2.2).
void refresh_target(Dialog& dialog, const Message& message);
/// Where an in-dialog request is sent. See ADR 0002, "flows".
Flow next_hop(const Dialog& dialog);
std::string reason_header(std::string_view text);
/// RFC 3261 §14.2, RFC 3311 §5.2: by chance from 0 to 10 s.
std::string retry_after(Rng& rng);

}  // namespace detail

}  // namespace escucha::sip
