#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace escucha::control {

// What a caller keys while the agent must not know it: docs/glossary.md, "Secure input".

enum class SecureKind : std::uint8_t { Card, SecurityCode, Document, Other };
inline constexpr std::size_t kSecureKinds = 4;

/// How one ended. `Complete`: passed its check, and where the company has a connector for it, taken
/// there. `Interrupted`: by a restart, a loss of sound, or because a party left.
enum class SecureResult : std::uint8_t {
    Complete,
    Cancelled,    ///< By the agent.
    TimedOut,     ///< Nothing was keyed.
    Invalid,      ///< What was keyed is none, as often as it may be tried.
    Rejected,     ///< The connector does not want it.
    Undelivered,  ///< The connector did not answer; the value is gone.
    Interrupted,
};

inline constexpr std::size_t kSecureResults = 7;

/// "card", "security_code", "document", "other".
std::string_view word(SecureKind kind);
std::optional<SecureKind> parse_secure_kind(std::string_view word);
/// "complete", "timed_out".
std::string_view word(SecureResult result);

/// The most digits of any kind.
inline constexpr std::size_t kMostSecureDigits = 32;
inline constexpr std::size_t kLongestSecureLabel = 60;
inline constexpr std::uint32_t kSecureAttempts = 3;
/// From the beginning of the words that ask; they take some seconds.
inline constexpr std::chrono::seconds kSecureFirstKey{30};
inline constexpr std::chrono::seconds kSecureNextKey{6};
/// The two talk again only when no key was heard for this long: a key may come by INFO while its
/// tone still sounds, and fingers go on after the last digit that was wanted.
inline constexpr std::chrono::milliseconds kSecureTail{1'000};
/// However long somebody goes on pressing keys.
inline constexpr std::chrono::seconds kSecureLongestTail{10};
/// Of the connector that takes the value.
inline constexpr std::chrono::seconds kSecureDeadline{5};

/// How many digits a kind has; both bounds are included.
struct SecureLength {
    std::size_t least = 1;
    std::size_t most = kMostSecureDigits;
};
SecureLength length_of(SecureKind kind);

/// ISO/IEC 7812-1, annex B. Of an empty text false.
bool passes_luhn(std::string_view digits);

/// The digits of one secure input. They are kept here and nowhere else, and wiped at the end; what
/// others see is how many there are. Pure.
class SecureEntry {
public:
    /// `most` lowers what the kind allows; out of its range it is the kind's.
    explicit SecureEntry(SecureKind kind, std::optional<std::size_t> most = std::nullopt);
    ~SecureEntry() { wipe(); }
    SecureEntry(const SecureEntry&) = delete;
    SecureEntry& operator=(const SecureEntry&) = delete;

    enum class Step {
        Ignored,  ///< No key of it.
        Changed,  ///< One digit more; or none, after "*", which begins anew.
        Ended,    ///< By "#", or because it is full.
    };
    Step press(char key);
    /// As long as it must be, and of a card the check digit is right.
    [[nodiscard]] bool is_valid() const;
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] SecureKind kind() const { return kind_; }
    [[nodiscard]] std::size_t most() const { return most_; }
    /// For the connector alone. The copy cannot be wiped: let it be short-lived.
    [[nodiscard]] std::string value() const { return {digits_.data(), count_}; }
    /// The last four of a whole card; of all else nothing.
    [[nodiscard]] std::string last_four() const;
    void wipe();

private:
    SecureKind kind_;
    std::size_t most_;
    std::size_t count_ = 0;
    std::array<char, kMostSecureDigits> digits_{};
};

}  // namespace escucha::control
