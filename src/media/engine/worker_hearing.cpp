#include <algorithm>
#include <utility>

#include "base/check.h"
#include "media/engine/worker.h"

// The part of a worker that says who hears whom: bridges, and conferences with their seats, how
// each comes by what it hears, and the sums.

namespace escucha::media {
namespace {

constexpr Duration kBeat = std::chrono::milliseconds{audio::kFrameMs};
/// A voice that has not come by then says nothing.
constexpr int kMaxBeatsToTurn = 10;
/// As much as a jitter buffer may hold.
constexpr int kMaxBeatsToFinish = 12;

bool are_alike(const Endpoint& a, const Endpoint& b) {
    return a.remote && b.remote && a.remote->is_like(*b.remote);
}

/// It hears nothing any more; what it hears next begins at once.
void cut(Seat& seat) {
    if (seat.direct != nullptr) seat.direct->peer = nullptr;
    seat.direct = nullptr;
    seat.feed = Feed::Nothing;
}

void pass_directly(Seat& seat) {
    seat.direct = seat.sole;
    seat.direct->peer = seat.endpoint;
    seat.feed = Feed::Direct;
    seat.is_hearing = false;
}

bool takes_mix(const Seat& seat) {
    const Endpoint& endpoint = *seat.endpoint;
    return seat.feed == Feed::Mixed && !endpoint.is_generating() && endpoint.can_send() &&
           endpoint.can_encode();
}

}  // namespace

Room* Worker::find(MixId id) const {
    const auto found = rooms_.find(id);
    return found == rooms_.end() ? nullptr : found->second.get();
}

// ---- Bridges -----------------------------------------------------------------------------------

void Worker::handle(Bridge& command, Now now) {
    Endpoint* a = find(command.a);
    Endpoint* b = find(command.b);
    if (a == nullptr || b == nullptr) return;
    if (a->room != nullptr) bridge_out_of_room(*a, *b, now);
    a->peer = b;
    b->peer = a;
    a->out.interrupt();
    b->out.interrupt();
    schedule_if_busy(a);
    schedule_if_busy(b);
    report(Event{Bridged{.a = command.a, .b = command.b}});
}

void Worker::handle(Unbridge& command, Now) {
    Endpoint* a = find(command.a);
    if (a == nullptr || a->peer == nullptr) return;
    Endpoint* b = a->peer;
    part(*a);
    schedule_if_busy(a);
    schedule_if_busy(b);
    report(Event{Unbridged{.a = command.a, .b = command.b}});
}

void Worker::part(Endpoint& endpoint) {
    endpoint.out.interrupt();
    endpoint.peer->out.interrupt();
    endpoint.is_speaking = false;
    endpoint.peer->is_speaking = false;
    endpoint.peer->peer = nullptr;
    endpoint.peer = nullptr;
}

// ---- Coming and going --------------------------------------------------------------------------

void Worker::handle(StartMix& command, Now) {
    Room& room = *command.room;
    for (Seat& seat : room.seats) {
        seat.endpoint = find(seat.is.endpoint);
        ESC_CHECK(seat.endpoint != nullptr);  // The engine knows who is there.
        seat.endpoint->room = &room;
        seat.direct = seat.endpoint->peer;
        if (seat.direct == nullptr) continue;
        seat.feed = Feed::Direct;
        if (seat.direct->room == &room) {
            report(Event{Unbridged{.a = seat.is.endpoint, .b = seat.direct->id}});
        }
    }
    room.slot = next_slot_++ % kSlots;
    room_slots_[room.slot].push_back(&room);
    count_scheduled();
    rooms_[room.id] = std::move(command.room);
    retune(room);
    for (const Seat& seat : room.seats) report(Event{MixJoined{.mix = room.id, .member = seat.is}});
}

void Worker::handle(JoinMix& command, Now) {
    Room* room = find(command.mix);
    Endpoint* endpoint = find(command.member.endpoint);
    if (room == nullptr || endpoint == nullptr) return;
    if (Seat* seat = room->seat_of(*endpoint)) {
        seat->is = command.member;
    } else {
        endpoint->room = room;
        room->seats.push_back({.is = command.member, .endpoint = endpoint});
    }
    retune(*room);
    report(Event{MixJoined{.mix = command.mix, .member = command.member}});
}

void Worker::handle(LeaveMix& command, Now) {
    Endpoint* endpoint = find(command.endpoint);
    if (endpoint != nullptr && endpoint->room != nullptr) unseat(*endpoint);
}

void Worker::handle(EndMix& command, Now) {
    while (Room* room = find(command.mix)) unseat(*room->seats.back().endpoint);
}

void Worker::unseat(Endpoint& endpoint) {
    Room& room = *endpoint.room;
    for (Seat& seat : room.seats) {
        if (seat.endpoint == &endpoint || seat.direct == &endpoint) cut(seat);
    }
    std::erase_if(room.seats, [&](const Seat& seat) { return seat.endpoint == &endpoint; });
    endpoint.room = nullptr;
    endpoint.is_mixed = false;
    endpoint.is_speaking = false;
    endpoint.out.interrupt();
    schedule_if_busy(&endpoint);
    report(Event{MixLeft{.mix = room.id, .endpoint = endpoint.id}});
    if (room.seats.empty()) {
        end(room);
    } else {
        retune(room);
    }
}

void Worker::end(Room& room) {
    std::erase(room_slots_[room.slot], &room);
    --scheduled_;
    report(Event{MixEnded{.mix = room.id}});
    report(Retired{.room = std::move(rooms_.extract(room.id).mapped())});
}

void Worker::bridge_out_of_room(Endpoint& a, Endpoint& b, Now now) {
    finish_hearing(a, b, now);
    finish_hearing(b, a, now);
    unseat(a);
    unseat(b);
}

// What waits in a jitter buffer is sent ahead of the packets that will be passed on: the hearer's
// own buffer is as much fuller. Nobody else hears the speaker from here on.
void Worker::finish_hearing(Endpoint& hearer, Endpoint& speaker, Now now) {
    const Room& room = *hearer.room;
    const auto* seat = hearer.room->seat_of(hearer);
    if (!takes_mix(*seat) || !are_alike(hearer, speaker) || !speaker.is_decoding()) return;
    Instant beat = room.last_beat;
    for (int n = 0; n < kMaxBeatsToFinish && speaker.voice->listener().has_more(); ++n) {
        hear(speaker, beat += kBeat, now);
        if (!speaker.is_speaking) return;
        const auto payload = std::span{out_buffer_}.subspan(rtp::kHeaderBytes);
        speak(hearer, hearer.voice->encode(*speaker.voice, payload), now);
    }
}

// ---- Who is fed how ----------------------------------------------------------------------------

void Worker::retune(Room& room) {
    room.arrange();
    for (Seat& seat : room.seats) {
        if (seat.direct != nullptr && seat.direct == seat.sole) {
            seat.feed = Feed::Direct;
        } else if (seat.direct != nullptr) {
            const Seat* speaker = room.seat_of(*seat.direct);
            const bool is_heard = speaker != nullptr && hears(seat.is, speaker->is);
            if (!is_heard || !are_alike(*seat.endpoint, *seat.direct)) {
                cut(seat);
            } else if (seat.feed == Feed::Direct) {
                seat.feed = Feed::Turning;
                seat.beats_to_turn = kMaxBeatsToTurn;
            }
        }
    }
    for (Seat& seat : room.seats) {
        if (seat.feed != Feed::Nothing) continue;
        if (seat.sole != nullptr && seat.sole->peer == nullptr) {
            pass_directly(seat);
        } else {
            seat.feed = Feed::Mixed;
        }
    }
    room.note_mixed();
}

// Once a beat, when its voices are known.
void Worker::settle(Room& room) {
    bool has_changed = false;
    for (Seat& seat : room.seats) {
        if (seat.feed == Feed::Turning) {
            if (!seat.direct->is_speaking && --seat.beats_to_turn > 0) continue;
            cut(seat);
            seat.feed = Feed::Mixed;
            has_changed = true;
        } else if (seat.feed == Feed::Mixed && seat.sole != nullptr && seat.sole->peer == nullptr) {
            const Endpoint& sole = *seat.sole;
            if (sole.is_speaking && !sole.voice->listener().is_quiet()) continue;
            pass_directly(seat);
            has_changed = true;
        }
    }
    if (has_changed) room.note_mixed();
}

// ---- The sums ----------------------------------------------------------------------------------

void Worker::mix(Room& room, Instant beat, Now now) {
    room.last_beat = beat;
    for (const Seat& seat : room.seats) {
        Endpoint& endpoint = *seat.endpoint;
        if (endpoint.is_decoding()) {
            hear(endpoint, beat, now);
        } else {
            endpoint.is_speaking = false;
        }
    }
    settle(room);
    const std::uint32_t rate_hz = room.rate_hz();
    room.mixer.begin(audio::samples_per_frame(rate_hz));
    for (std::size_t i = 0; i < room.seats.size(); ++i) {
        const Endpoint& endpoint = *room.seats[i].endpoint;
        if (endpoint.is_mixed && endpoint.is_speaking) {
            room.mixer.add(i, endpoint.voice->at(rate_hz));
        }
    }
    Seats served;
    for (std::size_t i = 0; i < room.seats.size(); ++i) {
        if (!served.test(i) && takes_mix(room.seats[i])) send_mix(room, i, served, rate_hz, now);
    }
}

// To this one, and to all behind it who take the same payload.
void Worker::send_mix(
    Room& room, std::size_t first, Seats& served, std::uint32_t rate_hz, Now now) {
    Seat& leader = room.seats[first];
    const auto sound = room.mixer.sum(leader.hears);
    if (sound.empty()) {
        if (std::exchange(leader.is_hearing, false)) leader.endpoint->out.interrupt();
        return;
    }
    static_assert(audio::kMaxFrameBytes <= rtp::kMaxPacketBytes - rtp::kHeaderBytes);
    const std::size_t size = leader.endpoint->voice->encode_mix(sound, recoded_);
    for (std::size_t i = first; i < room.seats.size(); ++i) {
        Seat& seat = room.seats[i];
        if (served.test(i) || !takes_mix(seat) || !room.share(leader, seat, rate_hz)) continue;
        served.set(i);
        if (!std::exchange(seat.is_hearing, true)) seat.endpoint->out.interrupt();
        std::copy_n(recoded_.begin(), size, out_buffer_.begin() + rtp::kHeaderBytes);
        speak(*seat.endpoint, size, now);
    }
}

}  // namespace escucha::media
