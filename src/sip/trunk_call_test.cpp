#include <doctest/doctest.h>

#include <map>

#include "sip/detail/digest.h"
#include "sip/detail/harness.h"
#include "sip/detail/text.h"
#include "sip/detail/trunk_call.h"

namespace escucha::sip {
namespace {

using namespace detail;
using namespace std::chrono_literals;

const Flow kFirst = udp_flow("192.0.2.10:5060");
const Flow kSecond = udp_flow("192.0.2.20:5060");
const Flow kOther = udp_flow("192.0.2.30:5060");
const LegId kLeg{Uuid{.high = 7, .low = 7}};
const LegId kNext{Uuid{.high = 7, .low = 8}};
const TrunkId kAcme{Uuid{.high = 1, .low = 1}};
const TrunkId kBeta{Uuid{.high = 1, .low = 2}};
constexpr std::string_view kNumber = "+34600123456";
const std::string kContact = "Contact: <sip:gw@192.0.2.10:5060>\r\n";

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// A Stack with two carriers: Acme with two servers, Beta with one. They answer as the test says.
struct Outside {
    Harness h;
    std::vector<TrunkAccount> accounts{account(kAcme, "acme.example"),
                                       account(kBeta, "beta.example")};

    Outside() { open(); }
    static TrunkAccount account(TrunkId trunk, std::string domain) {
        return {.trunk = trunk,
                .domain = std::move(domain),
                .username = "400",
                .password = "sesame",
                .route = {},
                .caller_id = "+34910000100",
                .options_interval = 0s};
    }
    void open() {
        h.stack.set_trunk_accounts(accounts, h.now, h.effects);
        REQUIRE(h.stack.set_trunk_route(kAcme, {kFirst, kSecond}, h.now, h.effects).has_value());
        REQUIRE(h.stack.set_trunk_route(kBeta, {kOther}, h.now, h.effects).has_value());
        h.effects.clear();
    }
    InviteRequest request(LegId leg = kLeg) {
        InviteRequest request;
        request.leg = leg;
        request.target = TrunkTarget{.number = std::string{kNumber}, .trunks = {kAcme, kBeta}};
        request.offer = kOffer;
        request.expires = 60s;
        return request;
    }
    void call(LegId leg = kLeg) {
        REQUIRE(h.stack.invite(request(leg), h.now, h.effects).has_value());
    }
    /// The one request of this method sent since the last look, with its repetitions, to there.
    std::string sent(std::string_view method, const Flow& to = kFirst) {
        std::string found;
        for (const Send& send : h.take<Send>()) {
            if (!send.bytes.starts_with(std::string{method} + " ")) continue;
            CHECK(send.flow.remote == to.remote);
            if (!found.empty()) CHECK(send.bytes == found);
            found = send.bytes;
        }
        REQUIRE_FALSE(found.empty());
        return found;
    }
    void answer(const std::string& request,
                int status,
                const std::string& lines = {},
                const std::string& body = {},
                const Flow& from = kFirst) {
        h.receive(response_to(request, status, "carrier", lines, body), from);
    }
    std::string establish() {
        call();
        const std::string invite = sent("INVITE");
        answer(invite, 200, kContact, kAnswer);
        REQUIRE(h.take<Answered>().size() == 1);
        h.take<Send>();
        return invite;
    }
    TrunkCalls calls(TrunkId trunk) {
        for (const TrunkCalls& one : h.stack.trunk_calls()) {
            if (one.trunk == trunk) return one;
        }
        return {};
    }
    Failed failed() {
        const auto all = h.take<Failed>();
        REQUIRE(all.size() == 1);
        return all[0];
    }
};

std::string challenge(std::string_view nonce, bool is_proxy = false, bool is_stale = false) {
    std::string line = is_proxy ? "Proxy-Authenticate" : "WWW-Authenticate";
    line.append(": Digest realm=\"acme\", nonce=\"").append(nonce).append("\", qop=\"auth\"");
    if (is_stale) line.append(", stale=true");
    return line.append("\r\n");
}

/// Is the Authorization (or the proxy's) of this request right for user 400 with this password?
bool is_proved(const std::string& request, std::string_view name = "Authorization") {
    const std::string value = header(request, name);
    if (!value.starts_with("Digest ")) return false;
    std::map<std::string, std::string> given;
    std::string_view rest{value};
    rest.remove_prefix(7);
    std::string_view element;
    while (next_element(rest, element)) {
        const std::size_t equals = element.find('=');
        given[std::string{trim(element.substr(0, equals))}] = unquote(element.substr(equals + 1));
    }
    DigestResponse response;
    response.nonce = given["nonce"];
    response.uri = given["uri"];
    response.cnonce = given["cnonce"];
    response.nc = given["nc"];
    response.qop = given["qop"];
    const std::string ha1 = hash_hex(Algorithm::Md5, "400:" + given["realm"] + ":sesame");
    const std::string line = first_line(request);
    return given["response"] == digest_of(response, ha1, line.substr(0, line.find(' '))) &&
           line.find(" " + given["uri"] + " ") != std::string::npos;
}

}  // namespace

TEST_CASE("a carrier is told for whom a call is made, if it wants that, and as privately") {
    Outside o;
    InviteRequest request = o.request();
    auto& target = std::get<TrunkTarget>(request.target);
    target.diverting = "+34910000200";
    target.diverted_before = Diversion{.from = "+34911000300", .reason = DiversionReason::Busy};
    SUBCASE("not at all, which is the default") {
        REQUIRE(o.h.stack.invite(request, o.h.now, o.h.effects).has_value());
        const std::string invite = o.sent("INVITE");
        CHECK(header(invite, "Diversion").empty());
        CHECK(header(invite, "History-Info").empty());
    }
    SUBCASE("by RFC 5806") {
        o.accounts[0].diversion = DiversionHeader::Diversion;
        o.open();
        REQUIRE(o.h.stack.invite(request, o.h.now, o.h.effects).has_value());
        const std::string invite = o.sent("INVITE");
        CHECK(header(invite, "Diversion") ==
              "<sip:+34910000200@acme.example>;reason=deflection;counter=1;privacy=off");
        CHECK(has(invite, "Diversion: <sip:+34911000300@acme.example>;reason=user-busy"));
        CHECK(header(invite, "From").starts_with("<sip:+34910000100@acme.example>"));
    }
    SUBCASE("withheld, and of a line that only we know") {
        o.accounts[0].diversion = DiversionHeader::Diversion;
        o.open();
        target.diverting = "100";
        target.presentation = TrunkTarget::Presentation::Withheld;
        REQUIRE(o.h.stack.invite(request, o.h.now, o.h.effects).has_value());
        CHECK(header(o.sent("INVITE"), "Diversion") ==
              "<sip:+34910000100@acme.example>;reason=deflection;counter=1;privacy=full");
    }
    SUBCASE("nothing of a call for nobody") {
        o.accounts[0].diversion = DiversionHeader::HistoryInfo;
        o.open();
        target.diverting.clear();
        REQUIRE(o.h.stack.invite(request, o.h.now, o.h.effects).has_value());
        CHECK(header(o.sent("INVITE"), "History-Info").empty());
    }
}

TEST_CASE("a number is called at the carrier, which is told our number and no other") {
    Outside o;
    InviteRequest request = o.request();
    request.from_user = "+34699999999";
    request.from_display = "Somebody";
    REQUIRE(o.h.stack.invite(request, o.h.now, o.h.effects).has_value());
    const std::string invite = o.sent("INVITE");
    CHECK(first_line(invite) == "INVITE sip:+34600123456@acme.example;user=phone SIP/2.0");
    CHECK(header(invite, "To") == "<sip:+34600123456@acme.example;user=phone>");
    CHECK(header(invite, "From").starts_with("<sip:+34910000100@acme.example>;tag="));
    CHECK(header(invite, "P-Asserted-Identity") == "<sip:+34910000100@acme.example>");
    CHECK(header(invite, "Privacy").empty());
    CHECK(header(invite, "Authorization").empty());
    CHECK_FALSE(has(invite, "Expires: 60"));
    CHECK(o.calls(kAcme).active == 1);

    o.answer(invite, 180);
    REQUIRE(o.h.take<Progress>().size() == 1);
    o.answer(invite, 200, kContact, kAnswer);
    const auto answered = o.h.take<Answered>();
    REQUIRE(answered.size() == 1);
    CHECK(answered[0].sdp == kAnswer);
    CHECK(answered[0].trunk == kAcme);
    CHECK(o.sent("ACK").starts_with("ACK sip:gw@192.0.2.10:5060 "));
    REQUIRE(o.h.stack.hang_up(kLeg, "closed", o.h.now, o.h.effects).has_value());
    o.answer(o.sent("BYE"), 200);
    CHECK(o.calls(kAcme).active == 0);
    CHECK(o.calls(kAcme).tried == 1);
    CHECK(o.calls(kAcme).answered == 1);
}

TEST_CASE("a withheld number is nobody's in From, and the carrier's alone otherwise") {
    Outside o;
    o.accounts[0].route = "<sip:proxy.acme.example;lr>";
    o.open();
    InviteRequest request = o.request();
    std::get<TrunkTarget>(request.target).presentation = TrunkTarget::Presentation::Withheld;
    REQUIRE(o.h.stack.invite(request, o.h.now, o.h.effects).has_value());
    const std::string invite = o.sent("INVITE");
    CHECK(
        header(invite, "From").starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="));
    CHECK(header(invite, "P-Asserted-Identity") == "<sip:+34910000100@acme.example>");
    CHECK(header(invite, "Privacy") == "id");
    CHECK(header(invite, "Route") == "<sip:proxy.acme.example;lr>");
}

TEST_CASE("without a caller id the carrier is shown our user there; what is no number is refused") {
    Outside o;
    o.accounts[0].caller_id.clear();
    o.open();
    o.call();
    CHECK(header(o.sent("INVITE"), "From").starts_with("<sip:400@acme.example>"));
    InviteRequest request = o.request(kNext);
    for (const char* number : {"", "+", "ana", "+34600;x=1", "+34 600"}) {
        std::get<TrunkTarget>(request.target).number = number;
        const auto refused = o.h.stack.invite(request, o.h.now, o.h.effects);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == Errc::Malformed);
    }
    std::get<TrunkTarget>(request.target) = {.number = "112", .trunks = {TrunkId{}}};
    const auto unknown = o.h.stack.invite(request, o.h.now, o.h.effects);
    REQUIRE_FALSE(unknown.has_value());
    CHECK(unknown.error().code == Errc::UnknownTrunk);
    CHECK(o.h.stack.legs() == std::vector<LegId>{kLeg});
}

TEST_CASE("an INVITE that is challenged goes out again with the password, and so does its ACK") {
    for (const bool is_proxy : {false, true}) {
        CAPTURE(is_proxy);
        Outside o;
        o.call();
        const std::string first = o.sent("INVITE");
        o.answer(first, is_proxy ? 407 : 401, challenge("n1", is_proxy));
        const auto sends = o.h.take<Send>();
        REQUIRE(sends.size() == 2);
        CHECK(sends[0].bytes.starts_with("ACK "));
        const std::string second = sends[1].bytes;
        CHECK(header(second, "CSeq") == "2 INVITE");
        CHECK(header(second, "Call-ID") == header(first, "Call-ID"));
        CHECK(header(second, "From") == header(first, "From"));
        CHECK(header(second, "Via") != header(first, "Via"));
        CHECK(has(second, kOffer));
        const std::string_view name = is_proxy ? "Proxy-Authorization" : "Authorization";
        CHECK(is_proved(second, name));
        o.answer(second, 200, kContact, kAnswer);
        REQUIRE(o.h.take<Answered>().size() == 1);
        const std::string ack = o.sent("ACK");
        CHECK(header(ack, "CSeq") == "2 ACK");
        CHECK(header(ack, name) == header(second, name));
        CHECK(o.calls(kAcme).failed == TrunkCalls{}.failed);
    }
}

TEST_CASE("a proxy and the carrier behind it may each want the password, and a nonce may be old") {
    Outside o;
    o.call();
    o.answer(o.sent("INVITE"), 407, challenge("p1", true));
    o.answer(o.sent("INVITE"), 401, challenge("c1"));
    const std::string both = o.sent("INVITE");
    CHECK(is_proved(both));
    CHECK(is_proved(both, "Proxy-Authorization"));
    o.answer(both, 401, challenge("c2", false, true));
    const std::string fourth = o.sent("INVITE");
    CHECK(is_proved(fourth));
    CHECK(header(fourth, "CSeq") == "4 INVITE");
    // One who asks without end is not answered without end.
    o.answer(fourth, 401, challenge("c3", false, true));
    o.answer(o.sent("INVITE"), 401, challenge("c4", false, true));
    CHECK(o.sent("INVITE", kOther).starts_with("INVITE sip:+34600123456@beta.example"));
}

TEST_CASE(
    "a carrier that rejects the password is left for the next carrier, not for its own next") {
    Outside o;
    o.call();
    o.answer(o.sent("INVITE"), 401, challenge("n1"));
    o.answer(o.sent("INVITE"), 401, challenge("n2"));
    const std::string at_beta = o.sent("INVITE", kOther);
    CHECK(header(at_beta, "Authorization").empty());
    o.answer(at_beta, 401, challenge("n1"), {}, kOther);
    o.answer(o.sent("INVITE", kOther), 403, {}, {}, kOther);
    const Failed failed = o.failed();
    CHECK(failed.status == 403);
    CHECK(failed.trunk == kBeta);
    CHECK(o.calls(kAcme).failed[4] == 1);
    CHECK(o.calls(kBeta).failed[4] == 1);
}

TEST_CASE("without a password a challenge is a refusal") {
    Outside o;
    o.accounts = {Outside::account(kAcme, "acme.example")};
    o.accounts[0].password.clear();
    o.h.stack.set_trunk_accounts(o.accounts, o.h.now, o.h.effects);
    REQUIRE(o.h.stack.set_trunk_route(kAcme, {kFirst}, o.h.now, o.h.effects).has_value());
    o.call();
    o.answer(o.sent("INVITE"), 401, challenge("n1"));
    CHECK(o.failed().status == 401);
}

TEST_CASE("re-INVITE, UPDATE and BYE are answered for as well, with CSeqs that only grow") {
    Outside o;
    o.establish();
    REQUIRE(o.h.stack.reinvite(kLeg, kAnswer, o.h.now, o.h.effects).has_value());
    const std::string offer = o.sent("INVITE");
    CHECK(header(offer, "CSeq") == "2 INVITE");
    o.answer(offer, 401, challenge("n1"));
    const std::string again = o.sent("INVITE");
    CHECK(is_proved(again));
    CHECK(header(again, "CSeq") == "3 INVITE");
    CHECK(again.starts_with("INVITE sip:gw@192.0.2.10:5060 "));
    o.answer(again, 200, kContact, kAnswer);
    REQUIRE(o.h.take<ReinviteAnswered>().size() == 1);
    CHECK(header(o.sent("ACK"), "CSeq") == "3 ACK");

    REQUIRE(o.h.stack.hang_up(kLeg, "closed", o.h.now, o.h.effects).has_value());
    REQUIRE(o.h.take<Ended>().size() == 1);
    const std::string bye = o.sent("BYE");
    CHECK(header(bye, "CSeq") == "4 BYE");
    CHECK(has(header(bye, "Reason"), "closed"));
    o.answer(bye, 407, challenge("n2", true));
    const std::string last = o.sent("BYE");
    CHECK(header(last, "CSeq") == "5 BYE");
    CHECK(is_proved(last, "Proxy-Authorization"));
    o.answer(last, 200);
    o.h.advance(64s);
    CHECK(o.h.stack.gauges().transactions == 0);
}

TEST_CASE("a refresh by UPDATE that is challenged goes out again and renews the session") {
    Outside o;
    o.call();
    const std::string terms =
        kContact +
        "Allow: INVITE, UPDATE\r\nRequire: timer\r\nSession-Expires: 600;refresher=uac\r\n";
    o.answer(o.sent("INVITE"), 200, terms, kAnswer);
    o.h.effects.clear();
    o.h.advance(300s);
    o.answer(o.sent("UPDATE"), 401, challenge("n1"));
    const std::string again = o.sent("UPDATE");
    CHECK(is_proved(again));
    o.answer(again, 200, "Require: timer\r\nSession-Expires: 600;refresher=uac\r\n");
    CHECK(o.h.take<Refreshed>().size() == 1);
}

TEST_CASE("a restored leg still answers its carrier, and counts among its calls") {
    Outside o;
    o.establish();
    const auto saved = o.h.stack.save_leg(kLeg);
    REQUIRE(saved.has_value());
    Outside later;
    REQUIRE(later.h.stack.restore_leg(kLeg, saved.value(), later.h.now).has_value());
    CHECK(later.calls(kAcme).active == 1);
    REQUIRE(later.h.stack.hang_up(kLeg, "", later.h.now, later.h.effects).has_value());
    later.answer(later.sent("BYE"), 401, challenge("n1"));
    CHECK(is_proved(later.sent("BYE")));
    CHECK(later.calls(kAcme).active == 0);
}

TEST_CASE("a server in trouble is left for the next, and the carrier for the next carrier") {
    for (const int status : {503, 500, 502, 504, 408}) {
        CAPTURE(status);
        Outside o;
        o.call();
        const std::string first = o.sent("INVITE");
        o.answer(first, status);
        const std::string second = o.sent("INVITE", kSecond);
        CHECK(header(second, "Call-ID") != header(first, "Call-ID"));
        o.answer(second, status, {}, {}, kSecond);
        const std::string third = o.sent("INVITE", kOther);
        CHECK(third.starts_with("INVITE sip:+34600123456@beta.example;user=phone "));
        CHECK(o.calls(kAcme).active == 0);
        CHECK(o.calls(kBeta).active == 1);
        CHECK(o.h.take<Failed>().empty());
        o.answer(third, 200, kContact, kAnswer, kOther);
        CHECK(o.h.take<Answered>().at(0).trunk == kBeta);
        CHECK(o.calls(kAcme).failed[status == 408 ? 0 : 5] == 2);
    }
}

TEST_CASE("what the number itself says is the end, whatever other carriers there are") {
    for (const int status : {404, 480, 484, 486, 488, 600, 603}) {
        CAPTURE(status);
        Outside o;
        o.call();
        o.answer(o.sent("INVITE"), status);
        CHECK(o.failed().status == status);
        CHECK(o.sent("ACK").starts_with("ACK "));
        CHECK(o.calls(kAcme).active == 0);
    }
}

TEST_CASE("a redirect within the carrier names its numbers, the best first") {
    Outside o;
    o.call();
    o.answer(o.sent("INVITE"),
             302,
             "Contact: <sip:+34600000003@acme.example>;q=0.25, <tel:+34-600-000-001>\r\n"
             "Contact: <sip:+34600000002@192.0.2.20:5070>;q=0.7\r\n"
             "Contact: <sip:+882999@premium.example>;q=1, <sip:reception@acme.example>\r\n"
             "Contact: <sip:+34600000004@acme.example>;q=x\r\n");
    const Failed failed = o.failed();
    CHECK(failed.status == 302);
    CHECK(failed.redirects ==
          std::vector<std::string>{"+34600000001", "+34600000002", "+34600000003", "+34600000004"});
    CHECK(failed.reason == "the carrier redirects");
    // Nothing is called by itself.
    for (const Send& send : o.h.take<Send>()) CHECK_FALSE(send.bytes.starts_with("INVITE "));
}

TEST_CASE("of a redirect no more than so many contacts are read, and of other 3xx none") {
    for (const auto& [status, reason] :
         {std::pair{305, "the carrier wants another proxy: not asked"},
          std::pair{380, "the carrier offers another service: not used"}}) {
        Outside o;
        o.call();
        o.answer(o.sent("INVITE"), status, "Contact: <sip:+34600000001@acme.example>\r\n");
        const Failed failed = o.failed();
        CHECK(failed.redirects.empty());
        CHECK(failed.reason == reason);
    }
    Outside o;
    o.call();
    std::string contacts = "Contact: <sip:+346@acme.example>";
    for (std::size_t i = 0; i < kMaxRedirects; ++i) contacts += ",<sip:+347@acme.example>";
    o.answer(o.sent("INVITE"), 301, contacts + "\r\n");
    CHECK(o.failed().redirects.size() == kMaxRedirects);
}

TEST_CASE("a redirect is not followed, and why is told") {
    Outside o;
    o.call();
    o.answer(o.sent("INVITE"), 302, "Contact: <sip:+882999@premium.example>\r\n");
    const Failed failed = o.failed();
    CHECK(failed.status == 302);
    CHECK(failed.reason == "the carrier redirects: not followed");
    CHECK(failed.redirects.empty());
    CHECK(failed.contacts.size() == 1);
    for (const Send& send : o.h.take<Send>()) CHECK(send.bytes.starts_with("ACK "));
}

TEST_CASE("once the number has rung, no other way is tried") {
    Outside o;
    o.call();
    const std::string invite = o.sent("INVITE");
    o.answer(invite, 183, {}, kAnswer);
    CHECK(o.h.take<Progress>().at(0).sdp == kAnswer);
    o.answer(invite, 503);
    CHECK(o.failed().status == 503);
}

TEST_CASE(
    "a silent server is left within seconds; its late answer is hung up, and it is tried last") {
    Outside o;
    o.call();
    const std::string first = o.sent("INVITE");
    o.h.advance(o.h.stack_settings.timing.trunk_patience - 1ms);
    CHECK(o.sent("INVITE") == first);
    o.h.advance(1ms);
    const std::string second = o.sent("INVITE", kSecond);
    o.answer(second, 180, {}, {}, kSecond);
    o.answer(second, 200, kContact, kAnswer, kSecond);
    REQUIRE(o.h.take<Answered>().size() == 1);
    o.h.take<Send>();
    // Two answered: the caller has one of them, and the other must not stay open.
    o.answer(first, 200, kContact, kAnswer);
    std::vector<std::string> lines = o.h.sent_lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].starts_with("ACK "));
    CHECK(lines[1].starts_with("BYE "));
    o.call(kNext);
    CHECK(o.sent("INVITE", kSecond).starts_with("INVITE "));
}

