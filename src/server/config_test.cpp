#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "server/config.h"

using namespace escucha;
using namespace escucha::server;

namespace {

Result<Config> read_text(const std::string& text) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("escucha-config-" + std::to_string(::getpid()) + ".toml");
    std::ofstream{path} << text;
    auto config = read_config(path, Config{});
    std::filesystem::remove(path);
    return config;
}

std::string error_of(const std::string& text) {
    const auto config = read_text(text);
    return config ? "(accepted)" : config.error().detail;
}

}  // namespace

TEST_CASE("a file's settings replace the defaults and leave the others") {
    const auto config = read_text(
        "[listen]\nsip_port = 5080\n[speech]\nvoice_es = \"es-419\"\n"
        "[connectors]\nbilling = \"http://127.0.0.1:9000/ask\"\n");
    REQUIRE(config);
    CHECK(config.value().sip_port == 5080);
    CHECK(config.value().http_port == 8080);
    CHECK(config.value().speech_voice_es == "es-419");
    CHECK(config.value().connectors.at("billing") == "http://127.0.0.1:9000/ask");
}

TEST_CASE("sessions last as long as the file says, within limits") {
    const auto config = read_text(
        "[accounts]\nkey_file = \"/k\"\npassword_blocklist = \"/w\"\nsession_idle_min = 30\n"
        "session_life_h = 12\n");
    REQUIRE(config);
    CHECK(config.value().session_idle_min == 30);
    CHECK(config.value().session_life_h == 12);
    CHECK(config.value().effective_account_key_file() == "/k");
    CHECK(config.value().password_blocklist == "/w");
    Config checked;
    CHECK(checked.effective_account_key_file() == checked.data_dir / "account.keys");
    CHECK(check_config(checked));
    for (const auto& [idle_min, life_h, is_good] : {std::tuple{5U, 1U, true},
                                                    std::tuple{4U, 1U, false},
                                                    std::tuple{60U, 1U, true},
                                                    std::tuple{61U, 1U, false},
                                                    std::tuple{480U, 720U, true},
                                                    std::tuple{480U, 721U, false},
                                                    std::tuple{480U, 0U, false}}) {
        CAPTURE(idle_min);
        CAPTURE(life_h);
        checked.session_idle_min = idle_min;
        checked.session_life_h = life_h;
        CHECK(check_config(checked).has_value() == is_good);
    }
}

TEST_CASE("a masked field is shown for as many minutes as the file says, within limits") {
    const auto config = read_text("[privacy]\nreveal_min = 5\n");
    REQUIRE(config);
    CHECK(config.value().reveal_min == 5);
    Config checked;
    CHECK(checked.reveal_min == 10);
    for (const auto& [minutes, is_good] :
         {std::pair{0U, false}, std::pair{1U, true}, std::pair{60U, true}, std::pair{61U, false}}) {
        CAPTURE(minutes);
        checked.reveal_min = minutes;
        CHECK(check_config(checked).has_value() == is_good);
    }
}

TEST_CASE("unknown keys, wrong types and values out of range name their line") {
    CHECK(error_of("[listen]\nsipport = 5080\n") == "line 2: unknown setting 'listen.sipport'");
    CHECK(error_of("[listen]\n\nsip_port = \"5080\"\n").starts_with("line 3: 'listen.sip_port'"));
    CHECK(error_of("[listen]\nsip_port = 65536\n").starts_with("line 2: 'listen.sip_port'"));
    CHECK(error_of("[listen]\nsip_port = -1\n").starts_with("line 2: 'listen.sip_port'"));
    CHECK(error_of("[log]\nlevel = \"loud\"\n").starts_with("line 2: 'log.level'"));
    CHECK(error_of("[connectors]\nbilling = \"ftp://x\"\n").starts_with("line 2: a connector"));
    CHECK(error_of("listen = 3\n") == "line 1: 'listen' must be a [section]");
    CHECK(error_of("[listen\n").find(":1:") != std::string::npos);
}

