#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "media/protocol.h"
#include "rtp/g711.h"

namespace escucha::media {

/// A prompt in both codecs, encoded once and never changed again.
struct Prompt {
    Bytes pcmu;
    Bytes pcma;

    static Prompt encode(std::span<const std::int16_t> samples);
    /// "tone:beep", "tone:ringing", "silence:MS" with MS from 1 to 60,000; empty for other names.
    static std::vector<std::int16_t> generate(std::string_view name);
    static bool is_generated(std::string_view name);

    [[nodiscard]] const Bytes& in(rtp::Law law) const { return law == rtp::Law::Mu ? pcmu : pcma; }
    [[nodiscard]] std::size_t samples() const { return pcmu.size(); }
    [[nodiscard]] std::size_t bytes() const { return pcmu.size() + pcma.size(); }
};

/// Shared because one prompt is heard by many calls at once while the cache may let go of it.
using PromptPtr = std::shared_ptr<const Prompt>;

/// One `Play` under way: the prompts joined without a gap. Pure.
class Playback {
public:
    /// No prompt may be empty, and there is at least one.
    Playback(PlayId id, std::vector<PromptPtr> prompts, Repeat repeat);

    /// Fills `out` with the next samples, silence after the last one. False, and `out` untouched,
    /// when there are none left.
    bool fill(rtp::Law law, std::span<std::byte> out);

    [[nodiscard]] PlayId id() const { return id_; }
    [[nodiscard]] std::uint32_t played_ms() const {
        return static_cast<std::uint32_t>(samples_played_ / 8);
    }

private:
    PlayId id_;
    std::vector<PromptPtr> prompts_;
    Repeat repeat_;
    std::size_t prompt_ = 0;
    std::size_t offset_ = 0;
    std::uint64_t samples_played_ = 0;
};

}  // namespace escucha::media
