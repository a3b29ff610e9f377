#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "media/engine/endpoint.h"
#include "media/engine/recorder.h"
#include "media/engine/spsc_ring.h"

namespace escucha::media {

// What the engine tells a worker, checked before: ids exist, groups match, addresses are parsed.
struct AddEndpoint {
    EndpointId endpoint{};
    UniqueFd rtp;
    UniqueFd rtcp;
    StreamSeed seed;
};
struct SetEndpointRemote {
    EndpointId endpoint{};
    rtp::Address address;
    rtp::SourceLock::Rule rule = rtp::SourceLock::Rule::Learn;
    Remote remote;
    bool is_secure = false;
    /// Of a secure leg: take the place of the ones before; absent, those stay.
    std::unique_ptr<Guarded> sealing;
    std::unique_ptr<Guarded> opening;
    std::unique_ptr<audio::ToneListener> tones;  ///< Once, for a peer without RFC 4733.
};
struct StartPlay {
    EndpointId endpoint{};
    std::unique_ptr<Playback> play;
    bool stop_on_digit = false;
};
/// Takes the place of the one before.
struct GiveVoice {
    EndpointId endpoint{};
    std::unique_ptr<Voice> voice;
};
/// `channel` of a recording hears this endpoint; without a tap nothing does.
struct SetTap {
    EndpointId endpoint{};
    std::optional<Tap> tap;
};
using WorkerCommand = std::variant<std::monostate,
                                   AddEndpoint,
                                   SetEndpointRemote,
                                   StartPlay,
                                   StopPlay,
                                   Bridge,
                                   Unbridge,
                                   SendDigits,
                                   SetTap,
                                   GiveVoice,
                                   Destroy,
                                   Stats>;

/// What comes back besides events: what a worker no longer needs is freed by the engine, since
/// freeing is not for a thread with packets to send.
struct Retired {
    std::unique_ptr<Playback> play{};
    std::unique_ptr<Endpoint> endpoint{};
    std::unique_ptr<Voice> voice{};
    std::unique_ptr<Guarded> sealing{};
    std::unique_ptr<Guarded> opening{};
};
struct RecordingHole {
    std::uint64_t number = 0;
};
using WorkerReport = std::variant<std::monostate, Event, Retired, RecordingHole>;

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
    void part(Endpoint& endpoint);
    void schedule(Endpoint& endpoint);
    void schedule_if_busy(Endpoint* endpoint);

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
    std::array<Slot, kSlots> slots_;
    std::size_t scheduled_ = 0;
    std::size_t next_slot_ = 0;
    std::int64_t next_tick_ = 0;  ///< In milliseconds of the monotonic clock.
    Instant next_house_{};
    Instant served_{};  ///< The last wake-up.
    int house_count_ = 0;
    BatchReader reader_;
    std::array<std::byte, rtp::kMaxPacketBytes + rtp::kSrtpRoom> out_buffer_{};
    std::array<std::byte, rtp::kMaxPacketBytes> recoded_{};
    std::thread thread_;
};

}  // namespace escucha::media
