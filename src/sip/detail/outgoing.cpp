#include <algorithm>
#include <utility>

#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

constexpr std::size_t kMaxExtraHeaders = 16;

std::vector<std::string> contacts_of(const Message& response) {
    std::vector<std::string> contacts;
    for (const Header& header : response.headers) {
        if (header.id != HeaderId::Contact) continue;
        std::string_view rest = header.value;
        std::string_view element;
        while (contacts.size() < kMaxRedirects && next_element(rest, element)) {
            if (const auto contact = parse_name_addr(element)) {
                contacts.emplace_back(contact->uri.text);
            }
        }
    }
    return contacts;
}

// Our own header lines must not be doubled or broken by what the caller adds.
bool are_headers_fit(const InviteRequest& request) {
    if (request.headers.size() > kMaxExtraHeaders) return false;
    return std::all_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
        const HeaderId id = header_id(header.first);
        return (id == HeaderId::Other || id == HeaderId::PAssertedIdentity) &&
               is_token(header.first) && is_line(header.second);
    });
}

std::string_view body_of(std::string_view invite) {
    const std::size_t end = invite.find("\r\n\r\n");
    return end == std::string_view::npos ? std::string_view{} : invite.substr(end + 4);
}

std::string head_of(const std::string& invite) {
    const std::size_t end = invite.find("\r\n\r\n");
    std::string head = invite.substr(0, end == std::string::npos ? invite.size() : end + 2);
    // The body is gone, so its length has to go too.
    const std::size_t length = head.rfind("Content-Length:");
    if (length != std::string::npos) head.erase(length);
    head.append("\r\n");
    return head;
}

}  // namespace

Result<void> Stack::Impl::invite(InviteRequest request, Io& io) {
    if (request.leg.is_nil() || ids_.contains(request.leg)) return fail(Errc::WrongState, "leg id");
    if (ids_.size() >= settings_.limits.legs ||
        transactions_.size() >= settings_.limits.transactions) {
        return fail(Errc::Overloaded, "legs");
    }
    if (!are_headers_fit(request)) return fail(Errc::Malformed, "headers");
    if (std::holds_alternative<PhoneTarget>(request.target)) return invite_phone(request, io);
    if (std::holds_alternative<TrunkTarget>(request.target)) {
        return invite_outside(std::move(request), io);
    }
    const auto& target = std::get<UriTarget>(request.target);
    const auto uri = parse_uri(target.uri);
    if (!uri || !uri->is_sip() || target.flow.remote.is_unusable()) {
        return fail(Errc::Malformed, "target");
    }
    Leg leg;
    leg.id = request.leg;
    leg.dialog.is_outgoing = true;
    leg.dialog.remote_target = target.uri;
    leg.dialog.remote = "<" + target.uri + ">";
    leg.dialog.flow = target.flow;
    const Handle handle = add_leg(std::move(leg));
    start_invite(handle, *legs_.get(handle), request, io);
    return ok();
}

Instant Stack::Impl::start_invite(Handle handle, Leg& leg, const InviteRequest& request, Io& io) {
    Dialog& dialog = leg.dialog;
    dialog.call_id = secret_.token() + secret_.token();
    dialog.local_tag = secret_.token();
    // A carrier is told who we are there.
    if (dialog.local.empty()) dialog.local = own_identity(request, dialog.flow);
    dialog.local += ";tag=" + dialog.local_tag;
    dialog.local_cseq = kInviteCseq;
    dialogs_.emplace(dialog_key(dialog.call_id, dialog.local_tag), handle);

    std::string headers = contact_line(dialog.flow);
    const TrunkAccount* account = trunk_clients_.account(dialog.trunk);
    if (account != nullptr && !account->route.empty()) {
        headers.append("Route: ").append(account->route).append("\r\n");
    }
    headers.append(kAllow).append(kAcceptSdp);
    headers.append(request.offer ? kSupportedAtAll : kSupported);
    headers.append(offer_session(settings_.timing.session_expires, settings_.timing.min_se));
    if (request.expires) {
        headers.append("Expires: ").append(std::to_string(request.expires->count())).append("\r\n");
    }
    for (const auto& [name, value] : request.headers) {
        headers.append(name).append(": ").append(value).append("\r\n");
    }
    const std::string branch = "z9hG4bK" + secret_.token();
    if (request.offer) remember_version(leg, *request.offer);
    std::string bytes = write_in_dialog(
        dialog,
        {.method = "INVITE",
         .branch = branch,
         .cseq = dialog.local_cseq,
         .headers = headers,
         .body = request.offer ? std::string_view{*request.offer} : std::string_view{}});
    wire_.request(dialog.flow, bytes, Counters::Invite, leg.id, io);
    Txn txn;
    txn.role = Role::InviteClient;
    txn.purpose = Purpose::Invite;
    txn.method = Counters::Invite;
    txn.key = secret_.key({"client", branch, "INVITE"});
    txn.leg = handle;
    txn.flow = dialog.flow;
    txn.auth = auth_for(dialog.trunk);
    txn.bytes = std::move(bytes);
    leg.state = Calling{.txn = transactions_.open_client(std::move(txn), io.now),
                        .is_offerless = !request.offer,
                        .early_sdp = {}};
    const Duration patience =
        request.expires ? Duration{*request.expires} : Duration{settings_.timing.max_ringing};
    const Instant deadline = io.now.mono + patience;
    leg_timers_.set(handle, leg.alarm, deadline);
    ++counters_.legs_out;
    return deadline;
}

