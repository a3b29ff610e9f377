#pragma once

#include <array>
#include <atomic>
#include <string>
#include <vector>

#include "api/detail/access.h"
#include "api/detail/audit_trail.h"
#include "api/detail/call.h"
#include "api/detail/connections.h"
#include "api/detail/contract.h"
#include "api/detail/door.h"
#include "api/detail/event_feed.h"
#include "api/detail/handlers.h"
#include "api/detail/idempotency.h"
#include "api/detail/masking.h"
#include "api/detail/read_guard.h"
#include "api/detail/remembered.h"
#include "api/detail/viewer.h"
#include "exports/desk.h"
#include "net/http_server.h"
#include "net/static_files.h"

namespace escucha::api {

/// From a request to its handler: route, session, origin, role, contract, idempotency, headers.
class Dispatcher final : public net::RequestHandler {
public:
    Dispatcher(Config config,
               server::ControlPort& port,
               const store::Database& database,
               store::Journal& journal,
               std::function<void()> on_news);

    net::Response handle(const net::Request& request) override;
    std::optional<net::Response> turn_away(const net::Request& request) override;
    std::variant<net::Response, std::unique_ptr<net::FrameSource>> open_stream(
        const net::Request& request) override;
    [[nodiscard]] bool is_slow(const net::Request& request) const override;
    [[nodiscard]] bool takes_large_body(const net::Request& request) const override;
    net::Response withhold(const net::Request& request) override;
    net::Response refuse(unsigned status) override;

    /// Counters in Prometheus text form: the API's own, then the centre's.
    [[nodiscard]] std::string metrics();
    void measure(std::function<net::HttpServer::Counters()> server) { server_ = std::move(server); }

private:
    struct Match {
        const Route* route = nullptr;
        Access access;
        std::vector<std::string> values;
        std::string allowed;  ///< Methods of this path, when the method is another.
    };

    [[nodiscard]] Match match(const net::Request& request) const;
    net::Response probe(const net::Request& request);
    Answer answer(const net::Request& request, Match match, Language language);
    Attempt<void> authenticate(Call& call, Access::Kind kind);
    Attempt<void> recognise(Call& call, store::Connection& everybody);
    Attempt<void> recognise_key(Call& call, store::Connection& everybody, std::string_view key);
    Attempt<void> check_person(const Call& call, const Route& route, Access::Kind kind) const;
    Attempt<void> check_origin(const Call& call) const;
    Attempt<void> read_query(Call& call, const boost::json::object& operation) const;
    Attempt<void> read_body(Call& call, const boost::json::object& operation) const;
    void mask(Call& call,
              std::string_view pattern,
              const boost::json::object& operation,
              net::Response& response) const;
    void finish(net::Response& response, const net::Request& request);

    Config config_;
    store::Database database_;
    Contract contract_;
    Masking masking_;
    std::vector<Access> access_;  ///< Of each of routes().
    Connections connections_{database_, store::Access::ReadOneCompany};
    /// For finding out who asks, which is before it is known for which company.
    Connections doorkeepers_{database_, store::Access::ReadOnly};
    Listening listening_{std::chrono::minutes{10}, Listening::Repeat::PutsOff};
    /// Sessions whose idle expiry was put off, and keys whose use was noted, a moment ago.
    Remembered<std::string> touched_{identity::kTouchEvery,
                                     Remembered<std::string>::Repeat::ChangesNothing};
    IdMaker ids_;
    Reveals reveals_;
    std::mutex verifying_;
    ReadGuard reads_;
    Services services_;
    Auditor auditor_;
    Idempotency idempotency_;
    net::StaticFiles files_;
    EventFeed feed_;
    Door door_;
    exports::Desk exports_;
    std::function<net::HttpServer::Counters()> server_;
    std::array<std::atomic<std::uint64_t>, 6> answers_{};  ///< By the hundreds of their status.
};

}  // namespace escucha::api
