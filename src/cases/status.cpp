#include "cases/status.h"

#include <array>
#include <charconv>
#include <chrono>

#include "cases/errc.h"

namespace escucha::cases {

namespace {

constexpr std::array kStatuses{
    Status::Open, Status::InProgress, Status::WaitingCustomer, Status::Resolved, Status::Closed};
constexpr std::array kOutcomes{Outcome::Solved,
                               Outcome::FollowUp,
                               Outcome::WaitingCustomer,
                               Outcome::NoAnswerNeeded,
                               Outcome::Transferred};

std::optional<int> number(std::string_view digits) {
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

bool is_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    const auto year = number(text.substr(0, 4));
    const auto month = number(text.substr(5, 2));
    const auto day = number(text.substr(8, 2));
    if (!year || !month || !day || *month < 1 || *day < 1) return false;
    return std::chrono::year_month_day{std::chrono::year{*year},
                                       std::chrono::month{static_cast<unsigned>(*month)},
                                       std::chrono::day{static_cast<unsigned>(*day)}}
        .ok();
}

enum class Need { Required, Optional, Forbidden };

struct Needs {
    Need next_step, owner, due;
};

Needs needs_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::FollowUp:
            return {Need::Required, Need::Required, Need::Required};
        case Outcome::WaitingCustomer:
            return {Need::Required, Need::Optional, Need::Required};
        case Outcome::Transferred:
            return {Need::Optional, Need::Optional, Need::Optional};
        case Outcome::Solved:
        case Outcome::NoAnswerNeeded:
            break;
    }
    return {Need::Forbidden, Need::Forbidden, Need::Forbidden};
}

using Problem = DispositionError::Problem;

void check_field(Need need,
                 const std::string& value,
                 const DispositionError& when_missing,
                 std::vector<DispositionError>& errors) {
    if (need == Need::Required && value.empty()) errors.push_back(when_missing);
    if (need == Need::Forbidden && !value.empty()) {
        errors.push_back({when_missing.field,
                          Problem::Unexpected,
                          "Con este resultado no queda nada pendiente: borre este dato o cambie el "
                          "resultado.",
                          "With this outcome nothing is left to do: clear this field or change the "
                          "outcome."});
    }
}

void check_due(const std::string& due,
               std::string_view today,
               std::vector<DispositionError>& errors) {
    if (due.empty()) return;
    if (!is_date(due)) {
        errors.push_back({"due",
                          Problem::Invalid,
                          "La fecha no existe o no está escrita como 2026-11-30.",
                          "The date does not exist or is not written like 2026-11-30."});
    } else if (due < today) {
        errors.push_back({"due",
                          Problem::InThePast,
                          "La fecha ya pasó: elija hoy o un día posterior.",
                          "The date has passed: choose today or a later day."});
    }
}

}  // namespace

std::string_view word(Status status) {
    switch (status) {
        case Status::Open:
            return "open";
        case Status::InProgress:
            return "in_progress";
        case Status::WaitingCustomer:
            return "waiting_customer";
        case Status::Resolved:
            return "resolved";
        case Status::Closed:
            return "closed";
    }
    return {};
}

std::optional<Status> parse_status(std::string_view text) {
    for (const Status status : kStatuses) {
        if (word(status) == text) return status;
    }
    return std::nullopt;
}

std::string_view word(Outcome outcome) {
    switch (outcome) {
        case Outcome::Solved:
            return "solved";
        case Outcome::FollowUp:
            return "follow_up";
        case Outcome::WaitingCustomer:
            return "waiting_customer";
        case Outcome::NoAnswerNeeded:
            return "no_answer_needed";
        case Outcome::Transferred:
            return "transferred";
    }
    return {};
}

std::optional<Outcome> parse_outcome(std::string_view text) {
    for (const Outcome outcome : kOutcomes) {
        if (word(outcome) == text) return outcome;
    }
    return std::nullopt;
}

bool is_live(Status status) { return status != Status::Resolved && status != Status::Closed; }

Result<void> check_transition(Status from, Status to) {
    if (from == to) return ok();
    bool is_legal = false;
    switch (from) {
        case Status::Open:
        case Status::InProgress:
        case Status::WaitingCustomer:
            is_legal = true;
            break;
        case Status::Resolved:
            is_legal = to != Status::WaitingCustomer;
            break;
        case Status::Closed:
            break;
    }
    if (is_legal) return ok();
    return fail(Errc::IllegalTransition, std::string{word(from)} + " to " + std::string{word(to)});
}

std::vector<DispositionError> check_disposition(const Disposition& disposition,
                                                std::string_view today) {
    std::vector<DispositionError> errors;
    if (disposition.topic.empty()) {
        errors.push_back(
            {"topic", Problem::Missing, "Elija el tema del contacto.", "Choose the topic."});
    }
    const auto outcome = parse_outcome(disposition.outcome);
    if (!outcome) {
        const bool is_missing = disposition.outcome.empty();
        errors.push_back({"outcome",
                          is_missing ? Problem::Missing : Problem::Invalid,
                          is_missing ? "Elija el resultado." : "Ese resultado no existe.",
                          is_missing ? "Choose the outcome." : "There is no such outcome."});
    }
    const Needs needs =
        outcome ? needs_of(*outcome) : Needs{Need::Optional, Need::Optional, Need::Optional};
    check_field(needs.next_step,
                disposition.next_step,
                {"next_step",
                 Problem::Missing,
                 "Escriba qué se hará a continuación.",
                 "Write what will be done next."},
                errors);
    check_field(needs.owner,
                disposition.owner,
                {"owner",
                 Problem::Missing,
                 "Indique quién lo hará: una persona o un equipo.",
                 "Say who will do it: a person or a team."},
                errors);
    check_field(needs.due,
                disposition.due,
                {"due", Problem::Missing, "Indique para cuándo.", "Say by when."},
                errors);
    check_due(disposition.due, today, errors);
    return errors;
}

Status status_after(Outcome outcome, Status present) {
    switch (outcome) {
        case Outcome::Solved:
        case Outcome::NoAnswerNeeded:
            return present == Status::Closed ? Status::Closed : Status::Resolved;
        case Outcome::FollowUp:
        case Outcome::Transferred:
            return Status::InProgress;
        case Outcome::WaitingCustomer:
            return Status::WaitingCustomer;
    }
    return present;
}

}  // namespace escucha::cases