std::string Stack::Impl::own_identity(const InviteRequest& request, const Flow& flow) const {
    std::string identity;
    if (!request.from_display.empty()) identity = quote(request.from_display) + " ";
    identity += "<sip:";
    if (!request.from_user.empty()) identity += escape_user(request.from_user) + "@";
    const bool is_here = settings_.advertised_host.empty();
    return identity + (is_here ? flow.local.host() : settings_.advertised_host) + ">";
}

Result<void> Stack::Impl::cancel(LegId id, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    const auto* calling = std::get_if<Calling>(&found.leg->state);
    if (calling == nullptr) return fail(Errc::WrongState, "cancel");
    release_others(found.handle, Elsewhere::Refused, io);
    abandon(calling->txn, io);
    fail_leg(found.handle, {.leg = id, .status = 487, .reason = "cancelled", .contacts = {}}, io);
    return ok();
}

// The leg goes; its INVITE transaction sees to the rest: CANCEL once there is a provisional
// response (RFC 3261 §9.1), ACK and BYE should a 2xx cross.
void Stack::Impl::abandon(Handle handle, Io& io) {
    Txn* txn = transactions_.get(handle);
    if (txn == nullptr) return;
    txn->leg = kNoHandle;
    txn->is_cancel_wanted = true;
    if (txn->state == TxnState::Proceeding) send_cancel(*txn, handle, io);
}

void Stack::Impl::send_cancel(Txn& invite, Handle handle, Io& io) {
    if (invite.is_cancel_sent) return;
    invite.is_cancel_sent = true;
    std::string space;
    Message message;
    if (!read_own(space, invite.bytes, message)) return;
    // Phones that know RFC 3326 do not list it as a missed call.
    constexpr std::string_view kElsewhere =
        "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";
    std::string bytes = derive_request(
        message, "CANCEL", {}, invite.is_answered_elsewhere ? kElsewhere : std::string_view{});
    wire_.request(invite.flow, bytes, Counters::Cancel, std::nullopt, io);
    Txn txn;
    txn.role = Role::Client;
    txn.method = Counters::Cancel;
    txn.key = secret_.key({"client", message.via.branch, "CANCEL"});
    txn.flow = invite.flow;
    txn.bytes = std::move(bytes);
    transactions_.open_client(std::move(txn), io.now);
    transactions_.expire(handle, io.now);
}

void Stack::Impl::on_invite_response(Handle handle,
                                     const Flow& flow,
                                     const Message& response,
                                     Io& io) {
    Txn& txn = *transactions_.get(handle);
    if (response.status < 200) return on_invite_progress(txn, handle, response, io);
    if (response.status < 300) {
        if (txn.state == TxnState::Accepted) return on_later_success(txn, response, io);
        if (txn.state == TxnState::Completed) return;
        return on_invite_success(handle, flow, response, io);
    }
    if (txn.state == TxnState::Completed) {
        wire_.again(txn.flow, txn.bytes, io);  // The ACK got lost.
    } else if (txn.state != TxnState::Accepted) {
        on_invite_failure(handle, response, io);
    }
}

