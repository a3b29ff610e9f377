#include "identity/roles.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/errc.h"

namespace escucha::identity {
namespace {

using enum Permission;

constexpr std::array<std::pair<Permission, std::string_view>, kPermissions> kNames{{
    {TakeContacts, "take_contacts"},
    {ReadCustomers, "read_customers"},
    {WriteCustomers, "write_customers"},
    {SeePersonal, "see_personal"},
    {WatchFloor, "watch_floor"},
    {CommandAgents, "command_agents"},
    {Supervise, "supervise"},
    {ListenToOwn, "listen_to_own"},
    {ListenToAll, "listen_to_all"},
    {ReadFigures, "read_figures"},
    {ReadFlows, "read_flows"},
    {WriteFlows, "write_flows"},
    {ReadTraces, "read_traces"},
    {ManageUsers, "manage_users"},
    {ManageDirectory, "manage_directory"},
    {ReadAudit, "read_audit"},
    {Operate, "operate"},
    {StopQueues, "stop_queues"},
    {Reveal, "reveal"},
    {RevealFinancial, "reveal_financial"},
    {AskExport, "ask_export"},
    {ApproveExport, "approve_export"},
    {HandleAlerts, "handle_alerts"},
    {PlantCanaries, "plant_canaries"},
}};

/// All but being an agent: an administrator who takes calls as well has a role of the company's
/// own.
Permissions administration() {
    Permissions permissions;
    for (const auto& [permission, name] : kNames) {
        if (permission != TakeContacts) permissions.add(permission);
    }
    return permissions;
}

// Least privilege: who reads figures need not read customers, who writes knowledge neither.
const std::array<BuiltInRole, 10>& table() {
    static const std::array<BuiltInRole, 10> kRoles{{
        {"agent", {TakeContacts, ReadCustomers, WriteCustomers, ListenToOwn, Reveal}},
        {"senior",
         {TakeContacts,
          ReadCustomers,
          WriteCustomers,
          ListenToOwn,
          SeePersonal,
          WatchFloor,
          ReadFlows,
          Reveal}},
        {"supervisor",
         {ReadCustomers,
          WriteCustomers,
          SeePersonal,
          WatchFloor,
          CommandAgents,
          Supervise,
          ListenToOwn,
          ListenToAll,
          ReadFigures,
          ReadFlows,
          StopQueues,
          Reveal,
          RevealFinancial,
          AskExport,
          HandleAlerts}},
        {"quality", {ReadCustomers, ListenToOwn, ListenToAll, ReadFigures, ReadFlows}},
        {"knowledge_editor", {ReadFlows, ReadFigures}},
        {"department_head", {ReadCustomers, WriteCustomers, ReadFigures, Reveal, AskExport}},
        {"compliance",
         {ReadCustomers,
          SeePersonal,
          ListenToOwn,
          ListenToAll,
          ReadFigures,
          ReadFlows,
          ReadTraces,
          ReadAudit,
          Reveal,
          RevealFinancial,
          AskExport,
          ApproveExport,
          HandleAlerts,
          PlantCanaries}},
        {"administrator", administration()},
        {"brand_owner",
         {WatchFloor,
          ReadCustomers,
          ListenToOwn,
          ListenToAll,
          ReadFigures,
          ReadFlows,
          StopQueues,
          ApproveExport}},
        {"auditor", {ReadFigures, ReadAudit, AskExport}},
    }};
    return kRoles;
}

bool is_key(std::string_view key) {
    const bool is_plain = std::ranges::all_of(
        key, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
    return !key.empty() && key.size() <= kMaxRoleKeyLength && is_plain;
}

Result<bool> has_holder(store::Connection& connection, CompanyId company, std::string_view key) {
    ESC_TRY(
        const auto holder,
        connection.query_one("SELECT id FROM app_user WHERE company_id = ? AND role = ? LIMIT 1",
                             {company, key}));
    return holder.has_value();
}

}  // namespace

std::string_view to_string(Permission permission) {
    return kNames[static_cast<std::size_t>(permission)].second;
}

std::optional<Permission> parse_permission(std::string_view text) {
    for (const auto& [permission, name] : kNames) {
        if (name == text) return permission;
    }
    return std::nullopt;
}

Permissions Permissions::all() {
    Permissions permissions;
    permissions.bits_.set();
    return permissions;
}

Permissions Permissions::from_words(std::string_view words) {
    Permissions permissions;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (const auto permission = parse_permission(words.substr(0, end))) {
            permissions.add(*permission);
        }
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return permissions;
}

std::string Permissions::words() const {
    std::string words;
    for (const std::string_view name : names()) {
        if (!words.empty()) words += ' ';
        words += name;
    }
    return words;
}

std::vector<std::string_view> Permissions::names() const {
    std::vector<std::string_view> names;
    for (const auto& [permission, name] : kNames) {
        if (has(permission)) names.push_back(name);
    }
    return names;
}

std::span<const BuiltInRole> built_in_roles() { return table(); }

std::optional<Permissions> built_in(std::string_view role) {
    for (const BuiltInRole& known : table()) {
        if (known.key == role) return known.permissions;
    }
    return std::nullopt;
}

Result<std::vector<OwnRole>> own_roles(store::Connection& connection, CompanyId company) {
    ESC_TRY(const auto rows,
            connection.query("SELECT key, name_es, name_en, permissions FROM own_role"
                             " WHERE company_id = ? ORDER BY key",
                             {company}));
    std::vector<OwnRole> roles;
    for (const store::Row& row : rows) {
        ESC_TRY(auto fields, (row.as<std::string, std::string, std::string, std::string>()));
        auto& [key, name_es, name_en, permissions] = fields;
        roles.push_back({.key = std::move(key),
                         .name_es = std::move(name_es),
                         .name_en = std::move(name_en),
                         .permissions = Permissions::from_words(permissions)});
    }
    return roles;
}

Result<void> save_role(store::Connection& connection, CompanyId company, const OwnRole& role) {
    if (!is_key(role.key) || built_in(role.key)) {
        return fail(escucha::Errc::InvalidArgument, "key");
    }
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const auto before, find_permissions(connection, company, role.key));
    ESC_TRY(const bool is_held, has_holder(connection, company, role.key));
    if (is_held && before && before->has(TakeContacts) != role.permissions.has(TakeContacts)) {
        return fail(escucha::Errc::Conflict, "somebody has this role");
    }
    ESC_TRY(connection.execute(
        "INSERT INTO own_role (company_id, key, name_es, name_en, permissions)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (company_id, key) DO UPDATE SET"
        " name_es = excluded.name_es, name_en = excluded.name_en,"
        " permissions = excluded.permissions",
        {company, role.key, role.name_es, role.name_en, role.permissions.words()}));
    ESC_TRY(const auto row,
            connection.query_one("SELECT COUNT(*) FROM own_role WHERE company_id = ?", {company}));
    ESC_TRY(const auto count, row->get<std::int64_t>(0));
    if (count > static_cast<std::int64_t>(kMaxOwnRoles)) {
        return fail(escucha::Errc::TooLarge, "own roles");
    }
    return tx.commit();
}

Result<void> delete_role(store::Connection& connection, CompanyId company, std::string_view key) {
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const bool is_held, has_holder(connection, company, key));
    if (is_held) return fail(escucha::Errc::Conflict, "somebody has this role");
    ESC_TRY(const auto deleted,
            connection.execute("DELETE FROM own_role WHERE company_id = ? AND key = ?",
                               {company, key}));
    if (deleted == 0) return fail(escucha::Errc::NotFound, "role");
    return tx.commit();
}

Result<std::optional<Permissions>> find_permissions(store::Connection& connection,
                                                    CompanyId company,
                                                    std::string_view role) {
    if (const auto known = built_in(role)) return known;
    ESC_TRY(
        const auto row,
        connection.query_one("SELECT permissions FROM own_role WHERE company_id = ? AND key = ?",
                             {company, role}));
    if (!row) return std::optional<Permissions>{};
    ESC_TRY(const auto text, row->get<std::string>(0));
    return std::optional{Permissions::from_words(text)};
}

Result<Permissions> permissions_of(store::Connection& connection,
                                   CompanyId company,
                                   std::string_view role) {
    ESC_TRY(const auto found, find_permissions(connection, company, role));
    if (!found) return fail(escucha::Errc::NotFound, "role");
    return *found;
}

}  // namespace escucha::identity
