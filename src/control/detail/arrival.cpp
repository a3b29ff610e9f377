// From the INVITE to the flow's first word.

#include <algorithm>

#include <fmt/format.h>

#include "base/overloaded.h"
#include "base/phone_number.h"
#include "base/redact.h"
#include "calendar/zone.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

/// RFC 3323 and habit: what phones write when the number is withheld.
bool is_withheld(std::string_view caller) {
    return caller.empty() || caller == "anonymous" || caller == "unknown" ||
           caller == "restricted" || caller == "unavailable";
}

/// E.164 where it can be; an extension or a name stays as it came.
std::string normal_caller(std::string_view caller, const Company& company) {
    constexpr std::size_t kShortestNumber = 7;
    if (is_withheld(caller)) return {};
    if (caller.size() >= kShortestNumber) {
        if (const auto number = PhoneNumber::parse(caller, company.calling_code)) {
            return number->e164();
        }
    }
    constexpr std::size_t kLongestCaller = 40;
    return std::string{caller.substr(0, kLongestCaller)};
}

/// A number or an extension. Any other name is an account on a host that we do not know: two callers
/// of that name are not one person, and nobody's case is told to the other.
bool is_number(std::string_view caller) {
    if (caller.starts_with('+')) caller.remove_prefix(1);
    return !caller.empty() && std::ranges::all_of(caller, [](char c) { return c >= '0' && c <= '9'; });
}

std::chrono::minutes utc_offset(const Company& company, WallTime now) {
    const auto local = calendar::to_local_parts(now, company.zone);
    if (!local) return std::chrono::minutes{0};
    return std::chrono::duration_cast<std::chrono::minutes>(local.value().utc_offset);
}

}  // namespace

void Centre::Impl::refuse(const IncomingCall& event, int status, std::string_view why, Turn turn) {
    ++counters_.contacts_refused;
    std::optional<std::chrono::seconds> retry_after;
    if (status == SipStatus::kUnavailable) retry_after = kOverloadRetryAfter;
    turn.act(RejectCaller{.leg = event.leg,
                          .status = status,
                          .retry_after = retry_after,
                          .warning = std::string{why}});
}

sdp::Encryption Centre::Impl::encryption_of(const IncomingCall& call) const {
    if (const auto* id = std::get_if<TrunkId>(&call.source)) {
        const auto trunk = trunks_.find(*id);
        if (trunk != trunks_.end() && trunk->second.encryption) return *trunk->second.encryption;
    }
    return config_.encryption;
}

// Asked now with a made-up port and keys, so that a call without common audio costs no endpoint.
Result<void> Centre::Impl::check_offer(const IncomingCall& call) const {
    sdp::LocalMedia probe{.address = "127.0.0.1", .port = 2};
    probe.encryption = encryption_of(call);
    if (!call.sdp) {
        // Our own offer would have to bring a key, which everybody on the way could read.
        const bool can_offer = probe.encryption != sdp::Encryption::Required ||
                               call.signalling == Signalling::Encrypted;
        return can_offer ? Result<void>{ok()} : fail(sdp::Errc::EncryptionMissing);
    }
    for (const SrtpSuite suite : kSrtpSuites) probe.keys.push_back({.suite = suite, .master = {}});
    ESC_TRY(const auto offer, sdp::parse(*call.sdp));
    ESC_TRY(sdp::answer(offer, probe));
    return ok();
}

