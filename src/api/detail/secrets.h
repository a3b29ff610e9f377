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

/// A connection that reads the rows of every company: a person's account, sessions and memberships may
/// be in another than the one that is asked in. Queries through it name whose rows they want.
Result<store::Connection> across_companies(Call& call);

}  // namespace escucha::api
