#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace escucha::speech_engine {

/// What a finished program wrote to standard output.
struct CommandOutput {
    std::string bytes;
};

struct CommandLimits {
    std::chrono::milliseconds deadline{10'000};
    std::size_t most_bytes = 32 * 1024 * 1024;
};

/// Runs a program (found on PATH) with `input` on its standard input, its standard error thrown
/// away, and no shell between. Blocks until it ends. The program is killed at the deadline and when
/// it writes more than `most_bytes`. Errors: `Unavailable` when it cannot be started or does not
/// end with 0, `Timeout`, `TooLarge`, `Io`.
Result<CommandOutput> run_command(const std::vector<std::string>& arguments,
                                  std::string_view input,
                                  CommandLimits limits);

}  // namespace escucha::speech_engine
