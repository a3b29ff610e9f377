#include <fmt/format.h>

#include "base/overloaded.h"
#include "sdp/sdp.h"
#include "sim/detail/config.h"
#include "sim/detail/media.h"
#include "sim/detail/people.h"
#include "sim/detail/shell.h"

namespace escucha::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration kMeanPatience = 6min;
constexpr Duration kMeanTalk = 4min;
/// Longer than any pause in which a flow waits for a key.
constexpr Duration kLongestSilence = 20s;
/// RFC 3261 timer B.
constexpr Duration kTransactionTimeout = 32s;
constexpr std::uint64_t kNumbers = 3000;

sdp::LocalMedia remote_media(Dice& dice) {
    sdp::LocalMedia local;
    local.address = "192.0.2.10";
    local.port = static_cast<std::uint16_t>(20'000 + 2 * dice.below(10'000));
    local.session_id = 1 + dice.below(1'000'000);
    local.session_version = 1;
    if (local.port % 8 == 0) local.profile = sdp::Profile::Secure;
    local.keys.push_back({.suite = SrtpSuite::AesCm128Sha1_80, .master = {1}});
    return local;
}

std::uint16_t port_in(const std::string& text) {
    const auto session = sdp::parse(text);
    if (!session || session.value().media.empty()) return 0;
    return session.value().media.front().port;
}

}  // namespace

Callers::Caller* Callers::find(LegId leg) {
    const auto found = callers_.find(leg);
    return found == callers_.end() ? nullptr : &found->second;
}

Callers::Caller* Callers::find(media::EndpointId endpoint) {
    const auto found = by_endpoint_.find(endpoint);
    return found == by_endpoint_.end() ? nullptr : find(found->second);
}

// Two peaks, late in the morning and in the afternoon.
void Callers::schedule_day() {
    const Duration day = world_.options.length;
    for (std::uint32_t n = 0; n < world_.options.contacts; ++n) {
        Duration when = world_.dice.between(5min, day);
        const auto third = static_cast<std::int64_t>(world_.dice.below(3));
        if (third > 0) {
            const Duration peak = third == 1 ? day / 4 : day * 2 / 3;
            when = peak + world_.dice.between(-day / 8, day / 8);
        }
        world_.clock.after(when, [this] { dial(); });
    }
}

void Callers::dial() {
    const Now now = world_.clock.now();
    Caller caller;
    caller.leg = LegId::make(now.wall, world_.dice.rng());
    caller.is_offerless = world_.dice.chance(0.05);
    control::IncomingCall call{.leg = caller.leg,
                               .source = trunk_id(),
                               .dialled = world_.dice.chance(0.85) ? "100" : "200",
                               .caller = fmt::format("+346{:08}", world_.dice.below(kNumbers)),
                               .caller_display = {},
                               .sdp = sdp::offer(remote_media(world_.dice))};
    if (world_.dice.chance(0.05)) call.caller = "anonymous";
    if (world_.dice.chance(0.005)) call.dialled = "999";
    if (caller.is_offerless) call.sdp.reset();
    const LegId leg = caller.leg;
    callers_.emplace(leg, caller);
    if (world_.dice.chance(0.03)) {
        // Some hang up at any instant, before the first sound too.
        world_.clock.after(world_.dice.between(0us, 90s), [this, leg] { hang_up(leg); });
    }
    world_.clock.after(world_.dice.exponential(kMeanPatience), [this, leg] { give_up(leg); });
    world_.shell->deliver(control::LegEvent{call});
}

// Nobody gives up in the middle of a conversation.
void Callers::give_up(LegId leg) {
    const Caller* caller = find(leg);
    if (caller == nullptr) return;
    if (caller->endpoint && world_.media->is_bridged(*caller->endpoint)) {
        world_.clock.after(world_.dice.exponential(kMeanPatience), [this, leg] { give_up(leg); });
        return;
    }
    hang_up(leg);
}

void Callers::hang_up(LegId leg) {
    Caller* caller = find(leg);
    if (caller == nullptr || caller->is_vanished) return;
    constexpr double kNoGoodbye = 0.005;
    if (caller->endpoint && world_.dice.chance(kNoGoodbye)) {
        caller->is_vanished = true;
        world_.media->fall_silent(*caller->endpoint);
        return;
    }
    if (caller->endpoint) {
        by_endpoint_.erase(*caller->endpoint);
        world_.media->fall_silent(*caller->endpoint);
    }
    callers_.erase(leg);
    world_.clock.after(world_.dice.between(5ms, 60ms), [this, leg] {
        world_.shell->deliver(control::LegEvent{control::LegEnded{.leg = leg, .reason = "bye"}});
    });
}

