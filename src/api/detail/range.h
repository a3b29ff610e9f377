#pragma once

#include <cstdint>
#include <string_view>

namespace escucha::api {

/// What a Range header asks of `size` bytes (RFC 9110 §14).
struct RangeAsked {
    enum class Kind { Whole, Part, Unsatisfiable };
    Kind kind = Kind::Whole;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// One byte range is honoured; several, another unit or a malformed one mean the whole.
RangeAsked parse_range(std::string_view header, std::uint64_t size);

}  // namespace escucha::api
