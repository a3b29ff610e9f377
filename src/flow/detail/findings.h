#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flow/validator.h"

namespace escucha::flow::detail {

inline std::string quoted(std::string_view text) { return "«" + std::string{text} + "»"; }

/// Collects problems up to the limit; texts come in pairs, Spanish first.
class Findings {
public:
    void error(const NodeId& node, std::string_view code, std::string es, std::string en) {
        add(Severity::Error, node, code, std::move(es), std::move(en));
    }
    void warning(const NodeId& node, std::string_view code, std::string es, std::string en) {
        add(Severity::Warning, node, code, std::move(es), std::move(en));
    }
    std::vector<Problem> take() { return std::move(problems_); }

private:
    void add(Severity severity,
             const NodeId& node,
             std::string_view code,
             std::string es,
             std::string en) {
        if (problems_.size() >= kMaxProblems) return;
        problems_.push_back({.severity = severity,
                             .node = node,
                             .code = std::string{code},
                             .message_es = std::move(es),
                             .message_en = std::move(en)});
    }

    std::vector<Problem> problems_;
};

/// Edges: targets that exist, ways that end, people that can be reached, loops that are counted.
void check_ways(const Document& document, Findings& findings);

/// Prompts, placeholders, variables and their types, keys that hide one another.
void check_words(const Document& document, Findings& findings);

/// Every prompt key a node can say, the subject of a case among them.
Prompts prompts_of(const Node& node);

}  // namespace escucha::flow::detail
