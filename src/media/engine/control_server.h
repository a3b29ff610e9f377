#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "media/engine/engine.h"
#include "media/frame_reader.h"
#include "media/protocol.h"

namespace escucha::media {

/// The control socket: listens, speaks the protocol with one control at a time, keeps the events
/// that matter while there is none. docs/media-protocol.md, "Connection".
class ControlServer {
public:
    static constexpr std::size_t kMaxKeptEvents = 4'096;
    static constexpr std::size_t kMaxUnsentBytes = 4UL * 1024 * 1024;

    /// Replaces a socket that a dead process left; `Errc::Conflict` when a living one answers
    /// there.
    static Result<std::unique_ptr<ControlServer>> listen(const std::string& path, Engine& engine);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    /// Serves until `stop_fd` becomes readable, and then until no endpoint is left, `drain` has
    /// passed or `stop_fd` is readable again. New endpoints are refused meanwhile.
    void serve(int stop_fd, Duration drain);

private:
    ControlServer(std::string path, UniqueFd listener, Engine& engine);

    void accept_control(Now now);
    void read_control(Now now);
    /// False breaks the connection.
    bool on_frame(ByteView frame, Now now);
    void greet(const Hello& hello);
    void pass_on(std::vector<Event>& events);
    void keep(Event event);
    void queue(const Event& event);
    void flush();
    void disconnect(const char* why);
    [[nodiscard]] bool is_over(Now now) const;

    std::string path_;
    UniqueFd listener_;
    Engine& engine_;
    UniqueFd epoll_;
    UniqueFd control_;
    bool is_greeted_ = false;
    FrameReader reader_;
    Bytes unsent_;
    std::size_t sent_ = 0;
    bool waits_to_write_ = false;
    std::deque<Event> kept_;
    std::uint32_t dropped_ = 0;
    std::vector<Event> events_;
    std::optional<Instant> stop_at_;
};

}  // namespace escucha::media
