#include <doctest/doctest.h>

#include "sip/detail/harness.h"

namespace escucha::sip {
namespace {

using namespace detail;

struct Caller {
    Harness h;
    Incoming call = h.incoming();
    std::string tag;
    unsigned cseq = 1;

    Caller() {
        REQUIRE(h.stack.answer(call.leg, kAnswer, h.now, h.effects).has_value());
        const std::string ok = h.take<Send>().back().bytes;
        tag = header(ok, "To").substr(header(ok, "To").find(";tag="));
        TestRequest ack;
        ack.method = "ACK";
        ack.to += tag;
        h.receive(ack.text());
        h.effects.clear();
    }
    std::string send(std::string_view type, std::string_view body) {
        TestRequest info;
        info.method = "INFO";
        info.cseq = ++cseq;
        info.via =
            "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKi" + std::to_string(cseq) + ";rport";
        info.to += tag;
        std::string text = info.text();
        text.erase(text.find("Content-Length"));
        if (!type.empty()) text.append("Content-Type: ").append(type).append("\r\n");
        text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
        last = text.append(body);
        h.receive(last);
        return first_line(h.take<Send>().back().bytes);
    }
    std::string keys() {
        std::string pressed;
        for (const auto& one : h.take<KeyPressed>()) pressed += one.key;
        return pressed;
    }
    std::string last;
};

}  // namespace

TEST_CASE("keys in INFO are told, as the makers of phones write them") {
    Caller caller;
    for (const auto* body : {"Signal=5\r\nDuration=160\r\n",
                             "Signal= 5\nDuration= 160",
                             "Duration=160\r\nsignal = 5 \r\n"}) {
        CHECK(caller.send("application/dtmf-relay", body) == "SIP/2.0 200 OK");
        CHECK(caller.keys() == "5");
    }
    CHECK(caller.send("application/dtmf-relay;x=y", "Signal=*") == "SIP/2.0 200 OK");
    CHECK(caller.send("application/dtmf-relay", "Signal=11\r\n") == "SIP/2.0 200 OK");
    CHECK(caller.send("application/dtmf", "d\r\n") == "SIP/2.0 200 OK");
    CHECK(caller.keys() == "*#D");
}

TEST_CASE("a key is told once, however often its INFO comes") {
    Caller caller;
    caller.send("application/dtmf", "7");
    caller.h.receive(caller.last);
    CHECK(first_line(caller.h.take<Send>().back().bytes) == "SIP/2.0 200 OK");
    CHECK(caller.keys() == "7");
}

TEST_CASE("what is no key is refused with why, and an empty INFO is answered") {
    Caller caller;
    CHECK(caller.send("application/dtmf-relay", "Signal=12") == "SIP/2.0 400 Bad Signal");
    CHECK(caller.send("application/dtmf-relay", "Duration=1") == "SIP/2.0 400 Bad Signal");
    CHECK(caller.send("application/dtmf", "55") == "SIP/2.0 400 Bad Signal");
    CHECK(caller.send("application/media_control+xml", "<x/>") ==
          "SIP/2.0 415 Unsupported Media Type");
    CHECK(caller.send("", "") == "SIP/2.0 200 OK");
    CHECK(caller.keys().empty());
}

}  // namespace escucha::sip
