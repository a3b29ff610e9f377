#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/time.h"
#include "rtp/packet.h"

namespace escucha::rtp {

/// Puts the packets of one stream back in order and at their distance, for whoever decodes it: what
/// comes at any time goes out on a beat of 20 ms, late by a delay that follows the jitter.
///
///     Idle --put--> Waiting --first delay over--> Playing --nothing for kIdleAfter--> Idle
///
/// The delay is how much longer than the fastest packets of late this one was under way. It aims at
/// what 97 of 100 packets need. It grows when a packet comes too late though it is the newest: play
/// goes back to it, since only made-up sound was heard meanwhile. It shrinks, and grows ahead of
/// need, while nothing is said; in the middle of speech only when it is far too long. Nothing is
/// stretched.
///
/// Pure, of a fixed size (about 50 KB), takes no memory per packet.
class JitterBuffer {
public:
    static constexpr std::size_t kCapacity = 32;  ///< Packets; more push out the oldest.
    static constexpr std::size_t kMaxPayloadBytes = kMaxPacketBytes - kHeaderBytes;
    static constexpr Duration kBeat = std::chrono::milliseconds{20};
    static constexpr Duration kMinDelay = std::chrono::milliseconds{20};
    static constexpr Duration kFirstDelay = std::chrono::milliseconds{40};
    static constexpr Duration kMaxDelay = std::chrono::milliseconds{200};
    /// What the delay may be over its target in the middle of speech.
    static constexpr Duration kMaxExcess = std::chrono::milliseconds{60};
    static constexpr Duration kIdleAfter = std::chrono::seconds{1};
    /// A timestamp further off than this is a sender that started anew.
    static constexpr Duration kMaxJump = std::chrono::seconds{2};
    /// So many packets in a row too late: the way has become longer for good.
    static constexpr int kMaxLateInRow = 5;

    /// Of the stream's timestamps, in Hz.
    explicit JitterBuffer(std::uint32_t clock_hz);

    struct Arrival {
        SequenceNumber sequence{};
        Timestamp timestamp{};
        std::uint32_t ticks = 0;  ///< Its length.
        ByteView payload;         ///< Copied.
        std::uint8_t tag = 0;     ///< The owner's; comes back with the packet.
        Instant at{};
    };
    enum class Put : std::uint8_t { Kept, Late, Duplicate, Refused };
    /// Refused: longer than `kMaxPayloadBytes`, or without length.
    Put put(const Arrival& arrival);
    /// A packet of the stream that is no sound, a key press: its number is not lost.
    void pass_over(SequenceNumber sequence);

    struct Next {
        enum class Kind : std::uint8_t {
            Nothing,  ///< No stream: silence, and nothing need be sent.
            Packet,
            Merged,   ///< A packet, to be heard at the same time as the next `take_next()`.
            Missing,  ///< To be made up: lost, late, or not sent because nothing was said.
        };
        Kind kind = Kind::Nothing;
        std::uint32_t ticks = 0;
        /// Of the packet; with Missing, of the packet after a single lost one when it is here,
        /// which may hold a copy of it. Valid until the next call of anything here.
        ByteView payload;
        std::uint8_t tag = 0;
    };
    enum class Loudness : std::uint8_t { Voice, Quiet };  ///< Of what was last heard.
    /// To be called whenever the beat needs more; `pending` is what was taken but not yet heard.
    Next take(Instant beat, Duration pending, Loudness loudness);
    /// The rest of a Merged one: a packet or Missing.
    Next take_next();

    /// No packet waits.
    [[nodiscard]] bool is_empty() const;

    /// Another source: everything but the counters begins anew.
    void reset();

    struct Counters {
        std::uint64_t kept = 0;
        std::uint64_t lost = 0;  ///< Not there when they were due.
        std::uint64_t late = 0;  ///< Came after that.
        std::uint64_t duplicate = 0;
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] Duration target() const { return target_; }
    /// Of what was last taken.
    [[nodiscard]] Duration delay() const { return delay_; }

private:
    struct Slot {
        bool is_used = false;
        SequenceNumber sequence{};
        Timestamp timestamp{};
        std::uint32_t ticks = 0;
        std::size_t size = 0;
        std::uint8_t tag = 0;
        std::array<std::byte, kMaxPayloadBytes> payload;
        [[nodiscard]] ByteView view() const { return ByteView{payload}.first(size); }
    };
    enum class State : std::uint8_t { Idle, Waiting, Playing };
    static constexpr std::size_t kBins = 21;

    [[nodiscard]] Duration to_duration(std::int64_t ticks) const;
    [[nodiscard]] std::int64_t to_ticks(Duration duration) const;
    Duration transit(Timestamp timestamp, Instant at);
    [[nodiscard]] Duration fastest() const;
    void measure(Duration transit, Instant at);
    void begin(const Arrival& arrival);
    void forget_measures();
    bool admit_late(const Arrival& arrival, bool is_newest);
    [[nodiscard]] bool was_played(SequenceNumber sequence) const;
    [[nodiscard]] bool can_go_back_to(const Arrival& arrival, bool is_newest);
    void advance(SequenceNumber sequence);
    [[nodiscard]] std::int32_t lost_before(SequenceNumber sequence) const;
    void store(const Arrival& arrival);
    Slot* earliest();
    void drop_before_next();
    std::optional<Next> adapt(Instant beat, Duration pending, Loudness loudness);
    Next missing(const Slot* after);
    Next play(Slot& slot);

    std::uint32_t clock_hz_;
    State state_ = State::Idle;
    std::array<Slot, kCapacity> slots_;
    Counters counters_;

    Timestamp next_;      ///< What is due.
    Instant start_at_{};  ///< Waiting until then.
    Instant last_arrival_{};
    std::optional<SequenceNumber> newest_;
    std::optional<SequenceNumber> last_played_;
    std::uint64_t played_before_ = 0;  ///< Bit n: `last_played_` - n was played.
    Timestamp last_end_;               ///< Of the last played packet.
    int late_in_row_ = 0;
    std::uint64_t passed_over_ = 0;  ///< Bit n: `newest_` - n was.

    std::optional<Instant> reference_at_;
    Timestamp reference_;
    std::array<std::optional<Duration>, 2> fastest_{};  ///< Of this window and the one before.
    Instant window_since_{};
    std::array<double, kBins> needs_{};  ///< How many packets needed so many 10 ms, fading.
    Duration target_ = kFirstDelay;
    Duration delay_{};
};

}  // namespace escucha::rtp
