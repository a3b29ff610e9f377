#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace escucha::sip {

enum class Family : std::uint8_t { V4, V6 };

/// An IP address and port. IPv4 uses the first four bytes; the others are zero, so that equality is
/// equality of the members.
struct Address {
    Family family = Family::V4;
    std::array<std::uint8_t, 16> bytes{};
    std::uint16_t port = 0;

    /// "192.0.2.1:5060", "[2001:db8::1]:5060". The port is required.
    static std::optional<Address> parse(std::string_view text);
    /// A host without a port: "192.0.2.1", "2001:db8::1" or "[2001:db8::1]". Never a name.
    static std::optional<Address> parse_host(std::string_view host, std::uint16_t port);

    /// "192.0.2.1:5060" or "[2001:db8::1]:5060".
    [[nodiscard]] std::string to_string() const;
    /// "192.0.2.1" or "2001:db8::1".
    [[nodiscard]] std::string ip() const;
    /// The address as SIP wants it in a URI: IPv6 in brackets.
    [[nodiscard]] std::string host() const;
    /// Same machine, whatever the port.
    [[nodiscard]] bool same_host(const Address& other) const {
        return family == other.family && bytes == other.bytes;
    }
    /// 0.0.0.0, multicast or 255.255.255.255: never a destination.
    [[nodiscard]] bool is_unusable() const;
    /// RFC 1918, RFC 6598, RFC 4193, link-local and loopback.
    [[nodiscard]] bool is_private() const;

    auto operator<=>(const Address&) const = default;
};

/// A CIDR block such as "192.0.2.0/24"; a bare address is a block of one.
struct AddressRange {
    Address base;
    unsigned prefix = 0;

    static std::optional<AddressRange> parse(std::string_view text);
    /// Ports are ignored.
    [[nodiscard]] bool contains(const Address& address) const;
};

enum class Transport : std::uint8_t { Udp, Tcp, Tls };

/// Reliable, and with connections that end.
constexpr bool is_stream(Transport transport) { return transport != Transport::Udp; }
/// "UDP", "TCP", "TLS": as a Via names it (RFC 3261 §20.42).
constexpr std::string_view name_of(Transport transport) {
    switch (transport) {
        case Transport::Udp:
            return "UDP";
        case Transport::Tcp:
            return "TCP";
        case Transport::Tls:
            return "TLS";
    }
    return {};
}

/// RFC 3261 §19.1.2.
constexpr std::uint16_t default_port(Transport transport) {
    return transport == Transport::Tls ? 5061 : 5060;
}

/// The path a message came by and its answer goes back by (RFC 5626's word, without its protocol).
///
/// UDP: `connection` is 0 and `local` names the socket. TCP and TLS: `connection` is the shell's
/// number of an open connection; 0 asks the shell to open one to `remote`, which happens only after
/// a restart or towards an explicit target.
struct Flow {
    Transport transport = Transport::Udp;
    Address remote;
    Address local;
    std::uint64_t connection = 0;

    auto operator<=>(const Flow&) const = default;
};

}  // namespace escucha::sip

template <>
struct std::hash<escucha::sip::Address> {
    std::size_t operator()(const escucha::sip::Address& address) const noexcept {
        const std::string_view bytes{reinterpret_cast<const char*>(address.bytes.data()),
                                     address.bytes.size()};
        return std::hash<std::string_view>{}(bytes) ^ (std::size_t{address.port} << 1U);
    }
};
