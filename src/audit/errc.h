#pragma once

#include <system_error>

namespace escucha::audit {

enum class Errc {
    BadKeyFile = 1,  ///< Not a key file of the audit log; the detail names the line.
    OpenKeyFile,     ///< Others than its owner may read it.
    NoKeyFile,       ///< There is none, and none was to be made.
    Io,
};

const std::error_category& category();
inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

}  // namespace escucha::audit

template <>
struct std::is_error_code_enum<escucha::audit::Errc> : std::true_type {};
