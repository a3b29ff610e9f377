#include "server/detail/ares_dns.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/errc.h"

namespace escucha::server {

namespace {

constexpr std::chrono::seconds kNegativeTtl{60};  ///< Of "there is no such name".

const unsigned char* bytes_of(const std::string& answer) {
    return reinterpret_cast<const unsigned char*>(answer.data());
}

bool is_nothing(int status) { return status == ARES_ENODATA || status == ARES_ENOTFOUND; }

Error trouble(const std::string& name, int status) {
    return fail(Errc::Unavailable, "DNS of " + name + ": " + ares_strerror(status));
}

// c-ares tells the TTL of addresses only. RFC 1035 §4.1: header, questions, then records of name,
// type, class, TTL, length and data.
std::chrono::seconds least_ttl(const std::string& answer) {
    constexpr std::size_t kHeader = 12;
    const auto* bytes = bytes_of(answer);
    const auto size = answer.size();
    const auto number = [&](std::size_t at, std::size_t count) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < count; ++i) value = (value << 8U) | bytes[at + i];
        return value;
    };
    const auto skip_name = [&](std::size_t at) {
        char* name = nullptr;
        long length = 0;
        if (at >= size ||
            ares_expand_name(bytes + at, bytes, static_cast<int>(size), &name, &length) !=
                ARES_SUCCESS) {
            return size;
        }
        ares_free_string(name);
        return at + static_cast<std::size_t>(length);
    };
    if (size < kHeader) return kNegativeTtl;
    std::size_t at = kHeader;
    for (auto left = number(4, 2); left > 0 && at < size; --left) at = skip_name(at) + 4;
    std::uint32_t least = static_cast<std::uint32_t>(kLongestTtl.count());
    for (auto left = number(6, 2); left > 0; --left) {
        at = skip_name(at);
        if (at + 10 > size) break;
        least = std::min(least, number(at + 4, 4));
        at += 10 + number(at + 8, 2);
    }
    return std::chrono::seconds{least};
}

struct Raw {
    int status = ARES_ETIMEOUT;
    std::string answer;
    bool is_done = false;
};

void on_raw(void* to, int status, int, unsigned char* answer, int size) {
    auto& raw = *static_cast<Raw*>(to);
    raw.status = status;
    raw.is_done = true;
    if (answer != nullptr && size > 0) {
        raw.answer.assign(reinterpret_cast<const char*>(answer), static_cast<std::size_t>(size));
    }
}

struct Hosts {
    int status = ARES_ETIMEOUT;
    DnsAnswer<sip::Address> found;
    bool is_done = false;
};

sip::Address to_address(const sockaddr* from) {
    sip::Address address;
    if (from->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, from, sizeof v4);
        std::memcpy(address.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    } else {
        sockaddr_in6 v6{};
        std::memcpy(&v6, from, sizeof v6);
        address.family = sip::Family::V6;
        std::memcpy(address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    }
    return address;
}

void on_hosts(void* to, int status, int, ares_addrinfo* info) {
    auto& hosts = *static_cast<Hosts*>(to);
    hosts.status = status;
    hosts.is_done = true;
    if (info == nullptr) return;
    auto ttl = kLongestTtl;
    for (const auto* node = info->nodes;
         node != nullptr && hosts.found.records.size() < AresDns::kMaxRecords;
         node = node->ai_next) {
        hosts.found.records.push_back(to_address(node->ai_addr));
        ttl = std::min(ttl, std::chrono::seconds{std::max(0, node->ai_ttl)});
    }
    hosts.found.ttl = ttl;
    ares_freeaddrinfo(info);
}

}  // namespace

Result<std::unique_ptr<AresDns>> AresDns::open(const std::string& servers,
                                               const std::atomic<bool>& is_stopping) {
    static const int library = ares_library_init(ARES_LIB_INIT_ALL);
    if (library != ARES_SUCCESS) return fail(Errc::Io, ares_strerror(library));
    ares_options options{};
    options.timeout = kTimeoutMs;
    options.tries = kTries;
    ares_channel channel = nullptr;
    int status = ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (status != ARES_SUCCESS) return fail(Errc::Io, ares_strerror(status));
    std::unique_ptr<AresDns> dns{new AresDns{channel, is_stopping}};  // A private constructor.
    if (!servers.empty()) status = ares_set_servers_ports_csv(channel, servers.c_str());
    if (status != ARES_SUCCESS) return fail(Errc::InvalidArgument, ares_strerror(status));
    return dns;
}

AresDns::~AresDns() { ares_destroy(channel_); }

