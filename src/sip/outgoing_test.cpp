#include <doctest/doctest.h>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

const std::string kContact = "Contact: <sip:bob@203.0.113.9:5070>\r\n";
const LegId kLeg{Uuid{.high = 7, .low = 7}};

InviteRequest to_uri() {
    InviteRequest request;
    request.leg = kLeg;
    request.target =
        UriTarget{.uri = "sip:bob@203.0.113.9:5070", .flow = udp_flow("203.0.113.9:5070")};
    request.from_display = "Cola \"ventas\"";
    request.from_user = "100";
    request.offer = kAnswer;
    return request;
}

// Sends the INVITE and returns it as it went out.
std::string invite(Harness& h, InviteRequest request = to_uri()) {
    REQUIRE(h.stack.invite(std::move(request), h.now, h.effects).has_value());
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    h.effects.clear();
    return sends[0].bytes;
}

std::string sole_send(Harness& h) {
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    return sends[0].bytes;
}

// A call picked up by the peer; the ACK is out.
std::string talking(Harness& h) {
    const std::string sent = invite(h);
    h.receive(response_to(sent, 200, "callee", kContact, kOffer));
    REQUIRE(h.take<Answered>().size() == 1);
    h.effects.clear();
    return sent;
}

}  // namespace

TEST_CASE("an outgoing call rings, is answered and acknowledged to the peer's contact") {
    Harness h;
    const std::string sent = invite(h);
    CHECK(first_line(sent) == "INVITE sip:bob@203.0.113.9:5070 SIP/2.0");
    CHECK(header(sent, "From").substr(0, 46) ==
          "\"Cola \\\"ventas\\\"\" <sip:100@192.0.2.100>;tag=" +
              header(sent, "From").substr(44, 2));
    h.receive(response_to(sent, 100, ""));
    h.receive(response_to(sent, 180, "callee"));
    const auto progress = h.take<Progress>();
    REQUIRE(progress.size() == 1);
    CHECK(progress[0].status == 180);
    h.effects.clear();
    h.receive(response_to(sent, 200, "callee", "Contact: <sip:desk@203.0.113.9:6000>\r\n", kOffer));
    const std::string ack = sole_send(h);
    CHECK(first_line(ack) == "ACK sip:desk@203.0.113.9:6000 SIP/2.0");
    CHECK(header(ack, "CSeq") == "1 ACK");
    CHECK(header(ack, "To") == "<sip:bob@203.0.113.9:5070>;tag=callee");
    const auto answers = h.take<Answered>();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].sdp == kOffer);
}

TEST_CASE("an INVITE nobody hears of is repeated with doubling gaps and fails with 408") {
    Harness h;
    invite(h);
    h.advance(31'999ms);
    CHECK(h.take<Send>().size() == 6);  // 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s
    CHECK(h.take<Failed>().empty());
    h.advance(1ms);
    const auto failed = h.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].status == 408);
    CHECK(h.stack.gauges().legs == 0);
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("a provisional response stops the repeating") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(response_to(sent, 100, ""));
    h.advance(60s);
    CHECK(h.take<Send>().empty());
    CHECK(h.stack.gauges().legs == 1);
}

TEST_CASE("a refusal is acknowledged, also when it comes again, and told once") {
    Harness h;
    const std::string sent = invite(h);
    const std::string busy = response_to(sent, 486, "callee");
    h.receive(busy);
    const std::string ack = sole_send(h);
    CHECK(first_line(ack) == "ACK sip:bob@203.0.113.9:5070 SIP/2.0");
    CHECK(header(ack, "Via") == header(sent, "Via"));
    const auto failed = h.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].status == 486);
    h.receive(busy);
    CHECK(sole_send(h) == ack);
    CHECK(h.take<Failed>().empty());
    h.advance(33s);
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("a redirection is told with its contacts and never followed") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(response_to(
        sent, 302, "callee", "Contact: <sip:+882999@198.51.100.66>, <sip:b@198.51.100.67>\r\n"));
    const auto failed = h.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].status == 302);
    CHECK(failed[0].contacts ==
          std::vector<std::string>{"sip:+882999@198.51.100.66", "sip:b@198.51.100.67"});
    CHECK(h.sent_lines() == std::vector<std::string>{"ACK sip:bob@203.0.113.9:5070 SIP/2.0"});
}

