#include <doctest/doctest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "media/engine/detail/test_rig.h"
#include "media/frame_reader.h"
#include "media/protocol.h"

// The program as control meets it: a process, a socket, its death and its return.

extern char** environ;

namespace escucha::media {
namespace {

using namespace test;

const RecordingId kRecording{Uuid{.high = 1, .low = 2}};
constexpr EndpointId kCaller{11};
constexpr EndpointId kAgent{12};

class Control {
public:
    /// Connects as soon as the program listens.
    explicit Control(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), static_cast<char*>(address.sun_path));
        fd_ = UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        REQUIRE(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    void send(const Command& command) {
        Bytes frame;
        encode(with_key(command), frame);
        send_raw(frame);
    }
    void send_raw(const Bytes& bytes) { REQUIRE(try_send(bytes)); }
    bool try_send(const Bytes& bytes) {
        return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
    }
    HelloReply hello() {
        send(Hello{});
        return await<HelloReply>();
    }
    template <typename T>
    T await() {
        const Instant until = read_clocks().mono + kDeadline;
        while (true) {
            auto event = next(until);
            REQUIRE_MESSAGE(event.has_value(), "no such event in time");
            if (const auto* found = std::get_if<T>(&*event)) return *found;
        }
    }
    /// Nothing when the connection ends or the deadline passes.
    std::optional<Event> next(Instant until) {
        while (true) {
            const auto frame = reader_.next();
            REQUIRE(frame.has_value());
            if (frame.value()) return decode_event(*frame.value()).value();
            if (!wait_readable(fd_.get(), until)) return std::nullopt;
            std::array<std::byte, 65'536> buffer{};
            const ssize_t size = ::read(fd_.get(), buffer.data(), buffer.size());
            if (size <= 0) return std::nullopt;
            reader_.feed(ByteView{buffer}.first(static_cast<std::size_t>(size)));
        }
    }
    bool is_closed_by_peer() {
        const Instant until = read_clocks().mono + kDeadline;
        while (next(until)) {
        }
        return read_clocks().mono < until;
    }

private:
    UniqueFd fd_;
    FrameReader reader_;
};

/// The program in its own folder; killed at the end if it still runs.
class Program {
public:
    Program() { start(); }
    ~Program() {
        if (pid_ > 0) kill(SIGKILL);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void start() {
        const std::vector<std::string> arguments{ESCUCHA_MEDIA_PROGRAM,
                                                 "--control-socket",
                                                 socket(),
                                                 "--recordings",
                                                 folder.path("recordings"),
                                                 "--prompts",
                                                 folder.path("prompts"),
                                                 "--rtp-ports",
                                                 "32200-32399",
                                                 "--workers",
                                                 "1"};
        std::vector<char*> argv;
        for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions,
                                           STDERR_FILENO,
                                           folder.path("log").c_str(),
                                           O_CREAT | O_APPEND | O_WRONLY,
                                           0600);
        REQUIRE(::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) == 0);
        ::posix_spawn_file_actions_destroy(&actions);
        await_socket();
    }
    int kill(int signal) {
        ::kill(pid_, signal);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }
    void signal(int signal) const { ::kill(pid_, signal); }
    int wait() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }
    [[nodiscard]] std::string socket() const { return folder.path("media.sock"); }

    TempFolder folder;

private:
    // A fresh process: waits until connecting works, on the clock, since there is nothing to poll.
    void await_socket() const {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = socket();
        std::copy(path.begin(), path.end(), static_cast<char*>(address.sun_path));
        const Instant until = read_clocks().mono + kDeadline;
        Beat beat;
        while (true) {
            const UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
            if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
                return;
            REQUIRE(read_clocks().mono < until);
            beat.wait();
        }
    }

    pid_t pid_ = -1;
};