bool Callers::act(const control::LegAction& action) {
    const LegId leg = std::visit([](const auto& wanted) { return wanted.leg; }, action);
    Caller* caller = find(leg);
    if (std::holds_alternative<control::Reoffer>(action) && confirmed_.contains(leg) &&
        (caller == nullptr || caller->is_vanished)) {
        world_.clock.after(kTransactionTimeout, [this, leg] {
            world_.shell->deliver(
                control::LegEvent{control::LegReofferFailed{.leg = leg, .status = 408}});
        });
        return true;
    }
    if (caller == nullptr) return false;
    std::visit(
        overloaded{[](const control::RingCaller&) {},
                   [&](const control::AnswerCaller& wanted) { answered(*caller, wanted.sdp); },
                   [&](const control::RejectCaller&) {
                       ++refused_;
                       callers_.erase(leg);
                   },
                   [](const control::RingPhone&) {},
                   [&](const control::EndLeg&) {
                       if (caller->endpoint) by_endpoint_.erase(*caller->endpoint);
                       callers_.erase(leg);
                   },
                   [&](const control::Reoffer& wanted) {
                       if (caller->is_vanished) return;
                       if (const auto port = world_.media->endpoint_of(port_in(wanted.sdp))) {
                           if (caller->endpoint) by_endpoint_.erase(*caller->endpoint);
                           caller->endpoint = *port;
                           by_endpoint_[*port] = leg;
                       }
                       const auto offer = sdp::parse(wanted.sdp);
                       auto reply = sdp::answer(offer.value(), remote_media(world_.dice));
                       world_.clock.after(50ms, [this, leg, text = reply.value().text] {
                           if (find(leg) == nullptr) return;
                           world_.shell->deliver(control::LegEvent{
                               control::LegReofferAnswered{.leg = leg, .sdp = text}});
                       });
                   },
                   [](const control::AcceptReoffer&) {},
                   [](const control::RejectReoffer&) {},
                   [](const control::LiftPhone&) {},
                   [](const control::GrantTransfer&) {},
                   [](const control::RefuseTransfer&) {},
                   [](const control::BeginTransfer&) {},
                   [](const control::EndTransfer&) {},
                   [](const control::CallOutside&) {}},
        action);
    return true;
}

void Callers::answered(Caller& caller, const std::string& sdp_text) {
    caller.endpoint = world_.media->endpoint_of(port_in(sdp_text));
    if (caller.endpoint) by_endpoint_[*caller.endpoint] = caller.leg;
    constexpr double kNeverConfirms = 0.002;
    if (world_.dice.chance(kNeverConfirms)) return;
    control::LegConfirmed confirmed{.leg = caller.leg, .sdp = std::nullopt};
    if (caller.is_offerless) {
        const auto offer = sdp::parse(sdp_text);
        confirmed.sdp = sdp::answer(offer.value(), remote_media(world_.dice)).value().text;
    }
    world_.clock.after(world_.dice.between(10ms, 150ms), [this, confirmed] {
        Caller* still = find(confirmed.leg);
        if (still == nullptr) return;
        still->is_answered = true;
        confirmed_.insert(confirmed.leg);
        world_.shell->deliver(control::LegEvent{confirmed});
    });
}

void Callers::heard(media::EndpointId endpoint, Duration length) {
    const Caller* caller = find(endpoint);
    if (caller == nullptr || caller->is_vanished || !world_.dice.chance(0.6)) return;
    world_.clock.after(world_.dice.between(200ms, length + 4s),
                       [this, leg = caller->leg, length] { press_keys(leg, length); });
}

void Callers::press_keys(LegId leg, Duration length) {
    const Caller* caller = find(leg);
    if (caller == nullptr || !caller->endpoint || caller->is_vanished) return;
    constexpr std::string_view kKeys = "1234123456789000*#";
    const std::size_t keys = world_.dice.chance(0.7) ? 1 : 1 + world_.dice.below(9);
    Duration when{};
    for (std::size_t i = 0; i < keys; ++i) {
        const char key = i + 1 == keys && keys > 2 ? '#' : kKeys[world_.dice.below(kKeys.size())];
        world_.clock.after(when, [this, leg, key] {
            const Caller* still = find(leg);
            if (still != nullptr && still->endpoint) world_.media->press(*still->endpoint, key);
        });
        when += world_.dice.between(150ms, std::max<Duration>(200ms, length / 8));
    }
}

void Callers::bridged(media::EndpointId a, media::EndpointId b) {
    Caller* caller = find(a);
    if (caller == nullptr) caller = find(b);
    if (caller == nullptr || ++caller->talks > 1) return;
    // The one or the other ends the conversation; this is the caller's wish.
    world_.clock.after(world_.dice.exponential(kMeanTalk) + 10s,
                       [this, leg = caller->leg] { hang_up(leg); });
}

// A dialog that was confirmed survives in the store; one that was not is gone for both.
void Callers::control_died() {
    std::vector<LegId> lost;
    for (const auto& [leg, caller] : callers_) {
        if (!caller.is_answered) lost.push_back(leg);
    }
    for (const LegId leg : lost) {
        const Caller& caller = callers_.at(leg);
        if (caller.endpoint) by_endpoint_.erase(*caller.endpoint);
        callers_.erase(leg);
    }
}

bool Callers::is_living(LegId leg) const { return confirmed_.contains(leg); }

void Callers::check_silence() {
    if (!world_.shell->is_up() || !world_.media->is_up()) return;
    for (const auto& [leg, caller] : callers_) {
        if (!caller.is_answered || caller.is_vanished || !caller.endpoint) continue;
        if (world_.media->quiet_for(*caller.endpoint) > kLongestSilence) {
            world_.ledger.fail("a caller was left in silence: leg " + leg.to_string());
        }
    }
}

}  // namespace escucha::sim