TEST_CASE("a challenge to our call is a failure, never answered with a digest") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(response_to(
        sent, 407, "callee", "Proxy-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n"));
    const auto failed = h.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].status == 407);
}

TEST_CASE("cancelling waits for a provisional response before CANCEL goes out") {
    Harness h;
    const std::string sent = invite(h);
    REQUIRE(h.stack.cancel(kLeg, h.now, h.effects).has_value());
    const auto failed = h.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].status == 487);
    CHECK(h.take<Send>().empty());
    h.receive(response_to(sent, 180, "callee"));
    const std::string cancel = sole_send(h);
    CHECK(first_line(cancel) == "CANCEL sip:bob@203.0.113.9:5070 SIP/2.0");
    CHECK(header(cancel, "Via") == header(sent, "Via"));
    CHECK(header(cancel, "CSeq") == "1 CANCEL");
    CHECK(header(cancel, "To") == header(sent, "To"));
    h.receive(response_to(cancel, 200, "callee"));
    h.receive(response_to(sent, 487, "callee"));
    CHECK(h.sent_lines() == std::vector<std::string>{"ACK sip:bob@203.0.113.9:5070 SIP/2.0"});
    CHECK(h.take<Failed>().empty());
    CHECK(h.take<Progress>().empty());
    h.advance(33s);
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("an answer that crosses the cancel is acknowledged and hung up") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(response_to(sent, 180, "callee"));
    REQUIRE(h.stack.hang_up(kLeg, "", h.now, h.effects).has_value());
    CHECK(h.sent_lines() == std::vector<std::string>{"CANCEL sip:bob@203.0.113.9:5070 SIP/2.0"});
    h.effects.clear();
    h.receive(response_to(sent, 200, "callee", kContact, kOffer));
    CHECK(h.sent_lines() == std::vector<std::string>{"ACK sip:bob@203.0.113.9:5070 SIP/2.0",
                                                     "BYE sip:bob@203.0.113.9:5070 SIP/2.0"});
    CHECK(h.take<Answered>().empty());
    CHECK(h.stack.gauges().legs == 0);
    h.advance(33s);
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("a cancelled INVITE that never gets its final response is given up") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(response_to(sent, 180, "callee"));
    REQUIRE(h.stack.cancel(kLeg, h.now, h.effects).has_value());
    h.advance(32s);
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("the ACK goes out again for every repeated 200") {
    Harness h;
    const std::string sent = talking(h);
    const std::string ok_200 = response_to(sent, 200, "callee", kContact, kOffer);
    h.receive(ok_200);
    h.receive(ok_200);
    CHECK(h.sent_lines() == std::vector<std::string>{"ACK sip:bob@203.0.113.9:5070 SIP/2.0",
                                                     "ACK sip:bob@203.0.113.9:5070 SIP/2.0"});
    CHECK(h.take<Answered>().empty());
}

TEST_CASE("a second answer of a forked call is acknowledged and hung up, the first goes on") {
    Harness h;
    const std::string sent = talking(h);
    const std::string other =
        response_to(sent, 200, "voicemail", "Contact: <sip:vm@203.0.113.10:5060>\r\n", kOffer);
    h.receive(other);
    auto sends = h.take<Send>();
    REQUIRE(sends.size() == 2);
    CHECK(first_line(sends[0].bytes) == "ACK sip:vm@203.0.113.10:5060 SIP/2.0");
    CHECK(first_line(sends[1].bytes) == "BYE sip:vm@203.0.113.10:5060 SIP/2.0");
    CHECK(header(sends[1].bytes, "To") == "<sip:bob@203.0.113.9:5070>;tag=voicemail");
    h.receive(other);
    CHECK(h.sent_lines() == std::vector<std::string>{"ACK sip:vm@203.0.113.10:5060 SIP/2.0"});
    CHECK(h.take<Ended>().empty());
    CHECK(h.stack.gauges().legs == 1);
}

