#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diversion.h"
#include "sip/detail/message.h"
#include "sip/stack.h"

namespace escucha::sip::detail {

/// Of one header or of all of a kind together; what comes after is not read.
inline constexpr std::size_t kMaxDiversionEntries = 20;
/// A longer number is none.
inline constexpr std::size_t kMaxDivertedBytes = 64;

/// What Diversion (RFC 5806) and History-Info (RFC 7044, and RFC 4244 before it) tell of the call.
/// Where both speak, History-Info does, which knows the order. Entries that cannot be read are as
/// if not there; a number that is to be kept private (RFC 3323, 5806, 7044) is left out.
std::optional<Diversion> diversion_of(const Message& request);

/// As what we say it: `by` is our number, diverted to `target` at `domain`; `before` is what came
/// with the caller. Names and values of whole headers.
struct OwnDiversion {
    std::string_view by;
    std::string_view target;
    std::string_view domain;
    const std::optional<Diversion>& before;
    bool is_private = false;
};
std::vector<std::pair<std::string, std::string>> diversion_headers(DiversionHeader kind,
                                                                   const OwnDiversion& own);

}  // namespace escucha::sip::detail
