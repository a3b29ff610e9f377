#pragma once

#include <memory>

#include <curl/curl.h>

#include "net/http_client.h"

namespace escucha::net {

struct CurlHandleDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using CurlHandle = std::unique_ptr<CURL, CurlHandleDeleter>;

/// A handle of libcurl, initialised on first use; null when there is no memory for it.
CurlHandle new_curl_handle();

/// One call on a handle, from the set-up to the reply. The handle is somebody else's and outlives
/// it; what the handle writes to is here, so it never moves.
class CurlExchange {
public:
    CurlExchange(CURL* easy, HttpCall call);
    CurlExchange(const CurlExchange&) = delete;
    CurlExchange& operator=(const CurlExchange&) = delete;
    ~CurlExchange();

    /// What came of it, once, after libcurl is done with the handle.
    Result<HttpReply> finish(CURLcode code);

private:
    static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user);
    static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user);

    CURL* easy_;
    HttpCall call_;
    curl_slist* headers_ = nullptr;
    HttpReply reply_;
    bool is_too_large_ = false;
};

}  // namespace escucha::net
