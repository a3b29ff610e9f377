#include <utility>

#include "base/check.h"
#include "base/overloaded.h"
#include "flow/detail/walk.h"

namespace escucha::flow {

using namespace std::chrono_literals;

namespace {

/// The third time in the same menu without progress is "going round twice"; other nodes may be
/// passed a few times more, as by a caller who corrects himself.
constexpr int kMostMenuVisits = 2;
constexpr int kMostNodeVisits = 8;

bool is_key(char key) {
    return (key >= '0' && key <= '9') || key == '*' || key == '#' || (key >= 'A' && key <= 'D');
}

}  // namespace

Run::Walk::Walk(std::shared_ptr<const Document> document_in, Environment environment_in)
    : document{std::move(document_in)},
      environment{std::move(environment_in)},
      language{environment.language} {
    ESC_CHECK(document != nullptr);
}

void Run::Walk::start(Now now, Effects& out) {
    if (!std::holds_alternative<Idle>(state)) return;
    if (!environment.caller.empty()) {
        give(make_datum("caller.number", environment.caller, GivenBy::Number, now), out);
    }
    if (const auto& diversion = environment.diversion) {
        if (!diversion->from.empty()) {
            give(make_datum("call.diverted_from", diversion->from, GivenBy::Number, now), out);
        }
        give(make_datum(
                 "call.diversion", std::string{word(diversion->reason)}, GivenBy::Number, now),
             out);
    }
    go(document->start);
    drive(now, out);
}

void Run::Walk::resume(Now now, Effects& out) {
    if (!std::holds_alternative<Idle>(state) || node.empty()) return;
    // A restart is no lap of the caller's.
    if (const auto visited = visits.find(node); visited != visits.end()) --visited->second;
    go(node);
    drive(now, out);
}

void Run::Walk::digit(char pressed, Now now, Effects& out) {
    if (!is_key(pressed)) return;
    if (const auto late = std::exchange(late_terminator, std::nullopt);
        late && late->key == pressed && now.mono < late->until) {
        return;
    }
    std::visit(overloaded{
                   [](const Idle&) {},
                   [](const Over&) {},
                   [](const Resting&) {},
                   [&](const Waiting& waiting) {
                       const bool has_room = typed_ahead.size() < kMaxTypedAhead;
                       if (!waiting.is_voicemail && has_room) typed_ahead += pressed;
                   },
                   [&](Speaking speaking) {
                       if (typed_ahead.size() < kMaxTypedAhead) typed_ahead += pressed;
                       if (!speaking.is_interruptible) return;
                       out.push_back(StopSaying{});
                       spoken(speaking.then, speaking.next, now, out);
                   },
                   [&](Keying& keying) {
                       if (keying.play) out.push_back(StopSaying{});
                       keying.play.reset();
                       key(pressed, now, out);
                   },
               },
               state);
    drive(now, out);
}

void Run::Walk::prompt_ended(PlayId id, Now now, Effects& out) {
    if (const auto* speaking = std::get_if<Speaking>(&state); speaking && speaking->play == id) {
        const Speaking ended = *speaking;
        spoken(ended.then, ended.next, now, out);
    } else if (auto* keying = std::get_if<Keying>(&state); keying && keying->play == id) {
        keying->play.reset();
        keying->deadline = now.mono + current_attempts().first_digit;
    } else if (auto* waiting = std::get_if<Waiting>(&state); waiting && waiting->filler == id) {
        waiting->filler.reset();
        if (const auto held = std::exchange(waiting->held, std::nullopt)) answered(*held, now, out);
    }
    drive(now, out);
}

void Run::Walk::reply(AskId id, Reply reply, Now now, Effects& out) {
    if (auto* waiting = std::get_if<Waiting>(&state); waiting && waiting->ask == id) {
        if (waiting->filler) {
            waiting->held = std::move(reply);
        } else if (now.mono >= waiting->deadline) {
            unanswered(now, out);
        } else {
            answered(reply, now, out);
        }
    } else if (const auto* resting = std::get_if<Resting>(&state);
               resting && resting->ask == id && std::holds_alternative<QueueReply>(reply)) {
        answered(reply, now, out);
    }
    drive(now, out);
}

void Run::Walk::wake(Now now, Effects& out) {
    const auto due = next_wakeup();
    if (!due || now.mono < *due) return;
    if (const auto* speaking = std::get_if<Speaking>(&state)) {
        // The player never told us: what was said is lost, the caller is not.
        const Speaking stuck = *speaking;
        out.push_back(StopSaying{});
        spoken(stuck.then, stuck.next, now, out);
    } else if (auto* keying = std::get_if<Keying>(&state)) {
        if (keying->play) out.push_back(StopSaying{});
        keying->play.reset();
        keys_timed_out(now, out);
    } else if (auto* waiting = std::get_if<Waiting>(&state)) {
        if (now.mono >= waiting->deadline) {
            if (waiting->filler) out.push_back(StopSaying{});
            if (const auto held = std::exchange(waiting->held, std::nullopt)) {
                answered(*held, now, out);
            } else {
                unanswered(now, out);
            }
        } else {
            waiting->filler_at.reset();
            Prompts filler;
            if (const auto* look = node_as<LookUpNode>(current())) filler = look->filler;
            if (const auto* who = node_as<IdentifyNode>(current())) filler = who->filler;
            waiting->filler = say(filler, now, out);
        }
    }
    drive(now, out);
}

void Run::Walk::caller_gone(Now now, Effects& out) {
    if (std::holds_alternative<Over>(state)) return;
    auto outcome = End::Outcome::AbandonedMenu;
    const auto* waiting = std::get_if<Waiting>(&state);
    if (std::holds_alternative<Resting>(state)) {
        outcome = End::Outcome::AbandonedQueue;
    } else if (is_voicemail_left || (waiting != nullptr && waiting->is_voicemail)) {
        outcome = End::Outcome::Voicemail;
    } else if (done.size() > done.count(std::string{kLanguageDone})) {
        outcome = End::Outcome::SelfServed;
    }
    end(outcome, now, out);
}

std::optional<Instant> Run::Walk::next_wakeup() const {
    using Wakeup = std::optional<Instant>;
    return std::visit(
        overloaded{
            [](const Idle&) -> Wakeup { return std::nullopt; },
            [](const Over&) -> Wakeup { return std::nullopt; },
            [](const Resting&) -> Wakeup { return std::nullopt; },
            [](const Speaking& speaking) -> Wakeup { return speaking.guard; },
            [](const Keying& keying) -> Wakeup { return keying.deadline; },
            [](const Waiting& waiting) { return earliest(waiting.filler_at, waiting.deadline); },
        },
        state);
}

std::optional<AskId> Run::Walk::awaited() const {
    if (const auto* waiting = std::get_if<Waiting>(&state)) return waiting->ask;
    if (const auto* resting = std::get_if<Resting>(&state)) return resting->ask;
    return std::nullopt;
}

const Node& Run::Walk::current() const {
    const auto* found = document->find_node(node);
    ESC_CHECK(found != nullptr);
    return *found;
}

/// The intended way on. One that leads nowhere leads to a person.
void Run::Walk::advance(const NodeId& next, Effects& out) {
    if (next.empty()) return to_human("look_up_failed", out);
    if (next == document->human && !detour.empty()) return to_human(std::string{detour}, out);
    go(next);
}

/// An edge that was left out, or that names the human node, is a way to a person.
void Run::Walk::follow(const NodeId& edge, std::string_view reason, Effects& out) {
    if (edge.empty() || edge == document->human) return to_human(reason, out);
    if (reason != "asked") detour = std::string{reason};
    go(edge);
}

void Run::Walk::to_human(std::string_view reason, Effects& out) {
    journal(Rerouted{.reason = std::string{reason}, .node = node}, out);
    reroute_reason = std::string{reason};
    detour.clear();
    visits.clear();
    ++reroutes;
    go(reroutes > kMaxReroutes ? NodeId{} : document->human);
}

void Run::Walk::drive(Now now, Effects& out) {
    for (int steps = 0; pending_; ++steps) {
        const NodeId to = *std::exchange(pending_, std::nullopt);
        const auto* found = document->find_node(to);
        if (found == nullptr || steps > 2 * kMaxStepsPerEvent) {
            return end(End::Outcome::Fault, now, out);
        }
        node = to;
        attempt = 0;
        repeats = 0;
        unconfirmed.reset();
        is_asking_document = false;
        if (!found->on_hangup.empty() && opened.empty()) hangup_case = found->on_hangup;
        journal(NodeEntered{.node = node, .kind = std::string{kind_of(*found)}}, out);
        const bool is_menu = std::holds_alternative<MenuNode>(found->what);
        if (is_menu) detour.clear();
        const int laps = ++visits[node];
        if (laps > (is_menu ? kMostMenuVisits : kMostNodeVisits) || steps == kMaxStepsPerEvent) {
            to_human("loop", out);
            continue;
        }
        enter(now, out);
    }
}

void Run::Walk::end(End::Outcome outcome, Now now, Effects& out) {
    open_pending_case(now, out);
    pending_.reset();
    state = Over{};
    out.push_back(End{.outcome = outcome});
}

void Run::Walk::open_pending_case(Now now, Effects& out) {
    const auto wanted = std::exchange(hangup_case, {});
    if (wanted.empty() || opened.contains(wanted)) return;
    const auto* found = document->find_node(wanted);
    const auto* open = found == nullptr ? nullptr : node_as<OpenCaseNode>(*found);
    if (open == nullptr) return;
    out.push_back(Ask{.id = AskId{++last_ask},
                      .what = case_to_open(*open, OpenCase::Reason::HungUp, now.wall)});
}

}  // namespace escucha::flow
