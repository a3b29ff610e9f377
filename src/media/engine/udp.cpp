#include "media/engine/udp.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace escucha::media {

namespace {

constexpr std::size_t kV4Bytes = 4;
// Voice is 50 packets a second; this holds some seconds of it while a thread is busy elsewhere.
constexpr int kReceiveBufferBytes = 128 * 1024;

}  // namespace

std::optional<rtp::Address> parse_address(std::string_view ip, std::uint16_t port) {
    const std::string text{ip};
    rtp::Address address;
    address.port = port;
    if (::inet_pton(AF_INET, text.c_str(), address.ip.data()) == 1) return address;
    address.family = rtp::Address::Family::V6;
    if (::inet_pton(AF_INET6, text.c_str(), address.ip.data()) == 1) return address;
    return std::nullopt;
}

std::string ip_text(const rtp::Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = address.family == rtp::Address::Family::V4 ? AF_INET : AF_INET6;
    ::inet_ntop(family, address.ip.data(), text.data(), text.size());
    return text.data();
}

SocketAddress to_socket(const rtp::Address& address) {
    SocketAddress result;
    if (address.family == rtp::Address::Family::V4) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        std::memcpy(&v4.sin_addr, address.ip.data(), kV4Bytes);
        std::memcpy(&result.storage, &v4, sizeof v4);
        result.length = sizeof v4;
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(address.port);
        std::memcpy(&v6.sin6_addr, address.ip.data(), address.ip.size());
        std::memcpy(&result.storage, &v6, sizeof v6);
        result.length = sizeof v6;
    }
    return result;
}

rtp::Address from_socket(const sockaddr_storage& storage) {
    rtp::Address address;
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &storage, sizeof v6);
        address.family = rtp::Address::Family::V6;
        std::memcpy(address.ip.data(), &v6.sin6_addr, address.ip.size());
        address.port = ntohs(v6.sin6_port);
    } else {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        std::memcpy(address.ip.data(), &v4.sin_addr, kV4Bytes);
        address.port = ntohs(v4.sin_port);
    }
    return address;
}

UniqueFd bind_udp(const rtp::Address& address) {
    const int family = address.family == rtp::Address::Family::V4 ? AF_INET : AF_INET6;
    UniqueFd fd{::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd) return {};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBufferBytes, sizeof kReceiveBufferBytes);
    const SocketAddress to = to_socket(address);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) != 0) return {};
    return fd;
}

std::optional<Received> receive(int fd, std::span<std::byte> buffer) {
    sockaddr_storage from;
    from.ss_family = AF_UNSPEC;
    socklen_t length = sizeof from;
    const ssize_t size = ::recvfrom(
        fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0 || from.ss_family == AF_UNSPEC) return std::nullopt;
    return Received{.size = static_cast<std::size_t>(size), .from = from_socket(from)};
}

bool send(int fd, ByteView datagram, const SocketAddress& to) {
    return ::sendto(fd,
                    datagram.data(),
                    datagram.size(),
                    0,
                    reinterpret_cast<const sockaddr*>(&to.storage),
                    to.length) == static_cast<ssize_t>(datagram.size());
}

}  // namespace escucha::media
