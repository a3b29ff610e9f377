#include "media/engine/room.h"

#include <algorithm>

namespace escucha::media {

Seat* Room::seat_of(const Endpoint& endpoint) {
    const auto found = std::find_if(
        seats.begin(), seats.end(), [&](const Seat& seat) { return seat.endpoint == &endpoint; });
    return found == seats.end() ? nullptr : &*found;
}

void Room::arrange() {
    for (Seat& seat : seats) {
        seat.hears.reset();
        seat.sole = nullptr;
        for (std::size_t i = 0; i < seats.size(); ++i) {
            if (!hears(seat.is, seats[i].is)) continue;
            seat.hears.set(i);
            if (seats[i].is.role == MixRole::Full) seat.sole = seats[i].endpoint;
        }
        if (seat.is.role != MixRole::Full || seat.hears.count() != 1) seat.sole = nullptr;
    }
}

void Room::note_mixed() {
    Seats mixed;
    for (const Seat& seat : seats) {
        if (seat.feed == Feed::Mixed || seat.feed == Feed::Turning) mixed |= seat.hears;
    }
    for (std::size_t i = 0; i < seats.size(); ++i) seats[i].endpoint->is_mixed = mixed.test(i);
}

std::uint32_t Room::rate_hz() const {
    const auto wide = std::count_if(seats.begin(), seats.end(), [](const Seat& seat) {
        return seat.endpoint->can_encode() && seat.endpoint->voice->is_wide();
    });
    return wide >= 2 ? Voice::kWideHz : Voice::kNarrowHz;
}

bool Room::share(const Seat& a, const Seat& b, std::uint32_t rate_hz) const {
    if (a.endpoint->remote->codec != b.endpoint->remote->codec) return false;
    if (a.hears == b.hears) return true;
    const Seats speaking = mixer.speaking();
    return a.endpoint->remote->is_g711() && rate_hz == Voice::kNarrowHz &&
           (a.hears & speaking) == (b.hears & speaking);
}

}  // namespace escucha::media
