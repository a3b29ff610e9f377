#include "media/engine/worker.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <bit>
#include <ctime>
#include <utility>

#include "audio/comfort_noise.h"
#include "base/check.h"
#include "base/thread_name.h"

namespace escucha::media {
namespace {

using Put = rtp::JitterBuffer::Put;

constexpr std::size_t kMaxCommands = 8'192;
constexpr std::size_t kMaxReports = 16'384;
constexpr std::size_t kMaxAudioFrames = 16'384;
constexpr Duration kHouseEvery = std::chrono::milliseconds{100};
constexpr int kHousesPerSecond = 10;
constexpr Duration kIdleWait = std::chrono::seconds{1};
constexpr std::int64_t kMaxTicksBehind = 200;
/// While packets come oftener than this, the thread serves what has gathered in that time at once:
/// a wake-up costs three times what a packet does, and nobody hears four milliseconds.
constexpr Duration kGather = std::chrono::milliseconds{4};

constexpr std::array<std::int16_t, kFrameSamples> kNoSound{};
constexpr std::span<const std::int16_t> kSilence{kNoSound};

timespec to_timespec(Duration duration) {
    return {.tv_sec = duration.count() / 1'000'000,
            .tv_nsec = duration.count() % 1'000'000 * 1'000};
}

// The lowest bit of an epoll tag tells the socket of an endpoint, which is aligned and leaves it.
constexpr std::uintptr_t kRtcpTag = 1;

std::int64_t to_tick(Instant instant) { return instant.time_since_epoch().count() / 1000; }

void watch(int epoll, int fd, std::uintptr_t tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void signal(int event_fd) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_fd, &one, sizeof one);
}

void drain(int event_fd) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(event_fd, &count, sizeof count);
}

}  // namespace

Worker::Worker(int wake_engine)
    : wake_engine_{wake_engine},
      epoll_{::epoll_create1(EPOLL_CLOEXEC)},
      wake_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)},
      commands_{kMaxCommands},
      reports_{kMaxReports},
      audio_{kMaxAudioFrames} {
    ESC_CHECK(epoll_ && wake_);
    watch(epoll_.get(), wake_.get(), 0);
    thread_ = std::thread{[this] { run(); }};
}

Worker::~Worker() {
    stopping_.store(true);
    signal(wake_.get());
    thread_.join();
}

bool Worker::command(WorkerCommand command) {
    if (!commands_.push(std::move(command))) return false;
    signal(wake_.get());
    return true;
}