TEST_CASE("a carrier is told of diversions as its section says") {
    const auto kind = [](const std::string& line) {
        const auto config =
            read_text("[trunks.acme]\nserver = \"192.0.2.9\"\nregister = false\n" + line);
        REQUIRE(config);
        return config.value().trunks.at(0).diversion;
    };
    CHECK(kind("") == sip::DiversionHeader::None);
    CHECK(kind("diversion = \"diversion\"\n") == sip::DiversionHeader::Diversion);
    CHECK(kind("diversion = \"history_info\"\n") == sip::DiversionHeader::HistoryInfo);
    CHECK(error_of("[trunks.acme]\ndiversion = \"yes\"\n")
              .starts_with("line 2: 'trunks.acme.diversion' must be"));
}

TEST_CASE("a company's secret input has a section of its own") {
    const auto config = read_text("[secure_input.luz]\nconnector = \"payments\"\n");
    REQUIRE(config);
    REQUIRE(config.value().secure_inputs.size() == 1);
    CHECK(config.value().secure_inputs[0].company == "luz");
    CHECK(config.value().secure_inputs[0].connector == "payments");
    CHECK(config.value().secure_inputs[0].operation == "secure_input");
    CHECK(error_of("[secure_input.luz]\noperation = \"x\"\n") ==
          "line 1: secure_input 'luz' needs 'connector'");
    CHECK(error_of("[secure_input.luz]\nconnector = 3\n").starts_with("line 2: 'secure_input"));
    CHECK(error_of("[secure_input.luz]\nurl = \"x\"\n") ==
          "line 2: unknown setting 'secure_input.luz.url'");
    CHECK(error_of("[secure_input]\nluz = 3\n").starts_with("line 2: 'secure_input.luz' must"));
}

TEST_CASE("a carrier has a section of its own, and what is wrong in it names its line") {
    const auto config = read_text(
        "[trunks.acme]\nserver = \"sip.acme.example\"\nuser = \"400\"\n"
        "password_file = \"/etc/escucha/acme\"\n"
        "[trunks.\"other carrier\"]\nserver = \"192.0.2.9:5070\"\nregister = false\n"
        "transport = \"tcp\"\noptions_interval_s = 0\nexpires_s = 60\n"
        "outbound_proxy = \"proxy.example\"\n");
    REQUIRE(config);
    const auto& trunks = config.value().trunks;
    REQUIRE(trunks.size() == 2);
    CHECK(trunks[0].name == "acme");
    CHECK(trunks[0].server == "sip.acme.example");
    CHECK(trunks[0].user == "400");
    CHECK(trunks[0].password_file == "/etc/escucha/acme");
    CHECK(trunks[0].is_registering);
    CHECK_FALSE(trunks[0].transport.has_value());
    CHECK(trunks[0].options_interval_s == 30);
    CHECK(trunks[0].expires_s == 600);
    CHECK(trunks[1].name == "other carrier");
    CHECK_FALSE(trunks[1].is_registering);
    CHECK(trunks[1].transport == sip::Transport::Tcp);
    CHECK(trunks[1].options_interval_s == 0);
    CHECK(trunks[1].expires_s == 60);
    CHECK(trunks[1].outbound_proxy == "proxy.example");

    const auto error = [](const std::string& line) {
        return error_of("[trunks.acme]\nserver = \"sip.acme.example\"\nregister = false\n" + line);
    };
    CHECK(error("") == "(accepted)");
    CHECK(error("servr = 1\n") == "line 4: unknown setting 'trunks.acme.servr'");
    CHECK(error("transport = \"tls\"\n") == "(accepted)");
    CHECK(error("transport = \"ws\"\n") ==
          "line 4: 'trunks.acme.transport' must be \"udp\", \"tcp\" or \"tls\"");
    CHECK(error("tls_key = \"/k.pem\"\n") ==
          "line 1: trunk 'acme' needs both of 'tls_certificate' and 'tls_key', or none");
    CHECK(error("caller_id = \"+34910000100\"\n") == "(accepted)");
    CHECK(error("caller_id = \"910000100\"\n").starts_with("line 4: 'trunks.acme.caller_id'"));
    CHECK(error("calls_max = 100000\n") == "(accepted)");
    CHECK(error("calls_max = 100001\n") == "line 4: 'trunks.acme.calls_max' must be 0 to 100000");
    CHECK(error("outbound_proxy = \"a b\"\n").starts_with("line 4: 'trunks.acme.outbound_proxy'"));
    CHECK(error("expires_s = 59\n") == "line 4: 'trunks.acme.expires_s' must be 60 to 86400");
    CHECK(error("expires_s = 86401\n").starts_with("line 4:"));
    CHECK(error("expires_s = 86400\n") == "(accepted)");
    CHECK(error("options_interval_s = 3601\n").starts_with("line 4:"));
    CHECK(error("options_interval_s = 3600\n") == "(accepted)");
    CHECK(error("user = 4\n") == "line 4: 'trunks.acme.user' must be text");
    CHECK(error_of("[trunks.acme]\nserver = \"a\"\nregister = \"yes\"\n") ==
          "line 3: 'trunks.acme.register' must be true or false");
    CHECK(error_of("[trunks.acme]\nregister = false\n") == "line 1: trunk 'acme' needs 'server'");
    CHECK(error_of("[trunks.acme]\nserver = \"a\"\n") ==
          "line 1: trunk 'acme' needs 'user' to register");
    CHECK(error_of("[trunks.acme]\nserver = \"a\"\nuser = \"u\"\n") ==
          "line 1: trunk 'acme' needs 'password_file' to register");
    CHECK(error_of("[trunks]\nacme = 1\n") ==
          "line 2: 'trunks.acme' must be a [trunks.NAME] section");
    CHECK(error_of("[trunks.\"a\\\"b\"]\nserver = \"a\"\n").starts_with("line 1: the name of a"));
}

