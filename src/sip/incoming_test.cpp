#include <doctest/doctest.h>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

const auto kLines = [](std::initializer_list<const char*> lines) {
    return std::vector<std::string>{lines.begin(), lines.end()};
};

std::string tag_of(std::string_view to) {
    const std::size_t at = to.find(";tag=");
    return at == std::string_view::npos ? std::string{} : std::string{to.substr(at + 5)};
}

// The ACK or a later request inside the dialog of `Harness::incoming`.
struct Answered200 {
    LegId leg;
    std::string to;
};
Answered200 answered(Harness& h) {
    const Incoming call = h.incoming();
    REQUIRE(h.stack.answer(call.leg, kAnswer, h.now, h.effects).has_value());
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    return {call.leg, header(sends[0].bytes, "To")};
}
Answered200 established(Harness& h) {
    auto call = answered(h);
    h.receive(inside("ACK", call.to, 1).text());
    REQUIRE(h.take<Confirmed>().size() == 1);
    h.effects.clear();
    return call;
}

}  // namespace

TEST_CASE("a call from a trunk is announced with number, caller, identity and offer") {
    Harness h;
    TestRequest request;
    request.body = kOffer;
    request.extra = "P-Asserted-Identity: <sip:+34911111111@carrier.example>\r\n";
    h.receive(request.text());
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(first_line(sends[0].bytes) == "SIP/2.0 100 Trying");
    CHECK(sends[0].flow == h.peer);
    const auto calls = h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].request_user == "100");
    CHECK(calls[0].caller_user == "+34600123456");
    CHECK(calls[0].caller_display == "Ana");
    CHECK(calls[0].asserted_user == "+34911111111");
    CHECK(calls[0].call_id == "call-1@198.51.100.7");
    CHECK(calls[0].source == Source{h.trunk});
    CHECK(calls[0].offer == kOffer);
}

TEST_CASE("a call is rung, answered, acknowledged and ended by the caller") {
    Harness h;
    const Incoming call = h.incoming();
    REQUIRE(h.stack.ring(call.leg, 180, std::nullopt, h.now, h.effects).has_value());
    REQUIRE(h.stack.answer(call.leg, kAnswer, h.now, h.effects).has_value());
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 2);
    CHECK(first_line(sends[0].bytes) == "SIP/2.0 180 Ringing");
    CHECK(first_line(sends[1].bytes) == "SIP/2.0 200 OK");
    const std::string to = header(sends[1].bytes, "To");
    CHECK(to == header(sends[0].bytes, "To"));
    CHECK(tag_of(to).size() == 16);
    CHECK(header(sends[1].bytes, "Contact") == "<sip:192.0.2.100:5060>");
    CHECK(sends[1].bytes.find(kAnswer) != std::string::npos);

    h.receive(inside("ACK", to, 1).text());
    const auto confirmed = h.take<Confirmed>();
    REQUIRE(confirmed.size() == 1);
    CHECK(confirmed[0].leg == call.leg);
    CHECK(h.stack.legs() == std::vector{call.leg});
    CHECK_FALSE(confirmed[0].sdp.has_value());
    h.advance(10s);
    CHECK(h.take<Send>().empty());

    TestRequest bye = inside("BYE", to, 2);
    bye.extra = "Reason: Q.850;cause=16;text=\"bye now\"\r\n";
    h.receive(bye.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 200 OK"}));
    const auto ended = h.take<Ended>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].by == EndedBy::Remote);
    CHECK(ended[0].reason == "bye now");
    CHECK(h.stack.gauges().legs == 0);
    CHECK(h.stack.legs().empty());

    h.receive(bye.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 200 OK"}));
    h.advance(33s);
    CHECK(h.stack.gauges().transactions == 0);
    CHECK(h.stack.hang_up(call.leg, "", h.now, h.effects).error().code == sip::Errc::UnknownLeg);
}