void Worker::report(WorkerReport report) {
    if (!reports_.push(std::move(report))) {
        dropped_reports_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    has_reported_ = true;
}

void Worker::run() {
    name_this_thread("media-worker");
    std::array<epoll_event, kMaxEvents> events{};
    next_tick_ = to_tick(read_clocks().mono);
    bool is_emptying = false;
    bool is_busy = false;
    while (!stopping_.load(std::memory_order_relaxed)) {
        const Duration wait = is_emptying ? Duration{0} : next_wait(read_clocks().mono);
        const timespec limit = to_timespec(wait);
        const int count = ::epoll_pwait2(epoll_.get(), events.data(), kMaxEvents, &limit, nullptr);
        const Now now = read_clocks();
        if (!is_emptying) is_busy = now.mono - std::exchange(served_, now.mono) < 2 * kGather;
        bool has_commands = false;
        for (int i = 0; i < count; ++i) {
            const std::uintptr_t tag = events[static_cast<std::size_t>(i)].data.u64;
            if (tag == 0) {
                has_commands = true;
            } else if ((tag & kRtcpTag) != 0) {
                receive_rtcp(*std::bit_cast<Endpoint*>(tag & ~kRtcpTag), now);
            } else {
                receive_rtp(*std::bit_cast<Endpoint*>(tag), now);
            }
        }
        // After the packets: a command may end an endpoint that the batch still points to.
        if (has_commands) run_commands(now);
        run_slots(now);
        if (now.mono >= next_house_) keep_house(now);
        if (std::exchange(has_reported_, false)) signal(wake_engine_);
        // Each socket gave one packet, as it nearly always holds; where a burst waits, it tells so.
        is_emptying = count > 0;
        if (is_busy && !is_emptying) {
            const timespec pause = to_timespec(kGather);
            ::clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
        }
    }
}

Duration Worker::next_wait(Instant now) const {
    Duration wait = endpoints_.empty() ? kIdleWait : std::max(Duration{1}, next_house_ - now);
    if (scheduled_ == 0) return wait;
    for (std::int64_t tick = next_tick_; tick < next_tick_ + std::int64_t{kSlots}; ++tick) {
        const auto slot = static_cast<std::size_t>(tick) % kSlots;
        if (slots_[slot].empty() && room_slots_[slot].empty()) continue;
        const Instant due{std::chrono::milliseconds{tick}};
        return std::clamp(due - now, Duration{0}, wait);
    }
    return wait;
}

void Worker::run_commands(Now now) {
    drain(wake_.get());
    WorkerCommand command;
    while (commands_.pop(command)) {
        std::visit([&](auto& c) { handle(c, now); }, command);
        command = std::monostate{};
    }
}

Endpoint* Worker::find(EndpointId id) const {
    const auto found = endpoints_.find(id);
    return found == endpoints_.end() ? nullptr : found->second.get();
}

// ---- Commands ----------------------------------------------------------------------------------

void Worker::handle(AddEndpoint& command, Now now) {
    auto endpoint = std::make_unique<Endpoint>(
        command.endpoint, std::move(command.rtp), std::move(command.rtcp), command.seed);
    endpoint->slot = next_slot_++ % kSlots;
    endpoint->listening_since = now.mono;
    // Spread from the first report on; 5 s is the least interval of RFC 3550 §6.2.
    endpoint->next_report =
        now.mono + std::chrono::milliseconds{2'500 + command.seed.sequence % 2'500};
    const auto tag = std::bit_cast<std::uintptr_t>(endpoint.get());
    watch(epoll_.get(), endpoint->rtp.get(), tag);
    watch(epoll_.get(), endpoint->rtcp.get(), tag | kRtcpTag);
    if (endpoints_.empty()) next_house_ = now.mono + kHouseEvery;
    endpoints_[command.endpoint] = std::move(endpoint);
}

void Worker::handle(SetEndpointRemote& command, Now now) {
    Endpoint* endpoint = find(command.endpoint);
    if (endpoint == nullptr) return;
    endpoint->lock.retarget(command.address, command.rule);
    endpoint->target = to_socket(*endpoint->lock.target());
    if (endpoint->remote && endpoint->remote->codec != command.remote.codec) {
        endpoint->out.interrupt();
    }
    endpoint->remote = command.remote;
    // What it does not replace stays, with its counters and its window.
    if (!command.is_secure || command.sealing) std::swap(endpoint->sealing, command.sealing);
    if (!command.is_secure || command.opening) std::swap(endpoint->opening, command.opening);
    if (command.sealing || command.opening) {
        report(
            Retired{.sealing = std::move(command.sealing), .opening = std::move(command.opening)});
    }
    if (command.tones) endpoint->tones = std::move(command.tones);
    endpoint->out.set_clock(command.remote.clock_hz());
    endpoint->in.set_clock(command.remote.clock_hz());
    endpoint->keys.set_clock(command.remote.telephone_event_hz);
    endpoint->listening_since = now.mono;
    endpoint->is_silent = false;
    schedule_if_busy(endpoint);
    schedule_if_busy(endpoint->peer);
}

void Worker::handle(StartPlay& command, Now) {
    Endpoint* endpoint = find(command.endpoint);
    if (endpoint == nullptr) {
        report(Retired{.play = std::move(command.play)});
        return;
    }
    if (endpoint->play) end_play(*endpoint, PlayEnd::Stopped);
    endpoint->play = std::move(command.play);
    endpoint->stops_on_digit = command.stop_on_digit;
    schedule(*endpoint);
}

void Worker::handle(StopPlay& command, Now) {
    Endpoint* endpoint = find(command.endpoint);
    if (endpoint != nullptr && endpoint->play && endpoint->play->id() == command.play) {
        end_play(*endpoint, PlayEnd::Stopped);
        return;
    }
    report(Event{Failed{.command = wire_type(Command{command}),
                        .endpoint = command.endpoint,
                        .code = FailureCode::NotFound,
                        .detail = "play"}});
}

void Worker::handle(SendDigits& command, Now) {
    Endpoint* endpoint = find(command.endpoint);
    if (endpoint == nullptr || !endpoint->remote) {
        report(Event{Failed{.command = wire_type(Command{command}),
                            .endpoint = command.endpoint,
                            .code = FailureCode::NotNegotiated}});
        return;
    }
    if (endpoint->digits) {
        report(Event{Failed{.command = wire_type(Command{command}),
                            .endpoint = command.endpoint,
                            .code = FailureCode::Busy}});
        return;
    }
    endpoint->digits.emplace(command.digits);
    schedule(*endpoint);
}

void Worker::handle(SetTap& command, Now) {
    Endpoint* endpoint = find(command.endpoint);
    if (endpoint == nullptr) return;
    endpoint->tap = command.tap;
    schedule_if_busy(endpoint);
}

void Worker::handle(GiveVoice& command, Now) {
    if (Endpoint* endpoint = find(command.endpoint)) {
        std::swap(endpoint->voice, command.voice);
        endpoint->is_speaking = false;
        schedule_if_busy(endpoint);
    }
    if (command.voice) report(Retired{.voice = std::move(command.voice)});
}

void Worker::handle(Destroy& command, Now now) {
    const auto found = endpoints_.find(command.endpoint);
    if (found == endpoints_.end()) return;
    std::unique_ptr<Endpoint> endpoint = std::move(found->second);
    endpoints_.erase(found);
    if (endpoint->play) end_play(*endpoint, PlayEnd::Stopped);
    if (endpoint->room != nullptr) {
        unseat(*endpoint);
    } else if (endpoint->peer != nullptr) {
        Endpoint* peer = endpoint->peer;
        part(*endpoint);
        schedule_if_busy(peer);
        report(Event{Unbridged{.a = endpoint->id, .b = peer->id}});
    }
    endpoint->digits.reset();
    if (endpoint->is_scheduled) {
        auto& slot = slots_[endpoint->slot];
        slot.erase(std::find(slot.begin(), slot.end(), endpoint.get()));
        --scheduled_;
    }
    report(Event{Destroyed{.endpoint = endpoint->id, .stats = endpoint->stats(now.mono)}});
    // The sockets close with it, which takes them out of epoll.
    report(Retired{.endpoint = std::move(endpoint)});
}

void Worker::handle(Stats& command, Now now) {
    if (const Endpoint* endpoint = find(command.endpoint)) report(Event{endpoint->stats(now.mono)});
}

void Worker::end_play(Endpoint& endpoint, PlayEnd reason) {
    report(Event{PlayEnded{.endpoint = endpoint.id,
                           .play = endpoint.play->id(),
                           .reason = reason,
                           .played_ms = endpoint.play->played_ms()}});
    report(Retired{.play = std::move(endpoint.play)});
}

void Worker::schedule(Endpoint& endpoint) {
    if (endpoint.is_scheduled) return;
    endpoint.is_scheduled = true;
    slots_[endpoint.slot].push_back(&endpoint);
    count_scheduled();
}

// The slots ran ahead unwatched while nothing was scheduled.
void Worker::count_scheduled() {
    if (scheduled_++ == 0) next_tick_ = to_tick(read_clocks().mono);
}

void Worker::schedule_if_busy(Endpoint* endpoint) {
    if (endpoint != nullptr && endpoint->is_busy()) schedule(*endpoint);
}

// ---- Sending -----------------------------------------------------------------------------------

void Worker::run_slots(Now now) {
    if (scheduled_ == 0) return;
    const std::int64_t current = to_tick(now.mono);
    next_tick_ = std::max(next_tick_, current - kMaxTicksBehind);
    for (; next_tick_ <= current; ++next_tick_) {
        const auto slot = static_cast<std::size_t>(next_tick_) % kSlots;
        const Instant beat{std::chrono::milliseconds{next_tick_}};
        run_slot(slots_[slot], beat, now);
        for (Room* room : room_slots_[slot]) mix(*room, beat, now);
    }
}

void Worker::run_slot(Slot& slot, Instant beat, Now now) {
    for (std::size_t i = 0; i < slot.size();) {
        Endpoint& endpoint = *slot[i];
        generate(endpoint, now);
        if (endpoint.is_decoding() && endpoint.room == nullptr) hear(endpoint, beat, now);
        if (endpoint.is_busy()) {
            ++i;
            continue;
        }
        endpoint.is_scheduled = false;
        slot[i] = slot.back();
        slot.pop_back();
        --scheduled_;
    }
}

void Worker::generate(Endpoint& endpoint, Now now) {
    if (endpoint.digits) {
        generate_digit(endpoint, now);
        return;
    }
    // A play waits for the answer: its beginning is not lost to a peer that is not there yet.
    if (!endpoint.play || !endpoint.remote) return;
    generate_play(endpoint, now);
}

// A leg on hold by its own wish still uses up its prompt: time goes on for the caller's flow.
void Worker::generate_play(Endpoint& endpoint, Now now) {
    const auto payload = std::span{out_buffer_}.subspan(rtp::kHeaderBytes);
    if (endpoint.remote->is_g711()) {
        if (!endpoint.play->fill(endpoint.remote->law(), payload.first(kFrameSamples))) {
            end_play(endpoint, PlayEnd::Finished);
        } else if (endpoint.can_send()) {
            const std::uint8_t type = endpoint.remote->payload_type;
            transmit(
                endpoint, endpoint.out.generated(type, kFrameSamples, now.mono), kFrameSamples);
        }
        return;
    }
    // Prompts are kept in the two laws; the step from there to another codec is not heard.
    const auto kept = std::span{recoded_}.first(kFrameSamples);
    if (!endpoint.play->fill(rtp::Law::Mu, kept)) {
        end_play(endpoint, PlayEnd::Finished);
        return;
    }
    if (!endpoint.can_send() || !endpoint.can_encode()) return;
    std::array<std::int16_t, kFrameSamples> samples;
    rtp::decode(rtp::Law::Mu, kept, samples);
    speak(endpoint, endpoint.voice->encode_narrow(samples, payload), now);
}

void Worker::speak(Endpoint& endpoint, std::size_t payload_size, Now now) {
    if (payload_size == 0) {
        endpoint.out.interrupt();
        return;
    }
    transmit(endpoint,
             endpoint.out.generated(
                 endpoint.remote->payload_type, endpoint.voice->frame_ticks(), now.mono),
             payload_size);
}

// A beat of what this leg's peer says, for whoever cannot take it as it comes.
void Worker::hear(Endpoint& endpoint, Instant beat, Now now) {
    const bool was_speaking = std::exchange(endpoint.is_speaking, endpoint.voice->listen(beat));
    endpoint.recorded_until = endpoint.recorded_until.plus(kFrameSamples);
    if (endpoint.hears_tones()) {
        listen_for_keys(endpoint, endpoint.is_speaking ? endpoint.voice->narrow() : kSilence);
    }
    if (!endpoint.is_speaking) return;
    if (endpoint.tap && !endpoint.remote->is_g711()) record_voice(endpoint, beat);
    if (!endpoint.is_recoded()) return;
    Endpoint& peer = *endpoint.peer;
    if (peer.is_generating() || !peer.can_send() || !peer.can_encode()) return;
    if (!was_speaking) peer.out.interrupt();
    const auto payload = std::span{out_buffer_}.subspan(rtp::kHeaderBytes);
    speak(peer, peer.voice->encode(*endpoint.voice, payload), now);
}

void Worker::generate_digit(Endpoint& endpoint, Now now) {
    const auto step = endpoint.digits->step();
    if (endpoint.can_send() && !endpoint.remote->telephone_event_pt) {
        generate_tone(endpoint, step, now);
    } else if (step && endpoint.can_send()) {
        const std::uint32_t hz = endpoint.remote->telephone_event_hz;
        const auto payload = step->payload.at_clock(rtp::kClockRate, hz).print();
        std::copy(payload.begin(), payload.end(), out_buffer_.begin() + rtp::kHeaderBytes);
        transmit(endpoint,
                 endpoint.out.event(*endpoint.remote->telephone_event_pt, step->is_start, now.mono),
                 payload.size());
    }
    if (!endpoint.digits->is_done()) return;
    endpoint.digits.reset();
    report(Event{DigitsSent{.endpoint = endpoint.id}});
}

// The pauses are sent too: a peer that hears nothing would fill them with what it heard last.
void Worker::generate_tone(Endpoint& endpoint,
                           const std::optional<rtp::TelephoneEventSender::Step>& step,
                           Now now) {
    std::array<std::int16_t, kFrameSamples> samples{};
    if (step && step->pressed_for) {
        const auto key = rtp::key_of(step->payload.event);
        if (key) audio::make_tone(*key, *step->pressed_for, samples);
    }
    const auto payload = std::span{out_buffer_}.subspan(rtp::kHeaderBytes);
    if (!endpoint.remote->is_g711()) {
        if (endpoint.can_encode()) {
            speak(endpoint, endpoint.voice->encode_narrow(samples, payload), now);
        }
        return;
    }
    rtp::encode(endpoint.remote->law(), samples, payload.first(kFrameSamples));
    transmit(endpoint,
             endpoint.out.generated(endpoint.remote->payload_type, kFrameSamples, now.mono),
             kFrameSamples);
}

void Worker::transmit(Endpoint& endpoint, const rtp::Header& header, std::size_t payload_size) {
    const std::span<std::byte> out{out_buffer_};
    rtp::write(header, out.first<rtp::kHeaderBytes>());
    std::optional<std::size_t> size = rtp::kHeaderBytes + payload_size;
    if (endpoint.sealing) size = endpoint.sealing->srtp.protect_rtp(out, *size);
    if (size && send(endpoint.rtp.get(), out.first(*size), endpoint.target)) {
        endpoint.out.count_sent(payload_size);
    } else {
        ++endpoint.unsent;
    }
}

// ---- Receiving ---------------------------------------------------------------------------------

void Worker::receive_rtp(Endpoint& endpoint, Now now) {
    const auto received = receive(endpoint.rtp.get(), in_buffer_);
    if (!received) return;
    const auto datagram = std::span{in_buffer_}.first(received->size);
    if (rtp::looks_like_rtcp(datagram)) {
        on_rtcp(endpoint, datagram, received->from, now);
        return;
    }
    const auto clear = opened(endpoint, datagram, received->from);
    const auto packet = clear ? rtp::parse(*clear) : std::nullopt;
    if (packet) {
        on_rtp(endpoint, *packet, received->from, now);
    } else {
        ++endpoint.refused;
    }
}

// Before anything else, so that only who has the key moves the source lock. Once that is locked
// strangers do not even cost a cipher.
std::optional<ByteView> Worker::opened(Endpoint& endpoint,
                                       std::span<std::byte> datagram,
                                       const rtp::Address& from) {
    if (!endpoint.is_secure()) return datagram;
    if (endpoint.lock.is_locked() && *endpoint.lock.target() != from) return std::nullopt;
    const auto size = endpoint.opening->srtp.unprotect_rtp(datagram);
    if (!size) {
        ++endpoint.unauthentic;
        return std::nullopt;
    }
    return datagram.first(*size);
}

void Worker::on_rtp(Endpoint& endpoint,
                    const rtp::Packet& packet,
                    const rtp::Address& from,
                    Now now) {
    using Verdict = rtp::SourceLock::Verdict;
    const Verdict verdict = endpoint.lock.on_packet(from, packet.header, now.mono);
    if (verdict == Verdict::Refused || !endpoint.remote || endpoint.packets_left == 0) {
        ++endpoint.refused;
        return;
    }
    --endpoint.packets_left;
    if (verdict == Verdict::AcceptedAndLocked) {
        endpoint.target = to_socket(from);
        report(
            Event{SourceLocked{.endpoint = endpoint.id, .ip = ip_text(from), .port = from.port}});
    }
    if (endpoint.in.ssrc() != packet.header.ssrc) endpoint.keys.reset();
    if (std::exchange(endpoint.is_silent, false))
        report(Event{MediaResumed{.endpoint = endpoint.id}});

    const std::uint8_t type = packet.header.payload_type;
    const Remote& remote = *endpoint.remote;
    const bool is_law = remote.is_g711() && (type == 0 || type == 8);
    const bool is_wide = !remote.is_g711() && type == remote.payload_type;
    endpoint.in.on_packet(
        packet.header,
        is_law || is_wide ? rtp::Reception::Kind::Audio : rtp::Reception::Kind::Event,
        now.mono);
    if (is_law) {
        const rtp::Law law = type == 0 ? rtp::Law::Mu : rtp::Law::A;
        if (remote.receives()) on_g711(endpoint, packet, law, now);
    } else if (is_wide) {
        if (remote.receives()) on_wide(endpoint, packet, now);
    } else if (remote.telephone_event_pt == type) {
        if (remote.receives()) on_event(endpoint, packet, now);
    } else if (type == audio::ComfortNoise::kPayloadType && endpoint.is_decoding()) {
        if (endpoint.voice->listener().on_comfort_noise(packet, now.mono) == Put::Refused) {
            ++endpoint.refused;
        }
    } else {
        ++endpoint.refused;
    }
}

void Worker::on_g711(Endpoint& endpoint, const rtp::Packet& packet, rtp::Law law, Now now) {
    if (endpoint.tap) record(endpoint, packet, law, now);
    if (endpoint.hears_tones()) listen_for_keys(endpoint, packet.payload, law);
    if (endpoint.is_decoding()) to_voice(endpoint, packet, law, now);
    Endpoint* peer = endpoint.peer;
    if (peer == nullptr || !peer->remote || !peer->remote->is_g711()) return;
    if (peer->is_generating() || !peer->can_send()) return;
    const std::size_t size = packet.payload.size();
    if (size > out_buffer_.size() - rtp::kHeaderBytes) return;
    const auto header = peer->out.relayed(
        packet.header, peer->remote->payload_type, static_cast<std::uint32_t>(size), now.mono);
    if (!header) return;
    const auto out = std::span{out_buffer_}.subspan(rtp::kHeaderBytes, size);
    rtp::transcode(law, peer->remote->law(), packet.payload, out);
    transmit(*peer, *header, size);
}

// A peer may send the other law than was agreed; its voice knows one.
void Worker::to_voice(Endpoint& endpoint, const rtp::Packet& packet, rtp::Law law, Now now) {
    rtp::Packet own = packet;
    if (law != endpoint.remote->law()) {
        const auto recoded = std::span{recoded_}.first(packet.payload.size());
        rtp::transcode(law, endpoint.remote->law(), packet.payload, recoded);
        own.payload = recoded;
    }
    if (endpoint.voice->listener().on_audio(own, now.mono) == Put::Refused) ++endpoint.refused;
}

void Worker::on_wide(Endpoint& endpoint, const rtp::Packet& packet, Now now) {
    const auto ticks = audio::packet_ticks(to_audio(endpoint.remote->codec), packet.payload);
    if (!ticks) {
        ++endpoint.refused;
        return;
    }
    if (endpoint.is_decoding()) endpoint.voice->listener().on_audio(packet, now.mono);
    Endpoint* peer = endpoint.peer;
    if (peer == nullptr || endpoint.is_recoded()) return;
    const std::size_t size = packet.payload.size();
    if (peer->is_generating() || !peer->can_send()) return;
    if (size > out_buffer_.size() - rtp::kHeaderBytes) return;
    const auto header =
        peer->out.relayed(packet.header, peer->remote->payload_type, *ticks, now.mono);
    if (!header) return;
    std::copy(
        packet.payload.begin(), packet.payload.end(), out_buffer_.begin() + rtp::kHeaderBytes);
    transmit(*peer, *header, size);
}

void Worker::on_event(Endpoint& endpoint, const rtp::Packet& packet, Now now) {
    const auto update = endpoint.keys.on_packet(packet.header.timestamp, packet.payload, now.mono);
    if (update.unfinished) tell_key(endpoint, *update.unfinished);
    if (update.started && endpoint.play && endpoint.stops_on_digit) {
        end_play(endpoint, PlayEnd::Digit);
    }
    if (update.ended) tell_key(endpoint, *update.ended);

    if (endpoint.is_decoding()) endpoint.voice->listener().on_other(packet);
    pass_on_event(endpoint, packet, now);
}

void Worker::pass_on_event(Endpoint& endpoint, const rtp::Packet& packet, Now now) {
    Endpoint* peer = endpoint.peer;
    if (peer == nullptr || peer->is_generating() || !peer->can_send()) return;
    if (endpoint.room != nullptr) {
        // Nobody's but control's. The numbers that are left out are not missed.
        if (!endpoint.is_recoded()) peer->out.interrupt();
        return;
    }
    const auto event = rtp::EventPayload::parse(packet.payload);
    if (!peer->remote->telephone_event_pt || packet.payload.size() != rtp::kEventPayloadBytes)
        return;
    const std::uint8_t type = *peer->remote->telephone_event_pt;
    // Beside a voice of our making the press finds its place by itself.
    const auto header = endpoint.is_recoded()
                            ? peer->out.passed_event(type, packet.header.timestamp, now.mono)
                            : peer->out.relayed(packet.header, type, 0, now.mono);
    if (!header) return;
    const auto payload =
        event->at_clock(endpoint.remote->telephone_event_hz, peer->remote->telephone_event_hz)
            .print();
    std::copy(payload.begin(), payload.end(), out_buffer_.begin() + rtp::kHeaderBytes);
    transmit(*peer, *header, payload.size());
}

void Worker::tell_key(Endpoint& endpoint, const rtp::KeyPress& press) {
    if (endpoint.keys_left == 0) {
        ++endpoint.refused;
        return;
    }
    --endpoint.keys_left;
    report(Event{Digit{.endpoint = endpoint.id,
                       .digit = press.key,
                       .duration_ms = static_cast<std::uint32_t>(press.duration.count())}});
}

void Worker::listen_for_keys(Endpoint& endpoint, ByteView payload, rtp::Law law) {
    std::array<std::int16_t, kFrameSamples> samples;
    while (!payload.empty()) {
        const std::size_t size = std::min(payload.size(), samples.size());
        const auto heard = std::span{samples}.first(size);
        rtp::decode(law, payload.first(size), heard);
        listen_for_keys(endpoint, heard);
        payload = payload.subspan(size);
    }
}

void Worker::listen_for_keys(Endpoint& endpoint, std::span<const std::int16_t> samples) {
    const auto update = endpoint.tones->listen(samples);
    if (update.ended) tell_key(endpoint, *update.ended);
    if (update.started && endpoint.play && endpoint.stops_on_digit) {
        end_play(endpoint, PlayEnd::Digit);
    }
}

// A peer that sends nothing while it is silent ends its last press so.
void Worker::end_tone(Endpoint& endpoint, Instant now) {
    const auto last = endpoint.in.last_packet();
    if (!endpoint.tones || !endpoint.tones->is_pressed() || !last) return;
    if (endpoint.hears_tones() && now - *last < rtp::kLostEndAfter) return;
    constexpr int kFramesToNotice = 4;
    for (int i = 0; i < kFramesToNotice; ++i) listen_for_keys(endpoint, kSilence);
}

void Worker::record(const Endpoint& endpoint, const rtp::Packet& packet, rtp::Law law, Now now) {
    ByteView rest = packet.payload;
    rtp::Timestamp timestamp = packet.header.timestamp;
    while (!rest.empty()) {
        const std::size_t size = std::min(rest.size(), AudioFrame::kMaxSamples);
        AudioFrame frame;
        frame.recording = endpoint.tap->recording;
        frame.source = {packet.header.ssrc, timestamp, now.mono};
        frame.voice = endpoint.tap->voice;
        frame.law = law;
        frame.samples = static_cast<std::uint8_t>(size);
        std::copy_n(rest.begin(), size, frame.payload.begin());
        if (!audio_.push(std::move(frame))) report(RecordingHole{endpoint.tap->recording});
        rest = rest.subspan(size);
        timestamp = timestamp.plus(static_cast<std::int64_t>(size));
    }
}

// The recorder takes G.711 of 8 kHz; the sound is told by when it came, not by when it was played.
void Worker::record_voice(Endpoint& endpoint, Instant beat) {
    AudioFrame frame;
    frame.recording = endpoint.tap->recording;
    frame.source = {endpoint.in.ssrc().value_or(0),
                    endpoint.recorded_until,
                    beat - endpoint.voice->listener().jitter().delay()};
    frame.voice = endpoint.tap->voice;
    frame.law = rtp::Law::Mu;
    frame.samples = static_cast<std::uint8_t>(kFrameSamples);
    rtp::encode(rtp::Law::Mu, endpoint.voice->narrow(), std::span{frame.payload});
    if (!audio_.push(std::move(frame))) report(RecordingHole{endpoint.tap->recording});
}

// ---- RTCP and the rest of the house
// --------------------------------------------------------------

void Worker::receive_rtcp(Endpoint& endpoint, Now now) {
    if (const auto received = receive(endpoint.rtcp.get(), in_buffer_)) {
        on_rtcp(endpoint, std::span{in_buffer_}.first(received->size), received->from, now);
    }
}

void Worker::on_rtcp(Endpoint& endpoint,
                     std::span<std::byte> datagram,
                     const rtp::Address& from,
                     Now now) {
    const auto& target = endpoint.lock.target();
    if (!target || target->ip != from.ip) {
        ++endpoint.refused;
        return;
    }
    std::optional<std::size_t> size = datagram.size();
    if (endpoint.is_secure()) size = endpoint.opening->srtp.unprotect_rtcp(datagram);
    if (!size) ++endpoint.unauthentic;
    const auto reports =
        size ? rtp::parse_rtcp(datagram.first(*size), endpoint.out.ssrc()) : std::nullopt;
    if (!reports) {
        ++endpoint.refused;
        return;
    }
    if (reports->sender) endpoint.in.on_sender_report(*reports->sender, now.mono);
    if (!reports->about_us) return;
    endpoint.peer_lost =
        static_cast<std::uint32_t>(std::max(0, reports->about_us->cumulative_lost));
    if (const auto trip = rtp::round_trip(*reports->about_us, now.wall)) endpoint.round_trip = trip;
}

void Worker::keep_house(Now now) {
    next_house_ = now.mono + kHouseEvery;
    const bool is_new_second = ++house_count_ % kHousesPerSecond == 0;
    for (auto& [id, endpoint] : endpoints_) {
        endpoint->packets_left = std::min(
            kMaxPacketsPerSecond, endpoint->packets_left + kMaxPacketsPerSecond / kHousesPerSecond);
        if (is_new_second) endpoint->keys_left = kMaxKeysPerSecond;
        if (const auto press = endpoint->keys.wake(now.mono)) tell_key(*endpoint, *press);
        end_tone(*endpoint, now.mono);
        if (!endpoint->remote) continue;
        endpoint->watch_one_way(now.mono);
        if (now.mono >= endpoint->next_report) send_report(*endpoint, now);
        const Duration timeout = endpoint->remote->media_timeout;
        if (timeout == Duration::zero() || endpoint->is_silent || !endpoint->remote->receives()) {
            continue;
        }
        const Instant heard =
            std::max(endpoint->in.last_packet().value_or(Instant{}), endpoint->listening_since);
        if (now.mono - heard < timeout) continue;
        endpoint->is_silent = true;
        report(Event{MediaTimeout{
            .endpoint = id,
            .silent_ms = static_cast<std::uint32_t>((now.mono - heard).count() / 1000)}});
    }
}

void Worker::send_report(Endpoint& endpoint, Now now) {
    // Half to one and a half times the interval, by a cheap spread (RFC 3550 §6.3.1).
    const auto spread =
        (endpoint.out.ssrc() ^ static_cast<std::uint32_t>(endpoint.in.received())) % 5'000;
    endpoint.next_report = now.mono + std::chrono::milliseconds{2'500 + spread};
    rtp::Address to = *endpoint.lock.target();
    const bool is_shared = endpoint.remote->rtcp_port == to.port;
    if (!is_shared) {
        const bool is_told = endpoint.remote->rtcp_port != 0;
        to.port = is_told ? endpoint.remote->rtcp_port : static_cast<std::uint16_t>(to.port + 1);
    }
    rtp::OwnReport own{.ssrc = endpoint.out.ssrc(),
                       .sender = std::nullopt,
                       .reception = endpoint.in.report(now.mono),
                       .cname = "escucha"};
    if (endpoint.out.packets() > 0) {
        own.sender =
            rtp::SenderReport{.ssrc = endpoint.out.ssrc(),
                              .ntp = rtp::to_ntp(now.wall),
                              .timestamp = endpoint.out.timestamp_at(now.mono),
                              .packets = static_cast<std::uint32_t>(endpoint.out.packets()),
                              .octets = static_cast<std::uint32_t>(endpoint.out.octets())};
    }
    std::array<std::byte, rtp::kMaxRtcpBytes + rtp::kSrtpRoom> buffer{};
    std::optional<std::size_t> size =
        rtp::build_rtcp(own, std::span{buffer}.first<rtp::kMaxRtcpBytes>());
    if (endpoint.sealing) size = endpoint.sealing->srtp.protect_rtcp(buffer, *size);
    const int fd = is_shared ? endpoint.rtp.get() : endpoint.rtcp.get();
    if (size) send(fd, ByteView{buffer}.first(*size), to_socket(to));
}

}  // namespace escucha::media
