#pragma once

#include <cstddef>
#include <string_view>

namespace escucha::exports::detail {

inline constexpr std::string_view kHardSpace = "\xC2\xA0";  // U+00A0

/// How many bytes at the front are one space of any kind; 0 when there is none.
std::size_t space_at_front(std::string_view text);

/// The same of one sign that nobody sees: a space, a joiner, a mark of byte order or direction.
std::size_t unseen_at_front(std::string_view text);

}  // namespace escucha::exports::detail
