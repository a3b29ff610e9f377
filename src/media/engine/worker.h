#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "media/engine/endpoint.h"
#include "media/engine/recorder.h"
#include "media/engine/room.h"
#include "media/engine/spsc_ring.h"
#include "media/engine/worker_command.h"

namespace escucha::media {

/// A thread that owns the endpoints of its call groups outright: receives, judges, relays,
/// generates, reports. Per packet it neither allocates nor locks nor logs.
class Worker {
public:
    /// `wake_engine` is an eventfd written after reports are pushed.
    explicit Worker(int wake_engine);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Engine's thread. False when the queue is full.
    bool command(WorkerCommand command);
    bool next_report(WorkerReport& out) { return reports_.pop(out); }
    AudioRing& audio() { return audio_; }
    /// Reports that found no place. Any thread.
    [[nodiscard]] std::uint64_t dropped_reports() const { return dropped_reports_.load(); }

private:
    static constexpr std::size_t kSlots = 20;
    static constexpr std::size_t kMaxEvents = 512;
    using Slot = std::vector<Endpoint*>;
    void run_slot(Slot& slot, Instant beat, Now now);

    void run();
    [[nodiscard]] Duration next_wait(Instant now) const;
    void run_commands(Now now);
    void run_slots(Now now);
    void keep_house(Now now);

    void handle(AddEndpoint& command, Now now);
    void handle(SetEndpointRemote& command, Now now);
    void handle(StartPlay& command, Now now);
    void handle(StopPlay& command, Now now);
    void handle(Bridge& command, Now now);
    void handle(Unbridge& command, Now now);
    void handle(SendDigits& command, Now now);
    void handle(SetTap& command, Now now);
    void handle(GiveVoice& command, Now now);
    void handle(Destroy& command, Now now);
    void handle(Stats& command, Now now);
    void handle(StartMix& command, Now now);
    void handle(JoinMix& command, Now now);
    void handle(LeaveMix& command, Now now);
    void handle(EndMix& command, Now now);
    static void handle(std::monostate, Now) {}

    void receive_rtp(Endpoint& endpoint, Now now);
    void receive_rtcp(Endpoint& endpoint, Now now);
    void on_rtp(Endpoint& endpoint, const rtp::Packet& packet, const rtp::Address& from, Now now);
    void on_g711(Endpoint& endpoint, const rtp::Packet& packet, rtp::Law law, Now now);
    void on_wide(Endpoint& endpoint, const rtp::Packet& packet, Now now);
    void on_comfort_noise(Endpoint& endpoint, const rtp::Packet& packet, Now now);
    void to_voice(Endpoint& endpoint, const rtp::Packet& packet, rtp::Law law, Now now);
    void on_event(Endpoint& endpoint, const rtp::Packet& packet, Now now);
    void on_rtcp(Endpoint& endpoint,
                 std::span<std::byte> datagram,
                 const rtp::Address& from,
                 Now now);
    /// The packet in clear; nothing when it cannot be believed.
    static std::optional<ByteView> opened(Endpoint& endpoint,
                                          std::span<std::byte> datagram,
                                          const rtp::Address& from);
    void record(const Endpoint& endpoint, const rtp::Packet& packet, rtp::Law law, Now now);
    void record_voice(Endpoint& endpoint, Instant beat);
    void hear(Endpoint& endpoint, Instant beat, Now now);
    void speak(Endpoint& endpoint, std::size_t payload_size, Now now);
    void pass_on_event(Endpoint& endpoint, const rtp::Packet& packet, Now now);
    void tell_key(Endpoint& endpoint, const rtp::KeyPress& press);
    void listen_for_keys(Endpoint& endpoint, ByteView payload, rtp::Law law);
    void listen_for_keys(Endpoint& endpoint, std::span<const std::int16_t> samples);
    void end_tone(Endpoint& endpoint, Instant now);

    void generate(Endpoint& endpoint, Now now);
    void generate_play(Endpoint& endpoint, Now now);
    void generate_digit(Endpoint& endpoint, Now now);
    void generate_tone(Endpoint& endpoint,
                       const std::optional<rtp::TelephoneEventSender::Step>& step,
                       Now now);
    void transmit(Endpoint& endpoint, const rtp::Header& header, std::size_t payload_size);
    void send_report(Endpoint& endpoint, Now now);
    void end_play(Endpoint& endpoint, PlayEnd reason);
    void schedule(Endpoint& endpoint);
    void schedule_if_busy(Endpoint* endpoint);
    void count_scheduled();

    // worker_hearing.cpp
    [[nodiscard]] Room* find(MixId id) const;
    static void part(Endpoint& endpoint);
    void retune(Room& room);
    void settle(Room& room);
    void mix(Room& room, Instant beat, Now now);
    void send_mix(Room& room, std::size_t first, Seats& served, std::uint32_t rate_hz, Now now);
    void unseat(Endpoint& endpoint);
    void end(Room& room);
    void bridge_out_of_room(Endpoint& a, Endpoint& b, Now now);
    void finish_hearing(Endpoint& hearer, Endpoint& speaker, Now now);

    [[nodiscard]] Endpoint* find(EndpointId id) const;
    void report(WorkerReport report);

    int wake_engine_;
    UniqueFd epoll_;
    UniqueFd wake_;
    SpscRing<WorkerCommand> commands_;
    SpscRing<WorkerReport> reports_;
    AudioRing audio_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::uint64_t> dropped_reports_{0};
    bool has_reported_ = false;

    std::unordered_map<EndpointId, std::unique_ptr<Endpoint>> endpoints_;
    std::unordered_map<MixId, std::unique_ptr<Room>> rooms_;
    std::array<Slot, kSlots> slots_;
    std::array<std::vector<Room*>, kSlots> room_slots_;  ///< Counted in `scheduled_` as well.
    std::size_t scheduled_ = 0;
    std::size_t next_slot_ = 0;
    std::int64_t next_tick_ = 0;  ///< In milliseconds of the monotonic clock.
    Instant next_house_{};
    Instant served_{};  ///< The last wake-up.
    int house_count_ = 0;
    std::array<std::byte, rtp::kMaxPacketBytes> in_buffer_{};
    std::array<std::byte, rtp::kMaxPacketBytes + rtp::kSrtpRoom> out_buffer_{};
    std::array<std::byte, rtp::kMaxPacketBytes> recoded_{};
    std::thread thread_;
};

}  // namespace escucha::media
