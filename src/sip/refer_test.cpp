#include <doctest/doctest.h>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

/// A caller that is talking and may ask to be transferred.
struct Caller {
    Caller() {
        leg = h.incoming().leg;
        REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
        to = header(h.take<Send>().at(0).bytes, "To");
        h.receive(inside("ACK", 1).text());
        h.effects.clear();
    }
    [[nodiscard]] TestRequest inside(const std::string& method, unsigned cseq) const {
        return sip::detail::inside(method, to, cseq);
    }
    std::vector<TransferRequested> refer(const std::string& headers) {
        TestRequest request = inside("REFER", ++last_cseq);
        request.extra = headers;
        h.receive(request.text());
        return h.take<TransferRequested>();
    }
    Harness h;
    LegId leg;
    std::string to;
    unsigned last_cseq = 1;
};

}  // namespace

TEST_CASE("a REFER tells where to, who asks and which call is to be taken over") {
    Caller caller;
    auto wanted = caller.refer(
        "Refer-To: \"Luis\" <sip:%2B34911@escucha;transport=udp?Replaces=a84%40host%3Bto-tag%3Dx"
        "%3Bfrom-tag%3Dy&X=1>\r\nReferred-By: <sip:ana@escucha>;cid=\"1\"\r\n");
    REQUIRE(wanted.size() == 1);
    CHECK(wanted[0].leg == caller.leg);
    CHECK(wanted[0].target_uri == "sip:%2B34911@escucha;transport=udp");
    CHECK(wanted[0].target_user == "+34911");
    CHECK(wanted[0].referred_by == "sip:ana@escucha");
    REQUIRE(wanted[0].replaces.has_value());
    CHECK(wanted[0].replaces->call_id == "a84@host");
    CHECK(wanted[0].replaces->to_tag == "x");
    CHECK(wanted[0].replaces->from_tag == "y");
    CHECK(caller.h.take<Send>().empty());

    Caller plain;
    wanted = plain.refer("r: sip:200@escucha\r\n");
    REQUIRE(wanted.size() == 1);
    CHECK(wanted[0].target_uri == "sip:200@escucha");
    CHECK(wanted[0].target_user == "200");
    CHECK(wanted[0].referred_by.empty());
    CHECK_FALSE(wanted[0].replaces.has_value());
}

TEST_CASE("a REFER that cannot be read is 400 and reaches nobody") {
    const std::string to = "Refer-To: ";
    for (const std::string& extra :
         {std::string{},
          to + "<http://escucha/>\r\n",
          to + "<sip:200@escucha;method=BYE>\r\n",
          to + "<sip:200@escucha?Replaces=abc>\r\n",
          to + "<sip:200@escucha?Replaces=abc%3Bto-tag%3D1>\r\n",
          to + "<sip:200@escucha?Replaces=abc%3Bto-tag%3D1%3Bfrom-tag>\r\n",
          to + "<sip:" + std::string(256, '1') + "@escucha>\r\n",
          to + "<sip:1@escucha>\r\n" + to + "<sip:2@escucha>\r\n"}) {
        CAPTURE(extra);
        Caller caller;
        CHECK(caller.refer(extra).empty());
        CHECK(caller.h.sent_lines().at(0).substr(0, 12) == "SIP/2.0 400 ");
        CHECK(caller.h.stack.gauges().legs == 1);
    }
}

