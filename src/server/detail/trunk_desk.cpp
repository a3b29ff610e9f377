#include "server/detail/trunk_desk.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>
#include <openssl/rand.h>
#include <boost/asio/post.hpp>

#include "base/check.h"
#include "base/errc.h"
#include "base/log.h"
#include "server/detail/ares_dns.h"

namespace escucha::server {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMaxPasswordBytes = 256;

std::uint64_t seed() {
    std::uint64_t value = 0;
    ESC_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) == 1);
    return value;
}

// As it stands in a URI.
std::string uri_host(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

sip::TrunkAccount account_of(TrunkId trunk,
                             const TrunkSection& section,
                             const std::string& password) {
    const auto server = ServerName::parse(section.server);
    std::string route;
    if (const auto proxy = ServerName::parse(section.outbound_proxy)) {
        route = "<sip:" + uri_host(proxy->host);
        if (proxy->port) route += ":" + std::to_string(*proxy->port);
        if (section.transport == sip::Transport::Tcp) route += ";transport=tcp";
        if (section.transport == sip::Transport::Tls) route += ";transport=tls";
        route += ";lr>";
    }
    return {.trunk = trunk,
            .domain = uri_host(server ? server->host : std::string{}),
            .username = section.user,
            .password = password,
            .route = route,
            .caller_id = section.caller_id,
            .calls_max = section.calls_max,
            .diversion = section.diversion,
            .is_registering = section.is_registering,
            .expires = std::chrono::seconds{section.expires_s},
            .options_interval = std::chrono::seconds{section.options_interval_s}};
}

ServerName server_of(const TrunkSection& section) {
    const auto& text = section.outbound_proxy.empty() ? section.server : section.outbound_proxy;
    ServerName server = ServerName::parse(text).value_or(ServerName{});
    server.transport = section.transport;
    return server;
}

// The order within one rank is chance's: another one alone is no news.
bool is_same_set(std::vector<SipTarget> a, std::vector<SipTarget> b) {
    std::ranges::sort(a);
    std::ranges::sort(b);
    return a == b;
}

}  // namespace

Result<std::string> read_password_file(const std::filesystem::path& path) {
    std::ifstream file{path};
    struct stat status {};
    if (!file || ::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return fail(Errc::Io, fmt::format("cannot read the password file {}", path.string()));
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(
            Errc::InvalidArgument,
            fmt::format("others may read the password file {}: chmod 600 it", path.string()));
    }
    std::string password;
    std::getline(file, password);
    if (password.ends_with('\r')) password.pop_back();
    if (password.empty() || password.size() > kMaxPasswordBytes) {
        return fail(Errc::InvalidArgument,
                    fmt::format("the password file {} holds 1 to {} bytes in its first line",
                                path.string(),
                                kMaxPasswordBytes));
    }
    return password;
}

TrunkDesk::TrunkDesk(asio::io_context& context, const Config& config, OnRoute on_route)
    : context_{context}, config_{config}, on_route_{std::move(on_route)}, rng_{seed()} {}

TrunkDesk::~TrunkDesk() { close(); }

void TrunkDesk::close() {
    is_closed_ = true;
    is_stopping_ = true;
    for (const TrunkPtr& trunk : trunks_) trunk->timer.cancel();
    dns_.join();
}

Result<std::map<std::string, std::string>> TrunkDesk::read_passwords() const {
    std::map<std::string, std::string> passwords;
    for (const TrunkSection& section : config_.trunks) {
        if (section.password_file.empty()) continue;
        ESC_TRY(auto password, read_password_file(section.password_file));
        passwords.emplace(section.name, std::move(password));
    }
    return passwords;
}

Result<TrunkDesk::Tls> TrunkDesk::read_tls() const {
    Tls tls;
    for (const TrunkSection& section : config_.trunks) {
        // By TLS where the file says so, or where the carrier's own records may.
        if (section.transport.value_or(sip::Transport::Tls) != sip::Transport::Tls) continue;
        ESC_TRY(auto context, make_tls_client(section));
        tls.emplace(section.name, std::move(context));
    }
    return tls;
}

std::optional<TlsPeer> TrunkDesk::tls_peer(const sip::Address& address) const {
    for (const TrunkPtr& trunk : trunks_) {
        const auto context = tls_.find(trunk->section.name);
        if (context == tls_.end() || !trunk->targets) continue;
        const bool is_there = std::ranges::any_of(*trunk->targets, [&](const SipTarget& target) {
            return target.transport == sip::Transport::Tls && target.address == address;
        });
        // RFC 5922 §4: the domain that people wrote, and none that DNS has put in its place.
        if (is_there) return TlsPeer{.name = trunk->server.host, .context = context->second};
    }
    return std::nullopt;
}

