#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "net/front.h"
#include "net/http.h"
#include "net/tls.h"

namespace escucha::net {

/// What a WebSocket is told next. An empty answer means "nothing new": the session then waits for
/// `HttpServer::wake_streams` or for the heartbeat.
struct Frames {
    std::vector<std::string> texts;
    /// Ask again at once: there is more than was taken.
    bool has_more = false;
    struct Close {
        std::uint16_t code = 1000;
        std::string reason;
    };
    std::optional<Close> close;  ///< After the texts.
};

/// The sender of one WebSocket: pulled, never pushed, so a slow client makes no queue grow. Called
/// on worker threads, one call at a time.
class FrameSource {
public:
    virtual ~FrameSource() = default;
    virtual Frames next() = 0;
    /// Called when nothing was sent for `heartbeat`.
    virtual Frames heartbeat() = 0;
};

/// What serves the requests. Called on worker threads, several at a time; must not throw.
class RequestHandler {
public:
    virtual ~RequestHandler() = default;
    virtual Response handle(const Request& request) = 0;
    /// The answer that refuses a request by its head alone, before its body is read; the connection
    /// then ends. On the sockets' thread: quick, and one at a time.
    virtual std::optional<Response> turn_away(const Request&) { return std::nullopt; }
    /// True for requests that work for long (a password's hash, a backup): one at a time, on a
    /// thread of their own, so that they never keep an agent's command waiting.
    [[nodiscard]] virtual bool is_slow(const Request& request) const = 0;
    /// True for a request, known by its head alone, whose body may be as long as
    /// `max_large_body_bytes`.
    [[nodiscard]] virtual bool takes_large_body(const Request&) const { return false; }
    /// A WebSocket upgrade: its source, or the answer that refuses it.
    virtual std::variant<Response, std::unique_ptr<FrameSource>> open_stream(
        const Request& request) = 0;
    /// The answer in place of one whose departure was withheld, or not settled in `hold_time`. On
    /// the sockets' thread.
    virtual Response withhold(const Request&) { return refuse(503); }
    /// The answer to bytes that never became a request: 400, 413, 431 or 503.
    virtual Response refuse(unsigned status) = 0;
};

struct ServerOptions {
    std::string bind = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0 takes a free one.
    int workers = 3;
    std::size_t max_connections = 1'024;
    /// From one address, or one IPv6 /64; of a front's there may be as many as there may be at all.
    std::size_t max_connections_per_site = 1'024;
    Fronts fronts;  ///< Whose word counts on who asks.
    std::size_t max_header_bytes = 16 * 1'024;
    std::size_t max_body_bytes = 1'024 * 1'024;
    /// Of the requests the handler says, a few at a time; the next is refused with 503.
    std::size_t max_large_body_bytes = 0;
    std::size_t max_large_bodies = 4;
    std::optional<TlsFiles> tls;                       ///< None: in the clear.
    std::chrono::milliseconds handshake_time{10'000};  ///< Connection to end of TLS handshake.
    std::chrono::milliseconds header_time{10'000};  ///< First byte to last header byte.
    std::chrono::milliseconds body_time{30'000};
    std::chrono::milliseconds large_body_time{300'000};
    std::chrono::milliseconds idle_time{75'000};  ///< Between requests of a connection.
    std::chrono::milliseconds hold_time{5'000};   ///< Until an answer's departure is settled.
    std::chrono::milliseconds write_time{30'000};
    std::chrono::milliseconds heartbeat{10'000};
    std::chrono::milliseconds drain_time{5'000};
};

/// HTTP/1.1 and WebSocket (RFC 9112, RFC 6455), in the clear or through TLS. Owns one thread for
/// the sockets, `workers` threads for the handler and one for its slow requests. Bodies, headers,
/// connections and waits are bounded by the options.
class HttpServer {
public:
    /// `handler` must outlive the server. Error: `Io` when the address cannot be bound.
    static Result<std::unique_ptr<HttpServer>> start(ServerOptions options,
                                                     RequestHandler& handler);
    /// Drains: no new connections, answers what was asked, closes WebSockets with 1001, and
    /// after `drain_time` cuts what is left.
    virtual ~HttpServer() = default;

    [[nodiscard]] virtual std::uint16_t port() const = 0;
    /// There may be something new for the WebSockets. Any thread; cheap.
    virtual void wake_streams() = 0;
    /// Reads the certificate and its key again, for the connections that come. Any thread. On error
    /// what was read before stays.
    virtual Result<void> reload_tls() = 0;

    struct Counters {
        std::uint64_t connections = 0, requests = 0, refused = 0, streams = 0;
        std::size_t open_connections = 0, open_streams = 0;
    };
    [[nodiscard]] virtual Counters counters() const = 0;
};

}  // namespace escucha::net
