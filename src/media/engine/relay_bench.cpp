// What a call costs the media engine, beside the least a relay can cost on this machine in this
// run.
//
//     escucha_relay_bench [CALLS] [SECONDS] [SCENARIO]        (300, 10, all of them)
//
// A forked generator on CPU 1 sends every leg 50 packets of 172 bytes a second, spread over the 20
// ms, and counts what comes back; the measured side runs on CPU 0. One line of JSON a scenario:
// `bare` is a loop of epoll_wait, recv and send on connected sockets that looks at nothing; the
// others are the engine with one worker. A call has two legs, in `prompt` one that hears music
// while it speaks, in `mix` eight that all talk at once: there compare what a heard packet costs.
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "media/engine/engine.h"
#include "media/engine/udp.h"
#include "media/wav.h"
#include "rtp/packet.h"

namespace {

using namespace escucha;
using namespace escucha::media;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kPacketBytes = rtp::kHeaderBytes + 160;
constexpr std::uint16_t kServerBase = 10'000;
constexpr std::uint16_t kPhoneBase = 34'000;
constexpr std::size_t kSlots = 20;

rtp::Address loopback(std::size_t port) {
    return parse_address("127.0.0.1", static_cast<std::uint16_t>(port)).value();
}

void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds_of = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/// What the generator tells through its pipe.
struct Tally {
    std::uint64_t sent = 0;
    std::uint64_t heard = 0;
    double p50_ms = 0;
    double p99_ms = 0;
};

/// `legs` phones; phone i talks with server port `ports[i]`.
class Generator {
public:
    explicit Generator(const std::vector<std::uint16_t>& ports) {
        epoll_ = UniqueFd{::epoll_create1(0)};
        for (std::size_t i = 0; i < ports.size(); ++i) {
            sockets_.push_back(bind_udp(loopback(kPhoneBase + 2 * i)));
            ESC_CHECK(static_cast<bool>(sockets_.back()));
            targets_.push_back(to_socket(loopback(ports[i])));
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, sockets_.back().get(), &event);
        }
    }
    Tally run(Duration length) {
        const Instant start = read_clocks().mono;
        Instant tick = start;
        for (std::size_t slot = 0; tick - start < length; slot = (slot + 1) % kSlots) {
            if (slot == 0) ++sequence_;
            for (std::size_t i = slot; i < sockets_.size(); i += kSlots) send_packet(i);
            tick += milliseconds{1};
            listen_until(tick);
        }
        listen_until(tick + milliseconds{200});
        std::sort(delays_us_.begin(), delays_us_.end());
        if (!delays_us_.empty()) {
            tally_.p50_ms = delays_us_[delays_us_.size() / 2] / 1e3;
            tally_.p99_ms = delays_us_[delays_us_.size() * 99 / 100] / 1e3;
        }
        return tally_;
    }

private:
    void send_packet(std::size_t i) {
        std::array<std::byte, kPacketBytes> packet{};
        rtp::write({.payload_type = 0,
                    .sequence = {sequence_},
                    .timestamp = {sequence_ * 160U},
                    .ssrc = static_cast<std::uint32_t>(i + 1)},
                   std::span{packet}.first<rtp::kHeaderBytes>());
        const std::int64_t now = read_clocks().mono.time_since_epoch().count();
        std::memcpy(packet.data() + rtp::kHeaderBytes, &now, sizeof now);
        if (send(sockets_[i].get(), packet, targets_[i])) ++tally_.sent;
    }
    void listen_until(Instant until) {
        std::array<epoll_event, 256> events{};
        while (true) {
            const auto left = until - read_clocks().mono;
            const timespec limit{.tv_sec = 0,
                                 .tv_nsec = std::max<std::int64_t>(0, left.count()) * 1'000};
            const int count = ::epoll_pwait2(epoll_.get(), events.data(), 256, &limit, nullptr);
            for (int e = 0; e < count; ++e) hear(events[static_cast<std::size_t>(e)].data.u64);
            if (left <= Duration::zero()) return;
        }
    }
    void hear(std::size_t i) {
        std::array<std::byte, rtp::kMaxPacketBytes> buffer;
        while (const auto received = receive(sockets_[i].get(), buffer)) {
            if (received->size != kPacketBytes) continue;
            ++tally_.heard;
            std::int64_t then = 0;
            std::memcpy(&then, buffer.data() + rtp::kHeaderBytes, sizeof then);
            const std::int64_t delay = read_clocks().mono.time_since_epoch().count() - then;
            if (delay >= 0 && delay < 1'000'000) delays_us_.push_back(static_cast<double>(delay));
        }
    }

    UniqueFd epoll_;
    std::vector<UniqueFd> sockets_;
    std::vector<SocketAddress> targets_;
    std::uint16_t sequence_ = 0;
    Tally tally_;
    std::vector<double> delays_us_;
};

/// Runs the generator in a process of its own and `serve` here until it is done.
template <typename Serve>
Tally against_generator(const std::vector<std::uint16_t>& ports, seconds length, Serve serve) {
    std::array<int, 2> pipe{};
    ESC_CHECK(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();
    ESC_CHECK(child >= 0);
    if (child == 0) {
        pin(1);
        const Tally tally = Generator{ports}.run(length);
        [[maybe_unused]] const ssize_t written = ::write(pipe[1], &tally, sizeof tally);
        ::_exit(0);
    }
    serve(pipe[0]);
    Tally tally;
    ESC_CHECK(::read(pipe[0], &tally, sizeof tally) == sizeof tally);
    ::waitpid(child, nullptr, 0);
    ::close(pipe[0]);
    ::close(pipe[1]);
    return tally;
}

void print(
    const char* scenario, std::size_t calls, seconds length, const Tally& tally, double cpu) {
    const double minutes = static_cast<double>(calls) * static_cast<double>(length.count()) / 60;
    std::printf(
        "{\"scenario\": \"%s\", \"calls\": %zu, \"sent\": %lu, \"heard\": %lu, \"cpu_s\": %.3f, "
        "\"us_per_heard_packet\": %.2f, \"cpu_s_per_call_minute\": %.4f, \"p50_ms\": %.2f, "
        "\"p99_ms\": %.2f}\n",
        scenario,
        calls,
        tally.sent,
        tally.heard,
        cpu,
        cpu / static_cast<double>(tally.heard) * 1e6,
        cpu / minutes,
        tally.p50_ms,
        tally.p99_ms);
    std::fflush(stdout);
}

void bare(std::size_t calls, seconds length) {
    const std::size_t legs = calls * 2;
    const UniqueFd epoll{::epoll_create1(0)};
    std::vector<UniqueFd> sockets;
    std::vector<std::uint16_t> ports;
    const auto watch = [&](int fd, std::uint64_t tag) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = tag;
        ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event);
    };
    for (std::size_t i = 0; i < legs; ++i) {
        ports.push_back(static_cast<std::uint16_t>(kServerBase + 2 * i));
        sockets.push_back(bind_udp(loopback(ports.back())));
        const SocketAddress phone = to_socket(loopback(kPhoneBase + 2 * i));
        ::connect(
            sockets.back().get(), reinterpret_cast<const sockaddr*>(&phone.storage), phone.length);
        watch(sockets.back().get(), i);
    }
    const double before = cpu_seconds();
    const Tally tally = against_generator(ports, length, [&](int done) {
        watch(done, legs);
        std::array<epoll_event, 512> events{};
        std::array<std::byte, rtp::kMaxPacketBytes> buffer;
        while (true) {
            const int count = ::epoll_wait(epoll.get(), events.data(), 512, -1);
            for (int e = 0; e < count; ++e) {
                const std::size_t i = events[static_cast<std::size_t>(e)].data.u64;
                if (i == legs) return;
                const ssize_t size = ::recv(sockets[i].get(), buffer.data(), buffer.size(), 0);
                if (size > 0) {
                    ::send(sockets[i ^ 1U].get(), buffer.data(), static_cast<std::size_t>(size), 0);
                }
            }
        }
    });
    print("bare", calls, length, tally, cpu_seconds() - before);
}

