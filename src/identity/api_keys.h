#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/roles.h"
#include "identity/sessions.h"
#include "store/sql.h"

namespace escucha::identity {

inline constexpr std::string_view kApiKeyPrefix = "esc_";
inline constexpr std::chrono::days kLongestKeyLife{366};
inline constexpr std::int64_t kMaxKeysPerCompany = 100;

/// All a key can be made for. Not `ManageUsers`: whoever sets passwords can become anybody, and
/// then no other limit of the key means anything. Nor what reveals: a key has no session. Nor exports,
/// which people answer for.
Permissions permissions_for_keys();

struct NewApiKey {
    CompanyId company;
    std::optional<UserId> creator;  ///< None: the operator.
    std::string name;
    Permissions permissions;
    WallTime expires_at;
};

/// Stores the hash of a new key and answers with the key, told once: "esc_" and 256 random bits.
/// SHA-256 is enough for what nobody can guess. Errors: `InvalidArgument` with "permissions" or
/// "expires_at", `Conflict` when the company has too many.
Result<std::string> make_api_key(store::Connection& connection,
                                 const NewApiKey& wanted,
                                 ApiKeyId id,
                                 WallTime now);

/// Who asks with this key: its creator, held to the key's permissions and to what the creator may
/// today. A key ends with its creator, who may have kept it. Error: `NoSession` for unknown,
/// expired and ended ones alike.
Result<Principal> resolve_api_key(store::Connection& connection,
                                  std::string_view key,
                                  WallTime now);

/// Its last use is now.
Result<void> touch_api_key(store::Connection& connection, ApiKeyId id, WallTime now);

struct ApiKeyView {
    ApiKeyId id;
    std::string name;
    Permissions permissions;
    std::string creator;     ///< A name; empty for the operator.
    bool has_ended = false;  ///< Its creator is not active any more.
    WallTime created_at{};
    WallTime expires_at{};
    std::optional<WallTime> last_used_at;
};
/// The company's, expired ones too, newest first.
Result<std::vector<ApiKeyView>> api_keys_of(store::Connection& connection, CompanyId company);

/// Error: `NotFound`.
Result<void> revoke_api_key(store::Connection& connection, CompanyId company, ApiKeyId id);

}  // namespace escucha::identity
