#include <doctest/doctest.h>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

const LegId kLeg{Uuid{.high = 7, .low = 7}};
const std::string kTimer = "Supported: timer\r\n";
const std::string kAllowUpdate = "Allow: INVITE, ACK, BYE, UPDATE\r\n";
const std::string kBobContact = "Contact: <sip:bob@203.0.113.9:5070>\r\n";

using Lines = std::vector<std::string>;

std::string sole_send(Harness& h) {
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    return sends[0].bytes;
}

/// A call from the trunk, ringing or answered.
struct Caller {
    explicit Caller(const std::string& extra = kTimer, const std::string& offer = kOffer) {
        TestRequest request;
        request.extra = extra;
        request.body = offer;
        h.receive(request.text());
        leg = h.take<Incoming>().at(0).leg;
        h.effects.clear();
        REQUIRE(h.stack.ring(leg, 180, std::nullopt, h.now, h.effects).has_value());
        to = header(sole_send(h), "To");
        h.effects.clear();
    }
    void answer() {
        REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
        h.effects.clear();
    }
    void acknowledge() {
        h.receive(inside("ACK", 1).text());
        h.effects.clear();
    }
    [[nodiscard]] TestRequest inside(const std::string& method, unsigned cseq) const {
        return sip::detail::inside(method, to, cseq);
    }
    std::string update(unsigned cseq, const std::string& body = {}) {
        TestRequest request = inside("UPDATE", cseq);
        request.extra = kTimer + "Session-Expires: 600;refresher=uac\r\n";
        request.body = body;
        h.receive(request.text());
        std::string last;
        for (const Send& send : h.take<Send>()) last = send.bytes;
        return last;
    }
    Harness h;
    LegId leg;
    std::string to;
};

struct Talking : Caller {
    explicit Talking(const std::string& extra = kTimer) : Caller{extra} {
        answer();
        acknowledge();
    }
};

}  // namespace

TEST_CASE("an UPDATE without SDP refreshes the session, moves the target, and is answered once") {
    Talking caller;
    Harness& h = caller.h;
    TestRequest request = caller.inside("UPDATE", 2);
    request.extra = kTimer + "Session-Expires: 600;refresher=uac\r\n";
    request.contact = "<sip:ana@198.51.100.7:5099>";
    h.receive(request.text());
    const std::string ok_200 = sole_send(h);
    CHECK(first_line(ok_200) == "SIP/2.0 200 OK");
    CHECK(header(ok_200, "Session-Expires") == "600;refresher=uac");
    CHECK(header(ok_200, "Allow").find("UPDATE") != std::string::npos);
    CHECK(header(ok_200, "Contact") == "<sip:192.0.2.100:5060>");
    CHECK(header(ok_200, "Content-Length") == "0");
    CHECK(h.take<Refreshed>().size() == 1);
    CHECK(h.take<Reinvite>().empty());
    h.receive(request.text());
    CHECK(sole_send(h) == ok_200);
    CHECK(h.take<Refreshed>().empty());
    h.advance(568s);
    CHECK(h.take<Ended>().size() == 1);
    CHECK(h.sent_lines() == Lines{"BYE sip:ana@198.51.100.7:5099 SIP/2.0"});
}

TEST_CASE("an UPDATE with an offer goes the way of a re-INVITE, without an ACK") {
    for (const bool is_accepted : {true, false}) {
        CAPTURE(is_accepted);
        Talking caller;
        Harness& h = caller.h;
        CHECK(caller.update(2, kOffer).empty());
        const auto offers = h.take<Reinvite>();
        REQUIRE(offers.size() == 1);
        CHECK(offers[0].sdp == kOffer);
        h.effects.clear();
        const auto done = is_accepted
                              ? h.stack.accept_reinvite(caller.leg, kAnswer, h.now, h.effects)
                              : h.stack.reject_reinvite(caller.leg, 488, h.now, h.effects);
        REQUIRE(done.has_value());
        const std::string answer = sole_send(h);
        CHECK(header(answer, "CSeq") == "2 UPDATE");
        CHECK(first_line(answer) ==
              (is_accepted ? "SIP/2.0 200 OK" : "SIP/2.0 488 Not Acceptable Here"));
        CHECK((answer.find(kAnswer) != std::string::npos) == is_accepted);
        CHECK(h.take<Refreshed>().size() == (is_accepted ? 1U : 0U));
        h.effects.clear();
        h.advance(33s);
        CHECK(h.take<Send>().empty());
        CHECK(h.stack.gauges().transactions == 0);
        CHECK(h.stack.reinvite(caller.leg, kAnswer, h.now, h.effects).has_value());
    }
}

TEST_CASE("an offer by UPDATE that nobody decides on is 500 after 64*T1") {
    Talking caller;
    caller.update(2, kOffer);
    caller.h.effects.clear();
    caller.h.advance(32s);
    CHECK(caller.h.sent_lines() == Lines{"SIP/2.0 500 Server Internal Error"});
}

