#include <doctest/doctest.h>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

const LegId kLeg{Uuid{.high = 7, .low = 7}};
const Flow kPeer = udp_flow("203.0.113.9:5070");

// An outgoing call that was answered, with a route.
std::string talking(Harness& h) {
    InviteRequest request;
    request.leg = kLeg;
    request.target = UriTarget{.uri = "sip:bob@203.0.113.9:5070", .flow = kPeer};
    request.offer = kAnswer;
    REQUIRE(h.stack.invite(request, h.now, h.effects).has_value());
    const std::string sent = h.take<Send>().at(0).bytes;
    h.receive(response_to(sent,
                          200,
                          "callee",
                          "Contact: <sip:bob@203.0.113.9:5070>\r\n"
                          "Record-Route: <sip:203.0.113.9:5070;lr>\r\n",
                          kOffer),
              kPeer);
    REQUIRE(h.take<Answered>().size() == 1);
    h.effects.clear();
    return sent;
}

TestRequest from_callee(const std::string& sent, const std::string& method) {
    TestRequest request;
    request.method = method;
    request.via = "SIP/2.0/UDP 203.0.113.9:5070;branch=z9hG4bKx" + method + ";rport";
    request.from = "<sip:bob@203.0.113.9:5070>;tag=callee";
    request.to = header(sent, "From");
    request.call_id = header(sent, "Call-ID");
    return request;
}

}  // namespace

TEST_CASE("a leg over TLS says so in Via and Contact, and still after a restart") {
    Harness before;
    InviteRequest request;
    request.leg = kLeg;
    Flow flow = kPeer;
    flow.transport = Transport::Tls;
    flow.local.port = 5061;
    flow.connection = 4;
    request.target = UriTarget{.uri = "sip:bob@203.0.113.9;transport=tls", .flow = flow};
    request.offer = kAnswer;
    REQUIRE(before.stack.invite(request, before.now, before.effects).has_value());
    const std::string sent = before.take<Send>().at(0).bytes;
    CHECK(header(sent, "Via").starts_with("SIP/2.0/TLS 192.0.2.100:5061;"));
    CHECK(header(sent, "Contact") == "<sip:192.0.2.100:5061;transport=tls>");
    before.receive(
        response_to(
            sent, 200, "callee", "Contact: <sip:bob@203.0.113.9;transport=tls>\r\n", kOffer),
        flow);
    const auto saved = before.stack.save_leg(kLeg);
    REQUIRE(saved.has_value());

    Harness after;
    REQUIRE(after.stack.restore_leg(kLeg, saved.value(), after.now).has_value());
    REQUIRE(after.stack.hang_up(kLeg, "", after.now, after.effects).has_value());
    const Send bye = after.take<Send>().at(0);
    CHECK(bye.flow.transport == Transport::Tls);
    CHECK(bye.flow.remote == *Address::parse("203.0.113.9:5061"));
    CHECK(bye.flow.connection == 0);
    CHECK(header(bye.bytes, "Via").starts_with("SIP/2.0/TLS "));
}

TEST_CASE("after a restart both sides can re-INVITE and hang up") {
    Harness before;
    const std::string sent = talking(before);
    const auto saved = before.stack.save_leg(kLeg);
    REQUIRE(saved.has_value());
    CHECK(saved.value().size() < 600);
    CHECK(before.stack.sdp_version(kLeg) == 1U);

    Harness after;
    REQUIRE(after.stack.restore_leg(kLeg, saved.value(), after.now).has_value());
    CHECK(after.stack.save_leg(kLeg).value() == saved.value());
    CHECK(after.stack.sdp_version(kLeg) == 1U);

    REQUIRE(after.stack.reinvite(kLeg, kAnswer, after.now, after.effects).has_value());
    auto sends = after.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(header(sends[0].bytes, "CSeq") == "2 INVITE");
    CHECK(header(sends[0].bytes, "Route") == "<sip:203.0.113.9:5070;lr>");
    CHECK(header(sends[0].bytes, "To") == "<sip:bob@203.0.113.9:5070>;tag=callee");
    CHECK(sends[0].flow.remote == kPeer.remote);
    after.receive(response_to(sends[0].bytes, 200, "", "", kOffer), kPeer);
    CHECK(after.take<ReinviteAnswered>().size() == 1);
    after.effects.clear();

    TestRequest hold = from_callee(sent, "INVITE");
    hold.body = kOffer;
    after.receive(hold.text(), kPeer);
    REQUIRE(after.take<Reinvite>().size() == 1);
    REQUIRE(after.stack.accept_reinvite(kLeg, kAnswer, after.now, after.effects).has_value());
    TestRequest bye = from_callee(sent, "BYE");
    bye.cseq = 2;
    after.effects.clear();
    after.receive(bye.text(), kPeer);
    CHECK(after.sent_lines() == std::vector<std::string>{"SIP/2.0 200 OK"});
    CHECK(after.take<Ended>().size() == 1);
}

