#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

// Tokens of ours are 16 or 32 hexadecimal digits; each gets a name by order of appearance.
class Mask {
public:
    std::string operator()(const std::string& text) {
        std::string out;
        std::size_t at = 0;
        while (at < text.size()) {
            const std::size_t end =
                std::min(text.find_first_not_of("0123456789abcdef", at), text.size());
            const std::string word = text.substr(at, end - at);
            if (word.size() == 16 || word.size() == 28 || word.size() == 32) {
                const auto [known, is_new] = names_.emplace(word, names_.size() + 1);
                static_cast<void>(is_new);
                out += "{" + std::to_string(known->second) + "}";
            } else {
                out += word;
            }
            if (end < text.size() && text[end] != '\r') out += text[end];
            at = end + 1;
        }
        return out;
    }

private:
    std::map<std::string, std::size_t> names_;
};

/// A ladder of whole messages, compared with a file of testdata. UPDATE_GOLDEN=1 rewrites it.
class Ladder {
public:
    explicit Ladder(Harness& harness) : h_{harness} {}

    void in(const std::string& text, const Flow& flow) {
        log_ += "<<< " + flow.remote.to_string() + "\n" + mask_(text) + "\n";
        h_.receive(text, flow);
    }
    /// Logs what was sent; returns the last of it.
    std::string out() {
        std::string last;
        for (const Send& send : h_.take<Send>()) {
            log_ += ">>> " + send.flow.remote.to_string() + "\n" + mask_(send.bytes) + "\n";
            last = send.bytes;
        }
        h_.effects.clear();
        return last;
    }
    void compare(const std::string& name) const {
        const std::string path =
            std::string{ESCUCHA_SOURCE_DIR} + "/src/sip/testdata/" + name + ".txt";
        if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream{path} << log_;
        std::ostringstream golden;
        golden << std::ifstream{path}.rdbuf();
        CHECK(log_ == golden.str());
    }

private:
    Harness& h_;
    Mask mask_;
    std::string log_;
};

const LegId kLeg{Uuid{.high = 7, .low = 7}};

}  // namespace

TEST_CASE("golden: a caller is answered, holds and hangs up") {
    Harness h;
    Ladder ladder{h};
    TestRequest request;
    request.body = kOffer;
    request.extra = "Record-Route: <sip:198.51.100.9;lr>\r\n";
    ladder.in(request.text(), h.peer);
    const LegId leg = h.take<Incoming>().at(0).leg;
    ladder.out();
    REQUIRE(h.stack.ring(leg, 180, std::nullopt, h.now, h.effects).has_value());
    REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
    request.to = header(ladder.out(), "To");
    request.body.clear();
    request.extra.clear();
    request.method = "ACK";
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKack;rport";
    ladder.in(request.text(), h.peer);
    h.effects.clear();
    request.method = "INVITE";
    request.cseq = 2;
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKhold;rport";
    request.body = kOffer + "a=sendonly\r\n";
    ladder.in(request.text(), h.peer);
    ladder.out();
    REQUIRE(h.stack.accept_reinvite(leg, kAnswer + "a=recvonly\r\n", h.now, h.effects).has_value());
    ladder.out();
    REQUIRE(h.stack.hang_up(leg, "closed", h.now, h.effects).has_value());
    ladder.in(response_to(ladder.out(), 200, ""), h.peer);
    ladder.compare("incoming_call");
}

