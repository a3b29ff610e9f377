#include <utility>

#include "sip/detail/diversion.h"
#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

constexpr std::size_t kMaxRoutes = 16;

std::string with_tag(std::string_view value, std::string_view tag) {
    std::string whole{value};
    whole.append(";tag=").append(tag);
    return whole;
}

std::vector<std::string> routes_in_order(const Message& message) {
    std::vector<std::string> routes;
    for (const Header& header : message.headers) {
        if (header.id != HeaderId::RecordRoute) continue;
        std::string_view rest = header.value;
        std::string_view element;
        while (routes.size() < kMaxRoutes && next_element(rest, element)) {
            routes.emplace_back(element);
        }
    }
    return routes;
}

std::string asserted_user(const Message& request) {
    std::string_view rest = request.find(HeaderId::PAssertedIdentity);
    std::string_view element;
    if (!next_element(rest, element)) return {};
    const auto identity = parse_name_addr(element);
    return identity ? unescape_user(identity->uri.user) : std::string{};
}

}  // namespace

void Stack::Impl::on_new_invite(const Flow& flow, const Message& request, Io& io) {
    if (is_overloaded_ || was_refused(request)) return refuse_for_load(flow, request, io);
    if (transactions_.is_merged(merge_key(request))) {
        ++counters_.merged_requests;
        return reply(flow, request, {.status = 482}, io);
    }
    const auto admitted = admit(flow, request, io);
    if (const auto* refusal = std::get_if<Refusal>(&admitted)) {
        return reply_to_anyone(
            flow, request, {.status = refusal->status, .headers = refusal->headers}, io);
    }
    if (has_strange_body(request)) {
        return reply(flow, request, {.status = 415, .headers = kAcceptSdp}, io);
    }
    if (!takes_sdp(request)) return reply(flow, request, {.status = 406}, io);
    if (const auto headers = session_refusal(request)) {
        return reply(flow, request, {.status = 422, .headers = *headers}, io);
    }
    std::string_view contacts = request.find(HeaderId::Contact);
    std::string_view first;
    next_element(contacts, first);
    const auto contact = parse_name_addr(first);
    if (!contact || !contact->uri.is_sip()) {
        return reply(flow, request, {.status = 400, .phrase = "Bad Contact"}, io);
    }
    if (ids_.size() >= settings_.limits.legs ||
        transactions_.size() >= settings_.limits.transactions) {
        return refuse_for_load(flow, request, io);
    }
    std::optional<LegId> replaced;
    if (request.has(HeaderId::Replaces)) {
        const auto named = replaced_by(request);
        if (const auto* status = std::get_if<int>(&named)) {
            return reply(flow, request, {.status = *status}, io);
        }
        replaced = std::get<LegId>(named);
    }
    open_incoming(flow, request, std::get<Admission>(admitted), io);
    auto& opened = std::get<Incoming>(io.effects.back());
    opened.replaces = replaced;
    // A phone of ours may say what it likes.
    if (std::holds_alternative<TrunkId>(opened.source)) opened.diversion = diversion_of(request);
}

bool Stack::Impl::was_refused(const Message& request) const {
    return !refused_.is_empty() && refused_.holds(server_key(request, "INVITE"));
}

void Stack::Impl::refuse_for_load(const Flow& flow, const Message& request, Io& io) {
    ++counters_.rejected_overload;
    refused_.remember(server_key(request, "INVITE"));
    // Spread, so that those refused together do not come back together.
    const std::string headers = "Retry-After: " + std::to_string(5 + rng_.below(26)) + "\r\n";
    reply(flow, request, {.status = 503, .headers = headers}, io);
}

