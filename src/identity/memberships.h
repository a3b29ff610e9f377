#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/sessions.h"
#include "store/sql.h"

namespace escucha::identity {

/// A person has one account, in the company where they sign in, and may be a member of others:
/// there a user of their own with another role, agent and history, who has no password and opens no
/// session alone. What one company sees of the person is its own user.
struct Membership {
    UserId user;  ///< Of that company; the account itself in the first.
    CompanyId company;
    std::string company_key;
    std::string company_name;
    std::string role;
    Permissions permissions;
};

/// Where the account may act: its own company first, then by name. Ended memberships are not told.
Result<std::vector<Membership>> memberships_of(store::Connection& connection, UserId account);

struct NewMembership {
    UserId account;
    CompanyId company;
    std::string role;
};
inline constexpr std::size_t kMaxMemberships = 31;  ///< Beside the account's own company.

/// Makes the account a member: a user with `id`, and an agent when the role takes contacts. An
/// ended membership begins again, with the new role, and keeps its id. Errors: `NotFound` when
/// there is no such account, company or role, `store::Errc::Unique` when it is a member,
/// `escucha::Errc::TooLarge` beyond `kMaxMemberships`.
Result<UserId> add_membership(store::Connection& connection,
                              const NewMembership& membership,
                              UserId id,
                              WallTime now);

/// As `add_membership`, inside the caller's transaction.
Result<UserId> insert_membership(store::Connection& connection,
                                 const NewMembership& membership,
                                 UserId id,
                                 WallTime now);

/// The session goes on in another company of its account, as the user there. Errors: `NotFound`
/// when it is no member of that, `NoSession`.
Result<void> act_in(store::Connection& connection, std::string_view token, CompanyId company);

}  // namespace escucha::identity