TEST_CASE(
    "golden: a call with keys of sound is answered, and one without is refused and told why") {
    constexpr std::string_view kHead =
        "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n";
    const std::string crypto =
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
    Harness h;
    Ladder ladder{h};
    TestRequest request;
    request.body = std::string{kHead} + "m=audio 4000 RTP/SAVP 0\r\n" + crypto;
    ladder.in(request.text(), h.peer);
    const LegId leg = h.take<Incoming>().at(0).leg;
    REQUIRE(h.stack.answer(leg, request.body, h.now, h.effects));
    // The trace of it, which people see, has no key.
    const auto traced = h.take<Trace>();
    CHECK_FALSE(traced.empty());
    for (const Trace& line : traced) CHECK(line.line.find("inline") == std::string::npos);
    ladder.out();

    request.call_id = "call-2@198.51.100.7";
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKtwo;rport";
    request.body = kOffer;
    ladder.in(request.text(), h.peer);
    const sip::Rejection why{.status = 488,
                             .warning = "encrypted sound (RTP/SAVP with a=crypto) is required"};
    REQUIRE(h.stack.reject(h.take<Incoming>().at(0).leg, why, h.now, h.effects));
    ladder.out();
    ladder.compare("secure_call");
}

TEST_CASE("golden: a call with a session timer is refused as too short, refreshed by us and lost") {
    Harness h;
    Ladder ladder{h};
    TestRequest request;
    request.body = kOffer;
    request.extra = "Supported: timer\r\nSession-Expires: 60\r\n";
    ladder.in(request.text(), h.peer);
    ladder.out();
    request.cseq = 2;
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKtwo;rport";
    request.extra = "Supported: timer\r\nSession-Expires: 600\r\nMin-SE: 90\r\n";
    ladder.in(request.text(), h.peer);
    const LegId leg = h.take<Incoming>().at(0).leg;
    ladder.out();
    REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
    request.to = header(ladder.out(), "To");
    request.method = "ACK";
    request.body.clear();
    request.extra.clear();
    ladder.in(request.text(), h.peer);
    h.advance(300s);
    const std::string refresh = ladder.out();
    const std::string terms = "Require: timer\r\nSession-Expires: 600;refresher=uac\r\n";
    ladder.in(response_to(refresh, 200, "", terms, kOffer), h.peer);
    ladder.out();
    h.advance(300s);
    ladder.in(response_to(ladder.out(), 481, ""), h.peer);
    ladder.out();
    ladder.compare("session_timer");
}

TEST_CASE("golden: a caller changes the media by UPDATE and is refreshed by it") {
    Harness h;
    Ladder ladder{h};
    TestRequest request;
    request.body = kOffer;
    request.extra = "Supported: timer\r\nAllow: INVITE, ACK, BYE, UPDATE\r\n";
    ladder.in(request.text(), h.peer);
    const LegId leg = h.take<Incoming>().at(0).leg;
    ladder.out();
    REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
    request.to = header(ladder.out(), "To");
    request.method = "ACK";
    request.body.clear();
    ladder.in(request.text(), h.peer);
    request.method = "UPDATE";
    request.cseq = 2;
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKhold;rport";
    request.body = kOffer + "a=sendonly\r\n";
    ladder.in(request.text(), h.peer);
    REQUIRE(h.stack.accept_reinvite(leg, kAnswer + "a=recvonly\r\n", h.now, h.effects).has_value());
    ladder.out();
    h.advance(900s);
    const std::string terms = "Require: timer\r\nSession-Expires: 1800;refresher=uac\r\n";
    ladder.in(response_to(ladder.out(), 200, "", terms), h.peer);
    ladder.compare("update");
}

TEST_CASE("golden: a caller requires reliable ringing and hears early media before the answer") {
    Harness h;
    Ladder ladder{h};
    TestRequest request;
    request.body = kOffer;
    request.extra = "Require: 100rel\r\n";
    ladder.in(request.text(), h.peer);
    const LegId leg = h.take<Incoming>().at(0).leg;
    ladder.out();
    REQUIRE(h.stack.ring(leg, 183, kAnswer, h.now, h.effects).has_value());
    const std::string early = ladder.out();
    REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
    h.advance(500ms);
    ladder.out();
    request.method = "PRACK";
    request.cseq = 2;
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKprack;rport";
    request.to = header(early, "To");
    request.body.clear();
    request.extra = "RAck: " + header(early, "RSeq") + " 1 INVITE\r\n";
    ladder.in(request.text(), h.peer);
    ladder.out();
    ladder.compare("reliable_ringing");
}

