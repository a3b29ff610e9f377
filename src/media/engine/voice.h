#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "audio/encoder.h"
#include "audio/listener.h"
#include "audio/resampler.h"
#include "base/result.h"
#include "media/protocol.h"

namespace escucha::media {

audio::Codec to_audio(Codec codec);

/// What a leg needs when its sound is not merely passed on: its peer's voice decoded on a beat, and
/// an encoder for what it is to hear. Legs of G.711 that talk to G.711 have none. Made by the
/// engine, about 150 KB; then used by the leg's worker only, without taking memory.
class Voice {
public:
    static constexpr std::uint32_t kNarrowHz = 8'000;
    static constexpr std::size_t kNarrowFrame = audio::samples_per_frame(kNarrowHz);
    static constexpr std::uint32_t kWideHz = 16'000;
    static constexpr std::size_t kWideFrame = audio::samples_per_frame(kWideHz);

    /// Error: `InvalidArgument` for settings out of range.
    static Result<std::unique_ptr<Voice>> make(Codec codec, const audio::OpusSettings& opus);

    [[nodiscard]] audio::Codec codec() const { return listener_->codec(); }
    [[nodiscard]] audio::Listener& listener() { return *listener_; }
    [[nodiscard]] const audio::Listener& listener() const { return *listener_; }

    /// The next 20 ms of what the peer says; false when it says nothing.
    bool listen(Instant beat);
    /// Of the last `listen`, at 8 kHz.
    [[nodiscard]] std::span<const std::int16_t> narrow() const { return narrow_; }

    [[nodiscard]] bool is_wide() const { return listener_->sample_rate_hz() == kWideHz; }
    /// The same at `kNarrowHz` or `kWideHz`, for a mix. Once a beat: it follows the stream.
    std::span<const std::int16_t> at(std::uint32_t rate_hz);

    /// 20 ms for the peer, as payload; the bytes written, 0 when it need not be sent. `out` has
    /// room for `audio::kMaxFrameBytes`.
    std::size_t encode_narrow(std::span<const std::int16_t> in, std::span<std::byte> out);
    /// The same of a mix, at either rate.
    std::size_t encode_mix(std::span<const std::int16_t> in, std::span<std::byte> out);
    /// The same of what another leg says just now, in the best quality both sides have.
    std::size_t encode(const Voice& other, std::span<std::byte> out);
    /// Of one encoded frame, in RTP ticks.
    [[nodiscard]] std::uint32_t frame_ticks() const { return encoder_.frame_ticks(); }

private:
    struct Parts {
        std::unique_ptr<audio::Listener> listener;
        audio::Encoder encoder;
        audio::Resampler down;
        audio::Resampler up;
        audio::Resampler lift;
        audio::Resampler lower;
    };
    explicit Voice(Parts parts);

    std::unique_ptr<audio::Listener> listener_;
    audio::Encoder encoder_;
    audio::Resampler down_;
    audio::Resampler up_;
    audio::Resampler lift_;                ///< What it says, to a wide mix.
    audio::Resampler lower_;               ///< A wide mix, to what it hears.
    std::span<const std::int16_t> heard_;  ///< The listener's last frame.
    std::array<std::int16_t, kNarrowFrame> narrow_{};
    std::array<std::int16_t, audio::kMaxFrameSamples> wide_{};
    std::array<std::int16_t, kWideFrame> lifted_{};
};

}  // namespace escucha::media
