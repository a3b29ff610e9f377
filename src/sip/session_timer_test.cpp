#include <doctest/doctest.h>

#include "sip/detail/harness.h"
#include "sip/detail/session_timer.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

const LegId kLeg{Uuid{.high = 7, .low = 7}};
const std::string kBobContact = "Contact: <sip:bob@203.0.113.9:5070>\r\n";
const std::string kTheirs = "Supported: timer\r\n";

std::string sole_send(Harness& h) {
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    return sends[0].bytes;
}

/// A caller whose INVITE had `extra` is answered; `to` is the To of our 200.
struct Caller {
    explicit Caller(const std::string& extra) {
        TestRequest request;
        request.extra = extra;
        leg = h.incoming(request).leg;
        REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
        ok_200 = sole_send(h);
        to = header(ok_200, "To");
        h.receive(inside("ACK", 1).text());
        h.effects.clear();
    }
    [[nodiscard]] TestRequest inside(const std::string& method, unsigned cseq) const {
        return sip::detail::inside(method, to, cseq);
    }
    Harness h;
    LegId leg;
    std::string ok_200;
    std::string to;
};

InviteRequest to_bob() {
    InviteRequest request;
    request.leg = kLeg;
    request.target =
        UriTarget{.uri = "sip:bob@203.0.113.9:5070", .flow = udp_flow("203.0.113.9:5070")};
    request.offer = kAnswer;
    return request;
}

std::string invite(Harness& h) {
    REQUIRE(h.stack.invite(to_bob(), h.now, h.effects).has_value());
    return sole_send(h);
}

// Called, and answered with these headers.
std::string talking(Harness& h, const std::string& extra) {
    const std::string sent = invite(h);
    h.receive(response_to(sent, 200, "callee", kBobContact + extra, kOffer));
    REQUIRE(h.take<Answered>().size() == 1);
    h.effects.clear();
    return sent;
}

const std::string kOurDuty = "Session-Expires: 1800;refresher=uac\r\nRequire: timer\r\n";
const std::string kTheirDuty = "Session-Expires: 1800;refresher=uas\r\nRequire: timer\r\n";

}  // namespace

TEST_CASE("who refreshes, and how often, is what RFC 4028 table 2 says") {
    struct Row {
        std::string asked;
        std::string granted;
        std::string required;
    };
    const std::vector<Row> rows{
        {"", "1800;refresher=uas", ""},
        {"Session-Expires: 600\r\n", "600;refresher=uas", ""},
        {"Session-Expires: 600;refresher=uac\r\n", "600;refresher=uas", ""},
        {"Session-Expires: 30\r\n", "90;refresher=uas", ""},
        {kTheirs, "1800;refresher=uas", "timer"},
        {"k: 100rel, Timer\r\n", "1800;refresher=uas", "timer"},
        {kTheirs + "Session-Expires: 600\r\n", "600;refresher=uas", "timer"},
        {kTheirs + "x: 600;refresher=uac\r\n", "600;refresher=uac", "timer"},
        {kTheirs + "Session-Expires: 600 ;refresher=UAS\r\n", "600;refresher=uas", "timer"},
        {kTheirs + "Session-Expires: 90;refresher=uac\r\n", "90;refresher=uac", "timer"},
        {kTheirs + "Session-Expires: 7200;refresher=uac\r\n", "1800;refresher=uac", "timer"},
        {kTheirs + "Session-Expires: 7200\r\nMin-SE: 3600\r\n", "3600;refresher=uas", "timer"},
        {kTheirs + "Session-Expires: soon\r\n", "1800;refresher=uas", "timer"},
        {"Require: timer\r\nSession-Expires: 600\r\n", "600;refresher=uas", "timer"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.asked);
        const Caller caller{row.asked};
        CHECK(header(caller.ok_200, "Session-Expires") == row.granted);
        CHECK(header(caller.ok_200, "Require") == row.required);
        CHECK(header(caller.ok_200, "Supported").find("timer") != std::string::npos);
    }
}

