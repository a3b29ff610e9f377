#include "api/detail/door.h"

#include <string_view>

#include <sodium.h>

#include "api/detail/cookie.h"
#include "net/front.h"

namespace escucha::api {
namespace {

net::RateLimit::Key random_key() {
    net::RateLimit::Key key;
    randombytes_buf(key.data(), key.size());
    return key;
}

bool is_sign_in(const net::Request& request) {
    return request.method == "POST" && request.path == "/api/v1/session";
}

unsigned whole_seconds(Duration time) {
    return static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(time).count());
}

}  // namespace

Door::Door(const Rates& rates)
    : address_{rates.address, random_key()},
      session_{rates.session, random_key()},
      sign_in_{rates.sign_in, random_key()} {}

std::optional<unsigned> Door::turn_away(const net::Request& request, Instant now) {
    const std::string site = net::site_of(request.peer);
    // First, so that one address cannot fill the other's buckets with made-up sessions.
    if (const auto wait = address_.take(site, now)) {
        ++counters_.address;
        return whole_seconds(*wait);
    }
    if (is_sign_in(request)) {
        const auto wait = sign_in_.take(site, now);
        if (!wait) return std::nullopt;
        ++counters_.sign_in;
        return whole_seconds(*wait);
    }
    const std::string_view bearer = request.header("authorization");
    const std::string_view who =
        bearer.empty() ? request.cookie(session_cookie(request.scheme)) : bearer;
    if (who.empty()) return std::nullopt;
    const auto wait = session_.take(who, now);
    if (!wait) return std::nullopt;
    ++counters_.session;
    return whole_seconds(*wait);
}

}  // namespace escucha::api