TEST_CASE("an offerless call is answered with an offer, which our ACK answers") {
    Harness h;
    InviteRequest request = to_uri();
    request.offer.reset();
    const std::string sent = invite(h, request);
    CHECK(header(sent, "Content-Length") == "0");
    h.receive(response_to(sent, 200, "callee", kContact, kOffer));
    CHECK(h.take<Answered>().size() == 1);
    CHECK(h.take<Send>().empty());
    h.receive(response_to(sent, 200, "callee", kContact, kOffer));
    CHECK(h.take<Send>().empty());
    REQUIRE(h.stack.ack_with_answer(kLeg, kAnswer, h.now, h.effects).has_value());
    const std::string ack = sole_send(h);
    CHECK(ack.find(kAnswer) != std::string::npos);
    h.receive(response_to(sent, 200, "callee", kContact, kOffer));
    CHECK(sole_send(h) == ack);
    CHECK(h.stack.ack_with_answer(kLeg, kAnswer, h.now, h.effects).error().code ==
          sip::Errc::WrongState);
}

TEST_CASE("an offer that is never answered ends the call within 64*T1") {
    Harness h;
    InviteRequest request = to_uri();
    request.offer.reset();
    const std::string sent = invite(h, request);
    h.receive(response_to(sent, 200, "callee", kContact, kOffer));
    h.effects.clear();
    h.advance(32s);
    REQUIRE(h.take<Ended>().size() == 1);
    const auto lines = h.sent_lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].substr(0, 3) == "ACK");
    CHECK(lines[1].substr(0, 3) == "BYE");
}

TEST_CASE("an answer without media is taken from the early media, or refused") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(response_to(sent, 183, "callee", "", kOffer));
    h.receive(response_to(sent, 200, "callee", kContact));
    const auto answers = h.take<Answered>();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].sdp == kOffer);

    Harness bare;
    const std::string again = invite(bare);
    bare.receive(response_to(again, 200, "callee", kContact));
    const auto failed = bare.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].status == 488);
    CHECK(bare.sent_lines() == std::vector<std::string>{"ACK sip:bob@203.0.113.9:5070 SIP/2.0",
                                                        "BYE sip:bob@203.0.113.9:5070 SIP/2.0"});
}

TEST_CASE("requests follow the record-route of the answer, in reverse") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(response_to(sent,
                          200,
                          "callee",
                          kContact + "Record-Route: <sip:203.0.113.20;lr>\r\n"
                                     "Record-Route: <sip:203.0.113.21;lr>\r\n",
                          kOffer));
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(sends[0].bytes.find("Route: <sip:203.0.113.21;lr>\r\nRoute: <sip:203.0.113.20;lr>\r\n") !=
          std::string::npos);
    CHECK(first_line(sends[0].bytes) == "ACK sip:bob@203.0.113.9:5070 SIP/2.0");
    CHECK(sends[0].flow.remote == *Address::parse("203.0.113.21:5060"));
}

TEST_CASE("a strict router gets the request addressed to itself") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(response_to(
        sent, 200, "callee", kContact + "Record-Route: <sip:203.0.113.20>\r\n", kOffer));
    const std::string ack = sole_send(h);
    CHECK(first_line(ack) == "ACK sip:203.0.113.20 SIP/2.0");
    CHECK(header(ack, "Route") == "<sip:bob@203.0.113.9:5070>");
}

TEST_CASE("an unanswered call ends when its Expires is over") {
    Harness h;
    InviteRequest request = to_uri();
    request.expires = 20s;
    const std::string sent = invite(h, request);
    CHECK(header(sent, "Expires") == "20");
    h.receive(response_to(sent, 180, "callee"));
    h.advance(20s - 1ms);
    CHECK(h.take<Failed>().empty());
    h.advance(1ms);
    REQUIRE(h.take<Failed>().size() == 1);
    CHECK(h.sent_lines() == std::vector<std::string>{"CANCEL sip:bob@203.0.113.9:5070 SIP/2.0"});
}