TEST_CASE("a session too brief is 422 with our least, makes no leg, and one second more is taken") {
    Harness h;
    TestRequest request;
    request.body = kOffer;
    request.extra = kTheirs + "Session-Expires: 89\r\n";
    h.receive(request.text());
    const std::string refusal = sole_send(h);
    CHECK(first_line(refusal) == "SIP/2.0 422 Session Interval Too Small");
    CHECK(header(refusal, "Min-SE") == "90");
    CHECK(h.stack.gauges().legs == 0);
    CHECK(h.stack.gauges().transactions == 0);
    request.cseq = 2;
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKtwo;rport";
    request.extra = kTheirs + "Session-Expires: 90\r\n";
    h.receive(request.text());
    CHECK(h.take<Incoming>().size() == 1);
}

TEST_CASE("an extension other than those we know is still refused, by its name alone") {
    Harness h;
    TestRequest request;
    request.extra = "Require: timer, foo\r\n";
    h.receive(request.text());
    const std::string refusal = sole_send(h);
    CHECK(first_line(refusal) == "SIP/2.0 420 Bad Extension");
    CHECK(header(refusal, "Unsupported") == "foo");
}

TEST_CASE("our refresh goes out at half the interval with the same SDP, and again after it") {
    Caller caller{kTheirs + "Session-Expires: 600\r\n"};
    Harness& h = caller.h;
    h.advance(300s - 1ms);
    CHECK(h.take<Send>().empty());
    h.advance(1ms);
    const std::string refresh = sole_send(h);
    CHECK(first_line(refresh) == "INVITE sip:ana@198.51.100.7:5060 SIP/2.0");
    CHECK(header(refresh, "Session-Expires") == "600;refresher=uac");
    CHECK(refresh.find(kAnswer) != std::string::npos);
    h.receive(
        response_to(refresh, 200, "", kTheirs + "Session-Expires: 600;refresher=uac\r\n", kOffer));
    const auto refreshed = h.take<Refreshed>();
    REQUIRE(refreshed.size() == 1);
    CHECK(refreshed[0].leg == caller.leg);
    CHECK(refreshed[0].sdp == kOffer);
    CHECK(h.take<ReinviteAnswered>().empty());
    CHECK(h.sent_lines() == std::vector<std::string>{"ACK sip:ana@198.51.100.7:5060 SIP/2.0"});
    CHECK(h.stack.counters().sessions_refreshed == 1);
    CHECK(h.stack.sdp_version(caller.leg) == 1U);
    h.advance(300s - 1ms);
    CHECK(h.take<Send>().empty());
    h.advance(1ms);
    CHECK(h.take<Send>().size() == 1);
    CHECK(h.take<Ended>().empty());
}

TEST_CASE("a refresh nobody answers, or that finds no call, ends the leg once with a BYE") {
    for (const int status : {0, 408, 481}) {
        CAPTURE(status);
        Caller caller{kTheirs};
        Harness& h = caller.h;
        h.advance(900s);
        const std::string refresh = sole_send(h);
        if (status != 0) h.receive(response_to(refresh, status, ""));
        h.advance(32s);
        const auto ended = h.take<Ended>();
        REQUIRE(ended.size() == 1);
        CHECK(ended[0].by == EndedBy::Timeout);
        CHECK(h.take<ReinviteFailed>().empty());
        h.advance(64s);
        const auto lines = h.sent_lines();
        CHECK(std::count(lines.begin(), lines.end(), "BYE sip:ana@198.51.100.7:5060 SIP/2.0") > 0);
        CHECK(h.stack.gauges().legs == 0);
        CHECK(h.stack.gauges().transactions == 0);
    }
}

TEST_CASE("a refresh that meets 491 is tried again within two seconds") {
    Caller caller{kTheirs};
    Harness& h = caller.h;
    h.advance(900s);
    h.receive(response_to(sole_send(h), 491, ""));
    h.effects.clear();
    h.advance(2s);
    const auto sends = h.take<Send>();
    REQUIRE_FALSE(sends.empty());
    h.receive(response_to(sends[0].bytes, 200, "", kTheirs + kOurDuty, kOffer));
    CHECK(h.take<Refreshed>().size() == 1);
}

