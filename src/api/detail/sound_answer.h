#pragma once

#include <filesystem>

#include "api/detail/call.h"

namespace escucha::api {

/// A WAV file as an answer that honours one Range. `NotFound` when it is not there.
Answer sound_answer(const Call& call, const std::filesystem::path& path);

}  // namespace escucha::api
