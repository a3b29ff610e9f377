#include "base/phone_number.h"

namespace escucha {

namespace {

constexpr std::size_t kMinDigits = 4;
constexpr std::size_t kMaxDigits = 15;   // E.164 §6
constexpr std::size_t kMaxWritten = 40;  // what a person or a header may send us

bool is_separator(char c) {
    return c == ' ' || c == '.' || c == '-' || c == '(' || c == ')' || c == '/';
}

}  // namespace

std::optional<PhoneNumber> PhoneNumber::parse(std::string_view text, std::string_view country_code) {
    if (text.size() > kMaxWritten) return std::nullopt;
    std::string digits;
    bool plus = false;
    for (const char c : text) {
        if (c == '+' && digits.empty() && !plus) {
            plus = true;
        } else if (c >= '0' && c <= '9') {
            digits.push_back(c);
        } else if (!is_separator(c)) {
            return std::nullopt;
        }
    }
    if (!plus) {
        if (digits.starts_with("00")) {
            digits.erase(0, 2);
        } else {
            if (digits.starts_with('0')) digits.erase(0, 1);
            digits.insert(0, country_code);
        }
    }
    if (digits.size() < kMinDigits || digits.size() > kMaxDigits || digits[0] == '0') {
        return std::nullopt;
    }
    return PhoneNumber{"+" + digits};
}

}  // namespace escucha
