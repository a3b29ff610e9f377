#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace escucha {

/// A number in E.164: "+" and 4 to 15 digits. Parsed once at the border, compared as text.
/// An internal extension ("100") is not a phone number and stays a dialled string.
class PhoneNumber {
public:
    /// Spaces, dots, dashes and brackets are dropped. "+..." and "00..." are international;
    /// anything else gets `country_code` ("34"), less one leading trunk zero.
    static std::optional<PhoneNumber> parse(std::string_view text, std::string_view country_code);

    [[nodiscard]] const std::string& e164() const { return digits_; }
    auto operator<=>(const PhoneNumber&) const = default;

private:
    explicit PhoneNumber(std::string digits) : digits_{std::move(digits)} {}
    std::string digits_;
};

}  // namespace escucha
