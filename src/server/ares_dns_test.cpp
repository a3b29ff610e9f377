#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/detail/ares_dns.h"

using namespace escucha;
using namespace escucha::server;
using namespace std::chrono_literals;

namespace {

constexpr int kA = 1;
constexpr int kAaaa = 28;
constexpr int kSrv = 33;
constexpr int kNaptr = 35;

std::string number(std::uint32_t value, int bytes) {
    std::string text;
    while (bytes-- > 0) text.push_back(static_cast<char>((value >> (8 * bytes)) & 0xFFU));
    return text;
}
std::string label(const std::string& text) {
    return number(static_cast<std::uint32_t>(text.size()), 1) + text;
}
std::string name(std::string text) {
    std::string wire;
    while (!text.empty()) {
        const auto dot = std::min(text.find('.'), text.size());
        wire += label(text.substr(0, dot));
        text = dot == text.size() ? "" : text.substr(dot + 1);
    }
    return wire + std::string(1, '\0');
}

/// A name server on loopback that knows what its tables say, on a thread of its own.
class FakeServer {
public:
    struct Record {
        std::uint32_t ttl;
        std::string data;
    };
    using Zone = std::map<std::pair<std::string, int>, std::vector<Record>>;

    explicit FakeServer(Zone zone)
        : zone_{std::move(zone)}, socket_{::socket(AF_INET, SOCK_DGRAM, 0)} {
        sockaddr_in local{};
        local.sin_family = AF_INET;
        local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof local;
        REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&local), size) == 0);
        REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&local), &size) == 0);
        local_ = local;
        thread_ = std::thread{[this] { run(); }};
    }
    ~FakeServer() {
        // An empty datagram is the end.
        ::sendto(socket_, "", 0, 0, reinterpret_cast<sockaddr*>(&local_), sizeof local_);
        thread_.join();
        ::close(socket_);
    }
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;
    [[nodiscard]] std::string address() const {
        return "127.0.0.1:" + std::to_string(ntohs(local_.sin_port));
    }

private:
    void run() {
        while (true) {
            std::array<char, 1500> bytes{};
            sockaddr_in from{};
            socklen_t size = sizeof from;
            const auto count = ::recvfrom(
                socket_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
            if (count <= 0) return;
            const auto answer = answer_to({bytes.data(), static_cast<std::size_t>(count)});
            if (answer.empty()) continue;
            ::sendto(
                socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
        }
    }
    std::string answer_to(const std::string& query) {
        std::string asked;
        std::size_t at = 12;
        while (query.at(at) != '\0') {
            const auto length = static_cast<std::size_t>(query[at]);
            asked += (asked.empty() ? "" : ".") + query.substr(at + 1, length);
            at += length + 1;
        }
        const int type = query.at(at + 2);
        const std::string question = query.substr(12, at + 5 - 12);
        const auto head = [&](std::uint32_t flags, std::size_t answers) {
            return query.substr(0, 2) + number(flags, 2) + number(1, 2) +
                   number(static_cast<std::uint32_t>(answers), 2) + number(0, 4) + question;
        };
        if (asked == "broken.test") return head(0x8182, 0);  // SERVFAIL
        const auto found = zone_.find({asked, type});
        if (found == zone_.end()) return head(0x8183, 0);  // NXDOMAIN
        std::string answer = head(0x8180, found->second.size());
        for (const Record& record : found->second) {
            answer += number(0xC00C, 2) + number(static_cast<std::uint32_t>(type), 2) +
                      number(1, 2) + number(record.ttl, 4) +
                      number(static_cast<std::uint32_t>(record.data.size()), 2) + record.data;
        }
        return answer;
    }

    Zone zone_;
    int socket_;
    sockaddr_in local_{};
    std::thread thread_;
};

FakeServer::Zone carrier() {
    const auto srv = [](std::uint32_t priority, std::uint32_t port, const char* target) {
        return number(priority, 2) + number(10, 2) + number(port, 2) + name(target);
    };
    return {
        {{"carrier.test", kNaptr},
         {{500,
           number(1, 2) + number(2, 2) + label("s") + label("SIP+D2U") + label("") +
               name("_sip._udp.carrier.test")}}},
        {{"_sip._udp.carrier.test", kSrv},
         {{400, srv(20, 5080, "b.carrier.test")}, {90, srv(10, 5070, "a.carrier.test")}}},
        {{"a.carrier.test", kA}, {{300, number(0xC0000201, 4)}}},
        {{"b.carrier.test", kA}, {{70, number(0xC0000202, 4)}, {80, number(0xC0000203, 4)}}},
        {{"a.carrier.test", kAaaa}, {{300, "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\x09"}}},
    };
}

const std::atomic<bool> kNeverStopping{false};

}  // namespace