TEST_CASE("the callee's BYE ends the call") {
    Harness h;
    const std::string sent = talking(h);
    TestRequest bye;
    bye.method = "BYE";
    bye.from = "<sip:bob@203.0.113.9:5070>;tag=callee";
    bye.to = header(sent, "From");
    bye.call_id = header(sent, "Call-ID");
    h.receive(bye.text(), udp_flow("203.0.113.9:5070"));
    REQUIRE(h.take<Ended>().size() == 1);
    CHECK(h.sent_lines() == std::vector<std::string>{"SIP/2.0 200 OK"});
}

TEST_CASE("a refused re-INVITE leaves the call; 481 and silence end it") {
    for (const int status : {488, 481, 0}) {
        Harness h;
        talking(h);
        REQUIRE(h.stack.reinvite(kLeg, kAnswer, h.now, h.effects).has_value());
        CHECK(h.stack.reinvite(kLeg, kAnswer, h.now, h.effects).error().code ==
              sip::Errc::WrongState);
        const std::string offer = sole_send(h);
        CHECK(header(offer, "CSeq") == "2 INVITE");
        if (status != 0) {
            h.receive(response_to(offer, status, ""));
        } else {
            h.advance(32s);
        }
        const auto failed = h.take<ReinviteFailed>();
        REQUIRE(failed.size() == 1);
        CHECK(failed[0].status == (status == 0 ? 408 : status));
        CHECK(h.take<Ended>().size() == (status == 488 ? 0 : 1));
    }
}

TEST_CASE("headers that would forge or break the message are refused") {
    Harness h;
    for (const auto& [name, value] : {std::pair{"X-Case", "1\r\nVia: x"},
                                      std::pair{"From", "<sip:ceo@example>"},
                                      std::pair{"X Case", "1"}}) {
        InviteRequest request = to_uri();
        request.headers = {{name, value}};
        CHECK(h.stack.invite(request, h.now, h.effects).error().code == sip::Errc::Malformed);
    }
    CHECK(h.effects.empty());
    InviteRequest request = to_uri();
    request.headers = {{"Alert-Info", "<http://example/ring>"}};
    CHECK(header(invite(h, request), "Alert-Info") == "<http://example/ring>");
}

TEST_CASE("the limit of legs holds at its edge") {
    Settings settings = test_settings();
    settings.limits.legs = 2;
    Harness h{settings};
    h.incoming();
    invite(h);
    InviteRequest third = to_uri();
    third.leg = LegId{Uuid{.high = 8, .low = 8}};
    CHECK(h.stack.invite(third, h.now, h.effects).error().code == sip::Errc::Overloaded);
    TestRequest request;
    request.call_id = "other";
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKother;rport";
    h.receive(request.text());
    const std::string answer = sole_send(h);
    CHECK(first_line(answer) == "SIP/2.0 503 Service Unavailable");
    CHECK_FALSE(header(answer, "Retry-After").empty());
    CHECK(h.stack.counters().rejected_overload == 1);
}

TEST_CASE("while overloaded, new calls are refused without memory and calls that live go on") {
    Harness h;
    const Incoming living = h.incoming();
    const auto before = h.stack.gauges().transactions;
    h.stack.set_overloaded(true);
    TestRequest request;
    request.call_id = "other";
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKother;rport";
    h.receive(request.text());
    const std::string answer = sole_send(h);
    CHECK(first_line(answer) == "SIP/2.0 503 Service Unavailable");
    CHECK_FALSE(header(answer, "Retry-After").empty());
    CHECK(h.stack.counters().rejected_overload == 1);
    CHECK(h.stack.gauges().transactions == before);
    CHECK(h.stack.answer(living.leg, kOffer, h.now, h.effects).has_value());
    CHECK(first_line(sole_send(h)) == "SIP/2.0 200 OK");

    // A copy of what was refused is refused, whenever it comes; a new attempt is a call.
    h.stack.set_overloaded(false);
    h.receive(request.text());
    CHECK(first_line(sole_send(h)) == "SIP/2.0 503 Service Unavailable");
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKagain;rport";
    h.receive(request.text());
    CHECK(h.take<Incoming>().size() == 1);
}

