#include <algorithm>
#include <utility>

#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;
using namespace std::chrono_literals;

namespace {

constexpr unsigned kMaxOfferAttempts = 4;

}  // namespace

Result<void> Stack::Impl::hang_up(LegId id, std::string_view reason, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    Leg& leg = *found.leg;
    if (std::holds_alternative<Offered>(leg.state)) {
        const std::string headers = reason_header(reason);
        refuse_offered(leg, {.status = 480, .headers = headers}, io);
        end_leg(found.handle, EndedBy::Local, std::string{reason}, io);
    } else if (const auto* calling = std::get_if<Calling>(&leg.state)) {
        release_others(found.handle, Elsewhere::Refused, io);
        abandon(calling->txn, io);
        fail_leg(found.handle,
                 {.leg = id, .status = 487, .reason = std::string{reason}, .contacts = {}},
                 io);
    } else if (const auto* owed = std::get_if<AnswerOwed>(&leg.state)) {
        acknowledge_empty(leg, *owed, io);
        send_bye(leg.dialog, reason, id, io);
        end_leg(found.handle, EndedBy::Local, std::string{reason}, io);
    } else {
        hang_up_established(found, EndedBy::Local, reason, io);
    }
    return ok();
}

void Stack::Impl::hang_up_established(const FoundLeg& found,
                                      EndedBy by,
                                      std::string_view reason,
                                      Io& io) {
    Leg& leg = *found.leg;
    const LegId id = leg.id;
    const auto& exchange = std::get<Established>(leg.state).exchange;
    const auto* awaiting = std::get_if<AwaitingAck>(&exchange);
    if (awaiting != nullptr && awaiting->is_initial) {
        // RFC 3261 §15: the callee MUST NOT send a BYE until it has received an ACK or the
        // transaction timed out.
        leg.state = HangupOwed{.txn = awaiting->txn, .reason = std::string{reason}};
        forget_id(leg);
        io.effects.push_back(Ended{.leg = id, .by = by, .reason = std::string{reason}});
        return;
    }
    settle_exchange(leg, io);
    send_bye(leg.dialog, reason, id, io);
    end_leg(found.handle, by, std::string{reason}, io);
}

// Whatever is open inside the session ends with it.
void Stack::Impl::settle_exchange(Leg& leg, Io& io) {
    if (leg.transfer && leg.transfer->txn != kNoHandle) {
        answer_txn(leg.transfer->txn, leg.transfer->echo, {.status = 487}, leg, io);
    }
    leg.transfer.reset();
    auto* established = std::get_if<Established>(&leg.state);
    if (established == nullptr) return;
    const Exchange exchange = std::exchange(established->exchange, Quiet{});
    if (const auto* theirs = std::get_if<TheirOffer>(&exchange)) {
        answer_txn(theirs->asked.txn, theirs->asked.echo, {.status = 487}, leg, io);
    } else if (const auto* awaiting = std::get_if<AwaitingAck>(&exchange)) {
        transactions_.acknowledge(awaiting->txn, io.now);
    }
    // Our own re-INVITE goes on alone: its transaction acknowledges whatever comes.
}

void Stack::Impl::on_bye(
    Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io) {
    const Echo echo = make_echo(request, flow);
    std::string bytes = write_response(echo, {.status = 200});
    const std::optional<LegId> id = leg.id.is_nil() ? std::nullopt : std::optional{leg.id};
    wire_.response(echo.flow, bytes, 200, id, io);
    if (flow.transport == Transport::Udp) {
        Txn txn;
        txn.role = Role::Server;
        txn.method = Counters::Bye;
        txn.key = server_key(request, request.method_text);
        txn.flow = echo.flow;
        transactions_.finish(
            transactions_.open_server(std::move(txn)), 200, std::move(bytes), io.now);
    }
    if (const auto* owed = std::get_if<HangupOwed>(&leg.state)) {
        transactions_.acknowledge(owed->txn, io.now);
        return drop_leg(handle);  // Its end is told already.
    }
    if (std::holds_alternative<Offered>(leg.state)) refuse_offered(leg, {.status = 487}, io);
    settle_exchange(leg, io);
    end_leg(handle, EndedBy::Remote, reason_of(request), io);
}

