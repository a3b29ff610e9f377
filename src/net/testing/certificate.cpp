#include "net/testing/certificate.h"

#include <cstdio>
#include <memory>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace escucha::net::testing {
namespace {

struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Free>;

void add(X509* certificate, int what, const char* value) {
    const std::unique_ptr<X509_EXTENSION, Free> extension{
        X509V3_EXT_conf_nid(nullptr, nullptr, what, value)};
    X509_add_ext(certificate, extension.get(), -1);
}

}  // namespace

TlsFiles make_certificate(const std::filesystem::path& folder,
                          const std::string& name,
                          std::chrono::seconds life) {
    const std::unique_ptr<EVP_PKEY, Free> key{EVP_EC_gen("P-256")};
    const std::unique_ptr<X509, Free> certificate{X509_new()};
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    const std::chrono::seconds begun = -std::chrono::hours{1};
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), begun.count());
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), life.count());
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject,
                               "CN",
                               MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()),
                               -1,
                               -1,
                               0);
    X509_set_issuer_name(certificate.get(), subject);
    add(certificate.get(), NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    add(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());

    TlsFiles files{.certificate = folder / (name + ".pem"), .key = folder / (name + ".key")};
    PEM_write_X509(File{std::fopen(files.certificate.c_str(), "w")}.get(), certificate.get());
    PEM_write_PrivateKey(File{std::fopen(files.key.c_str(), "w")}.get(),
                         key.get(),
                         nullptr,
                         nullptr,
                         0,
                         nullptr,
                         nullptr);
    return files;
}

}  // namespace escucha::net::testing
