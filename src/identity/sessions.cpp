#include "identity/sessions.h"

#include <algorithm>

#include <sodium.h>

#include "base/errc.h"
#include "identity/errc.h"
#include "identity/passwords.h"

namespace escucha::identity {
namespace {

struct Account {
    Principal principal;
    std::string password_hash;
    bool is_active = false;
    std::int64_t failed_logins = 0;
    WallTime locked_until;
};

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& letter : out) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return out;
}

// Who has a role that is gone may nothing.
Result<void> give_role(store::Connection& connection, Principal& who, std::string role) {
    auto permissions = permissions_of(connection, who.company, role);
    if (!permissions && permissions.error().code != escucha::Errc::NotFound) {
        return std::move(permissions).error();
    }
    who.role = std::move(role);
    who.permissions = permissions ? permissions.value() : Permissions{};
    return ok();
}

Result<std::optional<Account>> find_account(store::Connection& connection, std::string_view login) {
    ESC_TRY(const auto row,
            connection.query_one(
                "SELECT u.id, u.company_id, u.login, u.name, u.role, u.language, a.id,"
                " u.password_hash, u.is_active, u.failed_logins, u.locked_until_us"
                " FROM app_user u LEFT JOIN agent a ON a.user_id = u.id WHERE u.login = ?",
                {lower(login)}));
    if (!row) return std::optional<Account>{};
    ESC_TRY(auto fields,
            (row->as<UserId,
                     CompanyId,
                     std::string,
                     std::string,
                     std::string,
                     std::string,
                     std::optional<AgentId>,
                     std::string,
                     bool,
                     std::int64_t,
                     WallTime>()));
    auto& [user, company, name, full, role, language, agent, hash, active, failed, until] = fields;
    Account account;
    account.principal.user = user;
    account.principal.company = company;
    ESC_TRY(give_role(connection, account.principal, std::move(role)));
    account.principal.login = std::move(name);
    account.principal.name = std::move(full);
    account.principal.language = std::move(language);
    account.principal.agent = agent.value_or(AgentId{});
    account.password_hash = std::move(hash);
    account.is_active = active;
    account.failed_logins = failed;
    account.locked_until = until;
    return std::optional<Account>{std::move(account)};
}

// An unknown login costs what a known one costs, so that time does not tell who exists.
void spend_the_same_time(std::string_view password) {
    static const std::string hash = [] {
        auto made = hash_password("nobody has this password");
        return made ? std::move(made).value() : std::string{};
    }();
    static_cast<void>(verify_password(hash, password));
}

Result<void> count_failure(store::Connection& connection, const Account& account, WallTime now) {
    // Counted in the database, not from what was read: two tries at once are two tries.
    ESC_TRY(
        const auto row,
        connection.query_one("UPDATE app_user SET failed_logins = failed_logins + 1 WHERE id = ?"
                             " RETURNING failed_logins",
                             {account.principal.user}));
    if (!row) return ok();
    ESC_TRY(const auto failed, row->get<std::int64_t>(0));
    ESC_TRY(connection.execute("UPDATE app_user SET locked_until_us = ? WHERE id = ?",
                               {now + lock_after(failed), account.principal.user}));
    return ok();
}

Result<void> open_session(store::Connection& connection, const NewSession& session, WallTime now) {
    const Principal& who = session.principal;
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(connection.execute(
        "UPDATE app_user SET failed_logins = 0, locked_until_us = 0 WHERE id = ?", {who.user}));
    ESC_TRY(
        connection.execute("INSERT INTO session (token_hash, user_id, company_id, csrf_token,"
                           " created_at_us, last_seen_us, expires_at_us)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?)",
                           {sha256_hex(session.token),
                            who.user,
                            who.company,
                            session.csrf_token,
                            now,
                            now,
                            session.expires_at}));
    ESC_TRY(
        connection.execute("DELETE FROM session WHERE user_id = ? AND token_hash NOT IN (SELECT "
                           "token_hash FROM session"
                           " WHERE user_id = ? ORDER BY created_at_us DESC, token_hash LIMIT ?)",
                           {who.user, who.user, kMaxSessionsPerUser}));
    return tx.commit();
}

}  // namespace

std::chrono::seconds lock_after(std::int64_t failed_logins) {
    const std::int64_t over = failed_logins - kFreeAttempts;
    if (over <= 0) return std::chrono::seconds{0};
    constexpr std::int64_t kEnoughDoublings = 10;
    const std::int64_t doubled = std::int64_t{1} << (std::min(over, kEnoughDoublings) - 1);
    return std::min<std::chrono::seconds>(kFirstLock * doubled, kLongestLock);
}

Result<NewSession> sign_in(store::Connection& connection,
                           std::string_view login,
                           std::string_view password,
                           WallTime now) {
    ESC_TRY(auto account, find_account(connection, login));
    if (!account || !account->is_active) {
        spend_the_same_time(password);
        return fail(Errc::WrongCredentials);
    }
    if (account->locked_until > now) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(account->locked_until - now);
        return fail(Errc::Locked, std::to_string(left.count()));
    }
    if (!verify_password(account->password_hash, password)) {
        ESC_TRY(count_failure(connection, *account, now));
        return fail(Errc::WrongCredentials);
    }
    if (needs_rehash(account->password_hash)) {
        ESC_TRY(const auto hash, hash_password(password));
        ESC_TRY(connection.execute("UPDATE app_user SET password_hash = ? WHERE id = ?",
                                   {hash, account->principal.user}));
    }
    NewSession session{.token = random_token(),
                       .csrf_token = random_token(),
                       .expires_at = now + kSessionLife,
                       .principal = std::move(account->principal)};
    session.principal.csrf_token = session.csrf_token;
    ESC_TRY(open_session(connection, session, now));
    return session;
}

Result<Principal> resolve(store::Connection& connection, std::string_view token, WallTime now) {
    ESC_TRY(const auto row,
            connection.query_one(
                "SELECT u.id, u.company_id, u.login, u.name, u.role, u.language, a.id, s.csrf_token"
                " FROM session s JOIN app_user u ON u.id = s.user_id"
                " LEFT JOIN agent a ON a.user_id = u.id"
                " WHERE s.token_hash = ? AND s.expires_at_us > ? AND s.last_seen_us > ?"
                " AND u.is_active = 1",
                {sha256_hex(token), now, now - kSessionIdle}));
    if (!row) return fail(Errc::NoSession);
    ESC_TRY(auto fields,
            (row->as<UserId,
                     CompanyId,
                     std::string,
                     std::string,
                     std::string,
                     std::string,
                     std::optional<AgentId>,
                     std::string>()));
    auto& [user, company, login, name, role, language, agent, csrf] = fields;
    Principal principal;
    principal.user = user;
    principal.company = company;
    ESC_TRY(give_role(connection, principal, std::move(role)));
    principal.login = std::move(login);
    principal.name = std::move(name);
    principal.language = std::move(language);
    principal.agent = agent.value_or(AgentId{});
    principal.csrf_token = std::move(csrf);
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
    ESC_TRY(connection.execute("DELETE FROM session WHERE user_id = ?", {user}));
    return ok();
}

Result<std::int64_t> remove_expired(store::Connection& connection, WallTime now) {
    return connection.execute("DELETE FROM session WHERE expires_at_us <= ? OR last_seen_us <= ?",
                              {now, now - kSessionIdle});
}

}  // namespace escucha::identity