void Stack::Impl::on_reinvite(
    Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io) {
    auto* established = std::get_if<Established>(&leg.state);
    // RFC 3261 §14.2: the first INVITE, or another of theirs, is still open.
    if (established == nullptr || std::holds_alternative<TheirOffer>(established->exchange)) {
        const std::string headers = retry_after(rng_);
        return settle(flow, request, leg, {.status = 500, .headers = headers}, io);
    }
    if (std::holds_alternative<OurOffer>(established->exchange) ||
        std::holds_alternative<AwaitingAck>(established->exchange)) {
        return settle(flow, request, leg, {.status = 491}, io);
    }
    if (has_strange_body(request)) {
        return settle(flow, request, leg, {.status = 415, .headers = kAcceptSdp}, io);
    }
    if (const auto headers = session_refusal(request)) {
        return settle(flow, request, leg, {.status = 422, .headers = *headers}, io);
    }
    if (const auto* later = std::get_if<OfferLater>(&established->exchange)) {
        on_offer_refused(
            handle, {.txn = kNoHandle, .proposal = later->proposal, .next = {}}, 491, io);
    }
    refresh_target(leg.dialog, request);
    if (const auto is_allowed = allows(request, "UPDATE")) leg.is_update_allowed = *is_allowed;

    Echo echo = make_echo(request, flow);
    std::string trying = write_response(echo, {.status = 100});
    Txn txn;
    txn.role = Role::InviteServer;
    txn.method = Counters::Invite;
    txn.key = server_key(request, "INVITE");
    txn.flow = echo.flow;
    txn.leg = handle;
    wire_.response(txn.flow, trying, 100, leg.id, io);
    txn.bytes = std::move(trying);
    auto offer = sdp_of(request);
    established->exchange = TheirOffer{.asked = {.txn = transactions_.open_server(std::move(txn)),
                                                 .echo = std::move(echo),
                                                 .terms = terms_for(request, leg),
                                                 .cseq = request.cseq},
                                       .is_offerless = !offer};
    leg_timers_.set(handle, leg.alarm, io.now.mono + 64 * Duration{settings_.timing.t1});
    io.effects.push_back(Reinvite{.leg = leg.id, .sdp = std::move(offer)});
}

Result<TheirOffer> Stack::Impl::take_their_offer(const FoundLeg& found, std::string_view command) {
    auto* established = std::get_if<Established>(&found.leg->state);
    auto* theirs =
        established == nullptr ? nullptr : std::get_if<TheirOffer>(&established->exchange);
    if (theirs == nullptr) return fail(Errc::WrongState, std::string{command});
    TheirOffer was = std::move(*theirs);
    established->exchange = Quiet{};
    leg_timers_.set(found.handle, found.leg->alarm, kNever);
    return was;
}

Result<void> Stack::Impl::accept_reinvite(LegId id, std::string sdp, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    ESC_TRY(const TheirOffer was, take_their_offer(found, "accept_reinvite"));
    accept_txn(was.asked, *found.leg, sdp, io);
    start_session(found.handle, *found.leg, was.asked.terms, io);
    if (was.by == OfferedBy::Invite) {
        std::get<Established>(found.leg->state).exchange =
            AwaitingAck{.txn = was.asked.txn,
                        .cseq = was.asked.cseq,
                        .is_initial = false,
                        .is_offerless = was.is_offerless};
    }
    ++counters_.sessions_refreshed;
    io.effects.push_back(Refreshed{.leg = id, .sdp = {}});
    return ok();
}