TEST_CASE("a silent server that says 100 at last is cancelled") {
    Outside o;
    o.call();
    const std::string first = o.sent("INVITE");
    o.h.advance(o.h.stack_settings.timing.trunk_patience - 1ms);
    o.h.take<Send>();
    o.h.advance(1ms);
    o.sent("INVITE", kSecond);
    o.answer(first, 100);
    CHECK(header(o.sent("CANCEL"), "CSeq") == "1 CANCEL");
}

TEST_CASE("a server that is trying has the whole time of the call") {
    Outside o;
    o.call();
    const std::string invite = o.sent("INVITE");
    o.answer(invite, 100);
    o.h.advance(59s);
    CHECK(o.h.take<Failed>().empty());
    o.h.advance(1s);
    CHECK(o.failed().status == 408);
    CHECK(has(o.sent("CANCEL"), "CANCEL "));
}

TEST_CASE("a call that all are silent to ends when the last one was") {
    Outside o;
    o.call();
    o.h.advance(24s);
    const Failed failed = o.failed();
    CHECK(failed.status == 408);
    CHECK(failed.trunk == kBeta);
    CHECK(o.calls(kBeta).failed[0] == 1);
    o.h.advance(64s);
    CHECK(o.h.stack.gauges().transactions == 0);
    CHECK(o.h.stack.gauges().legs == 0);
}

