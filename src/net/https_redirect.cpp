#include "net/https_redirect.h"

#include <algorithm>

namespace escucha::net {
namespace {

constexpr std::size_t kMaxHostBytes = 255;

/// "host:80" -> "host", "[::1]:80" -> "[::1]"; empty when it is not a name or an address.
std::string_view name_of(std::string_view host) {
    const auto is_of_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == ':' || c == '[' || c == ']';
    };
    if (host.size() > kMaxHostBytes || !std::ranges::all_of(host, is_of_name)) return {};
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
    return host.substr(0, host.find(':'));
}

}  // namespace

Response HttpsRedirect::handle(const Request& request) {
    constexpr std::uint16_t kUsualPort = 443;
    const std::string_view name = name_of(request.header("host"));
    if (name.empty()) return refuse(400);
    std::string target = "https://" + std::string{name};
    if (https_port_ != kUsualPort) target += ':' + std::to_string(https_port_);
    target += request.path;
    if (!request.query.empty()) target += '?' + request.query;
    return Response{308, {{"Location", std::move(target)}}, {}};
}

}  // namespace escucha::net
