// escuchad: parses its options, wires the parts, runs until it is asked to stop, drains.

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "api/server.h"
#include "audit/log.h"
#include "base/errc.h"
#include "base/log.h"
#include "calendar/zone.h"
#include "demo/demo.h"
#include "identity/password_rules.h"
#include "identity/passwords.h"
#include "identity/secret_keys.h"
#include "identity/sessions.h"
#include "options.h"
#include "recording/keyring.h"
#include "server/shell.h"
#include "store/journal.h"
#include "store/migrate.h"
#include "store/wall.h"

namespace {

using namespace escucha;

constexpr std::chrono::seconds kDrainDeadline{5};

/// Two servers on one folder would write one journal: the second is refused with a sentence.
Result<void> lock_folder(const std::filesystem::path& folder) {
    const auto path = folder / "escuchad.lock";
    const int file = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0 || flock(file, LOCK_EX | LOCK_NB) != 0) {
        return fail(Errc::Conflict, "another escuchad uses " + folder.string());
    }
    return ok();  // held until the process ends
}

Result<void> make_folders(const server::Config& config) {
    std::error_code error;
    for (const auto& folder : {config.data_dir, config.recordings_dir(), config.prompts_dir()}) {
        std::filesystem::create_directories(folder, error);
        if (error) return fail(Errc::Io, folder.string() + ": " + error.message());
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    }
    return lock_folder(config.data_dir);
}

/// Whoever can read the data folder is the operator: escuchactl signs in with this.
Result<std::string> write_token(const std::filesystem::path& path) {
    const std::string token = identity::random_token();
    const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return fail(Errc::Io, "cannot write " + path.string());
    const auto written = write(file, token.data(), token.size());
    close(file);
    if (written != static_cast<ssize_t>(token.size())) return fail(Errc::Io, path.string());
    return token;
}

demo::Options demo_options(const escuchad::Options& options) {
    return {.data_folder = (options.demo_dir / "data").string(),
            .flows_folder = (options.demo_dir / "flows").string(),
            .partner_folder = (options.demo_dir / "partner").string(),
            .now = read_clocks().wall};
}

Result<void> load_demo(const escuchad::Options& options, const store::Database& database) {
    if (!options.wants_demo && !options.resets_demo) return ok();
    const auto loaded = options.resets_demo ? demo::reset(database, demo_options(options))
                                            : demo::load(database, demo_options(options));
    ESC_TRY(auto report, loaded);
    log::info("demo_loaded",
              {{"customers", std::to_string(report.customers)},
               {"events", std::to_string(report.events)},
               {"flows", std::to_string(report.flows)}});
    return ok();
}

/// A key file that is missing although there are recordings is a loss that must be heard of. Calls
/// are recorded all the same, with new keys.
Result<std::unique_ptr<recording::Keyring>> open_keys(const server::Config& config,
                                                      const store::Database& database) {
    std::error_code error;
    if (!std::filesystem::exists(config.key_file(), error)) {
        ESC_TRY(auto connection, database.connect(store::Access::ReadOnly));
        ESC_TRY(const auto sealed,
                connection.query_one("SELECT COUNT(*) FROM recording WHERE path LIKE '%.rec'"));
        ESC_TRY(const auto count, sealed->get<std::int64_t>(0));
        if (count > 0) {
            log::error("recording_keys_lost",
                       {{"file", config.key_file().string()},
                        {"recordings", std::to_string(count)},
                        {"mend", "put the file back from your copy and restart"}});
        }
    }
    return recording::Keyring::open(config.key_file(), recording::Keyring::WhenMissing::Make);
}

/// Lost keys do not stop the calls; what they signed can then not be checked, which must be heard
/// of.
Result<audit::SigningKeys> open_audit_keys(const server::Config& config,
                                           const store::Database& database) {
    std::error_code error;
    if (!std::filesystem::exists(config.audit_key_file(), error)) {
        ESC_TRY(auto connection, database.connect(store::Access::ReadOnly));
        ESC_TRY(const auto row, connection.query_one("SELECT 1 FROM audit_checkpoint LIMIT 1"));
        if (row) {
            log::error("audit_keys_lost",
                       {{"file", config.audit_key_file().string()},
                        {"mend", "put the file back from your copy and restart"}});
        }
    }
    return audit::SigningKeys::open(
        config.audit_key_file(), audit::SigningKeys::WhenMissing::Make, read_clocks().wall);
}

