#pragma once

#include <string>

#include "exports/request.h"

namespace escucha::exports::detail {

/// The last cell of every line: "sara 2026-11-30 10:45 UTC, exportación 019…".
std::string visible_mark(const Request& request, const std::string& asker);

/// What lies beside the data: who, when, why, and how it may be used.
std::string read_me(const Request& request, const std::string& asker);

inline bool is_spanish(const Request& request) { return request.language != "en"; }

}  // namespace escucha::exports::detail
