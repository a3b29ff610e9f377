#pragma once

#include <optional>
#include <queue>
#include <utility>
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
/// up, is put back at the new time. O(log n); about one entry per object.
class Timers {
public:
    void set(Handle handle, Alarm& alarm, Instant due) {
        alarm.due = due;
        if (due < alarm.queued) {
            alarm.queued = due;
            heap_.push({due, handle});
        }
    }
    [[nodiscard]] std::optional<Instant> next() const {
        if (heap_.empty()) return std::nullopt;
        return heap_.top().at;
    }
    /// The next object that is really due, or kNoHandle. `alarm_of(handle)` gives its alarm or
    /// nullptr when it is gone; the alarm comes back unset.
    template <typename AlarmOf>
    Handle pop(Instant now, AlarmOf alarm_of) {
        while (!heap_.empty() && heap_.top().at <= now) {
            const Entry entry = heap_.top();
            heap_.pop();
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
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

}  // namespace escucha::sip::detail
