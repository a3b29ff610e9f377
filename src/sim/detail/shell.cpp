#include "sim/detail/shell.h"

#include <fmt/format.h>

#include "base/overloaded.h"
#include "sim/detail/config.h"
#include "sim/detail/media.h"
#include "sim/detail/people.h"

namespace escucha::sim {

using namespace std::chrono_literals;

namespace {

/// Checked in full every so many turns; what the ledger checks is checked always.
constexpr std::uint64_t kFullCheckEvery = 64;
constexpr Duration kRetransmit = 500ms;
/// A stored dialog that cannot be read back.
constexpr double kDialogLost = 0.01;

control::KeySource simulated_keys() {
    return [rng = Rng{1}](std::span<std::uint8_t> bytes) mutable {
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
    };
}

}  // namespace

Shell::Shell(World& world) : world_{world} {}
Shell::~Shell() = default;

template <typename Body>
void Shell::turn(Body body) {
    if (!centre_) return;
    control::Effects effects;
    body(*centre_, world_.clock.now(), effects);
    dispatch(std::move(effects));
    check();
    arm();
}

void Shell::check() {
    if (++turns_ % kFullCheckEvery != 0) return;
    if (const auto broken = centre_->broken_invariant()) world_.ledger.fail(*broken);
}

void Shell::start() {
    centre_ = std::make_unique<control::Centre>(world_.dice.next(), simulated_keys());
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.configure(make_config(world_.options, world_.flows), now, out);
    });
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.media_ready(world_.media->listing(), now, out);
    });
}

void Shell::deliver(const control::LegEvent& event) {
    // Telephones say it again until somebody listens.
    if (!centre_) return world_.clock.after(kRetransmit, [this, event] { deliver(event); });
    if (!follow(event)) return;
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.on(event, now, out);
    });
}

void Shell::deliver(const media::Event& event) {
    if (!centre_) return media_backlog_.push_back(event);
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.on(event, now, out);
    });
}

void Shell::command(const control::Command& command) {
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.on_command(control::CommandToken{++tokens_}, company_id(), command, now, out);
    });
}

void Shell::phone(const std::string& username, acd::Reachability reach) {
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.on_phone(username, reach, control::Signalling::Encrypted, now, out);
    });
}

void Shell::drain() {
    turn([](control::Centre& centre, Now now, control::Effects& out) { centre.drain(now, out); });
}

void Shell::arm() {
    const auto next = centre_->next_wakeup();
    if (!next || (armed_ && *armed_ <= *next)) return;
    armed_ = next;
    world_.clock.at(*next, [this, life = life_, due = *next] {
        if (life != life_ || armed_ != due) return;
        armed_.reset();
        turn(
            [](control::Centre& centre, Now now, control::Effects& out) { centre.wake(now, out); });
    });
}

// Facts wait for their commit; what has none waits for those before it.
void Shell::dispatch(control::Effects effects) {
    if (!effects.has_facts() && effects.actions.empty()) return;
    const Instant now = world_.clock.now().mono;
    const Duration delay = effects.has_facts() ? world_.dice.between(1ms, 4ms) : Duration::zero();
    last_commit_ = std::max(last_commit_, now + delay);
    world_.clock.at(last_commit_, [this, life = life_, effects = std::move(effects)]() mutable {
        if (life == life_) commit(std::move(effects));
    });
}

void Shell::commit(control::Effects effects) {
    for (const Event& event : effects.events) {
        world_.ledger.commit(event);
        world_.desks->read(event);
    }
    for (control::LiveChange& change : effects.live) {
        std::visit(
            overloaded{[&](control::LiveRow& row) {
                           const ContactId id = row.contact;
                           rows_[id] = std::move(row);
                       },
                       [&](const control::LiveRowGone& gone) { rows_.erase(gone.contact); },
                       [&](control::StateRow& row) { states_[row.name] = std::move(row.state); }},
            change);
    }
    if (dies_at_commit_ && effects.has_facts()) {
        dies_at_commit_ = false;
        return kill();
    }
    for (const control::Action& action : effects.actions) carry_out(action);
}

