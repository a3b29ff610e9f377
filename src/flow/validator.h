#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flow/document.h"

namespace escucha::flow {

enum class Severity { Error, Warning };

/// One thing wrong with a flow, and how to mend it.
struct Problem {
    Severity severity = Severity::Error;
    NodeId node;       ///< Empty when it concerns the document.
    std::string code;  ///< Stable lower_snake word; the list is in docs/flows.md.
    std::string message_es;
    std::string message_en;
};

/// Everything wrong, in document order. A flow with an Error cannot be published. At most
/// `kMaxProblems`.
std::vector<Problem> validate(const Document& document);

inline constexpr std::size_t kMaxProblems = 200;

[[nodiscard]] bool has_errors(const std::vector<Problem>& problems);

}  // namespace escucha::flow
