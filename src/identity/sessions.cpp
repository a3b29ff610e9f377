#include "identity/sessions.h"

#include <algorithm>

#include <sodium.h>

#include "base/errc.h"
#include "identity/detail/account.h"
#include "identity/device.h"
#include "identity/errc.h"
#include "identity/passwords.h"
#include "identity/second_factor.h"

namespace escucha::identity {
namespace {

constexpr std::size_t kMaxUserAgent = 256;
/// 128 bits of the hash: as unlike as ids must be, and no token.
constexpr std::size_t kSessionIdDigits = 32;

Result<void> prove_second_factor(store::Connection& connection,
                                 const Account& account,
                                 const Claim& claim,
                                 WallTime now,
                                 const Door& door) {
    if (!account.has_second_factor) return ok();
    // Neither a failure nor a success: the count of wrong tries stays as it is.
    if (claim.code.empty()) return fail(Errc::SecondFactorRequired);
    if (door.keys == nullptr) return fail(Errc::UnknownKey);
    const UserId user = account.principal.user;
    auto spent = spend_code(connection, *door.keys, user, claim.code, now);
    if (!spent && spent.error().code == Errc::WrongSecondFactor) {
        ESC_TRY(count_failure(connection, user, now));
    }
    return spent;
}

}  // namespace

std::chrono::seconds lock_after(std::int64_t failed_logins) {
    const std::int64_t over = failed_logins - kFreeAttempts;
    if (over <= 0) return std::chrono::seconds{0};
    constexpr std::int64_t kEnoughDoublings = 10;
    const std::int64_t doubled = std::int64_t{1} << (std::min(over, kEnoughDoublings) - 1);
    return std::min<std::chrono::seconds>(kFirstLock * doubled, kLongestLock);
}

Result<void> open_session(store::Connection& connection,
                          const NewSession& session,
                          const std::string& proved_hash,
                          const Claim& claim,
                          WallTime now) {
    const Principal& who = session.principal;
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const auto known,
            connection.execute("UPDATE app_user SET failed_logins = 0, locked_until_us = 0"
                               " WHERE id = ? AND password_hash = ? AND is_active = 1",
                               {who.user, proved_hash}));
    if (known == 0) return fail(Errc::WrongCredentials);
    ESC_TRY(
        connection.execute("INSERT INTO session (token_hash, user_id, company_id, csrf_token,"
                           " created_at_us, last_seen_us, expires_at_us, user_agent, address)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           {sha256_hex(session.token),
                            who.user,
                            who.company,
                            session.csrf_token,
                            now,
                            now,
                            session.expires_at,
                            claim.user_agent.substr(0, kMaxUserAgent),
                            mask_address(claim.address)}));
    ESC_TRY(
        connection.execute("DELETE FROM session WHERE user_id = ? AND token_hash NOT IN (SELECT "
                           "token_hash FROM session"
                           " WHERE user_id = ? ORDER BY created_at_us DESC, token_hash LIMIT ?)",
                           {who.user, who.user, kMaxSessionsPerUser}));
    return tx.commit();
}

Result<NewSession> sign_in(store::Connection& connection,
                           const Claim& claim,
                           WallTime now,
                           const Door& door) {
    ESC_TRY(auto account, find_account(connection, claim.login));
    ESC_TRY(prove_password(connection, account, claim.password, now));
    ESC_TRY(prove_second_factor(connection, *account, claim, now, door));
    if (needs_rehash(account->password_hash)) {
        ESC_TRY(const auto hash, hash_password(claim.password));
        ESC_TRY(connection.execute(
            "UPDATE app_user SET password_hash = ? WHERE id = ? AND password_hash = ?",
            {hash, account->principal.user, account->password_hash}));
        account->password_hash = hash;
    }
    NewSession session{.token = random_token(),
                       .csrf_token = random_token(),
                       .expires_at = now + door.limits.life,
                       .principal = std::move(account->principal)};
    session.principal.csrf_token = session.csrf_token;
    ESC_TRY(open_session(connection, session, account->password_hash, claim, now));
    return session;
}

Result<void> check_password(store::Connection& connection,
                            UserId user,
                            std::string_view password,
                            WallTime now) {
    ESC_TRY(const auto account, find_account(connection, user));
    return prove_password(connection, account, password, now);
}

