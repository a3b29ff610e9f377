#include "media/engine/control_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/errc.h"
#include "base/log.h"

namespace escucha::media {
namespace {

constexpr std::size_t kReadBytes = 64UL * 1024;
constexpr int kBacklog = 4;
constexpr int kTickMs = 200;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), static_cast<char*>(address.sun_path));
    return address;
}

bool answers(const sockaddr_un& address) {
    const UniqueFd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

void watch(int epoll, int fd, std::uint32_t events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll, operation, fd, &event);
}

/// What a control that comes back must hear; the rest it learns from List.
bool matters(const Event& event) {
    return !std::holds_alternative<HelloReply>(event) && !std::holds_alternative<Listing>(event) &&
           !std::holds_alternative<StatsReport>(event);
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::listen(const std::string& path,
                                                             Engine& engine) {
    const sockaddr_un limits{};
    if (path.empty() || path.size() >= sizeof limits.sun_path) {
        return fail(Errc::InvalidArgument, "control socket path");
    }
    const sockaddr_un address = address_of(path);
    if (answers(address)) return fail(Errc::Conflict, "another process serves this control socket");
    ::unlink(path.c_str());
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const mode_t before = ::umask(0177);
    const bool is_bound =
        fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::umask(before);
    if (!is_bound || ::listen(fd.get(), kBacklog) != 0) {
        return fail(Errc::Io, std::string{"control socket: "} + std::strerror(errno));
    }
    return std::unique_ptr<ControlServer>{new ControlServer{path, std::move(fd), engine}};
}

ControlServer::ControlServer(std::string path, UniqueFd listener, Engine& engine)
    : path_{std::move(path)},
      listener_{std::move(listener)},
      engine_{engine},
      epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
    watch(epoll_.get(), listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
    watch(epoll_.get(), engine_.event_fd(), EPOLLIN, EPOLL_CTL_ADD);
    for (const auto& [id, ended] : engine_.unforgotten()) keep(ended);
}

ControlServer::~ControlServer() { ::unlink(path_.c_str()); }

void ControlServer::serve(int stop_fd, Duration drain) {
    watch(epoll_.get(), stop_fd, EPOLLIN, EPOLL_CTL_ADD);
    std::array<epoll_event, 16> ready{};
    while (true) {
        const int wait = stop_at_ ? kTickMs : -1;
        const int count = ::epoll_wait(epoll_.get(), ready.data(), ready.size(), wait);
        const Now now = read_clocks();
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = ready[static_cast<std::size_t>(i)];
            if (event.data.fd == stop_fd) {
                std::array<char, 128> discarded{};
                [[maybe_unused]] const ssize_t size =
                    ::read(stop_fd, discarded.data(), discarded.size());
                log::info("stopping", {{"endpoints", std::to_string(engine_.endpoint_count())}});
                stop_at_ = stop_at_ ? now.mono : now.mono + drain;
            } else if (event.data.fd == listener_.get()) {
                accept_control(now);
            } else if (event.data.fd == engine_.event_fd()) {
                engine_.collect(now, events_);
                pass_on(events_);
            } else if (event.data.fd == control_.get()) {
                if ((event.events & EPOLLOUT) != 0) flush();
                if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) read_control(now);
            }
        }
        if (is_over(now)) break;
    }
    flush();
}

bool ControlServer::is_over(Now now) const {
    return stop_at_ && (engine_.endpoint_count() == 0 || now.mono >= *stop_at_);
}

// The newer connection is the living one: control reconnects when it has lost the older, which
// this side may not have noticed yet.
void ControlServer::accept_control(Now) {
    UniqueFd fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd) return;
    if (control_) disconnect("replaced");
    control_ = std::move(fd);
    reader_ = {};
    watch(epoll_.get(), control_.get(), EPOLLIN, EPOLL_CTL_ADD);
    log::info("control_connected");
}

