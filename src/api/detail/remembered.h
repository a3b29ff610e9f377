#pragma once

#include <cstddef>
#include <map>
#include <mutex>

#include "base/time.h"

namespace escucha::api {

/// What was met less than `window` ago. Any thread.
template <typename Key>
class Remembered {
public:
    static constexpr std::size_t kMost = 10'000;

    enum class Repeat {
        PutsOff,         ///< The window begins again with every meeting.
        ChangesNothing,  ///< It runs from the first.
    };
    Remembered(Duration window, Repeat repeat) : window_{window}, repeat_{repeat} {}

    /// True when the key was not met within the window. Too many keys are all forgotten: better one
    /// meeting counted twice than memory without end.
    bool is_new(const Key& key, WallTime now) {
        const std::scoped_lock lock{mutex_};
        const auto found = last_.find(key);
        if (found != last_.end() && now - found->second < window_) {
            if (repeat_ == Repeat::PutsOff) found->second = now;
            return false;
        }
        if (last_.size() >= kMost) last_.clear();
        last_.insert_or_assign(key, now);
        return true;
    }

    /// Whether it was met within the window; that is no meeting.
    bool knows(const Key& key, WallTime now) {
        const std::scoped_lock lock{mutex_};
        const auto found = last_.find(key);
        return found != last_.end() && now - found->second < window_;
    }

private:
    const Duration window_;
    const Repeat repeat_;
    std::mutex mutex_;
    std::map<Key, WallTime> last_;
};

}  // namespace escucha::api