void Stack::Impl::on_invite_progress(Txn& txn, Handle handle, const Message& response, Io& io) {
    if (txn.state != TxnState::Trying && txn.state != TxnState::Proceeding) return;
    transactions_.proceed(handle, io.now);
    if (txn.is_cancel_wanted) return send_cancel(txn, handle, io);
    Leg* leg = legs_.get(txn.leg);
    auto* calling = leg == nullptr ? nullptr : std::get_if<Calling>(&leg->state);
    if (calling == nullptr || response.status == 100) return;
    if (leg->by_trunk) leg->by_trunk->has_rung = true;
    if (!response.to.tag().empty()) {
        const bool is_same = calling->early && calling->early->remote_tag == response.to.tag();
        const std::uint32_t remote_cseq = is_same ? calling->early->remote_cseq : 0;
        calling->early = leg->dialog;
        calling->early->remote_cseq = remote_cseq;
        confirm_dialog(*calling->early, response);
    }
    if (!is_heard(*leg, *calling, response, io)) return;
    auto sdp = sdp_of(response);
    if (sdp && !calling->is_offerless) calling->early_sdp = *sdp;
    io.effects.push_back(
        Progress{.leg = leg->id, .status = response.status, .sdp = std::move(sdp)});
}

void Stack::Impl::on_invite_success(Handle txn_handle,
                                    const Flow& flow,
                                    const Message& response,
                                    Io& io) {
    Txn& txn = *transactions_.get(txn_handle);
    const Handle handle = txn.leg;
    Leg* leg = legs_.get(handle);
    if (leg == nullptr) return on_orphan_success(txn_handle, response, io);
    if (is_stream(flow.transport)) leg->dialog.flow = flow;
    if (txn.purpose == Purpose::Reinvite)
        return on_reinvite_success(handle, txn_handle, response, io);
    confirm_dialog(leg->dialog, response);
    note_answer(*leg);
    take_answer(handle, *leg, txn_handle, response, io);
}

void Stack::Impl::take_answer(
    Handle handle, Leg& leg, Handle txn_handle, const Message& response, Io& io) {
    const Calling calling = std::get<Calling>(leg.state);
    const bool was_early = calling.early && calling.early->remote_tag == leg.dialog.remote_tag;
    if (was_early) leg.dialog.remote_cseq = calling.early->remote_cseq;
    release_others(handle, Elsewhere::Answered, io);
    leg_timers_.set(handle, leg.alarm, kNever);
    auto forks = std::make_unique<Forks>();
    forks->invite_head = head_of(transactions_.get(txn_handle)->bytes);
    forks->main_tag = leg.dialog.remote_tag;
    leg.sdp = body_of(transactions_.get(txn_handle)->bytes);
    auto sdp = sdp_of(response);
    if (calling.is_offerless && sdp) {
        // The ACK has to carry our answer, so it waits for the owner; their 2xx repeats meanwhile.
        transactions_.accept(txn_handle, {}, std::move(forks), io.now);
        leg.state = AnswerOwed{.txn = txn_handle, .cseq = calling.cseq};
        renew_session(handle, leg, response, io);
        leg_timers_.set(handle, leg.alarm, io.now.mono + 64 * Duration{settings_.timing.t1});
        io.effects.push_back(Answered{.leg = leg.id, .sdp = std::move(*sdp)});
        return;
    }
    const Flow flow = next_hop(leg.dialog);
    // RFC 3261 §13.2.2.4: with the credentials of the INVITE.
    const std::string credentials = credentials_in(leg.dialog, txn_handle);
    std::string ack = write_in_dialog(leg.dialog,
                                      {.method = "ACK",
                                       .branch = "z9hG4bK" + secret_.token(),
                                       .cseq = calling.cseq,
                                       .headers = credentials});
    wire_.request(flow, ack, Counters::Ack, leg.id, io);
    if (Txn* txn = transactions_.get(txn_handle)) txn->flow = flow;
    transactions_.accept(txn_handle, std::move(ack), std::move(forks), io.now);
    if (!sdp && !calling.early_sdp.empty()) sdp = calling.early_sdp;
    leg.state = Established{};
    if (!sdp) {
        send_bye(leg.dialog, "no media in the answer", leg.id, io);
        fail_leg(handle,
                 {.leg = leg.id,
                  .status = 488,
                  .reason = "answer without SDP",
                  .contacts = {},
                  .trunk = trunk_of(leg)},
                 io);
        return;
    }
    renew_session(handle, leg, response, io);
    io.effects.push_back(Answered{.leg = leg.id, .sdp = std::move(*sdp), .trunk = trunk_of(leg)});
}