TEST_CASE("a refresh refused in another way is repeated until the session ends with a BYE") {
    Caller caller{kTheirs};
    Harness& h = caller.h;
    h.advance(900s);
    unsigned refusals = 0;
    while (h.stack.gauges().legs == 1) {
        for (const Send& send : h.take<Send>()) {
            if (first_line(send.bytes).substr(0, 6) != "INVITE") continue;
            ++refusals;
            h.receive(response_to(send.bytes, 500, ""));
        }
        h.advance(1s);
    }
    CHECK(refusals == 29);  // Every 30 s in 868 s.
    const auto ended = h.take<Ended>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].by == EndedBy::Timeout);
    CHECK(ended[0].reason == "session expired");
    CHECK(h.stack.counters().sessions_expired == 1);
}

TEST_CASE("a peer that knows no timers keeps its call however it refuses our refresh") {
    Caller caller{""};
    Harness& h = caller.h;
    for (int i = 0; i < 5; ++i) {
        h.advance(900s);
        h.receive(response_to(sole_send(h), i % 2 == 0 ? 488 : 501, ""));
        h.effects.clear();
    }
    h.advance(10s);
    CHECK(h.stack.gauges().legs == 1);
}

TEST_CASE("when the peer should refresh and does not, we end the call 32 s before the expiry") {
    Caller caller{kTheirs + "Session-Expires: 600;refresher=uac\r\n"};
    Harness& h = caller.h;
    h.advance(568s - 1ms);
    CHECK(h.take<Send>().empty());
    CHECK(h.take<Ended>().empty());
    h.advance(1ms);
    const auto ended = h.take<Ended>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].by == EndedBy::Timeout);
    CHECK(ended[0].reason == "session expired");
    const std::string bye = sole_send(h);
    CHECK(first_line(bye) == "BYE sip:ana@198.51.100.7:5060 SIP/2.0");
    CHECK(header(bye, "Reason") == "Q.850;cause=16;text=\"session expired\"");
}

TEST_CASE("a short session ends a third before its expiry") {
    Caller caller{kTheirs + "Session-Expires: 90;refresher=uac\r\n"};
    Harness& h = caller.h;
    h.advance(60s - 1ms);
    CHECK(h.take<Ended>().empty());
    h.advance(1ms);
    CHECK(h.take<Ended>().size() == 1);
}

TEST_CASE("the peer's refresh sets the timer again, and may change its terms") {
    Caller caller{kTheirs + "Session-Expires: 600;refresher=uac\r\n"};
    Harness& h = caller.h;
    h.advance(300s);
    TestRequest refresh = caller.inside("INVITE", 2);
    refresh.body = kOffer;
    refresh.extra = kTheirs + "Session-Expires: 300\r\n";
    h.receive(refresh.text());
    REQUIRE(h.take<Reinvite>().size() == 1);
    h.effects.clear();
    REQUIRE(h.stack.accept_reinvite(caller.leg, kAnswer, h.now, h.effects).has_value());
    CHECK(h.take<Refreshed>().size() == 1);
    const std::string ok_200 = sole_send(h);
    // It did not say who; the one who did goes on.
    CHECK(header(ok_200, "Session-Expires") == "300;refresher=uac");
    h.receive(caller.inside("ACK", 2).text());
    h.advance(268s - 1ms);
    CHECK(h.take<Ended>().empty());
    h.advance(1ms);
    CHECK(h.take<Ended>().size() == 1);
}

TEST_CASE("a refresh too brief is 422 and leaves the session as it was") {
    Caller caller{kTheirs + "Session-Expires: 600;refresher=uac\r\n"};
    Harness& h = caller.h;
    TestRequest refresh = caller.inside("INVITE", 2);
    refresh.extra = kTheirs + "Session-Expires: 60\r\n";
    h.receive(refresh.text());
    CHECK(h.sent_lines() == std::vector<std::string>{"SIP/2.0 422 Session Interval Too Small"});
    CHECK(h.take<Reinvite>().empty());
    h.advance(568s);
    CHECK(h.take<Ended>().size() == 1);
}

