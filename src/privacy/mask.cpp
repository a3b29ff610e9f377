#include "privacy/mask.h"

namespace escucha::privacy {
namespace {

constexpr std::string_view kDot = "•";
constexpr std::string_view kHidden = "•••";

/// Where a character of UTF-8 begins, at or after `at`.
std::size_t whole_character(std::string_view text, std::size_t at) {
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
    return at;
}

std::string tail(std::string_view text) {
    constexpr std::size_t kShown = 4;
    const std::size_t shown = text.size() > 2 * kShown ? kShown : text.size() / kShown;
    const std::size_t hidden = whole_character(text, text.size() - shown);
    std::string out;
    for (std::size_t i = 0; i < hidden; i = whole_character(text, i + 1)) out += kDot;
    return out.append(text.substr(hidden));
}

std::string phone(std::string_view text) {
    constexpr std::size_t kPrefix = 3, kShown = 3, kLeastHidden = 4;
    if (text.size() < kPrefix + kShown + kLeastHidden || text.front() != '+') return tail(text);
    std::string out{text.substr(0, kPrefix)};
    return out.append(" ").append(kHidden).append(" ").append(text.substr(text.size() - kShown));
}

}  // namespace

std::optional<Mask> parse_mask(std::string_view text) {
    if (text == "whole") return Mask::Whole;
    if (text == "tail") return Mask::Tail;
    if (text == "phone") return Mask::Phone;
    return std::nullopt;
}

std::string masked(Mask mask, std::string_view text) {
    if (text.empty()) return {};
    switch (mask) {
        case Mask::Whole:
            return std::string{kHidden};
        case Mask::Tail:
            return tail(text);
        case Mask::Phone:
            return phone(text);
    }
    return std::string{kHidden};
}

bool looks_masked(std::string_view text) { return text.find(kDot) != std::string_view::npos; }

}  // namespace escucha::privacy
