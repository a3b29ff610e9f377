#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/errc.h"
#include "flow/detail/json_reader.h"
#include "flow/document.h"

namespace escucha::flow {

namespace json = boost::json;
using detail::JsonReader;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kMenuKeys = "0123456789*#";
constexpr std::string_view kTerminators = "#*";
constexpr std::size_t kMostListed = 50;

NodeId read_edge(JsonReader& reader, std::string_view name) {
    return reader.text_or(name, {}, kMaxNameBytes);
}

Prompts read_prompts(JsonReader& reader, std::string_view name) {
    return reader.texts_or_none(name, kMaxNameBytes);
}

/// Calls `each(name, value, pointer)` for the members of an object member.
template <typename Each>
void for_members(JsonReader& reader, std::string_view name, std::size_t most, Each each) {
    const auto* value = reader.member(name);
    if (value == nullptr) return;
    const auto* object = value->if_object();
    if (object == nullptr) return reader.fault(name, "an object is expected");
    if (object->size() > most) {
        if (!reader.fault_slot()) {
            reader.fault_slot() =
                fail(Errc::TooLarge, reader.pointer(name) + ": more than " + std::to_string(most));
        }
        return;
    }
    for (const auto& member : *object) {
        const std::string key{member.key().data(), member.key().size()};
        if (key.empty() || key.size() > kMaxNameBytes) {
            return reader.fault(name, "has a name that is empty or too long");
        }
        each(key, member.value(), reader.pointer(name) + "/" + detail::escape_pointer(key));
    }
}

std::string string_of(const json::value& value) {
    const auto* text = value.if_string();
    return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
}

/// A text, a whole number or true/false, as the text a Template holds.
std::optional<std::string> template_of(const json::value& value) {
    if (value.is_string() && value.as_string().size() <= kMaxValueBytes) return string_of(value);
    if (value.is_int64()) return std::to_string(value.as_int64());
    return std::nullopt;
}

std::vector<Assignment> read_assignments(JsonReader& reader, std::string_view name) {
    std::vector<Assignment> assignments;
    for_members(reader, name, kMostListed, [&](const auto& key, const auto& value, const auto&) {
        const auto text = template_of(value);
        if (!text) return reader.fault(name, "\"" + key + "\" must be a text or a whole number");
        assignments.push_back({.variable = key, .value = *text});
    });
    return assignments;
}

Attempts read_attempts(JsonReader& reader) {
    Attempts attempts;
    attempts.first_digit = reader.seconds_or("first_digit_s", attempts.first_digit, 1s, 60s);
    attempts.inter_digit = reader.seconds_or("inter_digit_s", attempts.inter_digit, 1s, 60s);
    attempts.retries =
        static_cast<int>(reader.integer_or("retries", attempts.retries, 0, Attempts::kMaxRetries));
    attempts.no_input_prompt = read_prompts(reader, "no_input_prompt");
    attempts.no_match_prompt = read_prompts(reader, "no_match_prompt");
    attempts.no_input = read_edge(reader, "no_input");
    attempts.no_match = read_edge(reader, "no_match");
    return attempts;
}

Entry read_entry(JsonReader& reader) {
    Entry entry;
    entry.prompt = read_prompts(reader, "prompt");
    entry.min = static_cast<int>(reader.integer_or("min", entry.min, 1, Entry::kMaxDigits));
    entry.max = static_cast<int>(reader.integer_or("max", entry.max, 1, Entry::kMaxDigits));
    if (entry.max < entry.min) reader.fault("max", "is less than min");
    entry.terminator = reader.key_or("terminator", entry.terminator, kTerminators);
    entry.attempts = read_attempts(reader);
    return entry;
}

SayNode read_say(JsonReader& reader) {
    SayNode node;
    node.prompt = read_prompts(reader, "prompt");
    node.is_interruptible = reader.flag_or("interruptible", true);
    node.next = read_edge(reader, "next");
    return node;
}

MenuNode::Option read_option(char key,
                             const json::value& value,
                             const std::string& pointer,
                             JsonReader& parent) {
    if (value.is_string()) return {.key = key, .next = string_of(value), .set = {}};
    JsonReader reader{value, pointer, parent.fault_slot()};
    MenuNode::Option option{.key = key, .next = read_edge(reader, "next"), .set = {}};
    option.set = read_assignments(reader, "set");
    reader.finish();
    return option;
}

MenuNode read_menu(JsonReader& reader) {
    MenuNode node;
    node.prompt = read_prompts(reader, "prompt");
    node.attempts = read_attempts(reader);
    if (reader.has("human_key")) node.human_key = reader.key_or("human_key", '0', kMenuKeys);
    for_members(reader,
                "options",
                kMenuKeys.size(),
                [&](const std::string& key, const json::value& value, const std::string& pointer) {
                    if (key.size() != 1 || kMenuKeys.find(key.front()) == std::string_view::npos) {
                        return reader.fault("options", "\"" + key + "\" is not a key of the phone");
                    }
                    node.options.push_back(read_option(key.front(), value, pointer, reader));
                });
    if (node.options.empty()) reader.fault("options", "a menu needs at least one option");
    return node;
}

CollectNode read_collect(JsonReader& reader) {
    constexpr std::int64_t kMost = 1'000'000'000'000;
    CollectNode node;
    node.variable = reader.text("variable", kMaxNameBytes);
    node.entry = read_entry(reader);
    node.confirm = read_prompts(reader, "confirm");
    const auto ask = reader.text_or("ask", "unknown", 20);
    if (ask != "unknown" && ask != "always") reader.fault("ask", "\"unknown\" or \"always\"");
    node.ask = ask == "always" ? CollectNode::When::Always : CollectNode::When::Unknown;
    node.currency = reader.text_or("currency", node.currency, 3);
    if (reader.has("least")) node.least = reader.integer_or("least", 0, -kMost, kMost);
    if (reader.has("most")) node.most = reader.integer_or("most", 0, -kMost, kMost);
    node.next = read_edge(reader, "next");
    return node;
}

IdentifyNode read_identify(JsonReader& reader) {
    IdentifyNode node;
    node.by_number = reader.flag_or("by_number", true);
    if (const auto* value = reader.member("document")) {
        JsonReader inner{*value, reader.pointer("document"), reader.fault_slot()};
        IdentifyNode::Document document;
        document.variable = inner.text("variable", kMaxNameBytes);
        document.entry = read_entry(inner);
        inner.finish();
        node.document = std::move(document);
    }
    if (!node.by_number && !node.document) reader.fault("document", "identify by something");
    node.filler = read_prompts(reader, "filler");
    node.found = read_edge(reader, "found");
    node.not_found = read_edge(reader, "not_found");
    node.failed = read_edge(reader, "failed");
    return node;
}

LookUpNode read_look_up(JsonReader& reader) {
    LookUpNode node;
    node.connector = reader.text("connector", kMaxNameBytes);
    node.operation = reader.text("operation", kMaxNameBytes);
    node.params = read_assignments(reader, "params");
    for (const auto& [field, variable] : read_assignments(reader, "results")) {
        node.results.emplace_back(field, variable);
    }
    node.deadline = reader.seconds_or("deadline_s", node.deadline, 100ms, 30s);
    if (reader.has("max_age_s")) {
        node.max_age = std::chrono::seconds{reader.integer_or("max_age_s", 60, 1, 31'536'000)};
    }
    node.filler = read_prompts(reader, "filler");
    node.filler_after = reader.seconds_or("filler_after_s", node.filler_after, 500ms, 30s);
    node.next = read_edge(reader, "next");
    node.stale = read_edge(reader, "stale");
    node.not_found = read_edge(reader, "not_found");
    node.failed = read_edge(reader, "failed");
    return node;
}

struct OpWord {
    std::string_view word;
    BranchNode::Op op;
};
constexpr OpWord kOps[] = {{"equals", BranchNode::Op::Equals},
                           {"less", BranchNode::Op::Less},
                           {"greater", BranchNode::Op::Greater},
                           {"present", BranchNode::Op::Present},
                           {"absent", BranchNode::Op::Absent},
                           {"in", BranchNode::Op::In}};

BranchNode::Case read_case(JsonReader& reader) {
    BranchNode::Case one;
    one.variable = reader.text("variable", kMaxNameBytes);
    const auto is = reader.text("is", 20);
    const auto* op = std::find_if(
        std::begin(kOps), std::end(kOps), [&](const OpWord& word) { return word.word == is; });
    if (op == std::end(kOps)) {
        reader.fault("is", "equals, less, greater, present, absent or in is expected");
        return one;
    }
    one.op = op->op;
    if (one.op == BranchNode::Op::In) {
        one.values = reader.texts_or_none("values", kMaxValueBytes);
        if (one.values.empty()) reader.fault("values", "a list of texts is expected");
    } else if (one.op != BranchNode::Op::Present && one.op != BranchNode::Op::Absent) {
        const auto* value = reader.member("value");
        const auto text = value == nullptr ? std::nullopt : template_of(*value);
        if (!text) reader.fault("value", "a text or a whole number is expected");
        one.values.push_back(text.value_or(""));
    }
    one.next = read_edge(reader, "next");
    return one;
}

BranchNode read_branch(JsonReader& reader) {
    BranchNode node;
    const auto* cases = reader.member("cases");
    if (cases == nullptr || !cases->is_array() || cases->as_array().empty() ||
        cases->as_array().size() > kMostListed) {
        reader.fault("cases", "a list of 1 to 50 conditions is expected");
        return node;
    }
    for (std::size_t i = 0; i < cases->as_array().size(); ++i) {
        JsonReader inner{cases->as_array()[i],
                         reader.pointer("cases") + "/" + std::to_string(i),
                         reader.fault_slot()};
        node.cases.push_back(read_case(inner));
        inner.finish();
    }
    node.otherwise = read_edge(reader, "otherwise");
    return node;
}

HoursNode read_hours(JsonReader& reader) {
    HoursNode node;
    node.calendar = reader.text("calendar", kMaxNameBytes);
    node.open = read_edge(reader, "open");
    node.closed = read_edge(reader, "closed");
    node.failed = read_edge(reader, "failed");
    return node;
}

OpenCaseNode read_open_case(JsonReader& reader) {
    OpenCaseNode node;
    node.kind = reader.text("kind", kMaxNameBytes);
    node.topic = reader.text_or("topic", {}, kMaxNameBytes);
    node.subject = reader.text("subject", kMaxNameBytes);
    node.include = reader.texts_or_none("include", kMaxNameBytes);
    node.prompt = read_prompts(reader, "prompt");
    node.repeat = read_prompts(reader, "repeat");
    node.next = read_edge(reader, "next");
    node.failed = read_edge(reader, "failed");
    return node;
}

FindCaseNode read_find_case(JsonReader& reader) {
    FindCaseNode node;
    node.variable = reader.text("variable", kMaxNameBytes);
    node.entry = read_entry(reader);
    node.found = read_edge(reader, "found");
    node.not_found = read_edge(reader, "not_found");
    node.failed = read_edge(reader, "failed");
    return node;
}

TellStatusNode read_tell_status(JsonReader& reader) {
    TellStatusNode node;
    for_members(reader,
                "by_status",
                kMostListed,
                [&](const std::string& status, const json::value&, const std::string&) {
                    node.by_status.emplace_back(status, Prompts{});
                });
    if (const auto* value = reader.member("by_status"); value != nullptr && value->is_object()) {
        JsonReader inner{*value, reader.pointer("by_status"), reader.fault_slot()};
        for (auto& [status, prompts] : node.by_status) prompts = read_prompts(inner, status);
    }
    node.otherwise = read_prompts(reader, "otherwise");
    node.next = read_edge(reader, "next");
    node.none = read_edge(reader, "none");
    return node;
}

QueueNode read_queue(JsonReader& reader) {
    QueueNode node;
    node.queue = reader.text("queue", kMaxNameBytes);
    node.priority = static_cast<int>(reader.integer_or("priority", 0, -9, 9));
    node.prompt = read_prompts(reader, "prompt");
    node.closed = read_edge(reader, "closed");
    node.full = read_edge(reader, "full");
    node.no_agents = read_edge(reader, "no_agents");
    node.failed = read_edge(reader, "failed");
    return node;
}

VoicemailNode read_voicemail(JsonReader& reader) {
    VoicemailNode node;
    node.prompt = read_prompts(reader, "prompt");
    node.max_length =
        std::chrono::seconds{reader.integer_or("max_length_s", node.max_length.count(), 5, 600)};
    node.terminator = reader.key_or("terminator", node.terminator, kMenuKeys);
    node.next = read_edge(reader, "next");
    node.empty = read_edge(reader, "empty");
    node.failed = read_edge(reader, "failed");
    return node;
}

SetNode read_set(JsonReader& reader) {
    SetNode node;
    node.values = read_assignments(reader, "values");
    node.next = read_edge(reader, "next");
    return node;
}

LanguageNode read_language(JsonReader& reader) {
    LanguageNode node;
    const auto language = speech::parse_language(reader.text("to", 8));
    if (!language) reader.fault("to", "\"es\" or \"en\" is expected");
    node.to = language.value_or(speech::Language::Es);
    node.next = read_edge(reader, "next");
    return node;
}

EndNode read_end(JsonReader& reader) {
    EndNode node;
    node.prompt = read_prompts(reader, "prompt");
    const auto outcome = reader.text_or("outcome", "self_served", 20);
    if (outcome == "voicemail") {
        node.outcome = End::Outcome::Voicemail;
    } else if (outcome == "refused") {
        node.outcome = End::Outcome::Refused;
    } else if (outcome != "self_served") {
        reader.fault("outcome", "self_served, voicemail or refused is expected");
    }
    return node;
}

Node::What read_what(const std::string& type, JsonReader& reader) {
    if (type == "say") return read_say(reader);
    if (type == "menu") return read_menu(reader);
    if (type == "collect") return read_collect(reader);
    if (type == "identify") return read_identify(reader);
    if (type == "look_up") return read_look_up(reader);
    if (type == "branch") return read_branch(reader);
    if (type == "hours") return read_hours(reader);
    if (type == "open_case") return read_open_case(reader);
    if (type == "find_case") return read_find_case(reader);
    if (type == "tell_status") return read_tell_status(reader);
    if (type == "queue") return read_queue(reader);
    if (type == "voicemail") return read_voicemail(reader);
    if (type == "set") return read_set(reader);
    if (type == "language") return read_language(reader);
    if (type == "end") return read_end(reader);
    reader.fault("type", "\"" + type + "\" is not a kind of node");
    return EndNode{};
}

void read_nodes(JsonReader& reader, Document& document) {
    for_members(reader,
                "nodes",
                kMaxNodes,
                [&](const std::string& id, const json::value& value, const std::string& pointer) {
                    JsonReader inner{value, pointer, reader.fault_slot()};
                    Node node;
                    node.what = read_what(inner.text("type", kMaxNameBytes), inner);
                    node.on_hangup = read_edge(inner, "on_hangup");
                    inner.finish();
                    document.nodes.emplace_back(id, std::move(node));
                });
    if (document.nodes.empty()) reader.fault("nodes", "a flow needs at least one node");
}

std::map<speech::Language, std::string> read_texts(JsonReader& reader) {
    std::map<speech::Language, std::string> texts;
    for (const auto language : {speech::Language::Es, speech::Language::En}) {
        auto text = reader.text_or(speech::code(language), {}, kMaxPromptBytes);
        if (!text.empty()) texts.emplace(language, std::move(text));
    }
    return texts;
}

/// A recording stays below its folder: no separators, no hidden names.
bool is_file_name(std::string_view name) {
    return !name.empty() && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_';
           });
}

