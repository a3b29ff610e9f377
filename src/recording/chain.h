#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace escucha::recording {

/// The recordings of a company as one chain, in the order in which they ended: each link is the
/// SHA-256 of the link before it and of what `recording_ended` says. So a fact that was changed,
/// taken out or put in, and a file that was changed or swapped, do not pass unseen.

using Digest = std::array<std::uint8_t, 32>;
std::optional<Digest> digest_from_hex(std::string_view text);

/// The last link of a company, and how many there are. None: number 0 and zeros.
struct ChainTip {
    std::int64_t number = 0;
    Digest link{};
    auto operator<=>(const ChainTip&) const = default;

    [[nodiscard]] std::string print() const;  ///< "12 <64 hex>"
    static std::optional<ChainTip> parse(std::string_view text);
};

/// What a link answers for.
struct Ended {
    CompanyId company;
    RecordingId recording;
    ContactId contact;
    Digest file{};  ///< recording::digest_of; zeros when there was nothing to read.
    std::int64_t duration_ms = 0;
    std::int64_t bytes = 0;
    bool is_complete = false;
    std::string reason;  ///< "stopped", "interrupted"
};
ChainTip next_link(const ChainTip& before, const Ended& ended);

}  // namespace escucha::recording
