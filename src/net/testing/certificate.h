#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "net/tls.h"

namespace escucha::net::testing {

/// Writes NAME.pem and NAME.key into `folder`: a certificate of 127.0.0.1, signed by itself, so
/// that it is also the authority that a client has to trust. Good from an hour ago for `life`.
TlsFiles make_certificate(const std::filesystem::path& folder,
                          const std::string& name,
                          std::chrono::seconds life = std::chrono::hours{24});

}  // namespace escucha::net::testing
