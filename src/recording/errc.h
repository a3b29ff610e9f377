#pragma once

#include <system_error>

namespace escucha::recording {

enum class Errc {
    NotARecording = 1,  ///< Neither a sealed file nor a WAV of ours; the detail says why.
    UnknownKey,         ///< Sealed by a company key that the key file does not hold.
    Damaged,            ///< Changed, cut, or put in another's place: a seal does not hold.
    BadKeyFile,         ///< The key file is not one of ours; the detail names the line.
    OpenKeyFile,        ///< Others than its owner may read the key file.
    Io,
};

const std::error_category& category();
inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

}  // namespace escucha::recording

template <>
struct std::is_error_code_enum<escucha::recording::Errc> : std::true_type {};
