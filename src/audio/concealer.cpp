#include "audio/concealer.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace escucha::audio {
namespace {

constexpr double kMaxPitchHz = 400;
constexpr std::size_t kMaxPitchMs = 15;
constexpr std::size_t kTemplateMs = 20;
constexpr std::size_t kFadeInMs = 5;

std::int16_t clip(std::int64_t value) {
    return static_cast<std::int16_t>(std::clamp<std::int64_t>(value, -32'768, 32'767));
}

// How alike two stretches are, -1 to 1 times the root of the first one's energy.
double likeness(std::span<const std::int16_t> now,
                std::span<const std::int16_t> before,
                std::size_t stride) {
    double product = 0;
    double energy = 1;
    for (std::size_t i = 0; i < now.size(); i += stride) {
        product += static_cast<double>(now[i]) * before[i];
        energy += static_cast<double>(before[i]) * before[i];
    }
    return product / std::sqrt(energy);
}

}  // namespace

Concealer::Concealer(std::uint32_t sample_rate_hz) : per_ms_{sample_rate_hz / 1000} {
    ESC_CHECK(sample_rate_hz == 8'000 || sample_rate_hz == 16'000);
}

void Concealer::remember(std::span<const std::int16_t> samples) {
    const std::size_t size = history().size();
    const std::span<const std::int16_t> last = samples.last(std::min(samples.size(), size));
    std::copy(history_.begin() + static_cast<std::ptrdiff_t>(last.size()),
              history_.begin() + static_cast<std::ptrdiff_t>(size),
              history_.begin());
    std::copy(last.begin(),
              last.end(),
              history_.begin() + static_cast<std::ptrdiff_t>(size - last.size()));
}

// Coarse at half the rate, then the neighbours of the best.
std::size_t Concealer::find_pitch() const {
    const auto past = history();
    const std::size_t length = kTemplateMs * per_ms_;
    const auto now = past.last(length);
    const auto shortest =
        static_cast<std::size_t>(1000.0 * static_cast<double>(per_ms_) / kMaxPitchHz);
    const std::size_t longest = kMaxPitchMs * per_ms_;
    const auto at = [&](std::size_t lag, std::size_t stride) {
        return likeness(now, past.subspan(past.size() - length - lag, length), stride);
    };
    std::size_t best = shortest;
    double best_value = at(best, 2);
    for (std::size_t lag = shortest + 2; lag <= longest; lag += 2) {
        const double value = at(lag, 2);
        if (value <= best_value) continue;
        best = lag;
        best_value = value;
    }
    const std::size_t middle = best;
    best_value = at(best, 1);
    for (const std::size_t lag : {middle - 1, middle + 1}) {
        if (lag < shortest || lag > longest || at(lag, 1) <= best_value) continue;
        best = lag;
        best_value = at(lag, 1);
    }
    return best;
}

void Concealer::find_cycle() {
    const auto past = history();
    pitch_ = find_pitch();
    const auto last = past.last(pitch_);
    const auto before = past.subspan(past.size() - 2 * pitch_, pitch_);
    // The end of the cycle goes over into what came before its beginning, so that it can repeat.
    const std::size_t overlap = pitch_ / 4;
    for (std::size_t i = 0; i < pitch_; ++i) {
        const std::size_t from_end = pitch_ - i;
        if (from_end > overlap) {
            cycle_[i] = last[i];
            continue;
        }
        const auto weight = static_cast<std::int32_t>(from_end);
        const auto whole = static_cast<std::int32_t>(overlap + 1);
        cycle_[i] = clip((last[i] * weight + before[i] * (whole - weight)) / whole);
    }
    step_ = last.back() - before.back();
}

std::int16_t Concealer::next_made_up() {
    const std::size_t at = missing_++;
    const std::size_t silent = kSilentAfterMs * per_ms_;
    if (at >= silent) return 0;
    std::int64_t value = cycle_[at % pitch_];
    const std::size_t mend = kMaxPitchMs * per_ms_ / 6;
    if (at < mend) {
        value += std::int64_t{step_} * static_cast<std::int64_t>(mend - at) /
                 static_cast<std::int64_t>(mend);
    }
    const std::size_t full = kFullUntilMs * per_ms_;
    if (at > full) {
        value = value * static_cast<std::int64_t>(silent - at) /
                static_cast<std::int64_t>(silent - full);
    }
    return clip(value);
}

void Concealer::fill(std::span<std::int16_t> out) {
    if (missing_ == 0) find_cycle();
    for (std::int16_t& sample : out) sample = next_made_up();
}

void Concealer::heard(std::span<std::int16_t> samples) {
    if (missing_ > 0) {
        const std::size_t fade = std::min(kFadeInMs * per_ms_, samples.size());
        for (std::size_t i = 0; i < fade; ++i) {
            const auto weight = static_cast<std::int64_t>(i + 1);
            const auto whole = static_cast<std::int64_t>(fade + 1);
            samples[i] = clip((samples[i] * weight + next_made_up() * (whole - weight)) / whole);
        }
        missing_ = 0;
    }
    remember(samples);
}

}  // namespace escucha::audio