std::string Stack::Impl::credentials_in(const Dialog& dialog, Handle txn) {
    const Txn* invite = dialog.trunk.is_nil() ? nullptr : transactions_.get(txn);
    std::string space;
    Message message;
    if (invite == nullptr || !read_own(space, invite->bytes, message)) return {};
    return credentials_of(message);
}

std::optional<TrunkId> Stack::Impl::trunk_of(const Leg& leg) {
    return leg.dialog.trunk.is_nil() ? std::nullopt : std::optional{leg.dialog.trunk};
}

void Stack::Impl::send_early(
    Leg& leg, const Dialog& early, Counters::Method method, const RequestParts& parts, Io& io) {
    const Flow flow = next_hop(early);
    const std::string branch = "z9hG4bK" + secret_.token();
    RequestParts whole = parts;
    whole.branch = branch;
    whole.cseq = ++leg.dialog.local_cseq;
    std::string bytes = write_in_dialog(early, whole);
    wire_.request(flow, bytes, method, leg.id, io);
    Txn txn;
    txn.role = Role::Client;
    txn.method = method;
    txn.key = secret_.key({"client", branch, parts.method});
    txn.flow = flow;
    txn.auth = auth_for(early.trunk);
    // Asked for a password, it goes out again with the leg's next CSeq.
    if (txn.auth) txn.leg = ids_.at(leg.id);
    txn.bytes = std::move(bytes);
    transactions_.open_client(std::move(txn), io.now);
}

Result<void> Stack::Impl::ack_with_answer(LegId id, std::string sdp, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    const auto* owed = std::get_if<AnswerOwed>(&found.leg->state);
    if (owed == nullptr) return fail(Errc::WrongState, "ack_with_answer");
    Leg& leg = *found.leg;
    remember_version(leg, sdp);
    const Flow flow = next_hop(leg.dialog);
    std::string ack = write_in_dialog(
        leg.dialog,
        {.method = "ACK", .branch = "z9hG4bK" + secret_.token(), .cseq = owed->cseq, .body = sdp});
    wire_.request(flow, ack, Counters::Ack, id, io);
    if (Txn* txn = transactions_.get(owed->txn)) {
        txn->bytes = std::move(ack);
        txn->flow = flow;
    }
    leg.sdp = std::move(sdp);
    leg.state = Established{};
    leg_timers_.set(found.handle, leg.alarm, kNever);
    return ok();
}

// After the first 2xx: the same one again (its ACK got lost), or another branch of a fork.
void Stack::Impl::on_later_success(Txn& txn, const Message& response, Io& io) {
    const std::string_view tag = response.to.tag();
    if (txn.forks == nullptr || tag == txn.forks->main_tag) {
        if (!txn.bytes.empty()) wire_.again(txn.flow, txn.bytes, io);
        return;
    }
    auto& known = txn.forks->other_tags;
    const bool is_new = std::find(known.begin(), known.end(), tag) == known.end();
    if (is_new && known.size() >= settings_.limits.forks) return;
    std::string space;
    Message invite;
    if (!read_own(space, txn.forks->invite_head, invite)) return;
    Dialog other;
    other.call_id = invite.call_id;
    other.local = invite.from.whole;
    other.local_cseq = invite.cseq;
    other.remote_target = invite.request_uri_text;
    other.flow = txn.flow;
    if (txn.auth) other.trunk = txn.auth->trunk;
    confirm_dialog(other, response);
    wire_.request(
        next_hop(other),
        write_in_dialog(
            other,
            {.method = "ACK", .branch = "z9hG4bK" + secret_.token(), .cseq = other.local_cseq}),
        Counters::Ack,
        std::nullopt,
        io);
    if (!is_new) return;
    known.emplace_back(tag);
    send_bye(other, "answered elsewhere", std::nullopt, io);
}

