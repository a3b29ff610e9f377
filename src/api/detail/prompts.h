#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>

#include "api/detail/call.h"
#include "flow/document.h"

namespace escucha::api {

/// Prompts of one company; each is a file in memory of the pages and a row of the centre.
inline constexpr std::int64_t kMaxPromptsOfCompany = 500;
/// Pieces of music that one queue plays in turn.
inline constexpr std::size_t kMaxQueueMusic = 20;
inline constexpr std::size_t kMaxPromptName = 60;

/// "es", "en" or "none" (music), and a name of lower-case letters, digits, dash and underscore that
/// begins with a letter or a digit. A flow names it as the file "<name>.wav".
struct PromptKey {
    std::string language;
    std::string name;
    auto operator<=>(const PromptKey&) const = default;
    [[nodiscard]] bool is_music() const { return language == "none"; }
};
bool is_prompt_name(std::string_view name);

/// Who plays a prompt: {"kind": "flow" | "queue", "id", "name"}.
using PromptUses = std::map<PromptKey, boost::json::array>;
/// Of the whole company: its queues, and its flows in every version that is published or newer.
Attempt<PromptUses> prompt_uses(Call& call);

/// The recordings a flow names and nobody has: neither in the company's library nor among the files
/// of the installation. In the caller's language, as the flow's other problems.
Attempt<boost::json::array> missing_recordings(Call& call, const flow::Document& document);

}  // namespace escucha::api
