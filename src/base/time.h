#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace escucha {

using Duration = std::chrono::microseconds;

namespace detail {
struct MonotonicTag {
    using rep = Duration::rep;
    using period = Duration::period;
    using duration = Duration;
    using time_point = std::chrono::time_point<MonotonicTag>;
    static constexpr bool is_steady = true;
};
}  // namespace detail

/// Monotonic time, for timers and durations. Its epoch means nothing and differs between processes.
using Instant = std::chrono::time_point<detail::MonotonicTag>;

/// UTC, for records. Microseconds since 1970-01-01T00:00:00Z.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// What a core is told about the present: both clocks, read once per event by the shell.
struct Now {
    Instant mono;
    WallTime wall;
};

/// Reads the two clocks. The shell's privilege: cores receive `Now` and never ask.
Now read_clocks();

/// RFC 3339 in UTC with milliseconds: "2026-11-23T03:21:25.120Z".
std::string to_rfc3339(WallTime time);

/// The inverse; also accepts whole seconds, up to six decimals and a numeric offset.
std::optional<WallTime> parse_rfc3339(std::string_view text);

inline std::int64_t to_micros(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime from_micros(std::int64_t micros) { return WallTime{Duration{micros}}; }

/// The earlier of two optional instants; nullopt means "never".
inline std::optional<Instant> earliest(std::optional<Instant> a, std::optional<Instant> b) {
    if (!a) return b;
    if (!b) return a;
    return *a < *b ? a : b;
}

}  // namespace escucha
