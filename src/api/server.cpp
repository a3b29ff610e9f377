#include "api/server.h"

#include "api/detail/dispatcher.h"
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

    [[nodiscard]] std::uint16_t port() const override { return http_->port(); }

private:
    void ring() {
        const std::scoped_lock lock{mutex_};
        if (http_) http_->wake_streams();
    }

    std::mutex mutex_;  ///< Of `http_`, which the journal's thread rings.
    std::unique_ptr<net::HttpServer> http_;
    Dispatcher dispatcher_;
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
    options.heartbeat = config.heartbeat;
    // A little over is read, so that its author is told in words what to do.
    constexpr std::size_t kSlack = std::size_t{1'024} * 1'024;
    options.max_large_body_bytes = speech_engine::IntakeLimits::kMaxBytes + kSlack;
    auto server = std::make_unique<Server>(std::move(config), port, database, journal);
    ESC_TRY(server->listen(std::move(options)));
    return std::unique_ptr<ApiServer>{std::move(server)};
}

}  // namespace escucha::api
