#include <doctest/doctest.h>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

const LegId kLeg{Uuid{.high = 7, .low = 7}};
const std::string kBobContact = "Contact: <sip:bob@203.0.113.9:5070>\r\n";

using Lines = std::vector<std::string>;

std::string sole_send(Harness& h) {
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    return sends[0].bytes;
}

/// A caller that requires reliable provisional responses.
struct Caller {
    explicit Caller(const std::string& extra = "Require: 100rel\r\n",
                    const std::string& offer = kOffer) {
        request.extra = extra;
        request.body = offer;
        h.receive(request.text());
        leg = h.take<Incoming>().at(0).leg;
        h.effects.clear();
    }
    /// What goes out; empty when nothing does.
    std::string ring(int status, std::optional<std::string> sdp = std::nullopt) {
        REQUIRE(h.stack.ring(leg, status, std::move(sdp), h.now, h.effects).has_value());
        const auto sends = h.take<Send>();
        return sends.empty() ? std::string{} : sends.back().bytes;
    }
    std::string answer() {
        REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
        const auto sends = h.take<Send>();
        return sends.empty() ? std::string{} : sends.back().bytes;
    }
    /// Everything the PRACK brings out.
    Lines prack(const std::string& response,
                const std::string& rack,
                const std::string& body = {}) {
        TestRequest prack;
        prack.method = "PRACK";
        prack.via =
            "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKp" + std::to_string(cseq) + ";rport";
        prack.cseq = ++cseq;
        prack.to = header(response, "To");
        prack.extra = "RAck: " + rack + "\r\n";
        prack.body = body;
        last = prack;
        h.receive(prack.text());
        return h.sent_lines();
    }
    Harness h;
    TestRequest request;
    TestRequest last;
    LegId leg;
    unsigned cseq = 1;
};

std::string invite(Harness& h, bool is_offerless = false) {
    InviteRequest request;
    request.leg = kLeg;
    request.target =
        UriTarget{.uri = "sip:bob@203.0.113.9:5070", .flow = udp_flow("203.0.113.9:5070")};
    if (!is_offerless) request.offer = kAnswer;
    REQUIRE(h.stack.invite(request, h.now, h.effects).has_value());
    return sole_send(h);
}

std::string reliable(unsigned rseq) {
    return kBobContact + "Require: 100rel\r\nRSeq: " + std::to_string(rseq) + "\r\n";
}

}  // namespace

TEST_CASE("ringing is reliable when the caller requires it, and plain when it only could") {
    Caller supports{"Supported: 100rel\r\n"};
    CHECK(header(supports.ring(180), "RSeq").empty());
    supports.h.advance(5s);
    CHECK(supports.h.take<Send>().empty());

    Caller requires_it;
    const std::string ringing = requires_it.ring(180);
    CHECK(first_line(ringing) == "SIP/2.0 180 Ringing");
    CHECK(header(ringing, "Require") == "100rel");
    CHECK(header(ringing, "RSeq") != "0");
    CHECK(header(ringing, "Contact") == "<sip:192.0.2.100:5060>");
}

TEST_CASE("a reliable response is repeated, doubling without end, and its PRACK stops that") {
    Caller caller;
    Harness& h = caller.h;
    const std::string ringing = caller.ring(180);
    std::vector<std::int64_t> at_ms;
    const Instant start = h.now.mono;
    for (int i = 0; i < 160; ++i) {
        h.advance(100ms);
        for (const Send& send : h.take<Send>()) {
            CHECK(send.bytes == ringing);
            at_ms.push_back((h.now.mono - start).count() / 1000);
        }
    }
    CHECK(at_ms == std::vector<std::int64_t>{500, 1500, 3500, 7500, 15500});
    CHECK(caller.prack(ringing, header(ringing, "RSeq") + " 1 INVITE") == Lines{"SIP/2.0 200 OK"});
    h.receive(caller.last.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 200 OK"});
    h.advance(60s);
    CHECK(h.take<Send>().empty());
    // The INVITE again gets the ringing again.
    h.receive(caller.request.text());
    CHECK(sole_send(h) == ringing);
    CHECK_FALSE(caller.answer().empty());
}

TEST_CASE("without a PRACK within 64*T1 the call is refused") {
    Caller caller;
    Harness& h = caller.h;
    caller.ring(180);
    h.advance(32s - 1ms);
    CHECK(h.take<Ended>().empty());
    h.effects.clear();
    h.advance(1ms);
    const auto ended = h.take<Ended>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].by == EndedBy::Timeout);
    CHECK(h.sent_lines() == Lines{"SIP/2.0 504 Server Time-out"});
    h.advance(33s);
    CHECK(h.stack.gauges().legs == 0);
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("a PRACK of nothing we sent is 481 and acknowledges nothing") {
    Caller caller;
    const std::string ringing = caller.ring(180);
    const std::string rseq = header(ringing, "RSeq");
    const auto other = std::to_string(std::stoul(rseq) + 1);
    for (const std::string& rack : {other + " 1 INVITE",
                                    rseq + " 2 INVITE",
                                    rseq + " 1 UPDATE",
                                    rseq + " 1",
                                    std::string{"x 1 INVITE"},
                                    rseq + " 1 INVITE x"}) {
        CAPTURE(rack);
        CHECK(caller.prack(ringing, rack) == Lines{"SIP/2.0 481 Call/Transaction Does Not Exist"});
    }
    caller.h.advance(500ms);
    CHECK(caller.h.take<Send>().size() == 1);
    CHECK(caller.prack(ringing, rseq + "  1  INVITE") == Lines{"SIP/2.0 200 OK"});
    CHECK(caller.prack(ringing, rseq + " 1 INVITE") ==
          Lines{"SIP/2.0 481 Call/Transaction Does Not Exist"});
}

