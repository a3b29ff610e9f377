#include <doctest/doctest.h>

#include <map>

#include "base/errc.h"
#include "server/detail/dns.h"

using namespace escucha;
using namespace escucha::server;
using namespace std::chrono_literals;
using sip::Address;
using sip::Family;
using sip::Transport;

namespace {

/// Answers from tables; a name in `broken` is one whose server is in trouble.
class Tables final : public Dns {
public:
    Result<DnsAnswer<NaptrRecord>> naptr(const std::string& name) override {
        return look_up(naptrs, name);
    }
    Result<DnsAnswer<SrvRecord>> srv(const std::string& name) override {
        return look_up(srvs, name);
    }
    Result<DnsAnswer<Address>> addresses(const std::string& name, Family family) override {
        auto found = look_up(hosts, name);
        if (found) {
            std::erase_if(found.value().records,
                          [&](const Address& address) { return address.family != family; });
        }
        return found;
    }

    std::map<std::string, std::vector<NaptrRecord>> naptrs;
    std::map<std::string, std::vector<SrvRecord>> srvs;
    std::map<std::string, std::vector<Address>> hosts;
    std::map<std::string, std::chrono::seconds> ttls;
    std::string broken;
    std::vector<std::string> asked;

private:
    template <typename Record>
    Result<DnsAnswer<Record>> look_up(const std::map<std::string, std::vector<Record>>& table,
                                      const std::string& name) {
        asked.push_back(name);
        if (name == broken) return fail(Errc::Unavailable, "SERVFAIL");
        const auto found = table.find(name);
        DnsAnswer<Record> answer{.records = {}, .ttl = 60s};
        if (found != table.end()) answer.records = found->second;
        if (ttls.contains(name)) answer.ttl = ttls.at(name);
        return answer;
    }
};

Address host(std::string_view text) { return *Address::parse_host(text, 0); }

/// "0 udp 192.0.2.1:5060 | ..." in the order in which they are tried.
std::string text_of(const SipTargets& targets) {
    std::string text;
    for (const SipTarget& target : targets.targets) {
        if (!text.empty()) text += " | ";
        text += std::to_string(target.rank) + " " + std::string{sip::name_of(target.transport)} +
                " " + target.address.to_string();
    }
    return text;
}

std::string run(Dns& dns, std::string_view server, std::optional<Transport> transport = {}) {
    Rng rng{3};
    auto name = ServerName::parse(server);
    REQUIRE(name.has_value());
    name->transport = transport;
    const auto found = resolve(*name, Family::V4, dns, rng);
    return found ? text_of(found.value()) : "error: " + found.error().detail;
}

}  // namespace

TEST_CASE("a server is an address or a host name, with a port or without") {
    const auto text = [](std::string_view from) {
        const auto server = ServerName::parse(from);
        if (!server) return std::string{"none"};
        return server->host + (server->port ? " " + std::to_string(*server->port) : "");
    };
    CHECK(text("sip.carrier.example") == "sip.carrier.example");
    CHECK(text("sip.carrier.example.:5070") == "sip.carrier.example 5070");
    CHECK(text("192.0.2.1") == "192.0.2.1");
    CHECK(text("192.0.2.1:65535") == "192.0.2.1 65535");
    CHECK(text("2001:db8::1") == "2001:db8::1");
    CHECK(text("[2001:db8::1]:5070") == "2001:db8::1 5070");
    for (const auto* bad :
         {"", ":5060", "a:", "a:0", "a:65536", "a:5x", "a b", "a..b", ".a", "a/b"}) {
        CAPTURE(bad);
        CHECK(text(bad) == "none");
    }
    CHECK(text(std::string(253, 'a')) == std::string(253, 'a'));
    CHECK(text(std::string(254, 'a')) == "none");
}

