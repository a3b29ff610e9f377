#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "base/time.h"
#include "sip/detail/slots.h"

namespace escucha::sip::detail {

inline constexpr Instant kNever = Instant::max();

/// When an object is due, kept in the object. `queued` is the entry the heap has for it.
struct Alarm {
    Instant due = kNever;
    Instant queued = kNever;
};

/// A heap of (instant, handle). Moving an alarm later costs nothing: the old entry, when it comes
/// up, is put back at the new time. O(log n); about one entry per object: those of objects that are
/// gone are dropped once there are as many of them as others, however far off they are.
class Timers {
public:
    /// No drop below this many entries.
    static constexpr std::size_t kAlwaysKept = 1'024;

    void set(Handle handle, Alarm& alarm, Instant due) {
        alarm.due = due;
        if (due < alarm.queued) {
            alarm.queued = due;
            heap_.push_back({due, handle});
            std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
        }
    }
    [[nodiscard]] std::optional<Instant> next() const {
        if (heap_.empty()) return std::nullopt;
        return heap_.front().at;
    }
    /// The next object that is really due, or kNoHandle. `alarm_of(handle)` gives its alarm or
    /// nullptr when it is gone; the alarm comes back unset.
    template <typename AlarmOf>
    Handle pop(Instant now, AlarmOf alarm_of) {
        if (heap_.size() > most_) drop_stale(alarm_of);
        while (!heap_.empty() && heap_.front().at <= now) {
            const Entry entry = heap_.front();
            std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
            heap_.pop_back();
            Alarm* alarm = alarm_of(entry.handle);
            if (alarm == nullptr || alarm->queued != entry.at) continue;
            alarm->queued = kNever;
            if (alarm->due <= now) {
                alarm->due = kNever;
                return entry.handle;
            }
            if (alarm->due != kNever) set(entry.handle, *alarm, alarm->due);
        }
        return kNoHandle;
    }
    [[nodiscard]] std::size_t size() const { return heap_.size(); }

private:
    struct Entry {
        Instant at;
        Handle handle;
        bool operator>(const Entry& other) const {
            return at != other.at ? at > other.at : handle > other.handle;
        }
    };

    // A call's session is asked about after a quarter of an hour, and most calls are over by then.
    // What is left may double before the next look, so an entry is looked at twice or so in all.
    template <typename AlarmOf>
    void drop_stale(AlarmOf alarm_of) {
        std::erase_if(heap_, [&](const Entry& entry) {
            const Alarm* alarm = alarm_of(entry.handle);
            return alarm == nullptr || alarm->queued != entry.at;
        });
        std::make_heap(heap_.begin(), heap_.end(), std::greater<>{});
        most_ = std::max(kAlwaysKept, 2 * heap_.size());
    }

    std::vector<Entry> heap_;
    std::size_t most_ = kAlwaysKept;  ///< More entries than this are looked through.
};

}  // namespace escucha::sip::detail
