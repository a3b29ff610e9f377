#include "server/detail/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

#include "base/errc.h"

namespace escucha::server {

namespace ssl = boost::asio::ssl;

Result<std::shared_ptr<ssl::context>> make_tls_server(const Config& config) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    boost::system::error_code error;
    const auto refuse = [&](const std::filesystem::path& file) {
        ERR_clear_error();
        return fail(Errc::InvalidArgument, file.string() + ": " + error.message());
    };
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context->native_handle(),
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    context->use_certificate_chain_file(config.tls_certificate.string(), error);
    if (error) return refuse(config.tls_certificate);
    context->use_private_key_file(config.tls_key.string(), ssl::context::pem, error);
    if (error) return refuse(config.tls_key);
    if (config.tls_client_ca.empty()) return context;

    context->load_verify_file(config.tls_client_ca.string(), error);
    if (error) return refuse(config.tls_client_ca);
    context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
    if (error) return refuse(config.tls_client_ca);
    // Resumed sessions of a verified peer need a name of ours (SSL_CTX_set_verify(3)).
    constexpr std::string_view kSessions = "escucha-sip";
    SSL_CTX_set_session_id_context(context->native_handle(),
                                   reinterpret_cast<const unsigned char*>(kSessions.data()),
                                   static_cast<unsigned>(kSessions.size()));
    return context;
}

}  // namespace escucha::server
