#pragma once

#include <algorithm>
#include <string_view>

namespace escucha::net::detail {

/// Without the blanks around it (RFC 9110 §5.6.3, OWS).
inline std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
    return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

}  // namespace escucha::net::detail
