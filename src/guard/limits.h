#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace escucha::guard {

/// Whose habits the thresholds are made for.
enum class Profile {
    Desk,     ///< Takes contacts.
    Review,   ///< Reads the work of others: supervisors, quality, compliance, administrators.
    Program,  ///< An API key, or the operator.
};
std::string_view word(Profile profile);
std::optional<Profile> parse_profile(std::string_view word);

/// How many different customers beyond one's work within a window: a base, and more for each
/// contact handled and each case worked on in the same window.
struct Budget {
    std::uint32_t base = 0;
    std::uint32_t per_ten_handled = 0;

    [[nodiscard]] std::uint32_t allowed(std::size_t handled) const {
        return base + static_cast<std::uint32_t>(per_ten_handled * handled / 10);
    }
};

/// Every threshold of a profile. An alert is raised when more than a budget allows was read, a
/// block begins at `block_percent` of it. docs/guard.md says why each is what it is.
struct Limits {
    // One customer looked at: opened, a field revealed, a recording played.
    Budget opened_burst;  ///< In 10 minutes.
    Budget opened_hour;
    Budget opened_day;
    Budget opened_week;
    // The same while no contact is in hand.
    Budget alone_hour;
    Budget alone_day;
    Budget alone_week;
    // Met in a list or among the results of a search.
    Budget shown_burst;
    Budget shown_hour;
    Budget shown_day;
    // Looked at while signed out of the shift, in a day.
    Budget off_shift_day;
    // In exports.
    Budget exported_day;
    Budget exported_week;
    std::uint32_t block_percent = 150;

    std::uint32_t sequence = 9;        ///< Looked at one after another in the order of their ids.
    std::uint32_t list_walk = 12;      ///< Of one list, by one reader, within a week.
    std::uint32_t list_together = 12;  ///< Of one list, by several who share it out.
    std::uint32_t repeats_in_day = 5;  ///< Separate look-ups of one customer.
    std::uint32_t repeats_in_week = 9;
};

/// Of every company. `guard_test.cpp` holds them below what a guard can count.
Limits default_limits(Profile profile);

}  // namespace escucha::guard
