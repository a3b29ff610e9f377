#include <doctest/doctest.h>

#include "server/detail/outside.h"

using namespace escucha;
using namespace escucha::server;

namespace {

const CompanyId kLuz{Uuid{.high = 1, .low = 1}};
const CompanyId kOther{Uuid{.high = 1, .low = 2}};
const TrunkId kAcme{Uuid{.high = 2, .low = 1}};
const TrunkId kBeta{Uuid{.high = 2, .low = 2}};
const TrunkId kTheirs{Uuid{.high = 2, .low = 3}};

/// A company with two trunks and a calendar, another company with one, and a section for the first.
struct File {
    Config config;
    Directory directory;

    File() {
        auto luz = std::make_shared<control::Company>();
        luz->id = kLuz;
        luz->calling_code = "34";
        luz->zone = "Europe/Madrid";
        calendar::CalendarConfig week;
        week.zone = luz->zone;
        luz->calendars.emplace("atencion",
                               std::make_shared<const calendar::OpeningHours>(
                                   calendar::OpeningHours::make(week).value()));
        directory.companies.emplace("luz", luz);
        for (const auto& [trunk, company, name] : {std::tuple{kAcme, kLuz, "acme"},
                                                   std::tuple{kBeta, kLuz, "beta"},
                                                   std::tuple{kTheirs, kOther, "theirs"}}) {
            directory.trunk_names.push_back({.id = trunk, .name = name});
            directory.centre.trunks.push_back({.id = trunk, .company = company});
            TrunkSection section;
            section.name = name;
            config.trunks.push_back(section);
        }
        OutsideSection outside;
        outside.company = "luz";
        outside.trunks = {"beta", "acme"};
        outside.allow = {"+346"};
        outside.hours = "atencion";
        outside.ring_s = 25;
        config.outside.push_back(outside);
    }
};

}  // namespace

TEST_CASE("a company's section is joined with its trunks, its calendar and its country") {
    const File file;
    const auto joined = join_outside(file.config, file.directory);
    CHECK(joined.problems.empty());
    REQUIRE(joined.outside.size() == 1);
    const control::Outside& outside = joined.outside[0];
    CHECK(outside.company == kLuz);
    CHECK(outside.trunks == std::vector{kBeta, kAcme});
    CHECK(outside.calling_code == "34");
    CHECK(outside.zone == "Europe/Madrid");
    CHECK(outside.ring_time == std::chrono::seconds{25});
    CHECK(outside.rules.allow == std::vector<std::string>{"+346"});
    CHECK(outside.rules.hours != nullptr);
    CHECK_FALSE(outside.rules.emergency.empty());
}

TEST_CASE("a section that does not fit the store is a problem, and allows nothing") {
    File file;
    OutsideSection& section = file.config.outside[0];
    section.hours = "none";
    auto joined = join_outside(file.config, file.directory);
    CHECK(joined.outside.empty());
    CHECK(joined.problems.at(0).find("no calendar 'none'") != std::string::npos);

    section.hours.clear();
    section.trunks = {"theirs", "unknown"};
    joined = join_outside(file.config, file.directory);
    CHECK(joined.outside.empty());
    CHECK(joined.problems.size() == 2);

    section.trunks = {"theirs", "acme"};
    joined = join_outside(file.config, file.directory);
    CHECK(joined.problems.size() == 1);
    CHECK(joined.outside.at(0).trunks == std::vector{kAcme});

    // A trunk without a section has no account, so nobody can be called by it.
    file.config.trunks.clear();
    CHECK(join_outside(file.config, file.directory).outside.empty());
    section.company = "nobody";
    CHECK(join_outside(file.config, file.directory).problems.at(0).find("no company") !=
          std::string::npos);
}
