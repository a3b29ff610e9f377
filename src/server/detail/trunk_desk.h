#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/ids.h"
#include "base/result.h"
#include "base/rng.h"
#include "server/config.h"
#include "server/control_port.h"
#include "server/detail/dns.h"
#include "server/detail/tls.h"
#include "sip/effects.h"
#include "sip/settings.h"

namespace escucha::server {

/// A trunk of the store, as sections of the configuration name it.
struct NamedTrunk {
    TrunkId id;
    std::string name;
};

/// The password in this file: its first line. Errors name the file: not there, empty, longer than
/// 256 bytes, or readable for others than its owner.
Result<std::string> read_password_file(const std::filesystem::path& path);

/// The carriers of the configuration: their accounts, the addresses of their servers, and what is
/// known of them. On the control strand, but for DNS, which has a thread of its own. Answers are
/// kept for as long as they hold and asked for again then; while nobody answers, the last good ones
/// stay.
class TrunkDesk {
public:
    static constexpr std::chrono::seconds kShortestTtl{10};
    static constexpr std::chrono::seconds kRetry{30};  ///< After an error, or an empty answer.

    /// `on_route` is told, on the strand, where a trunk's server is: first, and when that changes.
    using OnRoute = std::function<void(TrunkId, std::vector<sip::Flow>)>;
    TrunkDesk(boost::asio::io_context& context, const Config& config, OnRoute on_route);
    ~TrunkDesk();

    /// Reads the password files. Errors as of `read_password_file`.
    [[nodiscard]] Result<std::map<std::string, std::string>> read_passwords() const;
    /// By section: as whom we connect by TLS, and whom we trust there. Reads files. Errors as of
    /// `make_tls_client`.
    using Tls = std::map<std::string, std::shared_ptr<boost::asio::ssl::context>>;
    [[nodiscard]] Result<Tls> read_tls() const;
    void set_tls(Tls tls) { tls_ = std::move(tls); }
    /// Whose server this is.
    [[nodiscard]] std::optional<TlsPeer> tls_peer(const sip::Address& address) const;
    /// Which trunks of the store our sections mean; sections that mean none are problems. Then
    /// `accounts` are for the stack, after which `resolve` may be called.
    struct Applied {
        std::vector<sip::TrunkAccount> accounts;
        std::vector<std::string> problems;
    };
    Applied apply(const std::vector<NamedTrunk>& trunks,
                  const std::map<std::string, std::string>& passwords);
    /// Tells the known route of each trunk again and asks for those not known. `local` is our SIP
    /// address.
    void resolve(const sip::Address& local);
    void close();

    void note(const sip::TrunkState& state, WallTime now);
    /// By name. `calls` is what the stack knows of them.
    [[nodiscard]] std::vector<TrunkView> views(const std::vector<sip::TrunkCalls>& calls) const;
    [[nodiscard]] std::string metrics(const std::vector<sip::TrunkCalls>& calls) const;
    /// Of the configuration; empty when it is none of ours.
    [[nodiscard]] std::string name_of(TrunkId trunk) const;

private:
    struct Trunk {
        explicit Trunk(boost::asio::io_context& context) : timer{context} {}
        TrunkId id;
        TrunkSection section;
        ServerName server;
        boost::asio::steady_timer timer;
        std::optional<std::vector<SipTarget>> targets;  ///< Unset before the first answer.
        bool is_asking = false;
        sip::TrunkState state;
        WallTime since{};
    };
    using TrunkPtr = std::shared_ptr<Trunk>;

    void ask(const TrunkPtr& trunk);
    void take(const TrunkPtr& trunk, const Result<SipTargets>& found);
    void tell(const Trunk& trunk) const;

    boost::asio::io_context& context_;
    const Config& config_;
    OnRoute on_route_;
    sip::Address local_;
    Tls tls_;
    std::vector<TrunkPtr> trunks_;
    bool is_closed_ = false;
    std::atomic<bool> is_stopping_{false};
    Rng rng_;  ///< The DNS thread's.
    boost::asio::thread_pool dns_{1};
};

}  // namespace escucha::server
