// Answers that are made and wait to leave.
#include <condition_variable>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "net/http_server.h"
#include "net/testing/client.h"

using namespace escucha;
using namespace escucha::net;
using namespace std::chrono_literals;
using net::testing::Client;

namespace {

class Later final : public Departure {
public:
    void when_settled(std::function<void(Verdict)> settled) override {
        const std::scoped_lock lock{mutex_};
        if (verdict_) return settled(*verdict_);
        settled_ = std::move(settled);
        asked_.notify_all();
    }
    void settle(Verdict verdict) {
        std::unique_lock lock{mutex_};
        verdict_ = verdict;
        if (settled_) settled_(verdict);
        settled_ = nullptr;
    }
    void wait_asked() {
        std::unique_lock lock{mutex_};
        asked_.wait(lock, [this] { return settled_ != nullptr; });
    }

private:
    std::mutex mutex_;
    std::condition_variable asked_;
    std::optional<Verdict> verdict_;
    std::function<void(Verdict)> settled_;
};

/// Answers "/at-once" with a departure that is settled already, anything else with one that is not.
class Holding final : public RequestHandler {
public:
    Response handle(const Request& request) override {
        Response response{200, {}, request.path};
        const auto departure = std::make_shared<Later>();
        response.departure = departure;
        if (request.path == "/at-once") {
            departure->settle(Departure::Verdict::Leave);
            return response;
        }
        const std::scoped_lock lock{mutex};
        held.push_back(departure);
        changed.notify_all();
        return response;
    }
    [[nodiscard]] bool is_slow(const Request&) const override { return false; }
    std::variant<Response, std::unique_ptr<FrameSource>> open_stream(const Request&) override {
        return Response{404, {}, {}};
    }
    Response withhold(const Request& request) override {
        return Response{503, {}, "withheld " + request.path};
    }
    Response refuse(unsigned status) override { return Response{status, {}, "refused"}; }

    /// As many as have been handled, each asked by its session.
    std::vector<std::shared_ptr<Later>> wait_held(std::size_t count) {
        std::unique_lock lock{mutex};
        changed.wait(lock, [&] { return held.size() >= count; });
        for (const auto& one : held) one->wait_asked();
        return held;
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::shared_ptr<Later>> held;
};

struct Fixture {
    explicit Fixture(ServerOptions options = {}) {
        options.workers = 1;
        server = HttpServer::start(options, handler).value();
    }
    Client ask(const std::string& path) {
        Client client{server->port()};
        REQUIRE(client.socket().send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"));
        return client;
    }
    Holding handler;
    std::unique_ptr<HttpServer> server;
};

}  // namespace

TEST_CASE("answers that wait keep no thread: one worker holds many, and they leave when settled") {
    Fixture fixture;
    std::vector<Client> clients;
    constexpr std::size_t kMany = 20;
    for (std::size_t i = 0; i < kMany; ++i) clients.push_back(fixture.ask("/" + std::to_string(i)));
    const auto held = fixture.handler.wait_held(kMany);
    CHECK(fixture.ask("/at-once").read_reply()->body == "/at-once");
    for (const auto& one : held) one->settle(Departure::Verdict::Leave);
    for (Client& client : clients) CHECK(client.read_reply()->status == 200);
}

TEST_CASE("what is withheld does not leave; the connection goes on") {
    Fixture fixture;
    Client client = fixture.ask("/secret");
    fixture.handler.wait_held(1).back()->settle(Departure::Verdict::Withhold);
    const auto reply = client.read_reply();
    CHECK(reply->status == 503);
    CHECK(reply->body == "withheld /secret");
    CHECK(client.call("GET", "/at-once")->body == "/at-once");
}

TEST_CASE("what is not settled in time is withheld, and settling it later does nothing") {
    ServerOptions options;
    options.hold_time = 20ms;
    Fixture fixture{options};
    Client client = fixture.ask("/slow");
    CHECK(client.read_reply()->status == 503);
    fixture.handler.held.front()->settle(Departure::Verdict::Leave);
    CHECK(client.call("GET", "/at-once")->status == 200);
}

TEST_CASE("a server that stops cuts what never departs, and may be gone when it is settled") {
    ServerOptions options;
    options.drain_time = 30ms;
    options.hold_time = 60'000ms;
    Fixture fixture{options};
    Client client = fixture.ask("/never");
    const auto held = fixture.handler.wait_held(1);
    fixture.server.reset();
    CHECK_FALSE(client.read_reply().has_value());
    held.front()->settle(Departure::Verdict::Leave);
}
