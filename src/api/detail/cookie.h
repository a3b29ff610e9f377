#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace escucha::api {

/// By HTTPS a browser takes a cookie of the first name only over HTTPS, for this host and every
/// path (RFC 6265bis §4.1.3.2), so nobody beside or in between plants a session.
constexpr std::string_view session_cookie(net::Scheme scheme) {
    return scheme == net::Scheme::Https ? "__Host-escucha_session" : "escucha_session";
}

/// The value of Set-Cookie; an empty token and no life take it away.
std::string session_cookie_line(net::Scheme scheme,
                                std::string_view token,
                                std::string_view life_s);

}  // namespace escucha::api
