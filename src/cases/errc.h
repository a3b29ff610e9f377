#pragma once

#include <system_error>

namespace escucha::cases {

enum class Errc {
    ReferenceLength = 1,  ///< Not kMinReferenceDigits to kMaxReferenceDigits digits.
    ReferenceCharacter,   ///< Something other than digits, spaces, dots and dashes.
    ReferenceCheckDigit,  ///< The right length, but a digit is wrong or two are swapped.
    ReferencesExhausted,  ///< The company has used every reference.
    IllegalTransition,    ///< This status does not lead to that one.
};

const std::error_category& cases_category();
inline std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), cases_category()};
}

}  // namespace escucha::cases

template <>
struct std::is_error_code_enum<escucha::cases::Errc> : std::true_type {};
