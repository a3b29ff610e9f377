#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/roles.h"
#include "store/sql.h"

namespace escucha::identity {

inline constexpr std::chrono::hours kSessionIdle{8};
inline constexpr std::chrono::hours kSessionLife{24};
/// `last_seen` is written at most this often: reading a page is not a write.
inline constexpr std::chrono::minutes kTouchEvery{1};
/// Older sessions of the same user are ended beyond this many.
inline constexpr std::int64_t kMaxSessionsPerUser = 10;

/// Wrong passwords in a row before an account waits: the 5th waits 2 s, each further one twice as
/// long, at most 5 minutes. A right password clears it. Bounded, so nobody can lock a colleague out
/// for a shift.
inline constexpr std::int64_t kFreeAttempts = 4;
inline constexpr std::chrono::seconds kFirstLock{2};
inline constexpr std::chrono::seconds kLongestLock{300};
std::chrono::seconds lock_after(std::int64_t failed_logins);

/// Who is asking, resolved from the session cookie. The company is the scope of every query.
struct Principal {
    UserId user;
    CompanyId company;
    std::string login;
    std::string name;
    std::string role;  ///< A built-in's key or an own role's.
    Permissions permissions;
    std::string language;
    AgentId agent;  ///< Nil when the user takes no contacts.
    std::string csrf_token;
};

/// Told once, at sign-in; only the token's hash is stored.
struct NewSession {
    std::string token;
    std::string csrf_token;
    WallTime expires_at;
    Principal principal;
};

/// Checks the password and opens a session. `connection` must be able to write and must not be in
/// a transaction: hashing takes 0.1 s and must not hold the writer. Errors: `WrongCredentials`,
/// `Locked`, those of the store.
Result<NewSession> sign_in(store::Connection& connection,
                           std::string_view login,
                           std::string_view password,
                           WallTime now);

/// The session behind a token. Errors: `NoSession`, those of the store. Reads only, so any
/// connection will do; see `touch`.
Result<Principal> resolve(store::Connection& connection, std::string_view token, WallTime now);

/// Puts off the idle expiry; writes nothing when that was done less than `kTouchEvery` ago.
Result<void> touch(store::Connection& connection, std::string_view token, WallTime now);

/// Constant time. Error: `WrongCsrfToken`.
Result<void> check_csrf(const Principal& principal, std::string_view token);

/// Ends one session; unknown tokens are fine.
Result<void> sign_out(store::Connection& connection, std::string_view token);

/// Ends every session of a user: after a password or role change.
Result<void> sign_out_everywhere(store::Connection& connection, UserId user);

/// Removes what has expired; the number removed.
Result<std::int64_t> remove_expired(store::Connection& connection, WallTime now);

}  // namespace escucha::identity
