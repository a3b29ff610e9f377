#pragma once

#include <cstddef>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace escucha::guard::detail {

/// Different ids met within a sliding window, at most `cap`: the oldest go first. Each call costs
/// O(1) on average. Instants never go back.
template <typename Key>
class Recent {
public:
    Recent(Duration window, std::size_t cap) : window_{window}, cap_{cap} {}

    void add(Key key, WallTime at) {
        expire(at);
        const auto known = last_.find(key.value());
        if (known != last_.end()) {
            // Not every meeting puts the end off, or one id would fill the queue.
            if (at - known->second < window_ / kRefreshes) return;
            known->second = at;
        } else {
            last_.emplace(key.value(), at);
        }
        order_.emplace_back(at, key);
        while (last_.size() > cap_ || order_.size() > cap_ * 2) drop_first();
    }
    [[nodiscard]] std::size_t count(WallTime at) {
        expire(at);
        return last_.size();
    }
    [[nodiscard]] bool has(Key key, WallTime at) {
        expire(at);
        return last_.contains(key.value());
    }
    /// The latest, newest first.
    [[nodiscard]] std::vector<Key> latest(std::size_t most) const {
        std::vector<Key> keys;
        for (auto each = order_.rbegin(); each != order_.rend() && keys.size() < most; ++each) {
            const auto last = last_.find(each->second.value());
            if (last != last_.end() && last->second == each->first) keys.push_back(each->second);
        }
        return keys;
    }

private:
    static constexpr int kRefreshes = 16;

    void expire(WallTime at) {
        while (!order_.empty() && at - order_.front().first >= window_) drop_first();
    }
    void drop_first() {
        const auto& [at, key] = order_.front();
        const auto known = last_.find(key.value());
        if (known != last_.end() && known->second == at) last_.erase(known);
        order_.pop_front();
    }

    Duration window_;
    std::size_t cap_;
    std::deque<std::pair<WallTime, Key>> order_;
    std::unordered_map<Uuid, WallTime> last_;
};

}  // namespace escucha::guard::detail
