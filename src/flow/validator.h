#pragma once

#include <functional>
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

/// Warnings (`missing_recording`) about the recordings that prompts name and `is_there` denies: the
/// engine says their text instead. Apart from `validate`, because only a shell knows of files.
std::vector<Problem> missing_recordings(
    const Document& document,
    const std::function<bool(speech::Language, const std::string& file)>& is_there);

[[nodiscard]] bool has_errors(const std::vector<Problem>& problems);

}  // namespace escucha::flow