TEST_CASE("a response that belongs to nothing is dropped and counted") {
    Harness h;
    const std::string sent = invite(h);
    std::string stray = response_to(sent, 200, "callee", kContact, kOffer);
    stray.replace(stray.find("z9hG4bK") + 7, 4, "XXXX");
    h.receive(stray);
    CHECK(h.take<Send>().empty());
    CHECK(h.stack.counters().stray_responses == 1);
}

TEST_CASE("nothing is ever sent to a group or broadcast address") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(
        response_to(sent, 200, "callee", "Contact: <sip:x@255.255.255.255:5060>\r\n", kOffer));
    for (const Send& send : h.take<Send>()) {
        CHECK(send.flow.remote == *Address::parse("203.0.113.9:5070"));
    }
}

TEST_CASE("a lost connection fails the call on it") {
    Harness h;
    InviteRequest request = to_uri();
    Flow flow = udp_flow("203.0.113.9:5070");
    flow.transport = Transport::Tcp;
    flow.connection = 5;
    request.target = UriTarget{.uri = "sip:bob@203.0.113.9:5070;transport=tcp", .flow = flow};
    const std::string sent = invite(h, request);
    CHECK(header(sent, "Contact") == "<sip:192.0.2.100:5060;transport=tcp>");
    h.advance(10s);
    CHECK(h.take<Send>().empty());
    h.stack.connection_closed(0, h.now, h.effects);
    CHECK(h.take<Failed>().empty());
    h.stack.connection_closed(5, h.now, h.effects);
    const auto failed = h.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].status == 503);
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("a ringing phone is asked to go off hook, and the call goes on as if it were not") {
    Harness h;
    const std::string sent = invite(h);
    CHECK(h.stack.lift(kLeg, h.now, h.effects).error().code == sip::Errc::WrongState);
    h.receive(response_to(sent, 180, "callee", "Contact: <sip:desk@203.0.113.9:6000>\r\n"));
    h.effects.clear();
    REQUIRE(h.stack.lift(kLeg, h.now, h.effects).has_value());
    const std::string notify = sole_send(h);
    CHECK(first_line(notify) == "NOTIFY sip:desk@203.0.113.9:6000 SIP/2.0");
    CHECK(header(notify, "CSeq") == "2 NOTIFY");
    CHECK(header(notify, "To") == "<sip:bob@203.0.113.9:5070>;tag=callee");
    CHECK(header(notify, "Event") == "talk");
    h.effects.clear();
    h.receive(response_to(notify, 489, "callee"));
    CHECK(h.take<Failed>().empty());

    h.receive(response_to(sent, 200, "callee", kContact, kOffer));
    CHECK(header(sole_send(h), "CSeq") == "1 ACK");
    h.effects.clear();
    REQUIRE(h.stack.hang_up(kLeg, "", h.now, h.effects).has_value());
    CHECK(header(sole_send(h), "CSeq") == "3 BYE");
}

TEST_CASE(
    "an offerless call asked to go off hook and then given up is acknowledged by its number") {
    Harness h;
    InviteRequest request = to_uri();
    request.offer.reset();
    const std::string sent = invite(h, request);
    h.receive(response_to(sent, 180, "callee", kContact));
    REQUIRE(h.stack.lift(kLeg, h.now, h.effects).has_value());
    h.receive(response_to(sent, 200, "callee", kContact, kOffer));
    h.effects.clear();
    REQUIRE(h.stack.hang_up(kLeg, "", h.now, h.effects).has_value());
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 2);
    CHECK(header(sends[0].bytes, "CSeq") == "1 ACK");
    CHECK(header(sends[1].bytes, "CSeq") == "3 BYE");
}
