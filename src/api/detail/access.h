#pragma once

#include <optional>

#include <boost/json/object.hpp>

#include "identity/roles.h"

namespace escucha::api {

/// What an operation asks of its caller.
struct Access {
    enum class Kind {
        Public,  ///< No session is looked for.
        SignedIn,
        Allowed,  ///< The role must give one of the permissions.
    };
    Kind kind = Kind::Allowed;
    identity::Permissions any_of;  ///< Empty but with `Allowed`.

    [[nodiscard]] bool admits(const identity::Permissions& own) const {
        return kind != Kind::Allowed || own.has_any_of(any_of);
    }
};

/// From the operation's x-permission, a word or a list of which one is enough; nothing when it
/// declares none, or one that does not exist.
std::optional<Access> declared_access(const boost::json::object& operation);

}  // namespace escucha::api
