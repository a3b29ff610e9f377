#include <doctest/doctest.h>

#include "sip/detail/harness.h"
#include "sip/detail/test_phone.h"
#include "sip/detail/text.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

Harness& with_phones(Harness& h) {
    h.stack.set_phones(
        {credentials("ana", "correct horse"), credentials("luis", "battery")}, h.now, h.effects);
    return h;
}

}  // namespace

TEST_CASE("a phone registers after a challenge, with either algorithm") {
    for (const Algorithm algorithm : {Algorithm::Md5, Algorithm::Sha256}) {
        Harness h;
        with_phones(h);
        TestPhone phone;
        phone.algorithm = algorithm;
        const std::string answer = phone.run(h);
        CHECK(first_line(answer) == "SIP/2.0 200 OK");
        CHECK(header(answer, "Contact") == "<sip:ana@203.0.113.50:5060>;expires=300");
        const auto registered = h.take<Registered>();
        REQUIRE(registered.size() == 1);
        CHECK(registered[0].username == "ana");
        CHECK(registered[0].contacts == 1);
        CHECK(registered[0].expires == 300s);
        CHECK(h.stack.is_registered("ana", h.now));
        CHECK_FALSE(h.stack.is_registered("luis", h.now));
    }
}

TEST_CASE("digests agree with the vectors of RFC 7616 section 3.9.1") {
    DigestResponse given;
    given.username = "Mufasa";
    given.nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    given.uri = "/dir/index.html";
    given.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    given.nc = "00000001";
    given.qop = "auth";
    const std::string account = "Mufasa:http-auth@example.org:Circle of Life";
    given.algorithm = Algorithm::Md5;
    CHECK(digest_of(given, hash_hex(Algorithm::Md5, account), "GET") ==
          "8ca523f5e9506fed4657c9700eebdbec");
    given.algorithm = Algorithm::Sha256;
    CHECK(digest_of(given, hash_hex(Algorithm::Sha256, account), "GET") ==
          "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

TEST_CASE("a challenge stores nothing and offers what is set, the stronger first") {
    Settings settings = test_settings();
    settings.digests = Digests::Both;
    Harness h{settings};
    with_phones(h);
    TestPhone phone;
    for (int i = 0; i < 100; ++i) h.receive(phone.request().text(), kPhone);
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 100);
    const std::size_t sha = sends[0].bytes.find("algorithm=SHA-256");
    const std::size_t md5 = sends[0].bytes.find("algorithm=MD5");
    CHECK(sha != std::string::npos);
    CHECK(sha < md5);
    Harness plain;
    plain.receive(phone.request().text(), kPhone);
    const auto alone = plain.take<Send>();
    REQUIRE(alone.size() == 1);
    CHECK(alone[0].bytes.find("SHA-256") == std::string::npos);
    CHECK(alone[0].bytes.find("algorithm=MD5") != std::string::npos);
    CHECK(h.stack.gauges().transactions == 0);
    CHECK(h.stack.gauges().nonces == 0);
    CHECK_FALSE(h.stack.next_wakeup().has_value());
}

TEST_CASE("an unknown user and a wrong password look the same") {
    std::vector<std::string> answers;
    for (const auto& [user, password] : {std::pair{"ana", "wrong"},
                                         std::pair{"eve", "wrong"},
                                         std::pair{"eve", "correct horse"}}) {
        Harness h;
        with_phones(h);
        TestPhone phone;
        phone.user = user;
        phone.password = password;
        const std::string answer = phone.run(h);
        CHECK(h.stack.counters().authentications_failed == 1);
        CHECK(h.take<Registered>().empty());
        answers.push_back(first_line(answer) + std::to_string(answer.size()));
    }
    CHECK(answers[0] == answers[1]);
    CHECK(answers[1] == answers[2]);
    CHECK(answers[0].substr(0, 21) == "SIP/2.0 403 Forbidden");
}

TEST_CASE("a nonce lives nonce_life, after that the challenge says stale") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    REQUIRE(first_line(phone.run(h)) == "SIP/2.0 200 OK");
    h.advance(300s);
    CHECK(first_line(phone.authorised(h)) == "SIP/2.0 200 OK");
    h.advance(1s);
    const std::string stale = phone.authorised(h);
    CHECK(first_line(stale) == "SIP/2.0 401 Unauthorized");
    CHECK(stale.find("stale=true") != std::string::npos);
}

