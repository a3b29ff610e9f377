#pragma once

#include <chrono>
#include <optional>

#include "base/time.h"

namespace escucha::server {

/// How long work waits now, in the three places where it can pile up.
struct Backlog {
    Duration socket{0};   ///< The age of the datagram at hand when it was read.
    Duration journal{0};  ///< The age of the oldest decision that waits for its commit.
    std::size_t undecided = 0;
    Duration media{0};  ///< The age of the oldest endpoint asked for and not yet made.
    std::size_t unmade = 0;
};

/// Decides when new calls are refused, so that those already taken are served in time. A queue that
/// stays long is overload; one that was long for a moment (a disk that paused, a machine that stood
/// still) is only a delay, and refusing would lose callers for nothing. The idea is CoDel's
/// (RFC 8289), with a refusal in place of a drop.
class Overload {
public:
    /// A caller's phone sends its INVITE again after 500 ms; then every call costs twice.
    static constexpr std::chrono::milliseconds kTarget{100};
    static constexpr std::chrono::milliseconds kInterval{100};
    /// Fewer that wait are a slow disk or a busy media process, not too many calls.
    static constexpr std::size_t kManyUndecided = 256;
    static constexpr std::size_t kManyUnmade = 64;

    /// For each message, in the order of time.
    void note(const Backlog& backlog, Instant now) {
        const bool is_long = backlog.socket > kTarget ||
                             (backlog.journal > kTarget && backlog.undecided >= kManyUndecided) ||
                             (backlog.media > kTarget && backlog.unmade >= kManyUnmade);
        if (!is_long) {
            long_since_.reset();
        } else if (!long_since_) {
            long_since_ = now;
        }
        is_now_ = long_since_ && now - *long_since_ >= kInterval;
    }
    [[nodiscard]] bool is_now() const { return is_now_; }

private:
    std::optional<Instant> long_since_;
    bool is_now_ = false;
};

}  // namespace escucha::server