void Shell::carry_out(const control::Action& action) {
    std::visit(overloaded{[&](const control::LegAction& wanted) {
                              follow(wanted);
                              if (world_.callers->act(wanted)) return;
                              if (!world_.outsiders->act(wanted)) world_.desks->act(wanted);
                          },
                          [&](const media::Command& wanted) { world_.media->command(wanted); },
                          [&](const control::StartRecording& wanted) {
                              world_.media->command(wanted.record);
                          },
                          [&](const control::PrepareSpeech& wanted) { prepare_speech(wanted); },
                          [&](const control::AskStore& wanted) { ask_store(wanted); },
                          [](const control::CommandDone&) {},
                          [&](const control::WantReferences& wanted) { want_references(wanted); },
                          [&](const control::WantLivingLegs&) { tell_living_legs(); }},
               action);
}

// A stack that forgets a leg and says nothing has a fault; the centre must find out by itself.
bool Shell::follow(const control::LegEvent& event) {
    if (const auto* call = std::get_if<control::IncomingCall>(&event)) {
        dialogs_.insert(call->leg);
    } else if (const auto* failed = std::get_if<control::LegFailed>(&event)) {
        dialogs_.erase(failed->leg);
    } else if (const auto* ended = std::get_if<control::LegEnded>(&event)) {
        const bool is_known = dialogs_.erase(ended->leg) > 0;
        const double share = world_.options.lost_ends / 1'000.0;
        if (is_known && share > 0 && world_.dice.chance(share)) {
            ++ends_lost_;
            return false;
        }
    }
    return true;
}

void Shell::follow(const control::LegAction& action) {
    if (const auto* ring = std::get_if<control::RingPhone>(&action)) dialogs_.insert(ring->leg);
    if (const auto* call = std::get_if<control::CallOutside>(&action)) dialogs_.insert(call->leg);
    if (const auto* end = std::get_if<control::EndLeg>(&action)) dialogs_.erase(end->leg);
    if (const auto* refuse = std::get_if<control::RejectCaller>(&action)) {
        dialogs_.erase(refuse->leg);
    }
}

void Shell::tell_living_legs() {
    const std::vector<LegId> living{dialogs_.begin(), dialogs_.end()};
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.on_living_legs(living, now, out);
    });
}

void Shell::prepare_speech(const control::PrepareSpeech& wanted) {
    std::optional<std::vector<std::string>> prompts;
    constexpr double kEngineFails = 0.005;
    if (!world_.dice.chance(kEngineFails)) {
        prompts.emplace(wanted.what.empty() ? 1 : wanted.what.size(), "speech/prompt.wav");
    }
    const Duration delay = world_.dice.chance(0.8) ? 0ms : world_.dice.between(50ms, 900ms);
    world_.clock.after(delay, [this, life = life_, wanted, prompts] {
        if (life != life_) return;
        turn([&](control::Centre& centre, Now now, control::Effects& out) {
            centre.on_speech(wanted.contact, wanted.play, prompts, now, out);
        });
    });
}

void Shell::ask_store(const control::AskStore& wanted) {
    const bool is_slow = world_.dice.chance(0.01);
    const Duration delay = world_.dice.between(1ms, is_slow ? Duration{8s} : Duration{80ms});
    world_.clock.after(delay, [this, life = life_, wanted] {
        if (life != life_) return;
        const control::Answer found = answer(wanted.question);
        turn([&](control::Centre& centre, Now now, control::Effects& out) {
            centre.on_answer(wanted.ticket, found, now, out);
        });
    });
}