Result<Principal> resolve(store::Connection& connection,
                          std::string_view token,
                          WallTime now,
                          const SessionLimits& limits) {
    ESC_TRY(const auto row,
            connection.query_one(
                "SELECT u.id, o.id, u.company_id, o.login, u.name, u.role, u.language, a.id,"
                " s.csrf_token, o.one_time_until_us"
                " FROM session s JOIN app_user o ON o.id = s.user_id"
                " JOIN app_user u ON u.id = COALESCE(s.acting_id, s.user_id)"
                " LEFT JOIN agent a ON a.user_id = u.id"
                " WHERE s.token_hash = ? AND s.expires_at_us > ? AND s.last_seen_us > ?"
                " AND u.is_active = 1 AND o.is_active = 1",
                {sha256_hex(token), now, now - limits.idle}));
    if (!row) return fail(Errc::NoSession);
    ESC_TRY(auto fields,
            (row->as<UserId,
                     UserId,
                     CompanyId,
                     std::string,
                     std::string,
                     std::string,
                     std::string,
                     std::optional<AgentId>,
                     std::string,
                     WallTime>()));
    auto& [user, account, company, login, name, role, language, agent, csrf, one_time_until] =
        fields;
    Principal principal;
    principal.user = user;
    principal.account = account;
    principal.company = company;
    ESC_TRY(give_role(connection, principal, std::move(role)));
    principal.login = std::move(login);
    principal.name = std::move(name);
    principal.language = std::move(language);
    principal.agent = agent.value_or(AgentId{});
    principal.csrf_token = std::move(csrf);
    principal.must_change_password = one_time_until != WallTime{};
    return principal;
}

Result<void> touch(store::Connection& connection, std::string_view token, WallTime now) {
    ESC_TRY(
        connection.execute("UPDATE session SET last_seen_us = ? WHERE token_hash = ?"
                           " AND last_seen_us <= ?",
                           {now, sha256_hex(token), now - kTouchEvery}));
    return ok();
}

Result<void> check_csrf(const Principal& principal, std::string_view token) {
    const auto& expected = principal.csrf_token;
    const bool is_same = token.size() == expected.size() && !expected.empty() &&
                         sodium_memcmp(token.data(), expected.data(), expected.size()) == 0;
    if (!is_same) return fail(Errc::WrongCsrfToken);
    return ok();
}

Result<void> sign_out(store::Connection& connection, std::string_view token) {
    ESC_TRY(connection.execute("DELETE FROM session WHERE token_hash = ?", {sha256_hex(token)}));
    return ok();
}

Result<void> sign_out_everywhere(store::Connection& connection, UserId user) {
    ESC_TRY(
        connection.execute("DELETE FROM session WHERE user_id = ? OR acting_id = ?", {user, user}));
    return ok();
}

Result<void> sign_out_elsewhere(store::Connection& connection,
                                UserId user,
                                std::string_view token) {
    ESC_TRY(connection.execute("DELETE FROM session WHERE user_id = ? AND token_hash <> ?",
                               {user, sha256_hex(token)}));
    return ok();
}

std::string session_id(std::string_view token) {
    return sha256_hex(token).substr(0, kSessionIdDigits);
}

Result<std::vector<SessionView>> sessions_of(store::Connection& connection,
                                             UserId user,
                                             WallTime now,
                                             const SessionLimits& limits) {
    ESC_TRY(const auto rows,
            connection.query("SELECT token_hash, user_agent, address, created_at_us, last_seen_us,"
                             " expires_at_us FROM session WHERE (user_id = ? OR acting_id = ?)"
                             " AND expires_at_us > ?"
                             " AND last_seen_us > ? ORDER BY last_seen_us DESC, token_hash",
                             {user, user, now, now - limits.idle}));
    std::vector<SessionView> sessions;
    for (const store::Row& row : rows) {
        ESC_TRY(auto fields,
                (row.as<std::string, std::string, std::string, WallTime, WallTime, WallTime>()));
        auto& [hash, agent, address, created, seen, expires] = fields;
        sessions.push_back({.id = hash.substr(0, kSessionIdDigits),
                            .user_agent = std::move(agent),
                            .address = std::move(address),
                            .created_at = created,
                            .last_seen_at = seen,
                            .expires_at = expires});
    }
    return sessions;
}

Result<void> revoke_session(store::Connection& connection, UserId user, std::string_view id) {
    ESC_TRY(const auto removed,
            connection.execute("DELETE FROM session WHERE (user_id = ? OR acting_id = ?)"
                               " AND SUBSTR(token_hash, 1, 32) = ?",
                               {user, user, id}));
    if (removed == 0) return fail(escucha::Errc::NotFound, "session");
    return ok();
}

Result<std::int64_t> remove_expired(store::Connection& connection,
                                    WallTime now,
                                    const SessionLimits& limits) {
    return connection.execute("DELETE FROM session WHERE expires_at_us <= ? OR last_seen_us <= ?",
                              {now, now - limits.idle});
}

}  // namespace escucha::identity
