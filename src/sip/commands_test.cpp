#include <doctest/doctest.h>

#include <functional>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;

namespace {

const LegId kLeg{Uuid{.high = 7, .low = 7}};

/// A Stack with one leg brought into a named state.
struct Stage {
    Harness h;
    LegId leg = kLeg;
    std::string invite;  ///< Ours, for outgoing legs.
    std::string to;      ///< With our tag, for incoming legs.

    void call(bool is_offerless) {
        InviteRequest request;
        request.leg = kLeg;
        request.target =
            UriTarget{.uri = "sip:bob@203.0.113.9:5070", .flow = udp_flow("203.0.113.9:5070")};
        if (!is_offerless) request.offer = kOffer;
        REQUIRE(h.stack.invite(request, h.now, h.effects).has_value());
        invite = h.take<Send>().at(0).bytes;
    }
    void pick_up() {
        h.receive(response_to(invite, 200, "t", "Contact: <sip:bob@203.0.113.9:5070>\r\n", kOffer));
    }
    void answer() {
        REQUIRE(h.stack.answer(leg, kAnswer, h.now, h.effects).has_value());
        to = header(h.take<Send>().at(0).bytes, "To");
    }
    void inside(const std::string& method, unsigned cseq) {
        TestRequest request;
        request.method = method;
        request.cseq = cseq;
        request.to = to;
        request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK" + method + "x;rport";
        if (method == "INVITE" || method == "UPDATE") request.body = kOffer;
        if (method == "REFER") request.extra = "Refer-To: <sip:200@escucha>\r\n";
        h.receive(request.text());
    }
};

enum class At {
    Offered,
    Calling,
    AnswerOwed,
    AwaitingAck,
    Quiet,
    TheirOffer,
    OurOffer,
    HangupOwed,
    Gone,
    TheirUpdate,
    OurRefresh,
    TheirRefer
};
constexpr std::array kStates{At::Offered,
                             At::Calling,
                             At::AnswerOwed,
                             At::AwaitingAck,
                             At::Quiet,
                             At::TheirOffer,
                             At::OurOffer,
                             At::HangupOwed,
                             At::Gone,
                             At::TheirUpdate,
                             At::OurRefresh,
                             At::TheirRefer};

void bring(Stage& stage, At at) {
    Harness& h = stage.h;
    if (at == At::Calling || at == At::AnswerOwed) {
        stage.call(at == At::AnswerOwed);
        if (at == At::AnswerOwed) stage.pick_up();
        h.effects.clear();
        return;
    }
    stage.leg = h.incoming().leg;
    if (at == At::Offered) return;
    stage.answer();
    if (at == At::HangupOwed) {
        REQUIRE(h.stack.hang_up(stage.leg, "", h.now, h.effects).has_value());
    } else if (at != At::AwaitingAck) {
        stage.inside("ACK", 1);
    }
    if (at == At::TheirOffer) stage.inside("INVITE", 2);
    if (at == At::OurOffer) {
        REQUIRE(h.stack.reinvite(stage.leg, kAnswer, h.now, h.effects).has_value());
    }
    if (at == At::Gone) stage.inside("BYE", 2);
    if (at == At::TheirUpdate) stage.inside("UPDATE", 2);
    if (at == At::TheirRefer) stage.inside("REFER", 2);
    if (at == At::OurRefresh) h.advance(std::chrono::seconds{900});
    h.effects.clear();
}

struct Command {
    const char* name;
    std::function<Result<void>(Stage&)> run;
    /// One letter a state, in the order of kStates: 'y' done, 'w' WrongState, 'u' UnknownLeg.
    const char* expected;
};

const std::array kCommands{
    Command{"ring",
            [](Stage& s) { return s.h.stack.ring(s.leg, 180, std::nullopt, s.h.now, s.h.effects); },
            "ywwwwwwuuwww"},
    Command{"answer",
            [](Stage& s) { return s.h.stack.answer(s.leg, kAnswer, s.h.now, s.h.effects); },
            "ywwwwwwuuwww"},
    Command{"reject",
            [](Stage& s) { return s.h.stack.reject(s.leg, {.status = 486}, s.h.now, s.h.effects); },
            "ywwwwwwuuwww"},
    Command{"cancel",
            [](Stage& s) { return s.h.stack.cancel(s.leg, s.h.now, s.h.effects); },
            "wywwwwwuuwww"},
    Command{
        "ack_with_answer",
        [](Stage& s) { return s.h.stack.ack_with_answer(s.leg, kAnswer, s.h.now, s.h.effects); },
        "wwywwwwuuwww"},
    Command{"hang_up",
            [](Stage& s) { return s.h.stack.hang_up(s.leg, "", s.h.now, s.h.effects); },
            "yyyyyyyuuyyy"},
    Command{"reinvite",
            [](Stage& s) { return s.h.stack.reinvite(s.leg, kAnswer, s.h.now, s.h.effects); },
            "wwwwywwuuwyy"},
    Command{
        "accept_reinvite",
        [](Stage& s) { return s.h.stack.accept_reinvite(s.leg, kAnswer, s.h.now, s.h.effects); },
        "wwwwwywuuyww"},
    Command{"reject_reinvite",
            [](Stage& s) { return s.h.stack.reject_reinvite(s.leg, 488, s.h.now, s.h.effects); },
            "wwwwwywuuyww"},
    Command{"accept_transfer",
            [](Stage& s) { return s.h.stack.accept_transfer(s.leg, s.h.now, s.h.effects); },
            "wwwwwwwuuwwy"},
    Command{"refuse_transfer",
            [](Stage& s) { return s.h.stack.refuse_transfer(s.leg, 603, s.h.now, s.h.effects); },
            "wwwwwwwuuwwy"},
    Command{"finish_transfer",
            [](Stage& s) { return s.h.stack.finish_transfer(s.leg, 200, s.h.now, s.h.effects); },
            "wwwwwwwuuwww"},
    Command{"save_leg",
            [](Stage& s) -> Result<void> {
                const auto saved = s.h.stack.save_leg(s.leg);
                if (!saved) return saved.error();
                return ok();
            },
            "wwwyyyyuuyyy"},
};

}  // namespace

