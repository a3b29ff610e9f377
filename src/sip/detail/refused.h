#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sip/detail/secret.h"

namespace escucha::sip::detail {

/// Which INVITEs were refused without a transaction, so that a copy of one is refused again. A copy
/// may wait in the socket's queue until there is room for calls; its caller has acknowledged the
/// refusal long ago, and would be taken for a new call that says nothing. Of constant size, made at
/// the first refusal: of two in one place the later is remembered. O(1).
class Refused {
public:
    static constexpr std::size_t kPlaces = 65'536;

    void remember(const Key& key) {
        if (places_.empty()) places_.resize(kPlaces);
        places_[key.low % kPlaces] = key;
    }
    [[nodiscard]] bool holds(const Key& key) const {
        return !is_empty() && places_[key.low % kPlaces] == key;
    }
    /// Nothing was ever refused.
    [[nodiscard]] bool is_empty() const { return places_.empty(); }

private:
    std::vector<Key> places_;
};

}  // namespace escucha::sip::detail
