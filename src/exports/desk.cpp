#include "exports/desk.h"

#include <future>
#include <memory>
#include <system_error>

#include <sodium.h>

#include "base/errc.h"
#include "base/log.h"
#include "base/thread_name.h"
#include "exports/archive.h"
#include "recording/errc.h"

namespace escucha::exports {
namespace {

constexpr std::chrono::minutes kSweepEvery{1};
/// What is written later all the same is found by `recover`.
constexpr std::chrono::seconds kWriteDeadline{5};
constexpr std::string_view kEnding = ".zip";

/// What people can do something about, by the word that the page says.
std::string failure_of(const Error& error) {
    if (error.code == escucha::Errc::Io) return "disk";
    if (error.code == escucha::Errc::Unavailable) return "interrupted";
    return error.code.category() == recording::category() ? "sound" : "store";
}

}  // namespace

Desk::Desk(Options options, const store::Database& database, store::Journal& journal)
    : options_{std::move(options)}, database_{database}, journal_{journal} {
    is_recovered_ = recover();
    thread_ = std::thread{[this] { run(); }};
}

Desk::~Desk() {
    {
        const std::scoped_lock lock{mutex_};
        is_stopping_ = true;
    }
    news_.notify_all();
    thread_.join();
    forget_waiting();
}

void Desk::forget_waiting() {
    for (Job& job : waiting_) sodium_memzero(job.passphrase.data(), job.passphrase.size());
    waiting_.clear();
}

std::filesystem::path Desk::file_of(ExportId id) const {
    return options_.folder / (id.to_string() + std::string{kEnding});
}

Result<void> Desk::make(Job job) {
    {
        const std::scoped_lock lock{mutex_};
        if (is_stopping_ || !is_recovered_ || waiting_.size() >= kMaxWaiting) {
            return fail(escucha::Errc::Unavailable, "exports waiting");
        }
        waiting_.push_back(std::move(job));
    }
    news_.notify_all();
    return ok();
}

std::optional<std::int64_t> Desk::progress(ExportId id) const {
    const std::scoped_lock lock{mutex_};
    if (making_ != id) return std::nullopt;
    return done_;
}

void Desk::sweep_soon() {
    {
        const std::scoped_lock lock{mutex_};
        is_sweep_due_ = true;
    }
    news_.notify_all();
}

// Not `Journal::write`, which waits for as long as a disk is full: nobody could stop the server.
Result<void> Desk::write(store::Journal::Work work) {
    const auto told = std::make_shared<std::promise<Result<void>>>();
    auto outcome = told->get_future();
    ESC_TRY(journal_.queue_write(std::move(work),
                                 [told](Result<void> done) { told->set_value(std::move(done)); }));
    if (outcome.wait_for(kWriteDeadline) != std::future_status::ready) {
        return fail(escucha::Errc::Timeout, "journal");
    }
    return outcome.get();
}

bool Desk::is_stopping() const {
    const std::scoped_lock lock{mutex_};
    return is_stopping_;
}

void Desk::tell(std::int64_t done) {
    const std::scoped_lock lock{mutex_};
    done_ = done;
}

void Desk::run() {
    name_this_thread("exports");
    while (true) {
        std::optional<Job> job;
        {
            std::unique_lock lock{mutex_};
            news_.wait_for(lock, kSweepEvery, [this] {
                return is_stopping_ || is_sweep_due_ || !waiting_.empty();
            });
            if (is_stopping_) return;
            is_sweep_due_ = false;
            if (is_recovered_ && !waiting_.empty()) {
                job = std::move(waiting_.front());
                waiting_.pop_front();
                making_ = job->request.id;
                done_ = 0;
            }
        }
        if (!job) recover_once();
        if (job) make_one(std::move(*job));
        sweep();
    }
}

// When the store could not be asked at the start, or could not be told what became of a file.
// Whoever waits meanwhile is to begin again, like those of a process before this one.
void Desk::recover_once() {
    {
        const std::scoped_lock lock{mutex_};
        if (is_recovered_) return;
        forget_waiting();
    }
    const bool is_done = recover();
    const std::scoped_lock lock{mutex_};
    is_recovered_ = is_done;
}

// What the last process was making has lost its passphrase.
bool Desk::recover() {
    std::error_code error;
    std::filesystem::create_directories(options_.folder, error);
    std::filesystem::permissions(options_.folder, std::filesystem::perms::owner_all, error);
    if (error) log::error("exports_folder_not_made", {{"why", error.message()}});
    const auto recovered =
        write([](store::Connection& connection) { return exports::recover(connection); });
    if (!recovered) log::warn("exports_not_recovered", {{"why", recovered.error().message()}});
    return recovered.has_value();
}

void Desk::sweep() {
    const auto expired = write([now = read_clocks().wall](store::Connection& connection) {
        return expire(connection, now);
    });
    if (!expired) return log::warn("exports_not_expired", {{"why", expired.error().message()}});
    const auto ready = [this]() -> Result<std::vector<ExportId>> {
        ESC_TRY(auto connection, database_.connect(store::Access::ReadOnly));
        return ready_ones(connection);
    }();
    if (!ready) return log::warn("exports_not_read", {{"why", ready.error().message()}});
    std::set<std::string> keep;
    for (const ExportId id : ready.value()) keep.insert(file_of(id).filename().string());
    remove_strays(keep);
}

// Files are made by this thread alone, so what is no ready export's now is nobody's.
void Desk::remove_strays(const std::set<std::string>& keep) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{options_.folder, error}) {
        if (keep.contains(entry.path().filename().string())) continue;
        std::error_code failed;
        std::filesystem::remove(entry.path(), failed);
        if (failed) log::error("export_not_removed", {{"why", failed.message()}});
    }
}

void Desk::make_one(Job job) {
    const ExportId id = job.request.id;
    const auto path = file_of(id);
    auto partial = path;
    partial += ".part";
    auto made = write_file(job, partial);
    sodium_memzero(job.passphrase.data(), job.passphrase.size());
    std::error_code error;
    if (made) std::filesystem::rename(partial, path, error);
    if (made && error) made = fail(escucha::Errc::Io, error.message());
    const std::string failure = made ? "" : failure_of(made.error());
    const Made done = made ? made.value() : Made{};
    const auto written =
        write([id, failure, done, now = read_clocks().wall](store::Connection& connection) {
            return failure.empty() ? finish_making(connection, id, done, now)
                                   : give_up_making(connection, id, failure);
        });
    {
        const std::scoped_lock lock{mutex_};
        making_.reset();
        // Else it would be Making with nobody who makes it.
        if (!written && written.error().code != escucha::Errc::Conflict) is_recovered_ = false;
    }
    if (!made) {
        std::filesystem::remove(partial, error);
        log::error("export_not_made",
                   {{"export", id.to_string()}, {"why", made.error().message()}});
    } else if (!written) {
        // Without its row the file is a stray, which the sweep removes.
        log::error("export_not_noted",
                   {{"export", id.to_string()}, {"why", written.error().message()}});
    } else {
        log::info("export_made",
                  {{"export", id.to_string()}, {"rows", std::to_string(made.value().rows)}});
    }
}

}  // namespace escucha::exports
