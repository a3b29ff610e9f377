// Reliable provisional responses (RFC 3262): sent where the caller requires them, acknowledged with
// PRACK where the callee sends them.

#include <algorithm>
#include <utility>

#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

constexpr std::uint64_t kMaxSequence = 0x7FFF'FFFF;
/// RFC 3262 §3: chosen at random, with room to count upwards.
constexpr std::uint64_t kMaxFirstSequence = 0x3FFF'FFFF;
constexpr int kNoPrack = 504;

struct RAck {
    std::uint32_t rseq = 0;
    std::uint32_t cseq = 0;
};

// "776656 1 INVITE"
std::optional<RAck> parse_rack(std::string_view value) {
    std::string_view rest = value;
    const auto next_word = [&rest] {
        rest = trim(rest);
        const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
        rest.remove_prefix(word.size());
        return word;
    };
    const auto rseq = parse_number(next_word(), kMaxSequence);
    const auto cseq = parse_number(next_word(), kMaxSequence);
    if (!rseq || !cseq || trim(rest) != "INVITE") return std::nullopt;
    return RAck{.rseq = static_cast<std::uint32_t>(*rseq),
                .cseq = static_cast<std::uint32_t>(*cseq)};
}

// A caller without an offer would have to be given ours in the first of them (RFC 3262 §5), so it
// gets none. One that waits for the one before takes the place of another that does.
void queue(std::optional<Reliable::Ring>& next, Reliable::Ring ring) {
    if (next && !ring.sdp) ring.sdp = std::move(next->sdp);
    next = std::move(ring);
}

}  // namespace

void Stack::Impl::ring_reliably(Leg& leg, Reliable::Ring ring, Io& io) {
    auto& offered = std::get<Offered>(leg.state);
    if (offered.is_offerless) return;
    if (offered.reliable->is_open) return queue(offered.reliable->next, std::move(ring));
    send_reliably(leg, ring, io);
}

void Stack::Impl::send_reliably(Leg& leg, const Reliable::Ring& ring, Io& io) {
    auto& offered = std::get<Offered>(leg.state);
    Reliable& reliable = *offered.reliable;
    reliable.rseq = reliable.rseq == 0
                        ? static_cast<std::uint32_t>(1 + rng_.below(kMaxFirstSequence))
                        : reliable.rseq + 1;
    reliable.is_open = true;
    reliable.is_sdp_open = ring.sdp && !reliable.has_sdp;
    std::string_view body;
    if (reliable.is_sdp_open) {
        reliable.has_sdp = true;
        remember_version(leg, *ring.sdp);
        leg.sdp = *ring.sdp;
        body = leg.sdp;
    }
    const std::string headers = contact_line(leg.dialog.flow) + std::string{kAllow} +
                                "Require: 100rel\r\nRSeq: " + std::to_string(reliable.rseq) +
                                "\r\n";
    std::string bytes = write_response(offered.asked.echo,
                                       {.status = ring.status,
                                        .to_tag = leg.dialog.local_tag,
                                        .headers = headers,
                                        .body = body,
                                        .makes_dialog = true});
    wire_.response(offered.asked.echo.flow, bytes, ring.status, leg.id, io);
    transactions_.provisional_reliably(offered.asked.txn, std::move(bytes), io.now);
}

void Stack::Impl::on_prack(
    Handle handle, Leg& leg, const Flow& flow, const Message& request, Io& io) {
    const auto rack = parse_rack(request.find(HeaderId::RAck));
    auto* offered = std::get_if<Offered>(&leg.state);
    auto* established = std::get_if<Established>(&leg.state);
    auto* awaiting =
        established == nullptr ? nullptr : std::get_if<AwaitingAck>(&established->exchange);
    const bool is_ringing = rack && offered != nullptr && offered->reliable &&
                            offered->reliable->is_open && rack->rseq == offered->reliable->rseq &&
                            rack->cseq == offered->asked.cseq;
    // §3: the 2xx may overtake the PRACK of a response before it.
    const bool is_late = rack && awaiting != nullptr && awaiting->rseq != 0 &&
                         rack->rseq == awaiting->rseq && rack->cseq == awaiting->cseq;
    if (!is_ringing && !is_late) return settle(flow, request, leg, {.status = 481}, io);
    // An offer in it (§5) would change media before the call is answered.
    settle(flow, request, leg, {.status = request.body.empty() ? 200 : 488}, io);
    if (is_late) {
        awaiting->rseq = 0;
        return;
    }
    transactions_.provisional_acknowledged(offered->asked.txn);
    Reliable& reliable = *offered->reliable;
    reliable.is_open = reliable.is_sdp_open = false;
    if (reliable.answer) {
        const std::string sdp = std::move(*reliable.answer);
        answer_offered({.handle = handle, .leg = &leg}, sdp, io);
    } else if (reliable.next) {
        const Reliable::Ring next = *std::exchange(reliable.next, std::nullopt);
        send_reliably(leg, next, io);
    }
}

void Stack::Impl::on_no_prack(Handle handle, Leg& leg, Io& io) {
    if (!std::holds_alternative<Offered>(leg.state)) return;
    refuse_offered(leg, {.status = kNoPrack}, io);
    end_leg(handle, EndedBy::Timeout, "no PRACK", io);
}

bool Stack::Impl::is_heard(Leg& leg, Calling& calling, const Message& response, Io& io) {
    const auto rseq = parse_number(response.find(HeaderId::RSeq), kMaxSequence);
    const std::string_view tag = response.to.tag();
    const bool is_reliable = has_option(response, HeaderId::Require, "100rel") && rseq &&
                             !tag.empty() && !calling.is_offerless;
    if (!is_reliable) return true;
    const auto known = std::find_if(calling.heard.begin(),
                                    calling.heard.end(),
                                    [&](const Calling::Heard& heard) { return heard.tag == tag; });
    // §4: one that does not follow the last is neither acknowledged nor looked at.
    if (known != calling.heard.end()) {
        if (*rseq != std::uint64_t{known->rseq} + 1) return false;
        known->rseq = static_cast<std::uint32_t>(*rseq);
    } else {
        if (calling.heard.size() >= settings_.limits.forks) return false;
        calling.heard.push_back(
            {.tag = std::string{tag}, .rseq = static_cast<std::uint32_t>(*rseq)});
    }
    const std::string headers =
        "RAck: " + std::to_string(*rseq) + " " + std::to_string(calling.cseq) + " INVITE\r\n";
    send_early(leg, *calling.early, Counters::Prack, {.method = "PRACK", .headers = headers}, io);
    return true;
}

}  // namespace escucha::sip
