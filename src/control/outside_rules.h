#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "calendar/opening_hours.h"

namespace escucha::control {

/// Against calls that nobody wants to pay for: what may be called outside, when, and how much.
/// Numbers are E.164 ("+34600123456").
struct OutsideRules {
    /// Beginnings of numbers. Of all that fit a number the longest decides; of two alike, the
    /// denial. A number that nothing fits is not called, so without `allow` none is.
    std::vector<std::string> allow = {};
    std::vector<std::string> deny = {};
    /// National numbers that are never called by a transfer or from a page, however they are
    /// written: help would come to the wrong address, and the caller would not know. An agent who
    /// needs help for somebody calls from a telephone of the house.
    std::vector<std::string> emergency = default_emergency();
    std::uint32_t calls_max = 2;          ///< At a time.
    std::uint32_t calls_per_day = 50;     ///< Placed, answered or not.
    std::uint32_t minutes_per_day = 120;  ///< Of talk; a call that began before goes on.
    std::shared_ptr<const calendar::OpeningHours> hours = {};  ///< Null is always.

    static std::vector<std::string> default_emergency();
};

/// What of the caps is used up.
struct OutsideUse {
    std::uint32_t live = 0;   ///< Calls that ring or talk.
    std::uint32_t calls = 0;  ///< Placed today.
    Duration talked{};        ///< Today, that of live calls included.
};

enum class OutsideRefusal : std::uint8_t {
    NotConfigured,
    NotANumber,
    Emergency,
    Denied,
    NotAllowed,
    Closed,
    TooManyAtOnce,
    TooManyToday,
    TooLongToday
};
/// "outside_denied": of the journal, of metrics, and of the API's answer.
std::string_view word(OutsideRefusal refusal);
inline constexpr std::size_t kOutsideRefusals = 9;

/// The number as carriers are told it; nullopt when it is none. `dialled` is what people write:
/// "600 12 34 56", "0034600123456", "+34 600 123 456".
std::optional<std::string> outside_number(std::string_view dialled, std::string_view calling_code);

/// Why this must not be called now; nullopt when it may.
std::optional<OutsideRefusal> refusal(const OutsideRules& rules,
                                      std::string_view dialled,
                                      std::string_view calling_code,
                                      const OutsideUse& use,
                                      WallTime now);

}  // namespace escucha::control
