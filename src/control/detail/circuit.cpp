#include "control/detail/circuit.h"

#include "base/check.h"
#include "base/overloaded.h"

namespace escucha::control {

Circuit::Verdict Circuit::ask(Instant now) {
    if (unanswered_ >= kMostUnanswered) return Verdict::Busy;
    const auto try_at = std::visit(overloaded{[](const Closed&) { return Instant::min(); },
                                              [](const Open& open) { return open.until; },
                                              [](const Trying& trying) { return trying.until; }},
                                   state_);
    if (now < try_at) return Verdict::Resting;
    if (!std::holds_alternative<Closed>(state_)) state_ = Trying{.until = now + kRest};
    ++unanswered_;
    return Verdict::Ask;
}

Circuit::Change Circuit::settle(Outcome outcome, Instant now) {
    ESC_CHECK(unanswered_ > 0);
    --unanswered_;
    if (outcome == Outcome::Answered) {
        const bool was_closed = std::holds_alternative<Closed>(state_);
        state_ = Closed{.failures = 0};
        return was_closed ? Change::None : Change::Closed;
    }
    return std::visit(overloaded{[&](Closed& closed) {
                                     if (++closed.failures < kFailuresToOpen) return Change::None;
                                     state_ = Open{.until = now + kRest};
                                     return Change::Opened;
                                 },
                                 // One that was asked before: it tells nothing new.
                                 [](const Open&) { return Change::None; },
                                 [&](const Trying&) {
                                     state_ = Open{.until = now + kRest};
                                     return Change::Opened;
                                 }},
                      state_);
}

}  // namespace escucha::control
