#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "media/engine/files.h"
#include "rtp/address.h"
#include "rtp/packet.h"

namespace escucha::media {

/// A socket address ready for sendto, kept so that it is not built for every packet.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

std::optional<rtp::Address> parse_address(std::string_view ip, std::uint16_t port);
std::string ip_text(const rtp::Address& address);
SocketAddress to_socket(const rtp::Address& address);
rtp::Address from_socket(const sockaddr_storage& storage);

/// A non-blocking UDP socket on that very address; empty when the port is taken or refused.
UniqueFd bind_udp(const rtp::Address& address);

struct Received {
    std::size_t size = 0;
    rtp::Address from;
};
/// The next datagram; nothing when none waits. Longer than `buffer` is cut. Never allocates.
std::optional<Received> receive(int fd, std::span<std::byte> buffer);

/// False when the kernel refused; the packet is lost, as on any network.
bool send(int fd, ByteView datagram, const SocketAddress& to);

}  // namespace escucha::media
