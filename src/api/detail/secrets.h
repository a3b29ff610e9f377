#pragma once

#include <string>

#include "api/detail/call.h"
#include "identity/sessions.h"

namespace escucha::api {

/// An error of setting a password, at the field it came in: which rule it breaks and what to do.
Problem password_problem(const Error& error, std::string pointer);

/// The user's sessions, with the mark of the one that asks.
Answer sessions_answer(Call& call, UserId user);

/// A connection that writes, outside the journal's: hashing must not hold up the centre.
Result<store::Connection> writer(Call& call);

}  // namespace escucha::api
