#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "identity/sessions.h"
#include "store/sql.h"

namespace escucha::identity {

/// A user with what a sign-in needs to know.
struct Account {
    Principal principal;
    std::string company_name;
    std::string password_hash;
    bool is_active = false;
    WallTime locked_until{};
    WallTime one_time_until{};  ///< The epoch: the password is the person's own.
    bool has_second_factor = false;

    [[nodiscard]] bool has_one_time_password() const { return one_time_until != WallTime{}; }
};

Result<std::optional<Account>> find_account(store::Connection& connection, std::string_view login);
Result<std::optional<Account>> find_account(store::Connection& connection, UserId user);

/// Compares, and counts a wrong one. Errors: `WrongCredentials` (also for nobody, somebody inactive
/// and a one-time password that is too old), `Locked`.
Result<void> prove_password(store::Connection& connection,
                            const std::optional<Account>& account,
                            std::string_view password,
                            WallTime now);

/// One more wrong try, which may make the account wait.
Result<void> count_failure(store::Connection& connection, UserId user, WallTime now);

/// Who has a role that is gone may nothing. `who` has his company.
Result<void> give_role(store::Connection& connection, Principal& who, std::string role);

}  // namespace escucha::identity
