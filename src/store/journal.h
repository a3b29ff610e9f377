#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "store/sql.h"
#include "store/stored_event.h"

namespace escucha::store {

/// What a live contact needs to go on after a kill, as the control core wrote it.
struct LiveContact {
    ContactId contact;
    CompanyId company;
    std::string blob;
};
struct LiveContactGone {
    ContactId contact;
};
/// A named row that is not a contact's: "acd", "registrations".
struct LiveState {
    std::string name;
    std::string blob;
};
struct LiveStateGone {
    std::string name;
};
using LiveChange = std::variant<LiveContact, LiveContactGone, LiveState, LiveStateGone>;

/// What is written together or not at all. Either list may be empty.
struct Batch {
    std::vector<Event> events;
    std::vector<LiveChange> live;
};

/// The sequence numbers given to a batch's events: `first` to `first + count - 1`.
struct Committed {
    std::int64_t first = 0;
    std::int64_t count = 0;
};

/// Events of one commit, in order; their numbers have no holes, across companies. Shared, because
/// many sessions hold the same immutable list until they have sent it.
using CommittedEvents = std::shared_ptr<const std::vector<StoredEvent>>;

struct JournalOptions {
    /// Batches that wait for the writer. From `congested_at` on, `is_congested()`; at `limit`,
    /// `append` refuses.
    std::size_t congested_at = 8'192;
    std::size_t limit = 65'536;
    /// Events in one transaction; more wait for the next.
    std::size_t max_group = 4'096;
    /// Between the starts of two transactions while batches come faster than they commit: fewer,
    /// larger groups cost less than the fsync each would have. Who appends and waits never waits
    /// for it.
    std::chrono::microseconds pace{2'000};
    /// Between attempts to open a database that failed; doubles up to `retry_at_most`.
    std::chrono::milliseconds retry_first{50};
    std::chrono::milliseconds retry_at_most{2'000};
};

enum class JournalHealth {
    Writing,
    Recovering,  ///< A write failed: nothing is acknowledged until the database is open again.
    Stopped,     ///< Closed, or the journal on disk is not the one this writer wrote.
};

/// The one writer of the journal. Owns a thread and the writing connection.
///
/// Group commit: whatever is queued becomes one transaction and one fsync. Live rows and
/// projections are written in the same transaction. After the commit, on the writer thread and in
/// the order of `append`: first the subscribers (so that a page can know before a phone rings),
/// then each batch's callback.
///
/// A failed write or commit is never retried as it stands and never acknowledged: the connection is
/// closed, opened again, and the end of the journal compared; what is missing is written again,
/// what turns out to be there is acknowledged. This goes on until it succeeds or the process ends;
/// `health()` tells. A batch the engine refuses by itself (a constraint) fails alone, and its
/// callback gets the error.
///
/// Callbacks and subscribers must be quick and must not call `write` or destroy the journal; they
/// may call `append`.
class Journal {
public:
    using OnCommitted = std::function<void(Result<Committed>)>;
    using Subscriber = std::function<void(const CommittedEvents&)>;
    using Work = std::function<Result<void>(Connection&)>;
    using OnWritten = std::function<void(Result<void>)>;
    using SubscriptionId = std::uint64_t;

    /// The schema must be current. Errors: as `Database::connect`; `Busy` when another process
    /// writes this journal.
    static Result<std::unique_ptr<Journal>> open(const Database& database,
                                                 JournalOptions options = {});
    /// Writes what was accepted, then stops.
    virtual ~Journal() = default;

    /// Queues a batch; never blocks. Error: `Full` at the limit, `Closed` when stopped; the
    /// callback is then never called. Any thread.
    virtual Result<void> append(Batch batch, OnCommitted on_committed) = 0;

    /// Runs `work` on the writing connection inside the next transaction, and waits for its commit.
    /// When `work` fails, only what it wrote is rolled back. For rows that are not the journal's:
    /// users, sessions, settings. `work` may run again after a failed commit. Any thread but the
    /// writer's.
    virtual Result<void> write(Work work) = 0;

    /// `write` without the wait: never blocks, and tells `on_written` on the writer thread, after
    /// the commit. Errors as `append`; the callback is then never called. Any thread.
    virtual Result<void> queue_write(Work work, OnWritten on_written) = 0;

    /// `append` and wait. Not from the writer thread.
    virtual Result<Committed> append_and_wait(Batch batch) = 0;

    virtual SubscriptionId subscribe(Subscriber subscriber) = 0;
    /// When it returns, the subscriber is not running and never will (unless called by itself).
    virtual void unsubscribe(SubscriptionId id) = 0;

    [[nodiscard]] virtual std::int64_t last_committed() const = 0;
    [[nodiscard]] virtual bool is_congested() const = 0;
    [[nodiscard]] virtual JournalHealth health() const = 0;
    /// Why it is not writing, for a person; empty when it is.
    [[nodiscard]] virtual std::string trouble() const = 0;

    struct Counters {
        std::uint64_t events = 0, commits = 0, rejected_batches = 0, failures = 0, recoveries = 0;
        std::size_t queued = 0;
        std::chrono::microseconds last_commit{0}, slowest_commit{0};
    };
    [[nodiscard]] virtual Counters counters() const = 0;
};

/// Events of one company after `after`, oldest first, at most `limit`.
Result<std::vector<StoredEvent>> read_since(Connection& connection,
                                            CompanyId company,
                                            std::int64_t after,
                                            std::int64_t limit);
/// One contact's events, oldest first.
Result<std::vector<StoredEvent>> read_contact_events(Connection& connection,
                                                     CompanyId company,
                                                     ContactId contact);
/// The last sequence number; 0 when the journal is empty.
Result<std::int64_t> last_seq(Connection& connection);

struct Live {
    std::vector<LiveContact> contacts;
    std::vector<LiveState> states;
};
Result<Live> load_live(Connection& connection);

inline constexpr std::int64_t kMaxReferenceBlock = 10'000;

/// Takes `count` case numbers of the company for the caller's use alone: the first of them. What is
/// not used before a restart is never used. `count` is 1 to
/// `kMaxReferenceBlock`.
Result<std::int64_t> reserve_reference_block(Connection& connection,
                                             CompanyId company,
                                             std::int64_t count);

/// A company's `reference_key` column as the 128 bits that make its references
/// (cases/reference.h). One place, because whoever makes a reference must use the same bits.
std::array<std::uint8_t, 16> reference_key_bits(std::int64_t reference_key);

/// Appends events in the caller's transaction, with their projections and without a writer: for an
/// import into an installation that is not running, for a running writer stops at numbers that are
/// not its own. The last number given.
Result<std::int64_t> import_events(Connection& connection, std::span<const Event> events);

}  // namespace escucha::store
