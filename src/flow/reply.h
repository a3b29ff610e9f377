#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "speech/utterance.h"

namespace escucha::flow {

// What the shell answers to the questions of effects.h.

/// One field of a connector's answer, in the canonical text of `to_text(Value)`.
struct Field {
    std::string name;
    std::string text;
};

struct LookUpReply {
    enum class Status { Ok, Stale, NotFound, Failed, Timeout };
    Status status = Status::Failed;
    std::vector<Field> fields;
    std::string source;
    std::optional<WallTime> as_of;
};

/// A case as a caller may hear of it. Dates are local.
struct CaseSummary {
    CaseId id;
    std::string reference;
    std::string kind;
    std::string topic;
    std::string status;  ///< "open", "in_progress", "waiting", "closed"…
    std::string subject;
    std::optional<speech::Date> opened;
    std::optional<speech::Date> due;
    bool operator==(const CaseSummary&) const = default;
};

struct IdentifyReply {
    /// Several people share a number: that is Ambiguous, and the number proves nothing.
    enum class Status { Found, NotFound, Ambiguous, Failed };
    Status status = Status::Failed;
    CustomerId customer;
    std::string name;   ///< As spoken in a greeting.
    std::string group;  ///< What this customer is to the company: "customer", "grandchild"…
    std::optional<CaseSummary> open_case;  ///< The latest open one.
    /// Spoken from here on, if the flow has it and the caller has not chosen one.
    std::optional<speech::Language> language = std::nullopt;
};

struct CaseReply {
    enum class Status { Ok, NotFound, Mistyped, Failed };
    Status status = Status::Failed;
    CaseSummary summary;
};

struct HoursReply {
    enum class Status { Open, Closed, Failed };
    Status status = Status::Failed;
    std::optional<speech::Date> next_date;  ///< When it opens next, local.
    std::optional<speech::TimeOfDay> next_time;
};

struct VoicemailReply {
    enum class Status { Recorded, Empty, Failed };
    Status status = Status::Failed;
};

struct QueueReply {
    enum class Status { Closed, Full, NoAgents, Returned };
    Status status = Status::Returned;
};

using Reply =
    std::variant<LookUpReply, IdentifyReply, CaseReply, HoursReply, VoicemailReply, QueueReply>;

}  // namespace escucha::flow
