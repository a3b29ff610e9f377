#pragma once

#include <memory>
#include <optional>

#include <boost/asio/async_result.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include "net/detail/server_core.h"

namespace escucha::net::detail {

/// The bytes of a connection, in the clear or through TLS: one type for both, so that HTTP and
/// WebSocket are compiled once, and a branch is all that it costs. Stays where it was made.
class Wire {
public:
    using executor_type = Executor;
    using TlsContext = std::shared_ptr<asio::ssl::context>;

    /// In the clear when there is no `tls`.
    Wire(Socket socket, const TlsContext& tls) : plain_{std::move(socket)} {
        if (tls) secure_.emplace(plain_, *tls);
    }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    executor_type get_executor() noexcept { return plain_.get_executor(); }
    /// Whose deadline is that of the reads and writes of this one.
    Stream& next_layer() noexcept { return plain_; }
    [[nodiscard]] const Stream& next_layer() const noexcept { return plain_; }
    [[nodiscard]] bool is_secure() const { return secure_.has_value(); }

    void expires_after(std::chrono::milliseconds time) { plain_.expires_after(time); }
    void expires_never() { plain_.expires_never(); }
    void close() { plain_.close(); }

    /// At most one at a time is under way, and before all reads and writes. At once in the clear.
    Task<bool> shake_hands(std::chrono::milliseconds at_most) {
        if (!secure_) co_return true;
        plain_.expires_after(at_most);
        auto [error] = co_await secure_->async_handshake(asio::ssl::stream_base::server, kUseTask);
        co_return !error;
    }

    /// Tells the peer that nothing follows. Through TLS it is also heard that he knows.
    Task<void> shut_down(std::chrono::milliseconds at_most) {
        boost::system::error_code ignored;
        if (secure_) {
            plain_.expires_after(at_most);
            auto [error] = co_await secure_->async_shutdown(kUseTask);
            if (error) co_return;
        }
        plain_.socket().shutdown(Socket::shutdown_send, ignored);
    }

    template <typename Buffers, typename Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [this](auto handler, const Buffers& into) {
                if (secure_) {
                    secure_->async_read_some(into, std::move(handler));
                } else {
                    plain_.async_read_some(into, std::move(handler));
                }
            },
            token,
            buffers);
    }

    template <typename Buffers, typename Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [this](auto handler, const Buffers& from) {
                if (secure_) {
                    secure_->async_write_some(from, std::move(handler));
                } else {
                    plain_.async_write_some(from, std::move(handler));
                }
            },
            token,
            buffers);
    }

    /// The end of a WebSocket, found by Beast by these names.
    template <typename Handler>
    friend void async_teardown(beast::role_type role, Wire& wire, Handler&& handler) {
        if (wire.secure_) {
            wire.secure_->async_shutdown(std::forward<Handler>(handler));
        } else {
            using beast::websocket::async_teardown;
            async_teardown(role, wire.plain_, std::forward<Handler>(handler));
        }
    }
    friend void teardown(beast::role_type, Wire& wire, boost::system::error_code& error) {
        wire.plain_.socket().shutdown(Socket::shutdown_both, error);
    }

private:
    Stream plain_;
    std::optional<asio::ssl::stream<Stream&>> secure_;
};

/// The WebSocket part of a connection, from the upgrade to the end.
Task<void> serve_stream(ServerCore* core,
                        std::unique_ptr<Wire> wire,
                        UpgradeRequest request,
                        std::unique_ptr<FrameSource> source);

}  // namespace escucha::net::detail
