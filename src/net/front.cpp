#include "net/front.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <arpa/inet.h>

#include "base/errc.h"
#include "net/detail/text.h"

namespace escucha::net {
namespace {

constexpr std::string_view kMapped = "::ffff:";

/// Takes what follows the last comma off `list`.
std::string_view take_last(std::string_view& list) {
    const std::size_t comma = list.rfind(',');
    const std::string_view last =
        detail::trim(list.substr(comma == std::string_view::npos ? 0 : comma + 1));
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
    return last;
}

}  // namespace

std::optional<std::string> canonical_address(std::string_view text) {
    const std::string given{text};
    std::array<std::uint8_t, sizeof(in6_addr)> octets{};
    std::array<char, INET6_ADDRSTRLEN> out{};
    const int family = given.find(':') == std::string::npos ? AF_INET : AF_INET6;
    if (inet_pton(family, given.c_str(), octets.data()) != 1) return std::nullopt;
    inet_ntop(family, octets.data(), out.data(), out.size());
    const std::string_view written{out.data()};
    const bool is_mapped =
        written.starts_with(kMapped) && written.find('.') != std::string_view::npos;
    return std::string{is_mapped ? written.substr(kMapped.size()) : written};
}

bool is_loopback(std::string_view address) {
    const auto canonical = canonical_address(address);
    return canonical && (*canonical == "::1" || canonical->starts_with("127."));
}

std::string site_of(const std::string& address) {
    constexpr std::size_t kPrefixBytes = 8;
    std::array<std::uint8_t, sizeof(in6_addr)> octets{};
    if (inet_pton(AF_INET6, address.c_str(), octets.data()) != 1) return address;
    std::fill(octets.begin() + kPrefixBytes, octets.end(), std::uint8_t{0});
    std::array<char, INET6_ADDRSTRLEN> out{};
    inet_ntop(AF_INET6, octets.data(), out.data(), out.size());
    return out.data();
}

Result<Fronts> Fronts::parse(std::string_view list) {
    Fronts fronts;
    while (!detail::trim(list).empty()) {
        const auto address = canonical_address(take_last(list));
        if (!address) {
            return fail(Errc::InvalidArgument,
                        "http.fronts is a list of IP addresses with commas between");
        }
        fronts.addresses_.insert(*address);
    }
    if (fronts.addresses_.size() > kMost) {
        return fail(Errc::InvalidArgument, "http.fronts has too many addresses");
    }
    return fronts;
}

void Fronts::look_behind(Request& request) const {
    if (!contains(request.peer)) return;
    request.scheme =
        request.header("x-forwarded-proto") == "https" ? Scheme::Https : request.scheme;
    for (auto header = request.headers.rbegin(); header != request.headers.rend(); ++header) {
        if (header->first != "x-forwarded-for") continue;
        std::string_view rest = header->second;
        while (!rest.empty()) {
            auto address = canonical_address(take_last(rest));
            if (!address) return;
            request.peer = std::move(*address);
            if (!contains(request.peer)) return;
        }
    }
}

}  // namespace escucha::net
