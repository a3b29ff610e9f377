// Calls to the outside world: by which carrier and which of its servers, what a carrier is told of
// us, and the answer to its challenges inside and outside of dialogs.

#include "sip/detail/trunk_call.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "sip/detail/diversion.h"
#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

constexpr std::size_t kMaxNumberBytes = 64;
/// No response of the server; somebody who does not pick up is kNobodyThere.
constexpr int kNoAnswer = 408;
constexpr int kNobodyThere = 480;
constexpr int kUnauthorised = 401;
constexpr int kProxyUnauthorised = 407;
constexpr int kUnavailable = 503;

bool is_number(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789*#";
    if (text.starts_with('+')) text.remove_prefix(1);
    return !text.empty() && text.size() <= kMaxNumberBytes &&
           text.find_first_not_of(kDigits) == std::string_view::npos;
}

/// RFC 3261 §20.10: "q=0.7", in thousandths; without it the best, and what is none is the worst.
unsigned preference_of(const NameAddr& contact) {
    constexpr unsigned kBest = 1'000;
    const auto q = find_param(contact.params, "q");
    if (!q) return kBest;
    if (*q == "1" || q->starts_with("1.")) return kBest;
    if (!q->starts_with("0.")) return 0;
    std::string thousandths{q->substr(2)};
    thousandths.resize(3, '0');
    return static_cast<unsigned>(parse_number(thousandths, kBest).value_or(0));
}

/// "+34-600.123" as carriers are called with it; empty when it is no number.
std::string number_in(const Uri& uri) {
    std::string number = unescape_user(uri.user.substr(0, uri.user.find(';')));
    drop_separators(number);
    return is_number(number) ? number : std::string{};
}

bool wants_password(int status) { return status == kUnauthorised || status == kProxyUnauthorised; }

}  // namespace

Result<void> Stack::Impl::invite_outside(InviteRequest request, Io& io) {
    auto& target = std::get<TrunkTarget>(request.target);
    if (!is_number(target.number)) return fail(Errc::Malformed, "number");
    Leg leg;
    leg.id = request.leg;
    leg.dialog.is_outgoing = true;
    leg.by_trunk = std::make_unique<TrunkCall>();
    TrunkCall& call = *leg.by_trunk;
    for (const TrunkId trunk : target.trunks) {
        for (Flow& flow : trunk_clients_.routes(trunk, io.now.mono)) {
            call.hops.push_back({.trunk = trunk, .flow = std::move(flow)});
        }
    }
    if (call.hops.empty()) return fail(Errc::UnknownTrunk, "no carrier has an address");
    std::ranges::reverse(call.hops);
    const Duration patience =
        request.expires ? Duration{*request.expires} : Duration{settings_.timing.max_ringing};
    call.deadline = io.now.mono + patience;
    call.request = std::move(request);
    const Handle handle = add_leg(std::move(leg));
    if (try_next_hop(handle, *legs_.get(handle), io)) return ok();
    drop_leg(handle);
    return fail(Errc::Overloaded, "every carrier has as many calls as it may have");
}

bool Stack::Impl::try_next_hop(Handle handle, Leg& leg, Io& io) {
    TrunkCall& call = *leg.by_trunk;
    while (!call.hops.empty()) {
        const TrunkCall::Hop hop = std::move(call.hops.back());
        call.hops.pop_back();
        const TrunkAccount* account = trunk_clients_.account(hop.trunk);
        if (account == nullptr) continue;
        if (leg.dialog.trunk != hop.trunk) {
            TrunkCalls& calls = calls_by(hop.trunk);
            if (account->calls_max != 0 && calls.active >= account->calls_max) {
                ++calls.refused_by_limit;
                // Its other servers are as full.
                std::erase_if(call.hops,
                              [&](const TrunkCall::Hop& one) { return one.trunk == hop.trunk; });
                continue;
            }
            enter_trunk(leg, hop.trunk);
        }
        call_by(handle, leg, *account, hop.flow, io);
        return true;
    }
    return false;
}