TEST_CASE("name servers of our own choice are addresses") {
    const auto is_good = [](const char* servers) {
        Config config;
        config.dns_servers = servers;
        return check_config(config).has_value();
    };
    CHECK(is_good(""));
    CHECK(is_good("192.0.2.53"));
    CHECK(is_good("192.0.2.53:5353, [2001:db8::53]:53,2001:db8::54"));
    CHECK_FALSE(is_good("ns.example"));
    CHECK_FALSE(is_good("192.0.2.53,,192.0.2.54"));
    CHECK_FALSE(is_good("192.0.2.53 192.0.2.54"));
    CHECK(read_text("[dns]\nservers = \"192.0.2.53\"\n").value().dns_servers == "192.0.2.53");
}

TEST_CASE("an address that telephones cannot be told is refused with what to do") {
    const auto check = [](std::string bind, std::string advertise) {
        Config config;
        config.bind = std::move(bind);
        config.advertise = std::move(advertise);
        config.http.is_plain_allowed = true;
        const auto checked = check_config(config);
        return checked ? config.advertised_address() : checked.error().detail;
    };
    CHECK(check("192.0.2.7", "") == "192.0.2.7");
    CHECK(check("::1", "") == "::1");
    CHECK(check("0.0.0.0", "192.0.2.7") == "192.0.2.7");
    CHECK(check("10.0.0.7", "192.0.2.7") == "192.0.2.7");
    CHECK(check("::", "2001:db8::7") == "2001:db8::7");
    for (const auto* wildcard : {"0.0.0.0", "::", "::0"}) {
        CHECK(check(wildcard, "").find("set listen.advertise (--advertise)") != std::string::npos);
        CHECK(check(wildcard, wildcard).find("--advertise") != std::string::npos);
    }
    CHECK(check("0.0.0.0", "pbx.example").starts_with("listen.advertise is not"));
    CHECK(check("localhost", "").starts_with("listen.bind is not"));
    CHECK(check("::", "192.0.2.7").find("both be IPv4 or both IPv6") != std::string::npos);
    CHECK(read_text("[listen]\nadvertise = \"192.0.2.7\"\n").value().advertise == "192.0.2.7");
}

TEST_CASE("a certificate and its key go together, and asking one of peers needs ours") {
    const auto error = [](const char* certificate, const char* key, const char* client_ca) {
        Config config;
        config.tls_certificate = certificate;
        config.tls_key = key;
        config.tls_client_ca = client_ca;
        const auto checked = check_config(config);
        return checked ? std::string{} : checked.error().detail;
    };
    CHECK(error("", "", "").empty());
    CHECK(error("a.pem", "a.key", "").empty());
    CHECK(error("a.pem", "a.key", "ca.pem").empty());
    CHECK(error("a.pem", "", "").find("go together") != std::string::npos);
    CHECK(error("", "a.key", "").find("go together") != std::string::npos);
    CHECK(error("", "", "ca.pem").find("tls.client_ca needs") != std::string::npos);
    CHECK(read_text("[listen]\nsips_port = 5071\n").value().sips_port == 5071);
    CHECK(read_text("[tls]\ncertificate = \"a.pem\"\n").value().has_tls());
}

