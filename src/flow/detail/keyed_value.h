#pragma once

#include <optional>
#include <string_view>

#include "flow/context.h"
#include "flow/node.h"
#include "speech/utterance.h"

namespace escucha::flow::detail {

/// What a caller meant by the keys, as the variable's type asks:
/// date: DDMM (the next such day from `today` on) or DDMMYYYY; time: H, HH, HMM or HHMM; money:
/// whole units of the node's currency; number: as it is; the rest: the digits. nullopt when there
/// is no such day or hour, or the value is outside the node's least and most.
std::optional<Value> value_of_keys(const CollectNode& node,
                                   Type type,
                                   std::string_view keys,
                                   speech::Date today);

}  // namespace escucha::flow::detail