Result<void> Stack::Impl::reject_reinvite(LegId id, int status, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    if (status < 300 || status > 699) return fail(Errc::Malformed, "status");
    ESC_TRY(const TheirOffer was, take_their_offer(found, "reject_reinvite"));
    answer_txn(was.asked.txn, was.asked.echo, {.status = status}, *found.leg, io);
    return ok();
}

Result<void> Stack::Impl::reinvite(LegId id, std::string sdp, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    auto* established = std::get_if<Established>(&found.leg->state);
    if (established == nullptr) return fail(Errc::WrongState, "reinvite");
    Exchange& exchange = established->exchange;
    // A refresh of ours is nothing the owner knows of: its offer goes out as soon as it may.
    if (auto* ours = std::get_if<OurOffer>(&exchange);
        ours != nullptr && ours->proposal.motive == Motive::Refresh && ours->next.empty()) {
        ours->next = std::move(sdp);
        return ok();
    }
    if (auto* later = std::get_if<OfferLater>(&exchange);
        later != nullptr && later->proposal.motive == Motive::Refresh) {
        later->proposal = {.sdp = std::move(sdp)};
        return ok();
    }
    if (!std::holds_alternative<Quiet>(exchange)) return fail(Errc::WrongState, "reinvite");
    start_reinvite(found.handle, *found.leg, {.sdp = std::move(sdp)}, io);
    return ok();
}

void Stack::Impl::start_reinvite(Handle handle, Leg& leg, Proposal proposal, Io& io) {
    if (proposal.motive == Motive::Owner) remember_version(leg, proposal.sdp);
    Txn txn;
    txn.role = Role::InviteClient;
    txn.purpose = Purpose::Reinvite;
    txn.method = Counters::Invite;
    const Handle txn_handle = send_in_session(
        handle, leg, std::move(txn), {.method = "INVITE", .body = proposal.sdp}, io);
    std::get<Established>(leg.state).exchange =
        OurOffer{.txn = txn_handle, .proposal = std::move(proposal), .next = {}};
}

Handle Stack::Impl::send_in_session(
    Handle handle, Leg& leg, Txn txn, const RequestParts& parts, Io& io) {
    const Flow flow = next_hop(leg.dialog);
    const std::string branch = "z9hG4bK" + secret_.token();
    const std::string headers =
        contact_line(flow) + std::string{kAllow} + std::string{kSupported} + session_headers(leg);
    RequestParts whole = parts;
    whole.branch = branch;
    whole.cseq = ++leg.dialog.local_cseq;
    whole.headers = headers;
    std::string bytes = write_in_dialog(leg.dialog, whole);
    wire_.request(flow, bytes, txn.method, leg.id, io);
    txn.key = secret_.key({"client", branch, whole.method});
    txn.leg = handle;
    txn.flow = flow;
    txn.auth = auth_for(leg.dialog.trunk);
    txn.bytes = std::move(bytes);
    return transactions_.open_client(std::move(txn), io.now);
}

void Stack::Impl::on_reinvite_success(Handle handle, Handle txn, const Message& response, Io& io) {
    Leg& leg = *legs_.get(handle);
    auto* established = std::get_if<Established>(&leg.state);
    const auto* ours =
        established == nullptr ? nullptr : std::get_if<OurOffer>(&established->exchange);
    const bool is_current = ours != nullptr && ours->txn == txn;
    refresh_target(leg.dialog, response);
    const Flow flow = next_hop(leg.dialog);
    std::string ack = write_in_dialog(
        leg.dialog,
        {.method = "ACK", .branch = "z9hG4bK" + secret_.token(), .cseq = response.cseq});
    wire_.request(flow, ack, Counters::Ack, leg.id, io);
    auto forks = std::make_unique<Forks>();
    forks->main_tag = leg.dialog.remote_tag;
    if (Txn* opened = transactions_.get(txn)) opened->flow = flow;
    transactions_.accept(txn, std::move(ack), std::move(forks), io.now);
    if (!is_current) return;
    const OurOffer was = *ours;
    established->exchange = Quiet{};
    renew_session(handle, leg, response, io);
    auto sdp = sdp_of(response);
    if (sdp) leg.sdp = was.proposal.sdp;
    if (was.proposal.motive == Motive::Refresh) {
        ++counters_.sessions_refreshed;
        io.effects.push_back(Refreshed{.leg = leg.id, .sdp = std::move(sdp)});
    } else if (sdp) {
        io.effects.push_back(ReinviteAnswered{.leg = leg.id, .sdp = std::move(*sdp)});
    } else {
        io.effects.push_back(ReinviteFailed{.leg = leg.id, .status = 488});
    }
    if (!was.next.empty()) start_reinvite(handle, leg, {.sdp = was.next}, io);
}

