#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/rng.h"

namespace escucha::sip::detail {

/// A keyed 128-bit hash: short map keys that an attacker cannot make collide.
struct Key {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const Key&) const = default;
};

struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
        return static_cast<std::size_t>(key.low);
    }
};

/// The process's secret: keys for the maps, and tags, branches and Call-IDs nobody can guess.
class Secret {
public:
    Secret(const std::array<std::uint8_t, 32>& secret, Rng& rng);

    /// SipHash-2-4 of the parts, each with its length, so that ("ab","c") differs from ("a","bc").
    [[nodiscard]] Key key(std::initializer_list<std::string_view> parts) const;
    /// 16 hexadecimal digits that never come again.
    std::string token();
    /// 16 hexadecimal digits, always the same for the same parts.
    [[nodiscard]] std::string stable_token(std::initializer_list<std::string_view> parts) const;
    /// HMAC-SHA-256 of the text, cut to 12 bytes.
    [[nodiscard]] std::array<std::uint8_t, 12> mac(std::string_view text) const;

private:
    std::array<std::uint8_t, 32> secret_;
    std::array<std::uint8_t, 16> hash_key_{};
    Rng& rng_;
    std::uint64_t count_ = 0;
};

}  // namespace escucha::sip::detail