std::string TrunkDesk::name_of(TrunkId trunk) const {
    const auto found =
        std::ranges::find(trunks_, trunk, [](const TrunkPtr& one) { return one->id; });
    return found == trunks_.end() ? std::string{} : (*found)->section.name;
}

TrunkDesk::Applied TrunkDesk::apply(const std::vector<NamedTrunk>& trunks,
                                    const std::map<std::string, std::string>& passwords) {
    Applied applied;
    std::vector<TrunkPtr> kept;
    for (const TrunkSection& section : config_.trunks) {
        const auto is_meant = [&](const NamedTrunk& trunk) { return trunk.name == section.name; };
        const auto found = std::ranges::find_if(trunks, is_meant);
        if (std::ranges::count_if(trunks, is_meant) != 1) {
            applied.problems.push_back(
                fmt::format("[trunks.{}] of the configuration file: {}",
                            section.name,
                            found == trunks.end() ? "there is no enabled trunk of this name"
                                                  : "several companies have a trunk of this name"));
            continue;
        }
        const auto password = passwords.find(section.name);
        applied.accounts.push_back(account_of(
            found->id, section, password == passwords.end() ? std::string{} : password->second));
        const auto known =
            std::ranges::find(trunks_, found->id, [](const TrunkPtr& trunk) { return trunk->id; });
        if (known != trunks_.end()) {
            kept.push_back(*known);
            continue;
        }
        auto trunk = std::make_shared<Trunk>(context_);
        trunk->id = found->id;
        trunk->section = section;
        trunk->server = server_of(section);
        trunk->state.trunk = found->id;
        trunk->since = read_clocks().wall;
        kept.push_back(std::move(trunk));
    }
    for (const TrunkPtr& trunk : trunks_) {
        if (std::ranges::find(kept, trunk) == kept.end()) trunk->timer.cancel();
    }
    trunks_ = std::move(kept);
    return applied;
}

void TrunkDesk::resolve(const sip::Address& local) {
    local_ = local;
    for (const TrunkPtr& trunk : trunks_) {
        if (trunk->targets) {
            tell(*trunk);
        } else {
            ask(trunk);
        }
    }
}

void TrunkDesk::ask(const TrunkPtr& trunk) {
    if (is_closed_ || trunk->is_asking) return;
    trunk->is_asking = true;
    std::string servers = config_.dns_servers;
    std::erase(servers, ' ');
    asio::post(dns_, [this, trunk, servers, server = trunk->server, family = local_.family] {
        if (is_stopping_) return;
        auto dns = AresDns::open(servers, is_stopping_);
        auto found = dns ? server::resolve(server, family, *dns.value(), rng_)
                         : Result<SipTargets>{dns.error()};
        asio::post(context_, [this, trunk, found = std::move(found)] {
            if (!is_closed_) take(trunk, found);
        });
    });
}

void TrunkDesk::take(const TrunkPtr& trunk, const Result<SipTargets>& found) {
    trunk->is_asking = false;
    if (std::ranges::find(trunks_, trunk) == trunks_.end()) return;
    const bool is_good = found && !found.value().targets.empty();
    if (is_good) {
        const auto& targets = found.value().targets;
        if (!trunk->targets || !is_same_set(*trunk->targets, targets)) {
            trunk->targets = targets;
            tell(*trunk);
        }
    } else {
        log::warn("trunk_not_resolved",
                  {{"trunk", trunk->section.name},
                   {"why", found ? "it has no address of our family" : found.error().message()}});
        if (!trunk->targets) tell(*trunk);
    }
    const auto wait = is_good ? std::max(found.value().ttl, kShortestTtl) : kRetry;
    trunk->timer.expires_after(wait);
    trunk->timer.async_wait([this, trunk](boost::system::error_code error) {
        if (!error) ask(trunk);
    });
}

void TrunkDesk::tell(const Trunk& trunk) const {
    std::vector<sip::Flow> flows;
    for (const SipTarget& target : trunk.targets.value_or(std::vector<SipTarget>{})) {
        sip::Flow flow{.transport = target.transport,
                       .remote = target.address,
                       .local = local_,
                       .connection = 0};
        const bool is_tls = target.transport == sip::Transport::Tls;
        if (is_tls && config_.has_tls()) flow.local.port = config_.sips_port;
        flows.push_back(flow);
    }
    on_route_(trunk.id, std::move(flows));
}