void Stack::Impl::on_reinvite_failure(Handle handle, Leg& leg, const Refused& refused, Io& io) {
    auto* established = std::get_if<Established>(&leg.state);
    auto* ours = established == nullptr ? nullptr : std::get_if<OurOffer>(&established->exchange);
    if (ours == nullptr) return;
    OurOffer was = std::move(*ours);
    established->exchange = Quiet{};
    Proposal& proposal = was.proposal;
    if (refused.status == 491 && proposal.attempt < kMaxOfferAttempts) {
        // RFC 3261 §14.1: the owner of the Call-ID waits 2.1 to 4 s, the other side 0 to 2 s, in
        // units of 10 ms.
        const auto wait =
            leg.dialog.is_outgoing ? 2100ms + 10ms * rng_.below(191) : 10ms * rng_.below(201);
        if (!was.next.empty()) proposal = {.sdp = std::move(was.next)};
        ++proposal.attempt;
        established->exchange = OfferLater{.proposal = std::move(proposal)};
        leg_timers_.set(handle, leg.alarm, io.now.mono + Duration{wait});
        return;
    }
    // RFC 4028 §7.3: too short for the peer, so longer.
    if (refused.status == 422 && leg.session && refused.min_se > leg.session->terms.interval &&
        refused.min_se <= kLongestInterval && proposal.attempt < kMaxOfferAttempts) {
        leg.session->terms.interval = leg.min_se = refused.min_se;
        ++proposal.attempt;
        start_reinvite(handle, leg, std::move(proposal), io);
        std::get<OurOffer>(established->exchange).next = std::move(was.next);
        return;
    }
    on_offer_refused(handle, was, refused.status, io);
}

void Stack::Impl::on_offer_refused(Handle handle, const OurOffer& was, int status, Io& io) {
    Leg& leg = *legs_.get(handle);
    const bool is_refresh = was.proposal.motive == Motive::Refresh;
    if (!is_refresh) io.effects.push_back(ReinviteFailed{.leg = leg.id, .status = status});
    // RFC 3261 §12.2.1.2: 481 and 408 mean the peer has no such dialog any more.
    if (status == 481 || status == 408) {
        send_bye(leg.dialog, "session lost", leg.id, io);
        const char* reason = is_refresh ? "session lost" : "re-INVITE failed";
        return end_leg(handle, EndedBy::Timeout, reason, io);
    }
    if (is_refresh) on_refresh_failed(handle, leg, io);
    if (!was.next.empty()) start_reinvite(handle, leg, {.sdp = was.next}, io);
}

