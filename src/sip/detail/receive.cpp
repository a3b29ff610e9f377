#include <algorithm>

#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

constexpr std::string_view kMagicCookie = "z9hG4bK";

// RFC 5626 §4.4 and RFC 7118: pings on UDP are blank lines or zero bytes.
bool is_keepalive(std::string_view text) {
    return text.size() <= 4 && std::all_of(text.begin(), text.end(), [](char c) {
               return c == '\r' || c == '\n' || c == '\0';
           });
}

// Extensions a peer may require.
bool is_understood(std::string_view tag) {
    return iequals(tag, "timer") || iequals(tag, "100rel") || iequals(tag, "replaces");
}

bool is_known_method(Counters::Method method) { return method != Counters::Other; }

}  // namespace

Stack::Impl::Impl(Settings settings, Rng& rng)
    : settings_{std::move(settings)},
      rng_{rng},
      secret_{settings_.secret, rng_},
      wire_{counters_, settings_},
      transactions_{wire_, counters_, settings_.timing},
      authenticator_{secret_, settings_},
      guard_{settings_.limits.strangers},
      registrar_{settings_.limits, settings_.timing},
      trunk_clients_{{secret_, rng_, wire_, transactions_, settings_}} {}

void Stack::Impl::receive(const Flow& flow, ByteView bytes, Io& io) {
    const std::string_view text = as_text(bytes);
    if (is_keepalive(text)) {
        ++counters_.keepalives;
        return;
    }
    const bool is_udp = flow.transport == Transport::Udp;
    if (text.size() >
        (is_udp ? settings_.limits.udp_message_bytes : settings_.limits.tcp_message_bytes)) {
        ++counters_.parse_errors_size;
        return;
    }
    buffer_.assign(text);
    const Verdict verdict = parse(buffer_, settings_.limits, message_);
    if (verdict.kind == Verdict::Garbage) {
        ++counters_.parse_errors_garbage;
        return;
    }
    trace_at_.reset();
    if (settings_.is_tracing) {
        trace_at_ = io.effects.size();
        io.effects.push_back(
            Trace{.leg = {}, .direction = Direction::In, .line = trace_line(message_)});
    }
    if (!message_.is_request) {
        ++counters_.responses_in[static_cast<std::size_t>(message_.status) / 100];
        on_response(flow, message_, io);
        return;
    }
    ++counters_.requests_in[message_.method];
    if (verdict.kind == Verdict::Refuse) {
        ++(verdict.status == 413 || verdict.status == 513 ? counters_.parse_errors_size
                                                          : counters_.parse_errors_answered);
        reply_to_anyone(flow, message_, {.status = verdict.status, .phrase = verdict.phrase}, io);
        return;
    }
    on_request(flow, message_, io);
}

void Stack::Impl::on_request(const Flow& flow, const Message& request, Io& io) {
    if (request.method == Counters::Ack) return on_ack(flow, request, io);
    if (is_repeated(request, io)) return;
    if (request.method == Counters::Cancel) return on_cancel(flow, request, io);
    if (is_refused(flow, request, io)) return;
    if (request.to.tag().empty()) {
        on_outside_dialog(flow, request, io);
    } else {
        on_inside_dialog(flow, request, io);
    }
}

bool Stack::Impl::is_repeated(const Message& request, Io& io) {
    const Handle handle = transactions_.find_server(server_key(request, request.method_text));
    Txn* txn = transactions_.get(handle);
    if (txn == nullptr) return false;
    ++counters_.retransmissions_in;
    transactions_.repeat(*txn, io);
    return true;
}

bool Stack::Impl::is_refused(const Flow& flow, const Message& request, Io& io) {
    if (!is_known_method(request.method)) {
        reply_to_anyone(flow, request, {.status = 405, .headers = kAllow}, io);
        return true;
    }
    // OPTIONS with no hops left is how a proxy asks who sits at the end (RFC 3261 §11).
    if (request.max_forwards == 0 && request.method != Counters::Options) {
        reply_to_anyone(flow, request, {.status = 483}, io);
        return true;
    }
    std::string unsupported;
    for (const Header& header : request.headers) {
        if (header.id != HeaderId::Require && header.id != HeaderId::ProxyRequire) continue;
        std::string_view rest = header.value;
        std::string_view tag;
        while (next_element(rest, tag)) {
            if (header.id == HeaderId::Require && is_understood(trim(tag))) continue;
            unsupported.append(unsupported.empty() ? "Unsupported: " : ", ").append(trim(tag));
        }
    }
    if (unsupported.empty()) return false;
    unsupported.append("\r\n");
    reply_to_anyone(flow, request, {.status = 420, .headers = unsupported}, io);
    return true;
}

