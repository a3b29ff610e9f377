#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "server/detail/trunk_desk.h"

using namespace escucha;
using namespace escucha::server;

namespace {

const TrunkId kAcme{Uuid{.high = 1, .low = 1}};

/// A file of this content and mode, gone at the end.
struct PasswordFile {
    PasswordFile(const std::string& content, mode_t mode)
        : path{std::filesystem::temp_directory_path() /
               ("escucha-password-" + std::to_string(::getpid()))} {
        std::ofstream{path} << content;
        ::chmod(path.c_str(), mode);
    }
    ~PasswordFile() { std::filesystem::remove(path); }
    PasswordFile(const PasswordFile&) = delete;
    PasswordFile& operator=(const PasswordFile&) = delete;
    std::filesystem::path path;
};

std::string password_of(const std::string& content, mode_t mode) {
    const PasswordFile file{content, mode};
    const auto password = read_password_file(file.path);
    return password ? password.value() : "error: " + password.error().detail;
}

/// A desk with one section, and what it told.
struct Desk {
    explicit Desk(const std::string& server) {
        config.trunks.push_back({.name = "acme",
                                 .server = server,
                                 .transport = {},
                                 .is_registering = true,
                                 .user = "400",
                                 .password_file = {},
                                 .outbound_proxy = {}});
    }
    boost::asio::io_context context;
    Config config;
    std::vector<sip::Flow> route;
    TrunkDesk desk{context, config, [this](TrunkId trunk, std::vector<sip::Flow> flows) {
                       CHECK(trunk == kAcme);
                       route = std::move(flows);
                       context.stop();
                   }};
};

}  // namespace

TEST_CASE("a password is the first line of a file that nobody else may read") {
    CHECK(password_of("sesame\n", 0600) == "sesame");
    CHECK(password_of("open sesame\r\nmore\n", 0400) == "open sesame");
    CHECK(password_of("sesame", 0640).find("chmod 600") != std::string::npos);
    CHECK(password_of("sesame", 0604).find("chmod 600") != std::string::npos);
    CHECK(password_of("", 0600).find("1 to 256 bytes") != std::string::npos);
    CHECK(password_of(std::string(256, 'x'), 0600).size() == 256);
    CHECK(password_of(std::string(257, 'x'), 0600).find("1 to 256 bytes") != std::string::npos);
    CHECK_FALSE(read_password_file("/nowhere/at/all").has_value());
    CHECK_FALSE(read_password_file(std::filesystem::temp_directory_path()).has_value());
}

TEST_CASE("a section is the trunk of its name, and one that names none or several is a problem") {
    Desk d{"[2001:db8::1]:5070"};
    d.config.trunks[0].outbound_proxy = "proxy.example:5080";
    const auto applied = d.desk.apply({{.id = kAcme, .name = "acme"}}, {{"acme", "sesame"}});
    CHECK(applied.problems.empty());
    REQUIRE(applied.accounts.size() == 1);
    CHECK(applied.accounts[0].domain == "[2001:db8::1]");
    CHECK(applied.accounts[0].username == "400");
    CHECK(applied.accounts[0].password == "sesame");
    CHECK(applied.accounts[0].route == "<sip:proxy.example:5080;lr>");
    CHECK(d.desk.apply({}, {}).problems.at(0) ==
          "[trunks.acme] of the configuration file: there is no enabled trunk of this name");
    const NamedTrunk other{.id = TrunkId{Uuid{.high = 2, .low = 2}}, .name = "acme"};
    CHECK(d.desk.apply({{.id = kAcme, .name = "acme"}, other}, {}).problems.at(0).find("several") !=
          std::string::npos);
}

TEST_CASE("a server that is an address is the route, from our own SIP address") {
    Desk d{"192.0.2.9:5070"};
    d.desk.apply({{.id = kAcme, .name = "acme"}}, {});
    const auto local = *sip::Address::parse("192.0.2.100:5060");
    d.desk.resolve(local);
    const auto work = boost::asio::make_work_guard(d.context);
    d.context.run();
    REQUIRE(d.route.size() == 1);
    CHECK(d.route[0].remote == *sip::Address::parse("192.0.2.9:5070"));
    CHECK(d.route[0].local == local);
    CHECK(d.route[0].transport == sip::Transport::Udp);
    // Asked again, it is known.
    d.route.clear();
    d.desk.resolve(local);
    CHECK(d.route.size() == 1);
}