void read_prompt_table(JsonReader& reader, Document& document) {
    for_members(reader,
                "prompts",
                kMaxPrompts,
                [&](const std::string& key, const json::value& value, const std::string& pointer) {
                    JsonReader inner{value, pointer, reader.fault_slot()};
                    Prompt prompt{.text = read_texts(inner), .file = {}};
                    prompt.file = inner.text_or("file", {}, kMaxNameBytes);
                    if (!prompt.file.empty() && !is_file_name(prompt.file)) {
                        inner.fault("file", "letters, digits, dot, dash and underscore only");
                    }
                    inner.finish();
                    document.prompts.emplace_back(key, std::move(prompt));
                });
    for_members(reader,
                "terms",
                kMaxPrompts,
                [&](const std::string& key, const json::value& value, const std::string& pointer) {
                    JsonReader inner{value, pointer, reader.fault_slot()};
                    document.terms.emplace_back(key, read_texts(inner));
                    inner.finish();
                });
}

void read_variables(JsonReader& reader, Document& document) {
    for_members(reader,
                "variables",
                kMaxVariables,
                [&](const std::string& name, const json::value& value, const std::string& pointer) {
                    JsonReader inner{value, pointer, reader.fault_slot()};
                    const auto type = parse_type(inner.text("type", 20));
                    if (!type) inner.fault("type", "is not a type of variable");
                    const auto sensitivity =
                        parse_sensitivity(inner.text_or("sensitivity", "internal", 20));
                    if (!sensitivity) inner.fault("sensitivity", "is not a class of sensitivity");
                    if (name.find_first_of(".:{}") != std::string::npos) {
                        inner.fault("", "a variable's name has no dot, colon or brace");
                    }
                    inner.finish();
                    document.variables.emplace_back(
                        name,
                        Variable{.type = type.value_or(Type::Text),
                                 .sensitivity = sensitivity.value_or(Sensitivity::Internal)});
                });
}

