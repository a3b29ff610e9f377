#include "base/sensitivity.h"

#include <array>
#include <utility>

namespace escucha {
namespace {

constexpr std::array<std::pair<Sensitivity, std::string_view>, 5> kSensitivityWords{{
    {Sensitivity::Public, "public"},
    {Sensitivity::Internal, "internal"},
    {Sensitivity::Personal, "personal"},
    {Sensitivity::Financial, "financial"},
    {Sensitivity::Secret, "secret"},
}};

}  // namespace

std::string_view to_text(Sensitivity sensitivity) {
    return kSensitivityWords[static_cast<std::size_t>(sensitivity)].second;
}

std::optional<Sensitivity> parse_sensitivity(std::string_view text) {
    for (const auto& [sensitivity, word] : kSensitivityWords) {
        if (word == text) return sensitivity;
    }
    return std::nullopt;
}

}  // namespace escucha
