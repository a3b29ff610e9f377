#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "audit/log.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/password_rules.h"
#include "identity/secret_keys.h"
#include "identity/sessions.h"
#include "recording/keyring.h"
#include "server/control_port.h"
#include "store/journal.h"
#include "store/sql.h"

namespace escucha::api {

struct Config {
    std::string bind = "127.0.0.1";
    std::uint16_t port = 8080;  ///< 0 takes a free one.
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
    /// The cookie is marked Secure. Off only for plain HTTP on loopback.
    enum class Cookie { Secure, Plain };
    Cookie cookie = Cookie::Plain;
    std::chrono::milliseconds heartbeat{10'000};  ///< Silence on the WebSocket until a ping.
    identity::SessionLimits sessions{};
    /// Opens the secrets of second factors; outlives the server. None: nobody can have one.
    const identity::SecretKeys* account_keys = nullptr;
    identity::PasswordRules password_rules{};
    WallTime started_at;
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
};

}  // namespace escucha::api
