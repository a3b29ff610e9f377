#include "audit/log.h"

#include <future>
#include <map>
#include <mutex>

#include "audit/chain.h"
#include "audit/detail/rows.h"
#include "base/errc.h"
#include "base/hex.h"
#include "base/log.h"

namespace escucha::audit {
namespace {

/// Texts that both engines store as they were hashed, and no longer than they may be.
Entry bounded(Entry entry) {
    const auto bound = [](std::string& text, std::size_t most) {
        if (text.size() > most) text.resize(most);
        // Also mends a character that was cut in two; that may make it a little longer.
        text = store::clean_text(text);
    };
    bound(entry.who.id, kMaxWordBytes);
    bound(entry.session, kMaxWordBytes);
    bound(entry.action, kMaxWordBytes);
    bound(entry.object_kind, kMaxWordBytes);
    bound(entry.object_id, kMaxWordBytes);
    bound(entry.reason, kMaxReasonBytes);
    if (entry.details.size() > kMaxDetailsBytes) entry.details = "{}";
    entry.details = store::clean_text(entry.details);
    if (entry.customers.size() > kMaxCustomers) entry.customers.resize(kMaxCustomers);
    return entry;
}

/// Where a company's chain and its checkpoints end.
struct End {
    Head head{};
    std::int64_t ordinal = 0;
    std::int64_t sealed = 0;  ///< The number of the last checkpoint.
    WallTime sealed_at{};
};

Result<End> read_end(store::Connection& connection, CompanyId company) {
    End end;
    ESC_TRY(end.head, read_head(connection, company));
    ESC_TRY(const auto row,
            connection.query_one("SELECT ordinal, number, at_us FROM audit_checkpoint"
                                 " WHERE company_id = ? ORDER BY ordinal DESC LIMIT 1",
                                 {company}));
    if (!row) return end;
    ESC_TRY(const auto fields, (row->as<std::int64_t, std::int64_t, WallTime>()));
    std::tie(end.ordinal, end.sealed, end.sealed_at) = fields;
    return end;
}

Error stuck() { return fail(store::Errc::Busy, "the audit log cannot be written"); }

/// What the writer will say, for a thread that waits for it a while.
class Answer {
public:
    [[nodiscard]] Log::OnWritten teller() const {
        return [promise = promise_](Result<void> done) { promise->set_value(std::move(done)); };
    }
    Result<void> wait(std::chrono::milliseconds deadline) {
        auto outcome = promise_->get_future();
        if (outcome.wait_for(deadline) != std::future_status::ready) {
            return fail(escucha::Errc::Timeout, "the audit log");
        }
        return outcome.get();
    }

private:
    // Shared with the writer, which may answer after the deadline.
    std::shared_ptr<std::promise<Result<void>>> promise_ =
        std::make_shared<std::promise<Result<void>>>();
};

/// Whether a commit that was thought to have failed came about: it wrote all or nothing, so any of
/// its entries tells.
Result<bool> is_written(store::Connection& connection, const std::map<CompanyId, Head>& heads) {
    if (heads.empty()) return false;
    const auto& [company, head] = *heads.begin();
    ESC_TRY(const auto found, read_links(connection, company, head.number - 1, head.number, 1));
    return !found.empty() && found.front().hash == head.hash;
}

/// The end of what is signed moves to the end of the chain.
Result<void> write_checkpoint(store::Connection& connection,
                              const SigningKeys& keys,
                              CompanyId company,
                              End& end,
                              WallTime at) {
    const Checkpoint made = keys.sign(company, end.ordinal + 1, end.head, at);
    ESC_TRY(detail::insert_checkpoint(connection, made));
    end.ordinal = made.ordinal;
    end.sealed = made.head.number;
    end.sealed_at = at;
    // A witness outside the database: who cuts the tail off with its checkpoints does not reach it.
    log::info("audit_checkpoint",
              {{"company", company.to_string()},
               {"number", std::to_string(made.head.number)},
               {"hash", to_hex(made.head.hash)}});
    return ok();
}

}  // namespace

/// Entries that are written in one piece of work, with those who wait for it.
struct Log::Group {
    struct Waiting {
        Entry entry;
        OnWritten told;
    };
    std::vector<Waiting> waiting;
    /// What a first attempt wrote, should its commit turn out to have come about.
    std::map<CompanyId, Head> written;
};

struct Log::Shared {
    Shared(const SigningKeys& signing, LogOptions given) : keys{signing}, options{given} {}

    /// From here on nobody joins the group.
    void close(const Group& group);
    void count(const Group& group, const Result<void>& done);
    Result<void> write(store::Connection& connection, Group& group);
    Result<void> seal(store::Connection& connection, Seal what, WallTime now) const;
    [[nodiscard]] bool is_due(const End& end, WallTime at) const;

