#include "media/engine/timeline.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "media/engine/mixer.h"
#include "media/wav.h"

namespace escucha::media {
namespace {

constexpr std::int64_t kWindow = kSampleRateHz * 2;  // kMaxPending, kMaxDrift and a packet.
constexpr std::int64_t kPart = kSampleRateHz / 4;

constexpr std::int64_t to_samples(Duration duration) {
    return duration.count() * kSampleRateHz / 1'000'000;
}
std::uint32_t to_ms(std::int64_t samples) {
    return static_cast<std::uint32_t>(samples * 1000 / kSampleRateHz);
}

}  // namespace

Timeline::Timeline(std::size_t channels, Instant start)
    : channels_{channels},
      start_{start},
      window_(static_cast<std::size_t>(kWindow) * channels),
      part_(static_cast<std::size_t>(kPart) * channels) {
    ESC_CHECK(channels >= 1 && channels <= kMaxChannels);
    pauses_.reserve(kMaxPauses);
}

Timeline::Position Timeline::position_of(Instant instant) const {
    return to_samples(std::max(instant, start_) - start_);
}

// Timestamps tell the spacing, the clock tells the place. Where they part by more than the drift
// allowed (a new source, a sender that skipped or whose clock runs off) the clock is right.
Timeline::Position Timeline::settle(std::size_t voice, const Source& source) {
    const Position arrived = position_of(source.arrival);
    auto& anchor = anchors_[voice];
    if (anchor && anchor->ssrc == source.ssrc) {
        const Position expected = anchor->position + source.timestamp.since(anchor->timestamp);
        if (std::abs(expected - arrived) <= to_samples(kMaxDrift)) {
            if (source.timestamp.since(anchor->timestamp) > 0) {
                anchor = {source.ssrc, source.timestamp, expected};
            }
            return expected;
        }
    }
    anchor = {source.ssrc, source.timestamp, arrived};
    return arrived;
}

std::int16_t& Timeline::slot_of(std::size_t voice, Position position) {
    const auto slot = static_cast<std::size_t>(position % kWindow);
    if (voice < channels_) return window_[slot * channels_ + voice];
    return joined_[voice - channels_][slot];
}

void Timeline::place(std::size_t voice,
                     const Source& source,
                     std::span<const std::int16_t> samples) {
    const std::size_t voices = channels_ == kMaxChannels ? kMaxVoices : channels_;
    if (voice >= voices) return;
    if (voice >= channels_) joined_[voice - channels_].resize(static_cast<std::size_t>(kWindow));
    const Position at = settle(voice, source);
    // Also what lands beside the pause by its timestamp was said during it.
    if (is_silenced(position_of(source.arrival))) return;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const Position position = at + static_cast<Position>(i);
        if (position < front_ || position >= front_ + kWindow || is_silenced(position)) continue;
        slot_of(voice, position) = samples[i];
    }
}

bool Timeline::is_silenced(Position position) const {
    if (pause_from_ && position >= *pause_from_) return true;
    return std::any_of(pauses_.begin(), pauses_.end(), [&](const Silenced& pause) {
        return position >= pause.from && position < pause.to;
    });
}

Duration Timeline::pause(Instant now) {
    if (pause_from_) return Duration{*pause_from_ * 1'000'000 / kSampleRateHz};
    pause_from_ = position_of(now);
    // What is already laid out beyond this instant (a packet longer than its time) goes too.
    for (Position position = std::max(*pause_from_, front_); position < front_ + kWindow;
         ++position) {
        for (std::size_t voice = 0; voice < channels_; ++voice) slot_of(voice, position) = 0;
        for (std::size_t i = 0; i < joined_.size(); ++i) {
            if (!joined_[i].empty()) slot_of(channels_ + i, position) = 0;
        }
    }
    return elapsed(now);
}

std::optional<Duration> Timeline::resume(Instant now) {
    if (!pause_from_) return std::nullopt;
    if (pauses_.size() == kMaxPauses) {
        pauses_.back().to = position_of(now);
    } else {
        pauses_.push_back({.from = *pause_from_, .to = position_of(now)});
    }
    pause_from_.reset();
    return elapsed(now);
}

std::vector<Pause> Timeline::pauses(Instant now) const {
    std::vector<Pause> result;
    for (const Silenced& pause : pauses_) {
        result.push_back({.from_ms = to_ms(pause.from), .to_ms = to_ms(pause.to)});
    }
    if (pause_from_ && result.size() < kMaxPauses) {
        result.push_back({.from_ms = to_ms(*pause_from_), .to_ms = to_ms(position_of(now))});
    }
    return result;
}

Duration Timeline::pending(Instant now) const {
    return Duration{(position_of(now) - front_) * 1'000'000 / kSampleRateHz};
}

std::span<const std::int16_t> Timeline::take(Instant now) {
    return take_until(position_of(now - kDelay));
}

std::span<const std::int16_t> Timeline::take_rest(Instant now) {
    return take_until(position_of(now));
}

// Bent to full scale as a conference hears it, once a second voice has joined.
std::int16_t Timeline::take_right(Position position) {
    const std::int16_t first = std::exchange(slot_of(1, position), std::int16_t{0});
    std::int32_t sum = first;
    bool is_sum = false;
    for (std::size_t i = 0; i < joined_.size(); ++i) {
        if (joined_[i].empty()) continue;
        is_sum = true;
        sum += std::exchange(slot_of(kMaxChannels + i, position), std::int16_t{0});
    }
    return is_sum ? limit(sum) : first;
}

std::span<const std::int16_t> Timeline::take_until(Position end) {
    const auto count = static_cast<std::size_t>(std::clamp<Position>(end - front_, 0, kPart));
    for (std::size_t i = 0; i < count; ++i, ++front_) {
        part_[i * channels_] = std::exchange(slot_of(0, front_), std::int16_t{0});
        if (channels_ == kMaxChannels) part_[i * channels_ + 1] = take_right(front_);
    }
    return std::span<const std::int16_t>{part_}.first(count * channels_);
}

}  // namespace escucha::media
