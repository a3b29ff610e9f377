#include <algorithm>
#include <array>
#include <utility>

#include "base/overloaded.h"
#include "sdp/sdp.h"
#include "sim/detail/config.h"
#include "sim/detail/media.h"
#include "sim/detail/people.h"
#include "sim/detail/shell.h"

namespace escucha::sim {

using namespace std::chrono_literals;

namespace {

constexpr Duration kRing = 20s;

sdp::LocalMedia phone_media(std::uint32_t number) {
    sdp::LocalMedia local;
    local.address = "192.0.2.20";
    local.port = static_cast<std::uint16_t>(30'000 + 2 * number);
    local.session_id = number + 1;
    local.session_version = 1;
    local.profile = sdp::Profile::Secure;
    local.keys.push_back({.suite = SrtpSuite::AeadAes128Gcm, .master = {1}});
    return local;
}

std::string text_of(const Event& event, std::string_view field) {
    const Event::Value* value = event.find(field);
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
    return text == nullptr ? std::string{} : *text;
}

}  // namespace

Desks::Desks(World& world) : world_{world} {
    for (std::uint32_t n = 0; n < world.options.agents; ++n) {
        Desk desk;
        desk.number = n;
        by_agent_.emplace(agent_id(n), desks_.size());
        desks_.push_back(desk);
    }
}

Desks::Desk* Desks::find(AgentId agent) {
    const auto found = by_agent_.find(agent);
    return found == by_agent_.end() ? nullptr : &desks_[found->second];
}

Desks::Desk* Desks::find(LegId leg) {
    for (Desk& desk : desks_) {
        if (desk.leg == leg) return &desk;
    }
    return nullptr;
}

void Desks::later(Desk& desk, Duration delay, std::function<void(Desk&)> what) {
    world_.clock.after(delay, [&desk, calls = desk.calls, what = std::move(what)] {
        if (desk.calls == calls) what(desk);
    });
}

void Desks::schedule_day() {
    for (Desk& desk : desks_) {
        world_.clock.after(world_.dice.between(0s, 5min), [this, &desk] { start_shift(desk); });
        world_.clock.after(world_.options.length + world_.dice.between(10min, 30min),
                           [this, &desk] { end_shift(desk); });
    }
}

void Desks::start_shift(Desk& desk) {
    desk.is_on_shift = true;
    set_registered(desk, true);
    world_.shell->command(control::SignIn{agent_id(desk.number)});
    world_.shell->command(control::SetReady{agent_id(desk.number)});
}

void Desks::end_shift(Desk& desk) {
    desk.is_on_shift = false;
    world_.shell->command(control::SignOut{agent_id(desk.number)});
    if (!world_.shell->is_up()) world_.clock.after(5s, [this, &desk] { end_shift(desk); });
}

void Desks::set_registered(Desk& desk, bool is_registered) {
    desk.is_registered = is_registered;
    world_.shell->phone(
        phone_of(desk.number),
        is_registered ? acd::Reachability::Reachable : acd::Reachability::Unreachable);
}

void Desks::act(const control::LegAction& action) {
    if (const auto* wanted = std::get_if<control::RingPhone>(&action)) {
        for (Desk& desk : desks_) {
            if (phone_of(desk.number) == wanted->phone) return ring(desk, *wanted);
        }
        return world_.ledger.fail("a phone rang that does not exist");
    }
    const LegId leg = std::visit([](const auto& wanted) { return wanted.leg; }, action);
    const auto dialling = std::ranges::find(desks_, std::optional{leg}, &Desk::second);
    if (dialling != desks_.end()) return act_on_second(*dialling, action);
    Desk* desk = find(leg);
    if (desk == nullptr) return;
    if (std::holds_alternative<control::EndLeg>(action)) {
        if (desk->second && desk->is_second_answered) {
            // In a conference the second call is the conversation.
            desk->leg = std::exchange(desk->second, std::nullopt);
            return;
        }
        desk->leg.reset();
        desk->is_answered = false;
        ++desk->calls;
    } else if (const auto* reoffer = std::get_if<control::Reoffer>(&action)) {
        const auto offer = sdp::parse(reoffer->sdp);
        auto reply = sdp::answer(offer.value(), phone_media(desk->number));
        later(*desk, 60ms, [this, leg, text = reply.value().text](Desk&) {
            world_.shell->deliver(
                control::LegEvent{control::LegReofferAnswered{.leg = leg, .sdp = text}});
        });
    }
}

void Desks::ring(Desk& desk, const control::RingPhone& ring) {
    if (desk.leg) return world_.ledger.fail("a phone in a call rang again");
    ++desk.calls;
    desk.leg = ring.leg;
    desk.is_answered = false;
    const auto session = sdp::parse(ring.sdp);
    desk.endpoint = world_.media->endpoint_of(session.value().media.front().port);
    Dice& dice = world_.dice;
    if (!desk.is_registered) return refuse(desk, 480, 1ms);
    const std::uint64_t mood = dice.below(1000);
    if (mood < 10) return vanish(desk);
    if (mood < 40) return refuse(desk, 486, 20ms);
    if (mood < 60) return refuse(desk, 480, 30ms);
    later(desk, 40ms, [this, leg = ring.leg](Desk&) {
        world_.shell->deliver(control::LegEvent{control::LegProgress{.leg = leg, .status = 180}});
    });
    if (mood < 110) return refuse(desk, 603, dice.between(500ms, 8s));
    if (mood < 130) {
        return later(desk, dice.between(500ms, 8s), [this](Desk& d) {
            world_.shell->command(control::DeclineOffer{agent_id(d.number)});
        });
    }
    if (mood < 190) return;  // Rings until it is stopped.
    const Duration lifted =
        mood < 230 ? kRing + dice.between(-100ms, 100ms) : dice.between(600ms, 9s);
    later(desk, lifted, [this, offer = ring.sdp](Desk& d) { lift(d, offer); });
}

void Desks::lift(Desk& desk, const std::string& offer) {
    desk.is_answered = true;
    const auto parsed = sdp::parse(offer);
    auto reply = sdp::answer(parsed.value(), phone_media(desk.number));
    const LegId leg = *desk.leg;
    // On its way whatever happens to the leg meanwhile.
    world_.clock.after(world_.dice.between(2ms, 50ms), [this, leg, text = reply.value().text] {
        world_.shell->deliver(control::LegEvent{control::LegAnswered{.leg = leg, .sdp = text}});
    });
}

void Desks::refuse(Desk& desk, int status, Duration after) {
    later(desk, after, [this, status](Desk& d) {
        const LegId leg = *d.leg;
        d.leg.reset();
        world_.clock.after(10ms, [this, leg, status] {
            world_.shell->deliver(control::LegEvent{
                control::LegFailed{.leg = leg, .status = status, .reason = "refused"}});
        });
    });
}

// Plugged out: nothing is said, the registration lapses, and after a while it is back.
void Desks::vanish(Desk& desk) {
    if (desk.leg && desk.endpoint) world_.media->fall_silent(*desk.endpoint);
    hang_up_second(desk);
    desk.leg.reset();
    ++desk.calls;
    world_.clock.after(world_.dice.between(1s, 90s), [this, &desk] {
        if (desk.leg) return;
        set_registered(desk, false);
        world_.clock.after(world_.dice.between(30s, 5min),
                           [this, &desk] { set_registered(desk, true); });
    });
}

// As a rule somebody who is there; now and then anybody.
std::uint32_t Desks::colleague_of(const Desk& desk) {
    const auto agents = world_.options.agents;
    const auto start = static_cast<std::uint32_t>(world_.dice.below(agents));
    if (world_.dice.chance(0.1)) return start;
    for (std::uint32_t step = 0; step < agents; ++step) {
        const Desk& other = desks_[(start + step) % agents];
        const bool is_there = other.state == "ready" || other.state == "not_ready";
        if (is_there && other.number != desk.number) return other.number;
    }
    return start;
}

// Hold and dial: the phone's second call to us, for a colleague.
void Desks::dial(Desk& desk, std::uint32_t other) {
    if (!desk.leg || !desk.is_answered || desk.second || !world_.shell->is_up()) return;
    desk.second = LegId::make(world_.clock.now().wall, world_.dice.rng());
    desk.is_second_answered = false;
    world_.shell->deliver(
        control::LegEvent{control::IncomingCall{.leg = *desk.second,
                                                .source = agent_id(desk.number),
                                                .dialled = phone_of(other),
                                                .caller = phone_of(desk.number),
                                                .caller_display = {},
                                                .sdp = sdp::offer(phone_media(desk.number))}});
    if (world_.dice.chance(0.1)) {
        later(desk, world_.dice.between(500ms, 8s), [this](Desk& d) {
            if (!d.is_second_answered) hang_up_second(d);
        });
    }
}

void Desks::act_on_second(Desk& desk, const control::LegAction& action) {
    const LegId leg = *desk.second;
    const bool is_over = std::holds_alternative<control::EndLeg>(action) ||
                         std::holds_alternative<control::RejectCaller>(action);
    if (is_over) {
        desk.second.reset();
    } else if (std::holds_alternative<control::AnswerCaller>(action)) {
        desk.is_second_answered = true;
        world_.clock.after(20ms, [this, leg] {
            world_.shell->deliver(
                control::LegEvent{control::LegConfirmed{.leg = leg, .sdp = std::nullopt}});
        });
        plan_second(desk);
    } else if (const auto* reoffer = std::get_if<control::Reoffer>(&action)) {
        const auto offer = sdp::parse(reoffer->sdp);
        auto reply = sdp::answer(offer.value(), phone_media(desk.number));
        world_.clock.after(60ms, [this, leg, text = reply.value().text] {
            world_.shell->deliver(
                control::LegEvent{control::LegReofferAnswered{.leg = leg, .sdp = text}});
        });
    }
}

// Joined inside either of the two calls, or given up.
void Desks::plan_second(Desk& desk) {
    Dice& dice = world_.dice;
    const Duration talk = dice.between(2s, 30s);
    if (dice.chance(0.4)) {
        return later(desk, talk, [this](Desk& d) { hang_up_second(d); });
    }
    if (dice.chance(0.3)) {
        return later(desk, talk, [this](Desk& d) {
            world_.shell->command(control::MakeConference{agent_id(d.number)});
        });
    }
    later(desk, talk, [this, is_reverse = dice.chance(0.5)](Desk& d) {
        if (!d.leg || !d.second) return;
        world_.shell->deliver(control::LegEvent{
            control::LegTransferAsked{.leg = is_reverse ? *d.second : *d.leg,
                                      .target = "colleague",
                                      .replaces = is_reverse ? *d.leg : *d.second}});
    });
}

void Desks::hang_up_second(Desk& desk) {
    if (!desk.second) return;
    const LegId leg = *desk.second;
    desk.second.reset();
    world_.clock.after(20ms, [this, leg] {
        world_.shell->deliver(control::LegEvent{control::LegEnded{.leg = leg, .reason = "bye"}});
    });
}

// The colleague's half of a consultation or a conference, and the second call of who asks.
void Desks::asked(const Event& event) {
    const bool is_supervision = event.type.starts_with("supervision_");
    const auto with = AgentId::parse(text_of(event, is_supervision ? "supervisor" : "with"));
    Desk* colleague = with ? find(*with) : nullptr;
    Desk* asking = find(*event.agent);
    if (colleague == nullptr || asking == nullptr) return;
    const bool is_over = event.type == "consultation_ended" || event.type == "conference_left" ||
                         event.type == "supervision_ended";
    if (is_over) {
        colleague->is_talking = text_of(event, "result") == "conference";
        return;
    }
    if (colleague->is_talking) return;
    colleague->is_talking = true;
    if (colleague->leg) connected_.insert(*colleague->leg);
    if (asking->second) connected_.insert(*asking->second);
    if (!world_.dice.chance(0.2)) return;
    later(*colleague, world_.dice.between(1s, 30s), [this](Desk& d) {
        if (!d.leg) return;
        const LegId leg = *d.leg;
        d.leg.reset();
        ++d.calls;
        world_.clock.after(20ms, [this, leg] {
            world_.shell->deliver(
                control::LegEvent{control::LegEnded{.leg = leg, .reason = "bye"}});
        });
    });
}

void Desks::read(const Event& event) {
    if (!event.agent) return;
    constexpr std::array kOfColleagues{"consultation_answered",
                                       "consultation_ended",
                                       "conference_joined",
                                       "conference_left",
                                       "supervision_started",
                                       "supervision_ended"};
    if (std::ranges::find(kOfColleagues, event.type) != kOfColleagues.end()) return asked(event);
    Desk* desk = find(*event.agent);
    if (desk == nullptr) return;
    if (event.type == "contact_connected") {
        desk->is_talking = true;
        desk->contact = event.contact;
        if (desk->leg) connected_.insert(*desk->leg);
        plan_talk(*desk);
    } else if (event.type == "contact_disconnected") {
        desk->is_talking = false;
    } else if (event.type == "agent_state_changed") {
        state_changed(*desk, text_of(event, "state"), text_of(event, "reason"));
    }
}

void Desks::state_changed(Desk& desk, const std::string& state, const std::string& reason) {
    desk.state = state;
    const AgentId agent = agent_id(desk.number);
    Dice& dice = world_.dice;
    const auto soon = [&](Duration delay, control::Command command) {
        world_.clock.after(delay, [this, &desk, state, command = std::move(command)] {
            if (desk.state == state && desk.is_on_shift) world_.shell->command(command);
        });
    };
    if (state == "wrap_up") {
        if (dice.chance(0.1)) soon(dice.between(10s, 50s), control::ExtendWrapUp{agent});
        if (dice.chance(0.8)) soon(dice.between(3s, 58s), control::FinishWrapUp{agent});
    } else if (state == "not_ready" && reason != "phone_unreachable") {
        const bool is_break = reason == "lunch";
        soon(is_break ? dice.between(5min, 30min) : dice.between(3s, 90s),
             control::SetReady{agent});
    } else if (state == "not_ready" && !desk.leg) {
        // The phone registers again by itself, as phones do.
        world_.clock.after(dice.between(20s, 2min), [this, &desk] {
            if (desk.state == "not_ready") set_registered(desk, true);
        });
    } else if (state == "ready" && dice.chance(0.02)) {
        soon(dice.between(1s, 5min), control::SetNotReady{agent, "lunch"});
    }
}

// What may happen in a conversation, and how the agent ends it when the caller does not.
void Desks::plan_talk(Desk& desk) {
    Dice& dice = world_.dice;
    const AgentId agent = agent_id(desk.number);
    if (dice.chance(0.25)) during_talk(desk);
    const Duration talk = dice.exponential(5min) + 15s;
    if (dice.chance(0.5)) {
        return later(
            desk, talk, [this, agent](Desk&) { world_.shell->command(control::HangUp{agent}); });
    }
    if (dice.chance(0.01)) {
        return later(desk, talk, [this](Desk& d) { vanish(d); });
    }
    later(desk, talk, [this](Desk& d) {
        if (!d.leg) return;
        const LegId leg = *d.leg;
        d.leg.reset();
        ++d.calls;
        if (d.endpoint) world_.media->fall_silent(*d.endpoint);
        world_.clock.after(20ms, [this, leg] {
            world_.shell->deliver(
                control::LegEvent{control::LegEnded{.leg = leg, .reason = "bye"}});
        });
    });
}

void Desks::during_talk(Desk& desk) {
    Dice& dice = world_.dice;
    const AgentId agent = agent_id(desk.number);
    const auto say = [this](control::Command command) {
        return [this, command = std::move(command)](Desk&) { world_.shell->command(command); };
    };
    const Duration when = dice.between(5s, 60s);
    switch (dice.below(15)) {
        case 0:
            later(desk, when, say(control::Hold{agent}));
            if (dice.chance(0.9)) {
                later(desk, when + dice.between(1s, 40s), say(control::Resume{agent}));
            }
            break;
        case 1: {
            const auto other = static_cast<std::uint32_t>(dice.below(world_.options.agents));
            later(desk, when, say(control::TransferToAgent{agent, agent_id(other)}));
            break;
        }
        case 2:
            later(desk,
                  when,
                  say(control::TransferToQueue{
                      agent, queue_id(static_cast<std::uint32_t>(dice.below(2)))}));
            break;
        case 3:
            later(desk, when, say(control::PauseRecording{agent, "card"}));
            later(desk, when + dice.between(5s, 40s), say(control::ResumeRecording{agent}));
            break;
        case 4:
            later(desk, when, say(control::SetNotReady{agent, "lunch"}));
            break;
        case 5: {
            // The transfer button of the phone.
            const auto other = static_cast<std::uint32_t>(dice.below(world_.options.agents));
            later(desk, when, [this, other](Desk& d) {
                if (!d.leg || !d.is_answered) return;
                world_.shell->deliver(control::LegEvent{
                    control::LegTransferAsked{.leg = *d.leg, .target = phone_of(other)}});
            });
            break;
        }
        case 6:
            later(desk, when, say(control::TransferOutside{agent, "910 00 01 00"}));
            if (dice.chance(0.2)) {
                later(desk, when + dice.between(1s, 10s), say(control::Resume{agent}));
            }
            break;
        case 7:
            later(desk, when, [this](Desk& d) {
                if (!d.leg || !d.is_answered) return;
                world_.shell->deliver(control::LegEvent{
                    control::LegTransferAsked{.leg = *d.leg, .target = "+34600000001"}});
            });
            break;
        case 8: {
            if (dice.chance(0.3)) {
                later(desk, when, say(control::ConsultOutside{agent, "910 00 01 00"}));
            } else {
                later(desk, when, [this, agent](Desk& d) {
                    world_.shell->command(control::ConsultAgent{agent, agent_id(colleague_of(d))});
                });
            }
            const Duration then = when + dice.between(2s, 40s);
            if (dice.chance(0.6)) {
                later(desk, then, say(control::CompleteConsultation{agent}));
            } else if (dice.chance(0.7)) {
                later(desk, then, say(control::EndConsultation{agent}));
            }
            break;
        }
        case 9:
            later(desk, when, [this](Desk& d) { dial(d, colleague_of(d)); });
            break;
        case 10:
        case 11:
            confer(desk, when);
            break;
        case 12:
        case 13:
            supervise(desk, when);
            break;
        default:
            // The hold key of the phone, and its release.
            for (const auto& [delay, direction] :
                 {std::pair{when, sdp::Direction::SendOnly},
                  std::pair{when + 20s, sdp::Direction::SendRecv}}) {
                later(desk, delay, [this, direction = direction](Desk& d) {
                    if (!d.leg || !d.is_answered) return;
                    sdp::LocalMedia local = phone_media(d.number);
                    local.direction = direction;
                    world_.shell->deliver(control::LegEvent{
                        control::LegReoffered{.leg = *d.leg, .sdp = sdp::offer(local)}});
                });
            }
    }
}

// A colleague who was asked comes in, perhaps another is invited, and somebody leaves.
void Desks::confer(Desk& desk, Duration when) {
    Dice& dice = world_.dice;
    const AgentId agent = agent_id(desk.number);
    const auto say = [this](control::Command command) {
        return [this, command = std::move(command)](Desk&) { world_.shell->command(command); };
    };
    if (dice.chance(0.7)) {
        const auto other = agent_id(colleague_of(desk));
        later(desk, when, say(control::ConsultAgent{agent, other}));
        later(desk, when + dice.between(3s, 20s), say(control::MakeConference{agent}));
        if (dice.chance(0.3)) {
            later(desk,
                  when + dice.between(20s, 60s),
                  say(control::RemoveFromConference{agent, other}));
        }
    }
    if (dice.chance(0.6)) {
        later(desk, when + dice.between(10s, 30s), [this, agent](Desk& d) {
            world_.shell->command(control::AddToConference{agent, agent_id(colleague_of(d))});
        });
    }
    if (dice.chance(0.5)) {
        later(desk, when + dice.between(20s, 90s), say(control::HangUp{agent}));
    }
}

// Anybody's page may, here: who may is the API's to say.
void Desks::supervise(Desk& desk, Duration when) {
    Dice& dice = world_.dice;
    const AgentId supervisor = agent_id(colleague_of(desk));
    using Mode = control::SupervisionMode;
    for (const Mode mode : {Mode::Listen, Mode::Whisper, Mode::Join}) {
        later(desk, when, [this, supervisor, mode](Desk& d) {
            if (d.contact && d.is_talking) {
                world_.shell->command(control::Supervise{supervisor, *d.contact, mode});
            }
        });
        when += dice.between(2s, 30s);
    }
    if (dice.chance(0.5)) {
        later(desk, when, [this, supervisor](Desk&) {
            world_.shell->command(control::EndSupervision{supervisor});
        });
    }
}

void Desks::control_died() {
    for (Desk& desk : desks_) {
        if (!desk.is_second_answered) desk.second.reset();
        // A phone that only rang, or whose answer was not yet stored, belongs to nobody now.
        if (desk.leg && !desk.is_talking) {
            desk.leg.reset();
            desk.is_answered = false;
            ++desk.calls;
        }
    }
}

bool Desks::is_living(LegId leg) const { return connected_.contains(leg); }

bool Desks::is_registered(std::uint32_t number) const { return desks_[number].is_registered; }

}  // namespace escucha::sim
