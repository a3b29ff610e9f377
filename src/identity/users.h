#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/password_rules.h"
#include "identity/roles.h"
#include "store/sql.h"

namespace escucha::identity {

struct NewUser {
    CompanyId company;
    std::string login;  ///< Kept in lower case; unique in the installation.
    std::string name;
    std::string role = "agent";
    std::string language;  ///< "es" or "en".
    std::string password;
};

/// Adds a user, and an agent when the role takes contacts. Hash first, write after: not inside a
/// transaction. Errors: `store::Errc::Unique` when the login is taken, `WeakPassword`, `NotFound`
/// when the company has no such role.
Result<UserId> add_user(store::Connection& connection,
                        const NewUser& user,
                        UserId id,
                        WallTime now);

/// Sets a new password, whatever the rules say of it, and ends the user's sessions.
Result<void> set_password(store::Connection& connection, UserId user, std::string_view password);

/// The user's own doing: needs the present one, follows the rules, and ends every other session
/// than the one of `token`. Hash first, write after: not inside a transaction. Errors: those of
/// `check_password`, `WeakPassword` with a PasswordFault's word.
struct PasswordChange {
    std::string_view present;
    std::string_view chosen;
    std::string_view token;
};
Result<void> change_password(store::Connection& connection,
                             const PasswordRules& rules,
                             UserId user,
                             const PasswordChange& change,
                             WallTime now);

/// What the rules say of a password for this user. Error: `WeakPassword` with a PasswordFault's
/// word.
Result<void> check_new_password(store::Connection& connection,
                                const PasswordRules& rules,
                                const NewUser& user);

/// Nobody has to carry a one-time password for longer.
inline constexpr std::chrono::hours kOneTimePasswordLife{7 * 24};

/// A password that opens until the user has chosen another, at most `kOneTimePasswordLife`. Ends
/// the user's sessions and the waiting after wrong passwords. Error: `NotFound`, also of a
/// membership: the password is the account's.
Result<std::string> give_one_time_password(store::Connection& connection,
                                           CompanyId company,
                                           UserId user,
                                           WallTime now);

/// Ends the waiting after wrong passwords. Error: `NotFound`.
Result<void> unlock(store::Connection& connection, CompanyId company, UserId user);

enum class Activity { Active, Inactive };
/// An inactive user's sessions and API keys end, and those of its memberships. Error: `NotFound`.
Result<void> set_activity(store::Connection& connection,
                          CompanyId company,
                          UserId user,
                          Activity activity);

}  // namespace escucha::identity
