#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "audit/log.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/password_rules.h"
#include "identity/secret_keys.h"
#include "identity/sessions.h"
#include "net/front.h"
#include "net/rate_limit.h"
#include "net/tls.h"
#include "privacy/clearance.h"
#include "recording/keyring.h"
#include "server/control_port.h"
#include "store/journal.h"
#include "store/sql.h"

namespace escucha::api {

/// How often requests are let in.
struct Rates {
    net::Rate address = net::Rate::per(std::chrono::seconds{1}, 1'000, 10'000);
    net::Rate session = net::Rate::per(std::chrono::seconds{1}, 100, 1'000);  ///< Or API key.
    /// Of signing in, by address.
    net::Rate sign_in = net::Rate::per(std::chrono::minutes{1}, 120, 240);
};

struct Config {
    std::string bind = "127.0.0.1";
    std::uint16_t port = 8080;  ///< 0 takes a free one.
    std::optional<net::TlsFiles> tls;  ///< None: plain HTTP.
    std::uint16_t redirect_port = 0;   ///< Plain, and sends to the other; 0: none.
    std::chrono::days hsts{365};       ///< Told by HTTPS only; 0: not at all.
    net::Fronts fronts;
    Rates rates;
    std::size_t connections_max = 4'096;
    std::size_t connections_per_site = 1'024;
    int threads = 3;            ///< Each uses its own connection to the store.
    std::filesystem::path web_root;
    std::filesystem::path recordings_dir;  ///< `recording.path` is below it.
    /// Opens them; outlives the server. None: only plain files are heard.
    recording::Keyring* recording_keys = nullptr;
    /// Where each request is entered before its answer leaves; with the keys that verify it. Both
    /// outlive the server.
    audit::Log* audit = nullptr;
    const audit::SigningKeys* audit_keys = nullptr;
    std::filesystem::path prompts_dir;  ///< Holds the prompt library; as the media process has it.
    /// Recordings of the installation, "<language>/<file>", put there by hand for all companies.
    std::filesystem::path shared_prompts_dir;
    std::filesystem::path exports_dir;  ///< Holds nothing but files of exports, for their time.
    std::filesystem::path backups_dir;  ///< Made when the first backup is.
    /// Whoever bears it is an administrator (docs/api.md, "Operator token"); empty refuses all.
    std::string operator_token;
    std::chrono::milliseconds heartbeat{10'000};  ///< Silence on the WebSocket until a ping.
    identity::SessionLimits sessions{};
    /// Opens the secrets of second factors; outlives the server. None: nobody can have one.
    const identity::SecretKeys* account_keys = nullptr;
    identity::PasswordRules password_rules{};
    WallTime started_at;
    /// How long a masked field is shown to who gave a reason.
    std::chrono::minutes reveal_for = privacy::RevealLimits::kUsual;
    /// Puts the demo company back as shipped; empty when this installation has none to offer.
    std::function<Result<void>()> reset_demo;
};

/// The HTTP and WebSocket door: openapi.yaml is its contract. Owns its threads; serves from `start`
/// until it is destroyed, which drains. Port, database and journal must outlive it.
class ApiServer {
public:
    static Result<std::unique_ptr<ApiServer>> start(Config config,
                                                    server::ControlPort& port,
                                                    const store::Database& database,
                                                    store::Journal& journal);
    virtual ~ApiServer() = default;

    /// Where it listens; the answer to port 0.
    [[nodiscard]] virtual std::uint16_t port() const = 0;
    /// Reads certificate and key again; on error those read before stay. Any thread.
    virtual Result<void> reload_tls() = 0;
};

}  // namespace escucha::api