TEST_CASE("an address is asked of nobody, and a port makes SRV no question") {
    Tables dns;
    dns.hosts["sip.example"] = {host("192.0.2.7"), host("2001:db8::7"), host("192.0.2.8")};
    CHECK(run(dns, "192.0.2.1") == "0 UDP 192.0.2.1:5060");
    CHECK(run(dns, "192.0.2.1:5070", Transport::Tcp) == "0 TCP 192.0.2.1:5070");
    CHECK(run(dns, "2001:db8::1").empty());  // We listen on IPv4.
    CHECK(run(dns, "0.0.0.0").empty());
    CHECK(dns.asked.empty());
    CHECK(run(dns, "sip.example:5080") == "0 UDP 192.0.2.7:5080 | 0 UDP 192.0.2.8:5080");
    CHECK(dns.asked == std::vector<std::string>{"sip.example"});
}

TEST_CASE("with a transport its SRV records count, and without any the host itself") {
    Tables dns;
    dns.hosts["sip.example"] = {host("192.0.2.7")};
    CHECK(run(dns, "sip.example", Transport::Tcp) == "0 TCP 192.0.2.7:5060");
    CHECK(dns.asked == std::vector<std::string>{"_sip._tcp.sip.example", "sip.example"});
    dns.srvs["_sip._tcp.sip.example"] = {
        {.priority = 20, .weight = 0, .port = 5062, .target = "b.example"},
        {.priority = 10, .weight = 0, .port = 5061, .target = "a.example"}};
    dns.hosts["a.example"] = {host("192.0.2.10"), host("192.0.2.11")};
    dns.hosts["b.example"] = {host("192.0.2.20")};
    CHECK(run(dns, "sip.example", Transport::Tcp) ==
          "0 TCP 192.0.2.10:5061 | 0 TCP 192.0.2.11:5061 | 1 TCP 192.0.2.20:5062");
    CHECK(run(dns, "sip.example", Transport::Tls) == "0 TLS 192.0.2.7:5061");
    dns.srvs["_sips._tcp.sip.example"] = {
        {.priority = 1, .weight = 0, .port = 5063, .target = "b.example"}};
    CHECK(run(dns, "sip.example", Transport::Tls) == "0 TLS 192.0.2.20:5063");
}

TEST_CASE(
    "NAPTR chooses the transport by order and preference, and what we cannot do is left out") {
    Tables dns;
    dns.naptrs["sip.example"] = {
        {.order = 10, .preference = 5, .flags = "s", .service = "SIPS+D2T", .replacement = "t"},
        {.order = 20, .preference = 9, .flags = "S", .service = "SIP+D2U", .replacement = "u"},
        {.order = 20, .preference = 1, .flags = "s", .service = "sip+d2t", .replacement = "c"},
        {.order = 1, .preference = 1, .flags = "u", .service = "E2U+sip", .replacement = "x"}};
    dns.srvs["u"] = {{.priority = 1, .weight = 1, .port = 5060, .target = "a.example"}};
    dns.srvs["c"] = {{.priority = 1, .weight = 1, .port = 5070, .target = "a.example"}};
    dns.hosts["a.example"] = {host("192.0.2.10")};
    CHECK(run(dns, "sip.example") == "0 TCP 192.0.2.10:5070 | 1 UDP 192.0.2.10:5060");
    dns.srvs["t"] = {{.priority = 1, .weight = 1, .port = 5061, .target = "a.example"}};
    CHECK(run(dns, "sip.example") ==
          "0 TLS 192.0.2.10:5061 | 1 TCP 192.0.2.10:5070 | 2 UDP 192.0.2.10:5060");
}

