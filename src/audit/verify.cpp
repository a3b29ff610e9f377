#include "audit/verify.h"

#include <utility>

namespace escucha::audit {

std::string_view word(Fault fault) {
    switch (fault) {
        case Fault::Changed:
            return "changed";
        case Fault::Missing:
            return "missing";
        case Fault::Reordered:
            return "reordered";
        case Fault::Rewritten:
            return "rewritten";
        case Fault::Truncated:
            return "truncated";
        case Fault::Unsealed:
            return "unsealed";
        case Fault::ForgedCheckpoint:
            return "forged_checkpoint";
        case Fault::MissingCheckpoint:
            return "missing_checkpoint";
        case Fault::Unindexed:
            return "unindexed";
        case Fault::UnknownKey:
            return "unknown_key";
    }
    return {};
}

Verification::Verification(CompanyId company,
                           std::vector<Checkpoint> checkpoints,
                           const SigningKeys* keys)
    : company_{company}, checkpoints_{std::move(checkpoints)}, keys_{keys} {}

bool Verification::fault(Fault what, std::int64_t number) {
    report_.first = Finding{what, number};
    return false;
}

bool Verification::take(const Linked& next) {
    if (report_.first) return false;
    const std::int64_t expected = report_.head.number + 1;
    if (next.entry.company != company_) return fault(Fault::Changed, expected);
    if (next.entry.number > expected) return fault(Fault::Missing, expected);
    if (next.entry.number < expected) return fault(Fault::Reordered, next.entry.number);
    if (linker_.link(report_.head.hash, next.entry) != next.hash) {
        return fault(Fault::Changed, expected);
    }
    report_.head = {expected, next.hash};
    ++report_.entries;
    return check_checkpoints();
}

/// Those that answer for the entry just taken, or should have been met before it.
bool Verification::check_checkpoints() {
    while (next_checkpoint_ < checkpoints_.size() &&
           checkpoints_[next_checkpoint_].head.number <= report_.head.number) {
        const Checkpoint& checkpoint = checkpoints_[next_checkpoint_];
        if (const auto found = fault_of(checkpoint)) return fault(*found, sealed_ + 1);
        if (checkpoint.head != report_.head) return fault(Fault::Rewritten, sealed_ + 1);
        ++next_checkpoint_;
        if (keys_ == nullptr) continue;
        ++report_.checkpoints;
        sealed_ = report_.head.number;
    }
    return true;
}

std::optional<Fault> Verification::fault_of(const Checkpoint& checkpoint) const {
    const auto expected = static_cast<std::int64_t>(next_checkpoint_) + 1;
    if (checkpoint.ordinal != expected) return Fault::MissingCheckpoint;
    if (checkpoint.company != company_) return Fault::ForgedCheckpoint;
    if (keys_ == nullptr) return std::nullopt;
    switch (keys_->check(checkpoint)) {
        case SigningKeys::Check::Good:
            return std::nullopt;
        case SigningKeys::Check::Forged:
            return Fault::ForgedCheckpoint;
        case SigningKeys::Check::UnknownKey:
            return Fault::UnknownKey;
    }
    return std::nullopt;
}

Report Verification::finish() {
    report_.unsealed = report_.head.number - sealed_;
    if (report_.first) return report_;
    if (next_checkpoint_ < checkpoints_.size()) {
        const auto found = fault_of(checkpoints_[next_checkpoint_]);
        fault(found.value_or(Fault::Truncated), report_.head.number + 1);
    } else if (keys_ != nullptr && report_.unsealed > kMostUnsealed) {
        fault(Fault::Unsealed, sealed_ + 1);
    }
    return report_;
}

}  // namespace escucha::audit
