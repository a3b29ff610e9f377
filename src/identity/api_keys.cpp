#include "identity/api_keys.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "base/errc.h"
#include "identity/detail/account.h"
#include "identity/errc.h"
#include "identity/passwords.h"

namespace escucha::identity {
namespace {

struct Word {
    Permission permission;
    std::string_view text;
};
constexpr std::array kWords{
    Word{Permission::TakeContacts, "take_contacts"},
    Word{Permission::ReadCustomers, "read_customers"},
    Word{Permission::WriteCustomers, "write_customers"},
    Word{Permission::WatchFloor, "watch_floor"},
    Word{Permission::CommandAgents, "command_agents"},
    Word{Permission::Supervise, "supervise"},
    Word{Permission::ListenToOwn, "listen_to_own"},
    Word{Permission::ListenToAll, "listen_to_all"},
    Word{Permission::ReadFigures, "read_figures"},
    Word{Permission::ReadFlows, "read_flows"},
    Word{Permission::WriteFlows, "write_flows"},
    Word{Permission::ReadTraces, "read_traces"},
    Word{Permission::ManageUsers, "manage_users"},
    Word{Permission::ManageDirectory, "manage_directory"},
    Word{Permission::Operate, "operate"},
};

std::string join(const std::vector<Permission>& permissions) {
    std::string text;
    for (const Permission permission : permissions) {
        if (!text.empty()) text += ' ';
        text += key_word(permission);
    }
    return text;
}

// A word that this program does not know permits nothing.
std::vector<Permission> split(const std::string& text) {
    std::vector<Permission> permissions;
    std::istringstream words{text};
    for (std::string word; words >> word;) {
        if (const auto known = parse_key_word(word)) permissions.push_back(*known);
    }
    return permissions;
}

}  // namespace

std::string_view key_word(Permission permission) {
    const auto found = std::ranges::find(kWords, permission, &Word::permission);
    return found == kWords.end() ? std::string_view{} : found->text;
}

std::optional<Permission> parse_key_word(std::string_view word) {
    const auto found = std::ranges::find(kWords, word, &Word::text);
    if (found == kWords.end()) return std::nullopt;
    return found->permission;
}

std::vector<Permission> permissions_for_keys() {
    std::vector<Permission> all;
    for (const Word& word : kWords) {
        if (word.permission != Permission::ManageUsers) all.push_back(word.permission);
    }
    return all;
}

Result<std::string> make_api_key(store::Connection& connection,
                                 const NewApiKey& wanted,
                                 ApiKeyId id,
                                 WallTime now) {
    const auto allowed = permissions_for_keys();
    const bool is_allowed = std::ranges::all_of(wanted.permissions, [&](Permission permission) {
        return std::ranges::find(allowed, permission) != allowed.end();
    });
    if (wanted.permissions.empty() || !is_allowed) {
        return fail(escucha::Errc::InvalidArgument, "permissions");
    }
    if (wanted.expires_at <= now || wanted.expires_at > now + kLongestKeyLife) {
        return fail(escucha::Errc::InvalidArgument, "expires_at");
    }
    const std::string key = std::string{kApiKeyPrefix} + random_token();
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const auto row,
            connection.query_one("SELECT COUNT(*) FROM api_key WHERE company_id = ?",
                                 {wanted.company}));
    ESC_TRY(const auto count, row->get<std::int64_t>(0));
    if (count >= kMaxKeysPerCompany) return fail(escucha::Errc::Conflict, "too many API keys");
    ESC_TRY(
        connection.execute("INSERT INTO api_key (id, company_id, created_by, name, key_hash,"
                           " permissions, created_at_us, expires_at_us)"
                           " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                           {id,
                            wanted.company,
                            wanted.creator,
                            wanted.name,
                            sha256_hex(key),
                            join(wanted.permissions),
                            now,
                            wanted.expires_at}));
    ESC_TRY(tx.commit());
    return key;
}

Result<Principal> resolve_api_key(store::Connection& connection,
                                  std::string_view key,
                                  WallTime now) {
    ESC_TRY(const auto row,
            connection.query_one(
                "SELECT k.id, k.company_id, k.name, k.permissions, u.id, u.role, u.language"
                " FROM api_key k LEFT JOIN app_user u ON u.id = k.created_by"
                " WHERE k.key_hash = ? AND k.expires_at_us > ?"
                " AND (k.created_by IS NULL OR u.is_active = 1)",
                {sha256_hex(key), now}));
    if (!row) return fail(Errc::NoSession);
    ESC_TRY(auto fields,
            (row->as<ApiKeyId,
                     CompanyId,
                     std::string,
                     std::string,
                     std::optional<UserId>,
                     std::optional<std::string>,
                     std::optional<std::string>>()));
    auto& [id, company, name, permissions, user, role, language] = fields;
    Principal who;
    who.company = company;
    who.login = who.name = std::move(name);
    who.user = user.value_or(UserId{});
    // The operator is an administrator of the company, like the operator's token.
    who.role = Role::Administrator;
    if (role) {
        ESC_TRY(who.role, stored_role(*role));
    }
    who.language = language.value_or("es");
    who.key = KeyScope{.key = id, .permissions = split(permissions)};
    return who;
}

Result<void> touch_api_key(store::Connection& connection, ApiKeyId id, WallTime now) {
    ESC_TRY(connection.execute("UPDATE api_key SET last_used_at_us = ? WHERE id = ?", {now, id}));
    return ok();
}

Result<std::vector<ApiKeyView>> api_keys_of(store::Connection& connection, CompanyId company) {
    ESC_TRY(const auto rows,
            connection.query("SELECT k.id, k.name, k.permissions, u.name, u.is_active,"
                             " k.created_at_us, k.expires_at_us, k.last_used_at_us FROM api_key k"
                             " LEFT JOIN app_user u ON u.id = k.created_by"
                             " WHERE k.company_id = ? ORDER BY k.id DESC",
                             {company}));
    std::vector<ApiKeyView> keys;
    for (const store::Row& row : rows) {
        ESC_TRY(auto fields,
                (row.as<ApiKeyId,
                        std::string,
                        std::string,
                        std::optional<std::string>,
                        std::optional<bool>,
                        WallTime,
                        WallTime,
                        WallTime>()));
        auto& [id, name, permissions, creator, active, created, expires, used] = fields;
        keys.push_back({.id = id,
                        .name = std::move(name),
                        .permissions = split(permissions),
                        .creator = creator.value_or(""),
                        .has_ended = !active.value_or(true),
                        .created_at = created,
                        .expires_at = expires,
                        .last_used_at = used == WallTime{} ? std::nullopt : std::optional{used}});
    }
    return keys;
}

Result<void> revoke_api_key(store::Connection& connection, CompanyId company, ApiKeyId id) {
    ESC_TRY(
        const auto removed,
        connection.execute("DELETE FROM api_key WHERE company_id = ? AND id = ?", {company, id}));
    if (removed == 0) return fail(escucha::Errc::NotFound, "API key");
    return ok();
}

}  // namespace escucha::identity