TEST_CASE("every command in every state does its work or refuses without a trace") {
    for (const Command& command : kCommands) {
        for (std::size_t i = 0; i < kStates.size(); ++i) {
            CAPTURE(command.name);
            CAPTURE(i);
            Stage stage;
            bring(stage, kStates[i]);
            REQUIRE(stage.h.effects.empty());
            const auto done = command.run(stage);
            const char got = done                                         ? 'y'
                             : done.error().code == sip::Errc::WrongState ? 'w'
                             : done.error().code == sip::Errc::UnknownLeg ? 'u'
                                                                          : '?';
            CHECK(got == command.expected[i]);
            if (got != 'y') CHECK(stage.h.effects.empty());
        }
    }
}

TEST_CASE("a leg hung up in any state ends exactly once and leaves nothing") {
    for (const At at : kStates) {
        CAPTURE(static_cast<int>(at));
        Stage stage;
        bring(stage, at);
        const bool is_over = at == At::HangupOwed || at == At::Gone;
        CHECK(stage.h.stack.hang_up(stage.leg, "", stage.h.now, stage.h.effects).has_value() !=
              is_over);
        const std::size_t ends = stage.h.take<Ended>().size() + stage.h.take<Failed>().size();
        CHECK(ends == (is_over ? 0 : 1));
        stage.h.advance(std::chrono::seconds{700});
        CHECK(stage.h.take<Ended>().empty());
        CHECK(stage.h.take<Failed>().empty());
        CHECK(stage.h.stack.gauges().legs == 0);
        CHECK(stage.h.stack.gauges().transactions == 0);
    }
}

TEST_CASE("the peer's BYE in any state ends the leg exactly once") {
    for (const At at : {At::Offered,
                        At::AwaitingAck,
                        At::Quiet,
                        At::TheirOffer,
                        At::OurOffer,
                        At::HangupOwed,
                        At::TheirUpdate,
                        At::OurRefresh,
                        At::TheirRefer}) {
        CAPTURE(static_cast<int>(at));
        Stage stage;
        bring(stage, at);
        if (at == At::Offered) {
            // A caller may give up by BYE inside the early dialog (RFC 3261 §15).
            REQUIRE(stage.h.stack.ring(stage.leg, 180, std::nullopt, stage.h.now, stage.h.effects)
                        .has_value());
            stage.to = header(stage.h.take<Send>().at(0).bytes, "To");
        }
        stage.inside("BYE", 9);
        CHECK(stage.h.sent_lines().front() == "SIP/2.0 200 OK");
        CHECK(stage.h.take<Ended>().size() == (at == At::HangupOwed ? 0 : 1));
        CHECK(stage.h.stack.gauges().legs == 0);
        stage.h.advance(std::chrono::seconds{700});
        CHECK(stage.h.stack.gauges().transactions == 0);
    }
}
