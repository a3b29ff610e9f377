#include "net/tls.h"

#include <array>
#include <ctime>
#include <optional>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

#include "base/errc.h"

namespace escucha::net {
namespace {

namespace ssl = boost::asio::ssl;

// Of TLS 1.2; all of 1.3's are of this kind.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

// One name, with its length before it (RFC 7301 §3.1).
constexpr std::array<unsigned char, 9> kProtocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int choose_protocol(SSL*,
                    const unsigned char** chosen,
                    unsigned char* chosen_length,
                    const unsigned char* offered,
                    unsigned int offered_length,
                    void*) {
    unsigned char* found = nullptr;
    const int outcome = SSL_select_next_proto(
        &found, chosen_length, kProtocols.data(), kProtocols.size(), offered, offered_length);
    *chosen = found;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::optional<std::chrono::sys_seconds> instant_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
    return std::chrono::sys_seconds{std::chrono::seconds{timegm(&parts)}};
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_server(const TlsFiles& files) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    boost::system::error_code error;
    const auto refuse = [&](const std::filesystem::path& file) {
        ERR_clear_error();
        return fail(Errc::InvalidArgument, file.string() + ": " + error.message());
    };
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    context->use_certificate_chain_file(files.certificate.string(), error);
    if (error) return refuse(files.certificate);
    context->use_private_key_file(files.key.string(), ssl::context::pem, error);
    if (error) return refuse(files.key);
    return context;
}

Result<std::shared_ptr<ssl::context>> make_https_server(const TlsFiles& files) {
    ESC_TRY(auto context, make_tls_server(files));
    SSL_CTX_set_cipher_list(context->native_handle(), kCiphers);
    SSL_CTX_set_alpn_select_cb(context->native_handle(), &choose_protocol, nullptr);
    return context;
}

Result<Certificate> read_certificate(const TlsFiles& files) {
    ESC_TRY(const auto context, make_tls_server(files));
    const X509* leaf = SSL_CTX_get0_certificate(context->native_handle());
    const auto from = instant_of(X509_get0_notBefore(leaf));
    const auto until = instant_of(X509_get0_notAfter(leaf));
    if (!from || !until) {
        return fail(Errc::InvalidArgument, files.certificate.string() + ": dates");
    }
    return Certificate{.valid_from = *from, .valid_until = *until};
}

}  // namespace escucha::net
