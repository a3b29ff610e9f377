#pragma once

#include <optional>
#include <string_view>

namespace escucha {

/// Who may see a value, from everybody to nobody (docs/privacy.md). One set of words for what flows
/// ask callers and for what the API answers.
enum class Sensitivity { Public, Internal, Personal, Financial, Secret };

/// "public", "internal", "personal", "financial", "secret".
std::string_view to_text(Sensitivity sensitivity);
std::optional<Sensitivity> parse_sensitivity(std::string_view text);

}  // namespace escucha