TEST_CASE("an UPDATE that meets an open offer is 491 or 500, as RFC 3311 section 5.2 says") {
    Caller caller;
    Harness& h = caller.h;
    // Their INVITE's offer has no answer yet.
    std::string refusal = caller.update(2, kOffer);
    CHECK(first_line(refusal) == "SIP/2.0 500 Server Internal Error");
    CHECK_FALSE(header(refusal, "Retry-After").empty());
    caller.answer();
    CHECK(first_line(caller.update(3, kOffer)) == "SIP/2.0 491 Request Pending");
    caller.acknowledge();
    // Ours by re-INVITE.
    REQUIRE(h.stack.reinvite(caller.leg, kAnswer, h.now, h.effects).has_value());
    const std::string ours = sole_send(h);
    CHECK(first_line(caller.update(4, kOffer)) == "SIP/2.0 491 Request Pending");
    CHECK(first_line(caller.update(5)) == "SIP/2.0 200 OK");
    h.receive(response_to(ours, 200, "", kTimer, kOffer));
    h.effects.clear();
    // Theirs by re-INVITE, then by UPDATE.
    TestRequest hold = caller.inside("INVITE", 6);
    hold.body = kOffer;
    h.receive(hold.text());
    h.effects.clear();
    CHECK(first_line(caller.update(7, kOffer)) == "SIP/2.0 500 Server Internal Error");
    CHECK(first_line(caller.update(8)) == "SIP/2.0 200 OK");
    REQUIRE(h.stack.reject_reinvite(caller.leg, 488, h.now, h.effects).has_value());
    TestRequest ack = caller.inside("ACK", 6);
    ack.via = hold.via;
    h.receive(ack.text());
    h.effects.clear();
    CHECK(caller.update(9, kOffer).empty());
    CHECK(first_line(caller.update(10)) == "SIP/2.0 500 Server Internal Error");
    h.receive(caller.inside("INVITE", 11).text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 500 Server Internal Error"});
    CHECK(h.take<Ended>().empty());
}

TEST_CASE("an UPDATE while we wait to offer again ends our attempt") {
    Talking caller;
    Harness& h = caller.h;
    REQUIRE(h.stack.reinvite(caller.leg, kAnswer, h.now, h.effects).has_value());
    h.receive(response_to(sole_send(h), 491, ""));
    h.effects.clear();
    caller.update(2, kOffer);
    CHECK(h.take<ReinviteFailed>().at(0).status == 491);
    CHECK(h.take<Reinvite>().size() == 1);
}

TEST_CASE("an UPDATE too brief is 422, and one with a strange body 415") {
    Talking caller;
    Harness& h = caller.h;
    TestRequest request = caller.inside("UPDATE", 2);
    request.extra = kTimer + "Session-Expires: 89\r\n";
    h.receive(request.text());
    h.receive(request.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 422 Session Interval Too Small",
                                  "SIP/2.0 422 Session Interval Too Small"});
    std::string text = caller.inside("UPDATE", 3).text();
    const std::string empty = "Content-Length: 0\r\n\r\n";
    text.replace(text.find(empty), empty.size(), "Content-Type: a/b\r\nContent-Length: 1\r\n\r\nx");
    h.receive(text);
    CHECK(h.sent_lines() == Lines{"SIP/2.0 415 Unsupported Media Type"});
}

