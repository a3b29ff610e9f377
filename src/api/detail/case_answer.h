#pragma once

#include "api/detail/call.h"

namespace escucha::api {

/// "CaseDetail" with its ETag.
Answer case_answer(Call& call, CaseId id, unsigned status);

}  // namespace escucha::api
