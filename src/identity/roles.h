#pragma once

#include <optional>
#include <string_view>

namespace escucha::identity {

enum class Role { Agent, Supervisor, Administrator };

/// What a role may do. Every endpoint names one; the table is in roles.cpp and nowhere else.
enum class Permission {
    TakeContacts,    ///< Be an agent: sign in to queues, answer, hold, transfer, wrap up.
    ReadCustomers,   ///< Customers, cases, timelines.
    WriteCustomers,  ///< Customers, notes, cases, dispositions.
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
};

std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

[[nodiscard]] bool may(Role role, Permission permission);

}  // namespace escucha::identity