TEST_CASE("a count used before is refused, a repeated datagram gets its answer again") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    REQUIRE(first_line(phone.run(h)) == "SIP/2.0 200 OK");
    TestRequest r = phone.request();
    r.extra += phone.authorization();
    h.receive(r.text(), kPhone);
    h.receive(r.text(), kPhone);
    auto sends = h.take<Send>();
    REQUIRE(sends.size() == 2);
    CHECK(sends[0].bytes == sends[1].bytes);
    // The same credentials in a new transaction: a replay.
    r.via = "SIP/2.0/UDP 203.0.113.50:5060;branch=z9hG4bKreplay;rport";
    r.cseq += 1;
    h.receive(r.text(), kPhone);
    sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(first_line(sends[0].bytes) == "SIP/2.0 401 Unauthorized");
    CHECK(sends[0].bytes.find("stale=true") != std::string::npos);
}

TEST_CASE("the memory of nonces is bounded, and what was forgotten is stale, not fresh") {
    Settings settings = test_settings();
    settings.limits.nonces = 3;
    Harness h{settings};
    with_phones(h);
    TestPhone first;
    REQUIRE(first_line(first.run(h)) == "SIP/2.0 200 OK");
    h.advance(1s);
    for (int i = 0; i < 5; ++i) {
        TestPhone other;
        other.call_id = "reg-other" + std::to_string(i);
        other.branch = 100U * static_cast<unsigned>(i + 1);
        REQUIRE(first_line(other.run(h)) == "SIP/2.0 200 OK");
        h.advance(1s);
        CHECK(h.stack.gauges().nonces <= 3);
    }
    first.nc = 0;
    const std::string replayed = first.authorised(h);
    CHECK(first_line(replayed) == "SIP/2.0 401 Unauthorized");
    CHECK(replayed.find("stale=true") != std::string::npos);
}

TEST_CASE("nobody registers for somebody else") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    h.receive(phone.request().text(), kPhone);
    phone.nonce = unquote(*TestPhone::find_nonce(h.take<Send>()[0].bytes));
    TestRequest r = phone.request();
    r.to = "<sip:luis@escucha>";
    r.extra += phone.authorization();
    h.receive(r.text(), kPhone);
    CHECK(h.sent_lines() == std::vector<std::string>{"SIP/2.0 403 Forbidden"});
    CHECK_FALSE(h.stack.is_registered("luis", h.now));
}

TEST_CASE("bindings expire, and the last one is told") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.run(h);
    h.advance(300s - 1ms);
    CHECK(h.stack.is_registered("ana", h.now));
    CHECK(h.take<Unregistered>().empty());
    h.advance(1ms);
    CHECK_FALSE(h.stack.is_registered("ana", h.now));
    const auto gone = h.take<Unregistered>();
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].reason == UnregisteredReason::Expired);
    CHECK(h.stack.gauges().bindings == 0);
}

TEST_CASE("expiry is kept within its limits") {
    struct Row {
        const char* extra;
        const char* contact;
        const char* status;
        const char* expires;
    };
    for (const Row& row : {
             Row{"Expires: 59\r\n", "<sip:ana@203.0.113.50>", "SIP/2.0 423 Interval Too Brief", ""},
             Row{"Expires: 60\r\n", "<sip:ana@203.0.113.50>", "SIP/2.0 200 OK", ";expires=60"},
             Row{"Expires: 999999\r\n",
                 "<sip:ana@203.0.113.50>",
                 "SIP/2.0 200 OK",
                 ";expires=3600"},
             Row{"", "<sip:ana@203.0.113.50>", "SIP/2.0 200 OK", ";expires=600"},
             Row{"Expires: x\r\n", "<sip:ana@203.0.113.50>", "SIP/2.0 200 OK", ";expires=600"},
             Row{"Expires: 60\r\n",
                 "<sip:ana@203.0.113.50>;expires=120",
                 "SIP/2.0 200 OK",
                 ";expires=120"},
         }) {
        CAPTURE(row.extra);
        Harness h;
        with_phones(h);
        TestPhone phone;
        phone.extra = row.extra;
        phone.contact = row.contact;
        const std::string answer = phone.run(h);
        CHECK(first_line(answer) == row.status);
        CHECK(header(answer, "Contact").find(row.expires) != std::string::npos);
        if (*row.expires == '\0') CHECK(header(answer, "Min-Expires") == "60");
    }
}