void Stack::Impl::on_outside_dialog(const Flow& flow, const Message& request, Io& io) {
    if (is_shut_out(flow, request, io.now)) {
        ++counters_.dropped_banned;
        return;
    }
    switch (request.method) {
        case Counters::Invite:
            return on_new_invite(flow, request, io);
        case Counters::Register:
            return on_register(flow, request, io);
        case Counters::Options:
            return reply_to_anyone(flow, request, {.status = 200, .headers = capabilities()}, io);
        case Counters::Bye:
            return reply_to_anyone(flow, request, {.status = 481}, io);
        case Counters::Ack:
        case Counters::Cancel:
        case Counters::Message:
        case Counters::Subscribe:
        case Counters::Notify:
        case Counters::Refer:
        case Counters::Update:
        case Counters::Info:
        case Counters::Prack:
        case Counters::Publish:
        case Counters::Other:
        case Counters::MethodCount:
            break;
    }
    reply_to_anyone(flow, request, {.status = 405, .headers = kAllow}, io);
}

void Stack::Impl::on_inside_dialog(const Flow& flow, const Message& request, Io& io) {
    const auto found = dialogs_.find(dialog_key(request.call_id, request.to.tag()));
    Leg* leg = found == dialogs_.end() ? nullptr : legs_.get(found->second);
    Dialog* dialog = leg == nullptr ? nullptr : dialog_of(*leg, request);
    if (dialog == nullptr) return reply_to_anyone(flow, request, {.status = 481}, io);
    const Handle handle = found->second;
    note_leg(*leg, io);
    // RFC 3261 §12.2.2: out of order is 500. Equal means another branch of the same request.
    if (dialog->remote_cseq != 0 && request.cseq <= dialog->remote_cseq) {
        return reply(flow, request, {.status = 500, .phrase = "CSeq Out Of Order"}, io);
    }
    dialog->remote_cseq = request.cseq;
    // A REFER makes calls: it has to come from where the call came from.
    if (request.method == Counters::Refer && !flow.remote.same_host(dialog->flow.remote)) {
        return settle(flow, request, *leg, {.status = 403}, io);
    }
    // A phone whose NAT moved it, or a peer that reconnected, is answered where it is now.
    const bool is_moved =
        is_stream(flow.transport) || flow.remote.same_host(leg->dialog.flow.remote);
    if (is_moved) dialog->flow = flow;
    switch (request.method) {
        case Counters::Bye:
            return on_bye(handle, *leg, flow, request, io);
        case Counters::Invite:
            return on_reinvite(handle, *leg, flow, request, io);
        case Counters::Update:
            return on_update(handle, *leg, flow, request, io);
        case Counters::Prack:
            return on_prack(handle, *leg, flow, request, io);
        case Counters::Refer:
            return on_refer(handle, *leg, flow, request, io);
        case Counters::Options:
            return settle(flow, request, *leg, {.status = 200, .headers = capabilities()}, io);
        case Counters::Info:
            return on_info(*leg, flow, request, io);
        case Counters::Ack:
        case Counters::Cancel:
        case Counters::Register:
        case Counters::Message:
        case Counters::Subscribe:
        case Counters::Notify:
        case Counters::Publish:
        case Counters::Other:
        case Counters::MethodCount:
            break;
    }
    reply(flow, request, {.status = 405, .headers = kAllow}, io);
}

void Stack::Impl::on_ack(const Flow&, const Message& ack, Io& io) {
    const Handle txn_handle = transactions_.find_server(server_key(ack, "INVITE"));
    if (Txn* txn = transactions_.get(txn_handle);
        txn != nullptr && txn->state != TxnState::Accepted) {
        transactions_.acknowledge(txn_handle, io.now);
        return;
    }
    // The ACK of a 2xx is a transaction of its own; some peers send it with the INVITE's branch.
    const auto found = dialogs_.find(dialog_key(ack.call_id, ack.to.tag()));
    Leg* leg = found == dialogs_.end() ? nullptr : legs_.get(found->second);
    if (leg == nullptr || leg->dialog.remote_tag != ack.from.tag()) return;
    note_leg(*leg, io);
    on_acknowledged(found->second, *leg, ack, io);
}

void Stack::Impl::on_cancel(const Flow& flow, const Message& request, Io& io) {
    const Handle handle = transactions_.find_server(server_key(request, "INVITE"));
    const Txn* txn = transactions_.get(handle);
    if (txn == nullptr) return reply_to_anyone(flow, request, {.status = 481}, io);
    const Leg* leg = legs_.get(txn->leg);
    if (leg != nullptr) note_leg(*leg, io);
    // RFC 3261 §9.2: the To tag of the INVITE's own answers.
    const std::string tag = leg == nullptr ? std::string{} : leg->dialog.local_tag;
    reply(flow, request, {.status = 200, .to_tag = tag}, io);
    on_invite_cancelled(handle, request, io);
}

