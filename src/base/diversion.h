#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace escucha {

/// Why a call went on to another number (RFC 5806 §4, RFC 4458 §3).
enum class DiversionReason : std::uint8_t {
    Unknown,
    Busy,
    NoAnswer,
    Unconditional,  ///< All calls, at this time of the day, or wherever they are.
    Unavailable,    ///< Not reachable, out of service, away.
    Deflection,     ///< By who was rung.
    DoNotDisturb,
};
inline constexpr std::size_t kDiversionReasons = 7;

/// "no_answer".
std::string_view word(DiversionReason reason);

/// Counts beyond it are as good as it.
inline constexpr std::uint32_t kMostDiversions = 99;

/// What a carrier tells of a call that was meant for another number first. A claim, as the caller's
/// number is.
struct Diversion {
    std::string from;  ///< The last that sent it on; empty when it is not to be shown.
    DiversionReason reason = DiversionReason::Unknown;
    std::uint32_t count = 1;  ///< How often it was sent on; 1 to kMostDiversions.
    bool operator==(const Diversion&) const = default;
};

}  // namespace escucha
