#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace escucha::rtp {

/// Tells when a leg that should go both ways goes one way only, the fault that callers meet as "I
/// could not hear them". Judged over windows of `kWindow`, so a pause between two prompts is none.
/// Pure.
class OneWayWatch {
public:
    static constexpr Duration kWindow = std::chrono::seconds{5};

    enum class Verdict : std::uint8_t {
        No,            ///< Both ways, neither, or not asked for.
        NothingHeard,  ///< We send, nothing comes.
        NothingSent,   ///< They send, we do not.
    };
    enum class Expected : std::uint8_t { BothWays, Otherwise };

    /// The counts so far; to be called at least twice a window.
    void observe(std::uint64_t received, std::uint64_t sent, Expected expected, Instant now);

    /// Of the last whole window.
    [[nodiscard]] Verdict verdict() const { return verdict_; }
    /// How long it was one way, over the leg's life, in whole windows.
    [[nodiscard]] Duration total() const { return total_; }

private:
    std::optional<Instant> since_;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
    Verdict verdict_ = Verdict::No;
    Duration total_{0};
};

}  // namespace escucha::rtp
