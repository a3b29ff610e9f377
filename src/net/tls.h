#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace boost::asio::ssl {
class context;
}

namespace escucha::net {

/// PEM: our chain, leaf first, and the key of the leaf.
struct TlsFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

/// TLS 1.2 and 1.3 as a server, without renegotiation. Error: `InvalidArgument` naming the file
/// that cannot be read, is no PEM or does not fit the other.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_server(const TlsFiles& files);

/// The same for browsers: forward secrecy and authenticated ciphers only, and who asks for
/// protocols (ALPN) must know HTTP/1.1, so that nothing meant for a telephone is read as a request.
Result<std::shared_ptr<boost::asio::ssl::context>> make_https_server(const TlsFiles& files);

/// What a server's certificate says of itself.
struct Certificate {
    std::chrono::sys_seconds valid_from;
    std::chrono::sys_seconds valid_until;
};
/// The leaf in these files, whose key is its own. Error as of `make_tls_server`.
Result<Certificate> read_certificate(const TlsFiles& files);

}  // namespace escucha::net
