#pragma once

#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "sip/address.h"
#include "sip/detail/digest_client.h"
#include "sip/stack.h"

namespace escucha::sip::detail {

/// What it takes to answer a carrier's challenge (RFC 3261 §22.2). It goes with the transaction and
/// not with the leg, which a BYE outlives.
struct CarrierAuth {
    TrunkId trunk;
    DigestClient digest;
    unsigned rounds = 0;  ///< Challenges answered for this request.
};

/// Both proxies and the far end may ask, and each nonce may turn out stale once.
inline constexpr unsigned kMaxChallenges = 4;

/// Contacts of one 3xx that are read.
inline constexpr std::size_t kMaxRedirects = 8;

/// A call that we make by a carrier, until it is answered: where else it may be tried.
struct TrunkCall {
    struct Hop {
        TrunkId trunk;
        Flow flow;
    };
    InviteRequest request;
    std::vector<Hop> hops;  ///< Not tried yet; the last one is next.
    Instant deadline;       ///< Of all attempts together.
    bool has_rung = false;  ///< The number was reached: no other way leads to another one.
};

}  // namespace escucha::sip::detail