void Stack::Impl::open_incoming(const Flow& flow,
                                const Message& request,
                                const Admission& admission,
                                Io& io) {
    Echo echo = make_echo(request, flow);
    Leg leg;
    leg.id = LegId::make(io.now.wall, rng_);
    std::string_view contacts = request.find(HeaderId::Contact);
    std::string_view first;
    next_element(contacts, first);
    leg.dialog.call_id = request.call_id;
    leg.dialog.local_tag = secret_.token();
    leg.dialog.remote_tag = request.from.tag();
    leg.dialog.local = with_tag(request.to.whole, leg.dialog.local_tag);
    leg.dialog.remote = request.from.whole;
    leg.dialog.remote_target = parse_name_addr(first)->uri.text;
    leg.dialog.routes = routes_in_order(request);
    leg.dialog.remote_cseq = request.cseq;
    leg.dialog.flow = flow;
    leg.is_update_allowed = allows(request, "UPDATE").value_or(false);
    leg.dialog.is_phone = std::holds_alternative<PhoneSource>(admission.source);

    Txn txn;
    txn.role = Role::InviteServer;
    txn.method = Counters::Invite;
    txn.key = server_key(request, "INVITE");
    txn.merge_key = merge_key(request);
    txn.flow = echo.flow;
    const Handle txn_handle = transactions_.open_server(std::move(txn));
    auto offer = sdp_of(request);
    std::string trying = write_response(echo, {.status = 100});
    leg.state = Offered{.asked = {.txn = txn_handle,
                                  .echo = std::move(echo),
                                  .terms = terms_for(request, leg),
                                  .cseq = request.cseq},
                        .is_offerless = !offer};
    if (has_option(request, HeaderId::Require, "100rel")) {
        std::get<Offered>(leg.state).reliable.emplace();
    }
    const Handle handle = add_leg(std::move(leg));
    Leg& added = *legs_.get(handle);
    if (const auto* trunk = std::get_if<TrunkId>(&admission.source)) enter_trunk(added, *trunk);
    Txn& opened = *transactions_.get(txn_handle);
    opened.leg = handle;
    leg_timers_.set(handle, added.alarm, io.now.mono + settings_.timing.max_ringing);
    note_leg(added, io);
    ++counters_.legs_in;

    wire_.response(opened.flow, trying, 100, added.id, io);
    transactions_.provisional(opened, std::move(trying));
    io.effects.push_back(Incoming{
        .leg = added.id,
        .source = admission.source,
        .flow = flow,
        .request_user = dialled_user(flow, request),
        .caller_user = unescape_user(request.from.uri.user),
        .caller_display = unquote(request.from.display),
        .asserted_user = admission.is_identity_trusted ? asserted_user(request) : std::string{},
        .call_id = added.dialog.call_id,
        .offer = std::move(offer)});
}

Result<void> Stack::Impl::ring(LegId id, int status, std::optional<std::string> sdp, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    auto* offered = std::get_if<Offered>(&found.leg->state);
    if (offered == nullptr) return fail(Errc::WrongState, "ring");
    if (status <= 100 || status >= 200) return fail(Errc::Malformed, "status");
    if (offered->reliable) {
        if (offered->reliable->answer) return fail(Errc::WrongState, "ring");
        ring_reliably(*found.leg, {.status = status, .sdp = std::move(sdp)}, io);
        return ok();
    }
    if (sdp) remember_version(*found.leg, *sdp);
    const std::string headers = contact_line(found.leg->dialog.flow) + std::string{kAllow};
    std::string bytes = write_response(offered->asked.echo,
                                       {.status = status,
                                        .to_tag = found.leg->dialog.local_tag,
                                        .headers = headers,
                                        .body = sdp ? std::string_view{*sdp} : std::string_view{},
                                        .makes_dialog = true});
    wire_.response(offered->asked.echo.flow, bytes, status, id, io);
    if (Txn* txn = transactions_.get(offered->asked.txn)) {
        transactions_.provisional(*txn, std::move(bytes));
    }
    return ok();
}

Result<void> Stack::Impl::answer(LegId id, std::string sdp, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    auto* offered = std::get_if<Offered>(&found.leg->state);
    if (offered == nullptr) return fail(Errc::WrongState, "answer");
    if (offered->reliable && offered->reliable->answer) return fail(Errc::WrongState, "answer");
    if (offered->reliable && offered->reliable->is_sdp_open) {
        // RFC 3262 §3: no 2xx while an answer in a provisional response waits for its PRACK.
        offered->reliable->answer = std::move(sdp);
        return ok();
    }
    answer_offered(found, sdp, io);
    return ok();
}

