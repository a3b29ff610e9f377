#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/roles.h"
#include "store/sql.h"

namespace escucha::identity {

class SecretKeys;
using ApiKeyId = Id<struct ApiKeyTag>;

/// How long a session lives. Within NIST SP 800-63B-4 §2.2.3 for the whole; the idle time is longer
/// than the hour it suggests, because whoever listens to a caller does not touch the page.
struct SessionLimits {
    static constexpr std::chrono::minutes kShortestIdle{5};
    static constexpr std::chrono::hours kLongest{720};

    std::chrono::minutes idle{std::chrono::hours{8}};
    std::chrono::hours life{24};
};
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

/// Who is asking, resolved from the session cookie or an API key. The company is the scope of every
/// query.
struct Principal {
    UserId user;     ///< Of `company`: who does and reads what.
    UserId account;  ///< Whose password and sessions; another than `user` in a membership.
    CompanyId company;
    std::string login;
    std::string name;
    std::string role;  ///< A built-in's key or an own role's.
    Permissions permissions;  ///< The role's; of a key those it was made for among them.
    std::string language;
    AgentId agent;  ///< Nil when the user takes no contacts.
    std::string csrf_token;
    bool must_change_password = false;  ///< Came with a one-time password: may do nothing else.
    std::optional<ApiKeyId> key;        ///< Set when a key asks, in its creator's name.
};

/// Told once, at sign-in; only the token's hash is stored.
struct NewSession {
    std::string token;
    std::string csrf_token;
    WallTime expires_at;
    Principal principal;
};

/// What somebody at the door shows.
struct Claim {
    std::string_view login;
    std::string_view password;
    std::string_view code{};  ///< Of the second factor, or a recovery code; empty: none yet.
    std::string_view user_agent{};
    std::string_view address{};  ///< Kept without its last part.
};
struct Door {
    SessionLimits limits{};
    const SecretKeys* keys = nullptr;  ///< None: nobody with a second factor comes in.
};

/// Checks the password and, of who has one, the second factor, and opens a session. `connection`
/// must be able to write and must not be in a transaction: hashing takes 0.1 s and must not hold
/// the writer.
///
/// Whoever has a second factor is asked for it only after a right password
/// (`SecondFactorRequired`), and sends both together. That tells a guesser that the password is
/// right, which is what most systems tell; hiding it would mean to ask everybody for a code that
/// most do not have. A password that opens nothing alone is guessed at the pace of `lock_after`.
/// Nothing is kept between the two steps, so there is nothing to steal or to expire.
///
/// Errors: `WrongCredentials`, `Locked`, `SecondFactorRequired`, `WrongSecondFactor` (counts as a
/// wrong password), those of the store.
Result<NewSession> sign_in(store::Connection& connection,
                           const Claim& claim,
                           WallTime now,
                           const Door& door = {});

/// The password of somebody who is signed in, before what only its owner may do. Counts wrong ones
/// like `sign_in`. Errors: `WrongCredentials`, `Locked`.
Result<void> check_password(store::Connection& connection,
                            UserId user,
                            std::string_view password,
                            WallTime now);

/// The session behind a token. Errors: `NoSession`, those of the store. Reads only, so any
/// connection will do; see `touch`.
Result<Principal> resolve(store::Connection& connection,
                          std::string_view token,
                          WallTime now,
                          const SessionLimits& limits = {});

/// Puts off the idle expiry; writes nothing when that was done less than `kTouchEvery` ago.
Result<void> touch(store::Connection& connection, std::string_view token, WallTime now);

/// Constant time. Error: `WrongCsrfToken`.
Result<void> check_csrf(const Principal& principal, std::string_view token);

/// Ends one session; unknown tokens are fine.
Result<void> sign_out(store::Connection& connection, std::string_view token);

/// Ends every session of a user: after a password or role change. Of a membership those that act
/// in it.
Result<void> sign_out_everywhere(store::Connection& connection, UserId user);
/// But the one of this token.
Result<void> sign_out_elsewhere(store::Connection& connection, UserId user, std::string_view token);

/// One session as its owner recognises it.
struct SessionView {
    std::string id;  ///< Names it; opens nothing.
    std::string user_agent;
    std::string address;
    WallTime created_at{};
    WallTime last_seen_at{};
    WallTime expires_at{};
};
/// The beginning of the token's hash.
std::string session_id(std::string_view token);
/// Those that still open, the last one seen first.
Result<std::vector<SessionView>> sessions_of(store::Connection& connection,
                                             UserId user,
                                             WallTime now,
                                             const SessionLimits& limits = {});
/// Error: `NotFound` when it is none of this user.
Result<void> revoke_session(store::Connection& connection, UserId user, std::string_view id);

/// Removes what has expired; the number removed.
Result<std::int64_t> remove_expired(store::Connection& connection,
                                    WallTime now,
                                    const SessionLimits& limits = {});

}  // namespace escucha::identity