TEST_CASE("an answered call is saved before its ACK, and its ACK after the restart does no harm") {
    Harness before;
    const Incoming call = before.incoming();
    REQUIRE(before.stack.save_leg(call.leg).error().code == sip::Errc::WrongState);
    REQUIRE(before.stack.answer(call.leg, kAnswer, before.now, before.effects).has_value());
    const std::string ok_200 = before.take<Send>().at(0).bytes;
    const auto saved = before.stack.save_leg(call.leg);
    REQUIRE(saved.has_value());

    Harness after;
    REQUIRE(after.stack.restore_leg(call.leg, saved.value(), after.now).has_value());
    TestRequest ack;
    ack.method = "ACK";
    ack.to = header(ok_200, "To");
    ack.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKack;rport";
    after.receive(ack.text());
    CHECK(after.take<Send>().empty());
    REQUIRE(after.stack.hang_up(call.leg, "", after.now, after.effects).has_value());
    const auto sends = after.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(first_line(sends[0].bytes) == "BYE sip:ana@198.51.100.7:5060 SIP/2.0");
    CHECK(header(sends[0].bytes, "From") == header(ok_200, "To"));
}

TEST_CASE("a leg saved on TCP opens a new connection to where the peer listens") {
    Harness before;
    TestRequest request;
    request.via = "SIP/2.0/TCP 198.51.100.7:40000;branch=z9hG4bKt;rport";
    request.contact = "<sip:ana@198.51.100.7:5062;transport=tcp>";
    request.body = kOffer;
    Flow flow = udp_flow("198.51.100.7:40000");
    flow.transport = Transport::Tcp;
    flow.connection = 9;
    before.receive(request.text(), flow);
    const auto calls = before.take<Incoming>();
    REQUIRE(calls.size() == 1);
    REQUIRE(before.stack.answer(calls[0].leg, kAnswer, before.now, before.effects).has_value());
    const auto saved = before.stack.save_leg(calls[0].leg);
    REQUIRE(saved.has_value());
    Harness after;
    REQUIRE(after.stack.restore_leg(calls[0].leg, saved.value(), after.now).has_value());
    REQUIRE(after.stack.hang_up(calls[0].leg, "", after.now, after.effects).has_value());
    const auto sends = after.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(sends[0].flow.transport == Transport::Tcp);
    CHECK(sends[0].flow.connection == 0);
    CHECK(sends[0].flow.remote == *Address::parse("198.51.100.7:5062"));
}

TEST_CASE("a damaged blob restores nothing") {
    Harness before;
    talking(before);
    const std::string saved = before.stack.save_leg(kLeg).value();
    Harness after;
    for (std::size_t cut = 0; cut < saved.size(); ++cut) {
        const auto restored = after.stack.restore_leg(kLeg, saved.substr(0, cut), after.now);
        REQUIRE_FALSE(restored.has_value());
        CHECK(restored.error().code == sip::Errc::Malformed);
    }
    CHECK_FALSE(after.stack.restore_leg(kLeg, saved + "1:x", after.now).has_value());
    CHECK(after.stack.gauges().legs == 0);
    REQUIRE(after.stack.restore_leg(kLeg, saved, after.now).has_value());
    CHECK(after.stack.restore_leg(kLeg, saved, after.now).error().code == sip::Errc::WrongState);
    const LegId other{Uuid{.high = 8, .low = 8}};
    CHECK(after.stack.restore_leg(other, saved, after.now).error().code == sip::Errc::WrongState);
}
