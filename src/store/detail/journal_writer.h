#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/detail/writer_lock.h"
#include "store/journal.h"
#include "store/projections.h"

namespace escucha::store::detail {

/// The journal's thread. `mutex_` guards the queue and what other threads read of the state; the
/// connection, the projector and `next_seq_` belong to the thread alone.
class JournalWriter final : public Journal {
public:
    static Result<std::unique_ptr<JournalWriter>> open(const Database& database,
                                                       JournalOptions options);
    ~JournalWriter() override;

    Result<void> append(Batch batch, OnCommitted on_committed) override;
    Result<void> write(Work work) override;
    Result<void> queue_write(Work work, OnWritten on_written) override;
    Result<Committed> append_and_wait(Batch batch) override;
    SubscriptionId subscribe(Subscriber subscriber) override;
    void unsubscribe(SubscriptionId id) override;
    [[nodiscard]] std::int64_t last_committed() const override { return last_committed_.load(); }
    [[nodiscard]] bool is_congested() const override;
    [[nodiscard]] JournalHealth health() const override;
    [[nodiscard]] std::string trouble() const override;
    [[nodiscard]] Counters counters() const override;

private:
    /// A batch or a piece of work, and what became of it.
    struct Item {
        Batch batch;
        Work work;
        OnCommitted done;
        Result<Committed> outcome = Committed{};
    };
    using Group = std::vector<Item>;
    enum class Isolation {
        None,     ///< The first failure spoils the group.
        PerItem,  ///< Each item in its own savepoint: a bad one fails alone.
    };
    /// The pace of the attempts for one group.
    struct Retry {
        std::chrono::milliseconds delay;
        bool was_last = false;
    };

    JournalWriter(Database database, JournalOptions options);
    Result<void> connect();
    void run();
    [[nodiscard]] Group take_group();
    void keep_pace(std::unique_lock<std::mutex>& guard);
    Result<void> push(Item item);

    /// Until the group is on disk, or the journal has stopped.
    void commit(Group& group);
    /// One transaction. An error means that nothing is known about it.
    Result<void> try_commit(Group& group, Isolation isolation);
    Result<void> write_item(Item& item, Isolation isolation);
    Result<void> write_isolated(Item& item);
    Result<void> write_alone(Item& item);
    Result<void> write_events(Item& item);
    Result<void> write_live(const LiveChange& change);
    /// Opens the database again. True when the failed group turned out to be on disk.
    Result<bool> recover(Retry& retry);
    Result<bool> is_pending_on_disk();
    Result<bool> make_durable();

    void publish(Group& group);
    void give_up(Group& group, const Error& error);
    void set_health(JournalHealth health, std::string trouble);
    /// Waits, less when the journal is closing. False when it was closing already.
    bool pause(std::chrono::milliseconds delay);

    Database database_;
    JournalOptions options_;

    // The writer thread's own.
    std::optional<WriterLock> lock_;
    std::optional<Connection> connection_;
    Projector projector_;
    std::int64_t next_seq_ = 1;
    std::chrono::steady_clock::time_point group_started_;
    std::size_t last_group_ = 0;  ///< Batches in it.
    std::vector<StoredEvent> pending_;  ///< Events of the transaction being written.
    /// The last change of each live row in the transaction being written; they point into its group.
    std::map<std::variant<ContactId, std::string_view>, const LiveChange*> latest_live_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Item> queue_;
    bool is_closing_ = false;
    bool is_pacing_ = false;
    JournalHealth health_ = JournalHealth::Writing;
    std::string trouble_;
    Counters counters_;
    std::atomic<std::int64_t> last_committed_{0};

    // Held while subscribers run, so that `unsubscribe` can wait for them.
    std::recursive_mutex subscribers_mutex_;
    std::map<SubscriptionId, Subscriber> subscribers_;
    SubscriptionId next_subscription_ = 1;

    std::thread thread_;
};

}  // namespace escucha::store::detail
