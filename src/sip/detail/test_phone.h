#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>

#include "sip/detail/harness.h"
#include "sip/detail/text.h"

namespace escucha::sip::detail {

inline const Flow kPhone = udp_flow("203.0.113.50:5060");

/// A phone that registers as `user` and answers challenges.
struct TestPhone {
    std::string user = "ana";
    std::string password = "correct horse";
    Flow flow = kPhone;
    std::string contact = "<sip:ana@203.0.113.50:5060>";
    std::string extra = "Expires: 300\r\n";
    std::string method = "REGISTER";
    std::string uri = "sip:escucha";
    Algorithm algorithm = Algorithm::Md5;
    std::string call_id = "reg-1";
    unsigned cseq = 1;
    unsigned branch = 0;
    std::string nonce;
    unsigned nc = 0;

    TestRequest request() {
        TestRequest r;
        r.method = method;
        r.uri = uri;
        r.via = "SIP/2.0/UDP 203.0.113.50:5060;branch=z9hG4bKreg" + std::to_string(++branch) +
                user + ";rport";
        r.from = "<sip:" + user + "@escucha>;tag=f";
        r.to = method == "REGISTER" ? "<sip:" + user + "@escucha>" : "<sip:200@escucha>";
        r.call_id = call_id;
        r.cseq = cseq++;
        r.contact = contact;
        r.extra = extra;
        return r;
    }
    std::string authorization() {
        DigestResponse given;
        given.username = user;
        given.realm = "escucha";
        given.nonce = nonce;
        given.uri = uri;
        given.cnonce = "c0ffee";
        given.qop = "auth";
        given.algorithm = algorithm;
        given.nc = "0000000" + std::to_string(++nc);
        const auto account = credentials(user, password);
        const bool is_md5 = algorithm == Algorithm::Md5;
        const std::string response =
            digest_of(given, is_md5 ? account.ha1_md5 : account.ha1_sha256, method);
        return "Authorization: Digest username=\"" + user + "\",realm=\"escucha\",nonce=\"" +
               nonce + "\",uri=\"" + uri + "\",response=\"" + response +
               "\",cnonce=\"c0ffee\",nc=" + given.nc +
               ",qop=auth,algorithm=" + (is_md5 ? "MD5" : "SHA-256") + "\r\n";
    }
    // Sends without, then with credentials; returns the final response.
    std::string run(Harness& h) {
        h.receive(request().text(), flow);
        const auto challenges = h.take<Send>();
        REQUIRE(challenges.size() == 1);
        if (first_line(challenges[0].bytes) != "SIP/2.0 401 Unauthorized") {
            return challenges[0].bytes;
        }
        nonce = unquote(*find_nonce(challenges[0].bytes));
        nc = 0;
        return authorised(h);
    }
    std::string authorised(Harness& h) {
        TestRequest r = request();
        r.extra += authorization();
        h.receive(r.text(), flow);
        const auto sends = h.take<Send>();
        REQUIRE(sends.size() >= 1);
        return sends[0].bytes;
    }
    static std::optional<std::string> find_nonce(std::string_view response) {
        const std::size_t at = response.find("nonce=");
        if (at == std::string_view::npos) return std::nullopt;
        return std::string{response.substr(at + 6, response.find(',', at) - at - 6)};
    }
};

}  // namespace escucha::sip::detail
