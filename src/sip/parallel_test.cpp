#include <doctest/doctest.h>

#include "sip/detail/harness.h"
#include "sip/detail/test_phone.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

const LegId kLeg{Uuid{.high = 7, .low = 7}};

Flow flow_of(int desk) { return udp_flow("203.0.113." + std::to_string(desk) + ":5060"); }

/// Ana's phone at several desks, and one call to it.
struct Desks {
    explicit Desks(int count) {
        h.stack.set_phones({credentials("ana", "correct horse")}, h.now, h.effects);
        for (int desk = 1; desk <= count; ++desk) {
            TestPhone phone;
            phone.flow = flow_of(desk);
            phone.contact = "<sip:ana@203.0.113." + std::to_string(desk) + ":5060>";
            phone.call_id = "reg-" + std::to_string(desk);
            phone.branch = static_cast<unsigned>(desk) * 10;  // a Via of its own
            REQUIRE(first_line(phone.run(h)) == "SIP/2.0 200 OK");
        }
        h.effects.clear();
        InviteRequest request;
        request.leg = kLeg;
        request.target = PhoneTarget{"ana"};
        request.offer = kAnswer;
        REQUIRE(h.stack.invite(std::move(request), h.now, h.effects).has_value());
        for (const Send& send : h.take<Send>()) invites.push_back(send);
        h.effects.clear();
    }
    /// The desk of an INVITE, which are sent to the most recent binding first.
    void answers(std::size_t at, int status, std::string_view body = {}) {
        const Send& invite = invites.at(at);
        const std::string contact = "Contact: <sip:ana@" + invite.flow.remote.to_string() + ">\r\n";
        h.receive(response_to(invite.bytes, status, "desk" + std::to_string(at), contact, body),
                  invite.flow);
    }
    std::vector<std::string> sent() { return h.sent_lines(); }

    Harness h;
    std::vector<Send> invites;
};

/// How many of the lines begin with the method.
std::size_t count(const std::vector<std::string>& lines, std::string_view method) {
    return static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [method](const std::string& line) {
            return line.starts_with(method);
        }));
}

}  // namespace

TEST_CASE("a call to a phone rings at all its addresses, the latest first, as calls of their own") {
    Desks desks{3};
    REQUIRE(desks.invites.size() == 3);
    CHECK(first_line(desks.invites[0].bytes) == "INVITE sip:ana@203.0.113.3:5060 SIP/2.0");
    CHECK(first_line(desks.invites[2].bytes) == "INVITE sip:ana@203.0.113.1:5060 SIP/2.0");
    CHECK(desks.invites[0].flow.remote == flow_of(3).remote);
    CHECK(header(desks.invites[0].bytes, "Call-ID") != header(desks.invites[1].bytes, "Call-ID"));
    CHECK(desks.h.stack.legs() == std::vector{kLeg});
}

TEST_CASE("the first to answer has the call, and the others are told that it went elsewhere") {
    Desks desks{3};
    desks.answers(0, 180);
    desks.answers(1, 180);
    CHECK(desks.h.take<Progress>().size() == 2);
    desks.answers(1, 200, kOffer);
    const auto answered = desks.h.take<Answered>();
    REQUIRE(answered.size() == 1);
    CHECK(answered[0].leg == kLeg);
    const auto sends = desks.h.take<Send>();
    REQUIRE(sends.size() == 2);  // CANCEL to the one that rings, ACK; the silent one waits
    CHECK(first_line(sends[0].bytes) == "CANCEL sip:ana@203.0.113.3:5060 SIP/2.0");
    CHECK(header(sends[0].bytes, "Reason").find("cause=200") != std::string::npos);
    CHECK(first_line(sends[1].bytes) == "ACK sip:ana@203.0.113.2:5060 SIP/2.0");
    desks.answers(2, 180);
    CHECK(count(desks.sent(), "CANCEL sip:ana@203.0.113.1") == 1);

    REQUIRE(desks.h.stack.hang_up(kLeg, "", desks.h.now, desks.h.effects));
    CHECK(count(desks.sent(), "BYE sip:ana@203.0.113.2:5060") == 1);
    CHECK(desks.h.take<Ended>().size() == 1);
    desks.h.advance(120s);
    CHECK(desks.h.take<Failed>().empty());
    CHECK(desks.h.stack.gauges().legs == 0);
    CHECK(desks.h.stack.gauges().transactions == 0);
}

