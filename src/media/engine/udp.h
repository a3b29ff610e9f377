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

/// Reads what waits in a socket, several datagrams a system call. It points into itself and stays
/// where it is made; a batch lives until the next. Never allocates per datagram.
class BatchReader {
public:
    /// More than a call's twenty milliseconds ever hold; a burst beyond it comes with the next.
    static constexpr std::size_t kMaxBatch = 16;
    struct Datagram {
        std::span<std::byte> bytes;  ///< May be changed in place.
        rtp::Address from;
    };

    BatchReader();
    BatchReader(const BatchReader&) = delete;
    BatchReader& operator=(const BatchReader&) = delete;

    /// Up to kMaxBatch datagrams in their order; none when none waits. What is longer than
    /// rtp::kMaxPacketBytes is cut.
    std::span<const Datagram> read(int fd);

private:
    std::array<std::array<std::byte, rtp::kMaxPacketBytes>, kMaxBatch> buffers_;
    std::array<sockaddr_storage, kMaxBatch> froms_{};
    std::array<iovec, kMaxBatch> parts_{};
    std::array<mmsghdr, kMaxBatch> headers_{};
    std::array<Datagram, kMaxBatch> batch_{};
};

/// False when the kernel refused; the packet is lost, as on any network.
bool send(int fd, ByteView datagram, const SocketAddress& to);

}  // namespace escucha::media
