#include "identity/detail/account.h"

#include <utility>

#include "identity/errc.h"
#include "identity/passwords.h"

namespace escucha::identity {
namespace {

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& letter : out) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return out;
}

// An unknown login costs what a known one costs, so that time does not tell who exists.
void spend_the_same_time(std::string_view password) {
    static const std::string hash = [] {
        auto made = hash_password("nobody has this password");
        return made ? std::move(made).value() : std::string{};
    }();
    static_cast<void>(verify_password(hash, password));
}

Result<std::optional<Account>> find_where(store::Connection& connection,
                                          std::string_view condition,
                                          const store::Param& value) {
    std::string sql =
        "SELECT u.id, u.company_id, u.login, u.name, u.role, u.language, a.id, c.name,"
        " u.password_hash, u.is_active, u.locked_until_us, u.one_time_until_us, f.user_id"
        " FROM app_user u JOIN company c ON c.id = u.company_id"
        " LEFT JOIN agent a ON a.user_id = u.id"
        " LEFT JOIN second_factor f ON f.user_id = u.id AND f.confirmed_at_us > 0"
        // A membership is somebody's account in another company.
        " WHERE u.account_id IS NULL AND ";
    sql += condition;
    ESC_TRY(const auto row, connection.query_one(sql, {value}));
    if (!row) return std::optional<Account>{};
    Account account;
    Principal& who = account.principal;
    ESC_TRY(who.user, row->get<UserId>(0));
    who.account = who.user;
    ESC_TRY(who.company, row->get<CompanyId>(1));
    ESC_TRY(who.login, row->get<std::string>(2));
    ESC_TRY(who.name, row->get<std::string>(3));
    ESC_TRY(auto role, row->get<std::string>(4));
    ESC_TRY(give_role(connection, who, std::move(role)));
    ESC_TRY(who.language, row->get<std::string>(5));
    ESC_TRY(const auto agent, row->get<std::optional<AgentId>>(6));
    who.agent = agent.value_or(AgentId{});
    ESC_TRY(account.company_name, row->get<std::string>(7));
    ESC_TRY(account.password_hash, row->get<std::string>(8));
    ESC_TRY(account.is_active, row->get<bool>(9));
    ESC_TRY(account.locked_until, row->get<WallTime>(10));
    ESC_TRY(account.one_time_until, row->get<WallTime>(11));
    who.must_change_password = account.has_one_time_password();
    ESC_TRY(const auto factor, row->get<std::optional<std::string>>(12));
    account.has_second_factor = factor.has_value();
    return std::optional<Account>{std::move(account)};
}

}  // namespace

Result<void> give_role(store::Connection& connection, Principal& who, std::string role) {
    ESC_TRY(const auto permissions, find_permissions(connection, who.company, role));
    who.role = std::move(role);
    who.permissions = permissions.value_or(Permissions{});
    return ok();
}

Result<std::optional<Account>> find_account(store::Connection& connection, std::string_view login) {
    return find_where(connection, "u.login = ?", lower(login));
}

Result<std::optional<Account>> find_account(store::Connection& connection, UserId user) {
    return find_where(connection, "u.id = ?", user);
}

Result<void> count_failure(store::Connection& connection, UserId user, WallTime now) {
    // Counted in the database, not from what was read: two tries at once are two tries.
    ESC_TRY(
        const auto row,
        connection.query_one("UPDATE app_user SET failed_logins = failed_logins + 1 WHERE id = ?"
                             " RETURNING failed_logins",
                             {user}));
    if (!row) return ok();
    ESC_TRY(const auto failed, row->get<std::int64_t>(0));
    ESC_TRY(connection.execute("UPDATE app_user SET locked_until_us = ? WHERE id = ?",
                               {now + lock_after(failed), user}));
    return ok();
}

Result<void> prove_password(store::Connection& connection,
                            const std::optional<Account>& account,
                            std::string_view password,
                            WallTime now) {
    if (!account || !account->is_active) {
        spend_the_same_time(password);
        return fail(Errc::WrongCredentials);
    }
    if (account->locked_until > now) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(account->locked_until - now);
        return fail(Errc::Locked, std::to_string(left.count()));
    }
    if (!verify_password(account->password_hash, password)) {
        ESC_TRY(count_failure(connection, account->principal.user, now));
        return fail(Errc::WrongCredentials);
    }
    if (account->has_one_time_password() && account->one_time_until <= now) {
        return fail(Errc::WrongCredentials);
    }
    return ok();
}

}  // namespace escucha::identity
