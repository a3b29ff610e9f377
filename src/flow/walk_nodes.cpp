#include <algorithm>
#include <utility>

#include "flow/detail/walk.h"

namespace escucha::flow {

using namespace std::chrono_literals;

namespace {

constexpr auto kCaseDeadline = 3s;
constexpr auto kIdentifyDeadline = 5s;
constexpr auto kHoursDeadline = 2s;
/// The caller may wait for the beep and be silent at the end; then the recorder has gone silent.
constexpr auto kVoicemailGrace = 30s;
constexpr auto kFillerAfter = 2s;

/// Less than 0, 0, more than 0; nullopt for values of different or unordered kinds.
std::optional<int> compare(const Value& left, const Value& right) {
    if (left.index() != right.index()) return std::nullopt;
    const auto sign = [](const auto& a, const auto& b) { return a < b ? -1 : (b < a ? 1 : 0); };
    if (const auto* text = std::get_if<std::string>(&left)) {
        return sign(*text, std::get<std::string>(right));
    }
    if (const auto* number = std::get_if<std::int64_t>(&left)) {
        return sign(*number, std::get<std::int64_t>(right));
    }
    if (const auto* date = std::get_if<speech::Date>(&left)) {
        return sign(*date, std::get<speech::Date>(right));
    }
    if (const auto* time = std::get_if<speech::TimeOfDay>(&left)) {
        return sign(*time, std::get<speech::TimeOfDay>(right));
    }
    const auto& a = std::get<speech::Money>(left);
    const auto& b = std::get<speech::Money>(right);
    if (a.currency != b.currency) return std::nullopt;
    return sign(a.minor_units, b.minor_units);
}

bool holds(BranchNode::Op op, const detail::Known& known, const std::vector<std::string>& values) {
    return std::any_of(values.begin(), values.end(), [&](const std::string& text) {
        const auto value = parse_value(known.type, text);
        if (!value) return false;
        const auto order = compare(known.value, value.value());
        if (!order) return false;
        switch (op) {
            case BranchNode::Op::Less:
                return *order < 0;
            case BranchNode::Op::Greater:
                return *order > 0;
            case BranchNode::Op::Equals:
            case BranchNode::Op::In:
                return *order == 0;
            case BranchNode::Op::Present:
            case BranchNode::Op::Absent:
                return false;
        }
        return false;
    });
}

}  // namespace

void Run::Walk::enter(Now now, Effects& out) {
    std::visit([&](const auto& what) { enter_node(what, now, out); }, current().what);
}

void Run::Walk::enter_node(const SayNode& say_node, Now now, Effects& out) {
    speak(say_node.prompt, Then::Next, say_node.next, now, out);
}

void Run::Walk::enter_node(const MenuNode& menu, Now now, Effects& out) {
    ask_keys(Purpose::Menu, menu.prompt, now, out);
}

void Run::Walk::enter_node(const CollectNode& collect, Now now, Effects& out) {
    if (context.find(collect.variable) != nullptr) {
        if (collect.ask == CollectNode::When::Unknown) return advance(collect.next, out);
        context.count_reask();
        journal(ReaskCounted{.name = collect.variable, .node = node}, out);
    }
    ask_keys(Purpose::Entry, collect.entry.prompt, now, out);
}

void Run::Walk::enter_node(const IdentifyNode& identify, Now now, Effects& out) {
    if (customer) return advance(identify.found, out);
    if (identify.by_number && !is_number_tried && !environment.caller.empty()) {
        is_number_tried = true;
        ask(IdentifyByNumber{}, kIdentifyDeadline, now, out);
        if (!identify.filler.empty()) {
            std::get<Waiting>(state).filler_at = now.mono + kFillerAfter;
        }
        return;
    }
    if (!identify.document || is_document_tried) return advance(identify.not_found, out);
    if (const auto* known = context.find(identify.document->variable)) {
        return ask_document(to_text(known->value), now, out);
    }
    ask_keys(Purpose::Entry, identify.document->entry.prompt, now, out);
}

void Run::Walk::ask_document(const std::string& digits, Now now, Effects& out) {
    is_asking_document = true;
    ask(IdentifyByDocument{.digits = digits}, kIdentifyDeadline, now, out);
    const auto* identify = node_as<IdentifyNode>(current());
    if (!identify->filler.empty()) std::get<Waiting>(state).filler_at = now.mono + kFillerAfter;
}

void Run::Walk::enter_node(const LookUpNode& look, Now now, Effects& out) {
    LookUp question{.connector = look.connector,
                    .operation = look.operation,
                    .params = {},
                    .deadline = look.deadline};
    for (const auto& [name, value] : look.params) {
        auto text = fill(value, now.wall);
        if (!text) return follow(look.failed, "look_up_failed", out);
        question.params.emplace_back(name, *std::move(text));
    }
    ask(std::move(question), look.deadline, now, out);
    const bool has_time_for_filler = look.filler_after < look.deadline;
    if (!look.filler.empty() && has_time_for_filler) {
        std::get<Waiting>(state).filler_at = now.mono + look.filler_after;
    }
}

void Run::Walk::enter_node(const BranchNode& branch, Now now, Effects& out) {
    for (const auto& one : branch.cases) {
        const auto known = resolve(one.variable, now.wall);
        bool is_true = false;
        if (one.op == BranchNode::Op::Present || one.op == BranchNode::Op::Absent) {
            is_true = known.has_value() == (one.op == BranchNode::Op::Present);
        } else if (known) {
            std::vector<std::string> values;
            for (const auto& value : one.values) {
                if (auto text = fill(value, now.wall)) values.push_back(*std::move(text));
            }
            is_true = holds(one.op, *known, values);
        }
        if (is_true) return advance(one.next, out);
    }
    advance(branch.otherwise, out);
}

void Run::Walk::enter_node(const HoursNode& hours, Now now, Effects& out) {
    ask(CheckHours{.calendar = hours.calendar}, kHoursDeadline, now, out);
}

void Run::Walk::enter_node(const OpenCaseNode& open, Now now, Effects& out) {
    if (const auto known = opened.find(node); known != opened.end()) {
        case_now = known->second;
        return speak_reference(now, out);
    }
    ask(case_to_open(open, OpenCase::Reason::Reached, now.wall), kCaseDeadline, now, out);
}

void Run::Walk::enter_node(const FindCaseNode& find, Now now, Effects& out) {
    const auto* known = context.find(find.variable);
    if (known != nullptr && case_now && to_text(known->value) == case_now->reference) {
        return advance(find.found, out);
    }
    ask_keys(Purpose::Entry, find.entry.prompt, now, out);
}

void Run::Walk::enter_node(const TellStatusNode& tell, Now now, Effects& out) {
    if (!case_now) return advance(tell.none, out);
    if (!is_case_chosen) {
        is_case_chosen = true;
        hangup_case.clear();
        journal(
            CaseChosen{
                .case_id = case_now->id, .reference = case_now->reference, .how = "open_matter"},
            out);
    }
    progress_once("status:" + case_now->reference);
    auto said = tell.otherwise;
    for (const auto& [status, prompts] : tell.by_status) {
        if (status == case_now->status) said = prompts;
    }
    speak(said, Then::Next, tell.next, now, out);
}

void Run::Walk::enter_node(const QueueNode& queue, Now now, Effects& out) {
    speak(queue.prompt, Then::EnterQueue, {}, now, out);
}

void Run::Walk::enter_node(const VoicemailNode& voicemail, Now now, Effects& out) {
    typed_ahead.clear();
    speak(voicemail.prompt, Then::TakeVoicemail, {}, now, out);
}

void Run::Walk::enter_node(const SetNode& set, Now now, Effects& out) {
    assign(set.values, GivenBy::System, now, out);
    advance(set.next, out);
}

void Run::Walk::enter_node(const LanguageNode& choice, Now, Effects& out) {
    if (language != choice.to) progress_once(std::string{kLanguageDone});
    switch_language(choice.to, out);
    advance(choice.next, out);
}

void Run::Walk::enter_node(const EndNode& end_node, Now now, Effects& out) {
    speak(end_node.prompt, Then::Finish, {}, now, out);
}

/// The reference is said to its end; only then may keys speak.
void Run::Walk::speak_reference(Now now, Effects& out) {
    typed_ahead.clear();
    const auto* open = node_as<OpenCaseNode>(current());
    speak(open->prompt, Then::OfferRepeat, {}, now, out);
}

void Run::Walk::spoken(Then then, const NodeId& next, Now now, Effects& out) {
    switch (then) {
        case Then::Next:
            return advance(next, out);
        case Then::Finish: {
            const auto* end_node = node_as<EndNode>(current());
            return end(is_voicemail_left ? End::Outcome::Voicemail : end_node->outcome, now, out);
        }
        case Then::TakeVoicemail: {
            const auto* voicemail = node_as<VoicemailNode>(current());
            typed_ahead.clear();
            ask(TakeVoicemail{.max_length = voicemail->max_length,
                              .terminator = voicemail->terminator},
                voicemail->max_length + kVoicemailGrace,
                now,
                out);
            std::get<Waiting>(state).is_voicemail = true;
            return;
        }
        case Then::EnterQueue: {
            const auto* queue = node_as<QueueNode>(current());
            const AskId id{++last_ask};
            typed_ahead.clear();
            state = Resting{.ask = id};
            out.push_back(EnterQueue{.id = id,
                                     .queue = queue->queue,
                                     .priority = queue->priority,
                                     .reason = reroute_reason.empty() ? "flow" : reroute_reason});
            return;
        }
        case Then::OfferRepeat: {
            const auto* open = node_as<OpenCaseNode>(current());
            journal(ReferenceSpoken{.case_id = case_now->id,
                                    .reference = case_now->reference,
                                    .times = ++reference_times},
                    out);
            if (open->repeat.empty()) return advance(open->next, out);
            return ask_keys(Purpose::AfterReference, open->repeat, now, out);
        }
    }
}

}  // namespace escucha::flow
