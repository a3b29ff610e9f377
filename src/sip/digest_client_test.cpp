#include <doctest/doctest.h>

#include "sip/detail/digest_client.h"
#include "sip/detail/harness.h"

namespace escucha::sip {
namespace {

using namespace detail;

/// A response that carries these header lines.
struct Asked {
    explicit Asked(int status, const std::string& lines) {
        buffer = "SIP/2.0 " + std::to_string(status) +
                 " X\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\n"
                 "To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n" +
                 lines + "Content-Length: 0\r\n\r\n";
        REQUIRE(parse(buffer, Limits{}, message).kind == Verdict::Ok);
    }
    std::string buffer;
    Message message;
};

const Login kMufasa{.username = "Mufasa", .password = "Circle of Life"};
const std::string kRfcNonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const std::string kRfcOpaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";

std::string rfc_challenge(const std::string& algorithm) {
    return "WWW-Authenticate: Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
           "algorithm=" +
           algorithm + ", nonce=\"" + kRfcNonce + "\", opaque=\"" + kRfcOpaque + "\"\r\n";
}

constexpr std::string_view kCnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("digest client: the examples of RFC 7616 §3.9.1 and RFC 2617 §3.5") {
    DigestClient md5;
    CHECK(md5.take(Asked{401, rfc_challenge("MD5")}.message) == DigestClient::Outcome::Answered);
    const auto first = md5.lines(kMufasa, "GET", "/dir/index.html", kCnonce);
    CHECK(has(first, "response=\"8ca523f5e9506fed4657c9700eebdbec\""));
    CHECK(has(first, "opaque=\"" + kRfcOpaque + "\""));
    CHECK(has(first, ",qop=auth,nc=00000001\r\n"));

    DigestClient sha;
    CHECK(sha.take(Asked{401, rfc_challenge("SHA-256")}.message) ==
          DigestClient::Outcome::Answered);
    CHECK(has(sha.lines(kMufasa, "GET", "/dir/index.html", kCnonce),
              "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\","
              "algorithm=SHA-256"));
}

TEST_CASE("digest client: without qop the response is that of RFC 2069, and nothing is counted") {
    DigestClient client;
    const Asked asked{401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n"};
    CHECK(client.take(asked.message) == DigestClient::Outcome::Answered);
    const std::string ha1 = hash_hex(Algorithm::Md5, "u:r:p");
    const std::string ha2 = hash_hex(Algorithm::Md5, "REGISTER:sip:x");
    CHECK(client.lines({"u", "p"}, "REGISTER", "sip:x", "c0ffee") ==
          "Authorization: Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:x\",response=\"" +
              hash_hex(Algorithm::Md5, ha1 + ":n:" + ha2) + "\"\r\n");
}

TEST_CASE("digest client: a nonce is counted until another comes, and begins again at one") {
    DigestClient client;
    const auto ask = [&](const std::string& nonce, const std::string& more) {
        const Asked asked{401,
                          "WWW-Authenticate: Digest realm=\"r\", qop=\"auth\", nonce=\"" + nonce +
                              "\"" + more + "\r\n"};
        return client.take(asked.message);
    };
    const auto send = [&] { return client.lines({"u", "p"}, "REGISTER", "sip:x", "c"); };
    CHECK(send().empty());
    CHECK(ask("one", "") == DigestClient::Outcome::Answered);
    CHECK(has(send(), "nc=00000001"));
    client.accepted();
    CHECK(has(send(), "nc=00000002"));
    // A nonce that had been good is over: no wrong password, said or not.
    CHECK(ask("two", "") == DigestClient::Outcome::Answered);
    CHECK(has(send(), "nonce=\"two\""));
    CHECK(ask("three", ", stale=TRUE") == DigestClient::Outcome::Answered);
    CHECK(has(send(), "nc=00000001"));
    // Asked again on the very nonce it gave: these credentials are wrong.
    CHECK(ask("four", ", stale=false") == DigestClient::Outcome::Refused);
    CHECK(send().empty());
}

TEST_CASE("digest client: a proxy and the registrar behind it are both answered") {
    DigestClient client;
    const Asked proxy{407,
                      "Proxy-Authenticate: Digest realm=\"p\", nonce=\"n1\", qop=\"auth\"\r\n"};
    CHECK(client.take(proxy.message) == DigestClient::Outcome::Answered);
    CHECK(client.lines({"u", "p"}, "REGISTER", "sip:x", "c").starts_with("Proxy-Authorization: "));
    const Asked registrar{401,
                          "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", qop=\"auth\"\r\n"};
    CHECK(client.take(registrar.message) == DigestClient::Outcome::Answered);
    const auto both = client.lines({"u", "p"}, "REGISTER", "sip:x", "c");
    CHECK(has(both, "\r\nProxy-Authorization: "));
    CHECK(both.starts_with("Authorization: "));
}

TEST_CASE("digest client: the topmost challenge that we know counts, and others are passed over") {
    DigestClient client;
    const Asked several{401,
                        "WWW-Authenticate: Negotiate\r\n"
                        "WWW-Authenticate: Digest realm=\"r\", nonce=\"a\", algorithm=MD5-sess\r\n"
                        "WWW-Authenticate: Digest realm=\"r\", nonce=\"b\", qop=\"auth-int\"\r\n"
                        "WWW-Authenticate: Basic realm=\"x\", Digest realm=\"r, \\\"s\\\"\", "
                        "nonce=\"c\", algorithm=SHA-256\r\n"
                        "WWW-Authenticate: Digest realm=\"r\", nonce=\"d\"\r\n"};
    CHECK(client.take(several.message) == DigestClient::Outcome::Answered);
    const auto lines = client.lines({"u", "p"}, "REGISTER", "sip:x", "c");
    CHECK(has(lines, "nonce=\"c\""));
    CHECK(has(lines, "realm=\"r, \\\"s\\\"\""));
    const Asked strange{401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"a\", algorithm=X\r\n"};
    CHECK(client.take(strange.message) == DigestClient::Outcome::Unknown);
    CHECK(client.lines({"u", "p"}, "REGISTER", "sip:x", "c").empty());
    CHECK(client.take(Asked{401, ""}.message) == DigestClient::Outcome::Unknown);
}

TEST_CASE("digest client: a challenge at the limit is answered, a longer one is none") {
    const auto header = [](std::size_t bytes) {
        return "Digest realm=\"\", nonce=\"" + std::string(bytes, 'n') + "\"";
    };
    CHECK(parse_challenges(header(kMaxChallengeBytes)).size() == 1);
    CHECK(parse_challenges(header(kMaxChallengeBytes + 1)).empty());
    CHECK(parse_challenges("").empty());
    CHECK(parse_challenges("Digest").empty());
    CHECK(parse_challenges("Digest realm=\"r\"").empty());
    CHECK(parse_challenges("=, = , Digest =x, nonce").empty());
}

}  // namespace escucha::sip
