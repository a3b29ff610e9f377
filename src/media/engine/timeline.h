#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "media/protocol.h"
#include "rtp/packet.h"

namespace escucha::media {

/// As the protocol counts time within a recording: whole milliseconds, never negative.
inline std::uint32_t to_ms(Duration duration) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(0, duration.count() / 1000));
}

/// Lays what the voices of a recording say on the clock: sample n is what arrived n/8,000 s after
/// the start. The first voice is the left channel, all others together the right one. Lost and
/// absent packets are silence; packets up to `kMaxDrift` early or late keep the spacing of their
/// timestamps, so that jitter is not heard. Pure.
///
///     place(...) as packets come; take(now) hands out what can no longer change.
class Timeline {
public:
    static constexpr Duration kMaxDrift = std::chrono::milliseconds{200};
    /// What `take` stays behind the present; later packets are lost to the recording.
    static constexpr Duration kDelay = std::chrono::milliseconds{350};
    static constexpr std::size_t kMaxChannels = 2;
    static constexpr std::size_t kMaxVoices = kMaxChannels + kMaxJoinedVoices;

    /// `channels` is 1 or 2.
    Timeline(std::size_t channels, Instant start);

    struct Source {
        std::uint32_t ssrc = 0;
        rtp::Timestamp timestamp{};
        Instant arrival{};
    };
    /// Takes memory for a joined voice when that speaks for the first time.
    void place(std::size_t voice, const Source& source, std::span<const std::int16_t> samples);

    /// From now on silence on all channels; returns how long after the start this pause began.
    /// Pausing twice is pausing once. Never refused: after `kMaxPauses` of them the last marker
    /// grows over the later ones.
    Duration pause(Instant now);
    /// Nothing when not paused.
    std::optional<Duration> resume(Instant now);
    [[nodiscard]] bool is_paused() const { return pause_from_.has_value(); }
    /// Those of the past, and the present one up to `now`.
    [[nodiscard]] std::vector<Pause> pauses(Instant now) const;

    /// The samples up to `now - kDelay`, interleaved, in parts: valid until the next call, empty
    /// when there are no more for now.
    std::span<const std::int16_t> take(Instant now);
    /// As `take`, up to `now` itself: at the end.
    std::span<const std::int16_t> take_rest(Instant now);

    [[nodiscard]] Duration elapsed(Instant now) const { return now - start_; }
    /// How much waits to be taken at `now`. Beyond `kMaxPending` it has no room: take before
    /// placing.
    [[nodiscard]] Duration pending(Instant now) const;
    static constexpr Duration kMaxPending = std::chrono::seconds{1};
    [[nodiscard]] std::size_t channels() const { return channels_; }

private:
    using Position = std::int64_t;  ///< In samples since the start.
    struct Anchor {
        std::uint32_t ssrc = 0;
        rtp::Timestamp timestamp{};
        Position position = 0;
    };
    struct Silenced {
        Position from = 0;
        Position to = 0;
    };

    [[nodiscard]] Position position_of(Instant instant) const;
    Position settle(std::size_t voice, const Source& source);
    /// What a voice says from a position on that the window holds, as far as it lies in one piece:
    /// at most `count` samples.
    std::span<std::int16_t> stretch(std::size_t voice, Position from, std::size_t count);
    void take_stretch(std::span<std::int16_t> out);
    /// Whether any of [from, to) is.
    [[nodiscard]] bool is_silenced(Position from, Position to) const;
    [[nodiscard]] bool is_silenced(Position position) const {
        return is_silenced(position, position + 1);
    }
    std::span<const std::int16_t> take_until(Position end);

    std::size_t channels_;
    Instant start_;
    Position front_ = 0;  ///< First sample not handed out.
    /// A ring over positions each; a joined voice has none before it speaks.
    std::array<std::vector<std::int16_t>, kMaxVoices> voices_;
    std::vector<std::int16_t> part_;
    std::array<std::optional<Anchor>, kMaxVoices> anchors_{};
    std::optional<Position> pause_from_;
    std::vector<Silenced> pauses_;
};

}  // namespace escucha::media