    const SigningKeys& keys;
    const LogOptions options;
    std::mutex mutex;               ///< Of what follows.
    std::shared_ptr<Group> open{};  ///< Takes entries until the writer begins with it.
    Counters counters{};
};

Log::Log(store::Journal& journal, const SigningKeys& keys, LogOptions options)
    : journal_{journal}, shared_{std::make_shared<Shared>(keys, options)} {}

// What cannot be entered soon is better refused at once: who waits holds a thread.
bool Log::is_stuck() const { return journal_.health() == store::JournalHealth::Recovering; }

Result<void> Log::append(Entry entry, OnWritten on_written) {
    if (is_stuck()) {
        const std::lock_guard guard{shared_->mutex};
        ++shared_->counters.refused;
        return stuck();
    }
    std::shared_ptr<Group> opened;
    {
        const std::lock_guard guard{shared_->mutex};
        if (!shared_->open) shared_->open = opened = std::make_shared<Group>();
        auto& waiting = shared_->open->waiting;
        if (waiting.size() >= static_cast<std::size_t>(kMostAtOnce)) {
            ++shared_->counters.refused;
            return fail(store::Errc::Full, "entries that wait for the audit log");
        }
        waiting.push_back({bounded(std::move(entry)), std::move(on_written)});
    }
    if (!opened) return ok();
    return queue(std::move(opened));
}

/// Gives the journal a group that was just opened. When it will not take it, those who joined
/// meanwhile are told; who opened it gets the error.
Result<void> Log::queue(std::shared_ptr<Group> group) {
    const auto queued = journal_.queue_write(
        [shared = shared_, group](store::Connection& connection) {
            shared->close(*group);
            return shared->write(connection, *group);
        },
        [shared = shared_, group](const Result<void>& done) {
            shared->close(*group);
            shared->count(*group, done);
            for (auto& one : group->waiting) one.told(done);
        });
    if (queued) return ok();
    shared_->close(*group);
    shared_->count(*group, queued);
    for (std::size_t i = 1; i < group->waiting.size(); ++i) group->waiting[i].told(queued);
    return queued;
}

void Log::Shared::close(const Group& group) {
    const std::lock_guard guard{mutex};
    if (open.get() == &group) open.reset();
}

void Log::Shared::count(const Group& group, const Result<void>& done) {
    const std::lock_guard guard{mutex};
    if (done) {
        counters.entries += group.waiting.size();
        ++counters.commits;
    } else {
        counters.refused += group.waiting.size();
    }
}

// The end of each chain is read anew: whatever became of the commit before, it is the truth.
Result<void> Log::Shared::write(store::Connection& connection, Group& group) {
    ESC_TRY(const bool is_there, is_written(connection, group.written));
    if (is_there) return ok();
    std::map<CompanyId, End> ends;
    Linker linker;
    std::vector<Linked> links;
    links.reserve(group.waiting.size());
    for (auto& one : group.waiting) {
        const CompanyId company = one.entry.company;
        if (!ends.contains(company)) {
            ESC_TRY(ends[company], read_end(connection, company));
        }
        End& end = ends[company];
        one.entry.number = end.head.number + 1;
        links.push_back({one.entry, linker.link(end.head.hash, one.entry)});
        end.head = {one.entry.number, links.back().hash};
    }
    ESC_TRY(detail::insert_links(connection, links));
    for (auto& [company, end] : ends) {
        const WallTime at = group.waiting.back().entry.at;
        if (is_due(end, at)) {
            ESC_TRY(write_checkpoint(connection, keys, company, end, at));
        }
        group.written[company] = end.head;
    }
    return ok();
}

/// A company's first entry is signed at once. A clock that was put back does not put a checkpoint
/// off.
bool Log::Shared::is_due(const End& end, WallTime at) const {
    const auto since = at - end.sealed_at;
    return end.head.number - end.sealed >= options.checkpoint_every ||
           since >= options.checkpoint_after || since <= -options.checkpoint_after;
}

Result<void> Log::Shared::seal(store::Connection& connection, Seal what, WallTime now) const {
    ESC_TRY(const auto companies, audited_companies(connection));
    for (const CompanyId company : companies) {
        ESC_TRY(auto end, read_end(connection, company));
        if (end.head.number == end.sealed) continue;
        if (what == Seal::Due && !is_due(end, now)) continue;
        ESC_TRY(write_checkpoint(connection, keys, company, end, now));
    }
    return ok();
}

Result<void> Log::append_and_wait(Entry entry, std::chrono::milliseconds deadline) {
    Answer answer;
    ESC_TRY(append(std::move(entry), answer.teller()));
    return answer.wait(deadline);
}

Result<void> Log::seal(Seal what, WallTime now, std::chrono::milliseconds deadline) {
    if (is_stuck()) return stuck();
    Answer answer;
    ESC_TRY(journal_.queue_write(
        [shared = shared_, what, now](store::Connection& connection) {
            return shared->seal(connection, what, now);
        },
        answer.teller()));
    return answer.wait(deadline);
}

Log::Counters Log::counters() const {
    const std::lock_guard guard{shared_->mutex};
    return shared_->counters;
}

}  // namespace escucha::audit