TEST_CASE("an accepted transfer is 202, and its two NOTIFYs tell how it goes") {
    Caller caller;
    Harness& h = caller.h;
    REQUIRE(caller.refer("Refer-To: <sip:200@escucha>\r\n").size() == 1);
    REQUIRE(h.stack.accept_transfer(caller.leg, h.now, h.effects).has_value());
    auto sends = h.take<Send>();
    REQUIRE(sends.size() == 2);
    CHECK(first_line(sends[0].bytes) == "SIP/2.0 202 Accepted");
    CHECK(header(sends[0].bytes, "CSeq") == "2 REFER");
    const std::string trying = sends[1].bytes;
    CHECK(first_line(trying) == "NOTIFY sip:ana@198.51.100.7:5060 SIP/2.0");
    CHECK(header(trying, "Event") == "refer;id=2");
    CHECK(header(trying, "Subscription-State") == "active;expires=60");
    CHECK(header(trying, "Content-Type") == "message/sipfrag;version=2.0");
    CHECK(trying.substr(trying.find("\r\n\r\n") + 4) == "SIP/2.0 100 Trying\r\n");
    h.receive(response_to(trying, 200, ""));
    REQUIRE(h.stack.finish_transfer(caller.leg, 486, h.now, h.effects).has_value());
    sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(header(sends[0].bytes, "Subscription-State") == "terminated;reason=noresource");
    CHECK(header(sends[0].bytes, "CSeq") == "2 NOTIFY");
    CHECK(sends[0].bytes.find("\r\n\r\nSIP/2.0 486 Busy Here\r\n") != std::string::npos);
    CHECK(h.stack.finish_transfer(caller.leg, 200, h.now, h.effects).error().code ==
          sip::Errc::WrongState);
    // A NOTIFY the peer refuses changes nothing; another transfer may follow.
    h.receive(response_to(sends[0].bytes, 481, ""));
    CHECK(caller.refer("Refer-To: <sip:200@escucha>\r\n").size() == 1);
    CHECK(h.take<Ended>().empty());
    h.advance(33s);
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("a refused transfer is told so, and one at a time is asked") {
    Caller caller;
    Harness& h = caller.h;
    REQUIRE(caller.refer("Refer-To: <sip:200@escucha>\r\n").size() == 1);
    CHECK(caller.refer("Refer-To: <sip:201@escucha>\r\n").empty());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 491 Request Pending"});
    CHECK(h.stack.refuse_transfer(caller.leg, 202, h.now, h.effects).error().code ==
          sip::Errc::Malformed);
    REQUIRE(h.stack.refuse_transfer(caller.leg, 603, h.now, h.effects).has_value());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 603 Decline"});
    // Its repetition gets the same answer.
    TestRequest again = caller.inside("REFER", 2);
    again.extra = "Refer-To: <sip:200@escucha>\r\n";
    h.receive(again.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 603 Decline"});
    CHECK(h.take<TransferRequested>().empty());
}

TEST_CASE("a call that ends with a transfer open answers it first") {
    Caller caller;
    Harness& h = caller.h;
    REQUIRE(caller.refer("Refer-To: <sip:200@escucha>\r\n").size() == 1);
    REQUIRE(h.stack.hang_up(caller.leg, "", h.now, h.effects).has_value());
    CHECK(h.sent_lines() ==
          Lines{"SIP/2.0 487 Request Terminated", "BYE sip:ana@198.51.100.7:5060 SIP/2.0"});
}

TEST_CASE("a REFER from elsewhere, outside a dialog or before the answer transfers nothing") {
    Caller caller;
    TestRequest request = caller.inside("REFER", 2);
    request.extra = "Refer-To: <sip:200@escucha>\r\n";
    caller.h.receive(request.text(), udp_flow("198.51.100.8:5060"));
    CHECK(caller.h.sent_lines() == Lines{"SIP/2.0 403 Forbidden"});
    Flow tcp = udp_flow("203.0.113.66:5060");
    tcp.transport = Transport::Tcp;
    tcp.connection = 3;
    request.cseq = 3;
    caller.h.receive(request.text(), tcp);
    CHECK(caller.h.sent_lines() == Lines{"SIP/2.0 403 Forbidden"});

    Harness h;
    TestRequest stranger;
    stranger.method = "REFER";
    stranger.extra = "Refer-To: <sip:200@escucha>\r\n";
    h.receive(stranger.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 405 Method Not Allowed"});

    Harness ringing;
    const Incoming call = ringing.incoming();
    REQUIRE(
        ringing.stack.ring(call.leg, 180, std::nullopt, ringing.now, ringing.effects).has_value());
    request.to = header(ringing.take<Send>().at(0).bytes, "To");
    request.cseq = 2;
    ringing.effects.clear();
    ringing.receive(request.text());
    CHECK(ringing.sent_lines() == Lines{"SIP/2.0 603 Decline"});
    for (Harness* each : {&caller.h, &h, &ringing}) {
        CHECK(each->take<TransferRequested>().empty());
    }
}

TEST_CASE("a transfer nobody decides on leaves no transaction behind") {
    Caller caller;
    REQUIRE(caller.refer("Refer-To: <sip:200@escucha>\r\n").size() == 1);
    caller.h.advance(33s);
    CHECK(caller.h.stack.gauges().transactions == 0);
    CHECK(caller.h.stack.gauges().legs == 1);
}

namespace {

/// Another call of the same peer's, which says what it is to take over.
TestRequest taking_over(const std::string& replaces) {
    TestRequest request;
    request.call_id = "call-2@198.51.100.7";
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKtwo;rport";
    request.from = "\"Ana\" <sip:+34600123456@198.51.100.7>;tag=second";
    request.extra = "Require: replaces\r\nReplaces: " + replaces + "\r\n";
    request.body = kOffer;
    return request;
}

std::string named(const Caller& caller) {
    const std::string tag = caller.to.substr(caller.to.find(";tag=") + 5);
    return "call-1@198.51.100.7;to-tag=" + tag + ";from-tag=caller";
}

}  // namespace

TEST_CASE("an INVITE that replaces one of our calls names the leg to its owner") {
    Caller caller;
    caller.h.receive(taking_over(named(caller)).text());
    const auto calls = caller.h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].replaces == caller.leg);
    CHECK(calls[0].leg != caller.leg);

    Caller plain;
    TestRequest other = taking_over("");
    other.extra.clear();
    plain.h.receive(other.text());
    CHECK_FALSE(plain.h.take<Incoming>().at(0).replaces.has_value());
}

TEST_CASE("an INVITE that replaces what cannot be replaced is refused as RFC 3891 has it") {
    const auto answered = [](Caller& caller, const std::string& replaces) {
        caller.h.receive(taking_over(replaces).text());
        CHECK(caller.h.take<Incoming>().empty());
        return caller.h.sent_lines().at(0);
    };
    Caller caller;
    CHECK(answered(caller, "call-1@198.51.100.7") == "SIP/2.0 400 Bad Request");
    Caller tagless;
    CHECK(answered(tagless, "call-1@198.51.100.7;to-tag=x") == "SIP/2.0 400 Bad Request");
    // The tags the wrong way round, and a call nobody knows.
    Caller turned;
    const std::string tag = turned.to.substr(turned.to.find(";tag=") + 5);
    CHECK(answered(turned, "call-1@198.51.100.7;from-tag=" + tag + ";to-tag=caller") ==
          "SIP/2.0 481 Call/Transaction Does Not Exist");
    Caller unknown;
    CHECK(answered(unknown, "call-9@198.51.100.7;to-tag=x;from-tag=caller") ==
          "SIP/2.0 481 Call/Transaction Does Not Exist");
    Caller early_only;
    CHECK(answered(early_only, named(early_only) + ";early-only") == "SIP/2.0 486 Busy Here");
    Caller ended;
    REQUIRE(ended.h.stack.hang_up(ended.leg, "over", ended.h.now, ended.h.effects).has_value());
    ended.h.effects.clear();
    CHECK(answered(ended, named(ended)) == "SIP/2.0 481 Call/Transaction Does Not Exist");
    // Not answered yet: who rings is for the owner to say.
    Harness h;
    h.incoming();
    REQUIRE(h.stack.gauges().legs == 1);
    h.receive(taking_over("call-1@198.51.100.7;to-tag=x;from-tag=caller").text());
    CHECK(h.sent_lines().at(0) == "SIP/2.0 481 Call/Transaction Does Not Exist");
}

TEST_CASE("the call that a REFER replaces is found by the tags as we see them") {
    Caller caller;
    const std::string tag = caller.to.substr(caller.to.find(";tag=") + 5);
    const Replaces wanted{.call_id = "call-1@198.51.100.7", .to_tag = tag, .from_tag = "caller"};
    CHECK(caller.h.stack.find_replaced(wanted) == caller.leg);
    CHECK_FALSE(
        caller.h.stack
            .find_replaced({.call_id = "call-1@198.51.100.7", .to_tag = "caller", .from_tag = tag})
            .has_value());
}
