#include "api/detail/range.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace escucha::api {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

}  // namespace

RangeAsked parse_range(std::string_view header, std::uint64_t size) {
    using enum RangeAsked::Kind;
    constexpr std::string_view kUnit = "bytes=";
    const RangeAsked whole{Whole, 0, size};
    if (!header.starts_with(kUnit)) return whole;
    const std::string_view range = header.substr(kUnit.size());
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos) return whole;
    const auto first = number(range.substr(0, dash));
    const auto last = number(range.substr(dash + 1));
    if (dash == 0) {
        if (!last) return whole;
        if (*last == 0 || size == 0) return {Unsatisfiable, 0, 0};
        const std::uint64_t length = std::min(*last, size);
        return {Part, size - length, length};
    }
    const bool is_open = dash + 1 == range.size();
    if (!first || (!last && !is_open)) return whole;
    if (*first >= size) return {Unsatisfiable, 0, 0};
    const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
    if (end < *first) return whole;
    return {Part, *first, end - *first + 1};
}

}  // namespace escucha::api
