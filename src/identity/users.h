#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
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

/// Sets a new password and ends the user's sessions.
Result<void> set_password(store::Connection& connection, UserId user, std::string_view password);

}  // namespace escucha::identity
