#pragma once

#include <system_error>

namespace escucha::acd {

enum class Errc {
    UnknownQueue = 1,   ///< No such queue in this company.
    UnknownAgent,       ///< No such agent in this company.
    UnknownContact,     ///< The contact neither waits, rings nor talks.
    QueueFull,          ///< `QueueConfig::max_waiting` contacts are in the queue.
    QueueInUse,         ///< Contacts wait in the queue or would return to it.
    AgentBusy,          ///< The agent holds an offer, a contact or a wrap-up.
    AgentNotReady,      ///< A direct offer needs an agent who is Ready.
    AgentSignedOut,     ///< The agent must sign in first.
    OfferClosed,        ///< Answered, given back, cancelled or past its deadline.
    NotInWrapUp,        ///< The agent is in no wrap-up.
    WrapUpLimit,        ///< `kMaxWrapUpExtensions` were used.
    InvalidConfig,      ///< A value is out of range; the detail says which.
    InvalidReason,      ///< Not a word, too long, or one of the system's own.
    InvalidSavedState,  ///< The text is not a state this version wrote; the detail says where.
};

const std::error_category& acd_category();
inline std::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), acd_category()};
}

}  // namespace escucha::acd

template <>
struct std::is_error_code_enum<escucha::acd::Errc> : std::true_type {};
