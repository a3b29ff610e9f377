#include "net/http_client.h"

#include <algorithm>
#include <mutex>
#include <string_view>

#include <curl/curl.h>

#include "base/errc.h"

namespace escucha::net {
namespace {

struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// What libcurl's callbacks write to.
struct Sink {
    HttpReply reply;
    std::size_t max_bytes = 0;
    bool is_too_large = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& sink = *static_cast<Sink*>(user);
    const std::size_t bytes = size * count;
    if (bytes > sink.max_bytes - sink.reply.body.size()) {
        sink.is_too_large = true;
        return 0;
    }
    sink.reply.body.append(data, bytes);
    return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
    constexpr std::size_t kMaxHeaders = 100;
    auto& headers = static_cast<Sink*>(user)->reply.headers;
    std::string_view line{data, size * count};
    if (line.starts_with("HTTP/")) headers.clear();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || headers.size() >= kMaxHeaders) return size * count;
    std::string name{line.substr(0, colon)};
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    std::string_view value = line.substr(colon + 1);
    constexpr std::string_view kBlank = " \t\r\n";
    value.remove_prefix(std::min(value.find_first_not_of(kBlank), value.size()));
    value = value.substr(0, value.find_last_not_of(kBlank) + 1);
    headers.emplace_back(std::move(name), std::string{value});
    return size * count;
}

void initialise_once() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

Error error_of(CURLcode code, const Sink& sink) {
    if (sink.is_too_large) return fail(Errc::TooLarge, "reply");
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return fail(Errc::Timeout, "http");
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return fail(Errc::InvalidArgument, "url");
        default:
            return fail(Errc::Unavailable, curl_easy_strerror(code));
    }
}

}  // namespace

struct HttpClient::Impl {
    std::unique_ptr<CURL, EasyDeleter> easy;
};

HttpClient::HttpClient() : impl_{std::make_unique<Impl>()} {
    initialise_once();
    impl_->easy.reset(curl_easy_init());
}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpReply> HttpClient::call(const HttpCall& call) {
    CURL* easy = impl_->easy.get();
    if (easy == nullptr) return fail(Errc::Unavailable, "libcurl");
    curl_easy_reset(easy);
    Sink sink{.reply = {}, .max_bytes = call.max_reply_bytes};
    std::unique_ptr<curl_slist, ListDeleter> headers;
    for (const auto& [name, value] : call.headers) {
        curl_slist* longer = curl_slist_append(headers.get(), (name + ": " + value).c_str());
        if (longer == nullptr) return fail(Errc::Unavailable, "out of memory");
        static_cast<void>(headers.release());
        headers.reset(longer);
    }
    curl_easy_setopt(easy, CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(call.deadline.count()));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &sink);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &sink);
    if (call.method == "HEAD") {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (call.method != "GET" || !call.body.empty()) {
        curl_easy_setopt(
            easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.body.c_str());
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call.method.c_str());
    }
    const CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK) return error_of(code, sink);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    sink.reply.status = static_cast<unsigned>(status);
    return std::move(sink.reply);
}

}  // namespace escucha::net