TEST_CASE("a server that cannot be connected to is left at once") {
    Outside o;
    Flow tls = kFirst;
    tls.transport = Transport::Tls;
    REQUIRE(o.h.stack.set_trunk_route(kAcme, {tls, kSecond}, o.h.now, o.h.effects).has_value());
    o.call();
    CHECK(header(o.sent("INVITE"), "Via").starts_with("SIP/2.0/TLS "));
    o.h.stack.unreachable(kSecond, o.h.now, o.h.effects);
    CHECK(o.h.take<Send>().empty());
    o.h.stack.unreachable(tls, o.h.now, o.h.effects);
    CHECK(o.sent("INVITE", kSecond).starts_with("INVITE "));
}

TEST_CASE("a carrier in full use is passed over; when all are, the call is refused") {
    Outside o;
    o.accounts[0].calls_max = 1;
    o.accounts[1].calls_max = 1;
    o.open();
    o.call();
    o.sent("INVITE", kFirst);
    o.call(kNext);
    CHECK(o.sent("INVITE", kOther).starts_with("INVITE "));
    const LegId third{Uuid{.high = 7, .low = 9}};
    const auto refused = o.h.stack.invite(o.request(third), o.h.now, o.h.effects);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::Overloaded);
    CHECK(o.calls(kAcme).refused_by_limit == 2);
    CHECK(o.calls(kBeta).refused_by_limit == 1);
    CHECK(o.h.stack.legs().size() == 2);
    REQUIRE(o.h.stack.hang_up(kLeg, "", o.h.now, o.h.effects).has_value());
    o.h.effects.clear();
    o.call(third);
    CHECK(o.sent("INVITE", kFirst).starts_with("INVITE "));
}