TEST_CASE("golden: a caller asks to be transferred, hears of it and is let go") {
    Harness h;
    Ladder ladder{h};
    TestRequest request;
    request.body = kOffer;
    ladder.in(request.text(), h.peer);
    const LegId leg = h.take<Incoming>().at(0).leg;
    ladder.out();
    REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
    request.to = header(ladder.out(), "To");
    request.method = "ACK";
    request.body.clear();
    ladder.in(request.text(), h.peer);
    request.method = "REFER";
    request.cseq = 2;
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKrefer;rport";
    request.extra = "Refer-To: <sip:200@192.0.2.100>\r\nReferred-By: <sip:ana@198.51.100.7>\r\n";
    ladder.in(request.text(), h.peer);
    REQUIRE(h.stack.accept_transfer(leg, h.now, h.effects).has_value());
    ladder.in(response_to(ladder.out(), 200, ""), h.peer);
    REQUIRE(h.stack.finish_transfer(leg, 200, h.now, h.effects).has_value());
    REQUIRE(h.stack.hang_up(leg, "transferred", h.now, h.effects).has_value());
    ladder.out();
    ladder.compare("transfer");
}

TEST_CASE("golden: a peer joins its two calls, and another of its phones takes one over") {
    Harness h;
    Ladder ladder{h};
    const auto establish = [&](TestRequest request) {
        request.body = kOffer;
        ladder.in(request.text(), h.peer);
        const LegId leg = h.take<Incoming>().at(0).leg;
        ladder.out();
        REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
        request.to = header(ladder.out(), "To");
        request.method = "ACK";
        request.body.clear();
        request.extra.clear();
        ladder.in(request.text(), h.peer);
        return std::pair{leg, request};
    };
    TestRequest second;
    second.call_id = "call-2@198.51.100.7";
    second.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKtwo;rport";
    second.from = "\"Ana\" <sip:+34600123456@198.51.100.7>;tag=second";
    const auto [caller, first_request] = establish({});
    const auto [colleague, second_request] = establish(second);
    const std::string tag = second_request.to.substr(second_request.to.find(";tag=") + 5);

    TestRequest refer = first_request;
    refer.method = "REFER";
    refer.cseq = 2;
    refer.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKrefer;rport";
    refer.extra = "Refer-To: <sip:200@192.0.2.100?Replaces=call-2%40198.51.100.7%3Bto-tag%3D" +
                  tag + "%3Bfrom-tag%3Dsecond>\r\n";
    ladder.in(refer.text(), h.peer);
    const auto asked = h.take<TransferRequested>();
    REQUIRE(asked.size() == 1);
    CHECK(h.stack.find_replaced(*asked[0].replaces) == colleague);
    REQUIRE(h.stack.accept_transfer(caller, h.now, h.effects).has_value());
    ladder.in(response_to(ladder.out(), 200, ""), h.peer);
    REQUIRE(h.stack.finish_transfer(caller, 200, h.now, h.effects).has_value());
    REQUIRE(h.stack.hang_up(caller, "transferred", h.now, h.effects).has_value());
    ladder.out();

    TestRequest third;
    third.call_id = "call-3@198.51.100.7";
    third.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKthree;rport";
    third.from = "\"Ana\" <sip:+34600123456@198.51.100.7>;tag=third";
    third.extra =
        "Require: replaces\r\nReplaces: call-2@198.51.100.7;to-tag=" + tag + ";from-tag=second\r\n";
    third.body = kOffer;
    ladder.in(third.text(), h.peer);
    const auto taking = h.take<Incoming>();
    REQUIRE(taking.size() == 1);
    CHECK(taking[0].replaces == colleague);
    REQUIRE(h.stack.answer(taking[0].leg, kAnswer, h.now, h.effects).has_value());
    REQUIRE(h.stack.hang_up(colleague, "replaced", h.now, h.effects).has_value());
    ladder.out();
    ladder.compare("attended_transfer");
}