TEST_CASE("our call offers a session and does what the answer says") {
    Harness h;
    const std::string sent = talking(h, kTheirDuty);
    CHECK(header(sent, "Supported").find("timer") != std::string::npos);
    CHECK(header(sent, "Session-Expires") == "1800");
    CHECK(header(sent, "Min-SE").empty());
    h.advance(1768s - 1ms);
    CHECK(h.take<Send>().empty());
    h.advance(1ms);
    CHECK(h.take<Ended>().size() == 1);

    Harness ours;
    talking(ours, kOurDuty);
    ours.advance(900s);
    const std::string refresh = sole_send(ours);
    CHECK(header(refresh, "Session-Expires") == "1800;refresher=uac");
    CHECK(refresh.find(kAnswer) != std::string::npos);

    Harness none;
    talking(none, "");
    none.advance(24h);
    CHECK(none.take<Send>().empty());
    CHECK(none.stack.gauges().legs == 1);
}

TEST_CASE("an answer shorter than any peer may give does not make us refresh without pause") {
    Harness h;
    talking(h, "Session-Expires: 1;refresher=uac\r\n");
    h.advance(5s - 1ms);
    CHECK(h.take<Send>().empty());
    h.advance(1ms);
    CHECK(h.take<Send>().size() == 1);
}

TEST_CASE("a call refused with 422 is tried once more with the peer's least") {
    Harness h;
    const std::string first = invite(h);
    h.receive(response_to(first, 422, "a", "Min-SE: 3600\r\n"));
    auto sends = h.take<Send>();
    REQUIRE(sends.size() == 2);
    CHECK(first_line(sends[0].bytes) == "ACK sip:bob@203.0.113.9:5070 SIP/2.0");
    const std::string second = sends[1].bytes;
    CHECK(first_line(second) == first_line(first));
    CHECK(header(second, "CSeq") == "2 INVITE");
    CHECK(header(second, "Call-ID") == header(first, "Call-ID"));
    CHECK(header(second, "From") == header(first, "From"));
    CHECK(header(second, "To") == header(first, "To"));
    CHECK(header(second, "Via") != header(first, "Via"));
    CHECK(header(second, "Session-Expires") == "3600");
    CHECK(header(second, "Min-SE") == "3600");
    CHECK(second.substr(second.find("\r\n\r\n")) == first.substr(first.find("\r\n\r\n")));
    CHECK(h.take<Failed>().empty());
    SUBCASE("and is answered, acknowledged and refreshed with it") {
        h.receive(response_to(
            second, 200, "b", kBobContact + "Session-Expires: 3600;refresher=uac\r\n", kOffer));
        REQUIRE(h.take<Answered>().size() == 1);
        CHECK(header(sole_send(h), "CSeq") == "2 ACK");
        h.advance(1800s);
        const std::string refresh = sole_send(h);
        CHECK(header(refresh, "CSeq") == "3 INVITE");
        CHECK(header(refresh, "Session-Expires") == "3600;refresher=uac");
        CHECK(header(refresh, "Min-SE") == "3600");
    }
    SUBCASE("and fails when it is refused so again") {
        h.receive(response_to(second, 422, "b", "Min-SE: 7200\r\n"));
        const auto failed = h.take<Failed>();
        REQUIRE(failed.size() == 1);
        CHECK(failed[0].status == 422);
    }
    SUBCASE("and is cancelled like any other") {
        h.receive(response_to(second, 180, "b"));
        REQUIRE(h.stack.cancel(kLeg, h.now, h.effects).has_value());
        const auto out = h.take<Send>();
        REQUIRE(out.size() == 1);
        CHECK(header(out[0].bytes, "CSeq") == "2 CANCEL");
    }
}

