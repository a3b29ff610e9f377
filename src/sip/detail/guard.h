#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "sip/address.h"
#include "sip/effects.h"
#include "sip/settings.h"

namespace escucha::sip::detail {

/// How often something may happen: `burst` at once, then one per `interval` (GCRA, the cell rate
/// algorithm of ITU-T I.371, as one instant).
class Bucket {
public:
    bool take(Instant now, Duration interval, std::size_t burst) {
        const Instant next = std::max(next_, now);
        if (next - now > interval * static_cast<std::int64_t>(burst - 1)) return false;
        next_ = next + interval;
        return true;
    }

private:
    Instant next_{};
};

/// What strangers may cost us. A source is an IPv4 address or an IPv6 /64.
///
/// Two measures, because a source address on UDP is only a claim: questions nobody proved to be
/// entitled to are answered up to a rate, and the rest is silence; a ban needs proof, a wrong
/// password on a nonce that only this address was sent. So nobody gets another banned.
class SourceGuard {
public:
    explicit SourceGuard(const Limits::Strangers& limits) : limits_{limits} {}

    /// May a request that proves nothing (no credentials, or wrong ones) have an answer?
    bool may_ask(const Address& from, Instant now);
    /// Right credentials came from there: its next questions are a busy peer's, not a stranger's.
    void on_proof(const Address& from);
    /// A proven wrong guess. The ban it leads to, told once.
    std::optional<Ban> on_guess(const Address& from, Now now);
    /// Cheap while nobody is banned.
    [[nodiscard]] bool is_banned(const Address& from, Instant now);

    /// Those that hold now, in no order.
    [[nodiscard]] std::vector<Ban> bans(Now now) const;
    /// False when there is none of this source.
    bool lift(const Address& source);

    [[nodiscard]] std::size_t watched() const { return sources_.size(); }

private:
    struct Watched {
        std::list<Address>::iterator place;
        Bucket questions;
        Bucket guesses;
        unsigned bans = 0;
        Instant banned_until{};
    };
    Watched& watch(const Address& source);

    Limits::Strangers limits_;
    std::unordered_map<Address, Watched> sources_;
    std::list<Address> recent_;  ///< Of `sources_`, the latest first; the last makes room.
    Instant last_ban_ends_{};
};

/// The address without port, and without the interface part of an IPv6 one.
Address source_of(const Address& address);

}  // namespace escucha::sip::detail
