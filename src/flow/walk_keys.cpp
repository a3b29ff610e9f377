#include <algorithm>
#include <utility>

#include "base/check.h"
#include "flow/detail/keyed_value.h"
#include "flow/detail/walk.h"

namespace escucha::flow {

using namespace std::chrono_literals;

namespace {

/// How often a question, or a reference, is said again on the repeat key before it is a wrong key.
constexpr int kMostRepeats = 5;
constexpr auto kQuestionGuard = 120s;
constexpr auto kLateTerminator = 3s;

}  // namespace

/// Asks a question. A caller who has typed ahead is not made to hear it.
void Run::Walk::ask_keys(Purpose purpose, const Prompts& said, Now now, Effects& out) {
    state =
        Keying{.purpose = purpose, .play = {}, .deadline = now.mono + kQuestionGuard, .typed = {}};
    if (!typed_ahead.empty()) return use_typed_ahead(now, out);
    const auto play = say(said, now, out);
    auto& keying = std::get<Keying>(state);
    keying.play = play;
    if (!play) keying.deadline = now.mono + current_attempts().first_digit;
}

void Run::Walk::use_typed_ahead(Now now, Effects& out) {
    while (!typed_ahead.empty() && !pending_) {
        const auto* keying = std::get_if<Keying>(&state);
        if (keying == nullptr || keying->play) return;
        const char next = typed_ahead.front();
        typed_ahead.erase(0, 1);
        key(next, now, out);
    }
}

void Run::Walk::key(char pressed, Now now, Effects& out) {
    const auto purpose = std::get<Keying>(state).purpose;
    switch (purpose) {
        case Purpose::Menu:
            return menu_key(*node_as<MenuNode>(current()), pressed, now, out);
        case Purpose::Entry:
            return entry_key(pressed, now, out);
        case Purpose::Confirm:
            return confirm_key(*node_as<CollectNode>(current()), pressed, now, out);
        case Purpose::AfterReference:
            return reference_key(*node_as<OpenCaseNode>(current()), pressed, now, out);
    }
}

void Run::Walk::menu_key(const MenuNode& menu, char pressed, Now now, Effects& out) {
    // The author's own options come first: the validator warns when one hides the human key.
    for (const auto& option : menu.options) {
        if (option.key != pressed) continue;
        assign(option.set, GivenBy::Caller, now, out);
        return follow(option.next, "asked", out);
    }
    if (pressed == human_key()) return to_human("asked", out);
    if (pressed == document->repeat_key && repeats < kMostRepeats) {
        ++repeats;
        return ask_keys(Purpose::Menu, menu.prompt, now, out);
    }
    try_again(Miss::NoMatch, now, out);
}

void Run::Walk::entry_key(char pressed, Now now, Effects& out) {
    const auto* entry = current_entry();
    ESC_CHECK(entry != nullptr);
    auto& keying = std::get<Keying>(state);
    if (pressed == entry->terminator) return submit(now, out);
    if (pressed == document->repeat_key && repeats < kMostRepeats) {
        ++repeats;
        return ask_keys(Purpose::Entry, entry->prompt, now, out);
    }
    if (pressed < '0' || pressed > '9') return try_again(Miss::NoMatch, now, out);
    keying.typed += pressed;
    keying.deadline = now.mono + entry->attempts.inter_digit;
    if (keying.typed.size() < static_cast<std::size_t>(entry->max)) return;
    // One that was typed ahead is dropped here, one still to come in `digit`.
    if (!typed_ahead.empty() && typed_ahead.front() == entry->terminator) {
        typed_ahead.erase(0, 1);
    } else {
        late_terminator =
            LateTerminator{.key = entry->terminator, .until = now.mono + kLateTerminator};
    }
    submit(now, out);
}

void Run::Walk::confirm_key(const CollectNode& collect, char pressed, Now now, Effects& out) {
    if (pressed == '1' && unconfirmed) {
        auto value = *std::exchange(unconfirmed, std::nullopt);
        give(make_datum(collect.variable, std::move(value), GivenBy::Caller, now), out);
        return advance(collect.next, out);
    }
    if (pressed == '2') {
        // The caller corrects himself; that is no re-ask, but it is an attempt.
        unconfirmed.reset();
        if (attempt >= collect.entry.attempts.retries) {
            return follow(collect.entry.attempts.no_match, "no_input", out);
        }
        ++attempt;
        return ask_keys(Purpose::Entry, collect.entry.prompt, now, out);
    }
    if (pressed == human_key()) return to_human("asked", out);
    if (pressed == document->repeat_key && repeats < kMostRepeats) {
        ++repeats;
        return ask_keys(Purpose::Confirm, question(), now, out);
    }
    try_again(Miss::NoMatch, now, out);
}

void Run::Walk::reference_key(const OpenCaseNode& open, char pressed, Now now, Effects& out) {
    if (pressed == document->repeat_key && repeats < kMostRepeats) {
        ++repeats;
        return speak_reference(now, out);
    }
    if (pressed == human_key()) return to_human("asked", out);
    advance(open.next, out);
}

void Run::Walk::keys_timed_out(Now now, Effects& out) {
    const auto& keying = std::get<Keying>(state);
    if (keying.purpose == Purpose::AfterReference) {
        return advance(node_as<OpenCaseNode>(current())->next, out);
    }
    if (!keying.typed.empty()) return submit(now, out);
    try_again(Miss::NoInput, now, out);
}

void Run::Walk::submit(Now now, Effects& out) {
    const auto typed = std::get<Keying>(state).typed;
    const auto& entry = *current_entry();
    const bool is_short = typed.size() < static_cast<std::size_t>(entry.min);
    if (is_short && typed.size() == 1 && typed.front() == human_key()) {
        return to_human("asked", out);
    }
    if (is_short) return try_again(Miss::NoMatch, now, out);
    accept(typed, now, out);
}

void Run::Walk::accept(const std::string& typed, Now now, Effects& out) {
    if (const auto* collect = node_as<CollectNode>(current())) {
        return collected(*collect, typed, now, out);
    }
    if (const auto* identify = node_as<IdentifyNode>(current())) {
        give(make_datum(identify->document->variable, typed, GivenBy::Caller, now), out);
        return ask_document(typed, now, out);
    }
    const auto* find = node_as<FindCaseNode>(current());
    give(make_datum(find->variable, typed, GivenBy::Caller, now), out);
    ask(FindCase{.reference = typed}, 3s, now, out);
}

void Run::Walk::collected(const CollectNode& collect,
                          const std::string& typed,
                          Now now,
                          Effects& out) {
    const auto* variable = document->find_variable(collect.variable);
    const auto type = variable == nullptr ? Type::Digits : variable->type;
    auto value = detail::value_of_keys(collect, type, typed, local_date(now.wall));
    if (!value) return try_again(Miss::NoMatch, now, out);
    if (collect.confirm.empty()) {
        give(make_datum(collect.variable, *std::move(value), GivenBy::Caller, now), out);
        return advance(collect.next, out);
    }
    unconfirmed = std::move(value);
    ask_keys(Purpose::Confirm, collect.confirm, now, out);
}

/// Nothing keyed, or nothing fitting: says so and asks again, or takes the way out.
void Run::Walk::try_again(Miss miss, Now now, Effects& out) {
    const auto attempts = current_attempts();
    typed_ahead.clear();  // The caller is out of step with the questions.
    const auto* keying = std::get_if<Keying>(&state);
    const auto purpose = keying == nullptr ? Purpose::Entry : keying->purpose;
    if (attempt >= attempts.retries) {
        return follow(
            miss == Miss::NoInput ? attempts.no_input : attempts.no_match, "no_input", out);
    }
    ++attempt;
    auto said = miss == Miss::NoInput ? attempts.no_input_prompt : attempts.no_match_prompt;
    state = Keying{.purpose = purpose, .play = {}, .deadline = now.mono, .typed = {}};
    const auto asked = question();
    said.insert(said.end(), asked.begin(), asked.end());
    ask_keys(purpose, said, now, out);
}

const Entry* Run::Walk::current_entry() const {
    if (const auto* collect = node_as<CollectNode>(current())) return &collect->entry;
    if (const auto* find = node_as<FindCaseNode>(current())) return &find->entry;
    const auto* identify = node_as<IdentifyNode>(current());
    return identify != nullptr && identify->document ? &identify->document->entry : nullptr;
}

const Attempts& Run::Walk::current_attempts() const {
    static const Attempts kDefault;
    if (const auto* menu = node_as<MenuNode>(current())) return menu->attempts;
    const auto* entry = current_entry();
    return entry == nullptr ? kDefault : entry->attempts;
}

/// What the present question is, without the words about an attempt that failed.
Prompts Run::Walk::question() const {
    if (const auto* menu = node_as<MenuNode>(current())) return menu->prompt;
    const auto* collect = node_as<CollectNode>(current());
    const auto* keying = std::get_if<Keying>(&state);
    if (collect != nullptr && keying != nullptr && keying->purpose == Purpose::Confirm) {
        return collect->confirm;
    }
    const auto* entry = current_entry();
    return entry == nullptr ? Prompts{} : entry->prompt;
}

char Run::Walk::human_key() const {
    const auto* menu = node_as<MenuNode>(current());
    return menu == nullptr ? document->human_key : menu->human_key.value_or(document->human_key);
}

}  // namespace escucha::flow
