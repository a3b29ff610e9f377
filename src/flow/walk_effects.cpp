#include <algorithm>

#include "flow/detail/walk.h"
#include "speech/prompt_plan.h"

namespace escucha::flow {

using namespace std::chrono_literals;

namespace {

/// Longer than any prompt: the player's word is awaited this long and no longer.
constexpr auto kPromptGuard = 120s;

template <typename T>
std::optional<detail::Known> known_if(const std::optional<T>& value, const Variable& variable) {
    if (!value) return std::nullopt;
    return detail::Known{
        .type = variable.type, .value = *value, .sensitivity = variable.sensitivity, .age = {}};
}

std::optional<std::string> text_if(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional{text};
}

std::optional<detail::Known> known_of_case(const CaseSummary& summary,
                                           std::string_view name,
                                           const Variable& variable) {
    if (name == "case.reference") return known_if(text_if(summary.reference), variable);
    if (name == "case.kind") return known_if(text_if(summary.kind), variable);
    if (name == "case.topic") return known_if(text_if(summary.topic), variable);
    if (name == "case.status") return known_if(text_if(summary.status), variable);
    if (name == "case.subject") return known_if(text_if(summary.subject), variable);
    if (name == "case.opened") return known_if(summary.opened, variable);
    if (name == "case.due") return known_if(summary.due, variable);
    return std::nullopt;
}

}  // namespace

/// nullopt when there is nothing to be heard: no text, or only values that nobody knows.
std::optional<PlayId> Run::Walk::say(const Prompts& prompts, Now now, Effects& out) {
    auto what = detail::say_prompts(*document, prompts, language, resolver(now.wall));
    if (speech::join_plan(what, language).empty()) return std::nullopt;
    const PlayId id{++last_play};
    out.push_back(
        Say{.id = id, .language = language, .what = std::move(what), .is_interruptible = true});
    return id;
}

/// Says the prompts and then does `then`; at once when there is nothing to say, or when the caller
/// has typed ahead and the words may be skipped.
void Run::Walk::speak(
    const Prompts& prompts, Then then, const NodeId& next, Now now, Effects& out) {
    const auto* say_node = node_as<SayNode>(current());
    const bool is_interruptible = (say_node != nullptr && say_node->is_interruptible) ||
                                  std::holds_alternative<TellStatusNode>(current().what) ||
                                  std::holds_alternative<QueueNode>(current().what);
    const bool is_skipped = is_interruptible && !typed_ahead.empty();
    if (prompts.empty() || is_skipped) return spoken(then, next, now, out);
    const auto id = say(prompts, now, out);
    if (!id) return spoken(then, next, now, out);
    std::get<Say>(out.back()).is_interruptible = is_interruptible;
    state = Speaking{.play = *id,
                     .guard = now.mono + kPromptGuard,
                     .is_interruptible = is_interruptible,
                     .then = then,
                     .next = next};
}

void Run::Walk::give(Datum datum, Effects& out) {
    const auto* known = context.find(datum.name);
    const bool is_news = known == nullptr || known->value != datum.value;
    if (is_news) progress();
    // Beyond the limit the datum is not kept; the document has at most as many variables.
    if (!context.give(datum)) return;
    journal(DatumGiven{.datum = std::move(datum)}, out);
}

Datum Run::Walk::make_datum(std::string_view name, Value value, GivenBy by, Now now) const {
    const auto* variable = document->find_variable(name);
    Datum datum;
    datum.name = std::string{name};
    datum.type = variable == nullptr ? Type::Text : variable->type;
    datum.sensitivity = variable == nullptr ? Sensitivity::Internal : variable->sensitivity;
    datum.value = std::move(value);
    datum.given_by = by;
    datum.at = now.wall;
    return datum;
}

std::optional<detail::Known> Run::Walk::resolve(std::string_view name, WallTime now) const {
    const auto* collect = unconfirmed ? node_as<CollectNode>(current()) : nullptr;
    if (collect != nullptr && collect->variable == name) {
        const auto* declared = document->find_variable(name);
        return known_if(unconfirmed, declared == nullptr ? Variable{} : *declared);
    }
    if (const auto* datum = context.find(name)) {
        const auto since = datum->as_of.value_or(datum->at);
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - since);
        return detail::Known{.type = datum->type,
                             .value = datum->value,
                             .sensitivity = datum->sensitivity,
                             .age = std::max(age, 0s)};
    }
    const auto* variable = document->find_variable(name);
    if (variable == nullptr) return std::nullopt;
    if (name == "call.date") return known_if(std::optional{local_date(now)}, *variable);
    if (name == "call.time") return known_if(std::optional{local_time(now)}, *variable);
    if (name == "call.language") {
        return known_if(std::optional{std::string{speech::code(language)}}, *variable);
    }
    if (name == "company.name") return known_if(text_if(environment.company_name), *variable);
    if (name == "hours.next_date") return known_if(next_open_date, *variable);
    if (name == "hours.next_time") return known_if(next_open_time, *variable);
    return case_now ? known_of_case(*case_now, name, *variable) : std::nullopt;
}