TEST_CASE("golden: a phone registers, is called and does not answer") {
    Harness h;
    Ladder ladder{h};
    h.stack.set_phones({credentials("ana", "correct horse")}, h.now, h.effects);
    const Flow phone = udp_flow("203.0.113.50:5060");
    TestRequest request;
    request.method = "REGISTER";
    request.uri = "sip:escucha";
    request.via = "SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKreg1;rport";
    request.from = request.to = "<sip:ana@escucha>";
    request.from += ";tag=f";
    request.contact = "<sip:ana@10.0.0.5:5060>";
    ladder.in(request.text(), phone);
    const std::string challenge = ladder.out();
    const std::size_t at = challenge.find("nonce=\"") + 7;
    DigestResponse given;
    given.username = "ana";
    given.nonce = challenge.substr(at, challenge.find('"', at) - at);
    given.uri = "sip:escucha";
    given.cnonce = "c0ffee";
    given.nc = "00000001";
    given.qop = "auth";
    request.via = "SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKreg2;rport";
    request.cseq = 2;
    request.extra = "Authorization: Digest username=\"ana\",realm=\"escucha\",nonce=\"" +
                    given.nonce + "\",uri=\"sip:escucha\",response=\"" +
                    digest_of(given, credentials("ana", "correct horse").ha1_md5, "REGISTER") +
                    "\",cnonce=\"c0ffee\",nc=00000001,qop=auth,algorithm=MD5\r\n";
    ladder.in(request.text(), phone);
    ladder.out();
    InviteRequest invite;
    invite.leg = kLeg;
    invite.target = PhoneTarget{.username = "ana"};
    invite.from_display = "Cola ventas";
    invite.from_user = "+34600123456";
    invite.offer = kAnswer;
    invite.expires = 20s;
    invite.headers = {{"Alert-Info", "<http://escucha/queue>"}};
    REQUIRE(h.stack.invite(invite, h.now, h.effects).has_value());
    const std::string sent = ladder.out();
    ladder.in(response_to(sent, 180, "phone"), phone);
    h.advance(20s);
    const std::string cancel = ladder.out();
    ladder.in(response_to(cancel, 200, "phone"), phone);
    ladder.in(response_to(sent, 487, "phone"), phone);
    ladder.out();
    ladder.compare("phone_call");
}

TEST_CASE("golden: we register at a carrier with digest, refresh, are called there and leave") {
    Harness h;
    Ladder ladder{h};
    const Flow carrier = udp_flow("192.0.2.10:5060");
    h.stack.set_trunks({{.id = h.trunk}});
    h.stack.set_trunk_accounts({{.trunk = h.trunk,
                                 .domain = "carrier.example",
                                 .username = "400",
                                 .password = "sesame",
                                 .is_registering = true,
                                 .options_interval = 0s}},
                               h.now,
                               h.effects);
    REQUIRE(h.stack.set_trunk_route(h.trunk, {carrier}, h.now, h.effects).has_value());
    const std::string first = ladder.out();
    ladder.in(response_to(first,
                          401,
                          "c1",
                          "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"c0c0a\", "
                          "algorithm=MD5, qop=\"auth\"\r\n"),
              carrier);
    const std::string contact = header(first, "Contact");
    ladder.in(response_to(ladder.out(), 200, "c2", "Contact: " + contact + ";expires=120\r\n"),
              carrier);
    h.advance(96s);
    ladder.in(response_to(ladder.out(), 200, "c3", "Contact: " + contact + ";expires=120\r\n"),
              carrier);
    TestRequest invite;
    invite.uri = contact.substr(1, contact.size() - 2);
    invite.to = "<sip:+34911234567@carrier.example>";
    invite.via = "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKcall;rport";
    invite.body = kOffer;
    ladder.in(invite.text(), carrier);
    const auto calls = h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].request_user == "+34911234567");
    REQUIRE(h.stack.hang_up(calls[0].leg, "", h.now, h.effects).has_value());
    ladder.out();
    h.stack.leave_trunks(h.now, h.effects);
    ladder.in(response_to(ladder.out(), 200, "c4"), carrier);
    ladder.compare("trunk_registration");
}

