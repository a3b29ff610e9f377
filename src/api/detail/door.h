#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "api/server.h"
#include "base/time.h"
#include "net/http.h"
#include "net/rate_limit.h"

namespace escucha::api {

/// How often one address, one session or key, and one address that signs in, may ask: known by the
/// head of a request, before anything is read, looked up or hashed for it. For one thread, but for
/// the counters.
class Door {
public:
    explicit Door(const Rates& rates);

    /// Nullopt when it may come in; else how long until it may be asked again, in whole seconds.
    std::optional<unsigned> turn_away(const net::Request& request, Instant now);

    struct Counters {
        std::atomic<std::uint64_t> address{0}, session{0}, sign_in{0};
    };
    [[nodiscard]] const Counters& turned_away() const { return counters_; }

private:
    net::RateLimit address_;
    net::RateLimit session_;
    net::RateLimit sign_in_;
    Counters counters_;
};

}  // namespace escucha::api
