#include "server/detail/dns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace escucha::server {

namespace {

/// In the order in which they are tried where the carrier does not say one.
constexpr std::array kAskedInOrder{sip::Transport::Udp, sip::Transport::Tcp, sip::Transport::Tls};
constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035 §2.3.4, as text.

bool is_host_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

bool same_text(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

std::optional<sip::Transport> transport_of_service(std::string_view service) {
    if (same_text(service, "SIP+D2U")) return sip::Transport::Udp;
    if (same_text(service, "SIP+D2T")) return sip::Transport::Tcp;
    if (same_text(service, "SIPS+D2T")) return sip::Transport::Tls;
    return std::nullopt;
}

std::string srv_name(const std::string& host, sip::Transport transport) {
    switch (transport) {
        case sip::Transport::Udp:
            return "_sip._udp." + host;
        case sip::Transport::Tcp:
            return "_sip._tcp." + host;
        case sip::Transport::Tls:
            break;
    }
    return "_sips._tcp." + host;
}

/// One resolution on its way: what was found, and how long all of it holds.
class Walk {
public:
    Walk(sip::Family family, Dns& dns, Rng& rng) : family_{family}, dns_{dns}, rng_{rng} {}

    Result<void> add_host(const std::string& name, std::uint16_t port, sip::Transport transport) {
        ESC_TRY(auto answer, dns_.addresses(name, family_));
        note(answer.ttl);
        for (sip::Address address : answer.records) {
            address.port = port;
            const bool is_known = std::ranges::any_of(out_.targets, [&](const SipTarget& target) {
                return target.address == address && target.transport == transport;
            });
            if (is_known || address.is_unusable() || out_.targets.size() >= kMaxSipTargets)
                continue;
            out_.targets.push_back({.rank = rank_, .transport = transport, .address = address});
        }
        return ok();
    }

    /// False when the name has no SRV records.
    Result<bool> add_srv(const std::string& name, sip::Transport transport) {
        ESC_TRY(auto answer, dns_.srv(name));
        if (answer.records.empty()) return false;
        note(answer.ttl);
        std::optional<std::uint16_t> priority;
        for (const SrvRecord& record : in_order(std::move(answer.records), rng_)) {
            // RFC 2782: "." says that the service is decidedly not available there.
            if (record.target.empty() || record.target == ".") continue;
            if (priority && *priority != record.priority) ++rank_;
            priority = record.priority;
            ESC_TRY(add_host(record.target, record.port, transport));
        }
        ++rank_;
        return true;
    }

    /// False when the name has no NAPTR record for a transport of ours.
    Result<bool> add_naptr(const std::string& name) {
        ESC_TRY(auto answer, dns_.naptr(name));
        auto& records = answer.records;
        std::erase_if(records, [](const NaptrRecord& record) {
            return !transport_of_service(record.service) || !same_text(record.flags, "s");
        });
        if (records.empty()) return false;
        note(answer.ttl);
        std::ranges::stable_sort(records, {}, [](const NaptrRecord& record) {
            return std::pair{record.order, record.preference};
        });
        for (const NaptrRecord& record : records) {
            ESC_TRY(add_srv(record.replacement, *transport_of_service(record.service)));
        }
        return true;
    }

    [[nodiscard]] bool is_empty() const { return out_.targets.empty(); }
    [[nodiscard]] SipTargets take() { return std::move(out_); }

private:
    void note(std::chrono::seconds ttl) {
        out_.ttl = out_.ttl.count() == 0 ? ttl : std::min(out_.ttl, ttl);
    }

    sip::Family family_;
    Dns& dns_;
    Rng& rng_;
    SipTargets out_;
    std::size_t rank_ = 0;
};

}  // namespace

std::optional<ServerName> ServerName::parse(std::string_view text) {
    ServerName server;
    if (const auto address = sip::Address::parse_host(text, 0)) {
        server.host = address->ip();
        return server;
    }
    if (const auto address = sip::Address::parse(text); address && address->port != 0) {
        server.host = address->ip();
        server.port = address->port;
        return server;
    }
    if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        server.port = parse_port(text.substr(colon + 1));
        if (!server.port) return std::nullopt;
        text = text.substr(0, colon);
    }
    if (text.ends_with('.')) text.remove_suffix(1);
    const bool is_name = !text.empty() && text.size() <= kMaxHostBytes &&
                         std::ranges::all_of(text, is_host_char) && !text.starts_with('.') &&
                         text.find("..") == std::string_view::npos;
    if (!is_name) return std::nullopt;
    server.host = text;
    return server;
}

std::vector<SrvRecord> in_order(std::vector<SrvRecord> records, Rng& rng) {
    // Zero weights first within a priority, so that a running sum of 0 can still choose them.
    std::ranges::stable_sort(records, {}, [](const SrvRecord& record) {
        return std::pair{record.priority, record.weight != 0};
    });
    std::vector<SrvRecord> ordered;
    while (!records.empty()) {
        const auto priority = records.front().priority;
        const auto end = std::ranges::find_if(
            records, [&](const SrvRecord& record) { return record.priority != priority; });
        std::uint64_t sum = 0;
        for (auto at = records.begin(); at != end; ++at) sum += at->weight;
        // "select the RR whose running sum value is the first in the selected order which is
        // greater than or equal to the random number selected."
        const std::uint64_t chosen = rng.below(sum + 1);
        std::uint64_t running = 0;
        auto at = records.begin();
        for (; at + 1 != end; ++at) {
            running += at->weight;
            if (running >= chosen) break;
        }
        ordered.push_back(std::move(*at));
        records.erase(at);
    }
    return ordered;
}

Result<SipTargets> resolve(const ServerName& server, sip::Family family, Dns& dns, Rng& rng) {
    const auto transport = server.transport.value_or(sip::Transport::Udp);
    const auto port = server.port.value_or(sip::default_port(transport));
    if (const auto address = sip::Address::parse_host(server.host, port)) {
        SipTargets one{.targets = {}, .ttl = kLongestTtl};
        if (address->family == family && !address->is_unusable()) {
            one.targets.push_back({.rank = 0, .transport = transport, .address = *address});
        }
        return one;
    }
    Walk walk{family, dns, rng};
    bool is_found = false;
    if (!server.port && !server.transport) {
        ESC_TRY(is_found, walk.add_naptr(server.host));
        if (!is_found) {
            for (const auto each : kAskedInOrder) {
                ESC_TRY(const bool has_srv, walk.add_srv(srv_name(server.host, each), each));
                is_found = is_found || has_srv;
            }
        }
    } else if (!server.port) {
        ESC_TRY(is_found, walk.add_srv(srv_name(server.host, transport), transport));
    }
    if (!is_found) {
        ESC_TRY(walk.add_host(server.host, port, transport));
    }
    SipTargets targets = walk.take();
    targets.ttl = std::min(targets.ttl, kLongestTtl);
    return targets;
}

}  // namespace escucha::server
