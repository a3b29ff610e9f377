#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "speech_engine/intake.h"

/// Any bytes as a file somebody uploads: what is taken in is ready for the telephone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace escucha::speech_engine;
    const auto taken = take_in({reinterpret_cast<const char*>(data), size}, SoundKind::Speech);
    const auto* intake = std::get_if<Intake>(&taken);
    if (intake == nullptr) return 0;
    if (intake->samples.empty() || intake->samples.size() > kMaxSamples) std::abort();
    if (peak_dbfs(intake->samples) > 0.0) std::abort();
    return 0;
}