TEST_CASE("a repeated INVITE gets the last response and no second leg") {
    Harness h;
    TestRequest request;
    request.body = kOffer;
    const Incoming call = h.incoming(request);
    h.receive(request.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 100 Trying"}));
    CHECK(h.stack.ring(call.leg, 180, std::nullopt, h.now, h.effects).has_value());
    h.effects.clear();
    h.receive(request.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 180 Ringing"}));
    CHECK(h.take<Incoming>().empty());
    CHECK(h.stack.counters().retransmissions_in == 2);
}

TEST_CASE("the 200 is repeated until the ACK, at T1 doubling to T2") {
    Harness h;
    const auto call = answered(h);
    std::vector<std::int64_t> at_ms;
    const Instant start = h.now.mono;
    for (int i = 0; i < 200; ++i) {
        h.advance(100ms);
        if (!h.take<Send>().empty()) at_ms.push_back((h.now.mono - start).count() / 1000);
    }
    CHECK(at_ms == std::vector<std::int64_t>{500, 1500, 3500, 7500, 11500, 15500, 19500});
    h.receive(inside("ACK", call.to, 1).text());
    h.effects.clear();
    h.advance(20s);
    CHECK(h.take<Send>().empty());
}

TEST_CASE("without an ACK within 64*T1 the call is ended with a BYE") {
    Harness h;
    const auto call = answered(h);
    h.advance(31'999ms);
    CHECK(h.take<Ended>().empty());
    h.effects.clear();
    h.advance(1ms);
    const auto ended = h.take<Ended>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].leg == call.leg);
    CHECK(ended[0].by == EndedBy::Timeout);
    const auto lines = h.sent_lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "BYE sip:ana@198.51.100.7:5060 SIP/2.0");
    CHECK(h.stack.counters().ack_timeouts == 1);
}

TEST_CASE("hanging up before the ACK waits for it, then sends BYE") {
    Harness h;
    const auto call = answered(h);
    REQUIRE(h.stack.hang_up(call.leg, "closed", h.now, h.effects).has_value());
    CHECK(h.take<Ended>().size() == 1);
    CHECK(h.take<Send>().empty());
    h.receive(inside("ACK", call.to, 1).text());
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(first_line(sends[0].bytes) == "BYE sip:ana@198.51.100.7:5060 SIP/2.0");
    CHECK(header(sends[0].bytes, "Reason") == "Q.850;cause=16;text=\"closed\"");
    CHECK(h.take<Ended>().empty());
    CHECK(h.stack.gauges().legs == 0);
}