void Stack::Impl::answer_offered(const FoundLeg& found, std::string_view sdp, Io& io) {
    Leg& leg = *found.leg;
    const Offered was = std::move(std::get<Offered>(leg.state));
    const Reliable reliable = was.reliable.value_or(Reliable{});
    Established established;
    established.exchange = AwaitingAck{.txn = was.asked.txn,
                                       .cseq = was.asked.cseq,
                                       .is_initial = true,
                                       .is_offerless = was.is_offerless,
                                       .rseq = reliable.is_open ? reliable.rseq : 0};
    leg.state = std::move(established);
    leg_timers_.set(found.handle, leg.alarm, kNever);
    // RFC 3261 §13.2.1: nothing after the answer is one, so it is not said twice.
    accept_txn(was.asked, leg, reliable.has_sdp ? std::string_view{} : sdp, io);
    start_session(found.handle, leg, was.asked.terms, io);
}

Result<void> Stack::Impl::reject(LegId id, const Rejection& rejection, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    const auto* offered = std::get_if<Offered>(&found.leg->state);
    const bool is_answered = offered != nullptr && offered->reliable && offered->reliable->answer;
    if (offered == nullptr || is_answered) return fail(Errc::WrongState, "reject");
    if (rejection.status < 300 || rejection.status > 699) return fail(Errc::Malformed, "status");
    std::string headers;
    for (const std::string& contact : rejection.contacts) {
        if (!parse_uri(contact)) return fail(Errc::Malformed, "contact");
        headers.append("Contact: <").append(contact).append(">\r\n");
    }
    if (rejection.retry_after) {
        headers.append("Retry-After: ").append(std::to_string(rejection.retry_after->count()));
        headers.append("\r\n");
    }
    if (!rejection.warning.empty()) {
        headers.append("Warning: 399 ").append(own_host(found.leg->dialog.flow)).append(" ");
        headers.append(quote(rejection.warning)).append("\r\n");
    }
    refuse_offered(*found.leg, {.status = rejection.status, .headers = headers}, io);
    end_leg(found.handle, EndedBy::Local, std::string{usual_phrase(rejection.status)}, io);
    return ok();
}

void Stack::Impl::refuse_offered(Leg& leg, const ResponseParts& parts, Io& io) {
    const auto& offered = std::get<Offered>(leg.state);
    answer_txn(offered.asked.txn, offered.asked.echo, parts, leg, io);
}

void Stack::Impl::on_acknowledged(Handle handle, Leg& leg, const Message& ack, Io& io) {
    if (const auto* owed = std::get_if<HangupOwed>(&leg.state)) {
        transactions_.acknowledge(owed->txn, io.now);
        const std::string reason = owed->reason;
        send_bye(leg.dialog, reason, std::nullopt, io);
        drop_leg(handle);
        return;
    }
    auto* established = std::get_if<Established>(&leg.state);
    if (established == nullptr) return;
    const auto* awaiting = std::get_if<AwaitingAck>(&established->exchange);
    if (awaiting == nullptr || awaiting->cseq != ack.cseq) return;
    const AwaitingAck was = *awaiting;
    transactions_.acknowledge(was.txn, io.now);
    established->exchange = Quiet{};
    if (!was.is_initial && !was.is_offerless) return;
    io.effects.push_back(
        Confirmed{.leg = leg.id, .sdp = was.is_offerless ? sdp_of(ack) : std::nullopt});
}

void Stack::Impl::on_invite_cancelled(Handle txn_handle, const Message& cancel, Io& io) {
    const Txn* txn = transactions_.get(txn_handle);
    if (txn == nullptr || txn->state != TxnState::Proceeding) return;
    const Handle handle = txn->leg;
    Leg* leg = legs_.get(handle);
    if (leg == nullptr) return;
    if (std::holds_alternative<Offered>(leg->state)) {
        refuse_offered(*leg, {.status = 487}, io);
        end_leg(handle, EndedBy::Remote, reason_of(cancel), io);
        return;
    }
    auto* established = std::get_if<Established>(&leg->state);
    if (established == nullptr) return;
    const auto* theirs = std::get_if<TheirOffer>(&established->exchange);
    if (theirs == nullptr || theirs->asked.txn != txn_handle) return;
    const TheirOffer was = *theirs;
    established->exchange = Quiet{};
    answer_txn(was.asked.txn, was.asked.echo, {.status = 487}, *leg, io);
}

}  // namespace escucha::sip