/// As with recordings: a key file that is missing although it is needed must be heard of. Who has a
/// second factor cannot sign in then, until the file is back or the second factor is taken off.
Result<identity::SecretKeys> open_account_keys(const server::Config& config,
                                               const store::Database& database) {
    const auto path = config.effective_account_key_file();
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        ESC_TRY(auto connection, database.connect(store::Access::ReadOnly));
        ESC_TRY(const auto row, connection.query_one("SELECT COUNT(*) FROM second_factor"));
        ESC_TRY(const auto count, row->get<std::int64_t>(0));
        if (count > 0) {
            log::error("account_keys_lost",
                       {{"file", path.string()},
                        {"second_factors", std::to_string(count)},
                        {"mend", "put the file back from your copy and restart"}});
        }
    }
    return identity::SecretKeys::open(path, identity::SecretKeys::WhenMissing::Make);
}

Result<identity::PasswordRules> password_rules(const server::Config& config) {
    if (config.password_blocklist.empty()) return identity::PasswordRules{};
    return identity::PasswordRules::with_file(config.password_blocklist);
}

identity::SessionLimits session_limits(const server::Config& config) {
    return {.idle = std::chrono::minutes{config.session_idle_min},
            .life = std::chrono::hours{config.session_life_h}};
}

std::optional<net::TlsFiles> tls_files(const server::HttpSection& http) {
    if (!http.has_tls()) return std::nullopt;
    return net::TlsFiles{.certificate = http.tls_certificate, .key = http.tls_key};
}

api::Rates rates_of(const server::HttpSection& http) {
    using net::Rate;
    return {
        .address = Rate::per(std::chrono::seconds{1}, http.address_per_s, http.address_burst),
        .session = Rate::per(std::chrono::seconds{1}, http.session_per_s, http.session_burst),
        .sign_in = Rate::per(std::chrono::minutes{1}, http.sign_in_per_min, http.sign_in_burst)};
}

void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// Keys of recordings lie in memory.
void leave_no_core() {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    setrlimit(RLIMIT_CORE, &none);
}

/// Signals are taken by `sigwait` in main and by no other thread.
sigset_t block_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

/// The application keeps companies apart on its own, and goes on.
void look_for_wall(const store::Database& database) {
    auto connection = database.connect(store::Access::ReadOnly);
    const auto holds = connection ? store::holds_wall(connection.value()) : Result<bool>{true};
    if (holds && !holds.value()) {
        log::warn(
            "second_wall_absent",
            {{"why", "store.url signs in as a superuser, to whom row-level security is nothing"},
             {"mend", "make a role of its own that owns the database"}});
    }
}

void remove_expired_sessions(store::Journal& journal, const identity::SessionLimits& limits) {
    const auto removed = journal.write([&](store::Connection& connection) -> Result<void> {
        ESC_TRY(identity::remove_expired(connection, read_clocks().wall, limits));
        return ok();
    });
    if (!removed) log::warn("sessions_not_cleaned", {{"why", removed.error().message()}});
}

void seal(audit::Log& audit, audit::Log::Seal what) {
    const auto sealed = audit.seal(what, read_clocks().wall, kDrainDeadline);
    if (!sealed) log::warn("audit_not_sealed", {{"why", sealed.error().message()}});
}

