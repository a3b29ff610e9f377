#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "base/result.h"
#include "server/config.h"

namespace escucha::server {

/// TLS 1.2 and 1.3 as a server, with the certificate and the demands of `config`.
/// Error: `InvalidArgument` naming the file that cannot be read, is no PEM or does not fit.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_server(const Config& config);

}  // namespace escucha::server
