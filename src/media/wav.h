#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "recording/sound.h"

namespace escucha::media {

/// The WAV files of this product: RIFF, PCM, 8,000 Hz, 16 bit. Prompts may have other chunks around
/// theirs; recordings of before they were sealed have the plain 44-byte header.

using recording::kSampleRateHz;
using recording::kWavHeaderBytes;
using recording::wav_header;
inline constexpr std::size_t kMaxPromptSeconds = 600;
inline constexpr std::size_t kMaxPromptFileBytes =
    kMaxPromptSeconds * kSampleRateHz * 2 + 64 * 1024;

/// The samples of a prompt. `Errc::InvalidArgument` names what is wrong: not RIFF/WAVE, not 8 kHz
/// mono 16-bit PCM, no data, cut short; `Errc::TooLarge` over `kMaxPromptSeconds`.
Result<std::vector<std::int16_t>> parse_prompt(ByteView file);

struct RepairReport {
    bool was_changed = false;
    std::uint64_t bytes = 0;  ///< Of the file, afterwards.
    std::uint32_t duration_ms = 0;
};
/// Makes the header of a recording tell what the file holds, after its writer died; a half-written
/// last sample is cut off. Harmless on a good file. `Errc::InvalidArgument` when it is no recording
/// of ours, `Errc::Io` otherwise. Must not run on a file that is being written.
Result<RepairReport> repair_wav(const std::string& path);

}  // namespace escucha::media