TEST_CASE("a 422 that names no bearable least is a refusal") {
    for (const std::string extra : {"", "Min-SE: 86401\r\n", "Min-SE: x\r\n", "Min-SE: 9\r\n"}) {
        CAPTURE(extra);
        Harness h;
        h.receive(response_to(invite(h), 422, "a", extra));
        CHECK(h.take<Failed>().size() == 1);
    }
}

TEST_CASE("a refresh refused with 422 is sent again with the longer interval") {
    Caller caller{kTheirs + "Session-Expires: 600\r\n"};
    Harness& h = caller.h;
    h.advance(300s);
    h.receive(response_to(sole_send(h), 422, "", "Min-SE: 1200\r\n"));
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 2);
    CHECK(header(sends[1].bytes, "Session-Expires") == "1200;refresher=uac");
    CHECK(header(sends[1].bytes, "Min-SE") == "1200");
    h.receive(response_to(
        sends[1].bytes, 200, "", kTheirs + "Session-Expires: 1200;refresher=uac\r\n", kOffer));
    CHECK(h.take<Refreshed>().size() == 1);
    h.advance(600s);
    CHECK_FALSE(h.take<Send>().empty());
}

TEST_CASE("any re-INVITE of ours keeps the session, and an answer without it turns it off") {
    Caller caller{kTheirs + "Session-Expires: 600;refresher=uac\r\n"};
    Harness& h = caller.h;
    REQUIRE(h.stack.reinvite(caller.leg, kAnswer + "a=x\r\n", h.now, h.effects).has_value());
    const std::string hold = sole_send(h);
    CHECK(header(hold, "Session-Expires") == "600;refresher=uas");
    h.receive(response_to(hold, 200, "", kTheirs, kOffer));
    CHECK(h.take<ReinviteAnswered>().size() == 1);
    h.effects.clear();
    h.advance(1h);
    CHECK(h.take<Send>().empty());
    CHECK(h.stack.gauges().legs == 1);
}

TEST_CASE("an offer of the owner waits behind a refresh and is not lost") {
    const std::string wanted = kAnswer + "a=sendonly\r\n";
    for (const int status : {200, 500, 491}) {
        CAPTURE(status);
        Caller caller{kTheirs};
        Harness& h = caller.h;
        h.advance(900s);
        const std::string refresh = sole_send(h);
        REQUIRE(h.stack.reinvite(caller.leg, wanted, h.now, h.effects).has_value());
        CHECK(h.take<Send>().empty());
        CHECK(h.stack.reinvite(caller.leg, wanted, h.now, h.effects).error().code ==
              sip::Errc::WrongState);
        h.receive(response_to(refresh, status, "", kTheirs + kOurDuty, kOffer));
        h.advance(2s);
        std::string offer;
        for (const Send& send : h.take<Send>()) {
            if (first_line(send.bytes).substr(0, 6) == "INVITE") offer = send.bytes;
        }
        REQUIRE(offer.find(wanted) != std::string::npos);
        h.receive(response_to(offer, 200, "", kTheirs + kOurDuty, kOffer));
        CHECK(h.take<ReinviteAnswered>().size() == 1);
        // The next refresh repeats what was agreed last.
        h.effects.clear();
        h.advance(900s);
        CHECK(sole_send(h).find(wanted) != std::string::npos);
    }
}

TEST_CASE("a refresh that falls due while an offer is open looks again later") {
    Caller caller{kTheirs + "Session-Expires: 600\r\n"};
    Harness& h = caller.h;
    h.advance(299s);
    TestRequest hold = caller.inside("INVITE", 2);
    hold.body = kOffer;
    hold.extra = kTheirs;
    h.receive(hold.text());
    h.effects.clear();
    h.advance(5s);
    CHECK(h.take<Send>().empty());
    REQUIRE(h.stack.reject_reinvite(caller.leg, 488, h.now, h.effects).has_value());
    TestRequest ack = caller.inside("ACK", 2);
    ack.via = hold.via;
    h.receive(ack.text());
    h.effects.clear();
    h.advance(2s);
    CHECK(h.sent_lines().at(0) == "INVITE sip:ana@198.51.100.7:5060 SIP/2.0");
}

