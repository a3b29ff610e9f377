#include "identity/api_keys.h"

#include "base/errc.h"
#include "identity/detail/account.h"
#include "identity/errc.h"
#include "identity/passwords.h"

namespace escucha::identity {
Permissions permissions_for_keys() {
    Permissions all = Permissions::all();
    all.remove(Permission::ManageUsers);
    all.remove(Permission::Reveal);
    all.remove(Permission::RevealFinancial);
    all.remove(Permission::AskExport);
    all.remove(Permission::ApproveExport);
    all.remove(Permission::HandleAlerts);
    all.remove(Permission::PlantCanaries);
    return all;
}

Result<std::string> make_api_key(store::Connection& connection,
                                 const NewApiKey& wanted,
                                 ApiKeyId id,
                                 WallTime now) {
    if (wanted.permissions.empty() || !permissions_for_keys().has_all_of(wanted.permissions)) {
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
                            wanted.permissions.words(),
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
                " LEFT JOIN app_user o ON o.id = u.account_id"
                " WHERE k.key_hash = ? AND k.expires_at_us > ?"
                " AND (k.created_by IS NULL OR u.is_active = 1)"
                " AND (u.account_id IS NULL OR o.is_active = 1)",
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
    who.user = who.account = user.value_or(UserId{});
    // The operator is an administrator of the company, like the operator's token.
    ESC_TRY(give_role(connection, who, role.value_or("administrator")));
    who.permissions = who.permissions & Permissions::from_words(permissions);
    who.language = language.value_or("es");
    who.key = id;
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
                        .permissions = Permissions::from_words(permissions),
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
