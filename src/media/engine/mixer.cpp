#include "media/engine/mixer.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/check.h"

namespace escucha::media {

bool hears(const MixMember& who, const MixMember& whom) {
    if (who.endpoint == whom.endpoint) return false;
    return whom.role == MixRole::Full ||
           (whom.role == MixRole::Whisperer && whom.whisper_to == who.endpoint);
}

// Over the limit by x it becomes room * x / (x + room).
std::int16_t limit(std::int32_t sum) {
    const std::int64_t size = std::abs(std::int64_t{sum});
    if (size <= kLimitFrom) return static_cast<std::int16_t>(sum);
    constexpr std::int64_t kRoom = std::numeric_limits<std::int16_t>::max() - kLimitFrom;
    const std::int64_t over = size - kLimitFrom;
    const std::int64_t bent = kLimitFrom + kRoom * over / (over + kRoom);
    return static_cast<std::int16_t>(sum < 0 ? -bent : bent);
}

void Mixer::begin(std::size_t samples) {
    ESC_CHECK(samples <= kMaxFrame);
    samples_ = samples;
    speaking_.reset();
    summed_.reset();
}

void Mixer::add(std::size_t seat, std::span<const std::int16_t> frame) {
    ESC_CHECK(frame.size() == samples_);
    frames_.at(seat) = frame;
    speaking_.set(seat);
}

std::span<const std::int16_t> Mixer::sum(Seats seats) {
    const Seats heard = seats & speaking_;
    if (heard.none()) return {};
    if (heard.count() == 1) {
        std::size_t seat = 0;
        while (!heard.test(seat)) ++seat;
        return frames_[seat];
    }
    const auto out = std::span{sum_}.first(samples_);
    if (heard == summed_) return out;
    std::array<std::int32_t, kMaxFrame> total{};
    for (std::size_t seat = 0; seat < heard.size(); ++seat) {
        if (!heard.test(seat)) continue;
        for (std::size_t i = 0; i < samples_; ++i) total[i] += frames_[seat][i];
    }
    std::transform(
        total.begin(), total.begin() + static_cast<std::ptrdiff_t>(samples_), out.begin(), limit);
    summed_ = heard;
    return out;
}

}  // namespace escucha::media
