#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/overloaded.h"
#include "flow/detail/json_reader.h"
#include "flow/document.h"

namespace escucha::flow {

namespace json = boost::json;
using detail::text;

namespace {

std::string_view key(const std::string& value) { return value; }

void put_text(json::object& out, std::string_view name, std::string_view value) {
    if (!value.empty()) out[json::string_view{name.data(), name.size()}] = text(value);
}

void put_texts(json::object& out, std::string_view name, const std::vector<std::string>& values) {
    const json::string_view member{name.data(), name.size()};
    if (values.empty()) return;
    if (values.size() == 1) {
        out[member] = text(values.front());
        return;
    }
    json::array list;
    for (const auto& value : values) list.push_back(text(value));
    out[member] = std::move(list);
}

/// Whole seconds without a fraction, so that 6 stays 6.
json::value seconds(std::chrono::milliseconds length) {
    if (length.count() % 1000 == 0) return length.count() / 1000;
    return static_cast<double>(length.count()) / 1000.0;
}

void put_seconds(json::object& out,
                 std::string_view name,
                 std::chrono::milliseconds value,
                 std::chrono::milliseconds usual) {
    if (value != usual) out[json::string_view{name.data(), name.size()}] = seconds(value);
}

json::object assignments(const std::vector<Assignment>& values) {
    json::object out;
    for (const auto& [name, value] : values) put_text(out, key(name), value);
    return out;
}

void put_attempts(json::object& out, const Attempts& attempts) {
    const Attempts usual;
    put_seconds(out, "first_digit_s", attempts.first_digit, usual.first_digit);
    put_seconds(out, "inter_digit_s", attempts.inter_digit, usual.inter_digit);
    out["retries"] = attempts.retries;
    put_texts(out, "no_input_prompt", attempts.no_input_prompt);
    put_texts(out, "no_match_prompt", attempts.no_match_prompt);
    put_text(out, "no_input", attempts.no_input);
    put_text(out, "no_match", attempts.no_match);
}

void put_entry(json::object& out, const Entry& entry) {
    put_texts(out, "prompt", entry.prompt);
    out["min"] = entry.min;
    out["max"] = entry.max;
    if (entry.terminator != '#') out["terminator"] = text(std::string{entry.terminator});
    put_attempts(out, entry.attempts);
}

void put_node(json::object& out, const SayNode& node) {
    put_texts(out, "prompt", node.prompt);
    if (!node.is_interruptible) out["interruptible"] = false;
    put_text(out, "next", node.next);
}

void put_node(json::object& out, const MenuNode& node) {
    put_texts(out, "prompt", node.prompt);
    json::object options;
    for (const auto& option : node.options) {
        const json::string_view name{&option.key, 1};
        if (option.set.empty()) {
            options[name] = text(option.next);
            continue;
        }
        json::object one;
        put_text(one, "next", option.next);
        one["set"] = assignments(option.set);
        options[name] = std::move(one);
    }
    out["options"] = std::move(options);
    if (node.human_key) out["human_key"] = text(std::string{*node.human_key});
    put_attempts(out, node.attempts);
}

void put_node(json::object& out, const CollectNode& node) {
    out["variable"] = text(node.variable);
    if (node.ask == CollectNode::When::Always) out["ask"] = "always";
    put_entry(out, node.entry);
    if (node.currency != "EUR") put_text(out, "currency", node.currency);
    if (node.least) out["least"] = *node.least;
    if (node.most) out["most"] = *node.most;
    put_texts(out, "confirm", node.confirm);
    put_text(out, "next", node.next);
}

void put_node(json::object& out, const IdentifyNode& node) {
    out["by_number"] = node.by_number;
    if (node.document) {
        json::object document;
        document["variable"] = text(node.document->variable);
        put_entry(document, node.document->entry);
        out["document"] = std::move(document);
    }
    put_texts(out, "filler", node.filler);
    put_text(out, "found", node.found);
    put_text(out, "not_found", node.not_found);
    put_text(out, "failed", node.failed);
}

void put_node(json::object& out, const LookUpNode& node) {
    const LookUpNode usual;
    out["connector"] = text(node.connector);
    out["operation"] = text(node.operation);
    if (!node.params.empty()) out["params"] = assignments(node.params);
    json::object results;
    for (const auto& [field, variable] : node.results) put_text(results, key(field), variable);
    if (!results.empty()) out["results"] = std::move(results);
    out["deadline_s"] = seconds(node.deadline);
    if (node.max_age) out["max_age_s"] = node.max_age->count();
    put_texts(out, "filler", node.filler);
    put_seconds(out, "filler_after_s", node.filler_after, usual.filler_after);
    put_text(out, "next", node.next);
    put_text(out, "stale", node.stale);
    put_text(out, "not_found", node.not_found);
    put_text(out, "failed", node.failed);
}

std::string_view word_of(BranchNode::Op op) {
    switch (op) {
        case BranchNode::Op::Equals:
            return "equals";
        case BranchNode::Op::Less:
            return "less";
        case BranchNode::Op::Greater:
            return "greater";
        case BranchNode::Op::Present:
            return "present";
        case BranchNode::Op::Absent:
            return "absent";
        case BranchNode::Op::In:
            return "in";
    }
    return {};
}

void put_node(json::object& out, const BranchNode& node) {
    json::array cases;
    for (const auto& one : node.cases) {
        json::object item;
        item["variable"] = text(one.variable);
        item["is"] = text(word_of(one.op));
        if (one.op == BranchNode::Op::In) {
            put_texts(item, "values", one.values);
        } else if (!one.values.empty()) {
            item["value"] = text(one.values.front());
        }
        put_text(item, "next", one.next);
        cases.push_back(std::move(item));
    }
    out["cases"] = std::move(cases);
    put_text(out, "otherwise", node.otherwise);
}

void put_node(json::object& out, const HoursNode& node) {
    out["calendar"] = text(node.calendar);
    put_text(out, "open", node.open);
    put_text(out, "closed", node.closed);
    put_text(out, "failed", node.failed);
}

void put_node(json::object& out, const OpenCaseNode& node) {
    out["kind"] = text(node.kind);
    put_text(out, "topic", node.topic);
    out["subject"] = text(node.subject);
    put_texts(out, "include", node.include);
    put_texts(out, "prompt", node.prompt);
    put_texts(out, "repeat", node.repeat);
    put_text(out, "next", node.next);
    put_text(out, "failed", node.failed);
}

void put_node(json::object& out, const FindCaseNode& node) {
    out["variable"] = text(node.variable);
    put_entry(out, node.entry);
    put_text(out, "found", node.found);
    put_text(out, "not_found", node.not_found);
    put_text(out, "failed", node.failed);
}

void put_node(json::object& out, const TellStatusNode& node) {
    json::object by_status;
    for (const auto& [status, prompts] : node.by_status) put_texts(by_status, key(status), prompts);
    if (!by_status.empty()) out["by_status"] = std::move(by_status);
    put_texts(out, "otherwise", node.otherwise);
    put_text(out, "next", node.next);
    put_text(out, "none", node.none);
}

void put_node(json::object& out, const QueueNode& node) {
    out["queue"] = text(node.queue);
    if (node.priority != 0) out["priority"] = node.priority;
    put_texts(out, "prompt", node.prompt);
    put_text(out, "closed", node.closed);
    put_text(out, "full", node.full);
    put_text(out, "no_agents", node.no_agents);
    put_text(out, "failed", node.failed);
}

void put_node(json::object& out, const VoicemailNode& node) {
    put_texts(out, "prompt", node.prompt);
    out["max_length_s"] = node.max_length.count();
    if (node.terminator != '#') out["terminator"] = text(std::string{node.terminator});
    put_text(out, "next", node.next);
    put_text(out, "empty", node.empty);
    put_text(out, "failed", node.failed);
}

void put_node(json::object& out, const SetNode& node) {
    out["values"] = assignments(node.values);
    put_text(out, "next", node.next);
}

void put_node(json::object& out, const LanguageNode& node) {
    out["to"] = text(speech::code(node.to));
    put_text(out, "next", node.next);
}

void put_node(json::object& out, const EndNode& node) {
    put_texts(out, "prompt", node.prompt);
    if (node.outcome == End::Outcome::Voicemail) out["outcome"] = "voicemail";
    if (node.outcome == End::Outcome::Refused) out["outcome"] = "refused";
}

json::object texts_of(const std::map<speech::Language, std::string>& texts) {
    json::object out;
    for (const auto& [language, words] : texts) put_text(out, speech::code(language), words);
    return out;
}

json::object nodes_of(const Document& document) {
    json::object nodes;
    for (const auto& [id, node] : document.nodes) {
        json::object one;
        one["type"] = text(kind_of(node));
        put_text(one, "on_hangup", node.on_hangup);
        std::visit([&](const auto& what) { put_node(one, what); }, node.what);
        nodes[id] = std::move(one);
    }
    return nodes;
}

}  // namespace

std::string print(const Document& document) {
    json::object out;
    out["format"] = Document::kFormat;
    out["name"] = text(document.name);
    json::array languages;
    for (const auto language : document.languages)
        languages.push_back(text(speech::code(language)));
    out["languages"] = std::move(languages);
    out["start"] = text(document.start);
    put_text(out, "human", document.human);
    out["human_key"] = text(std::string{document.human_key});
    out["repeat_key"] = text(std::string{document.repeat_key});
    json::object variables;
    for (const auto& [name, variable] : document.variables) {
        variables[name] = json::object{{"type", text(to_text(variable.type))},
                                       {"sensitivity", text(to_text(variable.sensitivity))}};
    }
    out["variables"] = std::move(variables);
    out["nodes"] = nodes_of(document);
    json::object prompts;
    for (const auto& [name, prompt] : document.prompts) {
        auto one = texts_of(prompt.text);
        put_text(one, "file", prompt.file);
        prompts[name] = std::move(one);
    }
    out["prompts"] = std::move(prompts);
    json::object terms;
    for (const auto& [term, texts] : document.terms) terms[term] = texts_of(texts);
    out["terms"] = std::move(terms);
    json::object canvas;
    for (const auto& [id, at] : document.canvas)
        canvas[id] = json::object{{"x", at.x}, {"y", at.y}};
    out["canvas"] = std::move(canvas);
    return detail::print_json(out);
}

}  // namespace escucha::flow