void ControlServer::read_control(Now now) {
    std::array<std::byte, kReadBytes> buffer;
    const ssize_t size = ::read(control_.get(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        disconnect("closed");
        return;
    }
    reader_.feed(ByteView{buffer}.first(static_cast<std::size_t>(size)));
    while (control_) {
        const auto next = reader_.next();
        if (!next) {
            disconnect("frame too large");
            return;
        }
        if (!next.value()) return;
        if (!on_frame(*next.value(), now)) return;
    }
}

bool ControlServer::on_frame(ByteView frame, Now now) {
    const auto command = decode_command(frame);
    if (!command) {
        log::error("control_frame_refused", {{"why", command.error().message()}});
        disconnect("frame refused");
        return false;
    }
    if (const auto* hello = std::get_if<Hello>(&command.value())) {
        greet(*hello);
        return static_cast<bool>(control_);
    }
    if (!is_greeted_) {
        disconnect("no hello");
        return false;
    }
    const auto* create = std::get_if<Create>(&command.value());
    if (create != nullptr && stop_at_) {
        events_.push_back(Failed{.command = wire_type(command.value()),
                                 .endpoint = create->endpoint,
                                 .code = FailureCode::Overloaded,
                                 .detail = "stopping"});
    } else {
        engine_.handle(command.value(), now, events_);
    }
    pass_on(events_);
    return static_cast<bool>(control_);
}

void ControlServer::greet(const Hello& hello) {
    queue(HelloReply{.version = kProtocolVersion,
                     .pid = static_cast<std::uint32_t>(::getpid()),
                     .start_id = engine_.start_id(),
                     .dropped_events = dropped_});
    if (hello.version != kProtocolVersion) {
        flush();
        disconnect("version");
        return;
    }
    is_greeted_ = true;
    dropped_ = 0;
    for (const Event& event : std::exchange(kept_, {})) queue(event);
    flush();
}

void ControlServer::pass_on(std::vector<Event>& events) {
    for (Event& event : events) {
        if (is_greeted_) {
            queue(event);
        } else {
            keep(std::move(event));
        }
    }
    events.clear();
    flush();
}

void ControlServer::keep(Event event) {
    if (!matters(event)) return;
    if (kept_.size() == kMaxKeptEvents) {
        kept_.pop_front();
        ++dropped_;
    }
    kept_.push_back(std::move(event));
}

void ControlServer::queue(const Event& event) {
    if (!control_) {
        keep(event);
        return;
    }
    encode(event, unsent_);
    if (unsent_.size() - sent_ > kMaxUnsentBytes) disconnect("does not read");
}

void ControlServer::flush() {
    while (control_ && sent_ < unsent_.size()) {
        const ssize_t size =
            ::send(control_.get(), unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EAGAIN) break;
        if (size <= 0) {
            disconnect("write failed");
            return;
        }
        sent_ += static_cast<std::size_t>(size);
    }
    if (!control_) return;
    if (sent_ == unsent_.size()) {
        unsent_.clear();
        sent_ = 0;
    }
    const bool wants_to_write = !unsent_.empty();
    if (wants_to_write == waits_to_write_) return;
    waits_to_write_ = wants_to_write;
    const std::uint32_t write_event = wants_to_write ? EPOLLOUT : 0U;
    watch(epoll_.get(), control_.get(), EPOLLIN | write_event, EPOLL_CTL_MOD);
}

// Events encoded but not sent go back among the kept, so that the next control hears them. The
// frame that was cut in two goes whole.
void ControlServer::disconnect(const char* why) {
    log::info("control_disconnected", {{"why", why}});
    control_ = UniqueFd{};
    is_greeted_ = false;
    waits_to_write_ = false;
    const Bytes unsent = std::exchange(unsent_, {});
    const std::size_t sent = std::exchange(sent_, 0);
    FrameReader reader;
    reader.feed(unsent);
    while (true) {
        const auto next = reader.next();
        if (!next || !next.value()) break;
        if (unsent.size() - reader.buffered() <= sent) continue;
        if (auto event = decode_event(*next.value())) keep(std::move(event).value());
    }
}

}  // namespace escucha::media
