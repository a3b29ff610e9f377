#pragma once

#include <string_view>

#include "base/result.h"
#include "flow/reply.h"

namespace escucha::flow {

inline constexpr std::size_t kMaxReplyBytes = 64 * 1024;
inline constexpr std::size_t kMaxReplyFields = 50;

/// Reads what a connector answers over HTTP (docs/flows.md, "Connectors"):
///
///     {"status": "ok", "source": "facturación", "as_of": "2026-11-23T03:21:25Z",
///      "fields": {"balance": {"minor_units": 1205, "currency": "EUR"}, "due": "2026-12-01"}}
///
/// Field values are texts in canonical form, whole numbers, or money objects. Unknown members are
/// ignored. Errors name the JSON pointer; the caller of this turns them into Status::Failed.
Result<LookUpReply> decode_look_up_reply(std::string_view json);

}  // namespace escucha::flow