void Stack::Impl::on_leg_alarm(Handle handle, Io& io) {
    Leg* leg = legs_.get(handle);
    if (leg == nullptr) return;
    if (std::holds_alternative<Offered>(leg->state)) {
        refuse_offered(*leg, {.status = 480}, io);
        end_leg(handle, EndedBy::Timeout, "never answered", io);
    } else if (const auto* calling = std::get_if<Calling>(&leg->state)) {
        if (is_still_tried(handle, *leg, io)) return;
        if (rings_on(handle, *leg, io)) return;
        abandon(calling->txn, io);
        fail_leg(handle,
                 {.leg = leg->id,
                  .status = 408,
                  .reason = "no answer",
                  .contacts = {},
                  .trunk = trunk_of(*leg)},
                 io);
    } else if (const auto* owed = std::get_if<AnswerOwed>(&leg->state)) {
        acknowledge_empty(*leg, *owed, io);
        send_bye(leg->dialog, "no answer to the offer", leg->id, io);
        end_leg(handle, EndedBy::Timeout, "offer never answered", io);
    } else if (auto* established = std::get_if<Established>(&leg->state)) {
        if (auto* later = std::get_if<OfferLater>(&established->exchange)) {
            OfferLater was = std::move(*later);
            start_reinvite(handle, *leg, std::move(was.proposal), io);
        } else if (auto* theirs = std::get_if<TheirOffer>(&established->exchange)) {
            const TheirOffer was = std::move(*theirs);
            established->exchange = Quiet{};
            answer_txn(was.asked.txn, was.asked.echo, {.status = 500}, *leg, io);
        }
    }
}

void Stack::Impl::on_timeout(const TxnTimeout& timeout, Io& io) {
    if (TrunkClients::owns(timeout.purpose)) return trunk_clients_.on_lost(timeout.txn, io);
    Leg* leg = legs_.get(timeout.leg);
    if (leg == nullptr) return;
    if (timeout.kind == TxnTimeout::NoAck) return on_no_ack(timeout.leg, *leg, io);
    if (timeout.kind == TxnTimeout::NoPrack) return on_no_prack(timeout.leg, *leg, io);
    const bool is_cut = timeout.kind == TxnTimeout::NoConnection;
    if (timeout.purpose == Purpose::Reinvite) {
        on_reinvite_failure(timeout.leg, *leg, {.status = is_cut ? 503 : 408}, io);
    } else if (timeout.purpose == Purpose::Refresh) {
        on_update_failure(timeout.leg, *leg, {.status = is_cut ? 503 : 408}, io);
    } else if (timeout.purpose == Purpose::Invite) {
        if (goes_on_elsewhere(timeout.leg, is_cut ? 503 : 408, io)) return;
        fail_leg(timeout.leg,
                 {.leg = leg->id,
                  .status = is_cut ? 503 : 408,
                  .reason = is_cut ? "connection lost" : "no response",
                  .contacts = {},
                  .trunk = trunk_of(*leg)},
                 io);
    }
}

void Stack::Impl::on_no_ack(Handle handle, Leg& leg, Io& io) {
    // RFC 3261 §13.3.1.4: the dialog is confirmed, but the session is to be ended with a BYE.
    if (const auto* owed = std::get_if<HangupOwed>(&leg.state)) {
        const std::string reason = owed->reason;
        send_bye(leg.dialog, reason, std::nullopt, io);
        return drop_leg(handle);
    }
    send_bye(leg.dialog, "no ACK", leg.id, io);
    end_leg(handle, EndedBy::Timeout, "no ACK", io);
}

void Stack::Impl::acknowledge_empty(Leg& leg, const AnswerOwed& owed, Io& io) {
    const Flow flow = next_hop(leg.dialog);
    std::string ack = write_in_dialog(
        leg.dialog, {.method = "ACK", .branch = "z9hG4bK" + secret_.token(), .cseq = owed.cseq});
    wire_.request(flow, ack, Counters::Ack, leg.id, io);
    if (Txn* txn = transactions_.get(owed.txn)) {
        txn->bytes = std::move(ack);
        txn->flow = flow;
    }
}