TEST_CASE("a session timer goes on after a restart, on either side's duty") {
    for (const bool is_ours : {true, false}) {
        CAPTURE(is_ours);
        Caller caller{kTheirs + "Session-Expires: 600" + (is_ours ? "" : ";refresher=uac") +
                      "\r\n"};
        caller.h.advance(100s);
        const std::string saved = caller.h.stack.save_leg(caller.leg).value();
        Harness after;
        after.now.mono = Instant{5s};
        after.now.wall = caller.h.now.wall + 20s;
        REQUIRE(after.stack.restore_leg(caller.leg, saved, after.now).has_value());
        CHECK(after.stack.save_leg(caller.leg).value() == saved);
        after.advance((is_ours ? 180s : 448s) - 1ms);
        CHECK(after.take<Send>().empty());
        after.advance(1ms);
        const std::string sent = sole_send(after);
        CHECK(first_line(sent).substr(0, 3) == (is_ours ? "INV" : "BYE"));
        if (is_ours) CHECK(sent.find(kAnswer) != std::string::npos);
    }
}

TEST_CASE("after a long absence the peer's refresh is waited for, and ours goes out at once") {
    Caller peers{kTheirs + "Session-Expires: 600;refresher=uac\r\n"};
    Harness after;
    after.now.wall = peers.h.now.wall + 1h;
    const std::string saved = peers.h.stack.save_leg(peers.leg).value();
    REQUIRE(after.stack.restore_leg(peers.leg, saved, after.now).has_value());
    after.advance(32s - 1ms);
    CHECK(after.take<Ended>().empty());
    after.advance(1ms);
    CHECK(after.take<Ended>().size() == 1);

    Caller ours{kTheirs};
    Harness again;
    again.now.wall = ours.h.now.wall + 1h;
    const std::string mine = ours.h.stack.save_leg(ours.leg).value();
    REQUIRE(again.stack.restore_leg(ours.leg, mine, again.now).has_value());
    again.advance(5s);
    CHECK(again.sent_lines().at(0) == "INVITE sip:ana@198.51.100.7:5060 SIP/2.0");
}

TEST_CASE("a leg saved before there were session timers is read, and has none") {
    const std::string saved =
        "leg1 6:call-13:tag5:other29:<sip:100@192.0.2.100>;tag=tag21:<sip:a@b.c>;tag=other"
        "24:sip:bob@203.0.113.9:50701:11:13:udp16:203.0.113.9:507016:192.0.2.100:50601:01:11:71:0";
    Harness h;
    REQUIRE(h.stack.restore_leg(kLeg, saved, h.now).has_value());
    h.advance(24h);
    CHECK(h.take<Send>().empty());
    CHECK(h.stack.save_leg(kLeg).value().substr(0, 5) == "leg3 ");
    REQUIRE(h.stack.hang_up(kLeg, "", h.now, h.effects).has_value());
    CHECK(h.sent_lines() == std::vector<std::string>{"BYE sip:bob@203.0.113.9:5070 SIP/2.0"});
}

TEST_CASE("a call that expires before its ACK came says BYE only after it") {
    Settings settings = test_settings();
    settings.timing.min_se = settings.timing.session_expires = 12s;
    Harness h{settings};
    TestRequest request;
    request.extra = kTheirs + "Session-Expires: 12;refresher=uac\r\n";
    const LegId leg = h.incoming(request).leg;
    REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
    const std::string to = header(sole_send(h), "To");
    h.advance(8s);
    CHECK(h.take<Ended>().size() == 1);
    for (const std::string& line : h.sent_lines()) CHECK(line == "SIP/2.0 200 OK");
    TestRequest ack;
    ack.method = "ACK";
    ack.to = to;
    ack.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKack;rport";
    h.receive(ack.text());
    CHECK(h.sent_lines() == std::vector<std::string>{"BYE sip:ana@198.51.100.7:5060 SIP/2.0"});
    CHECK(h.stack.gauges().legs == 0);
}
