// What somebody sends who means no good: requests that two programs would read differently, and
// peers that are slow on purpose.
#include <thread>

#include <doctest/doctest.h>

#include "net/http_server.h"
#include "net/testing/client.h"

using namespace escucha;
using namespace escucha::net;
using namespace std::chrono_literals;
using net::testing::Client;
using net::testing::Socket;

namespace {

/// Answers what it was asked; "/long" gets more than a socket holds.
class Mirror final : public RequestHandler {
public:
    static constexpr std::size_t kLong = 64'000'000;

    Response handle(const Request& request) override {
        if (request.path == "/long") return Response{200, {}, std::string(kLong, 'x')};
        std::string seen = request.method + ' ' + request.path + " from " + request.peer + " by " +
                           (request.scheme == Scheme::Https ? "https" : "http") + ':';
        return Response{200, {}, seen + request.body + std::string{request.header("x-added")}};
    }
    std::optional<Response> turn_away(const Request& request) override {
        if (request.path != "/away") return std::nullopt;
        return Response{429, {{"Retry-After", "7"}}, "slower"};
    }
    [[nodiscard]] bool is_slow(const Request&) const override { return false; }
    std::variant<Response, std::unique_ptr<FrameSource>> open_stream(const Request&) override {
        return Response{404, {}, {}};
    }
    Response refuse(unsigned status) override { return Response{status, {}, "refused"}; }
};

struct Door {
    explicit Door(ServerOptions options = {}) {
        options.workers = 1;
        server = HttpServer::start(std::move(options), mirror).value();
    }
    /// All that comes back until the server hangs up.
    [[nodiscard]] std::string send(std::string_view bytes) const {
        Socket socket{server->port()};
        socket.send(bytes);
        return socket.receive_all();
    }
    Mirror mirror;
    std::unique_ptr<HttpServer> server;
};

int answers_in(std::string_view text) {
    int count = 0;
    for (auto at = text.find("HTTP/1.1 "); at != std::string_view::npos;
         at = text.find("HTTP/1.1 ", at + 1)) {
        ++count;
    }
    return count;
}

constexpr std::string_view kHidden = "GET /hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("a request whose end could be read in two ways gets 400 and ends the connection") {
    const Door door;
    for (const std::string_view fields : {
             "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
             "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
             "Content-Length: 5\r\nContent-Length: 6\r\n",
             "Content-Length: 5\r\nContent-Length: 5\r\n",
             "Content-Length: 5, 5\r\n",
             "Content-Length: +5\r\n",
             "Content-Length: 0x5\r\n",
             "Content-Length: 5 5\r\n",
             "Content-Length: 18446744073709551621\r\n",
             "Content-Length : 5\r\n",
             "Content-Length\t: 5\r\n",
             "Transfer-Encoding : chunked\r\n",
             "Transfer-Encoding: xchunked\r\n",
             "Transfer-Encoding: chunked, identity\r\n",
             "Transfer-Encoding: gzip, chunked\r\n",
             "Transfer-Encoding: identity\r\n",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
             "Transfer-Encoding: \"chunked\"\r\n",
             "Transfer-Encoding: \x0b"
             "chunked\r\n",
             "Transfer-Encoding:\r\n",
             "Host: y\r\n",
             "A: b\rContent-Length: 5\r\n",
             "A: b\nContent-Length: 5\r\n",
             ": empty\r\n",
             "no colon\r\n",
             "A\x01: b\r\n",
         }) {
        CAPTURE(fields);
        const std::string answer = door.send("POST / HTTP/1.1\r\nHost: x\r\n" +
                                             std::string{fields} + "\r\n" + std::string{kHidden});
        CHECK(answer.starts_with("HTTP/1.1 400"));
        CHECK(answers_in(answer) == 1);
    }
}

TEST_CASE("lines that end otherwise, and odd request lines, get 400") {
    const Door door;
    for (const std::string_view bytes : {
             "GET / HTTP/1.1\nHost: x\n\n",
             "GET / HTTP/1.1\r\nHost: x\n\r\n",
             " GET / HTTP/1.1\r\nHost: x\r\n\r\n",
             "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
             "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
             "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
             "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
             "GET /\r\n\r\n",
             "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
             "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
             "CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
         }) {
        CAPTURE(bytes);
        CHECK(door.send(bytes).starts_with("HTTP/1.1 400"));
    }
}

