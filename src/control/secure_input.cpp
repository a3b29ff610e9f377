#include "control/secure_input.h"

#include <cstring>

namespace escucha::control {

namespace {

constexpr std::array<std::string_view, kSecureKinds> kKinds{
    "card", "security_code", "document", "other"};

constexpr std::size_t kShownOfCard = 4;

}  // namespace

std::string_view word(SecureKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

std::optional<SecureKind> parse_secure_kind(std::string_view word) {
    for (std::size_t i = 0; i < kSecureKinds; ++i) {
        if (kKinds.at(i) == word) return static_cast<SecureKind>(i);
    }
    return std::nullopt;
}

std::string_view word(SecureResult result) {
    switch (result) {
        case SecureResult::Complete:
            return "complete";
        case SecureResult::Cancelled:
            return "cancelled";
        case SecureResult::TimedOut:
            return "timed_out";
        case SecureResult::Invalid:
            return "invalid";
        case SecureResult::Rejected:
            return "rejected";
        case SecureResult::Undelivered:
            return "undelivered";
        case SecureResult::Interrupted:
            return "interrupted";
    }
    return "interrupted";
}

SecureLength length_of(SecureKind kind) {
    switch (kind) {
        case SecureKind::Card:
            return {.least = 12, .most = 19};  // ISO/IEC 7812-1
        case SecureKind::SecurityCode:
            return {.least = 3, .most = 4};
        case SecureKind::Document:
            return {.least = 5, .most = 15};
        case SecureKind::Other:
            return {};
    }
    return {};
}

bool passes_luhn(std::string_view digits) {
    constexpr int kTen = 10;
    int sum = 0;
    bool is_doubled = false;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
        int value = *digit - '0';
        if (is_doubled) value *= 2;
        sum += value / kTen + value % kTen;
        is_doubled = !is_doubled;
    }
    return !digits.empty() && sum % kTen == 0;
}

SecureEntry::SecureEntry(SecureKind kind, std::optional<std::size_t> most)
    : kind_{kind}, most_{length_of(kind).most} {
    if (most && *most >= length_of(kind).least && *most <= most_) most_ = *most;
}

SecureEntry::Step SecureEntry::press(char key) {
    if (key == '#') return Step::Ended;
    if (key == '*') {
        wipe();
        return Step::Changed;
    }
    if (key < '0' || key > '9' || count_ == most_) return Step::Ignored;
    digits_.at(count_++) = key;
    return count_ == most_ ? Step::Ended : Step::Changed;
}

bool SecureEntry::is_valid() const {
    if (count_ < length_of(kind_).least) return false;
    return kind_ != SecureKind::Card || passes_luhn({digits_.data(), count_});
}

std::string SecureEntry::last_four() const {
    if (kind_ != SecureKind::Card || !is_valid()) return {};
    return {digits_.data() + count_ - kShownOfCard, kShownOfCard};
}

void SecureEntry::wipe() {
    // Not an assignment, which a compiler may leave out of a destructor.
    ::explicit_bzero(digits_.data(), digits_.size());
    count_ = 0;
}

}  // namespace escucha::control
