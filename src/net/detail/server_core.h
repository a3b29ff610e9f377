#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/log.h"
#include "net/http_server.h"

namespace boost::asio::ssl {
class context;
}

namespace escucha::net::detail {

namespace asio = boost::asio;
namespace beast = boost::beast;

using Executor = asio::io_context::executor_type;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>,
                                         Executor>;
using WorkExecutor = asio::thread_pool::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Stream = beast::basic_stream<asio::ip::tcp, Executor>;
template <typename T>
using Task = asio::awaitable<T, Executor>;
template <typename T>
using Work = asio::awaitable<T, WorkExecutor>;
inline constexpr auto kUseTask = asio::as_tuple(asio::use_awaitable_t<Executor>{});

using UpgradeRequest = beast::http::request<beast::http::string_body>;

/// A connection as the server sees it. Socket thread only.
class Session {
public:
    virtual ~Session() = default;
    virtual void drain() = 0;  ///< End after what is being answered.
    virtual void cut() = 0;    ///< End now.
    virtual void wake() {}
};

/// What the sessions of one server share. All but the counters belongs to the socket thread.
struct ServerCore {
    ServerCore(ServerOptions given, RequestHandler& served)
        : options{std::move(given)},
          handler{served},
          pool{static_cast<std::size_t>(options.workers)} {}

    const ServerOptions options;
    RequestHandler& handler;
    std::set<Session*> sessions;
    std::map<std::string, std::size_t> sites;  ///< Connections of each; as long as `sessions`.
    bool is_draining = false;
    std::shared_ptr<asio::ssl::context> tls;  ///< Of the connections that come; null: none.
    std::size_t large_bodies = 0;  ///< Being read or answered.
    std::atomic<std::uint64_t> connections{0}, requests{0}, refused{0}, streams{0};
    std::atomic<std::size_t> open_connections{0}, open_streams{0};
    // Last, so that the coroutine frames that die with them still find the members above.
    asio::io_context io{1};
    asio::thread_pool pool;
    asio::thread_pool slow_pool{1};
};

/// Keeps a session in the list while it lives.
class Listed {
public:
    Listed(ServerCore& core, Session& session) : core_{core}, session_{session} {
        core_.sessions.insert(&session_);
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { core_.sessions.erase(&session_); }

private:
    ServerCore& core_;
    Session& session_;
};

/// Counts a connection of a site while it lives.
class OfSite {
public:
    OfSite(ServerCore& core, std::string site) : core_{core}, site_{std::move(site)} {
        ++core_.sites[site_];
    }
    OfSite(const OfSite&) = delete;
    OfSite& operator=(const OfSite&) = delete;
    ~OfSite() {
        const auto found = core_.sites.find(site_);
        if (--found->second == 0) core_.sites.erase(found);
    }

private:
    ServerCore& core_;
    const std::string site_;
};

/// Starts a task of its own; an exception that leaves it is a bug and is logged. `on_end` runs on
/// the executor when the task has ended.
template <typename OnEnd>
void spawn(const char* name, const Executor& executor, Task<void> task, OnEnd on_end) {
    asio::co_spawn(executor, std::move(task), [name, on_end](std::exception_ptr error) {
        if (error) log::error("task_failed", {{"task", name}});
        on_end();
    });
}

}  // namespace escucha::net::detail
