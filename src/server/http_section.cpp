#include "server/http_section.h"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "base/errc.h"
#include "net/front.h"
#include "server/config.h"
#include "sip/address.h"

namespace escucha::server {
namespace {

Result<void> check_limits(const HttpSection& http) {
    struct Limit {
        const char* name;
        std::uint32_t value;
        std::uint32_t most;
    };
    using Http = HttpSection;
    for (const auto& [name, value, most] : std::initializer_list<Limit>{
             {"connections_max", http.connections_max, Http::kMostConnections},
             {"connections_per_address", http.connections_per_address, Http::kMostConnections},
             {"address_per_s", http.address_per_s, Http::kMostPerSecond},
             {"address_burst", http.address_burst, Http::kMostBurst},
             {"session_per_s", http.session_per_s, Http::kMostPerSecond},
             {"session_burst", http.session_burst, Http::kMostBurst},
             {"sign_in_per_min", http.sign_in_per_min, Http::kMostSignInsPerMinute},
             {"sign_in_burst", http.sign_in_burst, Http::kMostBurst}}) {
        if (value < 1 || value > most) {
            return fail(Errc::InvalidArgument, fmt::format("http.{} is 1 to {}", name, most));
        }
    }
    if (http.hsts_days > HttpSection::kMostHstsDays) {
        return fail(
            Errc::InvalidArgument,
            fmt::format("http.hsts_days is 0 to {}", std::uint32_t{HttpSection::kMostHstsDays}));
    }
    return ok();
}

}  // namespace

Result<void> check_http(const Config& config) {
    const HttpSection& http = config.http;
    if (http.tls_certificate.empty() != http.tls_key.empty()) {
        return fail(Errc::InvalidArgument, "http.tls_certificate and http.tls_key go together");
    }
    if (http.redirect_port != 0 && !http.has_tls()) {
        return fail(Errc::InvalidArgument,
                    "http.redirect_port needs http.tls_certificate and http.tls_key");
    }
    if (http.redirect_port != 0 && http.redirect_port == config.http_port) {
        return fail(Errc::InvalidArgument, "http.redirect_port and listen.http_port are two ports");
    }
    const auto bind = sip::Address::parse_host(config.http_bind(), 0);
    if (!bind) return fail(Errc::InvalidArgument, "http.bind is not an IP address");
    if (!net::is_loopback(config.http_bind()) && !http.has_tls() && !http.is_plain_allowed) {
        return fail(Errc::InvalidArgument,
                    "pages and API would be served beyond this machine without encryption: give "
                    "http.tls_certificate and http.tls_key (--https-certificate, --https-key); or "
                    "http.bind = \"127.0.0.1\" with a "
                    "front here; or http.allow_plain = true (--allow-plain-http) with a front on "
                    "another machine");
    }
    ESC_TRY(net::Fronts::parse(http.fronts));
    return check_limits(http);
}

}  // namespace escucha::server
