#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/result.h"
#include "net/http_client.h"

namespace escucha::net {

/// Many HTTP calls at once on one thread of their own: a server that is slow or silent holds up
/// nobody who asks another. Connections are kept between calls, redirects are not followed.
class HttpCalls {
public:
    /// Under way at once; one more ends with `Unavailable` at once.
    static constexpr std::size_t kMost = 500;

    /// Must not throw and not block: it is called on the calls' thread.
    using Done = std::function<void(Result<HttpReply>)>;

    HttpCalls();
    /// Calls under way end with `Unavailable`.
    ~HttpCalls();
    HttpCalls(const HttpCalls&) = delete;
    HttpCalls& operator=(const HttpCalls&) = delete;

    /// From any thread. `done` is called once, at the call's deadline at the latest, with what
    /// `HttpClient::call` would have returned; when too many are under way, before this returns.
    void start(HttpCall call, Done done);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace escucha::net
