#include "api/server.h"

#include "api/detail/dispatcher.h"
#include "net/https_redirect.h"
#include "speech_engine/intake.h"

namespace escucha::api {
namespace {

class Server final : public ApiServer {
public:
    Server(Config config,
           server::ControlPort& port,
           const store::Database& database,
           store::Journal& journal)
        : dispatcher_{std::move(config), port, database, journal, [this] { ring(); }} {}

    Result<void> listen(net::ServerOptions options) {
        ESC_TRY(auto http, net::HttpServer::start(std::move(options), dispatcher_));
        {
            const std::scoped_lock lock{mutex_};
            http_ = std::move(http);
        }
        dispatcher_.measure([this] {
            const std::scoped_lock lock{mutex_};
            return http_ ? http_->counters() : net::HttpServer::Counters{};
        });
        return ok();
    }

    ~Server() override {
        // The journal may still ring while the sessions end.
        std::unique_ptr<net::HttpServer> http;
        {
            const std::scoped_lock lock{mutex_};
            http = std::move(http_);
        }
    }

    /// The plain port that sends to the other one.
    Result<void> listen_plain(net::ServerOptions options) {
        options.workers = 1;
        redirect_ = std::make_unique<net::HttpsRedirect>(http_->port());
        ESC_TRY(plain_, net::HttpServer::start(std::move(options), *redirect_));
        return ok();
    }

    [[nodiscard]] std::uint16_t port() const override { return http_->port(); }
    Result<void> reload_tls() override { return http_->reload_tls(); }

private:
    void ring() {
        const std::scoped_lock lock{mutex_};
        if (http_) http_->wake_streams();
    }

    std::mutex mutex_;  ///< Of `http_`, which the journal's thread rings.
    std::unique_ptr<net::HttpServer> http_;
    Dispatcher dispatcher_;
    std::unique_ptr<net::HttpsRedirect> redirect_;
    std::unique_ptr<net::HttpServer> plain_;
};

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::start(Config config,
                                                    server::ControlPort& port,
                                                    const store::Database& database,
                                                    store::Journal& journal) {
    net::ServerOptions options;
    options.bind = config.bind;
    options.port = config.port;
    options.workers = config.threads;
    options.tls = config.tls;
    options.fronts = config.fronts;
    options.max_connections = config.connections_max;
    options.max_connections_per_site = config.connections_per_site;
    options.heartbeat = config.heartbeat;
    // A little over is read, so that its author is told in words what to do.
    constexpr std::size_t kSlack = std::size_t{1'024} * 1'024;
    options.max_large_body_bytes = speech_engine::IntakeLimits::kMaxBytes + kSlack;
    net::ServerOptions plain;
    plain.bind = config.bind;
    plain.port = config.redirect_port;
    auto server = std::make_unique<Server>(std::move(config), port, database, journal);
    ESC_TRY(server->listen(std::move(options)));
    if (plain.port != 0) {
        ESC_TRY(server->listen_plain(std::move(plain)));
    }
    return std::unique_ptr<ApiServer>{std::move(server)};
}

}  // namespace escucha::api
