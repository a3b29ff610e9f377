#include "server/detail/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/errc.h"
#include "net/tls.h"

namespace escucha::server {

namespace ssl = boost::asio::ssl;

namespace {

struct NamesDeleter {
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

bool is_same_name(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view text_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// "sip:domain" without a user: one with a user names a person (RFC 5922 §7.1).
std::optional<std::string_view> domain_of(std::string_view uri) {
    constexpr std::string_view kScheme = "sip:";
    if (uri.size() <= kScheme.size() || !is_same_name(uri.substr(0, kScheme.size()), kScheme)) {
        return std::nullopt;
    }
    uri.remove_prefix(kScheme.size());
    if (uri.find('@') != std::string_view::npos) return std::nullopt;
    return uri.substr(0, uri.find_first_of(":;?"));
}

bool is_common_name(const X509& certificate, std::string_view name) {
    const X509_NAME* subject = X509_get_subject_name(&certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) return false;
    return is_same_name(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))), name);
}

}  // namespace

bool is_certificate_of(const X509& certificate, std::string_view name) {
    if (const auto address = sip::Address::parse_host(name, 0)) {
        X509* whole = const_cast<X509*>(&certificate);  // Only read; OpenSSL asks for it so.
        return X509_check_ip_asc(whole, address->ip().c_str(), 0) == 1;
    }
    const std::unique_ptr<GENERAL_NAMES, NamesDeleter> names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
    std::vector<std::string_view> domains;
    std::vector<std::string_view> hosts;
    for (int i = 0; i < (names ? sk_GENERAL_NAME_num(names.get()) : 0); ++i) {
        const GENERAL_NAME* one = sk_GENERAL_NAME_value(names.get(), i);
        if (one->type == GEN_URI) {
            const auto domain = domain_of(text_of(one->d.uniformResourceIdentifier));
            if (domain) domains.push_back(*domain);
        } else if (one->type == GEN_DNS) {
            hosts.push_back(text_of(one->d.dNSName));
        }
    }
    if (domains.empty() && hosts.empty()) return is_common_name(certificate, name);
    const auto& given = domains.empty() ? hosts : domains;
    return std::ranges::any_of(given, [&](auto one) { return is_same_name(one, name); });
}

Result<std::shared_ptr<ssl::context>> make_tls_client(const TrunkSection& trunk) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    boost::system::error_code error;
    const auto refuse = [&](const std::filesystem::path& file) {
        ERR_clear_error();
        return fail(Errc::InvalidArgument, file.string() + ": " + error.message());
    };
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
    context->set_verify_mode(ssl::verify_peer, error);
    if (trunk.tls_ca.empty()) {
        context->set_default_verify_paths(error);
        if (error) return refuse("the certificates of the system");
    } else {
        context->load_verify_file(trunk.tls_ca.string(), error);
        if (error) return refuse(trunk.tls_ca);
    }
    if (trunk.tls_certificate.empty()) return context;
    context->use_certificate_chain_file(trunk.tls_certificate.string(), error);
    if (error) return refuse(trunk.tls_certificate);
    context->use_private_key_file(trunk.tls_key.string(), ssl::context::pem, error);
    if (error) return refuse(trunk.tls_key);
    return context;
}

Result<std::shared_ptr<ssl::context>> make_tls_server(const Config& config) {
    ESC_TRY(auto context,
            net::make_tls_server({.certificate = config.tls_certificate, .key = config.tls_key}));
    if (config.tls_client_ca.empty()) return context;

    boost::system::error_code error;
    const auto refuse = [&](const std::filesystem::path& file) {
        ERR_clear_error();
        return fail(Errc::InvalidArgument, file.string() + ": " + error.message());
    };
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
