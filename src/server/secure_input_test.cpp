#include <doctest/doctest.h>

#include "server/detail/secure_input.h"

using namespace escucha;
using namespace escucha::server;

TEST_CASE("only a url that nobody on the way reads takes secrets") {
    CHECK(is_private_url("https://payments.example/keyed"));
    CHECK(is_private_url("http://127.0.0.1:9000/keyed"));
    CHECK(is_private_url("http://localhost"));
    CHECK(is_private_url("http://[::1]:9000"));
    CHECK_FALSE(is_private_url("http://payments.example/keyed"));
    CHECK_FALSE(is_private_url("http://127.0.0.1.example/"));
    CHECK_FALSE(is_private_url("http://127.0.0.1:9000@payments.example/"));
    CHECK_FALSE(is_private_url("http://payments.example/http://127.0.0.1/"));
    CHECK_FALSE(is_private_url("ftp://127.0.0.1/"));
    CHECK_FALSE(is_private_url(""));
}

TEST_CASE("a company's secret input goes to its connector, and what cannot is a problem") {
    Config config;
    config.connectors = {{"payments", "https://payments.example/keyed"},
                         {"open", "http://payments.example/keyed"}};
    Directory directory;
    auto company = std::make_shared<control::Company>();
    company->id = CompanyId{Uuid{.high = 1, .low = 1}};
    directory.companies.emplace("luz", company);
    const auto joined = [&](const std::string& key, const std::string& connector) {
        config.secure_inputs = {{.company = key, .connector = connector}};
        return join_secure_sinks(config, directory);
    };
    const auto good = joined("luz", "payments");
    CHECK(good.problems.empty());
    REQUIRE(good.sinks.size() == 1);
    CHECK(good.sinks[0].company == company->id);
    CHECK(good.sinks[0].connector == "payments");
    CHECK(good.sinks[0].operation == "secure_input");
    for (const auto& [key, connector, why] :
         {std::tuple{"gas", "payments", "no company"},
          std::tuple{"luz", "other", "no connector 'other'"},
          std::tuple{"luz", "open", "neither https nor on this machine"}}) {
        const auto bad = joined(key, connector);
        CHECK(bad.sinks.empty());
        REQUIRE(bad.problems.size() == 1);
        CHECK(bad.problems[0].find(why) != std::string::npos);
    }
}
