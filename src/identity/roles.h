#pragma once

#include <bitset>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "store/sql.h"

namespace escucha::identity {

/// What somebody may do. Every operation of the API names one in openapi.yaml.
enum class Permission {
    TakeContacts,    ///< Be an agent: sign in to queues, answer, hold, transfer, wrap up.
    ReadCustomers,   ///< Customers, cases, timelines.
    WriteCustomers,  ///< Customers, notes, cases, dispositions.
    SeePersonal,     ///< Personal fields of anybody whole; without it they are masked
                     ///< (docs/privacy.md).
    WatchFloor,      ///< Live queues and agents.
    CommandAgents,   ///< Change another agent's state, hang up another's call.
    Supervise,       ///< Listen, whisper to and join conversations of others as they happen.
    ListenToOwn,     ///< Recordings of contacts one took.
    ListenToAll,
    ReadFigures,
    ReadFlows,
    WriteFlows,
    ReadTraces,  ///< The flight recorder of a call.
    ManageUsers,
    ManageDirectory,  ///< Lines, trunks, queues, phones, calendars, reasons, topics.
    ReadAudit,        ///< Who saw and changed what, and whether that is still what was written.
    Operate,          ///< Backup, reload, demo.
    StopQueues,       ///< A queue takes nobody new until somebody lets it.
    Reveal,           ///< See a masked personal field for a while, with a reason.
    RevealFinancial,  ///< The same of what somebody owes.
    AskExport,        ///< Ask for a file of what one may see; somebody else lets it.
    ApproveExport,    ///< Decide what others asked for.
    HandleAlerts,  ///< Who read too much: acknowledge, and lift a block. A person's, never a key's.
    PlantCanaries,  ///< Know which customers are planted. A person's, never a key's.
};
inline constexpr std::size_t kPermissions = static_cast<std::size_t>(Permission::PlantCanaries) + 1;

/// As the contract, the roles and the API write it: "take_contacts".
std::string_view to_string(Permission permission);
std::optional<Permission> parse_permission(std::string_view text);

class Permissions {
public:
    Permissions() = default;
    Permissions(std::initializer_list<Permission> permissions) {
        for (const Permission permission : permissions) add(permission);
    }
    static Permissions all();
    /// As the database has them: words and spaces. A word that this program does not know gives
    /// nothing.
    static Permissions from_words(std::string_view words);
    [[nodiscard]] std::string words() const;

    void add(Permission permission) { bits_.set(static_cast<std::size_t>(permission)); }
    [[nodiscard]] bool has(Permission permission) const {
        return bits_.test(static_cast<std::size_t>(permission));
    }
    [[nodiscard]] bool has_all_of(const Permissions& others) const {
        return (others.bits_ & ~bits_).none();
    }
    [[nodiscard]] bool has_any_of(const Permissions& others) const {
        return (others.bits_ & bits_).any();
    }
    [[nodiscard]] std::vector<std::string_view> names() const;
    friend Permissions operator&(Permissions a, const Permissions& b) {
        a.bits_ &= b.bits_;
        return a;
    }
    [[nodiscard]] bool empty() const { return bits_.none(); }
    void remove(Permission permission) { bits_.reset(static_cast<std::size_t>(permission)); }
    friend bool operator==(const Permissions&, const Permissions&) = default;

private:
    std::bitset<kPermissions> bits_;
};

/// The roles every company has. The table is in roles.cpp and nowhere else; docs/access.md shows
/// what follows from it.
struct BuiltInRole {
    std::string_view key;
    Permissions permissions;
};
std::span<const BuiltInRole> built_in_roles();
std::optional<Permissions> built_in(std::string_view role);

inline constexpr std::size_t kMaxRoleKeyLength = 40;
inline constexpr std::size_t kMaxOwnRoles = 50;

/// A role of the company's own making. Its key is no built-in's.
struct OwnRole {
    std::string key;  ///< Lower-case letters, digits and underscores.
    std::string name_es;
    std::string name_en;
    Permissions permissions;
};
Result<std::vector<OwnRole>> own_roles(store::Connection& connection, CompanyId company);

/// Adds or replaces. Who has the role has its new permissions from the next request on. Errors:
/// `InvalidArgument` when the key is a built-in's or none at all, `TooLarge` beyond kMaxOwnRoles,
/// `Conflict` when it would begin or cease to take contacts while somebody has it: whoever takes
/// contacts is an agent, who was made with the person.
Result<void> save_role(store::Connection& connection, CompanyId company, const OwnRole& role);

/// Errors: `NotFound`, `Conflict` while somebody has it.
Result<void> delete_role(store::Connection& connection, CompanyId company, std::string_view key);

/// What a role of this company may; nothing when the company has no such role.
Result<std::optional<Permissions>> find_permissions(store::Connection& connection,
                                                    CompanyId company,
                                                    std::string_view role);
/// The same; `NotFound` when the company has no such role.
Result<Permissions> permissions_of(store::Connection& connection,
                                   CompanyId company,
                                   std::string_view role);

}  // namespace escucha::identity
