#include <doctest/doctest.h>

#include <set>

#include "base/errc.h"
#include "base/rng.h"
#include "identity/api_keys.h"
#include "identity/detail/account.h"
#include "identity/errc.h"
#include "identity/passwords.h"
#include "identity/second_factor.h"
#include "identity/sessions.h"
#include "identity/totp.h"
#include "identity/users.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::identity;
using namespace std::chrono_literals;

namespace {

const auto kNow = from_micros(1'763'895'600'000'000);
constexpr std::string_view kPassword = "una contraseña larga";
constexpr std::string_view kChosen = "tejado marino 77";

struct World {
    World(const store::Database& database, const std::filesystem::path& folder)
        : connection{database.connect().value()},
          keys{SecretKeys::open(folder / "account.keys", SecretKeys::WhenMissing::Make).value()} {
        company = store::testing::add_company(connection, "Europe/Madrid");
        other_company = store::testing::add_company(connection, "Europe/Madrid");
        user = add("ana", "agent", company);
        boss = add("jefa", "administrator", company);
    }
    UserId add(const std::string& login, const std::string& role, CompanyId of) {
        return add_user(connection,
                        {.company = of,
                         .login = login,
                         .name = "Ana Ruiz",
                         .role = role,
                         .language = "es",
                         .password = std::string{kPassword}},
                        UserId::make(kNow, rng),
                        kNow)
            .value();
    }
    Result<NewSession> enter(std::string_view password = kPassword,
                             WallTime at = kNow,
                             std::string_view code = {}) {
        return sign_in(connection,
                       {.login = "ana",
                        .password = password,
                        .code = code,
                        .user_agent = "Firefox",
                        .address = "192.0.2.7"},
                       at,
                       {.limits = {}, .keys = &keys});
    }
    [[nodiscard]] bool is_open(const NewSession& session, WallTime at = kNow) {
        return resolve(connection, session.token, at).has_value();
    }
    /// The secret of a second factor that is set up, and its recovery codes.
    std::pair<TotpSecret, std::vector<std::string>> enrol() {
        const auto begun = begin_second_factor(connection, keys, user, kNow).value();
        const TotpSecret secret = parse_base32(begun.secret).value();
        auto codes =
            confirm_second_factor(connection, keys, user, totp_code(secret, totp_step(kNow)), kNow);
        return {secret, std::move(codes).value()};
    }
    Rng rng{3};
    store::Connection connection;
    SecretKeys keys;
    PasswordRules rules;
    CompanyId company, other_company;
    UserId user, boss;
};

void on_every_engine(const std::function<void(World&)>& body) {
    for (const auto& fresh : store::testing::every_engine(store::testing::Schema::Current)) {
        INFO(fresh.name);
        const store::testing::TemporaryFolder folder;
        World world{fresh.database, folder.path()};
        body(world);
    }
}

}  // namespace

TEST_CASE("one's own password is changed with the present one, and the other sessions end") {
    on_every_engine([](World& world) {
        const auto here = world.enter().value();
        const auto elsewhere = world.enter().value();
        const auto change = [&](std::string_view present, std::string_view chosen) {
            return change_password(
                world.connection, world.rules, world.user, {present, chosen, here.token}, kNow);
        };
        CHECK(change("otra contraseña", kChosen).error().code == identity::Errc::WrongCredentials);
        const auto weak = change(kPassword, "corta");
        CHECK(weak.error().code == identity::Errc::WeakPassword);
        CHECK(weak.error().detail == "too_short");
        CHECK(change(kPassword, "Ana Ruiz 2026 2026").error().detail == "guessable");
        CHECK(change(kPassword, kPassword).error().detail == "unchanged");
        CHECK(world.is_open(elsewhere));
        REQUIRE(change(kPassword, kChosen));
        CHECK(world.is_open(here));
        CHECK_FALSE(world.is_open(elsewhere));
        CHECK_FALSE(world.enter());
        CHECK(world.enter(kChosen));
    });
}

TEST_CASE("whoever guesses the present password waits like at the door") {
    on_every_engine([](World& world) {
        for (int i = 0; i < 5; ++i) {
            CHECK(check_password(world.connection, world.user, "mala", kNow).error().code ==
                  identity::Errc::WrongCredentials);
        }
        CHECK(check_password(world.connection, world.user, kPassword, kNow).error().code ==
              identity::Errc::Locked);
        CHECK(world.enter().error().code == identity::Errc::Locked);
        CHECK(check_password(world.connection, world.user, kPassword, kNow + 2s));
    });
}

TEST_CASE("a one-time password opens until another is chosen, and for a week at most") {
    on_every_engine([](World& world) {
        const auto before = world.enter().value();
        const auto given =
            give_one_time_password(world.connection, world.company, world.user, kNow).value();
        CHECK(given.size() == 20);
        CHECK_FALSE(world.is_open(before));
        CHECK_FALSE(world.enter());
        const auto session = world.enter(given).value();
        CHECK(session.principal.must_change_password);
        CHECK(resolve(world.connection, session.token, kNow).value().must_change_password);
        CHECK(change_password(
                  world.connection, world.rules, world.user, {given, given, session.token}, kNow)
                  .error()
                  .detail == "unchanged");
        REQUIRE(change_password(
            world.connection, world.rules, world.user, {given, kChosen, session.token}, kNow));
        CHECK_FALSE(resolve(world.connection, session.token, kNow).value().must_change_password);

        const auto late =
            give_one_time_password(world.connection, world.company, world.user, kNow).value();
        CHECK(world.enter(late, kNow + kOneTimePasswordLife - 1us));
        CHECK(world.enter(late, kNow + kOneTimePasswordLife).error().code ==
              identity::Errc::WrongCredentials);
        CHECK(give_one_time_password(world.connection, world.other_company, world.user, kNow)
                  .error()
                  .code == escucha::Errc::NotFound);
    });
}

TEST_CASE("an administrator unlocks, deactivates and activates users of the own company") {
    on_every_engine([](World& world) {
        for (int i = 0; i < 6; ++i) static_cast<void>(world.enter("mala"));
        CHECK(world.enter().error().code == identity::Errc::Locked);
        CHECK(unlock(world.connection, world.other_company, world.user).error().code ==
              escucha::Errc::NotFound);
        REQUIRE(unlock(world.connection, world.company, world.user));
        const auto session = world.enter().value();
        CHECK(set_activity(world.connection, world.other_company, world.user, Activity::Inactive)
                  .error()
                  .code == escucha::Errc::NotFound);
        CHECK(world.is_open(session));
        REQUIRE(set_activity(world.connection, world.company, world.user, Activity::Inactive));
        CHECK_FALSE(world.is_open(session));
        CHECK_FALSE(world.enter());
        REQUIRE(set_activity(world.connection, world.company, world.user, Activity::Active));
        CHECK_FALSE(world.is_open(session));
        CHECK(world.enter());
    });
}

TEST_CASE("with a second factor the password alone opens nothing") {
    on_every_engine([](World& world) {
        const auto begun =
            begin_second_factor(world.connection, world.keys, world.user, kNow).value();
        CHECK(begun.uri == "otpauth://totp/Escucha:ana?secret=" + begun.secret + "&issuer=Escucha");
        CHECK(world.enter());  // begun is not set up
        CHECK_FALSE(second_factor_of(world.connection, world.user).value().since);
        CHECK(confirm_second_factor(world.connection, world.keys, world.user, "000000", kNow)
                  .error()
                  .code == identity::Errc::WrongSecondFactor);
        const auto [secret, codes] = world.enrol();
        CHECK(secret != parse_base32(begun.secret));
        const auto state = second_factor_of(world.connection, world.user).value();
        CHECK(state.since == kNow);
        CHECK(state.recovery_codes_left == 10);
        CHECK(begin_second_factor(world.connection, world.keys, world.user, kNow).error().code ==
              identity::Errc::SecondFactorState);

        CHECK(world.enter().error().code == identity::Errc::SecondFactorRequired);
        CHECK(world.enter("mala").error().code == identity::Errc::WrongCredentials);
        const auto used = totp_code(secret, totp_step(kNow));
        CHECK(world.enter(kPassword, kNow, used).error().code ==
              identity::Errc::WrongSecondFactor);  // it confirmed
        const auto next = kNow + 30s;
        const auto code = totp_code(secret, totp_step(next));
        CHECK(world.enter("mala", next, code).error().code == identity::Errc::WrongCredentials);
        CHECK(world.enter(kPassword, next, code));
        CHECK(world.enter(kPassword, next, code).error().code == identity::Errc::WrongSecondFactor);
        REQUIRE(drop_second_factor(world.connection, world.user));
        CHECK(world.enter(kPassword, next));
        CHECK_FALSE(second_factor_of(world.connection, world.user).value().since);
    });
}

TEST_CASE("wrong codes make the account wait like wrong passwords") {
    on_every_engine([](World& world) {
        const auto secret = world.enrol().first;
        for (int i = 0; i < 5; ++i) {
            CHECK(world.enter(kPassword, kNow, "12345x").error().code ==
                  identity::Errc::WrongSecondFactor);
            // Asking for the code in between clears nothing.
            CHECK(world.enter(kPassword, kNow).error().code != identity::Errc::WrongCredentials);
        }
        CHECK(world.enter(kPassword, kNow, totp_code(secret, totp_step(kNow) + 1)).error().code ==
              identity::Errc::Locked);
    });
}

TEST_CASE("a recovery code opens once, however it is typed") {
    on_every_engine([](World& world) {
        const auto codes = world.enrol().second;
        CHECK(std::set<std::string>(codes.begin(), codes.end()).size() == 10);
        CHECK(codes[0].size() == 19);
        CHECK(world.enter(kPassword, kNow, codes[0]));
        CHECK(world.enter(kPassword, kNow, codes[0]).error().code ==
              identity::Errc::WrongSecondFactor);
        std::string typed;
        for (const char c : codes[1]) {
            if (c != '-') typed.push_back(c >= 'A' ? static_cast<char>(c + 32) : c);
        }
        CHECK(world.enter(kPassword, kNow, typed));
        CHECK(second_factor_of(world.connection, world.user).value().recovery_codes_left == 8);
        const auto rows = world.connection.query("SELECT code_hash FROM recovery_code").value();
        for (const auto& row : rows) {
            CHECK(row.get<std::string>(0).value().size() == 64);
        }
    });
}

TEST_CASE("the secret of a second factor is not in the database, and opens for its user only") {
    on_every_engine([](World& world) {
        const auto [secret, codes] = world.enrol();
        const auto row =
            world.connection.query_one("SELECT sealed_secret FROM second_factor").value();
        const auto sealed = row->get<Bytes>(0).value();
        const std::string_view plain{reinterpret_cast<const char*>(secret.data()), secret.size()};
        CHECK(as_text(sealed).find(plain) == std::string_view::npos);
        REQUIRE(world.connection.execute("UPDATE second_factor SET user_id = ?", {world.boss}));
        CHECK(spend_code(world.connection,
                         world.keys,
                         world.boss,
                         totp_code(secret, totp_step(kNow) + 1),
                         kNow)
                  .error()
                  .code == identity::Errc::Damaged);
    });
}

TEST_CASE("sessions are listed with their device and ended one by one or all but this") {
    on_every_engine([](World& world) {
        const auto first = world.enter().value();
        const auto second = world.enter(kPassword, kNow + 1min).value();
        const auto third = world.enter(kPassword, kNow + 2min).value();
        const auto now = kNow + 3min;
        REQUIRE(touch(world.connection, first.token, now));
        const auto list = sessions_of(world.connection, world.user, now).value();
        REQUIRE(list.size() == 3);
        CHECK(list[0].id == session_id(first.token));
        CHECK(list[0].last_seen_at == now);
        CHECK(list[0].created_at == kNow);
        CHECK(list[0].user_agent == "Firefox");
        CHECK(list[0].address == "192.0.2.•");
        CHECK(list[1].id == session_id(third.token));
        CHECK(revoke_session(world.connection, world.boss, list[0].id).error().code ==
              escucha::Errc::NotFound);
        REQUIRE(revoke_session(world.connection, world.user, list[0].id));
        CHECK_FALSE(world.is_open(first, now));
        CHECK(revoke_session(world.connection, world.user, list[0].id).error().code ==
              escucha::Errc::NotFound);
        REQUIRE(sign_out_elsewhere(world.connection, world.user, third.token));
        CHECK_FALSE(world.is_open(second, now));
        CHECK(world.is_open(third, now));
        CHECK(sessions_of(world.connection, world.user, now).value().size() == 1);
        CHECK(sessions_of(world.connection, world.user, now + 9h).value().empty());
    });
}

TEST_CASE("the limits of a session are the installation's") {
    on_every_engine([](World& world) {
        const SessionLimits limits{.idle = 10min, .life = 1h};
        const auto session =
            sign_in(world.connection, {"ana", kPassword}, kNow, {.limits = limits, .keys = nullptr})
                .value();
        CHECK(session.expires_at == kNow + 1h);
        CHECK(resolve(world.connection, session.token, kNow + 10min - 1us, limits));
        CHECK_FALSE(resolve(world.connection, session.token, kNow + 10min, limits));
    });
}

TEST_CASE("an API key does what it was made for, until it ends") {
    on_every_engine([](World& world) {
        const auto id = ApiKeyId::make(kNow, world.rng);
        const NewApiKey wanted{.company = world.company,
                               .creator = world.boss,
                               .name = "Cuadro de mando",
                               .permissions = {Permission::ReadFigures, Permission::WatchFloor},
                               .expires_at = kNow + 24h};
        const auto key = make_api_key(world.connection, wanted, id, kNow).value();
        CHECK(key.starts_with("esc_"));
        CHECK(key.size() == 47);
        const auto who = resolve_api_key(world.connection, key, kNow).value();
        CHECK(who.user == world.boss);
        CHECK(who.company == world.company);
        CHECK(who.name == "Cuadro de mando");
        CHECK(who.permissions.has(Permission::ReadFigures));
        CHECK_FALSE(who.permissions.has(Permission::ReadCustomers));
        CHECK_FALSE(who.permissions.has(Permission::ManageUsers));

        const auto row = world.connection.query_one("SELECT key_hash FROM api_key").value();
        CHECK(row->get<std::string>(0).value() == sha256_hex(key));
        REQUIRE(touch_api_key(world.connection, id, kNow + 1min));
        const auto list = api_keys_of(world.connection, world.company).value();
        REQUIRE(list.size() == 1);
        CHECK(list[0].creator == "Ana Ruiz");
        CHECK(list[0].last_used_at == kNow + 1min);
        CHECK(list[0].permissions == wanted.permissions);

        CHECK(resolve_api_key(world.connection, key, kNow + 24h - 1us));
        CHECK(resolve_api_key(world.connection, key, kNow + 24h).error().code ==
              identity::Errc::NoSession);
        CHECK(resolve_api_key(world.connection, key + "x", kNow).error().code ==
              identity::Errc::NoSession);
        CHECK(revoke_api_key(world.connection, world.other_company, id).error().code ==
              escucha::Errc::NotFound);
        REQUIRE(revoke_api_key(world.connection, world.company, id));
        CHECK_FALSE(resolve_api_key(world.connection, key, kNow));
    });
}

TEST_CASE("a key may no more than its creator may today, and ends with him") {
    on_every_engine([](World& world) {
        const auto make = [&](std::optional<UserId> creator) {
            return make_api_key(world.connection,
                                {.company = world.company,
                                 .creator = creator,
                                 .name = "copia",
                                 .permissions = {Permission::Operate},
                                 .expires_at = kNow + 24h},
                                ApiKeyId::make(kNow, world.rng),
                                kNow)
                .value();
        };
        const auto key = make(world.boss);
        const auto operators = make(std::nullopt);
        CHECK(resolve_api_key(world.connection, key, kNow)
                  .value()
                  .permissions.has(Permission::Operate));
        REQUIRE(world.connection.execute("UPDATE app_user SET role = 'supervisor' WHERE id = ?",
                                         {world.boss}));
        CHECK_FALSE(resolve_api_key(world.connection, key, kNow)
                        .value()
                        .permissions.has(Permission::Operate));
        REQUIRE(set_activity(world.connection, world.company, world.boss, Activity::Inactive));
        CHECK_FALSE(resolve_api_key(world.connection, key, kNow));
        CHECK(resolve_api_key(world.connection, operators, kNow)
                  .value()
                  .permissions.has(Permission::Operate));
        const auto list = api_keys_of(world.connection, world.company).value();
        CHECK(list.size() == 2);
        for (const auto& listed : list) {
            CHECK(listed.has_ended == !listed.creator.empty());
        }
    });
}

TEST_CASE("a key lives a year at most and is never one that makes people") {
    on_every_engine([](World& world) {
        const auto make = [&](Permissions permissions, WallTime expires_at) {
            return make_api_key(world.connection,
                                {.company = world.company,
                                 .creator = world.boss,
                                 .name = "x",
                                 .permissions = permissions,
                                 .expires_at = expires_at},
                                ApiKeyId::make(kNow, world.rng),
                                kNow);
        };
        CHECK(make({Permission::Operate}, kNow + kLongestKeyLife));
        CHECK(make({Permission::Operate}, kNow + kLongestKeyLife + 1us).error().detail ==
              "expires_at");
        CHECK(make({Permission::Operate}, kNow).error().detail == "expires_at");
        CHECK(make({}, kNow + 1h).error().detail == "permissions");
        CHECK(make({Permission::Operate, Permission::ManageUsers}, kNow + 1h).error().detail ==
              "permissions");
        CHECK(permissions_for_keys().names().size() == kPermissions - 7);
    });
}

TEST_CASE(
    "a password that was changed while it was being proved opens nothing and changes nothing") {
    on_every_engine([](World& world) {
        const auto proved = find_account(world.connection, "ana").value().value();
        const auto given =
            give_one_time_password(world.connection, world.company, world.user, kNow).value();
        const NewSession late{.token = random_token(),
                              .csrf_token = random_token(),
                              .expires_at = kNow + 1h,
                              .principal = proved.principal};
        const Claim claim{.login = "ana", .password = kPassword};
        CHECK(
            open_session(world.connection, late, proved.password_hash, claim, kNow).error().code ==
            identity::Errc::WrongCredentials);
        CHECK_FALSE(world.is_open(late));
        const auto hash = hash_password(kChosen).value();
        CHECK(replace_password(world.connection, proved, hash, late.token).error().code ==
              identity::Errc::WrongCredentials);
        CHECK(world.enter(given));
        CHECK_FALSE(world.enter(kChosen));
    });
}