TEST_CASE("what the stack tells of a trunk is shown and measured, with the time of its change") {
    Desk d{"192.0.2.9"};
    d.desk.apply({{.id = kAcme, .name = "acme"}}, {});
    const WallTime then{std::chrono::seconds{1'800'000'000}};
    sip::TrunkState state{.trunk = kAcme,
                          .registration = sip::TrunkRegistration::Registered,
                          .reach = sip::TrunkReach::Reachable,
                          .flow = sip::Flow{.transport = sip::Transport::Udp,
                                            .remote = *sip::Address::parse("192.0.2.9:5060"),
                                            .local = {},
                                            .connection = 0},
                          .why = {}};
    d.desk.note(state, then);
    d.desk.note(state, then + std::chrono::seconds{5});
    auto view = d.desk.views({}).at(0);
    CHECK(view.name == "acme");
    CHECK(view.server == "192.0.2.9:5060");
    CHECK(view.since == then);
    CHECK(d.desk.metrics({}) ==
          "# TYPE escucha_trunk_registered gauge\nescucha_trunk_registered{trunk=\"acme\"} 1\n"
          "# TYPE escucha_trunk_reachable gauge\nescucha_trunk_reachable{trunk=\"acme\"} 1\n");
    state = {.trunk = kAcme,
             .registration = sip::TrunkRegistration::Failed,
             .reach = sip::TrunkReach::Unreachable,
             .flow = {},
             .why = "no answer"};
    d.desk.note(state, then + std::chrono::seconds{9});
    view = d.desk.views({}).at(0);
    CHECK(view.since == then + std::chrono::seconds{9});
    CHECK(view.why == "no answer");
    CHECK(d.desk.metrics({}).find("registered{trunk=\"acme\"} 0") != std::string::npos);
    state.trunk = TrunkId{Uuid{.high = 7, .low = 7}};
    d.desk.note(state, then);
    CHECK(d.desk.views({}).size() == 1);
}

TEST_CASE(
    "the calls of a carrier are shown with their limit, and measured by what became of them") {
    Desk d{"192.0.2.9"};
    d.config.trunks[0].calls_max = 30;
    d.desk.apply({{.id = kAcme, .name = "acme"}}, {});
    sip::TrunkCalls calls{.trunk = kAcme,
                          .active = 2,
                          .tried = 9,
                          .answered = 5,
                          .refused_by_limit = 1,
                          .failed = {1, 0, 0, 0, 2, 1, 0}};
    const auto view = d.desk.views({calls}).at(0);
    CHECK(view.calls == 2);
    CHECK(view.calls_max == 30);
    CHECK(d.desk.views({}).at(0).calls == 0);
    const std::string metrics = d.desk.metrics({calls});
    for (const char* line : {"escucha_trunk_calls{trunk=\"acme\"} 2\n",
                             "escucha_trunk_calls_tried_total{trunk=\"acme\"} 9\n",
                             "escucha_trunk_calls_answered_total{trunk=\"acme\"} 5\n",
                             "escucha_trunk_calls_refused_by_limit_total{trunk=\"acme\"} 1\n",
                             "failed_total{trunk=\"acme\",class=\"silence\"} 1\n",
                             "failed_total{trunk=\"acme\",class=\"4xx\"} 2\n"}) {
        CHECK(metrics.find(line) != std::string::npos);
    }
    calls.trunk = TrunkId{Uuid{.high = 7, .low = 7}};
    CHECK(d.desk.metrics({calls}).find("escucha_trunk_calls") == std::string::npos);
}

TEST_CASE("an account shows the number of its section, and TLS is asked only of its own servers") {
    Desk d{"192.0.2.9:5061"};
    d.config.trunks[0].caller_id = "+34910000100";
    d.config.trunks[0].transport = sip::Transport::Tls;
    const auto applied = d.desk.apply({{.id = kAcme, .name = "acme"}}, {});
    CHECK(applied.accounts.at(0).caller_id == "+34910000100");
    auto tls = d.desk.read_tls();
    REQUIRE(tls.has_value());
    d.desk.set_tls(std::move(tls).value());
    const auto server = *sip::Address::parse("192.0.2.9:5061");
    CHECK_FALSE(d.desk.tls_peer(server).has_value());
    d.desk.resolve(*sip::Address::parse("192.0.2.100:5060"));
    const auto work = boost::asio::make_work_guard(d.context);
    d.context.run();
    REQUIRE(d.desk.tls_peer(server).has_value());
    CHECK(d.desk.tls_peer(server)->name == "192.0.2.9");
    CHECK_FALSE(d.desk.tls_peer(*sip::Address::parse("192.0.2.8:5061")).has_value());
}