/// Until SIGINT or SIGTERM. SIGHUP reads the directory again; every minute there is housekeeping.
void serve(const sigset_t& signals,
           server::Shell& shell,
           store::Journal& journal,
           audit::Log& audit,
           api::ApiServer& pages,
           const identity::SessionLimits& limits) {
    constexpr timespec kMinute{.tv_sec = 60, .tv_nsec = 0};
    constexpr int kMinutesOfAnHour = 60;
    int minutes = 0;
    while (true) {
        const int signal_number = sigtimedwait(&signals, nullptr, &kMinute);
        if (signal_number == SIGHUP) {
            const auto reloaded = shell.reload();
            if (!reloaded) log::error("reload_failed", {{"why", reloaded.error().message()}});
            const auto renewed = pages.reload_tls();
            if (!renewed) log::error("https_not_renewed", {{"why", renewed.error().message()}});
        } else if (signal_number > 0) {
            return;
        } else if (errno == EAGAIN) {
            seal(audit, audit::Log::Seal::Due);
            if (++minutes % kMinutesOfAnHour == 0) remove_expired_sessions(journal, limits);
        }
    }
}

Result<void> run(const escuchad::Options& options, const sigset_t& signals) {
    const server::Config& config = options.config;
    ESC_TRY(make_folders(config));
    ESC_TRY(calendar::self_test());
    ESC_TRY(auto database, store::Database::open(config.effective_store_url()));
    ESC_TRY(auto migrated, store::migrate(database, read_clocks().wall));
    log::info("store_ready", {{"schema", std::to_string(migrated.to)}});
    look_for_wall(database);
    ESC_TRY(load_demo(options, database));
    ESC_TRY(auto token, write_token(config.token_file()));
    // Outlive the journal, whose last work may be to sign.
    ESC_TRY(const auto audit_keys, open_audit_keys(config, database));
    ESC_TRY(auto journal, store::Journal::open(database));
    ESC_TRY(auto keys, open_keys(config, database));
    audit::Log audit{*journal, audit_keys};
    ESC_TRY(const auto account_keys, open_account_keys(config, database));
    ESC_TRY(auto rules, password_rules(config));
    const identity::SessionLimits limits = session_limits(config);
    ESC_TRY(auto shell, server::Shell::start(config, database, *journal, *keys));
    ESC_TRY(auto fronts, net::Fronts::parse(config.http.fronts));
    api::Config api{.bind = config.http_bind(),
                    .port = config.http_port,
                    .tls = tls_files(config.http),
                    .redirect_port = config.http.redirect_port,
                    .hsts = std::chrono::days{config.http.hsts_days},
                    .fronts = std::move(fronts),
                    .rates = rates_of(config.http),
                    .connections_max = config.http.connections_max,
                    .connections_per_site = config.http.connections_per_address,
                    .web_root = config.web_root,
                    .recordings_dir = config.recordings_dir(),
                    .recording_keys = keys.get(),
                    .audit = &audit,
                    .audit_keys = &audit_keys,
                    .prompts_dir = config.prompts_dir(),
                    .shared_prompts_dir = config.shared_prompts_dir(),
                    .exports_dir = config.data_dir / "exports",
                    .backups_dir = config.data_dir / "backups",
                    .operator_token = token,
                    .sessions = limits,
                    .account_keys = &account_keys,
                    .password_rules = std::move(rules),
                    .started_at = read_clocks().wall,
                    .reveal_for = std::chrono::minutes{config.reveal_min},
                    .reset_demo = {}};
    auto pages = api::ApiServer::start(std::move(api), *shell, database, *journal);
    if (!pages) {
        shell->stop(std::chrono::seconds{0});
        return std::move(pages).error();
    }
    log::info("ready",
              {{"http", std::to_string(pages.value()->port())},
               {"sip", std::to_string(config.sip_port)}});
    serve(signals, *shell, *journal, audit, *pages.value(), limits);
    log::info("stopping");
    pages.value().reset();  // first, because its handlers wait for answers of the shell
    seal(audit, audit::Log::Seal::Everything);
    shell->stop(kDrainDeadline);
    return ok();
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = escucha::escuchad::read_options(argc, argv);
    if (options.exit_code) return *options.exit_code;
    const sigset_t signals = block_signals();
    escucha::log::open("escuchad", options.config.log_level);
    raise_file_limit();
    leave_no_core();
    umask(077);
    const auto outcome = run(options, signals);
    if (!outcome) {
        escucha::log::error("stopped", {{"why", outcome.error().message()}});
        std::fprintf(stderr, "escuchad: %s\n", outcome.error().message().c_str());
        return 1;
    }
    return 0;
}
