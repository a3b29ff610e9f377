#pragma once

#include <cmath>
#include <functional>
#include <map>

#include "base/rng.h"
#include "base/time.h"

namespace escucha::sim {

/// Virtual time and what is due in it. Ties are served in the order they were scheduled.
class Clock {
public:
    explicit Clock(WallTime start) : start_{start} {}

    [[nodiscard]] Now now() const { return {mono_, start_ + (mono_ - kEpoch)}; }

    void at(Instant when, std::function<void()> work) {
        due_.emplace(std::pair{std::max(when, mono_), ++sequence_}, std::move(work));
    }
    void after(Duration delay, std::function<void()> work) { at(mono_ + delay, std::move(work)); }

    /// Serves the next; false when nothing is due any more.
    bool step() {
        if (due_.empty()) return false;
        auto next = due_.extract(due_.begin());
        mono_ = next.key().first;
        next.mapped()();
        return true;
    }

private:
    static constexpr Instant kEpoch = Instant{} + std::chrono::hours{1};

    WallTime start_;
    Instant mono_ = kEpoch;
    std::uint64_t sequence_ = 0;
    std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> due_;
};

/// Chance, from one seed.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : rng_{seed} {}

    bool chance(double probability) { return rng_.unit() < probability; }
    std::uint64_t below(std::uint64_t bound) { return rng_.below(bound); }
    std::uint64_t next() { return rng_.next(); }
    Duration between(Duration least, Duration most) {
        const auto span = static_cast<std::uint64_t>((most - least).count());
        return least + Duration{static_cast<std::int64_t>(rng_.below(span + 1))};
    }
    Duration exponential(Duration mean) {
        const double factor = -std::log(1.0 - rng_.unit());
        return Duration{static_cast<std::int64_t>(static_cast<double>(mean.count()) * factor)};
    }
    Rng& rng() { return rng_; }

private:
    Rng rng_;
};

}  // namespace escucha::sim