Result<DnsAnswer<NaptrRecord>> AresDns::naptr(const std::string& name) {
    DnsAnswer<NaptrRecord> found{.records = {}, .ttl = kNegativeTtl};
    ESC_TRY(const auto answer, ask(name, ns_t_naptr));
    if (answer.empty()) return found;
    ares_naptr_reply* list = nullptr;
    const int status =
        ares_parse_naptr_reply(bytes_of(answer), static_cast<int>(answer.size()), &list);
    if (is_nothing(status)) return found;
    if (status != ARES_SUCCESS) return trouble(name, status);
    const auto text = [](const unsigned char* from) {
        return std::string{reinterpret_cast<const char*>(from)};
    };
    for (const auto* at = list; at != nullptr && found.records.size() < kMaxRecords;
         at = at->next) {
        found.records.push_back({.order = at->order,
                                 .preference = at->preference,
                                 .flags = text(at->flags),
                                 .service = text(at->service),
                                 .replacement = at->replacement});
    }
    ares_free_data(list);
    found.ttl = least_ttl(answer);
    return found;
}

Result<DnsAnswer<SrvRecord>> AresDns::srv(const std::string& name) {
    DnsAnswer<SrvRecord> found{.records = {}, .ttl = kNegativeTtl};
    ESC_TRY(const auto answer, ask(name, ns_t_srv));
    if (answer.empty()) return found;
    ares_srv_reply* list = nullptr;
    const int status =
        ares_parse_srv_reply(bytes_of(answer), static_cast<int>(answer.size()), &list);
    if (is_nothing(status)) return found;
    if (status != ARES_SUCCESS) return trouble(name, status);
    for (const auto* at = list; at != nullptr && found.records.size() < kMaxRecords;
         at = at->next) {
        found.records.push_back(
            {.priority = at->priority, .weight = at->weight, .port = at->port, .target = at->host});
    }
    ares_free_data(list);
    found.ttl = least_ttl(answer);
    return found;
}

Result<DnsAnswer<sip::Address>> AresDns::addresses(const std::string& name, sip::Family family) {
    ares_addrinfo_hints hints{};
    hints.ai_family = family == sip::Family::V4 ? AF_INET : AF_INET6;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = ARES_AI_NOSORT;
    Hosts hosts;
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, on_hosts, &hosts);
    run(hosts.is_done);
    if (is_nothing(hosts.status))
        return DnsAnswer<sip::Address>{.records = {}, .ttl = kNegativeTtl};
    if (hosts.status != ARES_SUCCESS) return trouble(name, hosts.status);
    return std::move(hosts.found);
}

Result<std::string> AresDns::ask(const std::string& name, int type) {
    Raw raw;
    ares_query(channel_, name.c_str(), ns_c_in, type, on_raw, &raw);
    run(raw.is_done);
    if (is_nothing(raw.status)) return std::string{};
    if (raw.status != ARES_SUCCESS) return trouble(name, raw.status);
    return std::move(raw.answer);
}

// Not select(): a process with many connections has descriptors that a fd_set has no place for.
void AresDns::run(const bool& is_done) {
    constexpr timeval kLook{.tv_sec = 0, .tv_usec = 100'000};
    while (!is_done) {
        if (is_stopping_) return ares_cancel(channel_);
        std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
        std::array<pollfd, ARES_GETSOCK_MAXNUM> polled{};
        const auto mask = static_cast<unsigned>(
            ares_getsock(channel_, sockets.data(), static_cast<int>(sockets.size())));
        nfds_t count = 0;
        for (unsigned i = 0; i < sockets.size(); ++i) {
            const bool is_read = (mask & (1U << i)) != 0;
            const bool is_write = (mask & (1U << (i + ARES_GETSOCK_MAXNUM))) != 0;
            if (!is_read && !is_write) continue;
            const auto events =
                static_cast<short>((is_read ? POLLIN : 0) | (is_write ? POLLOUT : 0));
            polled[count++] = {.fd = sockets[i], .events = events, .revents = 0};
        }
        timeval longest = kLook;
        timeval wait{};
        const timeval* soon = ares_timeout(channel_, &longest, &wait);
        poll(
            polled.data(), count, static_cast<int>(soon->tv_sec * 1000 + soon->tv_usec / 1000 + 1));
        for (nfds_t i = 0; i < count; ++i) {
            const auto happened = polled[i].revents;
            const bool is_read = (happened & (POLLIN | POLLERR | POLLHUP)) != 0;
            const bool is_write = (happened & POLLOUT) != 0;
            ares_process_fd(channel_,
                            is_read ? polled[i].fd : ARES_SOCKET_BAD,
                            is_write ? polled[i].fd : ARES_SOCKET_BAD);
        }
        // Time-outs alone.
        ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
}

}  // namespace escucha::server
