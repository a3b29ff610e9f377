#include "exports/detail/unseen.h"

#include <array>
#include <span>

namespace escucha::exports::detail {
namespace {

constexpr std::array<std::string_view, 6> kSpaces{" ",
                                                  kHardSpace,
                                                  "\xE2\x80\x87",   // U+2007, of a digit's width
                                                  "\xE2\x80\x89",   // U+2009, thin
                                                  "\xE2\x80\xAF",   // U+202F, narrow and hard
                                                  "\xE3\x80\x80"};  // U+3000, full-width
constexpr std::array<std::string_view, 8> kWithoutWidth{"\xE2\x80\x8B",  // U+200B
                                                        "\xE2\x80\x8C",  // U+200C
                                                        "\xE2\x80\x8D",  // U+200D
                                                        "\xE2\x80\x8E",  // U+200E
                                                        "\xE2\x80\x8F",  // U+200F
                                                        "\xE2\x81\xA0",  // U+2060
                                                        "\xEF\xBB\xBF",  // U+FEFF
                                                        "\xC2\xAD"};     // U+00AD

std::size_t which_at_front(std::string_view text, std::span<const std::string_view> signs) {
    for (const std::string_view sign : signs) {
        if (text.starts_with(sign)) return sign.size();
    }
    return 0;
}

}  // namespace

std::size_t space_at_front(std::string_view text) { return which_at_front(text, kSpaces); }

std::size_t unseen_at_front(std::string_view text) {
    const std::size_t space = space_at_front(text);
    return space > 0 ? space : which_at_front(text, kWithoutWidth);
}

}  // namespace escucha::exports::detail
