#include "store/detail/journal_writer.h"

#include <algorithm>
#include <future>
#include <iterator>

#include "base/check.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "base/thread_name.h"
#include "store/detail/rows.h"

namespace escucha::store::detail {
namespace {

using Clock = std::chrono::steady_clock;

/// The engine works and refused this statement; the rest of the group is not to blame.
bool is_refusal(const std::error_code& code) {
    return code == Errc::Unique || code == Errc::Constraint || code == Errc::BadStatement ||
           code == Errc::TypeMismatch || code.category() != store_category();
}

/// Which row a change is about.
std::variant<ContactId, std::string_view> row_of(const LiveChange& change) {
    using Row = std::variant<ContactId, std::string_view>;
    return std::visit(overloaded{[](const LiveContact& live) { return Row{live.contact}; },
                                 [](const LiveContactGone& gone) { return Row{gone.contact}; },
                                 [](const LiveState& state) { return Row{state.name}; },
                                 [](const LiveStateGone& gone) { return Row{gone.name}; }},
                      change);
}

}  // namespace

JournalWriter::JournalWriter(Database database, JournalOptions options)
    : database_{std::move(database)}, options_{options} {}

Result<std::unique_ptr<JournalWriter>> JournalWriter::open(const Database& database,
                                                           JournalOptions options) {
    std::unique_ptr<JournalWriter> writer{new JournalWriter{database, options}};
    ESC_TRY(writer->connect());
    ESC_TRY(const auto last, last_seq(*writer->connection_));
    writer->next_seq_ = last + 1;
    writer->last_committed_ = last;
    writer->thread_ = std::thread{[raw = writer.get()] { raw->run(); }};
    return writer;
}

JournalWriter::~JournalWriter() {
    {
        const std::lock_guard guard{mutex_};
        is_closing_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Result<void> JournalWriter::connect() {
    connection_.reset();
    ESC_TRY(auto connection, database_.connect());
    // PostgreSQL's lock belongs to the session, so a new session takes it again.
    if (!lock_ || database_.engine() == Engine::Postgres) {
        ESC_TRY(auto lock, WriterLock::acquire(database_, connection));
        lock_.emplace(std::move(lock));
    }
    connection_.emplace(std::move(connection));
    projector_.forget();
    return ok();
}

Result<void> JournalWriter::push(Item item) {
    {
        const std::lock_guard guard{mutex_};
        if (is_closing_ || health_ == JournalHealth::Stopped) {
            return fail(Errc::Closed, "the journal has stopped");
        }
        if (queue_.size() >= options_.limit) return fail(Errc::Full, "the journal's queue");
        queue_.push_back(std::move(item));
        // It looks by itself at the end of its pace.
        if (is_pacing_) return ok();
    }
    wake_.notify_one();
    return ok();
}

Result<void> JournalWriter::append(Batch batch, OnCommitted on_committed) {
    Item item;
    item.batch = std::move(batch);
    item.done = std::move(on_committed);
    return push(std::move(item));
}

Result<Committed> JournalWriter::append_and_wait(Batch batch) {
    // On its own thread it would wait for itself.
    ESC_CHECK(std::this_thread::get_id() != thread_.get_id());
    std::promise<Result<Committed>> promise;
    auto outcome = promise.get_future();
    ESC_TRY(append(std::move(batch),
                   [&promise](Result<Committed> done) { promise.set_value(std::move(done)); }));
    return outcome.get();
}

Result<void> JournalWriter::write(Work work) {
    ESC_CHECK(std::this_thread::get_id() != thread_.get_id());
    std::promise<Result<void>> promise;
    auto outcome = promise.get_future();
    ESC_TRY(queue_write(std::move(work),
                        [&promise](Result<void> done) { promise.set_value(std::move(done)); }));
    return outcome.get();
}

Result<void> JournalWriter::queue_write(Work work, OnWritten on_written) {
    Item item;
    item.work = std::move(work);
    item.done = [told = std::move(on_written)](Result<Committed> done) {
        if (done) {
            told(ok());
        } else {
            told(std::move(done).error());
        }
    };
    return push(std::move(item));
}

Journal::SubscriptionId JournalWriter::subscribe(Subscriber subscriber) {
    const std::lock_guard guard{subscribers_mutex_};
    const SubscriptionId id = next_subscription_++;
    subscribers_.emplace(id, std::move(subscriber));
    return id;
}

void JournalWriter::unsubscribe(SubscriptionId id) {
    const std::lock_guard guard{subscribers_mutex_};
    subscribers_.erase(id);
}

bool JournalWriter::is_congested() const {
    const std::lock_guard guard{mutex_};
    return queue_.size() >= options_.congested_at || health_ != JournalHealth::Writing;
}

JournalHealth JournalWriter::health() const {
    const std::lock_guard guard{mutex_};
    return health_;
}

std::string JournalWriter::trouble() const {
    const std::lock_guard guard{mutex_};
    return trouble_;
}

Journal::Counters JournalWriter::counters() const {
    const std::lock_guard guard{mutex_};
    Counters counters = counters_;
    counters.queued = queue_.size();
    return counters;
}

void JournalWriter::run() {
    name_this_thread("journal");
    while (true) {
        Group group = take_group();
        if (group.empty()) break;
        commit(group);
    }
    connection_.reset();
    set_health(JournalHealth::Stopped, "closed");
}

JournalWriter::Group JournalWriter::take_group() {
    std::unique_lock guard{mutex_};
    wake_.wait(guard, [&] { return is_closing_ || !queue_.empty(); });
    keep_pace(guard);
    Group group;
    std::size_t events = 0;
    while (!queue_.empty()) {
        const std::size_t more = queue_.front().batch.events.size();
        if (!group.empty() && events + more > options_.max_group) break;
        events += more;
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    group_started_ = Clock::now();
    last_group_ = group.size();
    return group;
}

// A group of one means that nobody else was waiting: then there is nothing to gather.
void JournalWriter::keep_pace(std::unique_lock<std::mutex>& guard) {
    if (last_group_ <= 1) return;
    const auto due = group_started_ + options_.pace;
    if (Clock::now() >= due) return;
    is_pacing_ = true;
    wake_.wait_until(guard, due, [&] { return is_closing_; });
    is_pacing_ = false;
}

void JournalWriter::commit(Group& group) {
    if (health() == JournalHealth::Stopped) {
        give_up(group, fail(Errc::Closed, "the journal has stopped"));
        return;
    }
    const auto start = Clock::now();
    Isolation isolation = Isolation::None;
    Retry retry{.delay = options_.retry_first};
    while (true) {
        auto written = try_commit(group, isolation);
        if (written) break;
        Error error = std::move(written).error();
        if (is_refusal(error.code) && isolation == Isolation::None) {
            isolation = Isolation::PerItem;
            continue;
        }
        log::error("journal_write_failed", {{"why", error.message()}});
        set_health(JournalHealth::Recovering, error.message());
        auto recovered = recover(retry);
        if (!recovered) {
            give_up(group, recovered.error());
            return;
        }
        set_health(JournalHealth::Writing, {});
        if (recovered.value()) break;
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
    {
        const std::lock_guard guard{mutex_};
        counters_.events += pending_.size();
        ++counters_.commits;
        counters_.last_commit = took;
        counters_.slowest_commit = std::max(counters_.slowest_commit, took);
    }
    publish(group);
}

Result<void> JournalWriter::try_commit(Group& group, Isolation isolation) {
    pending_.clear();
    latest_live_.clear();
    projector_.discard_counters();
    ESC_TRY(auto tx, Tx::begin(*connection_));
    for (Item& item : group) {
        ESC_TRY(write_item(item, isolation));
    }
    ESC_TRY(projector_.write_counters(*connection_));
    for (const auto& [row, change] : latest_live_) {
        ESC_TRY(write_live(*change));
    }
    return tx.commit();
}

Result<void> JournalWriter::write_item(Item& item, Isolation isolation) {
    item.outcome = Committed{};
    // Work is always isolated: it is not ours, and may fail for reasons that are nobody's fault.
    if (isolation == Isolation::None && !item.work) {
        ESC_TRY(write_events(item));
        // Several turns of one call often share a commit; only its last state is worth a write.
        for (const LiveChange& change : item.batch.live) latest_live_[row_of(change)] = &change;
        return ok();
    }
    return write_isolated(item);
}

Result<void> JournalWriter::write_isolated(Item& item) {
    const std::size_t before = pending_.size();
    // What was counted before must not be undone with this item.
    ESC_TRY(projector_.write_counters(*connection_));
    ESC_TRY(connection_->execute("SAVEPOINT item"));
    auto written = item.work ? item.work(*connection_) : write_alone(item);
    if (written) {
        ESC_TRY(connection_->execute("RELEASE SAVEPOINT item"));
        return ok();
    }
    Error error = std::move(written).error();
    if (!is_refusal(error.code)) return error;
    pending_.resize(before);
    projector_.forget();
    projector_.discard_counters();
    ESC_TRY(connection_->execute("ROLLBACK TO SAVEPOINT item"));
    ESC_TRY(connection_->execute("RELEASE SAVEPOINT item"));
    item.outcome = std::move(error);
    return ok();
}

Result<void> JournalWriter::write_alone(Item& item) {
    ESC_TRY(write_events(item));
    ESC_TRY(projector_.write_counters(*connection_));
    for (const LiveChange& change : item.batch.live) {
        ESC_TRY(write_live(change));
    }
    return ok();
}

Result<void> JournalWriter::write_events(Item& item) {
    const auto first = next_seq_ + static_cast<std::int64_t>(pending_.size());
    for (const Event& event : item.batch.events) {
        const auto seq = next_seq_ + static_cast<std::int64_t>(pending_.size());
        const auto fields = fields_of(event);
        pending_.push_back(encode(event, seq, fields));
        auto inserted = insert_event(*connection_, pending_.back());
        if (!inserted && inserted.error().code == Errc::Unique) {
            return fail(Errc::Corrupt, "event " + std::to_string(seq) + " exists already");
        }
        ESC_TRY(std::move(inserted));
        ESC_TRY(projector_.apply(*connection_, pending_.back(), fields));
    }
    item.outcome = Committed{first, static_cast<std::int64_t>(item.batch.events.size())};
    return ok();
}

Result<void> JournalWriter::write_live(const LiveChange& change) {
    auto done = std::visit(
        overloaded{
            [&](const LiveContact& live) {
                return connection_->execute(
                    "INSERT INTO live_contact (contact_id, company_id, blob) VALUES (?, ?, ?)"
                    " ON CONFLICT (contact_id) DO UPDATE SET blob = excluded.blob",
                    {live.contact, live.company, live.blob});
            },
            [&](const LiveContactGone& gone) {
                return connection_->execute("DELETE FROM live_contact WHERE contact_id = ?",
                                            {gone.contact});
            },
            [&](const LiveState& state) {
                return connection_->execute(
                    "INSERT INTO live_state (name, blob) VALUES (?, ?)"
                    " ON CONFLICT (name) DO UPDATE SET blob = excluded.blob",
                    {state.name, state.blob});
            },
            [&](const LiveStateGone& gone) {
                return connection_->execute("DELETE FROM live_state WHERE name = ?", {gone.name});
            },
        },
        change);
    if (!done) return std::move(done).error();
    return ok();
}

// The failed transaction may be on disk, whole, or not at all; the end of the journal tells. The
// old connection is never asked: after a failed fsync its cache shows pages that the disk does not
// hold.
Result<bool> JournalWriter::recover(Retry& retry) {
    while (true) {
        // A closing journal tries once more and then tells its callers; waiting would hang the
        // exit.
        if (retry.was_last) return fail(Errc::Closed, "closing, and the database still fails");
        retry.was_last = !pause(retry.delay);
        retry.delay = std::min(retry.delay * 2, options_.retry_at_most);
        auto connected = connect();
        auto found = connected ? is_pending_on_disk() : Result<bool>{connected.error()};
        if (found) {
            const std::lock_guard guard{mutex_};
            ++counters_.recoveries;
            return found.value();
        }
        if (found.error().code == Errc::Corrupt) return std::move(found).error();
        set_health(JournalHealth::Recovering, found.error().message());
    }
}

Result<bool> JournalWriter::is_pending_on_disk() {
    ESC_TRY(const auto last, last_seq(*connection_));
    const auto count = static_cast<std::int64_t>(pending_.size());
    if (last == next_seq_ - 1) {
        // Work that wrote no events may be there all the same; it looks for itself when it runs
        // again, and must then find what no power cut takes back.
        if (count == 0) {
            ESC_TRY(make_durable());
        }
        return false;
    }
    if (count > 0 && last == next_seq_ - 1 + count) {
        const std::string sql =
            "SELECT " + std::string{kEventColumns} + " FROM event WHERE seq = ?";
        ESC_TRY(const auto row, connection_->query_one(sql, {last}));
        if (row) {
            ESC_TRY(const auto event, read_event(*row));
            if (event == pending_.back()) return make_durable();
        }
    }
    return fail(
        Errc::Corrupt,
        "the journal ends at " + std::to_string(last) + " and not where this writer left it");
}

// What was found may be in the kernel's memory only: after a failed fsync its pages count as clean,
// and another fsync would have nothing to do. A checkpoint writes them anew, to the main file.
Result<bool> JournalWriter::make_durable() {
    if (database_.engine() != Engine::Sqlite || database_.path().empty()) return true;
    ESC_TRY(const auto row, connection_->query_one("PRAGMA wal_checkpoint(FULL)"));
    if (!row) return fail(Errc::Io, "no answer to a checkpoint");
    ESC_TRY(const auto is_busy, row->get<bool>(0));
    if (is_busy) return fail(Errc::Busy, "readers hold the write-ahead log");
    return true;
}

bool JournalWriter::pause(std::chrono::milliseconds delay) {
    std::unique_lock guard{mutex_};
    if (is_closing_) return false;
    wake_.wait_for(guard, delay, [&] { return is_closing_; });
    return true;
}

void JournalWriter::publish(Group& group) {
    next_seq_ += static_cast<std::int64_t>(pending_.size());
    last_committed_ = next_seq_ - 1;
    if (!pending_.empty()) {
        const auto events =
            std::make_shared<const std::vector<StoredEvent>>(std::exchange(pending_, {}));
        const std::lock_guard guard{subscribers_mutex_};
        for (const auto& [id, subscriber] : subscribers_) subscriber(events);
    }
    for (Item& item : group) {
        if (!item.outcome && !item.work) {
            log::error("journal_batch_refused", {{"why", item.outcome.error().message()}});
            const std::lock_guard guard{mutex_};
            ++counters_.rejected_batches;
        }
        if (item.done) item.done(std::move(item.outcome));
    }
}

void JournalWriter::give_up(Group& group, const Error& error) {
    set_health(JournalHealth::Stopped, error.message());
    log::error("journal_stopped", {{"why", error.message()}});
    for (Item& item : group) {
        if (item.done) item.done(Result<Committed>{error});
    }
}

void JournalWriter::set_health(JournalHealth health, std::string trouble) {
    const std::lock_guard guard{mutex_};
    if (health == JournalHealth::Recovering) ++counters_.failures;
    health_ = health;
    trouble_ = std::move(trouble);
}

}  // namespace escucha::store::detail
