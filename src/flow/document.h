#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "flow/context.h"
#include "flow/node.h"

namespace escucha::flow {

struct Prompt {
    std::map<speech::Language, std::string> text;  ///< With {placeholders}.
    std::string file;  ///< A recording, as "<language>/<file>" below the prompt folder; or empty.
};

struct Variable {
    Type type = Type::Text;
    Sensitivity sensitivity = Sensitivity::Internal;
};

struct Position {
    double x = 0;
    double y = 0;
};

/// A flow: a program of nodes for one line (docs/glossary.md, "Flow"). Immutable once published; a
/// call finishes in the version in which it started. Lists keep the author's order.
struct Document {
    static constexpr int kFormat = 1;

    std::string name;
    std::vector<speech::Language> languages;  ///< The first is the company's own.
    NodeId start;
    NodeId human;  ///< Where a caller who wants a person goes.
    char human_key = '0';
    char repeat_key = '*';
    std::vector<std::pair<NodeId, Node>> nodes;
    std::vector<std::pair<std::string, Prompt>> prompts;
    std::vector<std::pair<std::string, Variable>> variables;
    /// How coded values are spoken: the case kind "claim" is "reclamación".
    std::vector<std::pair<std::string, std::map<speech::Language, std::string>>> terms;
    std::vector<std::pair<NodeId, Position>> canvas;  ///< Where the editor draws; no meaning.

    [[nodiscard]] const Node* find_node(std::string_view id) const;
    [[nodiscard]] const Prompt* find_prompt(std::string_view key) const;
    /// Declared ones and the built-in ones, whose names have a dot ("case.reference").
    [[nodiscard]] const Variable* find_variable(std::string_view variable) const;
    /// nullptr when the document has no such term in that language.
    [[nodiscard]] const std::string* find_term(std::string_view code,
                                               speech::Language language) const;
};

inline constexpr std::size_t kMaxDocumentBytes = 1024 * 1024;
inline constexpr std::size_t kMaxDocumentDepth = 12;
inline constexpr std::size_t kMaxNodes = 500;
inline constexpr std::size_t kMaxPrompts = 2000;
inline constexpr std::size_t kMaxVariables = 100;
inline constexpr std::size_t kMaxPromptBytes = 1000;
inline constexpr std::size_t kMaxNameBytes = 64;

/// Reads schema/flow-1.schema.json's format. Unknown members are refused. Errors carry the JSON
/// pointer: `InvalidArgument` "/nodes/menu/options/1: …", `TooLarge` for a named limit. Whether the
/// flow makes sense is `validate`'s question.
Result<Document> parse(std::string_view json);

/// Indented JSON, members in a fixed order: parse(print(d)) is d.
std::string print(const Document& document);

/// Every sentence without a value in it that the flow can say, for rendering ahead: pairs of
/// language and text, without repetitions.
std::vector<std::pair<speech::Language, std::string>> all_static_texts(const Document& document);

/// A recording that a prompt names, in one of the flow's languages. One whose text has placeholders
/// is never played, so it is not among them.
struct Recording {
    std::string prompt;
    speech::Language language = speech::Language::Es;
    std::string file;
};
std::vector<Recording> all_recordings(const Document& document);

/// "say", "open_case"… as in the JSON.
std::string_view kind_of(const Node& node);

/// One way out of a node: the JSON name of the edge ("next", "options/3") and its target.
struct Edge {
    std::string name;
    NodeId to;
};
/// Every edge the node has a place for, the empty ones too; on_hangup is not one.
std::vector<Edge> edges_of(const Node& node);

}  // namespace escucha::flow
