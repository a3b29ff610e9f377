#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace escucha::cases {

/// The company's secret: makes its references unlike counting and unlike those of others.
using ReferenceKey = std::array<std::uint8_t, 16>;

inline constexpr std::size_t kMinReferenceDigits = 8;
inline constexpr std::size_t kMaxReferenceDigits = 10;
/// References of one company: 9 million of 8 digits, then 90 and 900 million of 9 and 10.
inline constexpr std::uint64_t kMaxReferences = 999'000'000;

/// The reference of the company's case number `counter` (0 is its first): 7 digits that do not
/// begin with 0, then the Damm check digit; longer once these are used up. A permutation under
/// `key`, so two counters never share a reference and one reference does not tell the next. Error:
/// `ReferencesExhausted` from kMaxReferences on.
Result<std::string> make_reference(const ReferenceKey& key, std::uint64_t counter);

/// What a person typed or keyed, with spaces, dots and dashes anywhere, as bare digits. Errors:
/// `ReferenceLength`, `ReferenceCharacter`, `ReferenceCheckDigit`.
Result<std::string> parse_reference(std::string_view text);

/// In groups for speech and print: "48219053" -> "4821 9053"; 9 digits as 3-3-3, 10 as 3-3-4.
std::string format_groups(std::string_view reference);

/// H. M. Damm, 2004: catches every single wrong digit and every swap of neighbours. `digits` holds
/// only digits; returns '0' to '9'.
char damm_check_digit(std::string_view digits);
/// Whether the last digit is the check digit of those before it.
bool has_valid_check_digit(std::string_view digits);

}  // namespace escucha::cases
