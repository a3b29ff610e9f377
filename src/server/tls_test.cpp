#include <doctest/doctest.h>

#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "server/detail/tls.h"

using namespace escucha::server;

namespace {

struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};

/// A certificate of this common name; `names` as OpenSSL writes alternative names, or empty.
bool is_of(const std::string& common, const std::string& names, std::string_view name) {
    const std::unique_ptr<X509, Free> certificate{X509_new()};
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    REQUIRE(X509_NAME_add_entry_by_txt(subject,
                                       "CN",
                                       MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(common.c_str()),
                                       -1,
                                       -1,
                                       0) == 1);
    if (!names.empty()) {
        const std::unique_ptr<X509_EXTENSION, Free> extension{
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str())};
        REQUIRE(extension != nullptr);
        REQUIRE(X509_add_ext(certificate.get(), extension.get(), -1) == 1);
    }
    return is_certificate_of(*certificate, name);
}

}  // namespace

TEST_CASE("a certificate is of the domain that its SIP name says, whatever its other names") {
    CHECK(is_of("x", "URI:sip:carrier.example", "carrier.example"));
    CHECK(is_of("x", "URI:sip:carrier.example", "Carrier.Example"));
    CHECK(is_of("x", "URI:sip:a.example,URI:sip:carrier.example", "carrier.example"));
    CHECK_FALSE(is_of("x", "URI:sip:carrier.example", "other.example"));
    CHECK_FALSE(is_of("x", "URI:sip:other.example,DNS:carrier.example", "carrier.example"));
    // A person's name is no domain's, nor is another scheme's.
    CHECK_FALSE(is_of("x", "URI:sip:ana@carrier.example", "carrier.example"));
    CHECK_FALSE(is_of("x", "URI:https:carrier.example", "carrier.example"));
}

TEST_CASE("without a SIP name the DNS names count, and no wildcard is a match") {
    CHECK(is_of("x", "DNS:a.example,DNS:carrier.example", "carrier.example"));
    CHECK_FALSE(is_of("x", "DNS:*.carrier.example", "sip.carrier.example"));
    CHECK_FALSE(is_of("x", "DNS:sip.carrier.example", "carrier.example"));
    CHECK_FALSE(is_of("carrier.example", "DNS:other.example", "carrier.example"));
}

TEST_CASE("the common name counts only where there is no other") {
    CHECK(is_of("carrier.example", "", "carrier.example"));
    CHECK_FALSE(is_of("*.example", "", "carrier.example"));
    CHECK(is_of("carrier.example", "email:ana@carrier.example", "carrier.example"));
}

TEST_CASE("an address is looked for among the addresses") {
    CHECK(is_of("x", "IP:192.0.2.1", "192.0.2.1"));
    CHECK(is_of("x", "IP:2001:db8::1", "2001:db8::1"));
    CHECK_FALSE(is_of("x", "IP:192.0.2.2", "192.0.2.1"));
    CHECK_FALSE(is_of("192.0.2.1", "DNS:192.0.2.1", "192.0.2.1"));
}

TEST_CASE("a carrier's files that cannot be read are named") {
    TrunkSection trunk;
    CHECK(make_tls_client(trunk).has_value());
    trunk.tls_ca = "/nowhere/ca.pem";
    const auto refused = make_tls_client(trunk);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().detail.find("/nowhere/ca.pem") != std::string::npos);
}
