#pragma once

#include <chrono>
#include <cstddef>
#include <variant>

#include "base/time.h"

namespace escucha::control {

/// Whether a connector is asked: one that keeps failing is left alone for a while, so that callers
/// take the failure edge at once instead of waiting for a deadline each.
///
/// Closed --kFailuresToOpen failures in a row--> Open --kRest--> Trying --answer--> Closed
///                                                 ^                   \--failure--> Open
///
/// Pure; owned by the centre, one for each connector. An answer that comes late counts as it would
/// have in time: whatever answers is alive.
class Circuit {
public:
    static constexpr int kFailuresToOpen = 5;
    static constexpr std::chrono::seconds kRest{30};
    /// Questions under way at once; one more is refused, and costs the connector nothing.
    static constexpr std::size_t kMostUnanswered = 100;

    enum class Verdict { Ask, Resting, Busy };
    enum class Outcome { Answered, Failed };
    enum class Change { None, Opened, Closed };

    /// May it be asked at `now`? After `Ask` comes one `settle`. At the instant at which the rest
    /// ends one question is let through to try; no other until it is settled, or for kRest.
    [[nodiscard]] Verdict ask(Instant now);
    /// What came of a question.
    Change settle(Outcome outcome, Instant now);

private:
    struct Closed {
        int failures;
    };
    struct Open {
        Instant until;
    };
    struct Trying {
        Instant until;  ///< A trial of which nothing is heard holds up the next one no longer.
    };

    std::variant<Closed, Open, Trying> state_{Closed{.failures = 0}};
    std::size_t unanswered_ = 0;
};

}  // namespace escucha::control