TEST_CASE("a carrier's records are read from a name server, with the time they hold") {
    FakeServer server{carrier()};
    auto opened = AresDns::open(server.address(), kNeverStopping);
    REQUIRE(opened.has_value());
    AresDns& dns = *opened.value();

    const auto naptr = dns.naptr("carrier.test").value();
    REQUIRE(naptr.records.size() == 1);
    CHECK(naptr.records[0].order == 1);
    CHECK(naptr.records[0].preference == 2);
    CHECK(naptr.records[0].flags == "s");
    CHECK(naptr.records[0].service == "SIP+D2U");
    CHECK(naptr.records[0].replacement == "_sip._udp.carrier.test");
    CHECK(naptr.ttl == 500s);

    const auto srv = dns.srv("_sip._udp.carrier.test").value();
    REQUIRE(srv.records.size() == 2);
    CHECK(srv.records[0].priority == 20);
    CHECK(srv.records[0].weight == 10);
    CHECK(srv.records[0].port == 5080);
    CHECK(srv.records[0].target == "b.carrier.test");
    CHECK(srv.ttl == 90s);

    const auto four = dns.addresses("b.carrier.test", sip::Family::V4).value();
    REQUIRE(four.records.size() == 2);
    CHECK(four.records[0].ip() == "192.0.2.2");
    CHECK(four.ttl == 70s);
    const auto six = dns.addresses("a.carrier.test", sip::Family::V6).value();
    REQUIRE(six.records.size() == 1);
    CHECK(six.records[0].ip() == "2001:db8::9");

    Rng rng{1};
    const ServerName name{.host = "carrier.test", .port = {}, .transport = {}};
    const auto targets = resolve(name, sip::Family::V4, dns, rng).value();
    REQUIRE(targets.targets.size() == 3);
    CHECK(targets.targets[0].address.to_string() == "192.0.2.1:5070");
    CHECK(targets.targets[1].address.to_string() == "192.0.2.2:5080");
    CHECK(targets.ttl == 70s);
}

TEST_CASE("a name that is not there is an empty answer; a server in trouble is an error") {
    FakeServer server{carrier()};
    auto opened = AresDns::open(server.address(), kNeverStopping);
    REQUIRE(opened.has_value());
    AresDns& dns = *opened.value();
    CHECK(dns.naptr("nobody.test").value().records.empty());
    CHECK(dns.srv("nobody.test").value().records.empty());
    CHECK(dns.addresses("nobody.test", sip::Family::V4).value().records.empty());
    CHECK(dns.srv("nobody.test").value().ttl == 60s);
    const auto broken = dns.srv("broken.test");
    REQUIRE_FALSE(broken.has_value());
    CHECK(broken.error().detail.starts_with("DNS of broken.test: "));
    CHECK_FALSE(dns.addresses("broken.test", sip::Family::V4).has_value());
}

TEST_CASE("a question ends when we stop, whether or not anybody answers") {
    FakeServer server{carrier()};
    const std::atomic<bool> is_stopping{true};
    auto opened = AresDns::open(server.address(), is_stopping);
    REQUIRE(opened.has_value());
    CHECK_FALSE(opened.value()->srv("carrier.test").has_value());
    CHECK_FALSE(AresDns::open("not an address", is_stopping).has_value());
}
