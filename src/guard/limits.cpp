#include "guard/limits.h"

#include <array>
#include <utility>

namespace escucha::guard {
namespace {

constexpr std::array<std::pair<Profile, std::string_view>, 3> kProfiles{{
    {Profile::Desk, "desk"},
    {Profile::Review, "review"},
    {Profile::Program, "program"},
}};

Limits desk() {
    return {.opened_burst = {8, 10},
            .opened_hour = {10, 8},
            .opened_day = {30, 5},
            .opened_week = {100, 3},
            .alone_hour = {8, 0},
            .alone_day = {20, 0},
            .alone_week = {70, 0},
            .shown_burst = {160, 20},
            .shown_hour = {250, 100},
            .shown_day = {500, 60},
            .off_shift_day = {6, 0},
            .exported_day = {50, 0},
            .exported_week = {150, 0}};
}

Limits review() {
    return {.opened_burst = {15, 0},
            .opened_hour = {40, 0},
            .opened_day = {120, 0},
            .opened_week = {450, 0},
            .alone_hour = {40, 0},
            .alone_day = {120, 0},
            .alone_week = {450, 0},
            .shown_burst = {200, 0},
            .shown_hour = {400, 0},
            .shown_day = {1'000, 0},
            .off_shift_day = {40, 0},
            .exported_day = {300, 0},
            .exported_week = {900, 0},
            .list_walk = 25,
            .list_together = 40,
            .repeats_in_day = 8,
            .repeats_in_week = 16};
}

Limits program() {
    return {.opened_burst = {100, 0},
            .opened_hour = {300, 0},
            .opened_day = {1'000, 0},
            .opened_week = {1'500, 0},
            .alone_hour = {300, 0},
            .alone_day = {1'000, 0},
            .alone_week = {1'500, 0},
            .shown_burst = {300, 0},
            .shown_hour = {600, 0},
            .shown_day = {1'500, 0},
            .off_shift_day = {500, 0},
            .exported_day = {300, 0},
            .exported_week = {900, 0},
            .sequence = 30,
            .list_walk = 40,
            .list_together = 60,
            .repeats_in_day = 12,
            .repeats_in_week = 24};
}

}  // namespace

std::string_view word(Profile profile) {
    return kProfiles[static_cast<std::size_t>(profile)].second;
}

std::optional<Profile> parse_profile(std::string_view text) {
    for (const auto& [profile, name] : kProfiles) {
        if (name == text) return profile;
    }
    return std::nullopt;
}

Limits default_limits(Profile profile) {
    switch (profile) {
        case Profile::Desk:
            return desk();
        case Profile::Review:
            return review();
        case Profile::Program:
            return program();
    }
    return desk();
}

}  // namespace escucha::guard
