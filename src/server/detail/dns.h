#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "sip/address.h"

/// Where a SIP server is (RFC 3263): which records to ask for, and in what order their answers are
/// tried. Decides; the questions themselves are asked through `Dns`.
namespace escucha::server {

/// NAPTR (RFC 3403), as far as SIP uses it.
struct NaptrRecord {
    std::uint16_t order = 0;
    std::uint16_t preference = 0;
    std::string flags;
    std::string service;  ///< "SIP+D2U", "SIP+D2T", "SIPS+D2T".
    std::string replacement;
};

/// SRV (RFC 2782).
struct SrvRecord {
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
    std::string target;
};

/// Records and how long they hold. None: the name has no such records, which is an answer too.
template <typename Record>
struct DnsAnswer {
    std::vector<Record> records;
    std::chrono::seconds ttl{0};
};

/// The questions. They may block. An error is a server that is not there or in trouble, and tells
/// nothing of the name.
class Dns {
public:
    virtual ~Dns() = default;
    virtual Result<DnsAnswer<NaptrRecord>> naptr(const std::string& name) = 0;
    virtual Result<DnsAnswer<SrvRecord>> srv(const std::string& name) = 0;
    /// Ports are 0.
    virtual Result<DnsAnswer<sip::Address>> addresses(const std::string& name,
                                                      sip::Family family) = 0;
};

/// A server as people write it: "sip.carrier.example", "sip.carrier.example:5070", "192.0.2.1".
struct ServerName {
    std::string host;  ///< A name, or an address; IPv6 without brackets.
    std::optional<std::uint16_t> port;
    std::optional<sip::Transport> transport;

    bool operator==(const ServerName&) const = default;

    /// nullopt when it is neither an address nor a host name, or the port is none.
    static std::optional<ServerName> parse(std::string_view text);
};

/// One address to try. `rank` is lower for those before others; within one rank chance decided.
struct SipTarget {
    std::size_t rank = 0;
    sip::Transport transport = sip::Transport::Udp;
    sip::Address address;

    auto operator<=>(const SipTarget&) const = default;
};

struct SipTargets {
    std::vector<SipTarget> targets;  ///< In the order in which they are tried; may be empty.
    std::chrono::seconds ttl{0};     ///< How long they hold: the least of all that were asked.
};

inline constexpr std::size_t kMaxSipTargets = 16;  ///< A trunk uses no more; the rest is left out.
inline constexpr std::chrono::seconds kLongestTtl{3600};

/// RFC 2782's order: by priority, and within one by weight and chance; weight 0 comes after the
/// others, nearly always.
std::vector<SrvRecord> in_order(std::vector<SrvRecord> records, Rng& rng);

/// RFC 3263 §4.1 and §4.2, over UDP, TCP and TLS, for addresses of this family. A port, or an
/// address, makes SRV and NAPTR no question; a transport makes NAPTR none.
Result<SipTargets> resolve(const ServerName& server, sip::Family family, Dns& dns, Rng& rng);

}  // namespace escucha::server
