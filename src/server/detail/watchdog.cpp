#include "server/detail/watchdog.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>

#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/thread_name.h"

namespace escucha::server {

namespace {

constexpr std::size_t kMaxFrames = 48;
constexpr std::chrono::milliseconds kLook{50};
/// A thread that waits for a processor takes its signal when it gets one.
constexpr std::chrono::milliseconds kStackDeadline{2'000};
constexpr std::chrono::milliseconds kStackLook{1};

// What the signal handler may touch. One watchdog asks at a time.
std::mutex asking;
std::array<void*, kMaxFrames> frames;
std::atomic<int> frame_count{-1};

int stack_signal() { return SIGRTMIN + 3; }

void take_stack(int) {
    const int saved = errno;
    frame_count.store(::backtrace(frames.data(), static_cast<int>(frames.size())));
    errno = saved;
}

std::string describe(void* frame) {
    Dl_info where{};
    if (::dladdr(frame, &where) == 0 || where.dli_fname == nullptr) {
        return fmt::format("{}", frame);
    }
    const auto offset = static_cast<const char*>(frame) - static_cast<const char*>(where.dli_fbase);
    return fmt::format(
        "{}+{:#x}", std::filesystem::path{where.dli_fname}.filename().string(), offset);
}

std::int64_t now_us() { return read_clocks().mono.time_since_epoch().count(); }

}  // namespace

Watchdog::Watchdog(Report report) : report_{std::move(report)} {
    // The first backtrace loads a library, which a signal handler must not.
    std::array<void*, 1> first{};
    ::backtrace(first.data(), 1);
    struct sigaction action {};
    action.sa_handler = take_stack;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(stack_signal(), &action, nullptr);
    thread_ = std::thread{[this] { run(); }};
}

Watchdog::~Watchdog() {
    {
        const std::scoped_lock lock{mutex_};
        is_ending_ = true;
    }
    ending_.notify_one();
    thread_.join();
}

void Watchdog::watch_this_thread() {
    const std::scoped_lock lock{mutex_};
    watched_ = ::pthread_self();
}

Watchdog::Work::Work(Watchdog& dog, const char* what)
    : dog_{dog}, outer_{dog.what_.load(std::memory_order_relaxed)} {
    if (outer_ == nullptr) {
        dog_.piece_.fetch_add(1, std::memory_order_relaxed);
        dog_.since_us_.store(now_us(), std::memory_order_relaxed);
    }
    dog_.what_.store(what, std::memory_order_release);
}

Watchdog::Work::~Work() { dog_.what_.store(outer_, std::memory_order_release); }

void Watchdog::run() {
    name_this_thread("watchdog");
    std::uint64_t told = 0;
    std::unique_lock lock{mutex_};
    while (!ending_.wait_for(lock, kLook, [this] { return is_ending_; })) {
        const char* what = what_.load(std::memory_order_acquire);
        const std::uint64_t piece = piece_.load(std::memory_order_relaxed);
        const std::chrono::microseconds since{since_us_.load(std::memory_order_relaxed)};
        const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::microseconds{now_us()} - since);
        if (what == nullptr || piece == told || age < kLimit) continue;
        told = piece;
        blocked_.fetch_add(1);
        report_({.what = what, .for_at_least = age, .stack = stack_of_watched(lock)});
    }
}

std::string Watchdog::stack_of_watched(std::unique_lock<std::mutex>& lock) {
    const std::scoped_lock alone{asking};
    frame_count.store(-1);
    if (!watched_ || ::pthread_kill(*watched_, stack_signal()) != 0) return {};
    const std::int64_t until = now_us() + std::chrono::microseconds{kStackDeadline}.count();
    const auto is_done = [&] { return is_ending_ || frame_count.load() >= 0 || now_us() > until; };
    while (!ending_.wait_for(lock, kStackLook, is_done)) {
    }
    std::string text;
    for (int i = 0; i < frame_count.load(); ++i) {
        text += (text.empty() ? "" : " ") + describe(frames[static_cast<std::size_t>(i)]);
    }
    return text;
}

}  // namespace escucha::server