void connect_phone(Control& control, EndpointId id, Phone& phone) {
    control.send(Create{.endpoint = id, .group = CallGroup{1}});
    phone.aim(control.await<Created>().port);
    control.send(SetRemote{.endpoint = id,
                           .ip = "127.0.0.1",
                           .port = phone.port(),
                           .telephone_event_pt = std::uint8_t{101}});
    control.send(Stats{.endpoint = id});
    control.await<StatsReport>();
}

Heard next_packet(Phone& phone) {
    const Instant until = read_clocks().mono + kDeadline;
    while (true) {
        if (auto heard = phone.hear()) return *heard;
        REQUIRE_MESSAGE(wait_readable(phone.fd(), until), "nothing heard in time");
    }
}

/// Runs the program to its end.
int status_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ESCUCHA_MEDIA_PROGRAM);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    REQUIRE(::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0);
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("without its options, or with wrong ones, the program says what it wants") {
    CHECK(status_of({"--help"}) == 0);
    CHECK(status_of({"--version"}) == 0);
    CHECK(status_of({}) == 2);
    CHECK(status_of({"--control-socket"}) == 2);
    CHECK(status_of({"--workers", "0"}) == 2);
    CHECK(status_of({"--rtp-ports", "20000"}) == 2);
    CHECK(status_of({"--opus-bitrate", "5999"}) == 2);
    CHECK(status_of({"--opus-bitrate", "64001"}) == 2);
    CHECK(status_of({"--opus-complexity", "11"}) == 2);
    CHECK(status_of({"--opus-fec", "yes"}) == 2);
    CHECK(status_of({"--nothing", "1"}) == 2);
}