// A new call to the server, with a Call-ID of its own: one that answers late has another call than
// the one that is answered now.
void Stack::Impl::call_by(
    Handle handle, Leg& leg, const TrunkAccount& account, const Flow& flow, Io& io) {
    TrunkCall& call = *leg.by_trunk;
    const auto& target = std::get<TrunkTarget>(call.request.target);
    Dialog& dialog = leg.dialog;
    dialogs_.erase(dialog_key(dialog.call_id, dialog.local_tag));
    const std::string own = account.caller_id.empty() ? account.username : account.caller_id;
    const std::string identity = "<sip:" + escape_user(own) + "@" + account.domain + ">";
    const bool is_withheld = target.presentation == TrunkTarget::Presentation::Withheld;
    // RFC 3323 §4.1: the name of nobody, and of no domain.
    dialog.local = is_withheld ? "\"Anonymous\" <sip:anonymous@anonymous.invalid>" : identity;
    dialog.remote_target = "sip:" + escape_user(target.number) + "@" + account.domain;
    // RFC 3261 §19.1.6: what is a telephone number says so.
    if (target.number.starts_with('+')) dialog.remote_target += ";user=phone";
    dialog.remote = "<" + dialog.remote_target + ">";
    dialog.flow = flow;
    dialog.local_cseq = 0;
    leg.min_se = std::chrono::seconds{0};

    InviteRequest request = call.request;
    request.headers.emplace_back("P-Asserted-Identity", identity);
    if (is_withheld) request.headers.emplace_back("Privacy", "id");
    if (!target.diverting.empty()) {
        // A line of a few digits is known to us alone.
        const bool is_known = target.diverting.starts_with('+') && is_number(target.diverting);
        for (auto& header : diversion_headers(account.diversion,
                                              {.by = is_known ? target.diverting : own,
                                              .target = target.number,
                                              .domain = account.domain,
                                              .before = target.diverted_before,
                                              .is_private = is_withheld})) {
            request.headers.push_back(std::move(header));
        }
    }
    request.expires.reset();
    ++calls_by(account.trunk).tried;
    start_invite(handle, leg, request, io);
    const Instant silent_until = io.now.mono + settings_.timing.trunk_patience;
    leg_timers_.set(handle, leg.alarm, std::min(call.deadline, silent_until));
}

// Wherever it leads, somebody else would choose what we pay for: numbers of the carrier's own are
// named to the owner, who has rules for them, and all else is nobody's.
void Stack::Impl::read_redirect(const Leg& leg,
                                const Message& response,
                                Failed& failed,
                                Io& io) const {
    constexpr int kUseProxy = 305;
    constexpr int kAlternativeService = 380;
    failed.reason = "the carrier redirects: not followed";
    if (response.status == kUseProxy) failed.reason = "the carrier wants another proxy: not asked";
    if (response.status == kAlternativeService) {
        failed.reason = "the carrier offers another service: not used";
    }
    if (response.status >= kUseProxy) return;
    const TrunkAccount* account = trunk_clients_.account(leg.dialog.trunk);
    if (account == nullptr) return;
    const auto servers = trunk_clients_.routes(leg.dialog.trunk, io.now.mono);
    const auto is_own = [&](const Uri& uri) {
        if (iequals(uri.scheme, "tel")) return true;
        return uri.is_sip() && (iequals(uri.host, account->domain) ||
                                std::ranges::any_of(servers, [&](const Flow& server) {
                                    return iequals(uri.host, server.remote.ip());
                                }));
    };
    std::vector<std::pair<unsigned, std::string>> numbers;
    for (const Header& header : response.headers) {
        if (header.id != HeaderId::Contact) continue;
        std::string_view rest = header.value;
        std::string_view element;
        while (numbers.size() < kMaxRedirects && next_element(rest, element)) {
            const auto contact = parse_name_addr(element);
            if (!contact || !is_own(contact->uri)) continue;
            std::string number = number_in(contact->uri);
            if (!number.empty()) numbers.emplace_back(preference_of(*contact), std::move(number));
        }
    }
    std::ranges::stable_sort(numbers, std::greater{}, [](const auto& one) { return one.first; });
    for (auto& [q, number] : numbers) failed.redirects.push_back(std::move(number));
    if (!numbers.empty()) failed.reason = "the carrier redirects";
}

bool Stack::Impl::goes_on_elsewhere(Handle handle, int status, Io& io) {
    Leg& leg = *legs_.get(handle);
    if (!leg.by_trunk) return false;
    note_failure(leg.dialog.trunk, status);
    TrunkCall& call = *leg.by_trunk;
    if (wants_password(status)) {
        // Who we are is the same at each of this carrier's servers.
        std::erase_if(call.hops,
                      [&](const TrunkCall::Hop& hop) { return hop.trunk == leg.dialog.trunk; });
    } else if (!is_trouble(status)) {
        return false;
    } else if (status == kNoAnswer || status == kUnavailable) {
        trunk_clients_.shun(leg.dialog.trunk, leg.dialog.flow, io.now.mono);
    }
    return !call.has_rung && io.now.mono < call.deadline && try_next_hop(handle, leg, io);
}

// The alarm of a call by a carrier: that of the whole call, or that of a server which is silent.
bool Stack::Impl::is_still_tried(Handle handle, Leg& leg, Io& io) {
    if (!leg.by_trunk) return false;
    const auto& call = *leg.by_trunk;
    const Handle txn = std::get<Calling>(leg.state).txn;
    if (io.now.mono >= call.deadline) {
        note_failure(leg.dialog.trunk, kNobodyThere);
        return false;
    }
    if (!is_silent(leg)) {
        leg_timers_.set(handle, leg.alarm, call.deadline);
        return true;
    }
    // Heard at last, it would ring a phone that has the call already.
    abandon(txn, io);
    transactions_.stop_repeating(txn);
    return goes_on_elsewhere(handle, kNoAnswer, io);
}

