#include "net/http_calls.h"

#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/errc.h"
#include "net/detail/curl_exchange.h"

namespace escucha::net {

namespace {

struct MultiDeleter {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

struct Wanted {
    HttpCall call;
    HttpCalls::Done done;
};

struct Running {
    CurlHandle easy;
    std::unique_ptr<CurlExchange> exchange;
    HttpCalls::Done done;
};

}  // namespace

struct HttpCalls::Impl {
    Impl() : thread{[this] { run(); }} {}

    ~Impl() {
        {
            const std::scoped_lock lock{mutex};
            is_stopping = true;
        }
        curl_multi_wakeup(multi.get());
        thread.join();
    }

    void run() {
        constexpr int kLongestSleepMs = 1'000;
        while (take_wanted()) {
            int running = 0;
            curl_multi_perform(multi.get(), &running);
            take_ended();
            curl_multi_poll(multi.get(), nullptr, 0, kLongestSleepMs, nullptr);
        }
        while (!calls.empty()) end(calls.begin()->first, CURLE_ABORTED_BY_CALLBACK);
    }

    /// False when it is time to stop.
    bool take_wanted() {
        std::deque<Wanted> fresh;
        bool goes_on = false;
        {
            const std::scoped_lock lock{mutex};
            goes_on = !is_stopping;
            fresh.swap(wanted);
        }
        for (Wanted& one : fresh) {
            Running call{.easy = new_curl_handle(), .exchange = {}, .done = std::move(one.done)};
            CURL* easy = call.easy.get();
            if (easy != nullptr) {
                call.exchange = std::make_unique<CurlExchange>(easy, std::move(one.call));
            }
            if (easy == nullptr || curl_multi_add_handle(multi.get(), easy) != CURLM_OK) {
                leave();
                call.done(fail(Errc::Unavailable, "libcurl"));
                continue;
            }
            calls.emplace(easy, std::move(call));
        }
        return goes_on;
    }

    void take_ended() {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
            if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
        }
    }

    void end(CURL* easy, CURLcode code) {
        auto call = calls.extract(easy);
        curl_multi_remove_handle(multi.get(), easy);
        leave();
        call.mapped().done(call.mapped().exchange->finish(code));
    }

    bool enter() {
        const std::scoped_lock lock{mutex};
        if (under_way >= kMost || is_stopping) return false;
        ++under_way;
        return true;
    }
    void leave() {
        const std::scoped_lock lock{mutex};
        --under_way;
    }

    std::unique_ptr<CURLM, MultiDeleter> multi{curl_multi_init()};
    std::mutex mutex;
    std::deque<Wanted> wanted;
    std::size_t under_way = 0;
    bool is_stopping = false;
    std::unordered_map<CURL*, Running> calls;  ///< The thread's own.
    std::thread thread;
};

HttpCalls::HttpCalls() {
    // libcurl's own start, before a handle of any kind.
    if (new_curl_handle() != nullptr) impl_ = std::make_unique<Impl>();
}

HttpCalls::~HttpCalls() = default;

void HttpCalls::start(HttpCall call, Done done) {
    if (impl_ == nullptr || !impl_->enter()) {
        done(fail(Errc::Unavailable, "too many calls are under way"));
        return;
    }
    {
        const std::scoped_lock lock{impl_->mutex};
        impl_->wanted.push_back({.call = std::move(call), .done = std::move(done)});
    }
    curl_multi_wakeup(impl_->multi.get());
}

}  // namespace escucha::net