enum class Scenario { Bridge, Transcode, Record, Prompt, Mix };
constexpr std::array<std::pair<Scenario, const char*>, 5> kScenarios{{
    {Scenario::Bridge, "bridge"},
    {Scenario::Transcode, "transcode"},
    {Scenario::Record, "record"},
    {Scenario::Prompt, "prompt"},
    {Scenario::Mix, "mix"},
}};

std::size_t legs_of(Scenario scenario) {
    if (scenario == Scenario::Mix) return kMaxMixMembers;
    return scenario == Scenario::Prompt ? 1 : 2;
}

class Bench {
public:
    explicit Bench(const std::string& folder) {
        EngineConfig config;
        config.port_low = kServerBase;
        config.port_high = kServerBase + 16'000;
        config.recordings = folder + "/recordings";
        config.prompts = folder + "/prompts";
        engine_ = std::move(Engine::start(config)).value();
        std::ofstream file{folder + "/prompts/music.wav", std::ios::binary};
        const auto header = wav_header(1, 160'000);
        file.write(reinterpret_cast<const char*>(header.data()), header.size());
        file << std::string(160'000, 'x');
    }

    void run(Scenario scenario, const char* name, std::size_t calls, seconds length) {
        const std::size_t legs_per_call = legs_of(scenario);
        std::vector<std::uint16_t> ports;
        for (std::size_t call = 0; call < calls; ++call) {
            for (std::size_t leg = 0; leg < legs_per_call; ++leg) {
                ports.push_back(add_leg(scenario, call, leg, ports.size()));
            }
            join(scenario, call);
        }
        const double before = cpu_seconds();
        const Tally tally = against_generator(ports, length, [&](int done) {
            std::vector<Event> events;
            std::array<pollfd_t, 2> items{pollfd_t{done, POLLIN, 0},
                                          pollfd_t{engine_->event_fd(), POLLIN, 0}};
            while (::poll(items.data(), items.size(), -1) > 0 && items[0].revents == 0) {
                engine_->collect(read_clocks(), events);
                events.clear();
            }
        });
        print(name, calls, length, tally, cpu_seconds() - before);
    }

private:
    using pollfd_t = struct pollfd;

    static EndpointId id(std::size_t call, std::size_t leg) {
        return EndpointId{call * kMaxMixMembers + leg + 1};
    }
    void command(const Command& c) {
        std::vector<Event> events;
        engine_->handle(c, read_clocks(), events);
        for (const Event& event : events) {
            if (const auto* created = std::get_if<Created>(&event)) port_ = created->port;
            ESC_CHECK(!std::holds_alternative<Failed>(event));
            ESC_CHECK(!std::holds_alternative<MixFailed>(event));
        }
    }
    std::uint16_t add_leg(Scenario scenario, std::size_t call, std::size_t leg, std::size_t phone) {
        command(Create{.endpoint = id(call, leg), .group = CallGroup{call}});
        const bool is_other_law = scenario == Scenario::Transcode && leg == 1;
        command(SetRemote{.endpoint = id(call, leg),
                          .ip = "127.0.0.1",
                          .port = static_cast<std::uint16_t>(kPhoneBase + 2 * phone),
                          .codec = is_other_law ? Codec::Pcma : Codec::Pcmu});
        return port_;
    }
    void join(Scenario scenario, std::size_t call) {
        if (scenario == Scenario::Prompt) {
            command(Play{.endpoint = id(call, 0),
                         .play = PlayId{1},
                         .prompts = {"music.wav"},
                         .repeat = Repeat::Forever});
            return;
        }
        if (scenario == Scenario::Mix) {
            Mix mix{.mix = MixId{call + 1}, .members = {}};
            for (std::size_t leg = 0; leg < kMaxMixMembers; ++leg) {
                mix.members.push_back({.endpoint = id(call, leg)});
            }
            command(mix);
            return;
        }
        command(Bridge{.a = id(call, 0), .b = id(call, 1)});
        if (scenario != Scenario::Record) return;
        command(Record{.recording = RecordingId{Uuid{.high = 1, .low = call + 1}},
                       .path = std::to_string(call) + ".rec",
                       .left = id(call, 0),
                       .right = id(call, 1),
                       .key = {1}});
    }

    std::unique_ptr<Engine> engine_;
    std::uint16_t port_ = 0;
};

void engine(Scenario scenario, const char* name, std::size_t calls, seconds length) {
    std::string folder = std::filesystem::temp_directory_path() / "escucha-bench-XXXXXX";
    ESC_CHECK(::mkdtemp(folder.data()) != nullptr);
    Bench{folder}.run(scenario, name, calls, length);
    std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t calls = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 300;
    const seconds length{argc > 2 ? std::strtol(argv[2], nullptr, 10) : 10};
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    pin(0);
    const std::string_view only = argc > 3 ? argv[3] : "";
    if (only.empty() || only == "bare") bare(calls, length);
    for (const auto& [scenario, name] : kScenarios) {
        if (!only.empty() && only != name) continue;
        const std::size_t rooms = std::max<std::size_t>(1, calls / kMaxMixMembers);
        engine(scenario, name, scenario == Scenario::Mix ? rooms : calls, length);
    }
    return 0;
}