TEST_CASE("a second ringing waits for the first's PRACK, and of several the last goes out") {
    Caller caller;
    const std::string first = caller.ring(180);
    CHECK(caller.ring(183, kAnswer).empty());
    CHECK(caller.ring(182).empty());
    caller.h.receive([&] {
        TestRequest prack;
        prack.method = "PRACK";
        prack.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKp;rport";
        prack.cseq = 2;
        prack.to = header(first, "To");
        prack.extra = "RAck: " + header(first, "RSeq") + " 1 INVITE\r\n";
        return prack.text();
    }());
    const auto sends = caller.h.take<Send>();
    REQUIRE(sends.size() == 2);
    CHECK(first_line(sends[0].bytes) == "SIP/2.0 200 OK");
    CHECK(first_line(sends[1].bytes) == "SIP/2.0 182 Queued");
    CHECK(sends[1].bytes.find(kAnswer) != std::string::npos);
    CHECK(std::stoul(header(sends[1].bytes, "RSeq")) == std::stoul(header(first, "RSeq")) + 1);
}

TEST_CASE("the 200 waits for the PRACK of early media, and does not repeat its SDP") {
    Caller caller;
    Harness& h = caller.h;
    const std::string early = caller.ring(183, kAnswer);
    CHECK(early.find(kAnswer) != std::string::npos);
    CHECK(caller.answer().empty());
    CHECK(h.stack.answer(caller.leg, kAnswer, h.now, h.effects).error().code ==
          sip::Errc::WrongState);
    CHECK(h.stack.ring(caller.leg, 180, std::nullopt, h.now, h.effects).error().code ==
          sip::Errc::WrongState);
    CHECK(h.stack.reject(caller.leg, {}, h.now, h.effects).error().code == sip::Errc::WrongState);
    CHECK(caller.prack(early, header(early, "RSeq") + " 1 INVITE") ==
          Lines{"SIP/2.0 200 OK", "SIP/2.0 200 OK"});
    h.advance(500ms);
    const std::string ok_200 = sole_send(h);
    CHECK(header(ok_200, "CSeq") == "1 INVITE");
    CHECK(header(ok_200, "Content-Length") == "0");
    TestRequest ack;
    ack.method = "ACK";
    ack.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKack;rport";
    ack.to = header(ok_200, "To");
    h.receive(ack.text());
    CHECK(h.take<Confirmed>().size() == 1);
    CHECK(h.stack.sdp_version(caller.leg) == 1U);
    // What a refresh repeats.
    h.effects.clear();
    h.advance(900s - 500ms);
    CHECK(sole_send(h).find(kAnswer) != std::string::npos);
}

TEST_CASE("a call hung up while its 200 waits is refused") {
    Caller caller;
    Harness& h = caller.h;
    caller.ring(183, kAnswer);
    caller.answer();
    REQUIRE(h.stack.hang_up(caller.leg, "closed", h.now, h.effects).has_value());
    CHECK(h.take<Ended>().size() == 1);
    CHECK(h.sent_lines() == Lines{"SIP/2.0 480 Temporarily Unavailable"});
}

TEST_CASE("ringing without SDP does not hold the 200 up, and its late PRACK is still 200") {
    Caller caller;
    Harness& h = caller.h;
    const std::string ringing = caller.ring(180);
    const std::string ok_200 = caller.answer();
    CHECK(ok_200.find(kAnswer) != std::string::npos);
    const std::string rack = header(ringing, "RSeq") + " 1 INVITE";
    CHECK(caller.prack(ringing, rack) == Lines{"SIP/2.0 200 OK"});
    CHECK(caller.prack(ringing, rack) == Lines{"SIP/2.0 481 Call/Transaction Does Not Exist"});
    h.advance(500ms);
    CHECK(sole_send(h) == ok_200);
}