void Stack::Impl::send_bye(Dialog& dialog,
                           std::string_view reason,
                           const std::optional<LegId>& leg,
                           Io& io) {
    ++dialog.local_cseq;
    const Flow flow = next_hop(dialog);
    const std::string branch = "z9hG4bK" + secret_.token();
    const std::string headers = reason_header(reason);
    std::string bytes = write_in_dialog(
        dialog, {.method = "BYE", .branch = branch, .cseq = dialog.local_cseq, .headers = headers});
    wire_.request(flow, bytes, Counters::Bye, leg, io);
    Txn txn;
    txn.role = Role::Client;
    txn.method = Counters::Bye;
    txn.key = secret_.key({"client", branch, "BYE"});
    txn.flow = flow;
    txn.auth = auth_for(dialog.trunk);
    txn.bytes = std::move(bytes);
    transactions_.open_client(std::move(txn), io.now);
}

void Stack::Impl::answer_txn(
    Handle handle, const Echo& echo, const ResponseParts& parts, const Leg& leg, Io& io) {
    ResponseParts tagged = parts;
    tagged.to_tag = leg.dialog.local_tag;
    std::string bytes = write_response(echo, tagged);
    wire_.response(echo.flow, bytes, parts.status, leg.id, io);
    transactions_.finish(handle, parts.status, std::move(bytes), io.now);
}

void Stack::Impl::accept_txn(const Asked& asked, Leg& leg, std::string_view sdp, Io& io) {
    if (!sdp.empty()) {
        remember_version(leg, sdp);
        leg.sdp = sdp;
    }
    std::string headers = contact_line(leg.dialog.flow);
    headers.append(kAllow).append(kAcceptSdp).append(kSupported);
    headers.append(grant_session(asked.terms));
    std::string bytes = write_response(asked.echo,
                                       {.status = 200,
                                        .to_tag = leg.dialog.local_tag,
                                        .headers = headers,
                                        .body = sdp,
                                        .makes_dialog = true});
    wire_.response(asked.echo.flow, bytes, 200, leg.id, io);
    transactions_.finish(asked.txn, 200, std::move(bytes), io.now);
}

void Stack::Impl::end_leg(Handle handle, EndedBy by, std::string reason, Io& io) {
    Leg& leg = *legs_.get(handle);
    if (!leg.id.is_nil()) {
        io.effects.push_back(Ended{.leg = leg.id, .by = by, .reason = std::move(reason)});
    }
    drop_leg(handle);
}

void Stack::Impl::fail_leg(Handle handle, Failed failed, Io& io) {
    if (is_carried_on(handle, failed, io)) return;
    io.effects.push_back(std::move(failed));
    drop_leg(handle);
}

std::vector<LegId> Stack::Impl::legs() const {
    std::vector<LegId> legs;
    legs.reserve(ids_.size());
    for (const auto& [id, handle] : ids_) legs.push_back(id);
    return legs;
}

void Stack::Impl::forget_id(Leg& leg) {
    ids_.erase(leg.id);
    leg.id = LegId{};
}

void Stack::Impl::drop_leg(Handle handle) {
    Leg& leg = *legs_.get(handle);
    forget_id(leg);
    leave_trunk(leg);
    dialogs_.erase(dialog_key(leg.dialog.call_id, leg.dialog.local_tag));
    legs_.erase(handle);
}

detail::Handle Stack::Impl::add_leg(Leg leg) {
    const LegId id = leg.id;
    const bool is_named = !leg.dialog.call_id.empty();
    const Key key = dialog_key(leg.dialog.call_id, leg.dialog.local_tag);
    const Handle handle = legs_.add(std::move(leg));
    ids_.emplace(id, handle);
    if (is_named) dialogs_.emplace(key, handle);
    return handle;
}

Result<Stack::Impl::FoundLeg> Stack::Impl::find_leg(LegId id) {
    const auto found = ids_.find(id);
    if (found == ids_.end()) return fail(Errc::UnknownLeg);
    return FoundLeg{.handle = found->second, .leg = legs_.get(found->second)};
}

const detail::Leg* Stack::Impl::find_leg(LegId id) const {
    const auto found = ids_.find(id);
    return found == ids_.end() ? nullptr : legs_.get(found->second);
}

}  // namespace escucha::sip
