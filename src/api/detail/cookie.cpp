#include "api/detail/cookie.h"

namespace escucha::api {

std::string session_cookie_line(net::Scheme scheme,
                                std::string_view token,
                                std::string_view life_s) {
    std::string line{session_cookie(scheme)};
    line += '=';
    line += token;
    line += "; Path=/; HttpOnly; SameSite=Strict; Max-Age=";
    line += life_s;
    if (scheme == net::Scheme::Https) line += "; Secure";
    return line;
}

}  // namespace escucha::api
