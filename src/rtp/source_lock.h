#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "rtp/address.h"
#include "rtp/packet.h"

namespace escucha::rtp {

/// Symmetric RTP without "RTP bleed": decides whose packets an endpoint listens to and where it
/// sends. See docs/media-protocol.md, "Source". Pure.
///
///     Searching -> Locked     a packet from the signalled address, or (Learn) `kConsistent`
///                             packets in a row from one other source
///
/// Locked is final until `retarget` to another address.
class SourceLock {
public:
    enum class Rule : std::uint8_t { Signalled, Learn };
    enum class Verdict : std::uint8_t {
        Refused,
        Accepted,
        AcceptedAndLocked,  ///< Accepted, and from now on this is the address to send to.
    };
    static constexpr int kConsistent = 5;
    static constexpr Duration kSsrcChangeEvery = std::chrono::seconds{5};

    /// Where the peer says it listens. The same address and rule keep the lock.
    void retarget(const Address& signalled, Rule rule);

    Verdict on_packet(const Address& from, const Header& header, Instant now);

    /// Where to send; nothing before the first `retarget`.
    [[nodiscard]] const std::optional<Address>& target() const { return target_; }
    [[nodiscard]] bool is_locked() const { return is_locked_; }

private:
    struct Candidate {
        Address from;
        std::uint32_t ssrc = 0;
        SequenceNumber last;
        int seen = 0;  ///< 0 is a free place.
    };

    Verdict lock(const Address& from, const Header& header);
    bool accepts_ssrc(std::uint32_t ssrc, Instant now);
    bool becomes_consistent(const Address& from, const Header& header);

    std::optional<Address> signalled_;
    std::optional<Address> target_;
    Rule rule_ = Rule::Learn;
    bool is_locked_ = false;
    std::uint32_t ssrc_ = 0;
    std::optional<Instant> ssrc_changed_;
    std::array<Candidate, 4> candidates_{};
};

}  // namespace escucha::rtp
