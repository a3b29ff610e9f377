#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/config.h"
#include "server/config.h"
#include "server/detail/directory_loader.h"

namespace escucha::server {

/// Where companies want what their callers key in secret. A section that cannot be joined is a
/// problem; a value of its company is then checked and goes nowhere.
struct SecureSinksJoined {
    std::vector<control::SecureSink> sinks;
    std::vector<std::string> problems;
};
SecureSinksJoined join_secure_sinks(const Config& config, const Directory& directory);

/// Nobody on the way reads what is sent there: by https, or to this machine.
[[nodiscard]] bool is_private_url(std::string_view url);

}  // namespace escucha::server