TEST_CASE(
    "a folded field is read as one line (RFC 9112 §5.2), also when it says how long a body is") {
    const Door door;
    const std::string answer = door.send(
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n"
        "Connection: close\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    CHECK(answer.ends_with(":hi"));
}

TEST_CASE("chunks are read to their end: what follows is the next request, and nothing is added") {
    const Door door;
    const std::string two = door.send(
        "POST /first HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n"
        "0\r\nX-Added: no\r\n\r\n" +
        std::string{kHidden});
    CHECK(two.find("POST /first from 127.0.0.1 by http:abcHTTP/1.1 200") != std::string::npos);
    CHECK(two.find("GET /hidden") != std::string::npos);
    CHECK(answers_in(two) == 2);
}

TEST_CASE(
    "chunks that are wrong or larger than allowed get 400 or 413, and nothing after is read") {
    ServerOptions options;
    options.max_body_bytes = 1'000;
    const Door door{options};
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const auto& [chunks, status] : {std::pair{"3e9\r\n", "413"},
                                         std::pair{"FFFFFFFFFFFFFFFF\r\n", "413"},
                                         std::pair{"FFFFFFFFFFFFFFFF0\r\n", "400"},
                                         std::pair{"-1\r\n", "400"},
                                         std::pair{"0x3\r\nabc\r\n", "400"},
                                         std::pair{"3\r\nabcd\r\n", "400"},
                                         std::pair{"3\nabc\r\n", "400"}}) {
        CAPTURE(chunks);
        const std::string answer = door.send(head + chunks + std::string{kHidden});
        CHECK(answer.starts_with(std::string{"HTTP/1.1 "} + status));
        CHECK(answers_in(answer) == 1);
    }
    CHECK(door.send(head + "1;" + std::string(100'000, 'e')).starts_with("HTTP/1.1 4"));
}

TEST_CASE("a body that stops, or trickles, is given up at its deadline") {
    ServerOptions options;
    options.body_time = 100ms;
    const Door door{options};
    Socket stopped{door.server->port()};
    CHECK(stopped.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"));
    CHECK(stopped.receive_all().empty());
    Socket trickling{door.server->port()};
    CHECK(trickling.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"));
    std::jthread trickle{[&trickling](std::stop_token stop) {
        // At most as much as was announced; each byte on its own.
        for (int i = 0; i < 999'000 && !stop.stop_requested() && trickling.send("x"); ++i) {
            std::this_thread::yield();
        }
    }};
    const std::string answer = trickling.receive_all();
    trickle.request_stop();
    CHECK(answer.empty());
}

TEST_CASE("who does not read a long answer is cut off, and keeps nobody waiting meanwhile") {
    ServerOptions options;
    options.write_time = 100ms;
    const Door door{options};
    Socket deaf{door.server->port()};
    CHECK(deaf.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n"));
    CHECK(Client{door.server->port()}.call("GET", "/")->status == 200);
    // Nothing is read before the connection has gone.
    while (door.server->counters().open_connections > 1) std::this_thread::yield();
    CHECK(deaf.receive_all().size() < Mirror::kLong);
}

TEST_CASE("a connection that asks nothing is closed after its time") {
    ServerOptions options;
    options.idle_time = 50ms;
    const Door door{options};
    Client client{door.server->port()};
    CHECK(client.call("GET", "/")->status == 200);
    CHECK(client.socket().receive_all().empty());
}

TEST_CASE("one address has so many connections and no more, and gets them back") {
    ServerOptions options;
    options.max_connections_per_site = 2;
    const Door door{options};
    auto first = std::make_unique<Client>(door.server->port());
    Client second{door.server->port()};
    CHECK(first->call("GET", "/")->status == 200);
    CHECK(second.call("GET", "/")->status == 200);
    CHECK(door.send("").starts_with("HTTP/1.1 503"));
    first.reset();
    while (door.server->counters().open_connections > 1) std::this_thread::yield();
    CHECK(Client{door.server->port()}.call("GET", "/")->status == 200);

    options.fronts = Fronts::parse("127.0.0.1").value();
    const Door behind{options};
    Client a{behind.server->port()}, b{behind.server->port()}, c{behind.server->port()};
    for (Client* one : {&a, &b, &c}) CHECK(one->call("GET", "/")->status == 200);
}

TEST_CASE(
    "who is turned away by the head is told before the body comes, and loses the connection") {
    const Door door;
    const std::string answer = door.send(
        "POST /away HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\nExpect: 100-continue\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 429"));
    CHECK(answer.find("Retry-After: 7") != std::string::npos);
    CHECK(answer.ends_with("slower"));
    CHECK(door.server->counters().requests == 0);
}

TEST_CASE("only a front says who asks and how") {
    const auto seen = [](const char* fronts, std::vector<std::string> headers) {
        ServerOptions options;
        options.fronts = Fronts::parse(fronts).value();
        const Door door{options};
        return Client{door.server->port()}.call("GET", "/", std::move(headers))->body;
    };
    const std::string told = "X-Forwarded-For: 203.0.113.9, 192.0.2.4";
    CHECK(seen("", {told, "X-Forwarded-Proto: https"}) == "GET / from 127.0.0.1 by http:");
    CHECK(seen("127.0.0.1", {told, "X-Forwarded-Proto: https"}) ==
          "GET / from 192.0.2.4 by https:");
    CHECK(seen("127.0.0.1, 192.0.2.4", {told}) == "GET / from 203.0.113.9 by http:");
    CHECK(seen("127.0.0.1", {told, "X-Forwarded-For: 198.51.100.3"}) ==
          "GET / from 198.51.100.3 by http:");
    CHECK(seen("127.0.0.1, 192.0.2.4", {"X-Forwarded-For: 203.0.113.9, unknown, 192.0.2.4"}) ==
          "GET / from 192.0.2.4 by http:");
    CHECK(seen("127.0.0.1", {"X-Forwarded-For: ::FFFF:192.0.2.8"}) ==
          "GET / from 192.0.2.8 by http:");
    CHECK_FALSE(Fronts::parse("127.0.0.1, proxy.example").has_value());
    CHECK_FALSE(Fronts::parse("127.0.0.1/8").has_value());
}

TEST_CASE("addresses are written in one way, and IPv6 counts by its /64") {
    CHECK(canonical_address("2001:DB8:0::1") == "2001:db8::1");
    CHECK(canonical_address("::ffff:192.0.2.1") == "192.0.2.1");
    CHECK_FALSE(canonical_address("192.0.2.1:80").has_value());
    CHECK(site_of("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::");
    CHECK(site_of("192.0.2.1") == "192.0.2.1");
    CHECK(is_loopback("127.8.8.8"));
    CHECK(is_loopback("::1"));
    CHECK_FALSE(is_loopback("192.0.2.127"));
    CHECK_FALSE(is_loopback("0.0.0.0"));
}
