#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace escucha::media {

/// A bounded queue to a thread that may sleep: for commands and results, never for packets.
/// Full: `post` refuses.
template <typename T>
class Mailbox {
public:
    explicit Mailbox(std::size_t capacity) : capacity_{capacity} {}

    bool post(T value) {
        {
            const std::lock_guard lock{mutex_};
            if (items_.size() >= capacity_) return false;
            items_.push_back(std::move(value));
        }
        arrived_.notify_one();
        return true;
    }

    /// Waits until something is there or `close` was called; everything there is.
    std::vector<T> wait() {
        std::unique_lock lock{mutex_};
        arrived_.wait(lock, [this] { return !items_.empty() || is_closed_; });
        return drain(lock);
    }
    /// As above, at most for `limit`.
    std::vector<T> wait_for(std::chrono::microseconds limit) {
        std::unique_lock lock{mutex_};
        arrived_.wait_for(lock, limit, [this] { return !items_.empty() || is_closed_; });
        return drain(lock);
    }
    std::vector<T> take() {
        std::unique_lock lock{mutex_};
        return drain(lock);
    }

    void close() {
        {
            const std::lock_guard lock{mutex_};
            is_closed_ = true;
        }
        arrived_.notify_all();
    }
    [[nodiscard]] bool is_closed() {
        const std::lock_guard lock{mutex_};
        return is_closed_;
    }

private:
    std::vector<T> drain(std::unique_lock<std::mutex>&) {
        std::vector<T> result;
        result.reserve(items_.size());
        for (T& item : items_) result.push_back(std::move(item));
        items_.clear();
        return result;
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<T> items_;
    std::size_t capacity_;
    bool is_closed_ = false;
};

}  // namespace escucha::media
