#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "recording/chain.h"
#include "recording/keyring.h"

namespace escucha::recording {

/// What `recording_ended` says, with its link. Facts of before there was a chain have none.
struct ChainedFact {
    std::int64_t seq = 0;  ///< In the journal.
    Ended ended{};
    struct Link {
        std::int64_t number = 0;
        Digest previous{};
        Digest link{};
    };
    std::optional<Link> link{};
};

enum class ChainFault {
    Unchained,  ///< A fact without a link among facts that have one.
    Gap,        ///< Facts before this one are missing, or were put in.
    Changed,    ///< The fact does not say any more what its link answers for.
    ShortTail,  ///< The last facts are missing: the centre remembers a later link.
};

/// Walks a company's facts in the order of the journal.
class ChainWalk {
public:
    /// What is wrong with this fact. The walk goes on from what the fact says of itself, so that
    /// one fault is told once.
    std::optional<ChainFault> take(const ChainedFact& fact);
    /// Whether the walk ended where the centre says that the chain ends.
    [[nodiscard]] std::optional<ChainFault> finish(const ChainTip& remembered) const;
    [[nodiscard]] std::int64_t links() const { return links_; }

private:
    ChainTip tip_;
    std::int64_t links_ = 0;
};

enum class FileFault {
    Missing,
    Changed,   ///< Its content is not what was hashed when it ended.
    Damaged,   ///< A seal does not hold; the detail says where.
    Swapped,   ///< The file of another recording or company.
    NoKey,     ///< Its key is not in the key file: nobody can hear it.
    CutShort,  ///< Closed by its writer once, and its end is gone.
    NotOurs,
    Unreadable,
};
struct FileFinding {
    FileFault fault = FileFault::Missing;
    std::string detail;
};
/// Reads and opens all of a recording's file. Nothing: it is what the journal says.
std::optional<FileFinding> check_file(const std::string& path, const Ended& ended, Keyring* keys);

/// The data key of a sealed file, wrapped anew by its company's newest key; the sound is not
/// touched, and whenever the machine stops one slot is good. False: it was already, or the file is
/// plain.
Result<bool> rewrap_file(const std::string& path, Keyring& keys);
/// By which keys the file is wrapped; none for a plain one.
Result<std::vector<KeyId>> keys_of_file(const std::string& path);

}  // namespace escucha::recording