TEST_CASE("an offer inside a PRACK is refused, and the response counts as acknowledged") {
    Caller caller;
    const std::string early = caller.ring(183, kAnswer);
    CHECK(caller.prack(early, header(early, "RSeq") + " 1 INVITE", kOffer) ==
          Lines{"SIP/2.0 488 Not Acceptable Here"});
    caller.h.advance(5s);
    CHECK(caller.h.take<Send>().empty());
}

TEST_CASE("a caller that requires reliable ringing but offers nothing hears the answer alone") {
    Caller caller{"Require: 100rel\r\n", ""};
    CHECK(caller.ring(180).empty());
    const std::string ok_200 = caller.answer();
    CHECK(ok_200.find(kAnswer) != std::string::npos);
}

TEST_CASE("a CANCEL ends reliable ringing") {
    Caller caller;
    Harness& h = caller.h;
    caller.ring(180);
    TestRequest cancel;
    cancel.method = "CANCEL";
    h.receive(cancel.text());
    CHECK(h.take<Ended>().size() == 1);
    h.effects.clear();
    TestRequest ack;
    ack.method = "ACK";
    h.receive(ack.text());
    h.advance(40s);
    CHECK(h.take<Send>().empty());
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("our calls support reliable responses, those without an offer do not") {
    Harness h;
    CHECK(header(invite(h), "Supported") == "timer, replaces, 100rel");
    Harness none;
    const std::string sent = invite(none, true);
    CHECK(header(sent, "Supported") == "timer, replaces");
    none.receive(response_to(sent, 180, "callee", reliable(1)));
    CHECK(none.take<Send>().empty());
    CHECK(none.take<Progress>().size() == 1);
}

TEST_CASE("a callee's reliable responses are acknowledged in order, once each") {
    Harness h;
    const std::string sent = invite(h);
    h.receive(response_to(sent, 183, "callee", reliable(17), kOffer));
    const std::string prack = sole_send(h);
    CHECK(first_line(prack) == "PRACK sip:bob@203.0.113.9:5070 SIP/2.0");
    CHECK(header(prack, "RAck") == "17 1 INVITE");
    CHECK(header(prack, "CSeq") == "2 PRACK");
    CHECK(header(prack, "To") == "<sip:bob@203.0.113.9:5070>;tag=callee");
    CHECK(h.take<Progress>().size() == 1);
    // Again, and one too far: neither is acknowledged nor told.
    h.receive(response_to(sent, 183, "callee", reliable(17), kOffer));
    h.receive(response_to(sent, 180, "callee", reliable(19)));
    CHECK(h.take<Send>().empty());
    CHECK(h.take<Progress>().empty());
    // The PRACK is repeated until it is answered.
    h.advance(500ms);
    CHECK(sole_send(h) == prack);
    h.receive(response_to(prack, 200, ""));
    h.receive(response_to(sent, 180, "callee", reliable(18)));
    CHECK(header(sole_send(h), "RAck") == "18 1 INVITE");
    // The 200 may come without the SDP that was acknowledged.
    h.receive(response_to(sent, 200, "callee", kBobContact));
    const auto answers = h.take<Answered>();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].sdp == kOffer);
    CHECK(header(sole_send(h), "CSeq") == "1 ACK");
    REQUIRE(h.stack.hang_up(kLeg, "", h.now, h.effects).has_value());
    CHECK(header(sole_send(h), "CSeq") == "4 BYE");
}

TEST_CASE("the forks of a call count their responses each for itself, within the limit") {
    Settings settings = test_settings();
    settings.limits.forks = 2;
    Harness h{settings};
    const std::string sent = invite(h);
    h.receive(response_to(sent, 180, "a", reliable(5)));
    h.receive(response_to(sent, 180, "b", reliable(5)));
    h.receive(response_to(sent, 180, "a", reliable(6)));
    CHECK(h.take<Send>().size() == 3);
    h.receive(response_to(sent, 180, "c", reliable(5)));
    CHECK(h.take<Send>().empty());
    CHECK(h.take<Progress>().size() == 3);
}

TEST_CASE("a reliable response to a cancelled call is not acknowledged, it is cancelled") {
    Harness h;
    const std::string sent = invite(h);
    REQUIRE(h.stack.cancel(kLeg, h.now, h.effects).has_value());
    h.effects.clear();
    h.receive(response_to(sent, 180, "callee", reliable(1)));
    CHECK(h.sent_lines() == Lines{"CANCEL sip:bob@203.0.113.9:5070 SIP/2.0"});
}

TEST_CASE("media agreed before the answer are not changed by UPDATE") {
    Caller caller;
    const std::string early = caller.ring(183, kAnswer);
    caller.prack(early, header(early, "RSeq") + " 1 INVITE");
    TestRequest update;
    update.method = "UPDATE";
    update.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKup;rport";
    update.cseq = 9;
    update.to = header(early, "To");
    update.body = kOffer;
    caller.h.receive(update.text());
    CHECK(caller.h.sent_lines() == Lines{"SIP/2.0 488 Not Acceptable Here"});
}
