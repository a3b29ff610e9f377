#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "media/engine/endpoint.h"
#include "media/engine/mixer.h"
#include "media/protocol.h"

namespace escucha::media {

/// How a member of a room comes by what it hears.
///
///     Nothing --hears one--> Direct --hears more--> Turning --the voice is there--> Mixed
///        `--hears more--> Mixed --hears one, and that one is quiet--> Direct
///
/// Direct is what a bridge does: packets as they come where the codecs allow it. The two who talk
/// hear each other so, whoever listens; a sum is made only for who hears more than one.
///
/// A voice that is summed waits in a jitter buffer. While that fills, Turning goes on passing the
/// packets on: at the turn up to its delay is heard twice, and nothing is missed. The way back
/// leaves the same time out, so it waits until nothing is said in it.
enum class Feed : std::uint8_t { Nothing, Direct, Turning, Mixed };

/// A member's place in a room.
struct Seat {
    MixMember is;
    Endpoint* endpoint = nullptr;
    Feed feed = Feed::Nothing;
    /// With Direct and Turning: whose `peer` this endpoint is.
    Endpoint* direct = nullptr;
    Seats hears{};
    /// The only one it hears, when that can be passed on: the other of two who talk.
    Endpoint* sole = nullptr;
    int beats_to_turn = 0;
    bool is_hearing = false;  ///< The mix said something to it in the last beat.
};

/// A mix as its worker has it. Made by the engine, then touched by that worker only; its beat is
/// every 20 ms in a slot of its own, and those of its voices are the same.
struct Room {
    explicit Room(MixId mix) : id{mix} { seats.reserve(kMaxMixMembers); }

    MixId id;
    std::vector<Seat> seats;  ///< At most kMaxMixMembers: never grows beyond what is reserved.
    std::size_t slot = 0;
    Instant last_beat{};
    Mixer mixer;

    [[nodiscard]] Seat* seat_of(const Endpoint& endpoint);
    /// Who hears whom, after a change of members or roles.
    void arrange();
    /// Which voices are needed decoded, after a change of feeds.
    void note_mixed();
    /// 16 kHz when that is heard: two members, one to speak and one to hear, have it.
    [[nodiscard]] std::uint32_t rate_hz() const;
    /// Whether one encoding serves both. G.711 has no memory, so it serves whoever hears the same
    /// just now; an encoder with memory only those who always hear the same.
    [[nodiscard]] bool share(const Seat& a, const Seat& b, std::uint32_t rate_hz) const;
};

}  // namespace escucha::media
