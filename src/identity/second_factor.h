#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/secret_keys.h"
#include "store/sql.h"

namespace escucha::identity {

/// The second factor of a user: a telephone's authenticator that shows a code of six digits by the
/// time (RFC 6238), and codes on paper for when it is lost. The secret is sealed by `SecretKeys`.
struct SecondFactorState {
    std::optional<WallTime> since;  ///< None: there is none, or it was never confirmed.
    std::int64_t recovery_codes_left = 0;
};
Result<SecondFactorState> second_factor_of(store::Connection& connection, UserId user);

/// Told once: what the authenticator takes.
struct Enrolment {
    std::string secret;  ///< 32 letters and digits of base32.
    std::string uri;     ///< The same for a QR code.
};
/// Begins; counts for nothing until `confirm`. Begun anew, what was begun before is void. Error:
/// `SecondFactorState` when there is one already.
Result<Enrolment> begin_second_factor(store::Connection& connection,
                                      const SecretKeys& keys,
                                      UserId user,
                                      WallTime now);

inline constexpr std::size_t kRecoveryCodes = 10;

/// With a code that the authenticator shows. Answers with the recovery codes, told once: 80 random
/// bits each, of which only hashes are kept, so that SHA-256 with the user's id as its salt is
/// enough. Errors: `WrongSecondFactor`, `SecondFactorState` when none was begun.
Result<std::vector<std::string>> confirm_second_factor(store::Connection& connection,
                                                       const SecretKeys& keys,
                                                       UserId user,
                                                       std::string_view code,
                                                       WallTime now);

/// Takes a code of the authenticator, or a recovery code, which is then gone; in either case never
/// the same one twice, two at the same moment included. Errors: `WrongSecondFactor`, `UnknownKey`,
/// `Damaged`.
Result<void> spend_code(store::Connection& connection,
                        const SecretKeys& keys,
                        UserId user,
                        std::string_view code,
                        WallTime now);

/// Seals the secrets that another key sealed with the newest one; how many. In a transaction of the
/// caller's. Errors: `UnknownKey`, `Damaged`.
Result<std::int64_t> reseal_second_factors(store::Connection& connection, const SecretKeys& keys);

/// Takes it off, with its recovery codes; fine when there is none.
Result<void> drop_second_factor(store::Connection& connection, UserId user);

}  // namespace escucha::identity
