#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace escucha::net {

struct HttpCall {
    std::string method = "GET";
    std::string url{};  ///< http or https; certificates are checked.
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::chrono::milliseconds deadline{5'000};  ///< From the look-up of the name to the last byte.
    std::size_t max_reply_bytes = 1'024 * 1'024;
    /// PEM: who may have signed the server's certificate; empty: whom the system trusts.
    std::filesystem::path ca_file{};
    /// Whether the certificate must be of the URL's name. Not where `ca_file` is that very
    /// certificate and the server is on this machine, whose name in the URL is an address.
    enum class Name { Checked, Any };
    Name name = Name::Checked;
};

struct HttpReply {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
    std::string body;
};

/// A blocking HTTP client on libcurl: one connection kept between calls, redirects not followed.
/// One thread at a time; for work pools and programs, never for the control strand.
class HttpClient {
public:
    HttpClient();
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;
    ~HttpClient();

    /// Any status is a reply. Errors: `Timeout`, `TooLarge`, `InvalidArgument` for a URL that
    /// cannot be used, `Unavailable` for everything else that kept the reply from coming.
    Result<HttpReply> call(const HttpCall& call);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace escucha::net
