#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/entry.h"
#include "audit/verify.h"
#include "store/journal.h"
#include "store/sql.h"

namespace escucha::audit {

struct LogOptions {
    std::int64_t checkpoint_every = kCheckpointEvery;  ///< At most that of checkpoint.h.
    std::chrono::minutes checkpoint_after = kCheckpointAfter;
};

/// Where entries are written: by the journal's one writer, in its transactions. Entries that come
/// while others are being committed are written together, with one fsync for all of them.
///
/// Any thread. The journal and the keys outlive it.
class Log {
public:
    using OnWritten = std::function<void(Result<void>)>;

    Log(store::Journal& journal, const SigningKeys& keys, LogOptions options = {});

    /// Gives the entry its number, links it, and tells when it is on disk, on the writer thread.
    /// Texts that are too long are cut. Never blocks. Errors, with which the callback is never
    /// called: `store::Errc::Busy` while the journal cannot write, `Full` when `kMostAtOnce` wait,
    /// `Closed`.
    Result<void> append(Entry entry, OnWritten on_written);

    /// `append` and wait, at most until the deadline: then `Errc::Timeout`, and the entry may still
    /// be written.
    Result<void> append_and_wait(Entry entry, std::chrono::milliseconds deadline);

    /// Signs what has been waiting for a checkpoint for `checkpoint_after`, of every company; or,
    /// with `Everything`, whatever no checkpoint answers for yet. Waits for the commit, at most
    /// until the deadline; errors as `append_and_wait`.
    enum class Seal { Due, Everything };
    Result<void> seal(Seal what, WallTime now, std::chrono::milliseconds deadline);

    struct Counters {
        std::uint64_t entries = 0, commits = 0, refused = 0;
    };
    [[nodiscard]] Counters counters() const;

private:
    struct Shared;
    struct Group;
    [[nodiscard]] bool is_stuck() const;
    Result<void> queue(std::shared_ptr<Group> group);

    store::Journal& journal_;
    // Shared with the work that the journal still holds when this is gone.
    std::shared_ptr<Shared> shared_;
};

/// Entries of a company, as they were linked: numbers after `after` up to `through`, in order.
Result<std::vector<Linked>> read_links(store::Connection& connection,
                                       CompanyId company,
                                       std::int64_t after,
                                       std::int64_t through,
                                       std::int64_t limit);
Result<Head> read_head(store::Connection& connection, CompanyId company);
Result<std::vector<Checkpoint>> read_checkpoints(store::Connection& connection, CompanyId company);
/// Every company that has entries or checkpoints, also one that is gone from the directory.
Result<std::vector<CompanyId>> audited_companies(store::Connection& connection);

/// Reads and verifies a company's chain as it stands now; entries that come meanwhile are left out.
/// Also when a server writes to it.
Result<Report> verify(store::Connection& connection, CompanyId company, const SigningKeys* keys);

/// What is looked for, newest first.
struct Search {
    CompanyId company{};
    std::optional<CustomerId> customer{};  ///< Who has seen him or her.
    std::optional<std::string> actor{};    ///< What this user did.
    std::optional<WallTime> from{}, to{};  ///< Half-open.
    std::optional<std::int64_t> below{};   ///< The number of the last entry of the page before.
    std::int64_t limit = 50;
};
Result<std::vector<Entry>> search(store::Connection& connection, const Search& what);

}  // namespace escucha::audit