namespace {

/// Two carriers, the first with two servers; a call to a number of the outside world.
struct Carriers {
    Harness h;
    Ladder ladder{h};
    TrunkId other{Uuid{.high = 2, .low = 2}};
    Flow first = udp_flow("192.0.2.10:5060");
    Flow second = udp_flow("192.0.2.20:5060");
    Flow third = udp_flow("192.0.2.30:5060");

    explicit Carriers(DiversionHeader diversion = DiversionHeader::None) {
        TrunkAccount acme{.trunk = h.trunk,
                          .domain = "acme.example",
                          .username = "400",
                          .password = "sesame",
                          .caller_id = "+34910000100",
                          .diversion = diversion,
                          .options_interval = 0s};
        TrunkAccount beta = acme;
        beta.trunk = other;
        beta.domain = "beta.example";
        if (diversion != DiversionHeader::None) beta.diversion = DiversionHeader::HistoryInfo;
        h.stack.set_trunk_accounts({acme, beta}, h.now, h.effects);
        REQUIRE(h.stack.set_trunk_route(h.trunk, {first, second}, h.now, h.effects).has_value());
        REQUIRE(h.stack.set_trunk_route(other, {third}, h.now, h.effects).has_value());
        h.effects.clear();
    }
    std::string call() {
        InviteRequest request;
        request.leg = kLeg;
        request.target = TrunkTarget{.number = "+34600123456", .trunks = {h.trunk, other}};
        request.offer = kOffer;
        request.expires = 30s;
        REQUIRE(h.stack.invite(request, h.now, h.effects).has_value());
        return ladder.out();
    }
};

const std::string kAsks =
    "WWW-Authenticate: Digest realm=\"acme\", nonce=\"c0c0a\", algorithm=MD5, qop=\"auth\"\r\n";

}  // namespace

TEST_CASE("golden: a carrier wants the password of the call, of its re-INVITE and of its BYE") {
    Carriers c;
    const std::string contact = "Contact: <sip:gw@192.0.2.10>\r\n";
    c.ladder.in(response_to(c.call(), 401, "x", kAsks), c.first);
    const std::string invite = c.ladder.out();
    c.ladder.in(response_to(invite, 180, "gw"), c.first);
    c.ladder.in(response_to(invite, 200, "gw", contact, kAnswer), c.first);
    c.ladder.out();
    REQUIRE(c.h.stack.reinvite(kLeg, kOffer, c.h.now, c.h.effects).has_value());
    c.ladder.in(response_to(c.ladder.out(), 401, "", kAsks), c.first);
    c.ladder.in(response_to(c.ladder.out(), 200, "", contact, kAnswer), c.first);
    c.ladder.out();
    REQUIRE(c.h.stack.hang_up(kLeg, "closed", c.h.now, c.h.effects).has_value());
    c.ladder.in(response_to(c.ladder.out(), 401, "", kAsks), c.first);
    c.ladder.in(response_to(c.ladder.out(), 200, ""), c.first);
    c.ladder.compare("trunk_challenge");
}

