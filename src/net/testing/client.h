#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace escucha::net::testing {

/// A blocking loopback TCP client for tests; every wait ends after `kPatience`.
class Socket {
public:
    static constexpr std::chrono::seconds kPatience{10};

    explicit Socket(std::uint16_t port);
    Socket(Socket&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    Socket& operator=(Socket&&) = delete;
    ~Socket();

    bool send(std::string_view bytes);
    /// What is there, at least a byte; empty when the peer closed or the patience ended.
    std::string receive();
    /// Until the peer closes.
    std::string receive_all();

private:
    int fd_;
};

struct Reply {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  ///< Lower-case names.
    std::string body;

    [[nodiscard]] std::string header(std::string_view name) const;
};

/// One HTTP exchange after another on one connection.
class Client {
public:
    explicit Client(std::uint16_t port) : socket_{port}, port_{port} {}

    /// `headers` are whole lines without their end. Host and Content-Length are added.
    std::optional<Reply> call(std::string_view method,
                              std::string_view target,
                              std::vector<std::string> headers = {},
                              std::string_view body = {});
    /// Reads one reply; for tests that sent the request themselves.
    std::optional<Reply> read_reply(bool has_body = true);
    Socket& socket() { return socket_; }

private:
    bool fill();

    Socket socket_;
    std::uint16_t port_;
    std::string buffer_;
};

/// The client's end of a WebSocket, text frames only.
class WebSocket {
public:
    /// Upgrades; `refusal()` holds the reply when the server would not.
    WebSocket(std::uint16_t port, std::string_view target, std::vector<std::string> headers = {});

    [[nodiscard]] bool is_open() const { return is_open_; }
    [[nodiscard]] const Reply& refusal() const { return refusal_; }
    /// The next text; nullopt when the stream ended. Pings are answered on the way.
    std::optional<std::string> receive();
    void send_text(std::string_view text);
    /// The code of the server's close frame; 0 before.
    [[nodiscard]] std::uint16_t close_code() const { return close_code_; }

private:
    std::optional<std::string> take(std::size_t bytes);
    void send_frame(std::uint8_t opcode, std::string_view payload);

    Socket socket_;
    std::string buffer_;
    Reply refusal_;
    bool is_open_ = false;
    std::uint16_t close_code_ = 0;
};

}  // namespace escucha::net::testing
