#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>

#include "audio/codec.h"
#include "media/protocol.h"

namespace escucha::media {

/// Members of one mix, by their seat.
using Seats = std::bitset<kMaxMixMembers>;

/// Whether `who` hears `whom` (docs/media-protocol.md, "Conference"). Nobody hears itself.
bool hears(const MixMember& who, const MixMember& whom);

/// A sum of voices as a sample. Up to `kLimitFrom` it is the sum; what is louder bends towards full
/// scale and never reaches beyond it, without a corner: the bend begins with a slope of one. Rises
/// with the sum, the same below zero as above, and has no memory, so that all who hear the same
/// voices hear the same samples.
std::int16_t limit(std::int32_t sum);
inline constexpr std::int32_t kLimitFrom = 24'000;

/// One beat of a mix: who speaks, and what each hears. Borrows the frames it is given. Pure, takes
/// no memory.
class Mixer {
public:
    static constexpr std::size_t kMaxFrame = audio::samples_per_frame(16'000);

    /// A new beat in frames of `samples`, at most `kMaxFrame`; nobody speaks yet.
    void begin(std::size_t samples);
    /// What the seat says, once a beat. Must stay where it is until the next `begin`.
    void add(std::size_t seat, std::span<const std::int16_t> frame);

    [[nodiscard]] Seats speaking() const { return speaking_; }
    /// Those of `seats` who speak, together; a single voice as it is. Empty when none does. Valid
    /// until the next call of anything here.
    std::span<const std::int16_t> sum(Seats seats);

private:
    std::size_t samples_ = 0;
    Seats speaking_;
    std::array<std::span<const std::int16_t>, kMaxMixMembers> frames_{};
    Seats summed_;  ///< Whose sum `sum_` is.
    std::array<std::int16_t, kMaxFrame> sum_{};
};

}  // namespace escucha::media
