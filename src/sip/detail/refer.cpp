// REFER inside a dialog (RFC 3515): the peer asks, our owner decides, NOTIFYs tell how it went. And
// what both REFER and INVITE may name, a dialog to be replaced (RFC 3891).

#include <algorithm>
#include <utility>

#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

/// How long the peer may think that it will hear of its transfer.
constexpr int kSubscriptionSeconds = 60;
constexpr std::size_t kMaxTargetBytes = 256;
/// What an INVITE with Replaces is answered (RFC 3891 §3).
constexpr int kBadRequest = 400;
constexpr int kNoSuchCall = 481;
constexpr int kBusyHere = 486;
constexpr int kDeclined = 603;

// "a84b4c76@host;to-tag=1;from-tag=2" (RFC 3891 §6.1)
std::optional<Replaces> parse_replaces(std::string_view text) {
    const std::string value{text};
    if (value.size() > kMaxTargetBytes || !is_line(value)) return std::nullopt;
    const std::size_t params = value.find(';');
    if (params == std::string::npos || params == 0) return std::nullopt;
    const std::string_view rest = std::string_view{value}.substr(params);
    const auto to_tag = find_param(rest, "to-tag");
    const auto from_tag = find_param(rest, "from-tag");
    if (!to_tag || !from_tag || to_tag->empty() || from_tag->empty()) return std::nullopt;
    return Replaces{.call_id = std::string{trim(value.substr(0, params))},
                    .to_tag = std::string{*to_tag},
                    .from_tag = std::string{*from_tag},
                    .is_early_only = find_param(rest, "early-only").has_value()};
}

// Where to; nullopt when it cannot be read.
std::optional<TransferRequested> read_refer(const Message& request) {
    const auto target = parse_name_addr(request.find(HeaderId::ReferTo));
    if (!target || target->uri.text.size() > kMaxTargetBytes) return std::nullopt;
    const Uri& uri = target->uri;
    if (!uri.is_sip() && !iequals(uri.scheme, "tel")) return std::nullopt;
    const auto method = find_param(uri.params, "method");
    if (method && !iequals(*method, "INVITE")) return std::nullopt;
    TransferRequested wanted;
    const std::size_t tail = uri.headers.empty() ? 0 : uri.headers.size() + 1;
    wanted.target_uri = uri.text.substr(0, uri.text.size() - tail);
    wanted.target_user = unescape_user(uri.user);
    if (!is_line(wanted.target_user)) return std::nullopt;
    std::string_view rest = uri.headers;
    while (!rest.empty()) {
        const std::string_view header = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), header.size() + 1));
        const std::size_t equals = header.find('=');
        if (equals == std::string_view::npos || !iequals(header.substr(0, equals), "Replaces")) {
            continue;
        }
        wanted.replaces = parse_replaces(unescape_user(header.substr(equals + 1)));
        if (!wanted.replaces) return std::nullopt;
    }
    const auto by = parse_name_addr(request.find(HeaderId::ReferredBy));
    if (by) wanted.referred_by = by->uri.text.substr(0, kMaxTargetBytes);
    return wanted;
}

}  // namespace

// RFC 3891 §3: the tags are compared as the receiver of the header sees them.
const Leg* Stack::Impl::find_replaced(const Replaces& wanted) const {
    const auto found = dialogs_.find(dialog_key(wanted.call_id, wanted.to_tag));
    const Leg* leg = found == dialogs_.end() ? nullptr : legs_.get(found->second);
    return leg != nullptr && leg->dialog.remote_tag == wanted.from_tag ? leg : nullptr;
}

std::variant<LegId, int> Stack::Impl::replaced_by(const Message& invite) const {
    const auto wanted = parse_replaces(invite.find(HeaderId::Replaces));
    if (!wanted) return kBadRequest;
    const Leg* leg = find_replaced(*wanted);
    // An early dialog is not taken over: who rings is for the owner to say.
    if (leg == nullptr || std::holds_alternative<Offered>(leg->state) ||
        std::holds_alternative<Calling>(leg->state)) {
        return kNoSuchCall;
    }
    if (!std::holds_alternative<Established>(leg->state)) return kDeclined;
    if (wanted->is_early_only) return kBusyHere;
    return leg->id;
}

void Stack::Impl::on_refer(
    Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io) {
    auto wanted = read_refer(request);
    if (!wanted) {
        return settle(flow, request, leg, {.status = 400, .phrase = "Bad Refer-To"}, io);
    }
    if (!std::holds_alternative<Established>(leg.state)) {
        return settle(flow, request, leg, {.status = 603}, io);
    }
    if (leg.transfer) return settle(flow, request, leg, {.status = 491}, io);
    Echo echo = make_echo(request, flow);
    Txn txn;
    txn.role = Role::Server;
    txn.method = Counters::Refer;
    txn.key = server_key(request, request.method_text);
    txn.flow = echo.flow;
    txn.leg = handle;
    const Handle txn_handle = transactions_.open_server(std::move(txn));
    transactions_.expire(txn_handle, io.now);
    leg.transfer = Transfer{.txn = txn_handle, .echo = std::move(echo), .cseq = request.cseq};
    wanted->leg = leg.id;
    io.effects.push_back(std::move(*wanted));
}

Result<void> Stack::Impl::accept_transfer(LegId id, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    Leg& leg = *found.leg;
    if (!leg.transfer || leg.transfer->txn == kNoHandle) return fail(Errc::WrongState, "transfer");
    const Handle txn = std::exchange(leg.transfer->txn, kNoHandle);
    const std::string headers = contact_line(leg.dialog.flow);
    answer_txn(txn, leg.transfer->echo, {.status = 202, .headers = headers}, leg, io);
    leg.transfer->echo = {};
    notify_transfer(leg, 100, "active;expires=" + std::to_string(kSubscriptionSeconds), io);
    return ok();
}

Result<void> Stack::Impl::refuse_transfer(LegId id, int status, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    Leg& leg = *found.leg;
    if (!leg.transfer || leg.transfer->txn == kNoHandle) return fail(Errc::WrongState, "transfer");
    if (status < 300 || status > 699) return fail(Errc::Malformed, "status");
    answer_txn(leg.transfer->txn, leg.transfer->echo, {.status = status}, leg, io);
    leg.transfer.reset();
    return ok();
}

Result<void> Stack::Impl::finish_transfer(LegId id, int status, Io& io) {
    ESC_TRY(const FoundLeg found, find_leg(id));
    Leg& leg = *found.leg;
    if (!leg.transfer || leg.transfer->txn != kNoHandle) return fail(Errc::WrongState, "transfer");
    if (status < 200 || status > 699) return fail(Errc::Malformed, "status");
    notify_transfer(leg, status, "terminated;reason=noresource", io);
    leg.transfer.reset();
    return ok();
}

// §2.4.6: the id is optional for the first REFER of a dialog and needed for the others.
void Stack::Impl::notify_transfer(Leg& leg, int status, std::string_view subscription, Io& io) {
    std::string headers = contact_line(next_hop(leg.dialog));
    headers.append("Event: refer;id=").append(std::to_string(leg.transfer->cseq)).append("\r\n");
    headers.append("Subscription-State: ").append(subscription).append("\r\n");
    const std::string body =
        "SIP/2.0 " + std::to_string(status) + " " + std::string{usual_phrase(status)} + "\r\n";
    send_early(leg,
               leg.dialog,
               Counters::Notify,
               {.method = "NOTIFY",
                .headers = headers,
                .body = body,
                .body_type = "message/sipfrag;version=2.0"},
               io);
}

}  // namespace escucha::sip
