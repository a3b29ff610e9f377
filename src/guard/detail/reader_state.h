#pragma once

#include <array>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "guard/detail/recent.h"
#include "guard/guard.h"

namespace escucha::guard::detail {

inline constexpr Duration kBurst = std::chrono::minutes{10};
inline constexpr Duration kHour = std::chrono::hours{1};
inline constexpr Duration kDay = std::chrono::hours{24};
inline constexpr Duration kWeek = 7 * kDay;
inline constexpr std::array kWindows{kBurst, kHour, kDay, kWeek};

/// One budget: what counts against it, for how long.
struct Measure {
    Signal signal;
    std::size_t window;  ///< Of kWindows.
    Budget Limits::*budget;
    Severity severity;
};
inline constexpr std::array kMeasures{
    Measure{Signal::Opened, 0, &Limits::opened_burst, Severity::High},
    Measure{Signal::Opened, 1, &Limits::opened_hour, Severity::Medium},
    Measure{Signal::Opened, 2, &Limits::opened_day, Severity::High},
    Measure{Signal::Opened, 3, &Limits::opened_week, Severity::High},
    Measure{Signal::WithoutContact, 1, &Limits::alone_hour, Severity::Medium},
    Measure{Signal::WithoutContact, 2, &Limits::alone_day, Severity::Medium},
    Measure{Signal::WithoutContact, 3, &Limits::alone_week, Severity::High},
    Measure{Signal::Shown, 0, &Limits::shown_burst, Severity::High},
    Measure{Signal::Shown, 1, &Limits::shown_hour, Severity::Medium},
    Measure{Signal::Shown, 2, &Limits::shown_day, Severity::High},
    Measure{Signal::OffShift, 2, &Limits::off_shift_day, Severity::Medium},
    Measure{Signal::Exported, 2, &Limits::exported_day, Severity::High},
    Measure{Signal::Exported, 3, &Limits::exported_week, Severity::High},
};

/// How far somebody walks in one direction through the ids.
struct Walk {
    CustomerId last{};
    std::uint32_t up = 0, down = 0;  ///< Customers in the present run, the first included.
    std::deque<CustomerId> steps{};  ///< The latest, at most `kShownInFinding`.

    /// The longer of the two runs that this customer ends.
    std::uint32_t step(CustomerId customer);
};

/// Separate look-ups of each customer.
class Repeats {
public:
    /// Nearer ones are one look-up: a page that is loaded again.
    static constexpr Duration kApart = std::chrono::minutes{10};

    struct Counts {
        std::uint32_t day = 0, week = 0;
        bool is_new = false;  ///< This one was a look-up of its own.
    };
    Counts look_up(CustomerId customer, WallTime at);

private:
    static constexpr std::size_t kMostEach = 26;  ///< Above every threshold.

    Recent<CustomerId> known_{kWeek, Guard::kMostCounted};
    std::unordered_map<Uuid, std::deque<WallTime>> at_;
};

/// A contact handled, or a case worked on.
using HandledId = Id<struct HandledTag>;

/// What is remembered of a reader.
struct ReaderState {
    ReaderState();

    /// Whether an alert of this kind is due, which it is once in a window.
    bool is_due(std::size_t kind, Duration window, WallTime at);

    WallTime last_read{};
    std::array<Recent<HandledId>, kWindows.size()> handled;
    std::vector<Recent<CustomerId>> counted;  ///< Of each of kMeasures.
    Recent<CustomerId> work, cases;
    std::unordered_map<Uuid, std::vector<CustomerId>> customers_of;  ///< Of recent contacts.
    Walk walk;
    Repeats repeats;
    Recent<CustomerId> canaries;
    std::vector<std::pair<WallTime, Duration>> alerted;  ///< Last time, by kind of alert.
};

}  // namespace escucha::guard::detail
