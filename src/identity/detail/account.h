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

/// Stores the session, unless the password is no longer the one whose hash was proved: proving
/// takes its time, and who changes a password ends the sessions of the old one. Error:
/// `WrongCredentials`.
Result<void> open_session(store::Connection& connection,
                          const NewSession& session,
                          const std::string& proved_hash,
                          const Claim& claim,
                          WallTime now);

/// Puts the new hash in the place of the proved one and ends the other sessions. Error:
/// `WrongCredentials` when somebody else changed it meanwhile.
Result<void> replace_password(store::Connection& connection,
                              const Account& proved,
                              const std::string& hash,
                              std::string_view token);

/// One more wrong try, which may make the account wait.
Result<void> count_failure(store::Connection& connection, UserId user, WallTime now);

/// Who has a role that is gone may nothing. `who` has his company.
Result<void> give_role(store::Connection& connection, Principal& who, std::string role);

}  // namespace escucha::identity