TEST_CASE("a phone takes its binding back, one or all") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.run(h);
    phone.contact = "<sip:ana@203.0.113.50:5099>";
    phone.authorised(h);
    CHECK(h.stack.gauges().bindings == 2);
    phone.extra = "Expires: 0\r\n";
    phone.authorised(h);
    CHECK(h.stack.gauges().bindings == 1);
    CHECK(h.take<Unregistered>().empty());
    phone.contact = "*";
    CHECK(first_line(phone.authorised(h)) == "SIP/2.0 200 OK");
    CHECK(h.stack.gauges().bindings == 0);
    const auto gone = h.take<Unregistered>();
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].reason == UnregisteredReason::Removed);
    phone.extra = "Expires: 300\r\n";
    CHECK(first_line(phone.authorised(h)) == "SIP/2.0 400 Bad Request");
}

TEST_CASE("a REGISTER overtaken by a later one changes nothing") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.run(h);
    phone.cseq = 1;
    phone.extra = "Expires: 0\r\n";
    CHECK(first_line(phone.authorised(h)) == "SIP/2.0 500 Server Internal Error");
    CHECK(h.stack.is_registered("ana", h.now));
}

TEST_CASE("a phone is over TLS when all its addresses are") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.flow.transport = Transport::Tls;
    phone.run(h);
    CHECK(h.take<Registered>().back().is_over_tls);
    phone.flow.transport = Transport::Udp;
    phone.contact = "<sip:ana@203.0.113.50:6000>";
    REQUIRE(first_line(phone.authorised(h)) == "SIP/2.0 200 OK");
    CHECK_FALSE(h.take<Registered>().back().is_over_tls);
}

TEST_CASE("one binding over the limit pushes out the oldest") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.run(h);
    for (int i = 0; i < 8; ++i) {
        phone.contact = "<sip:ana@203.0.113.50:" + std::to_string(6000 + i) + ">";
        REQUIRE(first_line(phone.authorised(h)) == "SIP/2.0 200 OK");
    }
    CHECK(h.stack.gauges().bindings == 8);
    const auto registered = h.take<Registered>();
    CHECK(registered.back().contacts == 8);
}

TEST_CASE("a phone behind a NAT is called at the address it registered from") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.flow = udp_flow("203.0.113.99:31337");
    phone.contact = "<sip:ana@10.0.0.5:5060;ob>";
    phone.run(h);
    h.effects.clear();
    InviteRequest request;
    request.leg = LegId{Uuid{.high = 7, .low = 7}};
    request.target = PhoneTarget{.username = "ana"};
    request.offer = kAnswer;
    REQUIRE(h.stack.invite(request, h.now, h.effects).has_value());
    auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(first_line(sends[0].bytes) == "INVITE sip:ana@10.0.0.5:5060;ob SIP/2.0");
    CHECK(sends[0].flow.remote == *Address::parse("203.0.113.99:31337"));
    CHECK(header(sends[0].bytes, "To") == "<sip:ana@escucha>");
    h.receive(response_to(sends[0].bytes, 200, "t", "Contact: <sip:ana@10.0.0.5:5060>\r\n", kOffer),
              phone.flow);
    sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(first_line(sends[0].bytes) == "ACK sip:ana@10.0.0.5:5060 SIP/2.0");
    CHECK(sends[0].flow.remote == *Address::parse("203.0.113.99:31337"));
}

TEST_CASE("a phone nobody registered cannot be called") {
    Harness h;
    with_phones(h);
    InviteRequest request;
    request.leg = LegId{Uuid{.high = 7, .low = 7}};
    request.target = PhoneTarget{.username = "ana"};
    CHECK(h.stack.invite(request, h.now, h.effects).error().code == sip::Errc::NotRegistered);
}