TEST_CASE("our BYE carries the dialog's tags and is repeated until answered") {
    Harness h;
    const auto call = established(h);
    REQUIRE(h.stack.hang_up(call.leg, "", h.now, h.effects).has_value());
    auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    const std::string bye = sends[0].bytes;
    CHECK(header(bye, "From") == call.to);
    CHECK(header(bye, "To") == TestRequest{}.from);
    CHECK(header(bye, "CSeq") == "1 BYE");
    h.advance(600ms);
    CHECK(h.sent_lines().size() == 1);
    h.receive(response_to(bye, 200, ""));
    h.effects.clear();
    h.advance(33s);
    CHECK(h.take<Send>().empty());
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("CANCEL of an unanswered call gets 200 and the INVITE 487") {
    Harness h;
    const Incoming call = h.incoming();
    TestRequest cancel;
    cancel.method = "CANCEL";
    cancel.extra = "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";
    h.receive(cancel.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"}));
    const auto ended = h.take<Ended>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].leg == call.leg);
    CHECK(ended[0].reason == "Call completed elsewhere");
    h.advance(600ms);
    CHECK(h.sent_lines() == kLines({"SIP/2.0 487 Request Terminated"}));
    TestRequest ack;
    ack.method = "ACK";
    h.receive(ack.text());
    h.effects.clear();
    h.advance(5s);
    CHECK(h.take<Send>().empty());
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("CANCEL after the answer changes nothing") {
    Harness h;
    answered(h);
    TestRequest cancel;
    cancel.method = "CANCEL";
    h.receive(cancel.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 200 OK"}));
    CHECK(h.take<Ended>().empty());
}

TEST_CASE("CANCEL of nothing is 481") {
    Harness h;
    TestRequest cancel;
    cancel.method = "CANCEL";
    h.receive(cancel.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 481 Call/Transaction Does Not Exist"}));
}

TEST_CASE("a rejection is repeated until its ACK and ends the leg once") {
    Harness h;
    const Incoming call = h.incoming();
    REQUIRE(h.stack.reject(call.leg, {.status = 486, .retry_after = 30s}, h.now, h.effects)
                .has_value());
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(first_line(sends[0].bytes) == "SIP/2.0 486 Busy Here");
    CHECK(header(sends[0].bytes, "Retry-After") == "30");
    CHECK(h.take<Ended>().size() == 1);
    h.advance(33s);
    CHECK(h.take<Send>().size() == 10);
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("an offerless INVITE is answered with our offer and confirmed with the ACK's answer") {
    Harness h;
    h.receive(TestRequest{}.text());
    const auto calls = h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK_FALSE(calls[0].offer.has_value());
    h.effects.clear();
    REQUIRE(h.stack.answer(calls[0].leg, kAnswer, h.now, h.effects).has_value());
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    TestRequest ack = inside("ACK", header(sends[0].bytes, "To"), 1);
    ack.body = kOffer;
    h.receive(ack.text());
    const auto confirmed = h.take<Confirmed>();
    REQUIRE(confirmed.size() == 1);
    CHECK(confirmed[0].sdp == kOffer);
}

TEST_CASE("a call nobody answers is refused after the longest ringing time") {
    Harness h;
    h.incoming();
    h.advance(600s - 1ms);
    CHECK(h.take<Ended>().empty());
    h.advance(1ms);
    const auto ended = h.take<Ended>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].by == EndedBy::Timeout);
    CHECK(h.sent_lines() == kLines({"SIP/2.0 480 Temporarily Unavailable"}));
}

TEST_CASE("the same INVITE by two paths is taken once, the second is 482") {
    Harness h;
    h.incoming();
    TestRequest other;
    other.via = "SIP/2.0/UDP 198.51.100.8:5060;branch=z9hG4bKtwo;rport";
    other.body = kOffer;
    h.receive(other.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 482 Loop Detected"}));
    CHECK(h.stack.counters().merged_requests == 1);
}

TEST_CASE("the caller's re-INVITE is announced, answered and acknowledged") {
    Harness h;
    const auto call = established(h);
    TestRequest hold = inside("INVITE", call.to, 2);
    hold.body = kOffer;
    h.receive(hold.text());
    auto offers = h.take<Reinvite>();
    REQUIRE(offers.size() == 1);
    CHECK(offers[0].sdp == kOffer);
    h.effects.clear();
    REQUIRE(h.stack.accept_reinvite(call.leg, kAnswer, h.now, h.effects).has_value());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 200 OK"}));
    TestRequest ack = inside("ACK", call.to, 2);
    h.receive(ack.text());
    CHECK(h.take<Confirmed>().empty());
    h.advance(33s);
    CHECK(h.sent_lines().empty());
    CHECK(h.stack.gauges().legs == 1);
}

TEST_CASE("a re-INVITE that crosses ours is 491, and ours is tried again after a 491") {
    Harness h;
    const auto call = established(h);
    REQUIRE(h.stack.reinvite(call.leg, kAnswer, h.now, h.effects).has_value());
    auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    const std::string ours = sends[0].bytes;
    CHECK(header(ours, "CSeq") == "1 INVITE");
    TestRequest theirs = inside("INVITE", call.to, 2);
    theirs.body = kOffer;
    h.receive(theirs.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 491 Request Pending"}));
    TestRequest ack = inside("ACK", call.to, 2);
    ack.via = theirs.via;
    h.receive(ack.text());
    h.receive(response_to(ours, 491, ""));
    CHECK(h.sent_lines() == kLines({"ACK sip:ana@198.51.100.7:5060 SIP/2.0"}));
    // We did not make the Call-ID: 0 to 2 s.
    h.advance(2s);
    sends = h.take<Send>();
    REQUIRE_FALSE(sends.empty());
    CHECK(header(sends[0].bytes, "CSeq") == "2 INVITE");
    h.receive(response_to(sends[0].bytes, 200, "", "", kOffer));
    const auto answers = h.take<ReinviteAnswered>();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].sdp == kOffer);
    CHECK(h.sent_lines() == kLines({"ACK sip:ana@198.51.100.7:5060 SIP/2.0"}));
}

TEST_CASE("requests inside a dialog are judged by tags and CSeq") {
    Harness h;
    const auto call = established(h);
    TestRequest stranger = inside("BYE", call.to, 2);
    stranger.from = "<sip:x@198.51.100.7>;tag=other";
    h.receive(stranger.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 481 Call/Transaction Does Not Exist"}));
    TestRequest old = inside("BYE", call.to, 1);
    h.receive(old.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 500 CSeq Out Of Order"}));
    h.receive(inside("MESSAGE", call.to, 3).text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 405 Method Not Allowed"}));
    const TestRequest options = inside("OPTIONS", call.to, 4);
    h.receive(options.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 200 OK"}));
    h.receive(options.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 200 OK"}));
    CHECK(h.take<Ended>().empty());
}

TEST_CASE("a refusal of a re-INVITE is the same when it comes again, and repeated until its ACK") {
    Harness h;
    const auto call = established(h);
    REQUIRE(h.stack.reinvite(call.leg, kAnswer, h.now, h.effects).has_value());
    h.effects.clear();
    TestRequest theirs = inside("INVITE", call.to, 2);
    theirs.body = kOffer;
    h.receive(theirs.text());
    h.receive(theirs.text());
    CHECK(h.sent_lines() == kLines({"SIP/2.0 491 Request Pending", "SIP/2.0 491 Request Pending"}));
    TestRequest ack = inside("ACK", call.to, 2);
    ack.via = theirs.via;
    h.receive(ack.text());
    h.advance(400ms);
    CHECK(h.sent_lines().empty());
}
