#include "flow/simulate.h"

#include <cctype>
#include <map>
#include <sstream>
#include <vector>

#include "base/errc.h"
#include "base/overloaded.h"
#include "flow/run.h"

namespace escucha::flow {

using namespace std::chrono_literals;

namespace {

/// A line of the script in words; quotes hold words together: `name="Carmen Ruiz"`.
Result<std::vector<std::string>> split(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool is_quoted = false;
    bool has_word = false;
    for (const char c : line) {
        if (c == '"') {
            is_quoted = !is_quoted;
            has_word = true;
        } else if (!is_quoted && (c == ' ' || c == '\t' || c == '\r')) {
            if (has_word) words.push_back(std::exchange(word, {}));
            has_word = false;
        } else if (!is_quoted && c == '#' && !has_word) {
            break;  // A comment; a '#' inside a word is a key.
        } else {
            word += c;
            has_word = true;
        }
    }
    if (is_quoted) return fail(Errc::InvalidArgument, "a quote is left open");
    if (has_word) words.push_back(std::move(word));
    return words;
}

/// The "name=value" words of a line, and the bare ones.
struct Options {
    std::vector<std::string> bare;
    std::map<std::string, std::string> named;

    [[nodiscard]] std::string get(const std::string& name, std::string fallback = {}) const {
        const auto found = named.find(name);
        return found == named.end() ? fallback : found->second;
    }
    [[nodiscard]] std::string word(std::size_t index) const {
        return index < bare.size() ? bare[index] : std::string{};
    }
};

Options options_of(const std::vector<std::string>& words) {
    Options options;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto equals = words[i].find('=');
        if (equals == std::string::npos || equals == 0) {
            options.bare.push_back(words[i]);
        } else {
            options.named[words[i].substr(0, equals)] = words[i].substr(equals + 1);
        }
    }
    return options;
}

std::optional<speech::Date> date_in(const std::string& text) {
    const auto value = parse_value(Type::Date, text);
    if (!value) return std::nullopt;
    return std::get<speech::Date>(value.value());
}

std::optional<speech::TimeOfDay> time_in(const std::string& text) {
    const auto value = parse_value(Type::Time, text);
    if (!value) return std::nullopt;
    return std::get<speech::TimeOfDay>(value.value());
}

CaseSummary summary_in(const Options& options, const std::string& reference) {
    CaseSummary summary;
    summary.id = CaseId{Uuid{.high = 1, .low = std::hash<std::string>{}(reference) | 1U}};
    summary.reference = reference;
    summary.kind = options.get("kind");
    summary.topic = options.get("topic");
    summary.status = options.get("status", "open");
    summary.subject = options.get("subject");
    summary.opened = date_in(options.get("opened"));
    summary.due = date_in(options.get("due"));
    return summary;
}

/// What the world outside the flow would answer. "silent" means that it never answers.
struct World {
    std::map<std::string, std::optional<Reply>> look_ups;  ///< By "connector.operation".
    std::map<std::string, std::optional<Reply>> hours;     ///< By calendar.
    std::map<std::string, std::optional<Reply>> cases;     ///< By reference.
    std::map<std::string, std::optional<Reply>> documents;
    std::optional<Reply> number = IdentifyReply{.status = IdentifyReply::Status::NotFound,
                                                .customer = {},
                                                .name = {},
                                                .group = {},
                                                .open_case = {}};
    std::optional<Reply> voicemail = VoicemailReply{VoicemailReply::Status::Recorded};
    bool is_caller_talking = false;  ///< To the voicemail, until the next step of the script.
    std::optional<Reply> queue;      ///< nullopt: the caller waits.
    std::string next_reference = "10000008";
    bool can_open = true;
};

class Simulation {
public:
    explicit Simulation(std::shared_ptr<const Document> document) : document_{std::move(document)} {
        environment_.company_name = "Luz del Valle";
        environment_.caller = "+34600111222";
        environment_.language = document_->languages.front();
    }

    Result<void> line(const std::vector<std::string>& words);
    Result<std::string> finish();

private:
    Result<bool> set_up_call(const std::string& verb, const Options& options);
    Result<void> set_up(const std::string& verb, const Options& options);
    Result<void> act(const std::string& verb, const Options& options);
    void begin();
    /// Lets prompts end and the world answer until the Run waits for the caller or for time.
    void settle();
    void note(const Effect& effect);
    void note_ask(const Ask& ask);
    void note_fact(const Journal& journal);
    void take_effects();
    void pass_time(Duration length);
    void write(const std::string& text) { out_ += text + "\n"; }
    std::optional<Reply> answer(const Ask& ask);