bool Stack::Impl::answer_challenge(Handle asked, const Message& response, Io& io) {
    Txn* was = transactions_.get(asked);
    if (!wants_password(response.status) || was == nullptr || !was->auth) return false;
    std::unique_ptr<CarrierAuth> auth = std::move(was->auth);
    const TrunkAccount* account = trunk_clients_.account(auth->trunk);
    if (account == nullptr || account->username.empty() || account->password.empty()) return false;
    if (auth->rounds >= kMaxChallenges) return false;
    if (auth->digest.take(response) != DigestClient::Outcome::Answered) return false;
    ++auth->rounds;
    std::string space;
    Message request;
    if (!read_own(space, was->bytes, request)) return false;
    Leg* leg = legs_.get(was->leg);
    const std::uint32_t cseq = leg == nullptr ? request.cseq + 1 : ++leg->dialog.local_cseq;
    const std::string branch = "z9hG4bK" + secret_.token();
    const std::string credentials = auth->digest.lines({account->username, account->password},
                                                       request.method_text,
                                                       request.request_uri_text,
                                                       secret_.token());
    Txn txn;
    txn.role = was->role;
    txn.purpose = was->purpose;
    txn.method = was->method;
    txn.key = secret_.key({"client", branch, request.method_text});
    txn.leg = was->leg;
    txn.flow = was->flow;
    txn.auth = std::move(auth);
    txn.bytes =
        repeat_authorised(request, {.branch = branch, .cseq = cseq, .credentials = credentials});
    const std::optional<LegId> id = leg == nullptr ? std::nullopt : std::optional{leg->id};
    wire_.request(txn.flow, txn.bytes, txn.method, id, io);
    const Handle again = transactions_.open_client(std::move(txn), io.now);
    if (leg != nullptr) follow(*leg, asked, again, cseq);
    return true;
}

// The leg waits for the answer to the new request from here on.
void Stack::Impl::follow(Leg& leg, Handle was, Handle now, std::uint32_t cseq) {
    if (auto* calling = std::get_if<Calling>(&leg.state); calling != nullptr) {
        if (calling->txn != was) return;
        calling->txn = now;
        calling->cseq = cseq;
        calling->early.reset();
        calling->early_sdp.clear();
        calling->heard.clear();
    } else if (auto* established = std::get_if<Established>(&leg.state)) {
        auto* ours = std::get_if<OurOffer>(&established->exchange);
        if (ours != nullptr && ours->txn == was) ours->txn = now;
    }
}

bool Stack::Impl::read_own(std::string& space, std::string_view text, Message& out) const {
    space.assign(text);
    Limits own = settings_.limits;
    own.header_bytes = std::max(own.header_bytes, text.size());
    return parse(space, own, out).kind == Verdict::Ok;
}

std::unique_ptr<CarrierAuth> Stack::Impl::auth_for(TrunkId trunk) {
    if (trunk.is_nil()) return nullptr;
    return std::make_unique<CarrierAuth>(CarrierAuth{.trunk = trunk, .digest = {}});
}

TrunkCalls& Stack::Impl::calls_by(TrunkId trunk) {
    TrunkCalls& calls = trunk_calls_[trunk];
    calls.trunk = trunk;
    return calls;
}

void Stack::Impl::enter_trunk(Leg& leg, TrunkId trunk) {
    leave_trunk(leg);
    leg.dialog.trunk = trunk;
    ++calls_by(trunk).active;
}

void Stack::Impl::leave_trunk(Leg& leg) {
    if (leg.dialog.trunk.is_nil()) return;
    --calls_by(leg.dialog.trunk).active;
    leg.dialog.trunk = TrunkId{};
}

void Stack::Impl::note_failure(TrunkId trunk, int status) {
    const int hundreds = status == kNoAnswer ? 0 : status / 100;
    ++calls_by(trunk).failed[static_cast<std::size_t>(hundreds)];
}

void Stack::Impl::note_answer(Leg& leg) {
    if (!leg.by_trunk) return;
    ++calls_by(leg.dialog.trunk).answered;
    leg.by_trunk.reset();
}

void Stack::Impl::unreachable(const Flow& flow, Io& io) {
    std::vector<TxnTimeout> timeouts;
    transactions_.unreachable(flow, timeouts);
    for (const TxnTimeout& timeout : timeouts) on_timeout(timeout, io);
}

std::vector<TrunkCalls> Stack::Impl::trunk_calls() const {
    std::vector<TrunkCalls> all;
    all.reserve(trunk_calls_.size());
    for (const auto& [trunk, calls] : trunk_calls_) all.push_back(calls);
    return all;
}

}  // namespace escucha::sip
