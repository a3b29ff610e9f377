#include "net/detail/curl_exchange.h"

#include <algorithm>
#include <mutex>
#include <string_view>

#include "base/errc.h"

namespace escucha::net {

namespace {

constexpr std::size_t kMaxHeaders = 100;

Error error_of(CURLcode code) {
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

CurlHandle new_curl_handle() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    return CurlHandle{curl_easy_init()};
}

CurlExchange::CurlExchange(CURL* easy, HttpCall call) : easy_{easy}, call_{std::move(call)} {
    curl_easy_reset(easy);
    for (const auto& [name, value] : call_.headers) {
        curl_slist* longer = curl_slist_append(headers_, (name + ": " + value).c_str());
        if (longer != nullptr) headers_ = longer;
    }
    curl_easy_setopt(easy, CURLOPT_URL, call_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    if (!call_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, call_.ca_file.c_str());
    if (call_.name == HttpCall::Name::Any) curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(call_.deadline.count()));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlExchange::take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlExchange::take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    if (call_.method == "HEAD") {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (call_.method != "GET" || !call_.body.empty()) {
        const auto size = static_cast<curl_off_t>(call_.body.size());
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call_.body.c_str());
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call_.method.c_str());
    }
}

CurlExchange::~CurlExchange() { curl_slist_free_all(headers_); }

Result<HttpReply> CurlExchange::finish(CURLcode code) {
    if (is_too_large_) return fail(Errc::TooLarge, "reply");
    if (code != CURLE_OK) return error_of(code);
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<unsigned>(status);
    return std::move(reply_);
}

std::size_t CurlExchange::take_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& self = *static_cast<CurlExchange*>(user);
    const std::size_t bytes = size * count;
    if (bytes > self.call_.max_reply_bytes - self.reply_.body.size()) {
        self.is_too_large_ = true;
        return 0;
    }
    self.reply_.body.append(data, bytes);
    return bytes;
}

std::size_t CurlExchange::take_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& headers = static_cast<CurlExchange*>(user)->reply_.headers;
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

}  // namespace escucha::net