void Centre::Impl::handle(const IncomingCall& event, Turn turn) {
    if (event.replaces) return take_over(event, *event.replaces, turn);
    if (consult_by_phone(event, turn)) return;
    const auto line = find_line(event);
    if (!line) return refuse(event, SipStatus::kNotFound, "no such number", turn);
    if (!is_media_up_ || calls_.size() >= config_.max_live_contacts) {
        return refuse(event, SipStatus::kUnavailable, "overloaded", turn);
    }
    if (const auto usable = check_offer(event); !usable) {
        const std::error_code why = usable.error().code;
        const bool is_unreadable = why == sdp::Errc::Malformed || why == sdp::Errc::TooLarge;
        if (!is_unreadable && why != sdp::Errc::NothingUsable) ++counters_.encryption_refusals;
        return refuse(event,
                      is_unreadable ? SipStatus::kBadRequest : SipStatus::kNotAcceptable,
                      why.message(),
                      turn);
    }
    ++counters_.contacts_arrived;
    auto call = std::make_unique<Call>();
    call->id = ContactId::make(turn.now.wall, rng_);
    call->line = line;
    call->caller = normal_caller(event.caller, *line->company);
    call->dialled = event.dialled;
    call->diversion = event.diversion;
    if (call->diversion) {
        call->diversion->from = normal_caller(call->diversion->from, *line->company);
    }
    call->arrived = turn.now.wall;
    call->began = turn.now.mono;
    call->stage_since = turn.now.wall;
    call->stage = Arriving{.offer = event.sdp};
    call->group = media::CallGroup{++groups_};
    call->caller_leg.id = event.leg;
    call->caller_leg.local.encryption = encryption_of(event);
    const bool insists = call->caller_leg.local.encryption == sdp::Encryption::Required;
    if (!event.sdp && insists) call->caller_leg.local.profile = sdp::Profile::Secure;
    call->set_up_deadline = turn.now.mono + kSetUpDeadline;

    Event arrived = fact("contact_arrived", *call, turn);
    arrived.with("channel", "call")
        .with("direction", "inbound")
        .with("line", line->id.to_string())
        .with("caller", call->caller)
        .with("dialled", call->dialled)
        .with("flow", line->flow.to_string())
        .with("flow_version", line->flow_version)
        .with("language", speech::code(line->language));
    if (const auto& diversion = call->diversion) {
        if (!diversion->from.empty()) arrived.with("diverted_from", diversion->from);
        arrived.with("diversion_reason", word(diversion->reason))
            .with("diversions", std::int64_t{diversion->count});
    }
    turn.out.events.push_back(std::move(arrived));
    note(*call,
         "decision",
         fmt::format("{} calls {}: line \"{}\", flow version {}",
                     redact_number(call->caller),
                     call->dialled,
                     line->name,
                     line->flow_version),
         turn.now);
    Call& kept = *call;
    by_leg_.emplace(event.leg, call->id);
    calls_.emplace(call->id, std::move(call));
    create_endpoint(kept, kept.caller_leg, turn);
    if (is_number(kept.caller)) {
        ask_store(kept, FindCaller{.number = kept.caller}, PrefetchPurpose{}, turn);
    } else {
        kept.caller_facts = CallerFacts{};
    }
    touch(kept);
}

flow::Environment Centre::Impl::environment(const Call& call, WallTime now) const {
    const Line& line = *call.line;
    return flow::Environment{.company_name = line.company->name,
                             .caller = call.caller,
                             .diversion = call.diversion,
                             .language = call.run ? call.run->language() : line.language,
                             .utc_offset = utc_offset(*line.company, now)};
}

void Centre::Impl::caller_endpoint_ready(Call& call, Turn turn) {
    const auto* arriving = std::get_if<Arriving>(&call.stage);
    if (arriving == nullptr) return;
    Leg& leg = call.caller_leg;
    if (!arriving->offer) {
        leg.is_offer_ours = true;
        turn.act(AnswerCaller{.leg = leg.id, .sdp = sdp::offer(leg.local)});
    } else {
        const auto offer = sdp::parse(*arriving->offer);
        auto answer = sdp::answer(offer.value(), leg.local);
        if (!answer) {
            turn.act(RejectCaller{.leg = leg.id, .status = SipStatus::kNotAcceptable});
            return finish(call, "fault", EndedBy::System, turn);
        }
        agree_on(leg, std::move(answer.value().agreed));
        set_remote(call, leg, turn);
        turn.act(AnswerCaller{.leg = leg.id, .sdp = std::move(answer.value().text)});
    }
    call.set_up_deadline = turn.now.mono + kAckDeadline;
    move_to(call, Answering{}, turn);
}

void Centre::Impl::handle(const LegConfirmed& event, Turn turn) {
    Call* call = find_by_leg(event.leg);
    if (call == nullptr) return;
    Leg& leg = party(*call, event.leg);
    if (event.sdp && leg.is_offer_ours) {
        leg.is_offer_ours = false;
        auto agreed = read_answer(leg, *event.sdp);
        if (agreed) {
            agree_on(leg, std::move(agreed).value());
            media_changed(*call, leg, turn);
        } else if (is_consultation(call, event.leg) ||
                   (call->consultation && is_outside(call, event.leg))) {
            note(*call, "decision", "the answer in the ACK is not usable", turn.now);
            return return_from_consultation(*call, "failed", SipStatus::kNotAcceptable, turn);
        } else {
            note(*call, "decision", "the answer in the ACK is not usable", turn.now);
            turn.act(EndLeg{.leg = call->caller_leg.id, .reason = "no usable media"});
            return finish(*call, "fault", EndedBy::System, turn);
        }
    }
    // Of a phone's own call, only now is there a dialog to be kept.
    if (!std::holds_alternative<Answering>(call->stage)) return touch(*call);
    call->set_up_deadline.reset();
    move_to(*call, InFlow{}, turn);
    call->run.emplace(call->line->document, environment(*call, turn.now.wall));
    flow::Effects effects;
    call->run->start(turn.now, effects);
    carry_out(*call, std::move(effects), turn);
}

}  // namespace escucha::control
