#pragma once

#include <string>

#include "control/look_ups.h"

namespace escucha::server {

/// Asks a connector by POST, as docs/flows.md describes; blocks at most the question's deadline.
control::ConnectorAnswer ask_http(const std::string& url, const control::AskConnector& question);

}  // namespace escucha::server
