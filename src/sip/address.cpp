#include "sip/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace escucha::sip {

namespace {

std::optional<unsigned> parse_small(std::string_view text, unsigned max) {
    if (text.empty() || text.size() > 5) return std::nullopt;
    unsigned value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value <= max ? std::optional{value} : std::nullopt;
}

bool in(const Address& address, std::initializer_list<const char*> ranges) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const char* text) {
        const auto range = AddressRange::parse(text);
        return range && range->contains(address);
    });
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = parse_small(text.substr(colon + 1), 65535);
    const std::string_view host = text.substr(0, colon);
    const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (!port || (host.find(':') != std::string_view::npos && !is_bracketed)) return std::nullopt;
    return parse_host(host, static_cast<std::uint16_t>(*port));
}

std::optional<Address> Address::parse_host(std::string_view host, std::uint16_t port) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (host.size() >= text.size()) return std::nullopt;
    std::copy(host.begin(), host.end(), text.begin());
    Address address;
    address.port = port;
    if (inet_pton(AF_INET, text.data(), address.bytes.data()) == 1) return address;
    address.family = Family::V6;
    if (inet_pton(AF_INET6, text.data(), address.bytes.data()) == 1) return address;
    return std::nullopt;
}

std::string Address::to_string() const { return host() + ":" + std::to_string(port); }

std::string Address::ip() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family == Family::V4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
    return text.data();
}

std::string Address::host() const { return family == Family::V4 ? ip() : "[" + ip() + "]"; }

bool Address::is_unusable() const {
    if (port == 0) return true;
    if (family == Family::V6) {
        const bool is_any = std::all_of(bytes.begin(), bytes.end(), [](auto b) { return b == 0; });
        return is_any || bytes[0] == 0xFF;
    }
    // 0.0.0.0/8, multicast, the reserved class and broadcast.
    return bytes[0] == 0 || bytes[0] >= 224;
}

bool Address::is_private() const {
    if (family == Family::V6) return in(*this, {"::1", "fc00::/7", "fe80::/10"});
    return in(*this,
              {"10.0.0.0/8",
               "172.16.0.0/12",
               "192.168.0.0/16",
               "100.64.0.0/10",
               "169.254.0.0/16",
               "127.0.0.0/8"});
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto base = Address::parse_host(text.substr(0, slash), 0);
    if (!base) return std::nullopt;
    const unsigned bits = base->family == Family::V4 ? 32 : 128;
    if (slash == std::string_view::npos) return AddressRange{.base = *base, .prefix = bits};
    const auto prefix = parse_small(text.substr(slash + 1), bits);
    if (!prefix) return std::nullopt;
    return AddressRange{.base = *base, .prefix = *prefix};
}

bool AddressRange::contains(const Address& address) const {
    if (address.family != base.family) return false;
    const std::size_t whole = prefix / 8;
    if (!std::equal(base.bytes.begin(),
                    base.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                    address.bytes.begin())) {
        return false;
    }
    const unsigned rest = prefix % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<unsigned>(0xFFU << (8 - rest));
    return (base.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

}  // namespace escucha::sip
