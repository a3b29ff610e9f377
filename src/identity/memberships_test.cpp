#include "identity/memberships.h"

#include <doctest/doctest.h>

#include "base/errc.h"
#include "base/rng.h"
#include "identity/api_keys.h"
#include "identity/errc.h"
#include "identity/users.h"
#include "store/testing/engines.h"

namespace escucha::identity {
namespace {

const auto kStart = from_micros(1'763'895'600'000'000);
constexpr std::string_view kAnasPassword = "una contraseña larga";

struct Outsourcer {
    explicit Outsourcer(const store::Database& database) : connection{database.connect().value()} {
        home = store::testing::add_company(connection, "Europe/Madrid");
        brand = store::testing::add_company(connection, "Europe/Madrid");
        ana = add_user(connection,
                       {.company = home,
                        .login = "ana",
                        .name = "Ana Ruiz",
                        .role = "agent",
                        .language = "es",
                        .password = std::string{kAnasPassword}},
                       UserId::make(kStart, rng),
                       kStart)
                  .value();
    }
    Result<UserId> join(const std::string& role = "agent") {
        return add_membership(connection,
                              {.account = ana, .company = brand, .role = role},
                              UserId::make(kStart, rng),
                              kStart);
    }
    std::string sign_in_ana() {
        return sign_in(connection, {"ana", kAnasPassword}, kStart).value().token;
    }
    Principal who(const std::string& token) { return resolve(connection, token, kStart).value(); }

    Rng rng{3};
    store::Connection connection;
    CompanyId home, brand;
    UserId ana;
};

void with_every_engine(const std::function<void(Outsourcer&)>& body) {
    for (const auto& fresh : store::testing::every_engine(store::testing::Schema::Current)) {
        INFO(fresh.name);
        Outsourcer outsourcer{fresh.database};
        body(outsourcer);
    }
}

}  // namespace

TEST_CASE("a member acts in the other company as another user, with the role there") {
    with_every_engine([](Outsourcer& o) {
        const UserId there = o.join("quality").value();
        const std::string token = o.sign_in_ana();
        CHECK(o.who(token).user == o.ana);
        CHECK(o.who(token).company == o.home);

        REQUIRE(act_in(o.connection, token, o.brand));
        const Principal who = o.who(token);
        CHECK(who.user == there);
        CHECK(who.account == o.ana);
        CHECK(who.company == o.brand);
        CHECK(who.role == "quality");
        CHECK_FALSE(who.permissions.has(Permission::TakeContacts));
        CHECK(who.agent.is_nil());
        CHECK(who.login == "ana");
        CHECK(who.name == "Ana Ruiz");

        REQUIRE(act_in(o.connection, token, o.home));
        CHECK(o.who(token).user == o.ana);
        CHECK_FALSE(o.who(token).agent.is_nil());
    });
}

TEST_CASE("nobody acts where they are no member") {
    with_every_engine([](Outsourcer& o) {
        const std::string token = o.sign_in_ana();
        CHECK(act_in(o.connection, token, o.brand).error().code == escucha::Errc::NotFound);
        CHECK(act_in(o.connection, "no such token", o.home).error().code == Errc::NoSession);
        CHECK(o.who(token).company == o.home);
    });
}

TEST_CASE("a membership opens no session by itself and has no password to reset") {
    with_every_engine([](Outsourcer& o) {
        const UserId there = o.join().value();
        for (const auto& login : {"=" + there.to_string(), std::string{"ana"}}) {
            CHECK_FALSE(sign_in(o.connection, {login, ""}, kStart));
        }
        CHECK(give_one_time_password(o.connection, o.brand, there, kStart).error().code ==
              escucha::Errc::NotFound);
        CHECK(unlock(o.connection, o.brand, there).error().code == escucha::Errc::NotFound);
        REQUIRE(sign_in(o.connection, {"ana", kAnasPassword}, kStart));
    });
}

TEST_CASE("where somebody works is told with their own company first") {
    with_every_engine([](Outsourcer& o) {
        CHECK(memberships_of(o.connection, o.ana).value().size() == 1);
        REQUIRE(o.join("supervisor"));
        const auto found = memberships_of(o.connection, o.ana).value();
        REQUIRE(found.size() == 2);
        CHECK(found[0].company == o.home);
        CHECK(found[0].user == o.ana);
        CHECK(found[1].role == "supervisor");
        CHECK(found[1].permissions.has(Permission::WatchFloor));
    });
}

TEST_CASE("an ended membership ends its sessions and begins again as the same user") {
    with_every_engine([](Outsourcer& o) {
        const UserId there = o.join().value();
        CHECK(o.join().error().code == store::Errc::Unique);
        const std::string acting = o.sign_in_ana();
        REQUIRE(act_in(o.connection, acting, o.brand));
        const std::string at_home = o.sign_in_ana();
        CHECK(sessions_of(o.connection, there, kStart).value().size() == 1);
        CHECK(sessions_of(o.connection, o.ana, kStart).value().size() == 2);

        REQUIRE(set_activity(o.connection, o.brand, there, Activity::Inactive));
        CHECK_FALSE(resolve(o.connection, acting, kStart));
        CHECK(resolve(o.connection, at_home, kStart));
        CHECK(memberships_of(o.connection, o.ana).value().size() == 1);
        CHECK_FALSE(act_in(o.connection, at_home, o.brand));

        CHECK(o.join("supervisor").value() == there);
        REQUIRE(act_in(o.connection, at_home, o.brand));
        CHECK(o.who(at_home).role == "supervisor");
    });
}

TEST_CASE("who is deactivated at home works nowhere, nor do their keys") {
    with_every_engine([](Outsourcer& o) {
        const UserId there = o.join("administrator").value();
        const std::string token = o.sign_in_ana();
        REQUIRE(act_in(o.connection, token, o.brand));
        const auto key = make_api_key(o.connection,
                                        {.company = o.brand,
                                         .creator = there,
                                         .name = "informe",
                                         .permissions = {Permission::ReadFigures},
                                         .expires_at = kStart + std::chrono::hours{24}},
                                        ApiKeyId::make(kStart, o.rng),
                                        kStart)
                             .value();
        REQUIRE(resolve_api_key(o.connection, key, kStart));
        REQUIRE(set_activity(o.connection, o.home, o.ana, Activity::Inactive));
        CHECK_FALSE(resolve(o.connection, token, kStart));
        CHECK_FALSE(resolve_api_key(o.connection, key, kStart));
        CHECK(o.join().error().code == escucha::Errc::NotFound);
    });
}

TEST_CASE("what is asked wrongly makes no member") {
    with_every_engine([](Outsourcer& o) {
        CHECK_FALSE(o.join("no_such_role"));
        CHECK(add_membership(o.connection,
                             {.account = o.ana, .company = o.home, .role = "agent"},
                             UserId::make(kStart, o.rng),
                             kStart)
                  .error()
                  .code == store::Errc::Unique);
        const UserId there = o.join().value();
        const CompanyId third = store::testing::add_company(o.connection, "UTC");
        CHECK(add_membership(o.connection,
                             {.account = there, .company = third, .role = "agent"},
                             UserId::make(kStart, o.rng),
                             kStart)
                  .error()
                  .code == escucha::Errc::NotFound);
    });
}

TEST_CASE("one account has a limited number of memberships") {
    const auto fresh = store::testing::sqlite_file(store::testing::Schema::Current);
    Outsourcer o{fresh.database};
    const auto join = [&] {
        return add_membership(o.connection,
                              {.account = o.ana,
                               .company = store::testing::add_company(o.connection, "UTC"),
                               .role = "agent"},
                              UserId::make(kStart, o.rng),
                              kStart);
    };
    for (std::size_t i = 0; i < kMaxMemberships; ++i) REQUIRE(join());
    CHECK(join().error().code == escucha::Errc::TooLarge);
}

}  // namespace escucha::identity
