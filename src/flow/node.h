#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "flow/effects.h"
#include "speech/utterance.h"

namespace escucha::flow {

// The nodes of a flow. What each does for the caller, with examples: docs/flows.md. A field that
// names a node is an edge; an empty edge means that the author gave none.

using NodeId = std::string;

/// Keys of prompts, said one after another. Empty: nothing is said.
using Prompts = std::vector<std::string>;

/// How often and how long a caller is asked before the flow takes another way.
struct Attempts {
    static constexpr int kMaxRetries = 5;
    std::chrono::milliseconds first_digit{6000};  ///< After the prompt; 1 to 60 s.
    std::chrono::milliseconds inter_digit{4000};  ///< Between two keys; 1 to 60 s.
    int retries = 2;                              ///< After the first attempt; 0 to kMaxRetries.
    Prompts no_input_prompt;                      ///< Before the question is repeated.
    Prompts no_match_prompt;
    NodeId no_input;  ///< When the retries are used up.
    NodeId no_match;
};

/// A number to be keyed. The terminator ends it early; the longest length ends it at once. `*`
/// starts again. The human key alone, when shorter than `min`, asks for a person.
struct Entry {
    static constexpr int kMaxDigits = 32;
    Prompts prompt;
    int min = 1;
    int max = kMaxDigits;
    char terminator = '#';
    Attempts attempts;
};

/// A value of the document: a literal, or "{name}" for the canonical text of a variable.
using Template = std::string;

struct Assignment {
    std::string variable;
    Template value;
};

struct SayNode {
    Prompts prompt;
    bool is_interruptible = true;
    NodeId next;
};

struct MenuNode {
    struct Option {
        char key = '1';
        NodeId next;
        std::vector<Assignment> set;
    };
    Prompts prompt;
    std::vector<Option> options;
    Attempts attempts;
    std::optional<char> human_key;  ///< Instead of the document's.
};

/// Asks for one variable, unless it is known already. How keys become its type: docs/flows.md.
struct CollectNode {
    enum class When { Unknown, Always };
    std::string variable;
    Entry entry;
    Prompts confirm;  ///< Reads it back; 1 accepts, 2 asks again. Empty: no confirmation.
    When ask = When::Unknown;
    std::string currency = "EUR";             ///< For money, keyed in whole units.
    std::optional<std::int64_t> least, most;  ///< For number and money (whole units).
    NodeId next;
};

/// By the caller's number first, then by a document or customer number, asked once.
struct IdentifyNode {
    struct Document {
        std::string variable;
        Entry entry;
    };
    bool by_number = true;
    std::optional<Document> document;
    Prompts filler;
    NodeId found, not_found, failed;
};

struct LookUpNode {
    std::string connector, operation;
    std::vector<Assignment> params;
    std::vector<std::pair<std::string, std::string>> results;  ///< Field to variable.
    std::chrono::milliseconds deadline{3000};                  ///< 100 ms to 30 s.
    std::optional<std::chrono::seconds> max_age;               ///< Older answers are stale.
    Prompts filler;                                            ///< Said when it takes longer…
    std::chrono::milliseconds filler_after{2000};              ///< …than this.
    NodeId next, stale, not_found, failed;
};

struct BranchNode {
    enum class Op { Equals, Less, Greater, Present, Absent, In };
    struct Case {
        std::string variable;
        Op op = Op::Present;
        std::vector<Template> values;  ///< One for the comparisons, several for In, else none.
        NodeId next;
    };
    std::vector<Case> cases;  ///< The first that holds wins.
    NodeId otherwise;
};

struct HoursNode {
    std::string calendar;
    NodeId open, closed, failed;
};

/// Opens the case, speaks its reference, offers it again by the repeat key, then goes on.
struct OpenCaseNode {
    std::string kind;
    Template topic;
    std::string subject;               ///< A prompt key; its first-language text goes to people.
    std::vector<std::string> include;  ///< Variables that go into the case.
    Prompts prompt;                    ///< Speaks {case.reference}.
    Prompts repeat;                    ///< "To hear it again press star".
    NodeId next, failed;
};

struct FindCaseNode {
    std::string variable;
    Entry entry;
    NodeId found, not_found, failed;
};

/// Tells the state of the case that was found, opened or recognised.
struct TellStatusNode {
    std::vector<std::pair<std::string, Prompts>> by_status;
    Prompts otherwise;  ///< For a status without its own prompt.
    NodeId next;
    NodeId none;  ///< There is no case.
};

struct QueueNode {
    std::string queue;
    int priority = 0;
    Prompts prompt;
    NodeId closed, full, no_agents, failed;
};

struct VoicemailNode {
    Prompts prompt;
    std::chrono::seconds max_length{120};  ///< 5 to 600 s.
    char terminator = '#';
    NodeId next, empty, failed;
};

struct SetNode {
    std::vector<Assignment> values;
    NodeId next;
};

struct LanguageNode {
    speech::Language to = speech::Language::Es;
    NodeId next;
};

struct EndNode {
    Prompts prompt;
    End::Outcome outcome = End::Outcome::SelfServed;
};

struct Node {
    using What = std::variant<SayNode,
                              MenuNode,
                              CollectNode,
                              IdentifyNode,
                              LookUpNode,
                              BranchNode,
                              HoursNode,
                              OpenCaseNode,
                              FindCaseNode,
                              TellStatusNode,
                              QueueNode,
                              VoicemailNode,
                              SetNode,
                              LanguageNode,
                              EndNode>;
    What what;
    /// An open_case node: from here on, and until a case is opened or found, its case is opened
    /// with what is known by then when the caller hangs up or the flow ends.
    NodeId on_hangup;
};

}  // namespace escucha::flow
