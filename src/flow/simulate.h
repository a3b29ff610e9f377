#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "flow/document.h"

namespace escucha::flow {

/// Walks a flow on a virtual clock with a script of keys and replies, and writes down what happens:
/// each node, what is said in the caller's language, what is asked and how it ends. The script is
/// text, one line per step; docs/flows.md, "Simulating", has its words. Sensitive values appear as
/// "•••". Errors name the line of the script.
Result<std::string> simulate(std::shared_ptr<const Document> document, std::string_view script);

inline constexpr std::size_t kMaxScriptBytes = 64 * 1024;
inline constexpr int kMaxSimulatedEvents = 2000;

}  // namespace escucha::flow