void TrunkDesk::note(const sip::TrunkState& state, WallTime now) {
    const auto found =
        std::ranges::find(trunks_, state.trunk, [](const TrunkPtr& trunk) { return trunk->id; });
    if (found == trunks_.end()) return;
    Trunk& trunk = **found;
    const bool is_registration_new = trunk.state.registration != state.registration;
    const bool is_reach_new = trunk.state.reach != state.reach;
    const bool is_why_new = trunk.state.why != state.why;
    if (is_registration_new || is_reach_new) trunk.since = now;
    trunk.state = state;
    const std::string& name = trunk.section.name;
    if ((is_registration_new || is_why_new) &&
        state.registration == sip::TrunkRegistration::Failed) {
        log::error("trunk_not_registered", {{"trunk", name}, {"why", state.why}});
    }
    if (is_registration_new && state.registration == sip::TrunkRegistration::Registered) {
        log::info("trunk_registered",
                  {{"trunk", name}, {"at", state.flow ? state.flow->remote.to_string() : ""}});
    }
    if (is_reach_new && state.reach == sip::TrunkReach::Unreachable) {
        log::error("trunk_unreachable", {{"trunk", name}});
    }
}

std::vector<TrunkView> TrunkDesk::views(const std::vector<sip::TrunkCalls>& calls) const {
    std::vector<TrunkView> views;
    for (const TrunkPtr& trunk : trunks_) {
        const sip::TrunkState& state = trunk->state;
        views.push_back({.name = trunk->section.name,
                         .registration = state.registration,
                         .reach = state.reach,
                         .server = state.flow ? state.flow->remote.to_string() : std::string{},
                         .since = trunk->since,
                         .why = state.why,
                         .calls = {},
                         .calls_max = trunk->section.calls_max});
        const auto used = std::ranges::find(calls, trunk->id, &sip::TrunkCalls::trunk);
        if (used != calls.end()) views.back().calls = used->active;
    }
    std::ranges::sort(views, {}, &TrunkView::name);
    return views;
}

namespace {

std::string call_metrics(const std::vector<std::pair<std::string, sip::TrunkCalls>>& trunks) {
    constexpr std::array<std::string_view, 7> kClasses{
        "silence", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx"};
    std::string out;
    const auto each = [&](std::string_view name, std::string_view type, auto value) {
        out += fmt::format("# TYPE escucha_trunk_{} {}\n", name, type);
        for (const auto& [trunk, calls] : trunks) {
            out += fmt::format("escucha_trunk_{}{{trunk=\"{}\"}} {}\n", name, trunk, value(calls));
        }
    };
    using Calls = sip::TrunkCalls;
    each("calls", "gauge", [](const Calls& calls) { return calls.active; });
    each("calls_tried_total", "counter", [](const Calls& calls) { return calls.tried; });
    each("calls_answered_total", "counter", [](const Calls& calls) { return calls.answered; });
    each("calls_refused_by_limit_total", "counter", [](const Calls& calls) {
        return calls.refused_by_limit;
    });
    out += "# TYPE escucha_trunk_calls_failed_total counter\n";
    for (const auto& [trunk, calls] : trunks) {
        for (std::size_t i = 0; i < kClasses.size(); ++i) {
            if (i == 1 || i == 2) continue;
            out += fmt::format("escucha_trunk_calls_failed_total{{trunk=\"{}\",class=\"{}\"}} {}\n",
                               trunk,
                               kClasses.at(i),
                               calls.failed.at(i));
        }
    }
    return out;
}

}  // namespace

std::string TrunkDesk::metrics(const std::vector<sip::TrunkCalls>& calls) const {
    if (trunks_.empty()) return {};
    std::string registered = "# TYPE escucha_trunk_registered gauge\n";
    std::string reachable = "# TYPE escucha_trunk_reachable gauge\n";
    for (const TrunkView& view : views(calls)) {
        if (view.registration != sip::TrunkRegistration::NotWanted) {
            registered += fmt::format("escucha_trunk_registered{{trunk=\"{}\"}} {:d}\n",
                                      view.name,
                                      view.registration == sip::TrunkRegistration::Registered);
        }
        reachable += fmt::format("escucha_trunk_reachable{{trunk=\"{}\"}} {:d}\n",
                                 view.name,
                                 view.reach == sip::TrunkReach::Reachable);
    }
    std::vector<std::pair<std::string, sip::TrunkCalls>> used;
    for (const sip::TrunkCalls& one : calls) {
        if (auto name = name_of(one.trunk); !name.empty()) used.emplace_back(std::move(name), one);
    }
    std::ranges::sort(used, {}, [](const auto& one) { return one.first; });
    return registered + reachable + (used.empty() ? std::string{} : call_metrics(used));
}

}  // namespace escucha::server
