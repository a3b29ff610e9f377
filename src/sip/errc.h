#pragma once

#include <system_error>

namespace escucha::sip {

/// Why a command to the Stack was refused. Nothing was sent and nothing changed.
enum class Errc {
    UnknownLeg = 1,  ///< Never existed, or its Ended or Failed was already reported.
    WrongState,      ///< The leg is not where the command applies, e.g. `answer` twice.
    NotRegistered,   ///< No binding of that phone is alive.
    Overloaded,      ///< A limit of `Limits` is reached.
    UnknownTrunk,    ///< Has no account.
    Malformed,       ///< Text that cannot be put on the wire, or a saved blob that cannot be read.
};

const std::error_category& sip_category();
inline std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), sip_category()};
}

}  // namespace escucha::sip

template <>
struct std::is_error_code_enum<escucha::sip::Errc> : std::true_type {};
