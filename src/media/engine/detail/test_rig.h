#pragma once

#include <poll.h>
#include <sys/timerfd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "media/engine/engine.h"
#include "media/engine/udp.h"
#include "media/protocol.h"
#include "media/wav.h"
#include "recording/sealed.h"
#include "rtp/g711.h"
#include "rtp/packet.h"
#include "rtp/srtp.h"
#include "rtp/telephone_event.h"

// What the tests of the engine and of the program share: a phone with real sockets, tones and the
// ear for them, a folder that goes away.

// size: one rig, so that each test reads as one story.
namespace escucha::media::test {

inline constexpr std::chrono::seconds kDeadline{10};

class TempFolder {
public:
    TempFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "escucha-media-XXXXXX";
        ESC_CHECK(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TempFolder() { std::filesystem::remove_all(path_); }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::string path(const std::string& name = {}) const {
        return path_ + "/" + name;
    }

private:
    std::string path_;
};

inline std::vector<std::int16_t> tone(double hertz, std::size_t samples, double amplitude = 8'000) {
    std::vector<std::int16_t> result(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        const double phase = 2 * std::numbers::pi * hertz * static_cast<double>(i) / kSampleRateHz;
        result[i] = static_cast<std::int16_t>(std::lround(amplitude * std::sin(phase)));
    }
    return result;
}

/// The amplitude of one frequency (Goertzel).
inline double level(std::span<const std::int16_t> samples, double hertz) {
    const double w = 2 * std::numbers::pi * hertz / kSampleRateHz;
    double s1 = 0;
    double s2 = 0;
    for (const std::int16_t sample : samples) {
        const double s = sample + 2 * std::cos(w) * s1 - s2;
        s2 = s1;
        s1 = s;
    }
    const double power = s1 * s1 + s2 * s2 - 2 * std::cos(w) * s1 * s2;
    return 2 * std::sqrt(std::max(0.0, power)) / static_cast<double>(samples.size());
}

inline void write_wav(const std::string& path, std::span<const std::int16_t> samples) {
    std::ofstream file{path, std::ios::binary};
    const auto header = wav_header(1, samples.size_bytes());
    file.write(reinterpret_cast<const char*>(header.data()), header.size());
    file.write(reinterpret_cast<const char*>(samples.data()),
               static_cast<std::streamsize>(samples.size_bytes()));
}

/// What every recording of a test is sealed with.
inline constexpr std::array<std::uint8_t, 32> kTestKey{7, 7, 7};
inline Command with_key(Command command) {
    if (auto* record = std::get_if<Record>(&command)) record->key = kTestKey;
    return command;
}

/// The samples of one channel of a recording, every seal checked.
inline std::vector<std::int16_t> read_channel(const std::string& path,
                                              std::size_t channel,
                                              std::size_t channels) {
    auto source = recording::open_file(path);
    ESC_CHECK(source.has_value());
    Bytes header(recording::kFixedHeaderBytes);
    ESC_CHECK(source.value()->read(0, header).has_value());
    const auto layout = recording::Layout::decode(header);
    ESC_CHECK(layout.has_value() && layout.value().channels == channels);
    auto reader = recording::SealedReader::open(
        std::move(source).value(), recording::DataKey{kTestKey}, layout.value());
    ESC_CHECK(reader.has_value());
    std::vector<std::int16_t> all(reader.value().data_bytes() / 2);
    ESC_CHECK(reader.value().read(0, std::as_writable_bytes(std::span{all})).value() ==
              all.size() * 2);
    std::vector<std::int16_t> result;
    for (std::size_t i = channel; i < all.size(); i += channels) result.push_back(all[i]);
    return result;
}

/// One packet as the phone hears it.
struct Heard {
    rtp::Header header;
    Bytes payload;
    Instant at{};
};

/// A phone's media: an RTP socket, a stream to send, an ear.
class Phone {
public:
    explicit Phone(std::uint32_t ssrc) : ssrc_{ssrc} {
        socket_ = bind_udp(parse_address("127.0.0.1", 0).value());
        ESC_CHECK(static_cast<bool>(socket_));
        sockaddr_storage own{};
        socklen_t length = sizeof own;
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &length);
        port_ = from_socket(own).port;
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int fd() const { return socket_.get(); }
    /// From here on in SRTP; the keys as the engine has them.
    void guard(const SrtpKeys& of_engine) {
        sealing_ = std::make_unique<rtp::SrtpDirection>(of_engine.receive);
        opening_ = std::make_unique<rtp::SrtpDirection>(of_engine.send);
    }
    /// From here on in clear.
    void unguard() {
        sealing_.reset();
        opening_.reset();
    }
    /// Sends the last packet once more, as it was or with a bit of it turned.
    void repeat() { send(socket_.get(), last_, target_); }
    void damage() {
        last_.at(last_.size() / 2) ^= std::byte{1};
        repeat();
    }
    void aim(std::uint16_t port) { target_ = to_socket(parse_address("127.0.0.1", port).value()); }