control::Answer Shell::answer(const control::Question& question) {
    constexpr double kStoreFails = 0.005;
    if (world_.dice.chance(kStoreFails)) return control::NotAvailable{.why = "simulated"};
    const auto customer_of = [](const std::string& number) {
        // Two numbers in three are known; one in ten of those is shared.
        control::CallerFacts facts;
        const std::uint64_t hash = std::hash<std::string>{}(number);
        if (number.empty() || hash % 3 == 0) return facts;
        const std::size_t people = hash % 10 == 1 ? 2 : 1;
        for (std::size_t i = 0; i < people; ++i) {
            facts.customers.push_back({.id = CustomerId{Uuid{9, hash + i + 1}},
                                       .name = "Cliente",
                                       .language = "es",
                                       .label = hash % 2 == 0 ? "child" : "grandchild"});
        }
        return facts;
    };
    return std::visit(
        overloaded{[&](const control::FindCaller& wanted) -> control::Answer {
                       control::CallerFacts facts = customer_of(wanted.number);
                       facts.open_cases = world_.ledger.cases_of(wanted.number);
                       return facts;
                   },
                   [&](const control::FindByDocument& wanted) -> control::Answer {
                       return customer_of(wanted.digits);
                   },
                   [&](const control::FindCase& wanted) -> control::Answer {
                       return control::CaseFound{world_.ledger.find_case(wanted.reference)};
                   },
                   [&](const control::AskConnector&) -> control::Answer {
                       using Status = control::ConnectorAnswer::Status;
                       control::ConnectorAnswer found;
                       found.status = static_cast<Status>(world_.dice.below(5));
                       found.fields = {{"balance", "4510 EUR"},
                                       {"due_date", "2026-12-01"},
                                       {"status", "shipped"},
                                       {"delivery_date", "2026-11-30"}};
                       found.source = "simulated";
                       return found;
                   }},
        question);
}

void Shell::want_references(const control::WantReferences& wanted) {
    world_.clock.after(5ms, [this, life = life_, wanted] {
        if (life != life_) return;
        centre_->add_references(wanted.company, next_reference_, wanted.count);
        next_reference_ += wanted.count;
    });
}

void Shell::kill() {
    if (!centre_) return;
    ++life_;
    ++restarts_;
    centre_.reset();
    dialogs_.clear();
    armed_.reset();
    last_commit_ = {};
    world_.callers->control_died();
    world_.desks->control_died();
    world_.outsiders->control_died();
    world_.clock.after(world_.dice.between(300ms, 2s), [this] { restart(); });
}

void Shell::restart() {
    centre_ = std::make_unique<control::Centre>(world_.dice.next(), simulated_keys());
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.configure(make_config(world_.options, world_.flows), now, out);
    });
    control::SavedRows saved;
    for (const auto& [id, row] : rows_) {
        control::SavedContact contact{.contact = id, .state = row.state, .living_legs = {}};
        for (const LegId leg : row.legs) {
            const bool is_known = world_.callers->is_living(leg) || world_.desks->is_living(leg) ||
                                  world_.outsiders->is_living(leg);
            if (!is_known || world_.dice.chance(kDialogLost)) continue;
            contact.living_legs.push_back(leg);
            dialogs_.insert(leg);
        }
        saved.contacts.push_back(std::move(contact));
    }
    for (const auto& [name, state] : states_) saved.states.emplace_back(name, state);
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.restore(saved, now, out);
    });
    if (const auto broken = centre_->broken_invariant()) {
        world_.ledger.fail("after a restart: " + *broken);
    }
    for (std::uint32_t n = 0; n < world_.options.agents; ++n) {
        if (world_.desks->is_registered(n)) phone(phone_of(n), acd::Reachability::Reachable);
    }
    const std::vector<media::Event> kept = std::exchange(media_backlog_, {});
    for (const media::Event& event : kept) deliver(event);
    if (!world_.media->is_up()) return;
    turn([&](control::Centre& centre, Now now, control::Effects& out) {
        centre.media_ready(world_.media->listing(), now, out);
    });
}

void Shell::kill_media() {
    if (!world_.media->is_up()) return;
    world_.media->die();
    media_backlog_.clear();
    turn([](control::Centre& centre, Now now, control::Effects& out) {
        centre.media_lost(now, out);
    });
    world_.clock.after(world_.dice.between(200ms, 1s), [this] {
        world_.media->start();
        turn([&](control::Centre& centre, Now now, control::Effects& out) {
            centre.media_ready(world_.media->listing(), now, out);
        });
    });
}

}  // namespace escucha::sim
