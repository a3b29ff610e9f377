#pragma once

#include <boost/json/object.hpp>

#include "identity/roles.h"

namespace escucha::api {

/// Takes what is personal out of an encoded event for a WebSocket frame: a note's text, a caller, a
/// given value, a customer's fields, a contact point, a number outside. Everybody gets the same frames; who may see
/// more fetches the thing by its id.
void strip_personal(boost::json::object& event);

/// Masks document ids in an encoded event for those who take contacts only.
void mask_personal(boost::json::object& event, const identity::Permissions& permissions);

}  // namespace escucha::api
