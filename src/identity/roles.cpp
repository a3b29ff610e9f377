#include "identity/roles.h"

namespace escucha::identity {
namespace {

/// The lowest role that may: each role may all that those before it may.
Role needed(Permission permission) {
    switch (permission) {
        case Permission::TakeContacts:
        case Permission::ReadCustomers:
        case Permission::WriteCustomers:
        case Permission::ListenToOwn:
            return Role::Agent;
        case Permission::WatchFloor:
        case Permission::CommandAgents:
        case Permission::Supervise:
        case Permission::ListenToAll:
        case Permission::ReadFigures:
        case Permission::ReadFlows:
            return Role::Supervisor;
        case Permission::ReadTraces:
        case Permission::WriteFlows:
        case Permission::ManageUsers:
        case Permission::ManageDirectory:
        case Permission::ReadAudit:
        case Permission::Operate:
            return Role::Administrator;
    }
    return Role::Administrator;
}

int rank(Role role) {
    switch (role) {
        case Role::Agent:
            return 0;
        case Role::Supervisor:
            return 1;
        case Role::Administrator:
            return 2;
    }
    return 0;
}

}  // namespace

std::string_view to_string(Role role) {
    switch (role) {
        case Role::Agent:
            return "agent";
        case Role::Supervisor:
            return "supervisor";
        case Role::Administrator:
            return "administrator";
    }
    return "agent";
}

std::optional<Role> parse_role(std::string_view text) {
    for (const Role role : {Role::Agent, Role::Supervisor, Role::Administrator}) {
        if (text == to_string(role)) return role;
    }
    return std::nullopt;
}

bool may(Role role, Permission permission) { return rank(role) >= rank(needed(permission)); }

}  // namespace escucha::identity
