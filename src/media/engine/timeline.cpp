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
constexpr std::size_t kRing{kWindow};
constexpr std::int64_t kPart = kSampleRateHz / 4;

constexpr std::int64_t to_samples(Duration duration) {
    return duration.count() * kSampleRateHz / 1'000'000;
}
std::uint32_t to_ms(std::int64_t samples) {
    return static_cast<std::uint32_t>(samples * 1000 / kSampleRateHz);
}

}  // namespace

Timeline::Timeline(std::size_t channels, Instant start)
    : channels_{channels}, start_{start}, part_(static_cast<std::size_t>(kPart) * channels) {
    ESC_CHECK(channels >= 1 && channels <= kMaxChannels);
    for (std::size_t voice = 0; voice < channels; ++voice) voices_[voice].resize(kRing);
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

std::span<std::int16_t> Timeline::stretch(std::size_t voice, Position from, std::size_t count) {
    const auto at = static_cast<std::size_t>(from % kWindow);
    return std::span{voices_[voice]}.subspan(at, std::min(count, kRing - at));
}

void Timeline::place(std::size_t voice,
                     const Source& source,
                     std::span<const std::int16_t> samples) {
    const std::size_t voices = channels_ == kMaxChannels ? kMaxVoices : channels_;
    if (voice >= voices) return;
    voices_[voice].resize(kRing);
    const Position at = settle(voice, source);
    // Also what lands beside the pause by its timestamp was said during it.
    if (is_silenced(position_of(source.arrival))) return;
    const Position end = std::min(at + static_cast<Position>(samples.size()), front_ + kWindow);
    for (Position from = std::max(at, front_); from < end;) {
        const auto part = stretch(voice, from, static_cast<std::size_t>(end - from));
        const auto said = samples.subspan(static_cast<std::size_t>(from - at), part.size());
        const auto to = from + static_cast<Position>(part.size());
        if (is_silenced(from, to)) {
            for (std::size_t i = 0; i < part.size(); ++i) {
                if (!is_silenced(from + static_cast<Position>(i))) part[i] = said[i];
            }
        } else {
            std::copy(said.begin(), said.end(), part.begin());
        }
        from = to;
    }
}

bool Timeline::is_silenced(Position from, Position to) const {
    if (pause_from_ && to > *pause_from_) return true;
    return std::any_of(pauses_.begin(), pauses_.end(), [&](const Silenced& pause) {
        return from < pause.to && to > pause.from;
    });
}

Duration Timeline::pause(Instant now) {
    if (pause_from_) return Duration{*pause_from_ * 1'000'000 / kSampleRateHz};
    pause_from_ = position_of(now);
    // What is already laid out beyond this instant (a packet longer than its time) goes too.
    for (std::size_t voice = 0; voice < kMaxVoices; ++voice) {
        if (voices_[voice].empty()) continue;
        for (Position from = std::max(*pause_from_, front_); from < front_ + kWindow;) {
            const auto part =
                stretch(voice, from, static_cast<std::size_t>(front_ + kWindow - from));
            std::fill(part.begin(), part.end(), std::int16_t{0});
            from += static_cast<Position>(part.size());
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

std::span<const std::int16_t> Timeline::take_until(Position end) {
    const auto count = static_cast<std::size_t>(std::clamp<Position>(end - front_, 0, kPart));
    const std::span part = std::span{part_}.first(count * channels_);
    for (std::size_t taken = 0; taken < count;) {
        const std::size_t size = stretch(0, front_, count - taken).size();
        take_stretch(part.subspan(taken * channels_, size * channels_));
        taken += size;
    }
    return part;
}

// Takes from the front on, where every ring lies in one piece. The right channel is bent to full
// scale as a conference hears it, once a second voice has joined.
void Timeline::take_stretch(std::span<std::int16_t> out) {
    const std::size_t size = out.size() / channels_;
    const auto left = stretch(0, front_, size);
    if (channels_ == 1) {
        std::copy(left.begin(), left.end(), out.begin());
    } else {
        std::array<std::span<std::int16_t>, kMaxVoices> others;
        std::size_t count = 0;
        for (std::size_t voice = 1; voice < kMaxVoices; ++voice) {
            if (!voices_[voice].empty()) others[count++] = stretch(voice, front_, size);
        }
        for (std::size_t i = 0; i < size; ++i) {
            out[2 * i] = left[i];
            std::int32_t sum = 0;
            for (std::size_t other = 0; other < count; ++other) sum += others[other][i];
            out[2 * i + 1] = count == 1 ? static_cast<std::int16_t>(sum) : limit(sum);
        }
        for (std::size_t other = 0; other < count; ++other) {
            std::fill(others[other].begin(), others[other].end(), std::int16_t{0});
        }
    }
    std::fill(left.begin(), left.end(), std::int16_t{0});
    front_ += static_cast<Position>(size);
}

}  // namespace escucha::media
