#include "api/detail/door.h"

#include <doctest/doctest.h>

#include "api/detail/cookie.h"
#include "api/testing/world.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;
using namespace std::chrono_literals;

namespace {

const Instant kMorning{8h};

net::Request ask(std::string peer, std::string cookie = {}, std::string method = "GET") {
    net::Request request;
    request.method = std::move(method);
    request.path = "/api/v1/session";
    request.peer = std::move(peer);
    if (!cookie.empty()) request.headers.emplace_back("cookie", "escucha_session=" + cookie);
    return request;
}

}  // namespace

TEST_CASE(
    "an address has its own rate whatever sessions it shows, and a session whatever address") {
    Rates rates;
    rates.address = net::Rate::per(1s, 1, 3);
    rates.session = net::Rate::per(1s, 1, 2);
    Door door{rates};
    CHECK_FALSE(door.turn_away(ask("192.0.2.1", "a"), kMorning));
    CHECK_FALSE(door.turn_away(ask("192.0.2.2", "a"), kMorning));
    CHECK(door.turn_away(ask("192.0.2.3", "a"), kMorning) == 1);
    CHECK_FALSE(door.turn_away(ask("192.0.2.1", "b"), kMorning));
    CHECK_FALSE(door.turn_away(ask("192.0.2.1", "c"), kMorning));
    CHECK(door.turn_away(ask("192.0.2.1", "d"), kMorning) == 1);
    CHECK_FALSE(door.turn_away(ask("192.0.2.4", "d"), kMorning));
    CHECK(door.turned_away().address == 1);
    CHECK(door.turned_away().session == 1);
    // One customer's /64 is one address.
    for (const char* peer : {"2001:db8::1", "2001:db8::2", "2001:db8::3"}) {
        CHECK_FALSE(door.turn_away(ask(peer), kMorning));
    }
    CHECK(door.turn_away(ask("2001:db8::4"), kMorning).has_value());
    CHECK_FALSE(door.turn_away(ask("2001:db8:0:1::4"), kMorning));
}

TEST_CASE("signing in has a stricter rate, and other requests do not use it up") {
    Rates rates;
    rates.sign_in = net::Rate::per(1min, 6, 2);
    Door door{rates};
    for (int i = 0; i < 5; ++i) CHECK_FALSE(door.turn_away(ask("192.0.2.1"), kMorning));
    CHECK_FALSE(door.turn_away(ask("192.0.2.1", "", "POST"), kMorning));
    CHECK_FALSE(door.turn_away(ask("192.0.2.1", "", "POST"), kMorning));
    CHECK(door.turn_away(ask("192.0.2.1", "", "POST"), kMorning) == 10);
    CHECK_FALSE(door.turn_away(ask("192.0.2.1"), kMorning));
    CHECK_FALSE(door.turn_away(ask("192.0.2.2", "", "POST"), kMorning));
    CHECK(door.turned_away().sign_in == 1);
}

TEST_CASE("the cookie is marked by how it came") {
    CHECK(session_cookie_line(net::Scheme::Http, "t", "60") ==
          "escucha_session=t; Path=/; HttpOnly; SameSite=Strict; Max-Age=60");
    CHECK(session_cookie_line(net::Scheme::Https, "t", "60") ==
          "__Host-escucha_session=t; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure");
}

TEST_CASE("who asks too often gets 429, when to come back, and words") {
    World world;
    world.rates.sign_in = net::Rate::per(1min, 1, 2);
    world.restart();
    world.sign_in("ana");
    const std::string body = R"({"login":"ana","password":"correcta-1234"})";
    CHECK(world.stranger().post("/api/v1/session", body).status == 200);
    const Got refused = world.stranger().post("/api/v1/session", body);
    CHECK(refused.status == 429);
    CHECK(refused.text("/code") == "too_many_requests");
    CHECK(refused.reply.header("retry-after") == "60");
    CHECK(world.stranger().get("/api/v1/session").status == 401);
    const Got metrics = world.stranger().get("/metrics");
    CHECK(metrics.reply.body.find("escucha_api_turned_away_total{limit=\"sign_in\"} 1") !=
          std::string::npos);
}

TEST_CASE(
    "behind a front that says HTTPS, cookie, transport security and origin are those of HTTPS") {
    World world;
    world.fronts = net::Fronts::parse("127.0.0.1").value();
    world.restart();
    const std::string https = "X-Forwarded-Proto: https";
    const auto got = world.stranger().post(
        "/api/v1/session", R"({"login":"ana","password":"correcta-1234"})", {https});
    const std::string cookie = got.reply.header("set-cookie");
    CHECK(cookie.starts_with("__Host-escucha_session="));
    CHECK(got.reply.header("strict-transport-security") == "max-age=31536000");
    const std::string pair = cookie.substr(0, cookie.find(';'));
    CHECK(world.stranger().get("/api/v1/session", {https, "Cookie: " + pair}).status == 200);
    // The same token under the plain name, as somebody in between could plant it.
    const std::string planted = pair.substr(std::string_view{"__Host-"}.size());
    CHECK(world.stranger().get("/api/v1/session", {https, "Cookie: " + planted}).status == 401);
    const auto plain = world.stranger().get("/healthz");
    CHECK(plain.reply.header("strict-transport-security").empty());

    const std::string host = "Origin: http://127.0.0.1:" + std::to_string(world.server->port());
    const auto from_plain = world.stranger().post(
        "/api/v1/session", R"({"login":"ana","password":"correcta-1234"})", {https, host});
    CHECK(from_plain.text("/code") == "bad_origin");
}
