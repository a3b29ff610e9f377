#include "net/tls.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <unistd.h>

#include "base/errc.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/https_redirect.h"
#include "net/testing/certificate.h"
#include "net/testing/client.h"

using namespace escucha;
using namespace escucha::net;
using namespace std::chrono_literals;
using net::testing::Client;
using net::testing::make_certificate;
using net::testing::Socket;

namespace {

class CertificateFolder {
public:
    CertificateFolder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "escucha_tls_XXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    CertificateFolder(const CertificateFolder&) = delete;
    CertificateFolder& operator=(const CertificateFolder&) = delete;
    ~CertificateFolder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

/// Says how a request came, and answers "/long" with as much as is asked for.
class SchemeEcho final : public RequestHandler {
public:
    Response handle(const Request& request) override {
        if (request.path == "/long") return Response{200, {}, std::string(300'000, 'x')};
        return Response{
            200, {}, (request.scheme == Scheme::Https ? "https " : "http ") + request.body};
    }
    [[nodiscard]] bool is_slow(const Request&) const override { return false; }
    std::variant<Response, std::unique_ptr<FrameSource>> open_stream(const Request&) override {
        return Response{404, {}, {}};
    }
    Response refuse(unsigned status) override { return Response{status, {}, "refused"}; }
};

struct SecureServer {
    CertificateFolder folder;
    TlsFiles files = make_certificate(folder.path, "own");
    SchemeEcho echo;
    std::unique_ptr<HttpServer> server;

    explicit SecureServer(ServerOptions options = {}) {
        options.tls = files;
        auto started = HttpServer::start(std::move(options), echo);
        REQUIRE(started.has_value());
        server = std::move(started).value();
    }
    [[nodiscard]] HttpCall call(const std::string& path) const {
        return {.method = "GET",
                .url = "https://127.0.0.1:" + std::to_string(server->port()) + path,
                .ca_file = files.certificate};
    }
};

}  // namespace

TEST_CASE(
    "through TLS requests and long answers are what they are in the clear, and known as such") {
    SecureServer secure;
    HttpClient client;
    auto post = secure.call("/a");
    post.method = "POST";
    post.body = std::string(100'000, 'b');
    CHECK(client.call(post).value().body == "https " + post.body);
    CHECK(client.call(secure.call("/long")).value().body == std::string(300'000, 'x'));
    CHECK(secure.server->counters().connections == 1);
}

TEST_CASE("who does not trust the certificate gets no answer") {
    const SecureServer secure;
    HttpClient client;
    auto call = secure.call("/");
    call.ca_file.clear();
    CHECK(client.call(call).error().code == Errc::Unavailable);
}

TEST_CASE("plain HTTP to the TLS port is not answered") {
    const SecureServer secure;
    Socket socket{secure.server->port()};
    CHECK(socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    CHECK(socket.receive_all().find("HTTP/1.1") == std::string::npos);
    CHECK(secure.server->counters().requests == 0);
}

TEST_CASE("a handshake that is not finished in its time ends the connection") {
    ServerOptions options;
    options.handshake_time = 50ms;
    const SecureServer secure{options};
    Socket silent{secure.server->port()};
    CHECK(silent.receive_all().empty());
    Socket halting{secure.server->port()};
    CHECK(halting.send("\x16\x03\x01\x02"));
    CHECK(halting.receive_all().empty());
}

TEST_CASE("a new certificate is for the connections that come, and a bad one changes nothing") {
    SecureServer secure;
    HttpClient early;
    CHECK(early.call(secure.call("/")).has_value());
    const auto other = make_certificate(secure.folder.path, "other");
    std::filesystem::copy_file(secure.files.certificate, secure.folder.path / "old.pem");
    std::filesystem::rename(other.certificate, secure.files.certificate);
    const auto refused = secure.server->reload_tls();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().detail.find("own.key") != std::string::npos);
    auto with_old = secure.call("/");
    with_old.ca_file = secure.folder.path / "old.pem";
    CHECK(HttpClient{}.call(with_old).has_value());

    std::filesystem::rename(other.key, secure.files.key);
    REQUIRE(secure.server->reload_tls().has_value());
    CHECK(HttpClient{}.call(secure.call("/")).has_value());
    CHECK_FALSE(HttpClient{}.call(with_old).has_value());
    const auto before = secure.server->counters().connections;
    CHECK(early.call(secure.call("/")).has_value());
    CHECK(secure.server->counters().connections == before);
}

TEST_CASE("files that are no certificate and key of one another are named") {
    const CertificateFolder folder;
    const auto one = make_certificate(folder.path, "one");
    const auto two = make_certificate(folder.path, "two");
    const auto error = [](const TlsFiles& files) {
        const auto read = read_certificate(files);
        return read ? std::string{"(read)"} : read.error().detail;
    };
    CHECK(error(one) == "(read)");
    CHECK(error({folder.path / "none.pem", one.key}).find("none.pem") != std::string::npos);
    CHECK(error({one.certificate, folder.path / "none.key"}).find("none.key") != std::string::npos);
    CHECK(error({one.certificate, two.key}).find("two.key") != std::string::npos);
    CHECK(error({one.key, one.key}).find("one.key") != std::string::npos);
}

TEST_CASE("a certificate says from when and until when it is good") {
    const CertificateFolder folder;
    const auto read = read_certificate(make_certificate(folder.path, "day", 24h));
    REQUIRE(read.has_value());
    CHECK(read.value().valid_until - read.value().valid_from >= 25h);
    CHECK(read.value().valid_until - read.value().valid_from <= 25h + 1s);
}

TEST_CASE("the plain port sends everybody to the same place by HTTPS, and nobody elsewhere") {
    HttpsRedirect redirect{8443};
    const auto server = HttpServer::start({}, redirect);
    REQUIRE(server.has_value());
    Client client{server.value()->port()};
    const auto target = [&client](const std::string& host) {
        CHECK(client.socket().send("POST /a%20b?c=d HTTP/1.1\r\nHost: " + host +
                                   "\r\nContent-Length: 0\r\n\r\n"));
        const auto reply = client.read_reply();
        return std::to_string(reply->status) + " " + reply->header("location");
    };
    CHECK(target("desk.example:8080") == "308 https://desk.example:8443/a%20b?c=d");
    CHECK(target("[::1]:8080") == "308 https://[::1]:8443/a%20b?c=d");
    CHECK(target("a@evil.example") == "400 ");
    CHECK(target("a/b") == "400 ");
    CHECK(target(std::string(256, 'a')) == "400 ");
    CHECK(target(std::string(255, 'a')).starts_with("308"));
    HttpsRedirect usual{443};
    const Request request{"GET", "/", "", {{"host", "desk.example"}}, "", ""};
    CHECK(usual.handle(request).header("location") == "https://desk.example/");
}
