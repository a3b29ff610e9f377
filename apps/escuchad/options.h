#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "server/config.h"

namespace escucha::escuchad {

/// What the command line says. `exit_code` is set when there is nothing to run: help, version, or a
/// mistake that was already explained on standard error.
struct Options {
    server::Config config;
    bool wants_demo = false;
    bool resets_demo = false;
    std::filesystem::path demo_dir;
    std::optional<int> exit_code;
};

Options read_options(int argc, char** argv);

}  // namespace escucha::escuchad
