#include "demo/demo.h"

#include <doctest/doctest.h>

#include <fstream>

#include "base/errc.h"
#include "calendar/opening_hours.h"
#include "cases/reference.h"
#include "demo/detail/document.h"
#include "identity/passwords.h"
#include "identity/sessions.h"
#include "store/projections.h"
#include "store/testing/engines.h"

using namespace escucha;
using store::testing::FreshDatabase;
using store::testing::Schema;

namespace {

const auto kNow = parse_rfc3339("2026-11-23T05:00:00Z").value();

/// Stand-ins for the flows, so that this test fails for its own reasons only.
struct Flows {
    Flows() {
        for (const char* name : {"100-servicio", "200-abuelos"}) write(name, "1");
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream file{folder.path() / (name + ".json")};
        file << "{\"name\": \"" << name << "\", \"format\": " << text << "}";
    }
    store::testing::TemporaryFolder folder;
};

demo::Options options(const Flows& flows) {
    demo::Options made;
    made.data_folder = std::string{ESCUCHA_SOURCE_DIR} + "/demo/data";
    made.flows_folder = flows.folder.path().string();
    made.partner_folder = std::string{ESCUCHA_SOURCE_DIR} + "/demo/partner";
    made.now = kNow;
    made.history_days = 2;
    return made;
}

std::int64_t number(store::Connection& connection, const std::string& sql) {
    const auto row = connection.query_one(sql);
    REQUIRE_MESSAGE(row, sql);
    return row.value()->get<std::int64_t>(0).value();
}

}  // namespace

