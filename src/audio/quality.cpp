#include "audio/quality.h"

#include <algorithm>
#include <chrono>

namespace escucha::audio {
namespace {

constexpr double kDefaultRating = 93.2;  // G.107 §7.7, all values at their defaults.

// What delay takes away without echo: the usual two straight lines for G.107 §7.4 (Cole and
// Rosenbluth, "Voice over IP performance monitoring", 2001).
double delay_impairment(Duration delay) {
    constexpr double kTalkSuffersFromMs = 177.3;
    const double ms =
        std::chrono::duration<double, std::milli>{std::max(Duration{0}, delay)}.count();
    return 0.024 * ms + 0.11 * std::max(0.0, ms - kTalkSuffersFromMs);
}

}  // namespace

Impairment impairment_of(Codec codec) {
    switch (codec) {
        case Codec::Pcmu:
        case Codec::Pcma:
        case Codec::G722:
            return {.equipment = 0, .loss_robustness = 25.1};
        case Codec::Opus:
            return {.equipment = 0, .loss_robustness = 34};
    }
    return {};
}

double rating(const Impairment& impairment, const Connection& connection) {
    const double loss = std::clamp(connection.loss_percent, 0.0, 100.0);
    // G.107 §7.5, with BurstR 1.
    const double equipment = impairment.equipment + (95 - impairment.equipment) * loss /
                                                        (loss + impairment.loss_robustness);
    return std::clamp(
        kDefaultRating - delay_impairment(connection.one_way_delay) - equipment, 0.0, 100.0);
}

double mos_of(double rating) {
    if (rating <= 0) return 1;
    if (rating >= 100) return 4.5;
    // Annex B dips under 1 for ratings below 6.5.
    return std::max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}

}  // namespace escucha::audio
