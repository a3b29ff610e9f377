#include <doctest/doctest.h>

#include <set>

#include "base/errc.h"
#include "base/rng.h"
#include "identity/errc.h"
#include "identity/passwords.h"
#include "identity/roles.h"
#include "identity/sessions.h"
#include "identity/users.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::identity;
using namespace std::chrono_literals;

namespace {

constexpr auto kSessionIdle = SessionLimits{}.idle;
constexpr auto kSessionLife = SessionLimits{}.life;
const auto kNow = from_micros(1'763'895'600'000'000);
constexpr std::string_view kPassword = "una contraseña larga";

struct World {
    explicit World(const store::Database& database) : connection{database.connect().value()} {
        company = store::testing::add_company(connection, "Europe/Madrid");
        user = add_user(connection,
                        {.company = company,
                         .login = "Ana",
                         .name = "Ana Ruiz",
                         .role = "agent",
                         .language = "es",
                         .password = std::string{kPassword}},
                        UserId::make(kNow, rng),
                        kNow)
                   .value();
    }
    Result<NewSession> sign_in_at(WallTime at, std::string_view password = kPassword) {
        return sign_in(connection, {"ana", password}, at);
    }

    Rng rng{3};
    store::Connection connection;
    CompanyId company;
    UserId user;
};

void on_every_engine(const std::function<void(World&)>& body) {
    for (const auto& fresh : store::testing::every_engine(store::testing::Schema::Current)) {
        INFO(fresh.name);
        World world{fresh.database};
        body(world);
    }
}

}  // namespace

TEST_CASE("a password is checked against its hash and nothing else") {
    const auto hash = hash_password(kPassword).value();
    CHECK(hash.starts_with("$argon2id$"));
    CHECK(verify_password(hash, kPassword));
    CHECK_FALSE(verify_password(hash, "otra contraseña"));
    CHECK_FALSE(verify_password("", kPassword));
    CHECK_FALSE(verify_password("$argon2id$broken", kPassword));
    CHECK_FALSE(needs_rehash(hash));
    CHECK(
        needs_rehash("$argon2id$v=19$m=8192,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    CHECK(hash_password(kPassword).value() != hash);
}

TEST_CASE("a password has 8 to 256 bytes") {
    CHECK(hash_password("1234567").error().code == identity::Errc::WeakPassword);
    CHECK(hash_password("12345678"));
    CHECK(hash_password(std::string(kMaxPasswordLength, 'x')));
    CHECK(hash_password(std::string(kMaxPasswordLength + 1, 'x')).error().code ==
          identity::Errc::WeakPassword);
}

TEST_CASE("random passwords and tokens have their length and do not repeat") {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const auto password = random_password();
        CHECK(password.size() == 20);
        CHECK(password.find_first_of("0O1lI") == std::string::npos);
        const auto token = random_token();
        CHECK(token.size() == 43);
        seen.insert(password);
        seen.insert(token);
    }
    CHECK(seen.size() == 400);
}

TEST_CASE("digest credentials match RFC 7616's example and MD5 of RFC 2617's") {
    CHECK(sip_ha1("Mufasa", "testrealm@host.com", "Circle Of Life").md5 ==
          "939e7578ed9e3c518a452acee763bce9");
    CHECK(sip_ha1("Mufasa", "http-auth@example.org", "Circle of Life").sha256 ==
          "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232");
}

TEST_CASE("permissions are written as words, each its own") {
    CHECK(Permissions::all().names().size() == kPermissions);
    for (const std::string_view name : Permissions::all().names()) {
        const auto permission = parse_permission(name);
        REQUIRE(permission.has_value());
        CHECK(to_string(*permission) == name);
    }
    CHECK_FALSE(parse_permission("everything"));
}

TEST_CASE("a role gives what its work needs and no more") {
    const auto gives = [](std::string_view role, Permission permission) {
        return built_in(role).value().has(permission);
    };
    CHECK(built_in_roles().size() == 10);
    CHECK_FALSE(built_in("root"));
    for (const BuiltInRole& role : built_in_roles()) {
        INFO(role.key);
        const bool is_administrator = role.key == "administrator";
        for (const Permission permission : {Permission::ManageUsers,
                                            Permission::ManageDirectory,
                                            Permission::Operate,
                                            Permission::WriteFlows}) {
            CHECK(role.permissions.has(permission) == is_administrator);
        }
        // Who may watch or hear others does not take contacts, the senior agent's floor apart.
        if (role.permissions.has(Permission::ListenToAll)) {
            CHECK_FALSE(role.permissions.has(Permission::TakeContacts));
        }
    }
    CHECK(gives("agent", Permission::TakeContacts));
    CHECK_FALSE(gives("agent", Permission::SeePersonal));
    CHECK_FALSE(gives("auditor", Permission::ReadCustomers));
    CHECK_FALSE(gives("knowledge_editor", Permission::ReadCustomers));
    CHECK_FALSE(gives("quality", Permission::WriteCustomers));
}

TEST_CASE("a company makes roles of its own, which change for their holders at once") {
    on_every_engine([](World& world) {
        auto& db = world.connection;
        const OwnRole role{.key = "tarde",
                           .name_es = "Turno de tarde",
                           .name_en = "Evening shift",
                           .permissions = {Permission::ReadCustomers}};
        REQUIRE(save_role(db, world.company, role));
        const auto user = world.user;
        const auto other = store::testing::add_company(db, "Europe/Madrid");
        REQUIRE(db.execute("UPDATE app_user SET role = 'tarde' WHERE id = ?", {user}));
        const auto session = world.sign_in_at(kNow).value();
        CHECK(session.principal.role == "tarde");
        CHECK(session.principal.permissions == role.permissions);

        OwnRole wider = role;
        wider.permissions.add(Permission::WatchFloor);
        REQUIRE(save_role(db, world.company, wider));
        CHECK(resolve(db, session.token, kNow).value().permissions == wider.permissions);
        CHECK(own_roles(db, world.company).value().size() == 1);
        CHECK(own_roles(db, world.company).value().at(0).name_es == "Turno de tarde");
        CHECK(own_roles(db, other).value().empty());
        CHECK(permissions_of(db, other, "tarde").error().code ==
              escucha::Errc::NotFound);

        CHECK(delete_role(db, world.company, "tarde").error().code == escucha::Errc::Conflict);
        REQUIRE(db.execute("UPDATE app_user SET role = 'nadie' WHERE id = ?", {user}));
        CHECK(resolve(db, session.token, kNow).value().permissions == Permissions{});
        REQUIRE(delete_role(db, world.company, "tarde"));
        CHECK(delete_role(db, world.company, "tarde").error().code == escucha::Errc::NotFound);

        for (const char* key : {"", "agent", "Tarde", "a-b", "x y"}) {
            OwnRole bad = role;
            bad.key = key;
            CHECK(save_role(db, world.company, bad).error().code == escucha::Errc::InvalidArgument);
        }
        OwnRole longest = role;
        longest.key = std::string(kMaxRoleKeyLength, 'a');
        CHECK(save_role(db, world.company, longest));
        longest.key += 'a';
        CHECK_FALSE(save_role(db, world.company, longest));
        for (std::size_t i = 1; i < kMaxOwnRoles; ++i) {
            OwnRole more = role;
            more.key = "rol_" + std::to_string(i);
            REQUIRE(save_role(db, world.company, more));
        }
        OwnRole over = role;
        over.key = "uno_de_mas";
        CHECK(save_role(db, world.company, over).error().code == escucha::Errc::TooLarge);
        CHECK(own_roles(db, world.company).value().size() == kMaxOwnRoles);
    });
}

TEST_CASE("who signs in is known by the token until signing out") {
    on_every_engine([](World& world) {
        const auto session = world.sign_in_at(kNow).value();
        CHECK(session.expires_at == kNow + kSessionLife);
        const auto who = resolve(world.connection, session.token, kNow).value();
        CHECK(who.user == world.user);
        CHECK(who.company == world.company);
        CHECK(who.login == "ana");
        CHECK(who.name == "Ana Ruiz");
        CHECK(who.role == "agent");
        CHECK(who.language == "es");
        CHECK(who.agent.value() == world.user.value());
        CHECK(check_csrf(who, session.csrf_token));
        CHECK(check_csrf(who, session.token).error().code == identity::Errc::WrongCsrfToken);
        CHECK(check_csrf(who, "").error().code == identity::Errc::WrongCsrfToken);
        CHECK(check_csrf(Principal{}, "").error().code == identity::Errc::WrongCsrfToken);

        REQUIRE(sign_out(world.connection, session.token));
        CHECK(resolve(world.connection, session.token, kNow).error().code ==
              identity::Errc::NoSession);
        REQUIRE(sign_out(world.connection, session.token));
    });
}

TEST_CASE("the token itself is not stored") {
    on_every_engine([](World& world) {
        const auto session = world.sign_in_at(kNow).value();
        const auto row = world.connection.query_one("SELECT token_hash FROM session").value();
        CHECK(row->get<std::string>(0).value() == sha256_hex(session.token));
    });
}

TEST_CASE("a session ends when idle, unless touched, and at its end of life in any case") {
    on_every_engine([](World& world) {
        const auto session = world.sign_in_at(kNow).value();
        const auto is_known_at = [&](WallTime at) {
            return resolve(world.connection, session.token, at).has_value();
        };
        CHECK(is_known_at(kNow + kSessionIdle - 1us));
        CHECK_FALSE(is_known_at(kNow + kSessionIdle));
        REQUIRE(touch(world.connection, session.token, kNow + 59s));
        CHECK_FALSE(is_known_at(kNow + kSessionIdle));
        for (auto at = kNow; at < kNow + kSessionLife; at += 7h) {
            REQUIRE(touch(world.connection, session.token, at));
        }
        CHECK(is_known_at(kNow + kSessionLife - 1us));
        CHECK_FALSE(is_known_at(kNow + kSessionLife));
        CHECK(remove_expired(world.connection, kNow + kSessionLife - 1us).value() == 0);
        CHECK(remove_expired(world.connection, kNow + kSessionLife).value() == 1);
    });
}

TEST_CASE("an unknown login, a wrong password and an inactive user get the same answer") {
    on_every_engine([](World& world) {
        const auto unknown = sign_in(world.connection, {"nadie", kPassword}, kNow);
        const auto wrong = world.sign_in_at(kNow, "otra contraseña");
        REQUIRE(world.connection.execute("UPDATE app_user SET is_active = 0"));
        const auto inactive = world.sign_in_at(kNow);
        CHECK(unknown.error().code == identity::Errc::WrongCredentials);
        CHECK(wrong.error().message() == unknown.error().message());
        CHECK(inactive.error().message() == unknown.error().message());
    });
}

TEST_CASE("a user made inactive is signed out at once") {
    on_every_engine([](World& world) {
        const auto session = world.sign_in_at(kNow).value();
        REQUIRE(world.connection.execute("UPDATE app_user SET is_active = 0"));
        CHECK_FALSE(resolve(world.connection, session.token, kNow));
    });
}

TEST_CASE(
    "the fifth wrong password makes the account wait, a right one after it clears the count") {
    auto fresh = store::testing::sqlite_file(store::testing::Schema::Current);
    World world{fresh.database};
    for (int i = 0; i < 5; ++i) {
        CHECK(world.sign_in_at(kNow, "mala contraseña").error().code ==
              identity::Errc::WrongCredentials);
    }
    const auto locked = world.sign_in_at(kNow + 500ms);
    CHECK(locked.error().code == identity::Errc::Locked);
    CHECK(locked.error().detail == "2");
    CHECK(world.sign_in_at(kNow + 2s - 1us).error().code == identity::Errc::Locked);
    CHECK(world.sign_in_at(kNow + 2s));
    CHECK(world.sign_in_at(kNow + 2s, "mala contraseña").error().code ==
          identity::Errc::WrongCredentials);
    CHECK(world.sign_in_at(kNow + 2s));
}

TEST_CASE("the wait doubles and stays bounded") {
    CHECK(lock_after(0) == 0s);
    CHECK(lock_after(4) == 0s);
    CHECK(lock_after(5) == 2s);
    CHECK(lock_after(6) == 4s);
    CHECK(lock_after(11) == 128s);
    CHECK(lock_after(12) == 256s);
    CHECK(lock_after(13) == 300s);
    CHECK(lock_after(1'000'000) == 300s);
}

TEST_CASE("an eleventh session ends the oldest") {
    auto fresh = store::testing::sqlite_file(store::testing::Schema::Current);
    World world{fresh.database};
    const auto first = world.sign_in_at(kNow).value();
    for (int i = 1; i < kMaxSessionsPerUser; ++i) REQUIRE(world.sign_in_at(kNow + i * 1s));
    CHECK(resolve(world.connection, first.token, kNow));
    REQUIRE(world.sign_in_at(kNow + 1h));
    CHECK_FALSE(resolve(world.connection, first.token, kNow));
}

TEST_CASE("a login is one person's in any case of letters") {
    on_every_engine([](World& world) {
        const NewUser twin{.company = world.company,
                           .login = "ANA",
                           .name = "Otra",
                           .role = "supervisor",
                           .language = "es",
                           .password = std::string{kPassword}};
        CHECK(add_user(world.connection, twin, UserId::make(kNow, world.rng), kNow).error().code ==
              store::Errc::Unique);
        NewUser odd = twin;
        odd.login = "a b";
        CHECK(add_user(world.connection, odd, UserId::make(kNow, world.rng), kNow).error().code ==
              escucha::Errc::InvalidArgument);
        CHECK(sign_in(world.connection, {"AnA", kPassword}, kNow));
    });
}

TEST_CASE("a new password ends the sessions opened with the old one") {
    on_every_engine([](World& world) {
        const auto session = world.sign_in_at(kNow).value();
        REQUIRE(set_password(world.connection, world.user, "otra contraseña"));
        CHECK_FALSE(resolve(world.connection, session.token, kNow));
        CHECK_FALSE(world.sign_in_at(kNow));
        CHECK(world.sign_in_at(kNow, "otra contraseña"));
    });
}
