#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/ids.h"
#include "base/time.h"
#include "identity/roles.h"
#include "net/http.h"
#include "server/control_port.h"
#include "store/stored_event.h"

namespace escucha::api {

/// JSON of the contract from values. Empty strings become null where the contract says nullable.
boost::json::value or_null(std::string text);
boost::json::value or_null(const std::optional<WallTime>& time);
template <typename Tag>
boost::json::value or_null(const std::optional<Id<Tag>>& id) {
    if (!id) return nullptr;
    return boost::json::string{id->to_string()};
}
boost::json::value number_or_null(const std::optional<std::int64_t>& number);

/// {"id", "name"}, or null without an id.
boost::json::value named_or_null(const std::string& id, const std::string& name);

/// ["take_contacts", ...]
boost::json::array names_of(const identity::Permissions& permissions);
/// The same back; words are checked by the contract.
identity::Permissions permissions_in(const boost::json::array& names);

std::string_view word(server::AgentState state);
std::string_view word(server::ContactState state);

boost::json::object encode(const server::AgentView& agent);
boost::json::object encode(const server::QueueView& queue);
boost::json::object encode(const server::ContactView& contact);
boost::json::object encode(const store::StoredEvent& event);

net::Response json_response(const boost::json::value& body, unsigned status = 200);

}  // namespace escucha::api
