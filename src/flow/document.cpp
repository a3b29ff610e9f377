#include "flow/document.h"

#include <algorithm>

#include "base/overloaded.h"

namespace escucha::flow {

namespace {

template <typename T>
const T* find_in(const std::vector<std::pair<std::string, T>>& list, std::string_view name) {
    for (const auto& [key, value] : list) {
        if (key == name) return &value;
    }
    return nullptr;
}

using BuiltIn = std::pair<std::string, Variable>;

/// What the Run itself knows. Their names have a dot, which authors' variables cannot have.
const std::vector<BuiltIn>& built_ins() {
    static const std::vector<BuiltIn> kBuiltIns = {
        {"call.date", {Type::Date, Sensitivity::Public}},
        {"call.time", {Type::Time, Sensitivity::Public}},
        {"call.language", {Type::Text, Sensitivity::Public}},
        {"call.diverted_from", {Type::Phone, Sensitivity::Personal}},
        {"call.diversion", {Type::Text, Sensitivity::Internal}},
        {"caller.number", {Type::Phone, Sensitivity::Personal}},
        {"caller.name", {Type::Text, Sensitivity::Personal}},
        {"caller.group", {Type::Text, Sensitivity::Internal}},
        {"company.name", {Type::Text, Sensitivity::Public}},
        {"case.reference", {Type::Reference, Sensitivity::Internal}},
        {"case.kind", {Type::Text, Sensitivity::Internal}},
        {"case.topic", {Type::Text, Sensitivity::Internal}},
        {"case.status", {Type::Text, Sensitivity::Internal}},
        {"case.subject", {Type::Text, Sensitivity::Personal}},
        {"case.opened", {Type::Date, Sensitivity::Internal}},
        {"case.due", {Type::Date, Sensitivity::Internal}},
        {"hours.next_date", {Type::Date, Sensitivity::Public}},
        {"hours.next_time", {Type::Time, Sensitivity::Public}},
    };
    return kBuiltIns;
}

void add_attempts(std::vector<Edge>& edges, const Attempts& attempts) {
    edges.push_back({"no_input", attempts.no_input});
    edges.push_back({"no_match", attempts.no_match});
}

std::vector<Edge> menu_edges(const MenuNode& node) {
    std::vector<Edge> edges;
    for (const auto& option : node.options) {
        edges.push_back({std::string{"options/"} + option.key, option.next});
    }
    add_attempts(edges, node.attempts);
    return edges;
}

std::vector<Edge> identify_edges(const IdentifyNode& node) {
    std::vector<Edge> edges = {
        {"found", node.found}, {"not_found", node.not_found}, {"failed", node.failed}};
    if (node.document) add_attempts(edges, node.document->entry.attempts);
    return edges;
}

std::vector<Edge> branch_edges(const BranchNode& node) {
    std::vector<Edge> edges;
    for (std::size_t i = 0; i < node.cases.size(); ++i) {
        edges.push_back({"cases/" + std::to_string(i), node.cases[i].next});
    }
    edges.push_back({"otherwise", node.otherwise});
    return edges;
}

std::vector<Edge> with_attempts(std::vector<Edge> edges, const Attempts& attempts) {
    add_attempts(edges, attempts);
    return edges;
}

}  // namespace

const Node* Document::find_node(std::string_view id) const { return find_in(nodes, id); }

const Prompt* Document::find_prompt(std::string_view key) const { return find_in(prompts, key); }

const Variable* Document::find_variable(std::string_view variable) const {
    const auto* own = find_in(variables, variable);
    return own != nullptr ? own : find_in(built_ins(), variable);
}

const std::string* Document::find_term(std::string_view term, speech::Language language) const {
    const auto* texts = find_in(terms, term);
    if (texts == nullptr) return nullptr;
    const auto found = texts->find(language);
    return found == texts->end() ? nullptr : &found->second;
}

std::string_view kind_of(const Node& node) {
    using namespace std::string_view_literals;
    return std::visit(overloaded{
                          [](const SayNode&) { return "say"sv; },
                          [](const MenuNode&) { return "menu"sv; },
                          [](const CollectNode&) { return "collect"sv; },
                          [](const IdentifyNode&) { return "identify"sv; },
                          [](const LookUpNode&) { return "look_up"sv; },
                          [](const BranchNode&) { return "branch"sv; },
                          [](const HoursNode&) { return "hours"sv; },
                          [](const OpenCaseNode&) { return "open_case"sv; },
                          [](const FindCaseNode&) { return "find_case"sv; },
                          [](const TellStatusNode&) { return "tell_status"sv; },
                          [](const QueueNode&) { return "queue"sv; },
                          [](const VoicemailNode&) { return "voicemail"sv; },
                          [](const SetNode&) { return "set"sv; },
                          [](const LanguageNode&) { return "language"sv; },
                          [](const EndNode&) { return "end"sv; },
                      },
                      node.what);
}

std::vector<Edge> edges_of(const Node& node) {
    using Edges = std::vector<Edge>;
    return std::visit(
        overloaded{
            [](const SayNode& n) -> Edges {
                return {{"next", n.next}};
            },
            [](const MenuNode& n) { return menu_edges(n); },
            [](const CollectNode& n) {
                return with_attempts({{"next", n.next}}, n.entry.attempts);
            },
            [](const IdentifyNode& n) { return identify_edges(n); },
            [](const LookUpNode& n) -> Edges {
                return {{"next", n.next},
                        {"stale", n.stale},
                        {"not_found", n.not_found},
                        {"failed", n.failed}};
            },
            [](const BranchNode& n) { return branch_edges(n); },
            [](const HoursNode& n) -> Edges {
                return {{"open", n.open}, {"closed", n.closed}, {"failed", n.failed}};
            },
            [](const OpenCaseNode& n) -> Edges {
                return {{"next", n.next}, {"failed", n.failed}};
            },
            [](const FindCaseNode& n) {
                return with_attempts(
                    {{"found", n.found}, {"not_found", n.not_found}, {"failed", n.failed}},
                    n.entry.attempts);
            },
            [](const TellStatusNode& n) -> Edges {
                return {{"next", n.next}, {"none", n.none}};
            },
            [](const QueueNode& n) -> Edges {
                return {{"closed", n.closed},
                        {"full", n.full},
                        {"no_agents", n.no_agents},
                        {"failed", n.failed}};
            },
            [](const VoicemailNode& n) -> Edges {
                return {{"next", n.next}, {"empty", n.empty}, {"failed", n.failed}};
            },
            [](const SetNode& n) -> Edges {
                return {{"next", n.next}};
            },
            [](const LanguageNode& n) -> Edges {
                return {{"next", n.next}};
            },
            [](const EndNode&) -> Edges { return {}; },
        },
        node.what);
}

}  // namespace escucha::flow
