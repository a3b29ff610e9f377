#include "net/rate_limit.h"

#include <algorithm>

#include <sodium.h>

#include "base/check.h"

namespace escucha::net {

static_assert(std::tuple_size_v<RateLimit::Key> == crypto_shorthash_KEYBYTES);

RateLimit::RateLimit(Rate rate, const Key& key)
    : rate_{rate}, key_{key}, full_at_(2 * kBuckets, Instant::min()) {
    ESC_CHECK(rate.every.count() > 0);
    ESC_CHECK(rate.burst > 0);
}

std::optional<Duration> RateLimit::take(std::string_view name, Instant now) {
    std::array<unsigned char, crypto_shorthash_BYTES> hash{};
    crypto_shorthash(
        hash.data(), reinterpret_cast<const unsigned char*>(name.data()), name.size(), key_.data());
    std::array<std::uint32_t, 2> places{};
    static_assert(sizeof places == sizeof hash);
    std::copy(hash.begin(), hash.end(), reinterpret_cast<unsigned char*>(places.data()));
    Instant& first = full_at_[places[0] % kBuckets];
    Instant& second = full_at_[kBuckets + places[1] % kBuckets];
    const Instant full_at = std::max(now, std::min(first, second));
    const Duration room = rate_.every * (rate_.burst - 1);
    if (full_at - now > room) return full_at - now - room;
    first = std::max(first, full_at + rate_.every);
    second = std::max(second, full_at + rate_.every);
    return std::nullopt;
}

}  // namespace escucha::net
