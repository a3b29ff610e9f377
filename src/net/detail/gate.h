#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include <boost/asio/post.hpp>

#include "net/detail/server_core.h"

namespace escucha::net::detail {

/// Between who settles an answer's departure, on any thread, and the session that waits for it on a
/// timer. Whoever is last leaves nothing behind: after `close` the session's timer is never
/// touched.
class Gate : public std::enable_shared_from_this<Gate> {
public:
    explicit Gate(const Executor& executor) : timer_{executor} {}

    /// Session's thread; once, by a session that keeps the gate alive.
    Task<Departure::Verdict> wait(std::shared_ptr<Departure> departure,
                                  std::chrono::milliseconds at_most) {
        // Also when the frame goes with the server: the timer may not outlive it.
        const Closing closing{*this};
        timer_->expires_after(at_most);
        departure->when_settled(
            [gate = shared_from_this()](Departure::Verdict verdict) { gate->settle(verdict); });
        if (!is_settled()) {
            auto [ignored] = co_await timer_->async_wait(kUseTask);
            static_cast<void>(ignored);
        }
        co_return close();
    }

    /// What was settled until now; nothing counts as withheld.
    Departure::Verdict close() {
        const std::scoped_lock lock{mutex_};
        timer_.reset();
        return verdict_.value_or(Departure::Verdict::Withhold);
    }

private:
    struct Closing {
        Gate& gate;
        explicit Closing(Gate& closed) : gate{closed} {}
        Closing(const Closing&) = delete;
        Closing& operator=(const Closing&) = delete;
        ~Closing() { gate.close(); }
    };

    [[nodiscard]] bool is_settled() {
        const std::scoped_lock lock{mutex_};
        return verdict_.has_value();
    }

    void settle(Departure::Verdict verdict) {
        const std::scoped_lock lock{mutex_};
        verdict_ = verdict;
        if (!timer_) return;
        asio::post(timer_->get_executor(), [gate = shared_from_this()] {
            const std::scoped_lock inner{gate->mutex_};
            if (gate->timer_) gate->timer_->cancel();
        });
    }

    std::mutex mutex_;            ///< Of what follows.
    std::optional<Timer> timer_;  ///< While the session waits.
    std::optional<Departure::Verdict> verdict_;
};

}  // namespace escucha::net::detail
