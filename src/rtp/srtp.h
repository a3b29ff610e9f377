#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/srtp_key.h"

namespace escucha::rtp {

/// Room that must be behind a packet: the tag of RTP or RTCP and the index of the latter.
inline constexpr std::size_t kSrtpRoom = 32;

/// Which packets of a stream were seen: the newest index and the 64 before it (RFC 3711 §3.3.2).
/// Also kept where we send, since a key stream must not be used twice.
class ReplayWindow {
public:
    static constexpr std::uint64_t kSize = 64;
    [[nodiscard]] bool is_new(std::uint64_t index) const;
    void note(std::uint64_t index);
    [[nodiscard]] std::uint64_t newest() const { return newest_; }

private:
    std::uint64_t newest_ = 0;
    std::uint64_t seen_ = 0;  ///< Bit n: newest - n. 0 before the first.
};

/// One direction of SRTP and SRTCP (RFC 3711, RFC 7714), with its rollover counters and replay
/// windows. In place; allocates nothing after `make`. Not thread-safe.
///
/// Nothing is believed of a packet before its tag is right: only such a packet moves a counter or
/// begins a stream. A stream may have begun long before we listen (our media process was started
/// anew), so its rollover counter is searched for: each packet of an unknown SSRC is tried with
/// none and with one more count, up to `kMaxRollovers`.
class SrtpDirection {
public:
    static constexpr std::size_t kMaxStreams = 4;  ///< The longest unheard makes room.
    /// Eleven hours at 50 packets a second.
    static constexpr std::uint32_t kMaxRollovers = 32;

    explicit SrtpDirection(const SrtpKey& key);
    ~SrtpDirection();
    SrtpDirection(const SrtpDirection&) = delete;
    SrtpDirection& operator=(const SrtpDirection&) = delete;

    /// The first `size` bytes of `buffer` are the packet, kSrtpRoom more are free. The new size;
    /// nullopt when it is no packet, or its number was used.
    std::optional<std::size_t> protect_rtp(std::span<std::byte> buffer, std::size_t size);
    std::optional<std::size_t> protect_rtcp(std::span<std::byte> buffer, std::size_t size);
    /// nullopt: forged, damaged or seen before. The bytes are then worth nothing.
    std::optional<std::size_t> unprotect_rtp(std::span<std::byte> packet);
    std::optional<std::size_t> unprotect_rtcp(std::span<std::byte> packet);

private:
    class Cipher;
    struct Stream {
        std::uint32_t ssrc = 0;
        ReplayWindow rtp{};
        ReplayWindow rtcp{};
        bool has_rtp = false;
        std::uint32_t rtcp_sent = 0;
        std::uint64_t used = 0;  ///< When it was last used, in packets of this direction; 0: free.
    };

    Stream* find(std::uint32_t ssrc);
    Stream& open(std::uint32_t ssrc);

    std::unique_ptr<Cipher> rtp_;
    std::unique_ptr<Cipher> rtcp_;
    std::array<Stream, kMaxStreams> streams_{};
    std::uint64_t uses_ = 0;
    std::uint32_t next_guess_ = 1;
};

}  // namespace escucha::rtp
