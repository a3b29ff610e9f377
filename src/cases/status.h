#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace escucha::cases {

/// A case's life. Work may pause for the customer; a resolved case reopens when the customer says
/// otherwise; a closed one does not: a new matter is a new case.
///
///   Open ⇄ InProgress ⇄ WaitingCustomer;  each → Resolved → Closed;  Resolved → Open, InProgress
enum class Status { Open, InProgress, WaitingCustomer, Resolved, Closed };

/// "open", "in_progress", "waiting_customer", "resolved", "closed".
std::string_view word(Status status);
std::optional<Status> parse_status(std::string_view text);

[[nodiscard]] bool is_live(Status status);  ///< Open, InProgress or WaitingCustomer.

/// Error: `Errc::IllegalTransition`. Staying as it is is allowed.
Result<void> check_transition(Status from, Status to);

/// What the agent records at wrap-up. Empty means not given.
struct Disposition {
    std::string topic;
    std::string outcome;  ///< An `Outcome` word.
    std::string next_step;
    std::string owner;  ///< A user's or team's id.
    std::string due;    ///< RFC 3339 date, "2026-11-30".
};

/// solved: done, nothing follows. follow_up: somebody of ours must act. waiting_customer: the
/// customer must. no_answer_needed: wrong number, silence, thanks. transferred: another took over.
enum class Outcome { Solved, FollowUp, WaitingCustomer, NoAnswerNeeded, Transferred };
std::string_view word(Outcome outcome);
std::optional<Outcome> parse_outcome(std::string_view text);

struct DispositionError {
    enum class Problem { Missing, Invalid, Unexpected, InThePast };
    std::string_view field;  ///< "topic", "outcome", "next_step", "owner", "due".
    Problem problem;
    std::string_view message_es;
    std::string_view message_en;
};

/// Topic and outcome always. follow_up: next step, owner and due date. waiting_customer: next step
/// and due date. solved and no_answer_needed: none of the three, for a promise nobody keeps would
/// hide in them. transferred: any. A due date is a real date, not before `today` ("2026-11-23").
/// All errors at once, in field order.
std::vector<DispositionError> check_disposition(const Disposition& disposition,
                                                std::string_view today);

/// The status the case gets when the disposition is recorded.
Status status_after(Outcome outcome, Status present);

}  // namespace escucha::cases
