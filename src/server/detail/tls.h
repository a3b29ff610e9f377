#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/x509.h>

#include <boost/asio/ssl/context.hpp>

#include "base/result.h"
#include "server/config.h"

namespace escucha::server {

/// TLS 1.2 and 1.3 as a server, with the certificate and the demands of `config`.
/// Error: `InvalidArgument` naming the file that cannot be read, is no PEM or does not fit.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_server(const Config& config);

/// A carrier's server, as a TLS client has to know it.
struct TlsPeer {
    std::string name;  ///< The domain, or address, that its certificate must be of.
    std::shared_ptr<boost::asio::ssl::context> context;
};
/// Who is at this address; nullopt: nobody we would trust.
using FindTlsPeer = std::function<std::optional<TlsPeer>(const sip::Address&)>;

/// TLS 1.2 and 1.3 as a client of this carrier: who may have signed its certificate, and ours where
/// it wants one. Error as of `make_tls_server`.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_client(const TrunkSection& trunk);

/// RFC 5922 §7: is this the certificate of the SIP domain `name`? By a subjectAltName "sip:name",
/// else by its DNS names; by the common name only where there is no such alternative name at all.
/// Without regard to case; a wildcard is no match. An address is looked for among the addresses.
bool is_certificate_of(const X509& certificate, std::string_view name);

}  // namespace escucha::server
