#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "base/time.h"
#include "cases/status.h"

namespace escucha::cases {

/// How long after its last contact a case still takes new contacts on the same matter by itself.
/// Later ones open another case, unless the caller gives the reference.
inline constexpr std::chrono::hours kMatterWindow{24 * 30};

/// What a contact is about, when a case is to be opened for it.
struct Matter {
    std::optional<CustomerId> customer;
    std::string caller;  ///< E.164, or empty when withheld.
    std::string kind;    ///< "claim", "request", "incident", "query"
    std::string topic;
};

/// A case that may be the same matter; the owner looks up those of the customer and of the number.
struct KnownCase {
    CaseId id;
    std::string reference;
    Status status = Status::Open;
    Matter matter;
    WallTime last_contact;
};

struct OpenCase {};
struct ReuseCase {
    CaseId id;
    std::string reference;
    Status status;  ///< Before.
};
using Decision = std::variant<OpenCase, ReuseCase>;

/// Never two cases for one matter: reuses the live case of the same kind and topic, the one with
/// the latest contact, when it is the same customer's, or, while either has no customer yet, came
/// from the same number. A withheld number matches nothing, and a number alone never joins two
/// known customers: it is evidence, not identity. A topic that is still empty matches any of its
/// kind. `last_contact` is at most `window` before `now`.
Decision open_or_reuse(const Matter& matter,
                       std::span<const KnownCase> known,
                       WallTime now,
                       std::chrono::hours window = kMatterWindow);

}  // namespace escucha::cases
