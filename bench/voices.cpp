// The sound of many phones: each socket sends 50 packets of PCMU a second to where it is aimed, and knows the longest
// time in which it heard nothing. Driven by lines on standard input; stops at its end.
//
//   open N            prints "ports P1 ... PN"
//   aim I HOST PORT   socket I (from 0) sends there from now on
//   begin             forgets what was heard so far
//   gaps              prints "gaps MS1 ... MSN", each the longest silence since `begin`, the present one included
//   now               prints "now MS1 ... MSN", how long each has heard nothing
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Ms = std::chrono::milliseconds;

constexpr std::size_t kSlots = 20;
constexpr std::size_t kSamples = 160;
constexpr std::size_t kHeader = 12;

struct Voice {
    int fd = -1;
    bool is_aimed = false;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
    Clock::time_point heard{};
    Clock::duration longest{};

    void note(Clock::time_point now) {
        longest = std::max(longest, now - heard);
        heard = now;
    }
};

class Voices {
public:
    Voices() : epoll_{::epoll_create1(0)} { watch(STDIN_FILENO, UINT64_MAX); }

    void run() {
        auto due = Clock::now();
        for (std::size_t slot = 0;; slot = (slot + 1) % kSlots) {
            for (std::size_t i = slot; i < voices_.size(); i += kSlots) speak(voices_[i]);
            due += Ms{1};
            while (Clock::now() < due) {
                const auto left = std::chrono::ceil<Ms>(due - Clock::now());
                if (!serve(static_cast<int>(left.count()))) return;
            }
        }
    }

private:
    void watch(int fd, std::uint64_t tag) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = tag;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    bool serve(int wait_ms) {
        epoll_event events[256];
        const int count = ::epoll_wait(epoll_, events, 256, wait_ms);
        const auto now = Clock::now();
        for (int i = 0; i < count; ++i) {
            if (events[i].data.u64 == UINT64_MAX) {
                if (!read_commands()) return false;
                continue;
            }
            Voice& voice = voices_[events[i].data.u64];
            char packet[2048];
            while (::recv(voice.fd, packet, sizeof packet, MSG_DONTWAIT) >= static_cast<ssize_t>(kHeader)) voice.note(now);
        }
        return true;
    }

    void speak(Voice& voice) {
        voice.timestamp += kSamples;
        if (!voice.is_aimed) return;
        std::uint8_t packet[kHeader + kSamples];
        const std::uint16_t sequence = htons(voice.sequence++);
        const std::uint32_t timestamp = htonl(voice.timestamp);
        packet[0] = 0x80;
        packet[1] = 0;
        std::memcpy(packet + 2, &sequence, 2);
        std::memcpy(packet + 4, &timestamp, 4);
        std::memcpy(packet + 8, &voice.ssrc, 4);
        for (std::size_t i = 0; i < kSamples; ++i) packet[kHeader + i] = i % 16 < 8 ? 0xA0 : 0x20;  // 500 Hz
        ::send(voice.fd, packet, sizeof packet, MSG_DONTWAIT);
    }

    bool read_commands() {
        char text[65536];
        const ssize_t size = ::read(STDIN_FILENO, text, sizeof text);
        if (size <= 0) return false;
        pending_.append(text, static_cast<std::size_t>(size));
        for (std::size_t end = 0; (end = pending_.find('\n')) != std::string::npos; pending_.erase(0, end + 1)) {
            obey(std::istringstream{pending_.substr(0, end)});
        }
        return true;
    }

    void obey(std::istringstream line) {
        std::string word;
        line >> word;
        const auto now = Clock::now();
        if (word == "open") {
            std::size_t count = 0;
            line >> count;
            open(count);
        } else if (word == "aim") {
            std::size_t index = 0;
            std::string host;
            std::uint16_t port = 0;
            line >> index >> host >> port;
            aim(voices_.at(index), host, port);
        } else if (word == "begin") {
            for (Voice& voice : voices_) voice.heard = now, voice.longest = {};
        } else if (word == "gaps" || word == "now") {
            std::cout << word;
            for (const Voice& voice : voices_) {
                const auto silent = now - voice.heard;
                const auto told = word == "now" ? silent : std::max(voice.longest, silent);
                std::cout << ' ' << std::chrono::duration_cast<Ms>(told).count();
            }
            std::cout << std::endl;
        }
    }

    void open(std::size_t count) {
        std::mt19937 random{std::random_device{}()};
        std::cout << "ports";
        for (std::size_t i = 0; i < count; ++i) {
            Voice voice;
            voice.fd = ::socket(AF_INET, SOCK_DGRAM, 0);
            sockaddr_in own{};
            own.sin_family = AF_INET;
            own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            socklen_t length = sizeof own;
            if (::bind(voice.fd, reinterpret_cast<sockaddr*>(&own), length) != 0) throw std::runtime_error{"bind"};
            ::getsockname(voice.fd, reinterpret_cast<sockaddr*>(&own), &length);
            voice.ssrc = static_cast<std::uint32_t>(random());
            voice.heard = Clock::now();
            watch(voice.fd, voices_.size());
            voices_.push_back(voice);
            std::cout << ' ' << ntohs(own.sin_port);
        }
        std::cout << std::endl;
    }

    static void aim(Voice& voice, const std::string& host, std::uint16_t port) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        ::inet_pton(AF_INET, host.c_str(), &to.sin_addr);
        voice.is_aimed = port != 0 && ::connect(voice.fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    }

    int epoll_;
    std::vector<Voice> voices_;
    std::string pending_;
};

}  // namespace

int main() {
    Voices{}.run();
    return 0;
}