TEST_CASE("calls from the carrier count as well") {
    Outside o;
    o.accounts[0].calls_max = 1;
    o.open();
    o.h.incoming();
    CHECK(o.calls(kAcme).active == 1);
    o.call();
    CHECK(o.sent("INVITE", kOther).starts_with("INVITE "));
}

TEST_CASE("of forked answers the first is taken, each other one is acknowledged and hung up") {
    Outside o;
    o.call();
    const std::string invite = o.sent("INVITE");
    o.h.receive(response_to(invite, 180, "one"), kFirst);
    o.h.receive(response_to(invite, 180, "two"), kFirst);
    o.h.receive(response_to(invite, 200, "two", kContact, kAnswer), kFirst);
    REQUIRE(o.h.take<Answered>().size() == 1);
    o.h.take<Send>();
    o.h.receive(response_to(invite, 200, "one", kContact, kAnswer), kFirst);
    const auto sends = o.h.take<Send>();
    REQUIRE(sends.size() == 2);
    CHECK(sends[0].bytes.starts_with("ACK "));
    CHECK(sends[1].bytes.starts_with("BYE "));
    CHECK(has(header(sends[1].bytes, "To"), "tag=one"));
    // That one may want the password too.
    o.h.receive(response_to(sends[1].bytes, 401, "one", challenge("n1")), kFirst);
    CHECK(is_proved(o.sent("BYE")));
    CHECK(o.h.stack.legs() == std::vector<LegId>{kLeg});
}

TEST_CASE("a cancel before the first response waits for it; one that crosses the answer hangs up") {
    Outside o;
    o.call();
    const std::string invite = o.sent("INVITE");
    REQUIRE(o.h.stack.hang_up(kLeg, "", o.h.now, o.h.effects).has_value());
    CHECK(o.failed().status == 487);
    CHECK(o.h.take<Send>().empty());
    o.answer(invite, 180);
    o.answer(o.sent("CANCEL"), 200);
    o.answer(invite, 200, kContact, kAnswer);
    const auto lines = o.h.sent_lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].starts_with("ACK "));
    CHECK(lines[1].starts_with("BYE "));
    CHECK(o.calls(kAcme).active == 0);
}

TEST_CASE("a challenge that crosses the cancel is not answered") {
    Outside o;
    o.call();
    const std::string invite = o.sent("INVITE");
    REQUIRE(o.h.stack.hang_up(kLeg, "", o.h.now, o.h.effects).has_value());
    o.answer(invite, 401, challenge("n1"));
    for (const Send& send : o.h.take<Send>()) CHECK(send.bytes.starts_with("ACK "));
    o.h.advance(64s);
    CHECK(o.h.stack.gauges().transactions == 0);
}

}  // namespace escucha::sip
