#include "net/testing/client.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace escucha::net::testing {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::uint8_t kText = 1, kClose = 8, kPing = 9, kPong = 10;

Reply parse_head(std::string_view head) {
    Reply reply;
    const std::size_t status_at = std::min(head.find(' ') + 1, head.size());
    std::from_chars(head.data() + status_at, head.data() + head.size(), reply.status);
    std::size_t at = head.find("\r\n");
    while (at != std::string_view::npos && at + 2 < head.size()) {
        const std::size_t end = std::min(head.find("\r\n", at + 2), head.size());
        const std::string_view line = head.substr(at + 2, end - at - 2);
        const std::size_t colon = line.find(": ");
        if (colon != std::string_view::npos) {
            std::string name{line.substr(0, colon)};
            std::ranges::transform(name, name.begin(), [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            });
            reply.headers.emplace_back(std::move(name), std::string{line.substr(colon + 2)});
        }
        at = end;
    }
    return reply;
}

}  // namespace

Socket::Socket(std::uint16_t port) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static_cast<void>(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

Socket::~Socket() {
    if (fd_ >= 0) ::close(fd_);
}

bool Socket::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

std::string Socket::receive() {
    std::string bytes(16 * 1'024, '\0');
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
}

std::string Socket::receive_all() {
    std::string all;
    for (std::string part = receive(); !part.empty(); part = receive()) all += part;
    return all;
}

std::string Reply::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) return value;
    }
    return {};
}

std::optional<Reply> Client::call(std::string_view method,
                                  std::string_view target,
                                  std::vector<std::string> headers,
                                  std::string_view body) {
    std::string request = std::string{method} + ' ' + std::string{target} + " HTTP/1.1\r\n";
    request += "Host: 127.0.0.1:" + std::to_string(port_) + "\r\n";
    if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    for (const std::string& line : headers) request += line + "\r\n";
    request += "\r\n";
    request += body;
    if (!socket_.send(request)) return std::nullopt;
    return read_reply(method != "HEAD");
}

std::optional<Reply> Client::read_reply(bool has_body) {
    std::size_t end = buffer_.find(kHeadEnd);
    while (end == std::string::npos) {
        if (!fill()) return std::nullopt;
        end = buffer_.find(kHeadEnd);
    }
    Reply reply = parse_head(std::string_view{buffer_}.substr(0, end));
    buffer_.erase(0, end + kHeadEnd.size());
    std::size_t length = 0;
    const std::string declared = reply.header("content-length");
    std::from_chars(declared.data(), declared.data() + declared.size(), length);
    if (!has_body || reply.status == 304) return reply;
    while (buffer_.size() < length) {
        if (!fill()) return std::nullopt;
    }
    reply.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return reply;
}

bool Client::fill() {
    const std::string part = socket_.receive();
    buffer_ += part;
    return !part.empty();
}

WebSocket::WebSocket(std::uint16_t port, std::string_view target, std::vector<std::string> headers)
    : socket_{port} {
    std::string request = "GET " + std::string{target} +
                          " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                          "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (const std::string& line : headers) request += line + "\r\n";
    if (!socket_.send(request + "\r\n")) return;
    std::size_t end = std::string::npos;
    while ((end = buffer_.find(kHeadEnd)) == std::string::npos) {
        const std::string part = socket_.receive();
        if (part.empty()) return;
        buffer_ += part;
    }
    refusal_ = parse_head(std::string_view{buffer_}.substr(0, end));
    buffer_.erase(0, end + kHeadEnd.size());
    is_open_ = refusal_.status == 101;
    if (is_open_) return;
    std::size_t length = 0;
    const std::string declared = refusal_.header("content-length");
    std::from_chars(declared.data(), declared.data() + declared.size(), length);
    refusal_.body = take(length).value_or("");
}

std::optional<std::string> WebSocket::take(std::size_t bytes) {
    while (buffer_.size() < bytes) {
        const std::string part = socket_.receive();
        if (part.empty()) return std::nullopt;
        buffer_ += part;
    }
    std::string taken = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return taken;
}

std::optional<std::string> WebSocket::receive() {
    while (is_open_) {
        const auto head = take(2);
        if (!head) break;
        const auto opcode = static_cast<std::uint8_t>((*head)[0] & 0x0F);
        std::uint64_t length = static_cast<std::uint8_t>((*head)[1]);
        if (length >= 126) {
            const auto longer = take(length == 126 ? 2 : 8);
            if (!longer) break;
            length = 0;
            for (const char byte : *longer) length = length * 256 + static_cast<std::uint8_t>(byte);
        }
        auto payload = take(static_cast<std::size_t>(length));
        if (!payload) break;
        if (opcode == kText) return payload;
        if (opcode == kPing) send_frame(kPong, *payload);
        if (opcode == kClose) {
            if (payload->size() >= 2) {
                close_code_ =
                    static_cast<std::uint16_t>(static_cast<std::uint8_t>((*payload)[0]) * 256 +
                                               static_cast<std::uint8_t>((*payload)[1]));
            }
            send_frame(kClose, payload->substr(0, 2));
            break;
        }
    }
    is_open_ = false;
    return std::nullopt;
}

void WebSocket::send_text(std::string_view text) { send_frame(kText, text); }

// Masked with zeros: RFC 6455 §5.3 asks for a mask, not for a good one, of a test.
void WebSocket::send_frame(std::uint8_t opcode, std::string_view payload) {
    std::string frame;
    frame.push_back(static_cast<char>(0x80 | opcode));
    if (payload.size() < 126) {
        frame.push_back(static_cast<char>(0x80 | payload.size()));
    } else {
        frame.push_back(static_cast<char>(0x80 | 126));
        frame.push_back(static_cast<char>(payload.size() / 256));
        frame.push_back(static_cast<char>(payload.size() % 256));
    }
    frame.append(4, '\0');
    frame += payload;
    static_cast<void>(socket_.send(frame));
}

}  // namespace escucha::net::testing
