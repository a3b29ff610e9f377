#include "sdp/sdp.h"
#include "sim/detail/media.h"
#include "sim/detail/people.h"
#include "sim/detail/shell.h"

namespace escucha::sim {

using namespace std::chrono_literals;

namespace {

sdp::LocalMedia gateway_media(Dice& dice) {
    sdp::LocalMedia local;
    local.address = "192.0.2.20";
    local.port = static_cast<std::uint16_t>(40'000 + 2 * dice.below(10'000));
    local.session_id = 1 + dice.below(1'000'000);
    local.session_version = 1;
    return local;
}

std::string answer_to(const std::string& offer, Dice& dice) {
    return sdp::answer(sdp::parse(offer).value(), gateway_media(dice)).value().text;
}

}  // namespace

bool Outsiders::act(const control::LegAction& action) {
    if (const auto* call = std::get_if<control::CallOutside>(&action)) {
        ring(*call);
        return true;
    }
    const LegId leg = std::visit([](const auto& wanted) { return wanted.leg; }, action);
    if (!ringing_.contains(leg) && !talking_.contains(leg)) return false;
    if (std::holds_alternative<control::EndLeg>(action)) {
        ringing_.erase(leg);
        talking_.erase(leg);
    } else if (const auto* reoffer = std::get_if<control::Reoffer>(&action)) {
        world_.clock.after(60ms, [this, leg, text = answer_to(reoffer->sdp, world_.dice)] {
            if (!talking_.contains(leg)) return;
            world_.shell->deliver(
                control::LegEvent{control::LegReofferAnswered{.leg = leg, .sdp = text}});
        });
    }
    return true;
}

void Outsiders::ring(const control::CallOutside& call) {
    const auto session = sdp::parse(call.sdp);
    ringing_[call.leg] = world_.media->endpoint_of(session.value().media.front().port);
    Dice& dice = world_.dice;
    const LegId leg = call.leg;
    const bool has_early_sound = dice.chance(0.5);
    world_.clock.after(dice.between(50ms, 3s), [this, leg, has_early_sound, offer = call.sdp] {
        if (!ringing_.contains(leg)) return;
        control::LegProgress progress{.leg = leg, .status = has_early_sound ? 183 : 180};
        if (has_early_sound) progress.sdp = answer_to(offer, world_.dice);
        world_.shell->deliver(control::LegEvent{progress});
    });
    const std::uint64_t mood = dice.below(10);
    if (mood < 5) {
        return world_.clock.after(dice.between(3s, 20s),
                                  [this, leg, offer = call.sdp] { answer(leg, offer); });
    }
    // Nobody picks up, the number is busy, or the carriers say nothing that reaches us.
    if (mood == 9) return;
    const int status = mood < 7 ? 408 : 486;
    const Duration when = status == 408 ? Duration{call.patience} : dice.between(1s, 5s);
    world_.clock.after(when, [this, leg, status] {
        if (ringing_.erase(leg) == 0) return;
        world_.shell->deliver(control::LegEvent{
            control::LegFailed{.leg = leg, .status = status, .reason = "refused"}});
    });
}

void Outsiders::answer(LegId leg, const std::string& offer) {
    auto ringing = ringing_.extract(leg);
    if (ringing.empty()) return;
    talking_.insert(std::move(ringing));
    world_.shell->deliver(
        control::LegEvent{control::LegAnswered{.leg = leg, .sdp = answer_to(offer, world_.dice)}});
    world_.clock.after(world_.dice.exponential(2min), [this, leg] { hang_up(leg); });
}

void Outsiders::hang_up(LegId leg) {
    const auto talking = talking_.extract(leg);
    if (talking.empty()) return;
    if (talking.mapped()) world_.media->fall_silent(*talking.mapped());
    world_.shell->deliver(control::LegEvent{control::LegEnded{.leg = leg, .reason = "bye"}});
}

void Outsiders::control_died() { ringing_.clear(); }

}  // namespace escucha::sim
