#include "speech_engine/command.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/errc.h"

extern char** environ;

namespace escucha::speech_engine {

namespace {

using Clock = std::chrono::steady_clock;

/// A descriptor that closes itself.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_{fd} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    void reset(int fd) {
        close();
        fd_ = fd;
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

private:
    int fd_ = -1;
};

struct Pipe {
    Descriptor read_end;
    Descriptor write_end;
};

Result<void> open_pipe(Pipe& pipe) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Errc::Io, "pipe");
    pipe.read_end.reset(ends[0]);
    pipe.write_end.reset(ends[1]);
    return ok();
}

/// The engine's standard input. A socket and not a pipe, because only `send` can be told not to
/// raise SIGPIPE when the engine has gone.
Result<void> open_input(Pipe& pipe) {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return fail(Errc::Io, "socketpair");
    }
    pipe.read_end.reset(ends[0]);
    pipe.write_end.reset(ends[1]);
    return ok();
}

class FileActions {
public:
    FileActions() { posix_spawn_file_actions_init(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
    posix_spawn_file_actions_t* get() { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

class Attributes {
public:
    Attributes() {
        posix_spawnattr_init(&attributes_);
        // The server ignores SIGPIPE and blocks others; the engine shall have the usual ones.
        sigset_t all;
        sigfillset(&all);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { posix_spawnattr_destroy(&attributes_); }
    posix_spawnattr_t* get() { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

/// Kills what still runs and always reaps it.
class Child {
public:
    explicit Child(pid_t pid) : pid_{pid} {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        static_cast<void>(wait());
    }
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }
    /// nullopt while it runs.
    std::optional<int> poll_status() {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
        pid_ = -1;
        return status;
    }

private:
    pid_t pid_;
};

Result<pid_t> spawn(const std::vector<std::string>& arguments, const Pipe& in, const Pipe& out) {
    FileActions actions;
    posix_spawn_file_actions_adddup2(actions.get(), in.read_end.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(actions.get(), out.write_end.get(), STDOUT_FILENO);
    posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    Attributes attributes;
    std::vector<std::string> owned = arguments;
    std::vector<char*> argv;
    for (auto& argument : owned) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        ::posix_spawnp(&pid, argv.front(), actions.get(), attributes.get(), argv.data(), environ);
    if (error != 0) {
        return fail(Errc::Unavailable, arguments.front() + ": " + std::strerror(error));
    }
    return pid;
}

int left_ms(Clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    return left.count() < 0 ? 0 : static_cast<int>(left.count());
}

/// Feeds and reads at once, so that neither side waits for the other with a full pipe.
Result<CommandOutput> exchange(Descriptor& to,
                               Descriptor& from,
                               std::string_view input,
                               Clock::time_point until,
                               std::size_t most_bytes) {
    CommandOutput output;
    while (true) {
        const int left = left_ms(until);
        if (left == 0) return fail(Errc::Timeout, "speech engine");
        pollfd polled[2] = {{.fd = from.get(), .events = POLLIN, .revents = 0},
                            {.fd = to.get(), .events = POLLOUT, .revents = 0}};
        const int ready = ::poll(polled, to.is_open() ? 2 : 1, left);
        if (ready < 0 && errno != EINTR) return fail(Errc::Io, "poll");
        if (ready <= 0) continue;
        if (to.is_open() && polled[1].revents != 0) {
            const auto written = ::send(to.get(), input.data(), input.size(), MSG_NOSIGNAL);
            if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
            const bool is_refused = written < 0 && errno != EAGAIN && errno != EINTR;
            if (input.empty() || is_refused) to.close();
        }
        if (polled[0].revents == 0) continue;
        char buffer[16 * 1024];
        const auto size = ::read(from.get(), buffer, sizeof buffer);
        if (size == 0) return output;
        if (size < 0 && errno != EAGAIN && errno != EINTR) return fail(Errc::Io, "read");
        if (size > 0) output.bytes.append(buffer, static_cast<std::size_t>(size));
        if (output.bytes.size() > most_bytes) return fail(Errc::TooLarge, "speech engine output");
    }
}

}  // namespace

Result<CommandOutput> run_command(const std::vector<std::string>& arguments,
                                  std::string_view input,
                                  CommandLimits limits) {
    if (arguments.empty()) return fail(Errc::InvalidArgument, "no command");
    const auto until = Clock::now() + limits.deadline;
    Pipe in;
    Pipe out;
    ESC_TRY(open_input(in));
    ESC_TRY(open_pipe(out));
    ::fcntl(in.write_end.get(), F_SETFL, O_NONBLOCK);
    ESC_TRY(const auto pid, spawn(arguments, in, out));
    Child child{pid};
    in.read_end.close();
    out.write_end.close();
    ESC_TRY(auto output, exchange(in.write_end, out.read_end, input, until, limits.most_bytes));
    // It has closed its output; one that then lingers is not waited for beyond the deadline.
    auto status = child.poll_status();
    while (!status) {
        if (left_ms(until) == 0) return fail(Errc::Timeout, "speech engine");
        ::poll(nullptr, 0, 1);
        status = child.poll_status();
    }
    if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
        return fail(Errc::Unavailable, arguments.front() + " failed");
    }
    return output;
}

}  // namespace escucha::speech_engine
