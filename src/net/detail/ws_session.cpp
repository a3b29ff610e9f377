#include <chrono>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "net/detail/wire.h"

namespace escucha::net::detail {
namespace {

namespace websocket = beast::websocket;

constexpr std::size_t kMaxClientMessageBytes = 4'096;
/// The client has nothing to say; one that talks all the same is shown the door.
constexpr int kMaxClientMessages = 100;

// Into the caller's frames: GCC 12 with sanitizers takes the move of a returned one for a read of
// what was never written.
Work<void> pull(FrameSource* source, Frames* into) {
    *into = source->next();
    co_return;
}
Work<void> beat(FrameSource* source, Frames* into) {
    *into = source->heartbeat();
    co_return;
}

/// One WebSocket: a writer that pulls frames and a reader that notices the end.
class WsSession final : public Session {
public:
    WsSession(ServerCore& core, std::unique_ptr<Wire> wire, std::unique_ptr<FrameSource> source)
        : core_{core},
          wire_{std::move(wire)},
          stream_{*wire_},
          timer_{core.io.get_executor()},
          source_{std::move(source)} {}

    Task<void> run(UpgradeRequest request);

    void drain() override { wake(); }
    void cut() override { wire_->next_layer().close(); }
    void wake() override {
        is_woken_ = true;
        timer_.cancel();
    }

private:
    Task<void> read();
    Task<bool> send(Frames frames);
    Task<void> close(websocket::close_reason reason);
    void reader_ended() {
        is_reader_done_ = true;
        wake();
    }

    ServerCore& core_;
    const std::unique_ptr<Wire> wire_;
    websocket::stream<Wire&> stream_;
    Timer timer_;
    std::unique_ptr<FrameSource> source_;
    bool is_woken_ = false;
    bool is_reader_done_ = false;
};

Task<void> WsSession::run(UpgradeRequest request) {
    // The idle time-out sends pings after half of it, so a dead peer and a stuck write both end.
    wire_->next_layer().expires_never();
    stream_.set_option(websocket::stream_base::timeout{
        core_.options.header_time, 3 * core_.options.heartbeat, true});
    stream_.read_message_max(kMaxClientMessageBytes);
    stream_.text(true);
    auto [accept_error] = co_await stream_.async_accept(request, kUseTask);
    if (accept_error) co_return;
    spawn("ws_reader", core_.io.get_executor(), read(), [this] { reader_ended(); });

    websocket::close_reason reason{websocket::close_code::normal};
    while (!is_reader_done_) {
        if (core_.is_draining) {
            reason = websocket::close_reason{websocket::close_code::going_away};
            break;
        }
        is_woken_ = false;
        Frames frames;
        auto [error] = co_await asio::co_spawn(core_.pool, pull(source_.get(), &frames), kUseTask);
        if (error) break;
        if (frames.close) {
            reason.code = frames.close->code;
            reason.reason = frames.close->reason;
        }
        const bool is_last = frames.close.has_value();
        const bool has_more = frames.has_more;
        const bool is_quiet = frames.texts.empty();
        const bool was_sent = co_await send(std::move(frames));
        if (!was_sent || is_last) break;
        if (has_more || is_woken_ || !is_quiet) continue;

        timer_.expires_after(core_.options.heartbeat);
        auto [waited] = co_await timer_.async_wait(kUseTask);
        if (waited || is_woken_) continue;
        Frames beats;
        auto [beat_error] =
            co_await asio::co_spawn(core_.pool, beat(source_.get(), &beats), kUseTask);
        if (beat_error) break;
        const bool beats_sent = co_await send(std::move(beats));
        if (!beats_sent) break;
    }
    co_await close(reason);
}

Task<bool> WsSession::send(Frames frames) {
    for (const std::string& text : frames.texts) {
        auto [error, bytes] = co_await stream_.async_write(asio::buffer(text), kUseTask);
        if (error) co_return false;
    }
    co_return true;
}

Task<void> WsSession::read() {
    beast::flat_buffer buffer{kMaxClientMessageBytes};
    for (int messages = 0; messages < kMaxClientMessages; ++messages) {
        auto [error, bytes] = co_await stream_.async_read(buffer, kUseTask);
        if (error) co_return;
        buffer.clear();
    }
}

Task<void> WsSession::close(websocket::close_reason reason) {
    if (stream_.is_open()) {
        auto [error] = co_await stream_.async_close(reason, kUseTask);
        static_cast<void>(error);
    }
    cut();
    // The reader holds on to this object.
    while (!is_reader_done_) {
        timer_.expires_after(core_.options.heartbeat);
        auto [waited] = co_await timer_.async_wait(kUseTask);
        static_cast<void>(waited);
    }
}

}  // namespace

Task<void> serve_stream(ServerCore* core,
                        std::unique_ptr<Wire> wire,
                        UpgradeRequest request,
                        std::unique_ptr<FrameSource> source) {
    const auto session = std::make_unique<WsSession>(*core, std::move(wire), std::move(source));
    const Listed listed{*core, *session};
    ++core->streams;
    ++core->open_streams;
    co_await session->run(std::move(request));
    --core->open_streams;
}

}  // namespace escucha::net::detail
