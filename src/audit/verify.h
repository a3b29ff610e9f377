#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "audit/chain.h"
#include "audit/checkpoint.h"

namespace escucha::audit {

/// An entry with the hash that was stored beside it.
struct Linked {
    Entry entry{};
    Hash hash{};
};

enum class Fault {
    Changed,            ///< The entry does not say any more what its hash answers for.
    Missing,            ///< The number that should come next is not there.
    Reordered,          ///< An entry stands after one with a greater number.
    Rewritten,          ///< The chain fits together and is not the one that was signed here.
    Truncated,          ///< A signed checkpoint stands beyond the last entry.
    Unsealed,           ///< More entries without a checkpoint than the log ever leaves.
    ForgedCheckpoint,   ///< Its signature does not hold.
    MissingCheckpoint,  ///< Its ordinal is not the next one.
    Unindexed,          ///< From about here on, who is looked for by customer is not all there is.
    UnknownKey,         ///< Signed by a key that is not in the key file: it proves nothing.
};
std::string_view word(Fault fault);

struct Finding {
    Fault fault = Fault::Changed;
    std::int64_t number = 0;  ///< The first entry that cannot be trusted.
    bool operator==(const Finding&) const = default;
};

struct Report {
    std::int64_t entries = 0;      ///< Good ones, from the first.
    std::int64_t checkpoints = 0;  ///< Whose signature and hash hold.
    std::int64_t unsealed = 0;     ///< Entries after the last of them.
    Head head{};                   ///< Of the good part.
    std::optional<Finding> first{};
};

/// Walks one company's chain from its first entry. Pure: whoever reads the rows feeds them, in the
/// order of their numbers. The first fault ends it, for nothing after it is proved by a hash.
class Verification {
public:
    /// `checkpoints` by ordinal. `keys` outlives the walk; without them no signature is looked at,
    /// and no checkpoint counts.
    Verification(CompanyId company, std::vector<Checkpoint> checkpoints, const SigningKeys* keys);

    /// False when a fault was found, now or before.
    bool take(const Linked& next);
    /// After the last entry.
    Report finish();

private:
    bool fault(Fault what, std::int64_t number);
    bool check_checkpoints();
    [[nodiscard]] std::optional<Fault> fault_of(const Checkpoint& checkpoint) const;

    CompanyId company_;
    std::vector<Checkpoint> checkpoints_;
    const SigningKeys* keys_;
    Linker linker_;
    std::size_t next_checkpoint_ = 0;
    std::int64_t sealed_ = 0;  ///< The last entry that a good checkpoint answers for.
    Report report_;
};

}  // namespace escucha::audit
