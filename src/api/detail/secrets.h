#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "api/detail/call.h"
#include "identity/sessions.h"

namespace escucha::api {

/// An error of setting a password, at the field it came in: which rule it breaks and what to do.
Problem password_problem(const Error& error, std::string pointer);

/// "UserSession". `own` is the id of the session that asks; empty for another user's.
boost::json::object encode(const identity::SessionView& session, const std::string& own);

/// A connection that writes, outside the journal's: hashing must not hold up the centre.
Result<store::Connection> writer(Call& call);

}  // namespace escucha::api
