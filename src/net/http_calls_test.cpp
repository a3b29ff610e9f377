#include "net/http_calls.h"

#include <atomic>
#include <future>
#include <vector>

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/errc.h"
#include "net/http_server.h"

using namespace escucha;
using namespace escucha::net;
using namespace std::chrono_literals;

namespace {

/// Takes connections and never says a word.
class SilentServer {
public:
    SilentServer() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* as_socket = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(socket_, as_socket, sizeof address) == 0);
        REQUIRE(::listen(socket_, 1'000) == 0);
        socklen_t size = sizeof address;
        REQUIRE(::getsockname(socket_, as_socket, &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    SilentServer(const SilentServer&) = delete;
    SilentServer& operator=(const SilentServer&) = delete;
    ~SilentServer() { ::close(socket_); }

    [[nodiscard]] HttpCall call(std::chrono::milliseconds deadline) const {
        return {.url = "http://127.0.0.1:" + std::to_string(port_) + "/", .deadline = deadline};
    }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

class Hello final : public RequestHandler {
public:
    Response handle(const Request&) override { return Response{200, {}, "hello"}; }
    std::variant<Response, std::unique_ptr<FrameSource>> open_stream(const Request&) override {
        return Response{404, {}, {}};
    }
    [[nodiscard]] bool is_slow(const Request&) const override { return false; }
    Response refuse(unsigned status) override { return Response{status, {}, {}}; }
};

std::future<Result<HttpReply>> start(HttpCalls& calls, HttpCall call) {
    auto promise = std::make_shared<std::promise<Result<HttpReply>>>();
    auto reply = promise->get_future();
    calls.start(std::move(call),
                [promise](Result<HttpReply> got) { promise->set_value(std::move(got)); });
    return reply;
}

}  // namespace

TEST_CASE("a call that is answered does not wait for those that are not") {
    const SilentServer silent;
    auto hello = std::make_unique<Hello>();
    auto server = HttpServer::start(ServerOptions{}, *hello);
    REQUIRE(server);
    HttpCalls calls;
    std::vector<std::future<Result<HttpReply>>> waiting;
    for (int i = 0; i < 20; ++i) waiting.push_back(start(calls, silent.call(1'000ms)));
    const auto url = "http://127.0.0.1:" + std::to_string(server.value()->port()) + "/";
    const auto reply = start(calls, {.url = url, .deadline = 10'000ms}).get();
    REQUIRE(reply);
    CHECK(reply.value().body == "hello");
    CHECK(waiting.back().wait_for(0s) == std::future_status::timeout);
    for (auto& one : waiting) CHECK(one.get().error().code == Errc::Timeout);
}

TEST_CASE("one call more than may be under way ends at once, and the end of all ends the others") {
    const SilentServer silent;
    std::vector<std::future<Result<HttpReply>>> waiting;
    {
        HttpCalls calls;
        for (std::size_t i = 0; i < HttpCalls::kMost; ++i) {
            waiting.push_back(start(calls, silent.call(60'000ms)));
        }
        auto refused = start(calls, silent.call(60'000ms));
        REQUIRE(refused.wait_for(0s) == std::future_status::ready);
        CHECK(refused.get().error().code == Errc::Unavailable);
    }
    for (auto& one : waiting) CHECK(one.get().error().code == Errc::Unavailable);
}