TEST_CASE("the socket is for its owner only, and a second program on it refuses to start") {
    Program program;
    struct stat status {};
    REQUIRE(::stat(program.socket().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(status_of({"--control-socket",
                     program.socket(),
                     "--recordings",
                     program.folder.path("other"),
                     "--prompts",
                     program.folder.path("other")}) == 1);
    Control control{program.socket()};
    CHECK(control.hello().pid > 0);
}

TEST_CASE("media plays on while control is away, keeps what matters, and tells the same start") {
    Program program;
    Phone phone{1};
    write_wav(program.folder.path("prompts/music.wav"), tone(300, 8'000));
    std::uint64_t start_id = 0;
    {
        Control control{program.socket()};
        start_id = control.hello().start_id;
        connect_phone(control, kCaller, phone);
        control.send(Play{.endpoint = kCaller,
                          .play = PlayId{1},
                          .prompts = {"music.wav"},
                          .repeat = Repeat::Forever,
                          .stop_on_digit = true});
        next_packet(phone);
    }
    rtp::Header last = next_packet(phone).header;
    for (int i = 0; i < 20; ++i) {
        const rtp::Header header = next_packet(phone).header;
        CHECK(header.sequence.since(last.sequence) == 1);
        last = header;
    }
    phone.press('4', 101);
    Control again{program.socket()};
    const auto reply = again.hello();
    CHECK(reply.start_id == start_id);
    CHECK(reply.dropped_events == 0);
    CHECK(again.await<PlayEnded>().reason == PlayEnd::Digit);
    CHECK(again.await<Digit>().digit == '4');
    again.send(List{});
    const auto listing = again.await<Listing>();
    REQUIRE(listing.endpoints.size() == 1);
    CHECK(listing.endpoints[0].endpoint == kCaller);
    CHECK_FALSE(listing.endpoints[0].playing);
}

TEST_CASE("a newer control replaces the older, and one that talks nonsense is cut off") {
    Program program;
    Control first{program.socket()};
    first.hello();
    Control second{program.socket()};
    second.hello();
    CHECK(first.is_closed_by_peer());
    second.send_raw(Bytes(64, std::byte{0xFF}));
    CHECK(second.is_closed_by_peer());

    Control silent{program.socket()};
    silent.send(List{});
    CHECK(silent.is_closed_by_peer());
    Control old{program.socket()};
    old.send(Hello{.version = kProtocolVersion + 1});
    CHECK(old.await<HelloReply>().version == kProtocolVersion);
    CHECK(old.is_closed_by_peer());
    Control good{program.socket()};
    good.hello();
}

TEST_CASE(
    "a control that does not read is cut off; the newest it missed is kept, the rest counted") {
    Program program;
    {
        Control deaf{program.socket()};
        deaf.hello();
        Bytes many;
        for (int i = 0; i < 1'000; ++i) encode(Command{Stats{.endpoint = EndpointId{99}}}, many);
        int sent = 0;
        // Each is answered by a Failed of 35 bytes; 4 MiB and the kernel's buffer take 130 of
        // these.
        while (sent < 400 && deaf.try_send(many)) ++sent;
        CHECK(sent > 100);
        CHECK(sent < 400);
    }
    Control control{program.socket()};
    CHECK(control.hello().dropped_events > 10'000);
    int kept = 0;
    control.send(List{});
    const Instant until = read_clocks().mono + kDeadline;
    while (true) {
        const auto event = control.next(until);
        REQUIRE(event.has_value());
        if (std::holds_alternative<Listing>(*event)) break;
        ++kept;
    }
    CHECK(kept == 4'096);
}

TEST_CASE(
    "kill -9 loses less than a second of a recording, and the next start mends and tells it") {
    Program program;
    Phone caller{1};
    Phone agent{2};
    Beat beat;
    const auto voice = tone(500, 24'000);
    std::uint64_t start_id = 0;
    {
        Control control{program.socket()};
        start_id = control.hello().start_id;
        connect_phone(control, kCaller, caller);
        connect_phone(control, kAgent, agent);
        control.send(
            Record{.recording = kRecording, .path = "a/b.rec", .left = kCaller, .right = kAgent});
        control.await<RecordStarted>();
        for (std::size_t at = 0; at < voice.size();) {
            for (auto due = beat.wait(); due > 0 && at < voice.size(); --due, at += 160) {
                caller.say(rtp::Law::Mu, std::span{voice}.subspan(at, 160));
            }
        }
        program.kill(SIGKILL);
    }
    program.start();
    Control control{program.socket()};
    CHECK(control.hello().start_id != start_id);
    const auto ended = control.await<RecordEnded>();
    CHECK(ended.recording == kRecording);
    CHECK(ended.reason == RecordEnd::Interrupted);
    CHECK_FALSE(ended.complete);
    // Three seconds were said.
    CHECK(ended.duration_ms > 2'000);
    const auto left = read_channel(program.folder.path("recordings/a/b.rec"), 0, 2);
    CHECK(level(std::span{left}.subspan(8'000, 7'200), 500) > 5'000);
    control.send(List{});
    const auto listing = control.await<Listing>();
    CHECK(listing.endpoints.empty());
    CHECK(listing.ended.size() == 1);
}

TEST_CASE("a first SIGTERM lets calls end and takes no new ones; then the program is gone") {
    Program program;
    Phone phone{1};
    Control control{program.socket()};
    control.hello();
    connect_phone(control, kCaller, phone);
    control.send(Record{.recording = kRecording, .path = "a.rec", .left = kCaller});
    control.await<RecordStarted>();
    program.signal(SIGTERM);
    // Asked until the signal has arrived.
    const Instant until = read_clocks().mono + kDeadline;
    for (std::uint64_t id = 100; read_clocks().mono < until; ++id) {
        control.send(Create{.endpoint = EndpointId{id}, .group = CallGroup{1}});
        auto answer = control.next(until);
        REQUIRE(answer.has_value());
        if (const auto* refused = std::get_if<Failed>(&*answer)) {
            CHECK(refused->detail == "stopping");
            break;
        }
        control.send(Destroy{.endpoint = EndpointId{id}});
        control.await<Destroyed>();
    }
    control.send(Destroy{.endpoint = kCaller});
    control.await<Destroyed>();
    const int status = program.wait();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(::access(program.socket().c_str(), F_OK) != 0);
    CHECK(::access(program.folder.path("recordings/a.rec.json").c_str(), F_OK) == 0);
}

}  // namespace escucha::media