TEST_CASE("before the answer an UPDATE without SDP is 200 on either side, a stranger's is 481") {
    Caller caller;
    const std::string ok_200 = caller.update(2);
    CHECK(first_line(ok_200) == "SIP/2.0 200 OK");
    CHECK(header(ok_200, "Session-Expires").empty());
    CHECK(caller.h.take<Refreshed>().empty());

    Harness h;
    InviteRequest call;
    call.leg = kLeg;
    call.target =
        UriTarget{.uri = "sip:bob@203.0.113.9:5070", .flow = udp_flow("203.0.113.9:5070")};
    call.offer = kAnswer;
    REQUIRE(h.stack.invite(call, h.now, h.effects).has_value());
    const std::string sent = sole_send(h);
    TestRequest update;
    update.method = "UPDATE";
    update.from = "<sip:bob@203.0.113.9:5070>;tag=callee";
    update.to = header(sent, "From");
    update.call_id = header(sent, "Call-ID");
    update.contact = "<sip:bob@203.0.113.9:5071>";
    h.receive(update.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 481 Call/Transaction Does Not Exist"});
    h.receive(response_to(sent, 183, "callee", kBobContact));
    update.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKtwo;rport";
    h.receive(update.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 200 OK"});
    // Another 18x does not forget the CSeq, and our offer is still open.
    h.receive(response_to(sent, 180, "callee", kBobContact));
    update.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKthree;rport";
    h.receive(update.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 500 CSeq Out Of Order"});
    update.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKfour;rport";
    update.cseq = 2;
    update.body = kOffer;
    h.receive(update.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 491 Request Pending"});
    h.receive(response_to(sent, 200, "callee", kBobContact, kOffer));
    CHECK(h.take<Answered>().size() == 1);
    h.effects.clear();
    update.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKfive;rport";
    h.receive(update.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 500 CSeq Out Of Order"});
}

TEST_CASE("a peer that allows UPDATE is refreshed by it, without SDP") {
    Talking caller{kTimer + kAllowUpdate};
    Harness& h = caller.h;
    h.advance(900s);
    const std::string refresh = sole_send(h);
    CHECK(first_line(refresh) == "UPDATE sip:ana@198.51.100.7:5060 SIP/2.0");
    CHECK(header(refresh, "Session-Expires") == "1800;refresher=uac");
    CHECK(header(refresh, "Content-Length") == "0");
    // An offer of the owner need not wait for it.
    CHECK(h.stack.reinvite(caller.leg, kAnswer, h.now, h.effects).has_value());
    h.effects.clear();
    h.receive(response_to(refresh, 200, "", kTimer + "Session-Expires: 900;refresher=uas\r\n"));
    CHECK(h.take<Refreshed>().size() == 1);
    CHECK(h.stack.counters().sessions_refreshed == 1);
}

TEST_CASE("what a refreshing UPDATE may be told, and what becomes of the call") {
    struct Row {
        int status;
        std::string extra;
        Duration wait;
        std::string next;  ///< The first request we send then.
    };
    const std::vector<Row> rows{
        {0, "", 32s, "BYE"},
        {408, "", 0s, "BYE"},
        {481, "", 0s, "BYE"},
        {405, "", 2s, "INVITE"},
        {501, "", 2s, "INVITE"},
        {491, "", 2s, "UPDATE"},
        {422, "Min-SE: 3600\r\n", 2s, "UPDATE"},
        {500, "", 30s, "UPDATE"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.status);
        Talking caller{kTimer + kAllowUpdate};
        Harness& h = caller.h;
        h.advance(900s);
        const std::string refresh = sole_send(h);
        if (row.status != 0) {
            h.receive(response_to(refresh, row.status, "", row.extra));
            if (row.wait > 0s) CHECK(h.take<Send>().empty());
            h.advance(row.wait);
        } else {
            h.advance(row.wait - 1ms);
            h.effects.clear();
            h.advance(1ms);
        }
        const auto sends = h.take<Send>();
        REQUIRE_FALSE(sends.empty());
        const std::string sent = first_line(sends[0].bytes);
        CHECK(sent.substr(0, sent.find(' ')) == row.next);
        CHECK(h.take<Ended>().size() == (row.next == "BYE" ? 1U : 0U));
        if (row.status == 422)
            CHECK(header(sends[0].bytes, "Session-Expires") == "3600;refresher=uac");
    }
}

TEST_CASE("after a restart a peer is still refreshed by UPDATE, and no SDP is saved for it") {
    Talking caller{kTimer + kAllowUpdate};
    const std::string saved = caller.h.stack.save_leg(caller.leg).value();
    CHECK(saved.find("v=0") == std::string::npos);
    Harness after;
    REQUIRE(after.stack.restore_leg(caller.leg, saved, after.now).has_value());
    CHECK(after.stack.save_leg(caller.leg).value() == saved);
    after.advance(900s);
    CHECK(after.sent_lines() == Lines{"UPDATE sip:ana@198.51.100.7:5060 SIP/2.0"});
}

TEST_CASE("an UPDATE outside any dialog is 481") {
    Harness h;
    TestRequest request;
    request.method = "UPDATE";
    request.to += ";tag=nobody";
    h.receive(request.text());
    CHECK(h.sent_lines() == Lines{"SIP/2.0 481 Call/Transaction Does Not Exist"});
}

TEST_CASE("a peer that hands us the duty by UPDATE after a restart is refreshed without an SDP") {
    Talking caller{kTimer + "Session-Expires: 600;refresher=uac\r\n"};
    const std::string saved = caller.h.stack.save_leg(caller.leg).value();
    Harness after;
    REQUIRE(after.stack.restore_leg(caller.leg, saved, after.now).has_value());
    TestRequest update = caller.inside("UPDATE", 2);
    update.extra = kTimer + "Session-Expires: 600;refresher=uas\r\nAllow: INVITE, ACK, BYE\r\n";
    after.receive(update.text());
    after.effects.clear();
    after.advance(300s);
    const std::string refresh = sole_send(after);
    CHECK(first_line(refresh) == "UPDATE sip:ana@198.51.100.7:5060 SIP/2.0");
    after.receive(response_to(refresh, 405, ""));
    after.advance(30s);
    CHECK(after.sent_lines() == Lines{"UPDATE sip:ana@198.51.100.7:5060 SIP/2.0"});
    CHECK(after.take<Ended>().empty());
}