// The leg was cancelled or hung up, and the answer crossed: RFC 3261 §13.2.2.4 wants it
// acknowledged, and for a new call ended.
void Stack::Impl::on_orphan_success(Handle handle, const Message& response, Io& io) {
    Txn& txn = *transactions_.get(handle);
    std::string space;
    Message invite;
    if (!read_own(space, txn.bytes, invite)) return;
    Dialog dialog;
    dialog.call_id = invite.call_id;
    dialog.local = invite.from.whole;
    dialog.local_cseq = invite.cseq;
    dialog.remote_target = invite.request_uri_text;
    dialog.flow = txn.flow;
    if (txn.auth) dialog.trunk = txn.auth->trunk;
    confirm_dialog(dialog, response);
    const bool is_new_call = txn.purpose == Purpose::Invite;
    auto forks = std::make_unique<Forks>();
    forks->invite_head = head_of(txn.bytes);
    forks->main_tag = dialog.remote_tag;
    std::string ack = write_in_dialog(
        dialog,
        {.method = "ACK", .branch = "z9hG4bK" + secret_.token(), .cseq = dialog.local_cseq});
    wire_.request(next_hop(dialog), ack, Counters::Ack, std::nullopt, io);
    txn.flow = next_hop(dialog);
    transactions_.accept(handle, std::move(ack), std::move(forks), io.now);
    if (is_new_call) send_bye(dialog, "cancelled", std::nullopt, io);
}

void Stack::Impl::on_invite_failure(Handle txn_handle, const Message& response, Io& io) {
    Txn& txn = *transactions_.get(txn_handle);
    const Handle handle = txn.leg;
    const Purpose purpose = txn.purpose;
    std::string space;
    Message invite;
    std::string ack;
    if (read_own(space, txn.bytes, invite)) {
        ack = derive_request(invite, "ACK", response.to.whole, {});
        wire_.request(txn.flow, ack, Counters::Ack, std::nullopt, io);
    }
    const bool is_asked_again = !txn.is_cancel_wanted && answer_challenge(txn_handle, response, io);
    transactions_.complete(txn_handle, std::move(ack), io.now);
    if (is_asked_again) return;
    Leg* leg = legs_.get(handle);
    if (leg == nullptr) return;
    if (purpose == Purpose::Reinvite) {
        const auto min_se = read_session_headers(response).min_se;
        const Refused refused{.status = response.status,
                              .min_se = min_se.value_or(std::chrono::seconds{0})};
        return on_reinvite_failure(handle, *leg, refused, io);
    }
    if (invite_longer(handle, invite, response, io)) return;
    if (goes_on_elsewhere(handle, response.status, io)) return;
    const bool is_redirect = response.status < 400;
    Failed failed{.leg = leg->id,
                  .status = response.status,
                  .reason = reason_of(response),
                  .contacts = is_redirect ? contacts_of(response) : std::vector<std::string>{},
                  .trunk = trunk_of(*leg)};
    if (is_redirect && failed.trunk) read_redirect(*leg, response, failed, io);
    fail_leg(handle, std::move(failed), io);
}

// RFC 4028 §7.3 and RFC 3261 §8.1.3.5: the same INVITE with a session the peer finds long enough
// and the next CSeq. Once: who asks for more again means no.
bool Stack::Impl::invite_longer(Handle handle,
                                const Message& invite,
                                const Message& response,
                                Io& io) {
    Leg& leg = *legs_.get(handle);
    auto& calling = std::get<Calling>(leg.state);
    const auto min_se = read_session_headers(response).min_se;
    if (response.status != 422 || leg.min_se.count() != 0 || !min_se) return false;
    if (*min_se < kShortestInterval || *min_se > kLongestInterval) return false;
    leg.min_se = *min_se;
    calling.cseq = ++leg.dialog.local_cseq;
    calling.early.reset();
    calling.early_sdp.clear();
    calling.heard.clear();
    const std::string branch = "z9hG4bK" + secret_.token();
    const auto interval = std::max(settings_.timing.session_expires, leg.min_se);
    const std::string session = offer_session(interval, leg.min_se);
    std::string bytes =
        repeat_invite(invite, {.branch = branch, .cseq = calling.cseq, .session = session});
    wire_.request(leg.dialog.flow, bytes, Counters::Invite, leg.id, io);
    Txn txn;
    txn.role = Role::InviteClient;
    txn.purpose = Purpose::Invite;
    txn.method = Counters::Invite;
    txn.key = secret_.key({"client", branch, "INVITE"});
    txn.leg = handle;
    txn.flow = leg.dialog.flow;
    txn.auth = auth_for(leg.dialog.trunk);
    txn.bytes = std::move(bytes);
    calling.txn = transactions_.open_client(std::move(txn), io.now);
    return true;
}

}  // namespace escucha::sip
