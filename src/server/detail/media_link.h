#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/bytes.h"
#include "base/time.h"
#include "media/frame_reader.h"
#include "media/protocol.h"
#include "server/config.h"

namespace escucha::server {

/// The connection to `escucha-media`, and its supervisor: adopts one that is still running, starts
/// one when there is none, starts another when it dies. On the control strand.
class MediaLink {
public:
    static constexpr std::chrono::milliseconds kRetryFirst{20};
    static constexpr std::chrono::milliseconds kRetryAtMost{1'000};
    /// Commands not yet taken by media; beyond it the connection is given up as stuck.
    static constexpr std::size_t kMaxQueuedBytes = 8 * 1024 * 1024;

    class Receiver {
    public:
        virtual ~Receiver() = default;
        virtual void on_media_event(const media::Event& event) = 0;
        /// Media is there; these endpoints and recordings live.
        virtual void on_media_ready(const media::Listing& listing) = 0;
        virtual void on_media_lost() = 0;
        virtual void on_media_turn() = 0;
    };

    MediaLink(boost::asio::io_context& context, const Config& config, Receiver& receiver);
    ~MediaLink();

    void start();
    /// Dropped while media is away: what matters is made anew when it is back.
    void send(const media::Command& command);
    /// Ends the media process; for a clean stop only.
    void stop_process();
    void close();

    /// Endpoints asked for and not yet made, or refused: how many, and since when the oldest.
    [[nodiscard]] std::size_t unmade() const { return asked_.size(); }
    [[nodiscard]] std::optional<Instant> oldest_unmade() const {
        return asked_.empty() ? std::nullopt : std::optional{asked_.front()};
    }

    [[nodiscard]] bool is_ready() const { return is_ready_; }
    [[nodiscard]] std::uint64_t starts() const { return starts_; }
    [[nodiscard]] std::optional<pid_t> pid() const { return pid_; }

private:
    void connect();
    void connected();
    void read();
    void write();
    void lost(std::string_view why);
    void retry();
    void take(const media::Event& event);
    void start_process();
    [[nodiscard]] bool has_child();

    const Config& config_;
    Receiver& receiver_;
    boost::asio::local::stream_protocol::socket socket_;
    boost::asio::steady_timer retry_;
    std::chrono::milliseconds wait_{kRetryFirst};
    media::FrameReader frames_;
    media::Listing listing_;
    std::array<std::byte, 64 * 1024> input_{};
    Bytes output_;
    Bytes writing_;
    std::deque<Instant> asked_;  ///< Media answers in the order of asking.
    bool is_connected_ = false;
    bool is_ready_ = false;
    bool is_closed_ = false;
    std::uint64_t generation_ = 0;  ///< Handlers of an older connection are ignored.
    std::optional<pid_t> child_;
    std::optional<pid_t> pid_;
    std::uint64_t starts_ = 0;
};

}  // namespace escucha::server
