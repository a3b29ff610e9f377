#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flow/document.h"
#include "speech/utterance.h"

namespace escucha::flow::detail {

/// "{name}", "{name.age}", "{name:singular|plural}", "{name:f singular|plural}".
struct Placeholder {
    std::string name;
    bool is_age = false;  ///< How old the datum is, not the datum.
    speech::Gender gender = speech::Gender::Masculine;
    std::string singular;  ///< What is counted; empty when nothing.
    std::string plural;
};

/// A stretch of a prompt: words, or one placeholder.
struct Piece {
    std::string text;
    std::optional<Placeholder> placeholder;
};

/// nullopt when a brace is left open or a placeholder is empty.
std::optional<std::vector<Piece>> parse_pieces(std::string_view text);

/// What a placeholder stands for at this moment.
struct Known {
    Type type = Type::Text;
    Value value;
    Sensitivity sensitivity = Sensitivity::Internal;
    std::optional<std::chrono::seconds> age;
};
using Resolve = std::function<std::optional<Known>(std::string_view name)>;

/// What the prompts say, in order. A placeholder nobody knows is silent.
std::vector<speech::Utterance> say_prompts(const Document& document,
                                           const Prompts& prompts,
                                           speech::Language language,
                                           const Resolve& resolve);

/// The same for eyes (a case's subject): one line with values in figures. What is not known is "…",
/// what people must not see "•••".
std::string written_text(const Document& document,
                         std::string_view prompt,
                         speech::Language language,
                         const Resolve& resolve);

}  // namespace escucha::flow::detail