TEST_CASE("without NAPTR the SRV records of UDP, TCP and TLS are asked for, then the host") {
    Tables dns;
    dns.hosts["sip.example"] = {host("192.0.2.7")};
    CHECK(run(dns, "sip.example") == "0 UDP 192.0.2.7:5060");
    CHECK(dns.asked == std::vector<std::string>{"sip.example",
                                                "_sip._udp.sip.example",
                                                "_sip._tcp.sip.example",
                                                "_sips._tcp.sip.example",
                                                "sip.example"});
    dns.srvs["_sip._tcp.sip.example"] = {
        {.priority = 1, .weight = 1, .port = 5062, .target = "sip.example"}};
    CHECK(run(dns, "sip.example") == "0 TCP 192.0.2.7:5062");
    // RFC 2782: decidedly not available.
    dns.srvs["_sip._tcp.sip.example"] = {{.priority = 0, .weight = 0, .port = 0, .target = "."}};
    CHECK(run(dns, "sip.example").empty());
}

TEST_CASE("a name server in trouble is an error and not an absent record") {
    Tables dns;
    dns.hosts["sip.example"] = {host("192.0.2.7")};
    for (const auto* name : {"sip.example", "_sip._udp.sip.example"}) {
        dns.broken = name;
        CHECK(run(dns, "sip.example") == "error: SERVFAIL");
    }
}

TEST_CASE("an answer holds as long as the least of its records, and an hour at most") {
    Tables dns;
    Rng rng{1};
    dns.srvs["_sip._udp.sip.example"] = {
        {.priority = 1, .weight = 1, .port = 5060, .target = "a.example"}};
    dns.hosts["a.example"] = {host("192.0.2.10")};
    const ServerName name{.host = "sip.example", .port = {}, .transport = Transport::Udp};
    dns.ttls = {{"_sip._udp.sip.example", 300s}, {"a.example", 20s}};
    CHECK(resolve(name, Family::V4, dns, rng).value().ttl == 20s);
    dns.ttls = {{"_sip._udp.sip.example", 86'400s}, {"a.example", 86'400s}};
    CHECK(resolve(name, Family::V4, dns, rng).value().ttl == 3600s);
}

TEST_CASE("a name with more addresses than a trunk uses, or the same twice, is cut") {
    Tables dns;
    for (int i = 1; i <= static_cast<int>(kMaxSipTargets) + 1; ++i) {
        dns.hosts["sip.example"].push_back(host("192.0.2." + std::to_string(i)));
        dns.hosts["sip.example"].push_back(host("192.0.2." + std::to_string(i)));
    }
    Rng rng{1};
    const ServerName name{.host = "sip.example", .port = std::uint16_t{5060}, .transport = {}};
    CHECK(resolve(name, Family::V4, dns, rng).value().targets.size() == kMaxSipTargets);
}

TEST_CASE("SRV records are tried by priority, and within one as often as their weights say") {
    const std::vector<SrvRecord> records{
        {.priority = 2, .weight = 9, .port = 1, .target = "spare"},
        {.priority = 1, .weight = 30, .port = 1, .target = "small"},
        {.priority = 1, .weight = 70, .port = 1, .target = "large"},
        {.priority = 1, .weight = 0, .port = 1, .target = "last"}};
    Rng rng{11};
    std::map<std::string, int> first;
    constexpr int kTimes = 10'000;
    for (int i = 0; i < kTimes; ++i) {
        const auto order = in_order(records, rng);
        REQUIRE(order.size() == 4);
        CHECK(order.back().target == "spare");
        ++first[order.front().target];
    }
    CHECK(first["large"] > 6'700);
    CHECK(first["large"] < 7'100);
    CHECK(first["small"] > 2'750);
    CHECK(first["small"] < 3'150);
    CHECK(first["last"] > 50);  // "a very small chance of being selected"
    CHECK(first["last"] < 160);
    CHECK(first["spare"] == 0);
    CHECK(in_order({}, rng).empty());
    // Weights of zero alone keep their order.
    const auto plain = in_order({{.priority = 1, .weight = 0, .port = 1, .target = "a"},
                                 {.priority = 1, .weight = 0, .port = 1, .target = "b"}},
                                rng);
    CHECK(plain[0].target == "a");
}