void Stack::Impl::on_response(const Flow& flow, const Message& response, Io& io) {
    const auto vias =
        std::count_if(response.headers.begin(), response.headers.end(), [](const Header& header) {
            return header.id == HeaderId::Via;
        });
    const Handle handle = vias == 1 ? transactions_.find_client(secret_.key(
                                          {"client", response.via.branch, response.method_text}))
                                    : kNoHandle;
    Txn* txn = transactions_.get(handle);
    if (txn == nullptr) {
        ++counters_.stray_responses;
        return;
    }
    if (const Leg* leg = legs_.get(txn->leg)) note_leg(*leg, io);
    if (txn->role == Role::InviteClient) return on_invite_response(handle, flow, response, io);
    if (response.status < 200) {
        transactions_.proceed(handle, io.now);
    } else if (txn->state != TxnState::Completed) {
        if (answer_challenge(handle, response, io)) {
            transactions_.complete(handle, {}, io.now);
            return;
        }
        if (txn->purpose == Purpose::Refresh) on_update_response(txn->leg, response, io);
        if (TrunkClients::owns(txn->purpose))
            trunk_clients_.on_response(handle, flow, response, io);
        transactions_.complete(handle, {}, io.now);
    }
}

void Stack::Impl::reply(const Flow& flow,
                        const Message& request,
                        const ResponseParts& parts,
                        Io& io) {
    if (request.method == Counters::Ack) return;
    const Echo echo = make_echo(request, flow);
    const std::string tag =
        secret_.stable_token({"stateless", request.call_id, request.via.branch});
    ResponseParts tagged = parts;
    if (tagged.to_tag.empty()) tagged.to_tag = tag;
    wire_.response(echo.flow, write_response(echo, tagged), parts.status, std::nullopt, io);
}

void Stack::Impl::reply_to_anyone(const Flow& flow,
                                  const Message& request,
                                  const ResponseParts& parts,
                                  Io& io) {
    if (may_ask(flow, io.now)) reply(flow, request, parts, io);
}

void Stack::Impl::settle(
    const Flow& flow, const Message& request, const Leg& leg, const ResponseParts& parts, Io& io) {
    const Echo echo = make_echo(request, flow);
    ResponseParts tagged = parts;
    tagged.to_tag = leg.dialog.local_tag;
    std::string bytes = write_response(echo, tagged);
    const std::optional<LegId> id = leg.id.is_nil() ? std::nullopt : std::optional{leg.id};
    wire_.response(echo.flow, bytes, parts.status, id, io);
    if (transactions_.size() >= settings_.limits.transactions) return;
    Txn txn;
    txn.role = request.method == Counters::Invite ? Role::InviteServer : Role::Server;
    txn.method = request.method;
    txn.key = server_key(request, request.method_text);
    txn.flow = echo.flow;
    transactions_.finish(
        transactions_.open_server(std::move(txn)), parts.status, std::move(bytes), io.now);
}

Dialog* Stack::Impl::dialog_of(Leg& leg, const Message& request) {
    Dialog* dialog = &leg.dialog;
    if (auto* calling = std::get_if<Calling>(&leg.state)) {
        // Before the answer there is little a callee may ask for.
        const bool is_early = calling->early && request.method == Counters::Update;
        dialog = is_early ? &*calling->early : nullptr;
    }
    const bool is_ours = dialog != nullptr && dialog->remote_tag == request.from.tag();
    return is_ours ? dialog : nullptr;
}

Key Stack::Impl::server_key(const Message& request, std::string_view method) const {
    const Via& via = request.via;
    if (via.branch.size() > kMagicCookie.size() &&
        iequals(via.branch.substr(0, kMagicCookie.size()), kMagicCookie)) {
        const std::string port = std::to_string(via.port.value_or(5060));
        return secret_.key({"server", via.branch, via.host, port, method});
    }
    // RFC 2543 peers: §17.2.3 lists what must match. The To tag may not: an ACK has one more.
    const std::string cseq = std::to_string(request.cseq);
    return secret_.key({"2543", via.whole, request.from.tag(), request.call_id, cseq, method});
}

Key Stack::Impl::merge_key(const Message& request) const {
    const std::string cseq = std::to_string(request.cseq);
    return secret_.key({"merge", request.from.tag(), request.call_id, cseq});
}

Key Stack::Impl::dialog_key(std::string_view call_id, std::string_view tag) const {
    return secret_.key({"dialog", call_id, tag});
}

void Stack::Impl::note_leg(const Leg& leg, Io& io) const {
    if (!trace_at_ || leg.id.is_nil()) return;
    if (auto* trace = std::get_if<Trace>(&io.effects[*trace_at_])) trace->leg = leg.id;
}

}  // namespace escucha::sip