TEST_CASE("encryption has three words, for everybody and for a carrier") {
    CHECK(read_text("").value().encryption == sdp::Encryption::WhenOffered);
    const auto text = [](const std::string& rule, const std::string& of_trunk) {
        return "[media]\nencryption = \"" + rule +
               "\"\n[trunks.one]\nserver = \"sip.carrier.example\"\nregister = false\n" + of_trunk;
    };
    const auto read = read_text(text("required", "encryption = \"never\"\n"));
    REQUIRE(read.has_value());
    CHECK(read.value().encryption == sdp::Encryption::Required);
    CHECK(read.value().trunks.front().encryption == sdp::Encryption::Never);
    CHECK_FALSE(read_text(text("never", "")).value().trunks.front().encryption.has_value());
    CHECK_FALSE(read_text(text("always", "")).has_value());
    CHECK_FALSE(read_text(text("never", "encryption = true\n")).has_value());
}

TEST_CASE("codecs are named in their order, each once; Opus is set within its limits") {
    using sdp::Codec;
    const Config config =
        read_text("[media]\ncodecs = [\"opus\", \"pcma\"]\nopus_dtx = true\nopus_fec = false\n")
            .value();
    CHECK(config.codecs == std::vector{Codec::Opus, Codec::Pcma});
    CHECK(config.opus_dtx);
    CHECK_FALSE(config.opus_fec);
    CHECK(read_text("").value().codecs == std::vector{Codec::Pcmu, Codec::Pcma});
    for (const char* bad : {"[]", "[\"g729\"]", "[\"pcmu\", \"pcmu\"]", "\"pcmu\"", "[1]"}) {
        CAPTURE(bad);
        CHECK_FALSE(read_text("[media]\ncodecs = " + std::string{bad} + "\n"));
    }
    Config limits;
    for (const std::uint32_t fits : {6'000U, 64'000U}) {
        limits.opus_bitrate_bps = fits;
        CHECK(check_config(limits));
    }
    for (const std::uint32_t not_so : {5'999U, 64'001U}) {
        limits.opus_bitrate_bps = not_so;
        CHECK_FALSE(check_config(limits));
    }
    limits.opus_bitrate_bps = 24'000;
    limits.opus_complexity = 10;
    CHECK(check_config(limits));
    limits.opus_complexity = 11;
    CHECK_FALSE(check_config(limits));
}

TEST_CASE("an RTP range of fewer than 8 ports, no workers and no engine are refused") {
    Config config;
    CHECK(check_config(config));
    config.rtp_port_high = static_cast<std::uint16_t>(config.rtp_port_low + 7);
    CHECK_FALSE(check_config(config));
    config.rtp_port_high = static_cast<std::uint16_t>(config.rtp_port_low + 8);
    CHECK(check_config(config));
    config.media_workers = 0;
    CHECK_FALSE(check_config(config));
    config.media_workers = 1;
    config.speech_command.clear();
    CHECK_FALSE(check_config(config));
}

