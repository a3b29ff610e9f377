#include "net/http_client.h"

#include "base/errc.h"
#include "net/detail/curl_exchange.h"

namespace escucha::net {

struct HttpClient::Impl {
    CurlHandle easy = new_curl_handle();
};

HttpClient::HttpClient() : impl_{std::make_unique<Impl>()} {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpReply> HttpClient::call(const HttpCall& call) {
    CURL* easy = impl_->easy.get();
    if (easy == nullptr) return fail(Errc::Unavailable, "libcurl");
    CurlExchange exchange{easy, call};
    return exchange.finish(curl_easy_perform(easy));
}

}  // namespace escucha::net
