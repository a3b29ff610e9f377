#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "rtp/packet.h"

namespace escucha::rtp {

inline constexpr std::size_t kEventPayloadBytes = 4;
/// An event whose end never came is over this long after its last packet.
inline constexpr Duration kLostEndAfter = std::chrono::milliseconds{250};

/// RFC 4733 §3.2: 0-9, * , #, A-D are 0 to 15.
std::optional<char> key_of(std::uint8_t event);
std::optional<std::uint8_t> event_of(char key);

/// RFC 4733 §2.3.
struct EventPayload {
    std::uint8_t event = 0;
    bool is_end = false;
    std::uint8_t volume = 10;    ///< In -dBm0, 0 to 63.
    std::uint16_t duration = 0;  ///< In clock ticks since the packet's timestamp.

    static std::optional<EventPayload> parse(ByteView payload);
    /// The same on another clock; a duration that does not fit is the longest there is.
    [[nodiscard]] EventPayload at_clock(std::uint32_t from_hz, std::uint32_t to_hz) const;
    [[nodiscard]] std::array<std::byte, kEventPayloadBytes> print() const;
    bool operator==(const EventPayload&) const = default;
};

struct KeyPress {
    char key = '0';
    std::chrono::milliseconds duration{0};
    bool operator==(const KeyPress&) const = default;
};

/// Turns event packets into key presses: each once, whatever is lost, repeated or reordered.
/// Packets of one press share their timestamp; the end comes three times; a press of more than
/// 8.19 s goes on in a new segment (RFC 4733 §2.5.1.3). Pure.
class TelephoneEventReceiver {
public:
    struct Update {
        std::optional<KeyPress> unfinished;  ///< The press before, whose end was lost.
        std::optional<char> started;
        std::optional<KeyPress> ended;
        bool operator==(const Update&) const = default;
    };

    Update on_packet(Timestamp timestamp, ByteView payload, Instant now);
    /// The press whose end was lost, from `kLostEndAfter` after its last packet on.
    std::optional<KeyPress> wake(Instant now);
    [[nodiscard]] bool is_active() const { return press_.has_value(); }
    /// Of durations and timestamps, in Hz; 8,000 unless told otherwise. Another one begins anew.
    void set_clock(std::uint32_t clock_hz);
    /// A new stream: timestamps start anew.
    void reset() {
        press_.reset();
        newest_.reset();
    }

private:
    struct Press {
        char key;
        Timestamp segment;       ///< Timestamp of the present segment.
        std::uint32_t earlier;   ///< Ticks of the segments before it.
        std::uint32_t duration;  ///< Ticks of the present segment.
        Instant last_packet;
    };
    [[nodiscard]] KeyPress finished(const Press& press) const;

    std::uint32_t ticks_per_ms_ = kClockRate / 1000;
    std::optional<Press> press_;
    std::optional<Timestamp> newest_;  ///< Of any segment seen; older ones are stragglers.
};

/// The timing of sent digits on a 20 ms beat: each is 100 ms long, then two more end packets, then
/// silence up to 200 ms after its start. Pure.
class TelephoneEventSender {
public:
    struct Step {
        bool is_start = false;  ///< First packet of a digit: marker, and a new timestamp.
        EventPayload payload{};
        /// Where in the press these 20 ms are, in ticks; nothing when the key is up again and only
        /// its end is told once more.
        std::optional<std::uint16_t> pressed_for{};
    };

    /// Keys outside 0-9 * # A-D are refused by `is_sendable`, not here.
    explicit TelephoneEventSender(std::string_view digits);
    static bool is_sendable(std::string_view digits);

    /// To be called every 20 ms; nothing in the pauses.
    std::optional<Step> step();
    [[nodiscard]] bool is_done() const { return at_ >= digits_.size(); }

private:
    std::string digits_;
    std::size_t at_ = 0;
    int beat_ = 0;
};

}  // namespace escucha::rtp
