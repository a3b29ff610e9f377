#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace escucha::sip::detail {

/// Names an object of a Slots; never zero. A stale one is recognised, so timers and transactions
/// may keep handles to legs that are gone.
using Handle = std::uint64_t;
inline constexpr Handle kNoHandle = 0;

/// Objects with stable addresses and generation-checked names. Freed places are used again.
template <typename T>
class Slots {
public:
    Handle add(T value) {
        std::uint32_t index = 0;
        if (free_.empty()) {
            index = static_cast<std::uint32_t>(slots_.size());
            slots_.emplace_back();
        } else {
            index = free_.back();
            free_.pop_back();
        }
        Slot& slot = slots_[index];
        slot.value.emplace(std::move(value));
        ++size_;
        return (static_cast<Handle>(slot.generation) << 32U) | index;
    }
    T* get(Handle handle) {
        Slot* slot = find(handle);
        return slot == nullptr ? nullptr : &*slot->value;
    }
    const T* get(Handle handle) const { return const_cast<Slots*>(this)->get(handle); }
    void erase(Handle handle) {
        Slot* slot = find(handle);
        if (slot == nullptr) return;
        slot->value.reset();
        if (++slot->generation == 0) slot->generation = 1;
        free_.push_back(static_cast<std::uint32_t>(handle & 0xFFFF'FFFFU));
        --size_;
    }
    [[nodiscard]] std::size_t size() const { return size_; }

    /// `visit(handle, object)` for each; it must not add or erase.
    template <typename Visit>
    void each(Visit visit) {
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            Slot& slot = slots_[i];
            if (slot.value) visit((static_cast<Handle>(slot.generation) << 32U) | i, *slot.value);
        }
    }

private:
    struct Slot {
        std::uint32_t generation = 1;
        std::optional<T> value;
    };
    Slot* find(Handle handle) {
        const auto index = static_cast<std::size_t>(handle & 0xFFFF'FFFFU);
        if (index >= slots_.size()) return nullptr;
        Slot& slot = slots_[index];
        const bool is_same =
            slot.value && slot.generation == static_cast<std::uint32_t>(handle >> 32U);
        return is_same ? &slot : nullptr;
    }

    std::deque<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t size_ = 0;
};

}  // namespace escucha::sip::detail
