#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/detail/connections.h"
#include "api/detail/problem.h"
#include "identity/roles.h"
#include "net/http_server.h"
#include "store/journal.h"

namespace escucha::api {

class Masking;

/// The last committed events, for the WebSockets: whoever keeps up reads memory, whoever is behind
/// reads the journal's table, and both see the same events in the same order.
class EventFeed {
public:
    /// Events kept in memory.
    static constexpr std::size_t kKept = 8'192;

    /// `on_news` runs on the journal's writer after each commit.
    EventFeed(store::Journal& journal, std::function<void()> on_news);
    EventFeed(const EventFeed&) = delete;
    EventFeed& operator=(const EventFeed&) = delete;
    ~EventFeed();

    struct Batch {
        std::vector<store::StoredEvent> events;
        std::int64_t scanned = 0;  ///< Every event up to here was looked at.
        bool has_more = false;
    };
    /// The company's events after `after`, at most `limit`; from `connections` when memory does not
    /// reach back that far.
    Result<Batch> read(CompanyId company,
                       std::int64_t after,
                       std::size_t limit,
                       Connections& connections);

    [[nodiscard]] std::int64_t last() const { return journal_.last_committed(); }

    /// Sessions were ended by hand: every WebSocket looks at once whether its own was among them.
    void end_sessions();
    [[nodiscard]] std::uint64_t endings() const { return endings_; }

private:
    void take(const store::CommittedEvents& events);
    bool read_memory(CompanyId company, std::int64_t after, std::size_t limit, Batch& out);

    store::Journal& journal_;
    std::function<void()> on_news_;
    std::mutex mutex_;
    // Events with numbers in a row; the first is `first_`.
    std::deque<std::shared_ptr<const store::StoredEvent>> kept_;
    std::int64_t first_ = 0;
    std::atomic<std::uint64_t> endings_{0};
    store::Journal::SubscriptionId subscription_;
};

/// A replay longer than this is a new snapshot instead.
inline constexpr std::int64_t kMaxReplay = 20'000;
inline constexpr std::size_t kFramesAtOnce = 128;
/// How often a WebSocket's session is looked up again.
inline constexpr std::chrono::seconds kSessionCheck{30};
inline constexpr std::uint16_t kCloseSnapshotNeeded = 4'000;
inline constexpr std::uint16_t kCloseSessionEnded = 4'001;

/// One WebSocket's stream. `still_signed_in` is asked now and then.
class EventStream final : public net::FrameSource {
public:
    EventStream(EventFeed& feed,
                const Masking& masking,
                Connections& connections,
                CompanyId company,
                std::optional<std::int64_t> since,
                const identity::Permissions& permissions,
                std::function<bool()> still_signed_in);

    net::Frames next() override;
    net::Frames heartbeat() override;

private:
    [[nodiscard]] std::optional<net::Frames> end_of_session();

    EventFeed& feed_;
    const Masking& masking_;
    Connections& connections_;
    CompanyId company_;
    std::int64_t sent_;     ///< The last event sent, or where the stream began.
    std::int64_t scanned_;  ///< No event of the company up to here is left to send.
    bool is_too_old_ = false;
    identity::Permissions permissions_;
    bool has_greeted_ = false;
    std::function<bool()> still_signed_in_;
    WallTime checked_at_;
    std::uint64_t endings_;  ///< Of the feed, when it was checked.
};

/// Whether a session with these permissions is told of an event: alerts are for those who handle
/// them, and of canaries only they hear who know them.
bool may_hear_of(std::string_view type, const identity::Permissions& permissions);

/// One event as a WebSocket frame: everybody gets the same, so only what is public.
std::string encode_frame(const store::StoredEvent& event,
                         std::int64_t prev,
                         const Masking& masking);

}  // namespace escucha::api