void read_canvas(JsonReader& reader, Document& document) {
    for_members(reader,
                "canvas",
                kMaxNodes,
                [&](const std::string& id, const json::value& value, const std::string& pointer) {
                    JsonReader inner{value, pointer, reader.fault_slot()};
                    const Position at{.x = inner.number_or("x", 0), .y = inner.number_or("y", 0)};
                    inner.finish();
                    document.canvas.emplace_back(id, at);
                });
}

void read_languages(JsonReader& reader, Document& document) {
    for (const auto& code : reader.texts_or_none("languages", 8)) {
        const auto language = speech::parse_language(code);
        if (!language) return reader.fault("languages", "\"" + code + "\" is not spoken here");
        if (std::find(document.languages.begin(), document.languages.end(), *language) !=
            document.languages.end()) {
            return reader.fault("languages", "\"" + code + "\" is there twice");
        }
        document.languages.push_back(*language);
    }
    if (document.languages.empty()) reader.fault("languages", "at least one is needed");
}

}  // namespace

Result<Document> parse(std::string_view text) {
    ESC_TRY(const auto value, detail::parse_json(text, kMaxDocumentBytes, kMaxDocumentDepth));
    std::optional<Error> fault;
    JsonReader reader{value, "", fault};
    Document document;
    if (reader.integer_or("format", 0, 0, 1000) != Document::kFormat) {
        reader.fault("format", "only format 1 is known");
    }
    document.name = reader.text("name", kMaxNameBytes);
    read_languages(reader, document);
    document.start = reader.text("start", kMaxNameBytes);
    document.human = reader.text_or("human", {}, kMaxNameBytes);
    document.human_key = reader.key_or("human_key", document.human_key, kMenuKeys);
    document.repeat_key = reader.key_or("repeat_key", document.repeat_key, kMenuKeys);
    read_variables(reader, document);
    read_nodes(reader, document);
    read_prompt_table(reader, document);
    read_canvas(reader, document);
    static_cast<void>(reader.member("$schema"));
    reader.finish();
    if (fault) return *fault;
    return document;
}

}  // namespace escucha::flow