    std::shared_ptr<const Document> document_;
    Environment environment_;
    World world_;
    std::optional<Run> run_;
    Now now_{.mono = Instant{} + 1h, .wall = from_micros(1'795'424'400'000'000)};
    Effects effects_;
    std::optional<PlayId> playing_;
    std::optional<std::pair<AskId, std::optional<Reply>>> asked_;
    bool is_listening_ = true;  ///< Prompts play to their end before the next key.
    int events_ = 0;
    std::string out_;
};

std::optional<Reply> found_or(const std::map<std::string, std::optional<Reply>>& answers,
                              const std::string& key,
                              Reply otherwise) {
    const auto found = answers.find(key);
    return found == answers.end() ? std::optional<Reply>{std::move(otherwise)} : found->second;
}

std::optional<Reply> Simulation::answer(const Ask& ask) {
    return std::visit(
        overloaded{
            [&](const LookUp& look) -> std::optional<Reply> {
                return found_or(
                    world_.look_ups, look.connector + "." + look.operation, LookUpReply{});
            },
            [&](const IdentifyByNumber&) { return world_.number; },
            [&](const IdentifyByDocument& by) -> std::optional<Reply> {
                IdentifyReply unknown;
                unknown.status = IdentifyReply::Status::NotFound;
                return found_or(world_.documents, by.digits, unknown);
            },
            [&](const OpenCase& open) -> std::optional<Reply> {
                if (!world_.can_open) return CaseReply{};
                CaseReply reply{.status = CaseReply::Status::Ok, .summary = {}};
                reply.summary = summary_in({}, world_.next_reference);
                reply.summary.kind = open.kind;
                reply.summary.topic = open.topic;
                reply.summary.subject = open.subject;
                return reply;
            },
            [&](const FindCase& find) -> std::optional<Reply> {
                return found_or(world_.cases,
                                find.reference,
                                CaseReply{.status = CaseReply::Status::NotFound, .summary = {}});
            },
            [&](const CheckHours& hours) -> std::optional<Reply> {
                HoursReply open;
                open.status = HoursReply::Status::Open;
                return found_or(world_.hours, hours.calendar, open);
            },
            [&](const TakeVoicemail&) { return world_.voicemail; },
        },
        ask.what);
}

IdentifyReply identity_in(const std::string& status, const Options& options) {
    IdentifyReply reply;
    reply.status = status == "found"       ? IdentifyReply::Status::Found
                   : status == "ambiguous" ? IdentifyReply::Status::Ambiguous
                   : status == "failed"    ? IdentifyReply::Status::Failed
                                           : IdentifyReply::Status::NotFound;
    reply.customer = CustomerId{Uuid{.high = 2, .low = 2}};
    reply.name = options.get("name");
    reply.group = options.get("group");
    reply.language = speech::parse_language(options.get("language"));
    const auto reference = options.get("case");
    if (!reference.empty()) reply.open_case = summary_in(options, reference);
    return reply;
}

HoursReply hours_in(const Options& options) {
    HoursReply reply;
    const auto status = options.word(1);
    reply.status = status == "open"     ? HoursReply::Status::Open
                   : status == "closed" ? HoursReply::Status::Closed
                                        : HoursReply::Status::Failed;
    reply.next_date = date_in(options.get("next_date"));
    reply.next_time = time_in(options.get("next_time"));
    return reply;
}

LookUpReply look_up_in(const Options& options) {
    LookUpReply reply;
    const auto status = options.word(1);
    reply.status = status == "ok"          ? LookUpReply::Status::Ok
                   : status == "stale"     ? LookUpReply::Status::Stale
                   : status == "not_found" ? LookUpReply::Status::NotFound
                                           : LookUpReply::Status::Failed;
    for (const auto& [name, value] : options.named) {
        if (name == "source") {
            reply.source = value;
        } else if (name == "as_of") {
            reply.as_of = parse_rfc3339(value);
        } else {
            reply.fields.push_back({name, value});
        }
    }
    return reply;
}

CaseReply case_in(const Options& options) {
    CaseReply reply{.status = CaseReply::Status::Ok,
                    .summary = summary_in(options, options.word(0))};
    if (options.word(1) == "mistyped") reply.status = CaseReply::Status::Mistyped;
    if (options.word(1) == "failed") reply.status = CaseReply::Status::Failed;
    return reply;
}

/// Words about the call itself; false when it is none of them.
Result<bool> Simulation::set_up_call(const std::string& verb, const Options& options) {
    const auto first = options.word(0);
    if (verb == "caller") {
        environment_.caller = first == "withheld" ? "" : first;
    } else if (verb == "company") {
        environment_.company_name = first;
    } else if (verb == "language") {
        const auto language = speech::parse_language(first);
        if (!language) return fail(Errc::InvalidArgument, "language es or en");
        environment_.language = *language;
    } else if (verb == "at") {
        const auto at = parse_rfc3339(first);
        if (!at) return fail(Errc::InvalidArgument, "at 2026-11-23T09:00:00Z");
        now_.wall = *at;
    } else {
        return false;
    }
    return true;
}

Result<void> Simulation::set_up(const std::string& verb, const Options& options) {
    ESC_TRY(const bool is_done, set_up_call(verb, options));
    if (is_done) return ok();
    const auto first = options.word(0);
    const bool is_silent = first == "silent" || options.word(1) == "silent";
    const auto unless_silent = [&](Reply reply) {
        return is_silent ? std::nullopt : std::optional<Reply>{std::move(reply)};
    };
    if (verb == "number") {
        world_.number = unless_silent(identity_in(first, options));
    } else if (verb == "document") {
        world_.documents[first] = unless_silent(identity_in(options.word(1), options));
    } else if (verb == "hours") {
        world_.hours[first] = unless_silent(hours_in(options));
    } else if (verb == "look_up") {
        world_.look_ups[first] = unless_silent(look_up_in(options));
    } else if (verb == "case") {
        world_.cases[first] = unless_silent(case_in(options));
    } else if (verb == "reference") {
        world_.can_open = first != "failed";
        if (world_.can_open) world_.next_reference = first;
    } else if (verb == "voicemail") {
        world_.is_caller_talking = first == "talks";
        world_.voicemail = VoicemailReply{first == "recorded" ? VoicemailReply::Status::Recorded
                                          : first == "empty"  ? VoicemailReply::Status::Empty
                                                              : VoicemailReply::Status::Failed};
        if (is_silent || world_.is_caller_talking) world_.voicemail.reset();
    } else if (verb == "queue") {
        world_.queue = QueueReply{first == "closed"      ? QueueReply::Status::Closed
                                  : first == "full"      ? QueueReply::Status::Full
                                  : first == "no_agents" ? QueueReply::Status::NoAgents
                                                         : QueueReply::Status::Returned};
        if (first == "waits") world_.queue.reset();
    } else {
        return fail(Errc::InvalidArgument, "\"" + verb + "\" is not a word of the script");
    }
    return ok();
}

Result<void> Simulation::act(const std::string& verb, const Options& options) {
    begin();
    if (verb == "key" || verb == "keys") {
        if (options.bare.empty()) return fail(Errc::InvalidArgument, "which keys?");
        write("  > " + (verb == "keys"
                            ? std::string{"keys of "} + std::to_string(options.word(0).size())
                            : options.word(0)));
        for (const char key : options.word(0)) {
            run_->digit(key, now_, effects_);
            take_effects();
        }
    } else if (verb == "silence") {
        write("  > silence");
        if (const auto due = run_->next_wakeup()) pass_time(*due - now_.mono);
    } else if (verb == "wait") {
        const auto seconds = std::atoi(options.word(0).c_str());
        if (seconds < 1 || seconds > 3600) return fail(Errc::InvalidArgument, "wait 1 to 3600");
        pass_time(std::chrono::seconds{seconds});
    } else {
        write("  > hangs up");
        run_->caller_gone(now_, effects_);
        take_effects();
    }
    settle();
    return ok();
}

Result<void> Simulation::line(const std::vector<std::string>& words) {
    if (words.empty()) return ok();
    const auto& verb = words.front();
    const auto options = options_of(words);
    const bool is_act = verb == "key" || verb == "keys" || verb == "silence" || verb == "wait" ||
                        verb == "hang_up" || verb == "start";
    if (verb == "start") {
        begin();
        return ok();
    }
    if (verb == "listen") {
        is_listening_ = options.word(0) != "no";
        if (run_) settle();
        return ok();
    }
    return is_act ? act(verb, options) : set_up(verb, options);
}

void Simulation::begin() {
    if (run_) return;
    run_.emplace(document_, environment_);
    run_->start(now_, effects_);
    take_effects();
    settle();
}

void Simulation::pass_time(Duration length) {
    const auto until = now_.mono + length;
    while (events_ < kMaxSimulatedEvents) {
        const auto due = run_->next_wakeup();
        const auto next = due && *due <= until ? std::max(*due, now_.mono) : until;
        now_.wall += next - now_.mono;
        now_.mono = next;
        if (!due || *due > until) return;
        ++events_;
        run_->wake(now_, effects_);
        take_effects();
        if (next == until) return;
    }
}

void Simulation::settle() {
    while (events_ < kMaxSimulatedEvents && !run_->is_over()) {
        ++events_;
        if (asked_ && run_->awaited() != asked_->first) asked_.reset();
        if (asked_ && asked_->second) {
            const auto [id, reply] = *std::exchange(asked_, std::nullopt);
            run_->reply(id, *reply, now_, effects_);
        } else if (asked_ && world_.is_caller_talking) {
            return;
        } else if (asked_ && run_->next_wakeup()) {
            // Nobody answers: the Run's own deadline decides, a filler may be said before.
            if (playing_ && is_listening_) {
                run_->prompt_ended(*std::exchange(playing_, std::nullopt), now_, effects_);
            } else {
                pass_time(*run_->next_wakeup() - now_.mono);
            }
        } else if (playing_ && is_listening_) {
            run_->prompt_ended(*std::exchange(playing_, std::nullopt), now_, effects_);
        } else {
            return;
        }
        take_effects();
    }
}

void Simulation::take_effects() {
    const auto effects = std::exchange(effects_, {});
    for (const auto& effect : effects) note(effect);
}

void Simulation::note(const Effect& effect) {
    std::visit(
        overloaded{
            [&](const Say& say) {
                playing_ = say.id;
                write("  « " + speech::transcript(say.what, say.language) + " »");
            },
            [&](const StopSaying&) {
                playing_.reset();
                write("  (cut short)");
            },
            [&](const Ask& ask) { note_ask(ask); },
            [&](const EnterQueue& enter) {
                asked_.reset();
                write("  = queue " + enter.queue + " (" + enter.reason + ")");
                if (world_.queue) asked_.emplace(enter.id, world_.queue);
            },
            [&](const Journal& journal) { note_fact(journal); },
            [&](const End& end) {
                constexpr std::string_view kOutcomes[] = {"self_served",
                                                          "abandoned_menu",
                                                          "abandoned_queue",
                                                          "voicemail",
                                                          "refused",
                                                          "fault"};
                playing_.reset();
                asked_.reset();
                write("= end " + std::string{kOutcomes[static_cast<std::size_t>(end.outcome)]});
            },
        },
        effect);
}

void Simulation::note_ask(const Ask& ask) {
    asked_.emplace(ask.id, answer(ask));
    std::visit(overloaded{
                   [&](const LookUp& look) {
                       write("  ? look up " + look.connector + "." + look.operation);
                   },
                   [&](const IdentifyByNumber&) { write("  ? who has this number"); },
                   [&](const IdentifyByDocument&) { write("  ? whose document is this"); },
                   [&](const OpenCase& open) {
                       const auto topic = open.topic.empty() ? "" : "/" + open.topic;
                       std::string fields;
                       for (const auto& datum : open.fields) {
                           fields += " " + datum.name + "=" + datum.shown();
                       }
                       write("  ? open case " + open.kind + topic + ": " + open.subject + fields +
                             (open.reason == OpenCase::Reason::HungUp ? " (without a case)" : ""));
                   },
                   [&](const FindCase&) { write("  ? find case"); },
                   [&](const CheckHours& hours) { write("  ? hours " + hours.calendar); },
                   [&](const TakeVoicemail&) { write("  ? voicemail"); },
               },
               ask.what);
}

void Simulation::note_fact(const Journal& journal) {
    std::visit(
        overloaded{
            [&](const NodeEntered& fact) { write("[" + fact.node + "] " + fact.kind); },
            [&](const DatumGiven& fact) {
                const auto& datum = fact.datum;
                const auto value = datum.is_sensitive() ? std::string{"•••"} : datum.shown();
                write("  + " + datum.name + " = " + value + " (" +
                      std::string{to_text(datum.given_by)} + ")");
            },
            [&](const ReaskCounted& fact) { write("  ! asked again: " + fact.name); },
            [&](const LanguageChosen& fact) {
                write("  ! language " + std::string{speech::code(fact.language)});
            },
            [&](const Rerouted& fact) { write("  ! to a person: " + fact.reason); },
            [&](const CallerIdentified& fact) { write("  ! identified by " + fact.how); },
            [&](const ReferenceSpoken& fact) {
                write("  ! reference spoken " + std::to_string(fact.times));
            },
            [&](const LookUpDone& fact) { write("  ! look-up " + fact.result); },
            [&](const CaseChosen& fact) { write("  ! case " + fact.reference + " " + fact.how); },
        },
        journal.fact);
}

Result<std::string> Simulation::finish() {
    begin();
    if (events_ >= kMaxSimulatedEvents)
        return fail(Errc::TooLarge, "the run does not come to rest");
    if (!run_->is_over()) write("... the caller is at [" + run_->node() + "]");
    return out_;
}

}  // namespace

Result<std::string> simulate(std::shared_ptr<const Document> document, std::string_view script) {
    if (script.size() > kMaxScriptBytes) return fail(Errc::TooLarge, "script");
    Simulation simulation{std::move(document)};
    std::istringstream lines{std::string{script}};
    std::string text;
    for (int number = 1; std::getline(lines, text); ++number) {
        const auto in_line = [number](const Error& error) {
            return Error{error.code, "line " + std::to_string(number) + ": " + error.detail};
        };
        const auto words = split(text);
        if (!words) return in_line(words.error());
        const auto done = simulation.line(words.value());
        if (!done) return in_line(done.error());
    }
    return simulation.finish();
}

}  // namespace escucha::flow
