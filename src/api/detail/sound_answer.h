#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "api/detail/call.h"

namespace escucha::api {

/// A WAV of `size` bytes as an answer that honours one Range; `body` makes the stretch to be sent.
Answer sound_answer(
    const Call& call,
    std::uint64_t size,
    const std::function<net::Body(std::uint64_t offset, std::uint64_t length)>& body);

/// The same of a WAV file. `NotFound` when it is not there.
Answer sound_answer(const Call& call, const std::filesystem::path& path);

}  // namespace escucha::api
