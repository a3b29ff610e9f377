#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace escucha::privacy {

/// The form in which a value that may not be seen is shown all the same.
enum class Mask {
    Whole,  ///< "•••": neither the value nor its length.
    Tail,   ///< "12345678Z" -> "•••••678Z": enough to tell two of them apart.
    Phone,  ///< "+34600111222" -> "+34 ••• 222".
};

/// "whole", "tail", "phone".
std::optional<Mask> parse_mask(std::string_view text);

/// Nothing of nothing. What is too short for its form shows less, never more.
std::string masked(Mask mask, std::string_view text);

/// Whether somebody wrote a masked form where a value belongs.
bool looks_masked(std::string_view text);

}  // namespace escucha::privacy
