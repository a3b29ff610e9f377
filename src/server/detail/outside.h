#pragma once

#include <string>
#include <vector>

#include "control/config.h"
#include "server/config.h"
#include "server/detail/directory_loader.h"

namespace escucha::server {

/// What companies may call outside: the sections of the configuration file, joined with what the
/// store says of these companies and of the trunks. A section that cannot be joined is a problem,
/// and its company calls nobody.
struct OutsideJoined {
    std::vector<control::Outside> outside;
    std::vector<std::string> problems;
};
OutsideJoined join_outside(const Config& config, const Directory& directory);

}  // namespace escucha::server