    void say(rtp::Law law, std::span<const std::int16_t> samples) {
        Bytes packet(rtp::kHeaderBytes + samples.size());
        rtp::encode(law, samples, std::span{packet}.subspan(rtp::kHeaderBytes));
        send_packet(packet, law == rtp::Law::Mu ? 0 : 8, timestamp_);
        timestamp_ += static_cast<std::uint32_t>(samples.size());
    }
    /// A packet of any codec.
    void say(std::uint8_t payload_type, ByteView payload, std::uint32_t ticks) {
        Bytes packet(rtp::kHeaderBytes);
        packet.insert(packet.end(), payload.begin(), payload.end());
        send_packet(packet, payload_type, timestamp_);
        timestamp_ += ticks;
    }
    /// Packets that never arrive.
    void lose(std::uint16_t packets) {
        sequence_ = static_cast<std::uint16_t>(sequence_ + packets);
        timestamp_ += packets * 160U;
    }
    void press(char key, std::uint8_t payload_type, int packets = 5, int ticks_per_packet = 160) {
        for (int i = 1; i <= packets + 2; ++i) {
            const auto ticks = static_cast<std::uint16_t>(ticks_per_packet * std::min(i, packets));
            const auto payload = rtp::EventPayload{.event = rtp::event_of(key).value(),
                                                   .is_end = i >= packets,
                                                   .volume = 10,
                                                   .duration = ticks}
                                     .print();
            Bytes packet(rtp::kHeaderBytes);
            packet.insert(packet.end(), payload.begin(), payload.end());
            send_packet(packet, payload_type, timestamp_);
        }
        timestamp_ += static_cast<std::uint32_t>(ticks_per_packet * packets);
    }

    std::optional<Heard> hear() {
        std::array<std::byte, rtp::kMaxPacketBytes> buffer{};
        const auto received = receive(socket_.get(), buffer);
        if (!received) return std::nullopt;
        std::optional<std::size_t> size = received->size;
        if (opening_) size = opening_->unprotect_rtp(std::span{buffer}.first(*size));
        ESC_CHECK(size.has_value());
        const auto packet = rtp::parse(ByteView{buffer}.first(*size));
        ESC_CHECK(packet.has_value());
        return Heard{
            packet->header, {packet->payload.begin(), packet->payload.end()}, read_clocks().mono};
    }

private:
    void send_packet(Bytes& packet, std::uint8_t payload_type, std::uint32_t timestamp) {
        rtp::write({.payload_type = payload_type,
                    .marker = false,
                    .sequence = {sequence_++},
                    .timestamp = {timestamp},
                    .ssrc = ssrc_},
                   std::span<std::byte, rtp::kHeaderBytes>{packet.data(), rtp::kHeaderBytes});
        if (sealing_) {
            const std::size_t size = packet.size();
            packet.resize(size + rtp::kSrtpRoom);
            packet.resize(sealing_->protect_rtp(packet, size).value());
        }
        last_ = packet;
        send(socket_.get(), packet, target_);
    }

    std::uint32_t ssrc_;
    std::uint16_t sequence_ = 65'530;
    std::uint32_t timestamp_ = 0xFFFF'FF00U;
    std::uint16_t port_ = 0;
    UniqueFd socket_;
    SocketAddress target_;
    Bytes last_;
    std::unique_ptr<rtp::SrtpDirection> sealing_;
    std::unique_ptr<rtp::SrtpDirection> opening_;
};

/// Waits on the descriptor, at most until the deadline; false when it passed.
inline bool wait_readable(int fd, Instant until) {
    const auto left = until - read_clocks().mono;
    if (left <= Duration::zero()) return false;
    pollfd item{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&item, 1, static_cast<int>(left.count() / 1000) + 1) > 0;
}

/// The same for either of two.
inline bool wait_readable(int a, int b, Instant until) {
    const auto left = until - read_clocks().mono;
    if (left <= Duration::zero()) return false;
    std::array<pollfd, 2> items{pollfd{.fd = a, .events = POLLIN, .revents = 0},
                                pollfd{.fd = b, .events = POLLIN, .revents = 0}};
    return ::poll(items.data(), items.size(), static_cast<int>(left.count() / 1000) + 1) > 0;
}

/// A beat to speak on: expires every 20 ms, is waited for like a socket.
class Beat {
public:
    Beat() : timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)} {
        itimerspec spec{};
        spec.it_interval.tv_nsec = 20'000'000;
        spec.it_value.tv_nsec = 1;
        ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
    }
    /// Waits for the next beat; how many have passed since the last wait, on a busy machine.
    std::uint64_t wait() {
        std::uint64_t beats = 0;
        ESC_CHECK(::read(timer_.get(), &beats, sizeof beats) == sizeof beats);
        return beats;
    }

private:
    UniqueFd timer_;
};

}  // namespace escucha::media::test