TEST_CASE("the demo loads on every engine, once") {
    const Flows flows;
    for (const auto& fresh : store::testing::every_engine(Schema::Current)) {
        INFO(fresh.name);
        const auto first = demo::load(fresh.database, options(flows));
        REQUIRE_MESSAGE(first, (first ? "" : first.error().message()));
        CHECK_FALSE(first.value().was_loaded);
        CHECK(first.value().customers == 405);
        CHECK(first.value().flows == 3);
        CHECK(first.value().events > 2'000);

        const auto second = demo::load(fresh.database, options(flows)).value();
        CHECK(second.was_loaded);
        CHECK(second.flows == 0);
        auto connection = fresh.database.connect().value();
        CHECK(number(connection, "SELECT COUNT(*) FROM company") == 2);
        CHECK(number(connection, "SELECT COUNT(*) FROM app_user") == 10);
        CHECK(number(connection, "SELECT COUNT(*) FROM phone") == 3);
        CHECK(number(connection, "SELECT COUNT(*) FROM customer") == 405);
        CHECK(number(connection, "SELECT COUNT(DISTINCT document_id) FROM customer") == 405);
        CHECK(number(connection, "SELECT COUNT(*) FROM event") == first.value().events);
    }
}

TEST_CASE("a flow that changed becomes a new published version") {
    const Flows flows;
    const auto fresh = store::testing::sqlite_file(Schema::Current);
    REQUIRE(demo::load(fresh.database, options(flows)));
    flows.write("200-abuelos", "2");
    CHECK(demo::load(fresh.database, options(flows)).value().flows == 1);
    auto connection = fresh.database.connect().value();
    CHECK(number(connection,
                 "SELECT MAX(version) FROM flow_version v JOIN flow f ON f.id = v.flow_id"
                 " WHERE f.key = '200-abuelos' AND published_at_us IS NOT NULL") == 2);
}

TEST_CASE("the same seed and day make the same rows, another seed does not") {
    const Flows flows;
    const auto data_of = [&](std::uint64_t seed) {
        const auto fresh = store::testing::sqlite_file(Schema::Current);
        auto made = options(flows);
        made.seed = seed;
        REQUIRE(demo::load(fresh.database, made));
        auto connection = fresh.database.connect().value();
        std::string all;
        const auto rows =
            connection.query("SELECT contact_id, data FROM event ORDER BY seq").value();
        for (const auto& row : rows) {
            all += row.get<std::optional<std::string>>(0).value().value_or("-");
            all += row.get<std::string>(1).value();
        }
        return all;
    };
    const auto one = data_of(1);
    CHECK(one == data_of(1));
    CHECK(one != data_of(2));
}

TEST_CASE("everybody signs in with the documented password, and phones have their credentials") {
    const Flows flows;
    const auto fresh = store::testing::sqlite_file(Schema::Current);
    REQUIRE(demo::load(fresh.database, options(flows)));
    auto connection = fresh.database.connect().value();
    const auto ana = identity::sign_in(connection, {"ana", "escucha-demo"}, kNow);
    REQUIRE(ana);
    CHECK_FALSE(ana.value().principal.agent.is_nil());
    CHECK(identity::sign_in(connection, {"sofia", "escucha-demo"}, kNow).value().principal.role ==
          "supervisor");
    CHECK(identity::sign_in(connection, {"admin", "escucha-demo"}, kNow).value().principal.role ==
          "administrator");
    const auto phone =
        connection.query_one("SELECT ha1_md5, ha1_sha256 FROM phone WHERE username = 'ana'")
            .value();
    const auto ha1 = identity::sip_ha1("ana", "escucha", "telefono-de-ana");
    CHECK(phone->get<std::string>(0).value() == ha1.md5);
    CHECK(phone->get<std::string>(1).value() == ha1.sha256);
}

TEST_CASE("history keeps the rules of the house") {
    const Flows flows;
    const auto fresh = store::testing::sqlite_file(Schema::Current);
    REQUIRE(demo::load(fresh.database, options(flows)));
    auto connection = fresh.database.connect().value();
    CHECK(number(connection, "SELECT COUNT(*) FROM contact WHERE state <> 'ended'") == 0);
    CHECK(number(connection, "SELECT COUNT(*) FROM contact WHERE case_id IS NULL") == 0);
    CHECK(number(connection, "SELECT COUNT(*) FROM agent_state WHERE state <> 'signed_out'") == 0);
    CHECK(number(connection,
                 "SELECT COUNT(*) FROM agent_state_log WHERE ended_at_us < started_at_us") == 0);
    CHECK_MESSAGE(number(connection,
                         "SELECT COUNT(*) FROM event a JOIN event b ON b.seq = a.seq + 1"
                         " WHERE b.at_us < a.at_us") == 0,
                  "the journal is in the order of time");
    CHECK_MESSAGE(
        number(connection,
               "SELECT COUNT(*) FROM event WHERE at_us > " + std::to_string(to_micros(kNow))) == 0,
        "nothing has happened tomorrow");
    CHECK_MESSAGE(number(connection, "SELECT SUM(answered) FROM queue_day") ==
                      number(connection, "SELECT COUNT(*) FROM contact WHERE outcome = 'served'"),
                  "figures agree with contacts");
    const auto rows = connection.query("SELECT reference FROM case_file").value();
    for (const auto& row : rows) {
        const auto reference = row.get<std::string>(0).value();
        CHECK(cases::has_valid_check_digit(reference));
    }
}

TEST_CASE("projections computed again from the demo's journal are the same") {
    const Flows flows;
    const auto fresh = store::testing::sqlite_file(Schema::Current);
    REQUIRE(demo::load(fresh.database, options(flows)));
    auto connection = fresh.database.connect().value();
    const auto sum = [&] {
        return number(connection, "SELECT SUM(answered_wait_ms + talk_ms) FROM queue_day") +
               number(connection, "SELECT SUM(talk_ms + ready_ms) FROM agent_day") +
               number(connection, "SELECT COUNT(*) FROM case_file WHERE status = 'closed'");
    };
    const auto before = sum();
    REQUIRE(store::rebuild_projections(connection));
    CHECK(sum() == before);
}

TEST_CASE("a reset demo is as new, and another company's data is never reset") {
    const Flows flows;
    for (const auto& fresh : store::testing::every_engine(Schema::Current)) {
        INFO(fresh.name);
        const auto loaded = demo::load(fresh.database, options(flows)).value();
        auto connection = fresh.database.connect().value();
        REQUIRE(connection.execute("UPDATE company SET name = 'Otra'"));
        const auto reset = demo::reset(fresh.database, options(flows)).value();
        CHECK(reset.events == loaded.events);
        CHECK(number(connection, "SELECT COUNT(*) FROM company WHERE name = 'Luz del Valle'") == 1);
        CHECK(number(connection, "SELECT MIN(seq) FROM event") == 1);
        store::testing::add_company(connection, "UTC");
        CHECK(demo::reset(fresh.database, options(flows)).error().code == Errc::Conflict);
    }
}

TEST_CASE("a missing flow is named with its file") {
    Flows flows;
    std::filesystem::remove(flows.folder.path() / "200-abuelos.json");
    const auto fresh = store::testing::sqlite_file(Schema::Current);
    const auto failed = demo::load(fresh.database, options(flows));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().detail.find("200-abuelos.json") != std::string::npos);
    auto connection = fresh.database.connect().value();
    CHECK(number(connection, "SELECT COUNT(*) FROM company") == 0);
}

TEST_CASE("the demo's calendars are calendars, and Christmas is a holiday") {
    const auto file =
        demo::detail::Node::read(std::string{ESCUCHA_SOURCE_DIR} + "/demo/data/calendars.json");
    const auto nodes = file.value().list("calendars").value();
    for (const auto& node : nodes) {
        const auto hours = calendar::decode_opening_hours(node.at("document").value().print());
        REQUIRE_MESSAGE(hours, (hours ? "" : hours.error().message()));
        const auto christmas = parse_rfc3339("2026-12-25T11:00:00Z").value();
        const bool is_office = node.text("key").value() == "oficina";
        CHECK(hours.value().is_open(christmas) == !is_office);
    }
}

TEST_CASE("identity documents have their check letter") {
    const Flows flows;
    const auto fresh = store::testing::sqlite_file(Schema::Current);
    REQUIRE(demo::load(fresh.database, options(flows)));
    auto connection = fresh.database.connect().value();
    constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
    const auto rows = connection.query("SELECT document_id FROM customer").value();
    for (const auto& row : rows) {
        const auto id = row.get<std::string>(0).value();
        REQUIRE(id.size() == 9);
        if (id[0] == 'X') continue;
        CHECK(id[8] == kLetters[std::stoul(id.substr(0, 8)) % 23]);
    }
}