TEST_CASE("golden: a diverted call comes in and is sent on, as each carrier wants it said") {
    Carriers c{DiversionHeader::Diversion};
    TestRequest diverted;
    diverted.body = kOffer;
    diverted.extra =
        "Diversion: <sip:+34911000200@198.51.100.7>;reason=no-answer;counter=1;privacy=off\r\n";
    c.ladder.in(diverted.text(), c.h.peer);
    const auto diversion = c.h.take<Incoming>().at(0).diversion;
    REQUIRE(diversion);
    c.ladder.out();
    for (const auto& [trunk, from] : {std::pair{c.h.trunk, c.first}, std::pair{c.other, c.third}}) {
        InviteRequest request;
        request.leg = kLeg;
        request.target = TrunkTarget{.number = "+34600123456",
                                     .trunks = {trunk},
                                     .diverting = "+34910000200",
                                     .diverted_before = diversion};
        request.offer = kOffer;
        REQUIRE(c.h.stack.invite(request, c.h.now, c.h.effects).has_value());
        c.ladder.in(response_to(c.ladder.out(), 486, "x"), from);
        c.ladder.out();
    }
    c.ladder.compare("trunk_diversion");
}

TEST_CASE("golden: a carrier redirects to a number of its own, and the owner calls it") {
    Carriers c;
    c.ladder.in(response_to(c.call(),
                            302,
                            "x",
                            "Contact: <sip:+34600000001@acme.example>;q=0.5, "
                            "<sip:+34600000002@elsewhere.example>\r\n"),
                c.first);
    const auto failed = c.h.take<Failed>();
    REQUIRE(failed.size() == 1);
    REQUIRE(failed[0].redirects.size() == 1);
    c.ladder.out();
    InviteRequest request;
    request.leg = LegId{Uuid{.high = 7, .low = 8}};
    request.target = TrunkTarget{.number = failed[0].redirects[0], .trunks = {c.h.trunk}};
    request.offer = kOffer;
    REQUIRE(c.h.stack.invite(request, c.h.now, c.h.effects).has_value());
    c.ladder.in(response_to(c.ladder.out(), 486, "y"), c.first);
    c.ladder.out();
    c.ladder.compare("trunk_redirect");
}

TEST_CASE("golden: a call goes on to the carrier's next server and then to the next carrier") {
    Carriers c;
    c.ladder.in(response_to(c.call(), 503, "x"), c.first);
    const std::string silent = c.ladder.out();
    c.h.advance(c.h.stack_settings.timing.trunk_patience);
    const std::string invite = c.ladder.out();
    const std::string contact = "Contact: <sip:gw@192.0.2.30>\r\n";
    c.ladder.in(response_to(invite, 200, "gw", contact, kAnswer), c.third);
    c.ladder.out();
    const std::string late = "Contact: <sip:gw@192.0.2.20>\r\n";
    c.ladder.in(response_to(silent, 200, "late", late, kAnswer), c.second);
    c.ladder.out();
    c.ladder.compare("trunk_fail_over");
}

TEST_CASE("golden: a carrier forks a call, and two answer") {
    Carriers c;
    const std::string invite = c.call();
    const std::string contact = "Contact: <sip:gw@192.0.2.10>\r\n";
    c.ladder.in(response_to(invite, 183, "one", contact, kAnswer), c.first);
    c.ladder.in(response_to(invite, 180, "two", contact), c.first);
    c.ladder.in(response_to(invite, 200, "two", contact, kAnswer), c.first);
    c.ladder.in(response_to(invite, 200, "one", contact, kAnswer), c.first);
    c.ladder.out();
    c.ladder.compare("trunk_fork");
}

TEST_CASE("golden: a call is cancelled while it is answered") {
    Carriers c;
    const std::string invite = c.call();
    c.ladder.in(response_to(invite, 180, "gw"), c.first);
    c.ladder.out();
    REQUIRE(c.h.stack.hang_up(kLeg, "caller left", c.h.now, c.h.effects).has_value());
    const std::string contact = "Contact: <sip:gw@192.0.2.10>\r\n";
    const std::string cancel = c.ladder.out();
    c.ladder.in(response_to(invite, 200, "gw", contact, kAnswer), c.first);
    c.ladder.in(response_to(cancel, 200, "gw"), c.first);
    c.ladder.out();
    c.ladder.compare("trunk_cancel_race");
}
