#pragma once

#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/check.h"

namespace escucha::media {

/// A bounded queue between exactly one producing and one consuming thread, without locks and, once
/// built, without allocation. Full: `push` refuses and the producer decides what that means.
template <typename T>
class SpscRing {
public:
    /// `capacity` is a power of two.
    explicit SpscRing(std::size_t capacity) : slots_(capacity), mask_{capacity - 1} {
        ESC_CHECK(capacity > 0 && (capacity & mask_) == 0);
    }

    /// Producer. Leaves `value` untouched when full.
    bool push(T&& value) {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_seen_ == slots_.size()) {
            head_seen_ = head_.load(std::memory_order_acquire);
            if (tail - head_seen_ == slots_.size()) return false;
        }
        slots_[tail & mask_] = std::move(value);
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    /// Consumer.
    bool pop(T& out) {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        if (head == tail_.load(std::memory_order_acquire)) return false;
        out = std::move(slots_[head & mask_]);
        head_.store(head + 1, std::memory_order_release);
        return true;
    }

private:
    std::vector<T> slots_;
    std::size_t mask_;
    alignas(64) std::atomic<std::size_t> head_{0};
    alignas(64) std::atomic<std::size_t> tail_{0};
    std::size_t head_seen_ = 0;  ///< The producer's last look at `head_`.
};

}  // namespace escucha::media