TEST_CASE("a registered phone calls after a challenge; a source unknown to us is 403") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.run(h);
    h.effects.clear();
    phone.method = "INVITE";
    phone.uri = "sip:200@escucha";
    phone.extra = "";
    phone.call_id = "call-9";
    const std::string answer = phone.run(h);
    CHECK(first_line(answer) == "SIP/2.0 100 Trying");
    const auto calls = h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].source == Source{PhoneSource{.username = "ana"}});
    CHECK(calls[0].request_user == "200");
    CHECK(calls[0].asserted_user.empty());

    TestPhone stranger;
    stranger.method = "INVITE";
    stranger.extra = "";
    stranger.flow = udp_flow("203.0.113.66:5060");
    stranger.call_id = "call-10";
    stranger.branch = 500;
    CHECK(first_line(stranger.run(h)) == "SIP/2.0 403 Forbidden");
    CHECK(h.stack.counters().rejected_sources == 1);
}

TEST_CASE("a phone on a trunk's own machine is still a phone; others there are the trunk") {
    Harness h;
    with_phones(h);
    h.stack.set_trunks({{.id = h.trunk, .sources = {*AddressRange::parse("203.0.113.50")}}});
    TestPhone phone;
    phone.run(h);
    h.effects.clear();
    phone.method = "INVITE";
    phone.uri = "sip:200@escucha";
    phone.extra = "";
    phone.call_id = "call-9";
    CHECK(first_line(phone.run(h)) == "SIP/2.0 100 Trying");
    auto calls = h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].source == Source{PhoneSource{.username = "ana"}});
    TestPhone caller = phone;
    caller.user = "+34600123456";
    caller.flow = udp_flow("203.0.113.50:5099");
    caller.call_id = "call-10";
    CHECK(first_line(caller.run(h)) == "SIP/2.0 100 Trying");
    calls = h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].source == Source{h.trunk});
}

TEST_CASE("a trunk with credentials is challenged, and refused with the wrong ones") {
    Harness h;
    h.stack.set_trunks(
        {{.id = h.trunk, .sources = {}, .credentials = credentials("carrier", "s3")}});
    TestPhone trunk;
    trunk.user = "carrier";
    trunk.password = "s3";
    trunk.method = "INVITE";
    trunk.extra = "";
    CHECK(first_line(trunk.run(h)) == "SIP/2.0 100 Trying");
    const auto calls = h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].source == Source{h.trunk});
    TestPhone guesser = trunk;
    guesser.password = "s4";
    guesser.call_id = "other";
    guesser.branch = 77;
    CHECK(first_line(guesser.run(h)) == "SIP/2.0 403 Forbidden");
}

TEST_CASE("taking a phone out of the table ends its bindings at once") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.run(h);
    h.effects.clear();
    h.stack.set_phones({credentials("luis", "battery")}, h.now, h.effects);
    const auto gone = h.take<Unregistered>();
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].reason == UnregisteredReason::PhoneDeleted);
    CHECK(h.stack.gauges().bindings == 0);
}

TEST_CASE("a closed connection ends the bindings on it") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.flow.transport = Transport::Tcp;
    phone.flow.connection = 3;
    phone.run(h);
    h.stack.connection_closed(4, h.now, h.effects);
    CHECK(h.stack.is_registered("ana", h.now));
    h.stack.connection_closed(3, h.now, h.effects);
    const auto gone = h.take<Unregistered>();
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].reason == UnregisteredReason::ConnectionClosed);
}

TEST_CASE("registrations survive a restart, with their remaining time") {
    Harness before;
    with_phones(before);
    TestPhone phone;
    phone.run(before);
    before.advance(100s);
    const std::string saved = before.stack.save_registrations(before.now);

    Harness after;
    with_phones(after);
    after.now.wall = before.now.wall;
    const auto reachable = after.stack.restore_registrations(saved, after.now);
    REQUIRE(reachable.has_value());
    CHECK(reachable.value() == std::vector<std::string>{"ana"});
    after.advance(199s);
    CHECK(after.stack.is_registered("ana", after.now));
    after.advance(1s);
    CHECK_FALSE(after.stack.is_registered("ana", after.now));
    CHECK(after.take<Unregistered>().size() == 1);
}

TEST_CASE("an unproved source gets hardly more bytes than a phone's shortest REGISTER has") {
    Harness h;
    with_phones(h);
    TestPhone phone;
    phone.extra = "Expires: 300\r\nUser-Agent: Phone/1.0\r\nAllow: INVITE, ACK, CANCEL, BYE\r\n";
    const std::string request = phone.request().text();
    h.receive(request, kPhone);
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(sends[0].bytes.size() <= request.size() + 32);
}
