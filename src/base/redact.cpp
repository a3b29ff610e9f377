#include "base/redact.h"

#include <fmt/format.h>

namespace escucha {

std::string redact_number(std::string_view number) {
    constexpr std::size_t kShortest = 7;
    if (number.size() < kShortest) return std::string{number};
    return fmt::format("{}***{}", number.substr(0, 3), number.substr(number.size() - 3));
}

std::string redact_text(std::string_view text) {
    if (text.empty()) return {};
    return fmt::format("{}…({})", text.substr(0, 1), text.size());
}

}  // namespace escucha
