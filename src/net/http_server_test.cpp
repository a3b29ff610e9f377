#include "net/http_server.h"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/errc.h"
#include "net/http_client.h"
#include "net/static_files.h"
#include "net/testing/client.h"

using namespace escucha;
using namespace escucha::net;
using namespace std::chrono_literals;
using net::testing::Client;
using net::testing::Reply;
using net::testing::Socket;
using net::testing::WebSocket;

namespace {

/// Numbers "1", "2"... up to a limit that the test moves.
class Numbers final : public FrameSource {
public:
    explicit Numbers(std::atomic<int>& limit) : limit_{limit} {}
    Frames next() override {
        Frames frames;
        while (sent_ < limit_ && frames.texts.size() < 2)
            frames.texts.push_back(std::to_string(++sent_));
        frames.has_more = sent_ < limit_;
        if (sent_ == 1'000) frames.close = Frames::Close{4'000, "enough"};
        return frames;
    }
    Frames heartbeat() override { return {.texts = {"beat"}, .has_more = false, .close = {}}; }

private:
    std::atomic<int>& limit_;
    int sent_ = 0;
};

class Echo final : public RequestHandler {
public:
    Response handle(const Request& request) override {
        if (request.path == "/file") return Response{200, {}, FileBody{file, 2, 100'000}};
        if (request.path == "/split") return Response{200, {{"X-Bad", "a\r\nSet-Cookie: b"}}, "ok"};
        if (request.path == "/wait") {
            std::unique_lock lock{mutex};
            is_waiting = true;
            changed.notify_all();
            changed.wait(lock, [this] { return is_released; });
        }
        return Response{
            200,
            {},
            request.method + " " + request.path + "?" + request.query + " " + request.body};
    }
    std::variant<Response, std::unique_ptr<FrameSource>> open_stream(
        const Request& request) override {
        if (request.path != "/numbers") return Response{404, {}, "no stream"};
        return std::make_unique<Numbers>(limit);
    }
    [[nodiscard]] bool is_slow(const Request& request) const override {
        return request.query == "slow";
    }
    [[nodiscard]] bool takes_large_body(const Request& request) const override {
        return request.path == "/large";
    }
    Response refuse(unsigned status) override { return Response{status, {}, "refused"}; }

    std::atomic<int> limit{0};
    std::string file;
    std::mutex mutex;
    std::condition_variable changed;
    bool is_waiting = false, is_released = false;
};

struct Fixture {
    Echo echo;
    std::unique_ptr<HttpServer> server;

    explicit Fixture(ServerOptions options = {}) {
        auto started = HttpServer::start(std::move(options), echo);
        REQUIRE(started.has_value());
        server = std::move(started).value();
    }
    [[nodiscard]] std::uint16_t port() const { return server->port(); }
};

class Folder {
public:
    Folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "escucha_net_XXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }
    void write(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories((path / name).parent_path());
        std::ofstream{path / name} << text;
    }
    std::filesystem::path path;
};

}  // namespace

TEST_CASE("several requests on one connection are answered in order") {
    Fixture fixture;
    Client client{fixture.port()};
    CHECK(client.call("GET", "/a?b=1")->body == "GET /a?b=1 ");
    CHECK(client.call("POST", "/c", {}, "text")->body == "POST /c? text");
    CHECK(client.socket().send(
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
    CHECK(client.read_reply()->body == "GET /1? ");
    CHECK(client.read_reply()->body == "GET /2? ");
}

TEST_CASE("HEAD has the headers of GET and no body") {
    Fixture fixture;
    Client client{fixture.port()};
    const auto reply = client.call("HEAD", "/a");
    CHECK(reply->header("content-length") == "8");
    CHECK(client.call("GET", "/b")->body == "GET /b? ");
}

TEST_CASE("a body at the limit is read and one byte more is refused with 413") {
    ServerOptions options;
    options.max_body_bytes = 1'000;
    Fixture fixture{options};
    CHECK(Client{fixture.port()}.call("POST", "/", {}, std::string(1'000, 'x'))->status == 200);
    Client client{fixture.port()};
    const auto reply = client.call("POST", "/", {}, std::string(1'001, 'x'));
    CHECK(reply->status == 413);
    CHECK(reply->header("connection") == "close");
}

TEST_CASE("a large body is read of who may send one, up to its limit, and a few at a time") {
    ServerOptions options;
    options.max_body_bytes = 1'000;
    options.max_large_body_bytes = 5'000;
    options.max_large_bodies = 1;
    Fixture fixture{options};
    const auto put = [&](const std::string& path, std::size_t size) {
        return Client{fixture.port()}.call("PUT", path, {}, std::string(size, 'x'))->status;
    };
    CHECK(put("/large", 5'000) == 200);
    CHECK(put("/large", 5'001) == 413);
    CHECK(put("/small", 1'001) == 413);
    Socket first{fixture.port()};
    CHECK(
        first.send("PUT /large HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n"
                   "Expect: 100-continue\r\n\r\n"));
    CHECK(first.receive().starts_with("HTTP/1.1 100"));
    CHECK(put("/large", 2'000) == 503);
    CHECK(put("/large", 1'000) == 200);
    CHECK(first.send(std::string(2'000, 'x')));
    CHECK(first.receive().starts_with("HTTP/1.1 200"));
    CHECK(put("/large", 2'000) == 200);
}

TEST_CASE("a header over the limit is refused with 431") {
    ServerOptions options;
    options.max_header_bytes = 1'000;
    Fixture fixture{options};
    CHECK(Client{fixture.port()}.call("GET", "/", {"A: " + std::string(800, 'x')})->status == 200);
    CHECK(Client{fixture.port()}.call("GET", "/", {"A: " + std::string(1'001, 'x')})->status ==
          431);
}

TEST_CASE("a header that trickles in is given up at its deadline, whatever it sends meanwhile") {
    ServerOptions options;
    options.header_time = 150ms;
    Fixture fixture{options};
    Socket socket{fixture.port()};
    CHECK(socket.send("GET / HTTP/1.1\r\nHost: x\r\n"));
    std::jthread trickle{[&socket](std::stop_token stop) {
        while (!stop.stop_requested() && socket.send("A: b\r\n")) std::this_thread::yield();
    }};
    const std::string answer = socket.receive_all();
    trickle.request_stop();
    // It runs out of time or out of header, never out of patience.
    const bool is_refused = answer.empty() || answer.starts_with("HTTP/1.1 431");
    CHECK(is_refused);
}

TEST_CASE("half a header and silence ends the connection") {
    ServerOptions options;
    options.header_time = 100ms;
    Fixture fixture{options};
    Socket socket{fixture.port()};
    CHECK(socket.send("GET / HTTP/1.1\r\nHos"));
    CHECK(socket.receive_all().empty());
}

TEST_CASE("what is not HTTP, has no host or no path gets 400") {
    Fixture fixture;
    for (const std::string_view bytes :
         {"rubbish\r\n\r\n",
          "GET / HTTP/1.1\r\n\r\n",
          "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: two\r\n\r\n"}) {
        CAPTURE(bytes);
        Socket socket{fixture.port()};
        CHECK(socket.send(bytes));
        CHECK(socket.receive_all().starts_with("HTTP/1.1 400"));
    }
}

TEST_CASE("a header value with a line break is not sent") {
    Fixture fixture;
    const auto reply = Client{fixture.port()}.call("GET", "/split");
    CHECK(reply->header("x-bad").empty());
    CHECK(reply->header("set-cookie").empty());
    CHECK(reply->body == "ok");
}

TEST_CASE("a part of a file is sent exactly") {
    Fixture fixture;
    const Folder folder;
    std::string text;
    for (int i = 0; text.size() < 200'000; ++i) text += std::to_string(i) + ' ';
    folder.write("big", text);
    fixture.echo.file = (folder.path / "big").string();
    Client client{fixture.port()};
    CHECK(client.call("GET", "/file")->body == text.substr(2, 100'000));
    CHECK(client.call("GET", "/a")->status == 200);
}

TEST_CASE("a connection over the limit is turned away with 503") {
    ServerOptions options;
    options.max_connections = 1;
    Fixture fixture{options};
    Client first{fixture.port()};
    CHECK(first.call("GET", "/a")->status == 200);
    Socket second{fixture.port()};
    CHECK(second.receive_all().starts_with("HTTP/1.1 503"));
}

TEST_CASE("stopping answers what was asked and closes the rest") {
    Fixture fixture;
    Client idle{fixture.port()};
    CHECK(idle.call("GET", "/a")->status == 200);
    fixture.echo.limit = 1;
    WebSocket stream{fixture.port(), "/numbers"};
    CHECK(stream.receive() == "1");
    Client busy{fixture.port()};
    CHECK(busy.socket().send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
    {
        std::unique_lock lock{fixture.echo.mutex};
        fixture.echo.changed.wait(lock, [&] { return fixture.echo.is_waiting; });
    }
    std::jthread stop{[&] { fixture.server.reset(); }};
    CHECK(!stream.receive());
    CHECK(stream.close_code() == 1'001);
    CHECK(idle.socket().receive().empty());
    {
        const std::scoped_lock lock{fixture.echo.mutex};
        fixture.echo.is_released = true;
    }
    fixture.echo.changed.notify_all();
    CHECK(busy.read_reply()->body == "GET /wait? ");
}

TEST_CASE("slow requests wait for one another and keep nobody else waiting") {
    ServerOptions options;
    options.workers = 1;
    Fixture fixture{options};
    Client slow{fixture.port()};
    CHECK(slow.socket().send("GET /wait?slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    {
        std::unique_lock lock{fixture.echo.mutex};
        fixture.echo.changed.wait(lock, [&] { return fixture.echo.is_waiting; });
    }
    CHECK(Client{fixture.port()}.call("GET", "/quick")->status == 200);
    {
        const std::scoped_lock lock{fixture.echo.mutex};
        fixture.echo.is_released = true;
    }
    fixture.echo.changed.notify_all();
    CHECK(slow.read_reply()->status == 200);
}

TEST_CASE("a WebSocket gets what there is, then what comes, in order") {
    Fixture fixture;
    fixture.echo.limit = 5;
    WebSocket stream{fixture.port(), "/numbers"};
    REQUIRE(stream.is_open());
    for (int i = 1; i <= 5; ++i) CHECK(stream.receive() == std::to_string(i));
    fixture.echo.limit = 300;
    fixture.server->wake_streams();
    for (int i = 6; i <= 300; ++i) CHECK(stream.receive() == std::to_string(i));
}

TEST_CASE("news that come while the last ones are fetched are not slept over") {
    Fixture fixture;
    WebSocket stream{fixture.port(), "/numbers"};
    REQUIRE(stream.is_open());
    for (int i = 1; i <= 500; ++i) {
        fixture.echo.limit = i;
        fixture.server->wake_streams();
        CHECK(stream.receive() == std::to_string(i));
    }
}

TEST_CASE("a silent WebSocket beats") {
    ServerOptions options;
    options.heartbeat = 50ms;
    Fixture fixture{options};
    WebSocket stream{fixture.port(), "/numbers"};
    CHECK(stream.receive() == "beat");
    CHECK(stream.receive() == "beat");
}

TEST_CASE("the source's close code reaches the client") {
    Fixture fixture;
    fixture.echo.limit = 1'000;
    WebSocket stream{fixture.port(), "/numbers"};
    int count = 0;
    while (stream.receive()) ++count;
    CHECK(count == 1'000);
    CHECK(stream.close_code() == 4'000);
}

TEST_CASE("a refused upgrade is an ordinary answer") {
    Fixture fixture;
    const WebSocket stream{fixture.port(), "/other"};
    CHECK(!stream.is_open());
    CHECK(stream.refusal().status == 404);
    CHECK(stream.refusal().body == "no stream");
}

TEST_CASE("a client that talks too much, or too long, loses its WebSocket") {
    Fixture fixture;
    WebSocket chatty{fixture.port(), "/numbers"};
    for (int i = 0; i < 101; ++i) chatty.send_text("hello");
    CHECK(!chatty.receive());
    WebSocket lengthy{fixture.port(), "/numbers"};
    lengthy.send_text(std::string(4'097, 'x'));
    CHECK(!lengthy.receive());
    CHECK(lengthy.close_code() == 1'009);
}

TEST_CASE("a port that is taken is an error that names it") {
    Fixture fixture;
    ServerOptions options;
    options.port = fixture.port();
    const auto second = HttpServer::start(options, fixture.echo);
    REQUIRE(!second);
    CHECK(second.error().detail.find(std::to_string(options.port)) != std::string::npos);
}

TEST_CASE("static files: hashed ones for ever, pages as index.html, nothing from outside") {
    const Folder folder;
    folder.write("web/index.html", "<p>page</p>");
    folder.write("web/assets/app-1a2b.js", "code");
    folder.write("web/assets/app-1a2b.js.gz", "packed");
    folder.write("web/.hidden", "no");
    folder.write("secret.txt", "no");
    const StaticFiles files{folder.path / "web"};
    const auto get = [&](std::string path,
                         std::vector<std::pair<std::string, std::string>> headers = {}) {
        return files.serve(Request{"GET", std::move(path), "", std::move(headers), "", ""});
    };
    CHECK(get("/").header("content-type") == "text/html; charset=utf-8");
    CHECK(get("/").header("cache-control") == "no-cache");
    CHECK(get("/casos/123").status == 200);
    CHECK(get("/assets/app-1a2b.js").header("cache-control") ==
          "public, max-age=31536000, immutable");
    CHECK(std::get<FileBody>(get("/assets/app-1a2b.js").body).length == 4);
    const Response packed = get("/assets/app-1a2b.js", {{"accept-encoding", "gzip, br"}});
    CHECK(packed.header("content-encoding") == "gzip");
    CHECK(packed.header("content-type") == "text/javascript; charset=utf-8");
    CHECK(std::get<FileBody>(packed.body).length == 6);
    const std::string tag{get("/").header("etag")};
    CHECK(get("/", {{"if-none-match", tag}}).status == 304);
    for (const std::string path : {"/../secret.txt",
                                   "/%2e%2e/secret.txt",
                                   "/.hidden",
                                   "//etc/passwd.txt",
                                   "/assets/../../secret.txt",
                                   "/%2e%2e%2fsecret.txt",
                                   "/assets/..%2f..%2fsecret.txt",
                                   "/%252e%252e/secret.txt",
                                   "/..%5csecret.txt",
                                   "/./app.txt",
                                   "/missing.js",
                                   "/%zz.js",
                                   "/a%00.txt"}) {
        CAPTURE(path);
        CHECK(get(path).status == 404);
    }
}

TEST_CASE("the client reads a reply, and names what went wrong") {
    ServerOptions options;
    Fixture fixture{options};
    const std::string base = "http://127.0.0.1:" + std::to_string(fixture.port());
    HttpClient client;
    HttpCall post{.method = "POST", .url = base + "/x?y=1", .headers = {}, .body = "hello"};
    const auto reply = client.call(post);
    REQUIRE(reply);
    CHECK(reply.value().status == 200);
    CHECK(reply.value().body == "POST /x?y=1 hello");
    CHECK(reply.value().headers.front().first == "content-length");

    HttpCall small{.method = "GET", .url = base + "/long"};
    small.max_reply_bytes = 10;
    CHECK(client.call(small).error().code == Errc::TooLarge);
    HttpCall slow{.method = "GET", .url = base + "/wait"};
    slow.deadline = 50ms;
    CHECK(client.call(slow).error().code == Errc::Timeout);
    {
        const std::scoped_lock lock{fixture.echo.mutex};
        fixture.echo.is_released = true;
    }
    fixture.echo.changed.notify_all();
    CHECK(client.call(HttpCall{.method = "GET", .url = "file:///etc/passwd"}).error().code ==
          Errc::InvalidArgument);
    const std::uint16_t closed_port = fixture.port();
    fixture.server.reset();
    const auto refused = client.call(
        HttpCall{.method = "GET", .url = "http://127.0.0.1:" + std::to_string(closed_port) + "/"});
    CHECK(refused.error().code == Errc::Unavailable);
}

TEST_CASE("queries and cookies are read as the standards say") {
    CHECK(percent_decode("a%20b%C3%B1") == "a bñ");
    CHECK(!percent_decode("%2"));
    CHECK(!percent_decode("%00"));
    const auto query = parse_query("a=1&b=x+y&c&a=2");
    REQUIRE(query);
    CHECK(query->at("a") == "1");
    CHECK(query->at("b") == "x y");
    CHECK(query->at("c").empty());
    CHECK(!parse_query("a=%"));
    const Request request{"GET", "/", "", {{"cookie", "x=1; escucha_session=ab=c; y=2"}}, "", ""};
    CHECK(request.cookie("escucha_session") == "ab=c");
    CHECK(request.cookie("y") == "2");
    CHECK(request.cookie("session").empty());
}
