#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "audit/log.h"
#include "base/result.h"
#include "exports/requests.h"
#include "recording/keyring.h"
#include "store/journal.h"
#include "store/sql.h"

namespace escucha::exports {

class SealedArchive;

/// Makes the files of approved exports, one after another, on a thread of its own, and removes
/// those whose time is over.
///
/// A passphrase lives here from `make` until its file is written, in memory and nowhere else: a
/// making that a restart interrupts begins again with another one, when its asker says so.
class Desk {
public:
    struct Options {
        std::filesystem::path folder;  ///< Made when missing, mode 0700; whatever is not of a
                                       ///< ready export is removed from it.
        std::filesystem::path recordings_dir;
        recording::Keyring* recording_keys = nullptr;
        audit::Log* audit = nullptr;
    };
    /// Waiting to be made; the next is refused.
    static constexpr std::size_t kMaxWaiting = 8;

    /// What is given outlives it.
    Desk(Options options, const store::Database& database, store::Journal& journal);
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;
    /// Gives up what is being made.
    ~Desk();

    struct Job {
        Request request;
        std::string asker;  ///< The login, for the visible mark.
        std::string passphrase;
    };
    /// The request is Making. Error: `Unavailable` when too many wait, or the store could not yet
    /// be asked what the last process left.
    Result<void> make(Job job);

    /// Lines or recordings written so far of what is being made.
    [[nodiscard]] std::optional<std::int64_t> progress(ExportId id) const;

    /// Looks now for what is to be removed.
    void sweep_soon();

    [[nodiscard]] std::filesystem::path file_of(ExportId id) const;

private:
    void run();
    /// Whether the store could be asked.
    bool recover();
    void recover_once();
    /// Wipes their passphrases. With the lock, or without the thread.
    void forget_waiting();
    Result<void> write(store::Journal::Work work);
    void sweep();
    void remove_strays(const std::set<std::string>& keep);
    void make_one(Job job);
    Result<Made> write_file(const Job& job, const std::filesystem::path& path);
    Result<void> write_lines(const Job& job, SealedArchive& archive, Made& made);
    Result<void> write_sounds(const Job& job, SealedArchive& archive, Made& made);
    void tell(std::int64_t done);
    [[nodiscard]] bool is_stopping() const;

    const Options options_;
    const store::Database& database_;
    store::Journal& journal_;
    mutable std::mutex mutex_;  ///< Of what follows.
    std::condition_variable news_;
    bool is_stopping_ = false, is_sweep_due_ = true;
    bool is_recovered_ = false;  ///< Nothing is made before.
    std::deque<Job> waiting_;
    std::optional<ExportId> making_;
    std::int64_t done_ = 0;
    std::thread thread_;
};

}  // namespace escucha::exports