TEST_CASE("a second answer that crosses the CANCEL is acknowledged and hung up") {
    Desks desks{2};
    desks.answers(0, 200, kOffer);
    desks.h.effects.clear();
    desks.answers(1, 200, kOffer);
    const auto lines = desks.sent();
    CHECK(count(lines, "ACK sip:ana@203.0.113.1:5060") == 1);
    CHECK(count(lines, "BYE sip:ana@203.0.113.1:5060") == 1);
    CHECK(desks.h.take<Answered>().empty());
    CHECK(desks.h.take<Ended>().empty());
}

TEST_CASE("a refusal of one leaves the others ringing; that of the last is the call's") {
    Desks desks{3};
    for (std::size_t at : {0U, 1U, 2U}) desks.answers(at, 180);
    desks.h.effects.clear();
    desks.answers(1, 486);
    desks.answers(0, 480);
    CHECK(desks.h.take<Failed>().empty());
    CHECK(desks.h.stack.legs() == std::vector{kLeg});
    desks.answers(2, 408);
    const auto failed = desks.h.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].leg == kLeg);
    CHECK(failed[0].status == 486);  // what a person did outweighs the rest
    CHECK(desks.h.stack.legs().empty());
    desks.h.advance(40s);
    CHECK(desks.h.stack.gauges().transactions == 0);
}

TEST_CASE("a decline at one address is a decline at all") {
    Desks desks{2};
    desks.answers(0, 180);
    desks.answers(1, 180);
    desks.h.effects.clear();
    desks.answers(1, 603);
    const auto failed = desks.h.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].status == 603);
    CHECK(count(desks.sent(), "CANCEL sip:ana@203.0.113.2:5060") == 1);
}

TEST_CASE("an address that says nothing holds a refusal up for two seconds, not for thirty-two") {
    Desks desks{2};
    desks.answers(0, 180);
    desks.answers(0, 486);
    desks.h.advance(1'999ms);
    CHECK(desks.h.take<Failed>().empty());
    desks.h.advance(1ms);
    const auto failed = desks.h.take<Failed>();
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].status == 486);
    CHECK(desks.h.stack.gauges().legs == 0);
}

TEST_CASE("an address that speaks within these two seconds rings on") {
    Desks desks{2};
    desks.answers(0, 486);
    desks.h.advance(1s);
    desks.answers(1, 180);
    desks.h.advance(60s);
    CHECK(desks.h.take<Failed>().empty());
    desks.answers(1, 200, kOffer);
    CHECK(desks.h.take<Answered>().size() == 1);
}

TEST_CASE("cancelling, hanging up and the longest ringing end the call at every address") {
    for (const bool hangs_up : {true, false}) {
        Desks desks{2};
        desks.answers(0, 180);
        desks.answers(1, 180);
        desks.h.effects.clear();
        auto& stack = desks.h.stack;
        const auto done = hangs_up ? stack.hang_up(kLeg, "", desks.h.now, desks.h.effects)
                                   : stack.cancel(kLeg, desks.h.now, desks.h.effects);
        REQUIRE(done);
        CHECK(count(desks.sent(), "CANCEL") == 2);
        CHECK(desks.h.take<Failed>().size() == 1);
        CHECK(stack.legs().empty());
    }
    Desks desks{2};
    desks.answers(0, 180);
    desks.answers(1, 180);
    desks.h.advance(601s);
    CHECK(desks.h.take<Failed>().size() == 1);
    CHECK(desks.h.stack.gauges().legs == 0);
}

TEST_CASE("lifting reaches every address that rings") {
    Desks desks{3};
    CHECK_FALSE(desks.h.stack.lift(kLeg, desks.h.now, desks.h.effects));
    desks.answers(0, 180);
    desks.answers(2, 180);
    desks.h.effects.clear();
    REQUIRE(desks.h.stack.lift(kLeg, desks.h.now, desks.h.effects));
    CHECK(count(desks.sent(), "NOTIFY") == 2);
}
