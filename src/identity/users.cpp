#include "identity/users.h"

#include "base/errc.h"
#include "identity/detail/account.h"
#include "identity/errc.h"
#include "identity/passwords.h"
#include "identity/sessions.h"

namespace escucha::identity {
namespace {

constexpr std::size_t kMaxLoginLength = 64;

/// Lower-case letters, digits, dot, dash, underscore and @: what is typed the same everywhere.
Result<std::string> normal_login(std::string_view login) {
    std::string out;
    for (const char letter : login) {
        const bool is_upper = letter >= 'A' && letter <= 'Z';
        const char low = is_upper ? static_cast<char>(letter - 'A' + 'a') : letter;
        const bool is_known = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9') ||
                              std::string_view{".-_@"}.find(low) != std::string_view::npos;
        if (!is_known) return fail(escucha::Errc::InvalidArgument, "login");
        out.push_back(low);
    }
    if (out.empty() || out.size() > kMaxLoginLength) {
        return fail(escucha::Errc::InvalidArgument, "login");
    }
    return out;
}

Result<void> store_hash(store::Connection& connection,
                        UserId user,
                        const std::string& hash,
                        WallTime one_time_until) {
    ESC_TRY(const auto changed,
            connection.execute("UPDATE app_user SET password_hash = ?, one_time_until_us = ?,"
                               " failed_logins = 0, locked_until_us = 0 WHERE id = ?",
                               {hash, one_time_until, user}));
    if (changed == 0) return fail(escucha::Errc::NotFound, "user");
    return ok();
}

Result<void> check(const PasswordRules& rules,
                   std::string_view password,
                   const PasswordContext& context) {
    if (const auto fault = rules.fault(password, context)) {
        return fail(Errc::WeakPassword, std::string{word_of(*fault)});
    }
    return ok();
}

/// Also a membership.
Result<void> find_in(store::Connection& connection, CompanyId company, UserId user) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT id FROM app_user WHERE company_id = ? AND id = ?",
                                 {company, user}));
    if (!row) return fail(escucha::Errc::NotFound, "user");
    return ok();
}

Result<void> find_account_in(store::Connection& connection, CompanyId company, UserId user) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT id FROM app_user WHERE company_id = ? AND id = ?"
                                 " AND account_id IS NULL",
                                 {company, user}));
    if (!row) return fail(escucha::Errc::NotFound, "account");
    return ok();
}

}  // namespace

Result<UserId> add_user(store::Connection& connection,
                        const NewUser& user,
                        UserId id,
                        WallTime now) {
    ESC_TRY(const auto login, normal_login(user.login));
    ESC_TRY(const auto permissions, permissions_of(connection, user.company, user.role));
    ESC_TRY(const auto hash, hash_password(user.password));
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(connection.execute(
        "INSERT INTO app_user (id, company_id, login, name, role,"
        " password_hash, language, created_at_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {id, user.company, login, user.name, user.role, hash, user.language, now}));
    if (permissions.has(Permission::TakeContacts)) {
        // An agent is a user who takes contacts: the same identity in its other part.
        ESC_TRY(connection.execute("INSERT INTO agent (id, company_id, user_id) VALUES (?, ?, ?)",
                                   {AgentId{id.value()}, user.company, id}));
    }
    ESC_TRY(tx.commit());
    return id;
}

Result<void> set_password(store::Connection& connection, UserId user, std::string_view password) {
    ESC_TRY(const auto hash, hash_password(password));
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(store_hash(connection, user, hash, WallTime{}));
    ESC_TRY(sign_out_everywhere(connection, user));
    return tx.commit();
}

Result<void> change_password(store::Connection& connection,
                             const PasswordRules& rules,
                             UserId user,
                             const PasswordChange& change,
                             WallTime now) {
    ESC_TRY(const auto account, find_account(connection, user));
    ESC_TRY(prove_password(connection, account, change.present, now));
    const Principal& who = account->principal;
    if (change.chosen == change.present) {
        return fail(Errc::WeakPassword, std::string{word_of(PasswordFault::Unchanged)});
    }
    ESC_TRY(check(rules,
                  change.chosen,
                  {.login = who.login, .name = who.name, .company = account->company_name}));
    ESC_TRY(const auto hash, hash_password(change.chosen));
    return replace_password(connection, *account, hash, change.token);
}

Result<void> replace_password(store::Connection& connection,
                              const Account& proved,
                              const std::string& hash,
                              std::string_view token) {
    const UserId user = proved.principal.user;
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const auto changed,
            connection.execute("UPDATE app_user SET password_hash = ?, one_time_until_us = 0,"
                               " failed_logins = 0, locked_until_us = 0"
                               " WHERE id = ? AND password_hash = ?",
                               {hash, user, proved.password_hash}));
    if (changed == 0) return fail(Errc::WrongCredentials);
    ESC_TRY(sign_out_elsewhere(connection, user, token));
    return tx.commit();
}

Result<void> check_new_password(store::Connection& connection,
                                const PasswordRules& rules,
                                const NewUser& user) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT name FROM company WHERE id = ?", {user.company}));
    if (!row) return fail(escucha::Errc::NotFound, "company");
    ESC_TRY(const auto company, row->get<std::string>(0));
    return check(
        rules, user.password, {.login = user.login, .name = user.name, .company = company});
}

Result<std::string> give_one_time_password(store::Connection& connection,
                                           CompanyId company,
                                           UserId user,
                                           WallTime now) {
    std::string password = random_password();
    ESC_TRY(const auto hash, hash_password(password));
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(find_account_in(connection, company, user));
    ESC_TRY(store_hash(connection, user, hash, now + kOneTimePasswordLife));
    ESC_TRY(sign_out_everywhere(connection, user));
    ESC_TRY(tx.commit());
    return password;
}

Result<void> unlock(store::Connection& connection, CompanyId company, UserId user) {
    ESC_TRY(const auto changed,
            connection.execute("UPDATE app_user SET failed_logins = 0, locked_until_us = 0"
                               " WHERE company_id = ? AND id = ? AND account_id IS NULL",
                               {company, user}));
    if (changed == 0) return fail(escucha::Errc::NotFound, "user");
    return ok();
}

Result<void> set_activity(store::Connection& connection,
                          CompanyId company,
                          UserId user,
                          Activity activity) {
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(find_in(connection, company, user));
    ESC_TRY(connection.execute("UPDATE app_user SET is_active = ? WHERE id = ?",
                               {activity == Activity::Active, user}));
    if (activity == Activity::Inactive) {
        ESC_TRY(sign_out_everywhere(connection, user));
    }
    return tx.commit();
}

}  // namespace escucha::identity