TEST_CASE("what a company may call outside is read, and what is not understood is refused") {
    const auto config = read_text(
        "[outside.luz]\ntrunks = [\"acme\", \"beta\"]\nallow = [\"+346\", \"+\"]\n"
        "deny = [\"+34905\"]\nhours = \"atencion\"\ncalls_max = 3\nring_s = 5\n"
        "emergency = [\"110\"]\nwithhold_number = true\n");
    REQUIRE(config.has_value());
    REQUIRE(config.value().outside.size() == 1);
    const OutsideSection& outside = config.value().outside[0];
    CHECK(outside.company == "luz");
    CHECK(outside.trunks == std::vector<std::string>{"acme", "beta"});
    CHECK(outside.allow == std::vector<std::string>{"+346", "+"});
    CHECK(outside.deny == std::vector<std::string>{"+34905"});
    CHECK(outside.hours == "atencion");
    CHECK(outside.calls_max == 3);
    CHECK(outside.calls_per_day == 50);
    CHECK(outside.minutes_per_day == 120);
    CHECK(outside.ring_s == 5);
    CHECK(outside.emergency == std::vector<std::string>{"110"});
    CHECK(outside.is_number_withheld);

    const auto error = [](const std::string& line) {
        return error_of("[outside.luz]\ntrunks = [\"acme\"]\n" + line);
    };
    CHECK(error("") == "(accepted)");
    CHECK(error("alow = []\n") == "line 3: unknown setting 'outside.luz.alow'");
    CHECK(error("allow = [\"346\"]\n").starts_with("line 3: 'outside.luz.allow' must be a list"));
    CHECK(error("allow = \"+346\"\n").starts_with("line 3: 'outside.luz.allow' must be a list"));
    CHECK(error("emergency = [\"1x\"]\n").starts_with("line 3: 'outside.luz.emergency'"));
    CHECK(error("ring_s = 4\n") == "line 3: 'outside.luz.ring_s' must be 5 to 180");
    CHECK(error("ring_s = 181\n") == "line 3: 'outside.luz.ring_s' must be 5 to 180");
    CHECK(error("calls_max = 0\n") == "(accepted)");
    CHECK(error("hours = 4\n") == "line 3: 'outside.luz.hours' must be the key of a calendar");
    CHECK(error_of("[outside.luz]\nallow = []\n") == "line 1: outside 'luz' needs 'trunks'");
    CHECK(error_of("[outside]\nluz = 1\n") ==
          "line 2: 'outside.luz' must be an [outside.COMPANY] section");
}

TEST_CASE("pages are not served beyond this machine without encryption, unless somebody says so") {
    const auto check = [](const std::string& text) {
        const auto config = read_text(text);
        REQUIRE(config);
        const auto checked = check_config(config.value());
        return checked ? std::string{"fine"} : checked.error().detail;
    };
    const std::string wide = "[listen]\nbind = \"192.0.2.7\"\n";
    CHECK(check(wide).find("http.tls_certificate") != std::string::npos);
    CHECK(check(wide + "[http]\nbind = \"127.0.0.1\"\n") == "fine");
    CHECK(check(wide + "[http]\nallow_plain = true\n") == "fine");
    CHECK(check(wide + "[http]\ntls_certificate = \"/c\"\ntls_key = \"/k\"\n") == "fine");
    CHECK(check("[http]\nbind = \"::\"\n").find("http.tls_certificate") != std::string::npos);
    CHECK(check("[http]\nbind = \"localhost\"\n") == "http.bind is not an IP address");
    CHECK(check("[http]\ntls_key = \"/k\"\n") ==
          "http.tls_certificate and http.tls_key go together");
    CHECK(check("[http]\nredirect_port = 80\n").starts_with("http.redirect_port needs"));
    CHECK(check("[http]\nredirect_port = 8080\ntls_certificate = \"/c\"\ntls_key = \"/k\"\n")
              .ends_with("are two ports"));
    CHECK(check("[http]\nfronts = \"192.0.2.1, 192.0.2.2\"\n") == "fine");
    CHECK(check("[http]\nfronts = \"proxy\"\n").starts_with("http.fronts is a list"));
}

TEST_CASE("limits of requests are within bounds that their error names") {
    const auto check = [](const std::string& line) {
        const auto config = read_text("[http]\n" + line + "\n");
        REQUIRE(config);
        const auto checked = check_config(config.value());
        return checked ? std::string{"fine"} : checked.error().detail;
    };
    CHECK(check("session_per_s = 100000") == "fine");
    CHECK(check("session_per_s = 100001") == "http.session_per_s is 1 to 100000");
    CHECK(check("address_per_s = 0") == "http.address_per_s is 1 to 100000");
    CHECK(check("address_burst = 1000001") == "http.address_burst is 1 to 1000000");
    CHECK(check("session_burst = 0") == "http.session_burst is 1 to 1000000");
    CHECK(check("sign_in_per_min = 6001") == "http.sign_in_per_min is 1 to 6000");
    CHECK(check("sign_in_burst = 1") == "fine");
    CHECK(check("connections_max = 0") == "http.connections_max is 1 to 100000");
    CHECK(check("connections_per_address = 100001") ==
          "http.connections_per_address is 1 to 100000");
    CHECK(check("hsts_days = 3650") == "fine");
    CHECK(check("hsts_days = 3651") == "http.hsts_days is 0 to 3650");
}