detail::Resolve Run::Walk::resolver(WallTime now) const {
    return [this, now](std::string_view name) { return resolve(name, now); };
}

std::optional<std::string> Run::Walk::fill(const Template& value, WallTime now) const {
    if (value.size() < 3 || value.front() != '{' || value.back() != '}') return value;
    const auto known = resolve(std::string_view{value}.substr(1, value.size() - 2), now);
    if (!known) return std::nullopt;
    return to_text(known->value);
}

OpenCase Run::Walk::case_to_open(const OpenCaseNode& node_in,
                                 OpenCase::Reason reason,
                                 WallTime now) const {
    OpenCase open{.kind = node_in.kind,
                  .topic = fill(node_in.topic, now).value_or(""),
                  .subject = {},
                  .fields = {},
                  .reason = reason};
    // People read the company's own language, whatever the caller speaks.
    open.subject = detail::written_text(
        *document, node_in.subject, document->languages.front(), resolver(now));
    for (const auto& name : node_in.include) {
        if (const auto* datum = context.find(name)) open.fields.push_back(*datum);
    }
    return open;
}

void Run::Walk::assign(const std::vector<Assignment>& values, GivenBy by, Now now, Effects& out) {
    for (const auto& [name, value] : values) {
        const auto* variable = document->find_variable(name);
        const auto text = fill(value, now.wall);
        if (variable == nullptr || !text) continue;
        auto parsed = parse_value(variable->type, *text);
        if (!parsed) continue;
        const auto laps = visits;  // A choice in a menu alone leads nowhere new.
        give(make_datum(name, std::move(parsed).value(), by, now), out);
        visits = laps;
    }
}

void Run::Walk::switch_language(speech::Language to, Effects& out) {
    const auto& spoken_here = document->languages;
    const bool is_spoken =
        std::find(spoken_here.begin(), spoken_here.end(), to) != spoken_here.end();
    if (language == to || !is_spoken) return;
    language = to;
    journal(LanguageChosen{.language = language}, out);
}

void Run::Walk::progress() { visits.clear(); }

void Run::Walk::progress_once(std::string what) {
    if (done.insert(std::move(what)).second) progress();
}

void Run::Walk::journal(decltype(Journal::fact) fact, Effects& out) const {
    out.push_back(Journal{.fact = std::move(fact)});
}

speech::Date Run::Walk::local_date(WallTime now) const {
    const auto day = std::chrono::floor<std::chrono::days>(now + environment.utc_offset);
    const std::chrono::year_month_day date{day};
    return {.year = static_cast<int>(date.year()),
            .month = static_cast<int>(static_cast<unsigned>(date.month())),
            .day = static_cast<int>(static_cast<unsigned>(date.day()))};
}

speech::TimeOfDay Run::Walk::local_time(WallTime now) const {
    const auto local = now + environment.utc_offset;
    const auto since = local - std::chrono::floor<std::chrono::days>(local);
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(since).count();
    return {.hour = static_cast<int>(minutes / 60), .minute = static_cast<int>(minutes % 60)};
}

}  // namespace escucha::flow
