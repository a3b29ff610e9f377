#include "identity/users.h"

#include "base/errc.h"
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
    ESC_TRY(const auto changed,
            connection.execute("UPDATE app_user SET password_hash = ?, failed_logins = 0,"
                               " locked_until_us = 0 WHERE id = ?",
                               {hash, user}));
    if (changed == 0) return fail(escucha::Errc::NotFound, "user");
    ESC_TRY(sign_out_everywhere(connection, user));
    return tx.commit();
}

}  // namespace escucha::identity
