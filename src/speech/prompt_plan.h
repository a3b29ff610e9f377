#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "speech/utterance.h"

namespace escucha::speech {

/// A sentence that never changes can be rendered ahead and kept; one with a value is rendered when
/// needed and may be forgotten.
enum class Reuse { Static, Variable };

/// One piece of audio to play: a recorded file, or text for the engine. Clips are played in order.
struct Clip {
    std::string file;  ///< Name of a recording below the prompt folder; empty for engine text.
    std::string text;  ///< What the engine says, or says instead when `file` is missing.
    Reuse reuse = Reuse::Static;
    bool operator==(const Clip&) const = default;
};

/// Cuts what is said at the ends of sentences: whole sentences sound natural, and those without a
/// value in them are the same for every caller. Values never end a sentence; only the `.`, `!`,
/// `?`, `…` or `;` of Text does, when a space or the end follows. Empty texts make no clip.
std::vector<Clip> join_plan(const std::vector<Utterance>& utterances, Language language);

/// The voice that renders a text. Any change of it is another file.
struct Voice {
    std::string engine;  ///< For example "espeak-ng-1.51".
    std::string name;    ///< The engine's name of the voice: "es", "en-gb".
};

/// Where the rendered text is kept below the cache folder: "es/ab/abcdef….wav", from the SHA-256 of
/// engine, voice, language and text. Variable clips live under "es/once/" so that they can be
/// cleaned away on their own.
std::string prompt_key(const Voice& voice,
                       Language language,
                       std::string_view text,
                       Reuse reuse = Reuse::Static);

}  // namespace escucha::speech
