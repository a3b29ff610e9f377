#pragma once

#include <cstdint>
#include <string>

#include "speech/utterance.h"

namespace escucha::speech {

/// A whole number in words. Spanish writes "veintiún" or "veintiuna" before a noun and "veintiuno"
/// alone, so the use decides the ending; English ignores it.
enum class Use {
    Alone,            ///< "veintiuno"
    BeforeMasculine,  ///< "veintiún", "doscientos"
    BeforeFeminine,   ///< "veintiuna", "doscientas"
};

/// Any 64-bit value; a negative one begins with "menos" / "minus".
std::string number_words(std::int64_t value, Language language, Use use = Use::Alone);

/// The singular or plural noun of a count, with Spanish "de" after whole millions: "un millón de
/// euros", "dos euros", "one euro".
std::string counted(std::int64_t value,
                    Language language,
                    Use use,
                    std::string_view singular,
                    std::string_view plural);

}  // namespace escucha::speech
