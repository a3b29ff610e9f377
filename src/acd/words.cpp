#include <array>

#include "acd/acd.h"
#include "acd/effects.h"
#include "acd/errc.h"
#include "base/overloaded.h"

namespace escucha::acd {

namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "escucha.acd"; }
    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::UnknownQueue:
                return "unknown queue";
            case Errc::UnknownAgent:
                return "unknown agent";
            case Errc::UnknownContact:
                return "unknown contact";
            case Errc::QueueFull:
                return "the queue is full";
            case Errc::QueueInUse:
                return "contacts are in the queue";
            case Errc::AgentBusy:
                return "the agent holds a contact";
            case Errc::AgentNotReady:
                return "the agent is not ready";
            case Errc::AgentSignedOut:
                return "the agent is signed out";
            case Errc::OfferClosed:
                return "the offer is over";
            case Errc::NotInWrapUp:
                return "the agent is not in wrap-up";
            case Errc::WrapUpLimit:
                return "no more wrap-up extensions";
            case Errc::InvalidConfig:
                return "invalid configuration";
            case Errc::InvalidReason:
                return "invalid reason";
            case Errc::InvalidSavedState:
                return "invalid saved state";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& acd_category() {
    static const Category category;
    return category;
}

std::string_view word(AgentStateKind kind) {
    switch (kind) {
        case AgentStateKind::SignedOut:
            return "signed_out";
        case AgentStateKind::NotReady:
            return "not_ready";
        case AgentStateKind::Ready:
            return "ready";
        case AgentStateKind::Offered:
            return "offered";
        case AgentStateKind::Talking:
            return "talking";
        case AgentStateKind::WrapUp:
            return "wrap_up";
    }
    return {};
}

std::string_view word(NextStatus::Kind kind) {
    switch (kind) {
        case NextStatus::Kind::Ready:
            return "ready";
        case NextStatus::Kind::NotReady:
            return "not_ready";
        case NextStatus::Kind::SignedOut:
            return "signed_out";
    }
    return {};
}

std::string_view word(ReturnReason reason) {
    switch (reason) {
        case ReturnReason::NoAnswer:
            return "no_answer";
        case ReturnReason::Declined:
            return "declined";
        case ReturnReason::Unreachable:
            return "unreachable";
        case ReturnReason::Busy:
            return "busy";
        case ReturnReason::CallerLeft:
            return "caller_left";
    }
    return {};
}

std::string_view word(OfferReason reason) {
    switch (reason) {
        case OfferReason::LongestIdle:
            return "longest_idle";
        case OfferReason::Transfer:
            return "transfer";
    }
    return {};
}

std::string_view word(LeaveReason reason) {
    switch (reason) {
        case LeaveReason::Abandoned:
            return "abandoned";
        case LeaveReason::Voicemail:
            return "voicemail";
        case LeaveReason::Transferred:
            return "transferred";
        case LeaveReason::Closed:
            return "closed";
    }
    return {};
}

std::string_view word(QueuedBecause because) {
    switch (because) {
        case QueuedBecause::Flow:
            return "flow";
        case QueuedBecause::Transfer:
            return "transfer";
        case QueuedBecause::OfferReturned:
            return "offer_returned";
    }
    return {};
}

std::string_view word(Priority priority) {
    switch (priority) {
        case Priority::Urgent:
            return "urgent";
        case Priority::High:
            return "high";
        case Priority::Normal:
            return "normal";
        case Priority::Low:
            return "low";
    }
    return {};
}

std::optional<Priority> parse_priority(std::string_view text) {
    for (const Priority p : {Priority::Urgent, Priority::High, Priority::Normal, Priority::Low}) {
        if (word(p) == text) return p;
    }
    return std::nullopt;
}

AgentStateKind kind_of(const AgentState& state) {
    return std::visit(overloaded{
                          [](const SignedOut&) { return AgentStateKind::SignedOut; },
                          [](const NotReady&) { return AgentStateKind::NotReady; },
                          [](const Ready&) { return AgentStateKind::Ready; },
                          [](const Offered&) { return AgentStateKind::Offered; },
                          [](const Talking&) { return AgentStateKind::Talking; },
                          [](const WrapUp&) { return AgentStateKind::WrapUp; },
                      },
                      state);
}

std::string_view AgentView::reason() const {
    const auto* not_ready = std::get_if<NotReady>(&state);
    return not_ready == nullptr ? std::string_view{} : not_ready->reason;
}

std::optional<WallTime> until_of(const AgentState& state) {
    if (const auto* offered = std::get_if<Offered>(&state)) return offered->deadline.wall;
    if (const auto* wrap_up = std::get_if<WrapUp>(&state)) return wrap_up->deadline.wall;
    return std::nullopt;
}

std::optional<ContactId> contact_of(const AgentState& state) {
    if (const auto* offered = std::get_if<Offered>(&state)) return offered->contact;
    if (const auto* talking = std::get_if<Talking>(&state)) return talking->contact;
    if (const auto* wrap_up = std::get_if<WrapUp>(&state)) return wrap_up->contact;
    return std::nullopt;
}

std::optional<NextStatus> AgentView::next() const {
    if (const auto* offered = std::get_if<Offered>(&state)) return offered->next;
    if (const auto* talking = std::get_if<Talking>(&state)) return talking->next;
    if (const auto* wrap_up = std::get_if<WrapUp>(&state)) return wrap_up->next;
    return std::nullopt;
}

}  // namespace escucha::acd
