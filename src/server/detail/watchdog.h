#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/time.h"

namespace escucha::server {

/// Watches one thread that must never block, and tells what held it up: the name of the work and
/// the thread's call stack while it is stuck.
class Watchdog {
public:
    /// Callers hear nothing of this much; what takes longer is a bug or a machine in trouble.
    static constexpr std::chrono::milliseconds kLimit{200};

    struct Blocked {
        std::string_view what;
        std::chrono::milliseconds for_at_least{0};
        std::string stack;  ///< "program+0x1a2b" for each frame, innermost first; for addr2line.
    };
    using Report = std::function<void(const Blocked&)>;

    /// `report` is called on the watchdog's own thread, once for each piece of work.
    explicit Watchdog(Report report);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// On the thread to be watched, before its first work.
    void watch_this_thread();

    /// The thread is at work, on `what` (a literal), until the end of the scope. Work inside other
    /// work renames it; the time runs from the outermost.
    class Work {
    public:
        Work(Watchdog& dog, const char* what);
        ~Work();
        Work(const Work&) = delete;
        Work& operator=(const Work&) = delete;

    private:
        Watchdog& dog_;
        const char* outer_;
    };

    [[nodiscard]] std::uint64_t blocked() const { return blocked_.load(); }

private:
    void run();
    [[nodiscard]] std::string stack_of_watched(std::unique_lock<std::mutex>& lock);

    Report report_;
    std::atomic<const char*> what_{nullptr};
    std::atomic<std::int64_t> since_us_{0};
    std::atomic<std::uint64_t> piece_{0};
    std::atomic<std::uint64_t> blocked_{0};
    std::optional<pthread_t> watched_;
    std::mutex mutex_;
    std::condition_variable ending_;
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace escucha::server
