// UPDATE (RFC 3311), both ways. Ours never has an offer: it is the refresh of a session timer.

#include <utility>

#include "sip/detail/impl.h"

namespace escucha::sip {

using namespace detail;
using namespace std::chrono_literals;

namespace {

/// Our UPDATE met another request, or has to be sent in another way.
constexpr std::chrono::seconds kUpdateAgain{2};

std::optional<int> early_refusal(const LegState& state) {
    return std::visit(
        overloaded{
            // §5.2: no answer yet to an offer of theirs is 500, to one of ours 491. Media that were
            // agreed before the call is answered stay as they are.
            [](const Offered& offered) -> std::optional<int> {
                const bool is_agreed = offered.reliable && offered.reliable->has_sdp;
                return is_agreed ? 488 : 500;
            },
            [](const Calling& calling) -> std::optional<int> {
                return calling.early_sdp.empty() ? 491 : 488;
            },
            [](const AnswerOwed&) -> std::optional<int> { return 500; },
            [](const HangupOwed&) -> std::optional<int> { return 481; },
            [](const Established&) -> std::optional<int> { return std::nullopt; }},
        state);
}

}  // namespace

std::optional<int> Stack::Impl::update_refusal(const Leg& leg, const Message& request) {
    if (has_strange_body(request)) return 415;
    if (const auto* established = std::get_if<Established>(&leg.state)) {
        const auto* theirs = std::get_if<TheirOffer>(&established->exchange);
        if (theirs != nullptr && theirs->by == OfferedBy::Update) return 500;
        if (request.body.empty()) return std::nullopt;
        if (theirs != nullptr) return 500;
        if (std::holds_alternative<OurOffer>(established->exchange) ||
            std::holds_alternative<AwaitingAck>(established->exchange)) {
            return 491;
        }
        return std::nullopt;
    }
    if (request.body.empty() && !std::holds_alternative<HangupOwed>(leg.state)) return std::nullopt;
    return early_refusal(leg.state);
}

void Stack::Impl::on_update(
    Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io) {
    if (const auto status = update_refusal(leg, request)) {
        std::string headers;
        if (*status == 500) headers = retry_after(rng_);
        if (*status == 415) headers = kAcceptSdp;
        return settle(flow, request, leg, {.status = *status, .headers = headers}, io);
    }
    if (const auto headers = session_refusal(request)) {
        return settle(flow, request, leg, {.status = 422, .headers = *headers}, io);
    }
    refresh_target(*dialog_of(leg, request), request);
    leg.is_update_allowed = allows(request, "UPDATE").value_or(true);
    auto* established = std::get_if<Established>(&leg.state);
    const SessionTerms terms = terms_for(request, leg);
    auto offer = sdp_of(request);
    if (!offer) {
        std::string headers = contact_line(flow) + capabilities();
        if (established != nullptr) headers += grant_session(terms);
        settle(flow, request, leg, {.status = 200, .headers = headers}, io);
        if (established == nullptr) return;
        start_session(handle, leg, terms, io);
        ++counters_.sessions_refreshed;
        io.effects.push_back(Refreshed{.leg = leg.id, .sdp = {}});
        return;
    }
    if (const auto* later = std::get_if<OfferLater>(&established->exchange)) {
        on_offer_refused(
            handle, {.txn = kNoHandle, .proposal = later->proposal, .next = {}}, 491, io);
    }
    Echo echo = make_echo(request, flow);
    Txn txn;
    txn.role = Role::Server;
    txn.method = Counters::Update;
    txn.key = server_key(request, request.method_text);
    txn.flow = echo.flow;
    txn.leg = handle;
    established->exchange = TheirOffer{.asked = {.txn = transactions_.open_server(std::move(txn)),
                                                 .echo = std::move(echo),
                                                 .terms = terms,
                                                 .cseq = request.cseq},
                                       .by = OfferedBy::Update,
                                       .is_offerless = false};
    leg_timers_.set(handle, leg.alarm, io.now.mono + 64 * Duration{settings_.timing.t1});
    io.effects.push_back(Reinvite{.leg = leg.id, .sdp = std::move(offer)});
}

void Stack::Impl::send_update(Handle handle, Leg& leg, Io& io) {
    Txn txn;
    txn.role = Role::Client;
    txn.purpose = Purpose::Refresh;
    txn.method = Counters::Update;
    send_in_session(handle, leg, std::move(txn), {.method = "UPDATE"}, io);
}

void Stack::Impl::on_update_response(Handle handle, const Message& response, Io& io) {
    Leg* leg = legs_.get(handle);
    if (leg == nullptr || !std::holds_alternative<Established>(leg->state)) return;
    if (response.status >= 300) {
        const auto min_se = read_session_headers(response).min_se.value_or(0s);
        return on_update_failure(handle, *leg, {.status = response.status, .min_se = min_se}, io);
    }
    refresh_target(leg->dialog, response);
    renew_session(handle, *leg, response, io);
    ++counters_.sessions_refreshed;
    io.effects.push_back(Refreshed{.leg = leg->id, .sdp = {}});
}

void Stack::Impl::on_update_failure(Handle handle, Leg& leg, const Refused& refused, Io& io) {
    const int status = refused.status;
    if (!std::holds_alternative<Established>(leg.state) || !leg.session) return;
    if (status == 481 || status == 408) {
        settle_exchange(leg, io);
        send_bye(leg.dialog, "session lost", leg.id, io);
        return end_leg(handle, EndedBy::Timeout, "session lost", io);
    }
    SessionTimer& session = *leg.session;
    const bool is_longer = status == 422 && refused.min_se > session.terms.interval &&
                           refused.min_se <= kLongestInterval;
    // Its Allow was wrong. Without an SDP to repeat there is no other way.
    const bool is_unknown = (status == 405 || status == 501) && !leg.sdp.empty();
    if (is_longer) session.terms.interval = leg.min_se = refused.min_se;
    if (is_unknown) leg.is_update_allowed = false;
    if (!is_longer && !is_unknown && status != 491) return on_refresh_failed(handle, leg, io);
    session.refresh_at = io.now.mono + kUpdateAgain;
    arm_session(handle, leg);
}

}  // namespace escucha::sip
