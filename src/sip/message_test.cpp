#include <doctest/doctest.h>

#include "sip/detail/harness.h"
#include "sip/detail/text.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;

namespace {

// The status lines sent back for one raw datagram; "" for silence.
std::string answer_to(const std::string& text, Harness& h) {
    h.receive(text);
    const auto sends = h.take<Send>();
    return sends.empty() ? std::string{} : first_line(sends.back().bytes);
}
std::string answer_to(const std::string& text) {
    Harness h;
    return answer_to(text, h);
}

// An OPTIONS, which every good form of gets 200, with one thing replaced.
std::string options(std::string_view from = "", std::string_view to = "") {
    TestRequest request;
    request.method = "OPTIONS";
    std::string text = request.text();
    if (!from.empty()) {
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
    }
    return text;
}

struct Row {
    std::string text;
    std::string answer;
};

}  // namespace

TEST_CASE("unusual but valid messages are understood") {
    const std::vector<Row> rows{
        {options(), "SIP/2.0 200 OK"},
        {options("Via: SIP/2.0/UDP", "v:  SIP  / 2.0  /\r\n   UDP"), "SIP/2.0 200 OK"},
        {options("From: ", "f: "), "SIP/2.0 200 OK"},
        {options("To: ", "tO  : "), "SIP/2.0 200 OK"},
        {options("Call-ID", "I"), "SIP/2.0 200 OK"},
        {options("CSeq: 1 OPTIONS", "cseq: 0001 \t OPTIONS"), "SIP/2.0 200 OK"},
        {options("Contact: ", "Subject:\r\n\t folded\r\n  twice\r\nm: "), "SIP/2.0 200 OK"},
        {options("\"Ana\" <", "\"A \\\"n\\\\a,;<>\" <"), "SIP/2.0 200 OK"},
        {options("\"Ana\" <", "Ana Maria <"), "SIP/2.0 200 OK"},
        {options("\"Ana\" <sip:+34600123456@198.51.100.7>;tag", "sip:ana@198.51.100.7;tag"),
         "SIP/2.0 200 OK"},
        {options("sip:100@192.0.2.100 SIP", "sip:1%30%30;a=b?c@[2001:db8::1]:5060;x SIP"),
         "SIP/2.0 200 OK"},
        {options("OPTIONS sip:100@192.0.2.100", "OPTIONS tel:+34911;phone-context=x"),
         "SIP/2.0 200 OK"},
        {options("SIP/2.0/UDP", "SIP/2.0/UNKNOWN"), "SIP/2.0 200 OK"},
        {options("Contact: ", "X-Nothing:\r\nContact: "), "SIP/2.0 200 OK"},
        {options("Max-Forwards: 70", "Max-Forwards: 0"), "SIP/2.0 200 OK"},
        {options("Max-Forwards: 70\r\n", ""), "SIP/2.0 200 OK"},
        {options("Content-Length: 0\r\n", ""), "SIP/2.0 200 OK"},
        {"\r\n\r\n" + options(), "SIP/2.0 200 OK"},
        {options("Content-Length: 0\r\n\r\n", "l: 2\r\n\r\nabrest is not ours"), "SIP/2.0 200 OK"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(answer_to(row.text) == row.answer);
    }
}

TEST_CASE("invalid messages get the right refusal") {
    const std::vector<Row> rows{
        {options("OPTIONS sip:", "OPTIONS  sip:"), "SIP/2.0 400 Bad Request-URI"},
        {options("sip:100@192.0.2.100 SIP", "<sip:100@192.0.2.100> SIP"),
         "SIP/2.0 400 Bad Request-URI"},
        {options("sip:100@192.0.2.100 SIP", "sip:100@192.0.2.100; x=1 SIP"),
         "SIP/2.0 400 Bad Request-URI"},
        {options("sip:100@192.0.2.100 SIP", "sip:100@host:99999 SIP"),
         "SIP/2.0 400 Bad Request-URI"},
        {options("sip:100@192.0.2.100 SIP", "nobody:x SIP"), "SIP/2.0 416 Unsupported URI Scheme"},
        {options("SIP/2.0\r\n", "SIP/7.0\r\n"), "SIP/2.0 505 Version Not Supported"},
        {options("SIP/2.0\r\n", "SIP/2.0 \r\n"), "SIP/2.0 400 Bad Request Line"},
        {options("CSeq: 1 ", "CSeq: 2147483648 "), "SIP/2.0 400 Bad CSeq"},
        {options("CSeq: 1 ", "CSeq: -1 "), "SIP/2.0 400 Bad CSeq"},
        {options("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), "SIP/2.0 400 CSeq method does not match"},
        {options("CSeq: 1 OPTIONS\r\n", ""), "SIP/2.0 400 Missing CSeq"},
        {options("Call-ID: call-1@198.51.100.7\r\n", ""), "SIP/2.0 400 Missing Call-ID"},
        {options("To: <sip:100@192.0.2.100>\r\n", ""), "SIP/2.0 400 Missing To"},
        {options("\"Ana\" <", "\"Ana <"), "SIP/2.0 400 Bad From"},
        {options("+34600123456@198.51.100.7>", "+34600123456@198.51.100.7"),
         "SIP/2.0 400 Bad From"},
        {options("Max-Forwards: 70", "Max-Forwards: 256"), "SIP/2.0 400 Bad Max-Forwards"},
        {options("Max-Forwards: 70", "To: <sip:x@y>"), "SIP/2.0 400 Repeated Header"},
        {options("Content-Length: 0", "Content-Length: -1"), "SIP/2.0 400 Bad Content-Length"},
        {options("Content-Length: 0", "Content-Length: 9999"),
         "SIP/2.0 400 Body shorter than Content-Length"},
        {options("Contact: ", "no colon here\r\nContact: "), "SIP/2.0 400 Bad Header"},
        {options("Contact: ", "Require: wings, 100rel\r\nContact: "), "SIP/2.0 420 Bad Extension"},
        {options("Contact: ", "Proxy-Require: wings\r\nContact: "), "SIP/2.0 420 Bad Extension"},
        {options("OPTIONS sip:", "NEWMETHOD sip:"), "SIP/2.0 400 CSeq method does not match"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        Harness h;
        CHECK(answer_to(row.text, h) == row.answer);
        CHECK(h.stack.gauges().transactions == 0);
    }
}

TEST_CASE("what cannot be answered is met with silence and counted") {
    for (const std::string& text : {
             std::string{"hello"},
             std::string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
             std::string(2000, 'A'),
             std::string{"\0\1\2\3\4\5", 6},
             options("Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKone;rport\r\n", ""),
             options("Via: SIP/2.0/UDP", "Via: SIP/3.0/UDP"),
             options("198.51.100.7:5060;branch", "198.51.100.7:65536;branch"),
             std::string{"SIP/2.0 99 Low\r\n\r\n"},
             std::string{"OPTIONS sip:x@y SIP/2.0"},
         }) {
        CAPTURE(text);
        Harness h;
        CHECK(answer_to(text, h).empty());
        CHECK(h.stack.counters().parse_errors_garbage == 1);
    }
}

TEST_CASE("blank datagrams are keep-alives") {
    Harness h;
    for (const char* ping : {"\r\n\r\n", "\r\n"}) h.receive(ping);
    h.receive(std::string_view{"\0\0\0\0", 4});
    CHECK(h.stack.counters().keepalives == 3);
    CHECK(h.effects.empty());
}

TEST_CASE("methods are refused by name") {
    for (const char* method : {"MESSAGE",
                               "SUBSCRIBE",
                               "NOTIFY",
                               "REFER",
                               "PUBLISH",
                               "PRACK",
                               "INFO",
                               "UPDATE",
                               "WALK"}) {
        TestRequest request;
        request.method = method;
        CAPTURE(method);
        Harness h;
        h.receive(request.text());
        const auto sends = h.take<Send>();
        REQUIRE(sends.size() == 1);
        CHECK(first_line(sends[0].bytes) == "SIP/2.0 405 Method Not Allowed");
        CHECK(header(sends[0].bytes, "Allow") ==
              "INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, UPDATE, PRACK, REFER, INFO");
    }
}

TEST_CASE("an INVITE is refused for its hops, body type or contact before it makes a leg") {
    TestRequest request;
    request.extra = "Max-Forwards: 0\r\n";
    CHECK(answer_to(request.text()) == "SIP/2.0 483 Too Many Hops");
    request.extra = "Content-Type: text/plain\r\n";
    request.body = "hi";
    std::string text = request.text();
    text.erase(text.find("Content-Type: application/sdp\r\n"), 31);
    CHECK(answer_to(text) == "SIP/2.0 415 Unsupported Media Type");
    request.extra = "Content-Encoding: gzip\r\n";
    CHECK(answer_to(request.text()) == "SIP/2.0 415 Unsupported Media Type");
    request.extra.clear();
    for (const char* contact : {"", "*", "<http://x/>", "<sip:a@b"}) {
        request.contact = contact;
        CHECK(answer_to(request.text()) == "SIP/2.0 400 Bad Contact");
    }
}

TEST_CASE("the SDP part of a multipart body is the offer") {
    TestRequest request;
    request.extra = "Content-Type: multipart/mixed;boundary=\"b1\"\r\n";
    request.body =
        "--b1\r\nContent-Type: application/isup\r\n\r\n\x01\x02\r\n--b1\r\n"
        "Content-Type: application/sdp\r\n\r\n" +
        kOffer + "\r\n--b1--\r\n";
    std::string text = request.text();
    text.erase(text.find("Content-Type: application/sdp\r\n"), 31);
    Harness h;
    h.receive(text);
    const auto calls = h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].offer == kOffer);
}

TEST_CASE("sizes are limited at their edges") {
    Settings settings = test_settings();
    settings.limits.header_count = 10;
    Harness h{settings};
    TestRequest request;
    request.method = "OPTIONS";
    request.extra = "X-1: a\r\nX-2: b\r\n";
    REQUIRE(request.text().find("X-2") != std::string::npos);
    CHECK(answer_to(request.text(), h) == "SIP/2.0 200 OK");  // 10 headers
    request.extra += "X-3: c\r\n";
    CHECK(answer_to(request.text(), h) == "SIP/2.0 513 Too Many Headers");

    Settings small = test_settings();
    small.limits.body_bytes = 10;
    Harness bodies{small};
    request.extra.clear();
    request.body = std::string(10, 'x');
    CHECK(answer_to(request.text(), bodies) == "SIP/2.0 200 OK");
    request.body = std::string(11, 'x');
    CHECK(answer_to(request.text(), bodies) == "SIP/2.0 413 Request Entity Too Large");

    Settings heads = test_settings();
    request.body.clear();
    heads.limits.header_bytes = request.text().size();
    Harness fits{heads};
    CHECK(answer_to(request.text(), fits) == "SIP/2.0 200 OK");
    request.extra = "X: 1\r\n";
    CHECK(answer_to(request.text(), fits) == "SIP/2.0 513 Message Too Large");

    Settings datagrams = test_settings();
    datagrams.limits.udp_message_bytes = request.text().size() - 1;
    Harness over{datagrams};
    CHECK(answer_to(request.text(), over).empty());
    CHECK(over.stack.counters().parse_errors_size == 1);
}

TEST_CASE("the top Via tells the peer how we see it, and the answer goes back that way") {
    Harness h;
    TestRequest request;
    request.method = "OPTIONS";
    request.via = "SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bKnat;rport, SIP/2.0/UDP second;branch=2";
    const Flow nat = udp_flow("203.0.113.7:41000");
    h.receive(request.text(), nat);
    auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(header(sends[0].bytes, "Via") ==
          "SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bKnat;rport=41000;received=203.0.113.7, "
          "SIP/2.0/UDP second;branch=2");
    CHECK(sends[0].flow == nat);
    // Without rport, and no NAT in sight: to the port it names (RFC 3261 §18.2.2).
    request.via = "SIP/2.0/UDP 203.0.113.7:5062;branch=z9hG4bKplain";
    h.receive(request.text(), nat);
    sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(sends[0].flow.remote == *Address::parse("203.0.113.7:5062"));
    // Without rport, behind a NAT: where it came from, or it would never arrive.
    request.via = "SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bKold";
    h.receive(request.text(), nat);
    sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(sends[0].flow == nat);
}

TEST_CASE("a peer of RFC 2543, without cookie and tags, is served") {
    Harness h;
    TestRequest request;
    request.via = "SIP/2.0/UDP 198.51.100.7:5060";
    request.from = "<sip:old@198.51.100.7>";
    request.body = kOffer;
    const Incoming call = h.incoming(request);
    CHECK(call.caller_user == "old");
    h.receive(request.text());
    CHECK(h.sent_lines() == std::vector<std::string>{"SIP/2.0 100 Trying"});
    REQUIRE(h.stack.reject(call.leg, {.status = 486}, h.now, h.effects).has_value());
    auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    TestRequest ack = request;
    ack.method = "ACK";
    ack.to = header(sends[0].bytes, "To");
    ack.body.clear();
    h.receive(ack.text());
    h.effects.clear();
    h.advance(std::chrono::seconds{6});
    CHECK(h.take<Send>().empty());
    CHECK(h.stack.gauges().transactions == 0);
}

TEST_CASE("traces name the leg and shorten the numbers") {
    Harness h;
    TestRequest request;
    request.body = kOffer;
    request.to = "<sip:+34911222333@192.0.2.100>";
    request.uri = "sip:+34911222333@192.0.2.100";
    h.receive(request.text());
    const auto traces = h.take<Trace>();
    const auto calls = h.take<Incoming>();
    REQUIRE(traces.size() == 2);
    REQUIRE(calls.size() == 1);
    CHECK(traces[0].direction == Direction::In);
    CHECK(traces[0].leg == calls[0].leg);
    CHECK(traces[1].leg == calls[0].leg);
    CHECK(traces[0].line.substr(0, 7) == "INVITE ");
    for (const Trace& trace : traces) {
        CHECK(trace.line.find("600123456") == std::string::npos);
        CHECK(trace.line.find("911222333") == std::string::npos);
        CHECK(trace.line.find("cseq 1 INVITE") != std::string::npos);
    }
}

TEST_CASE("addresses and ranges are read strictly") {
    CHECK(Address::parse("192.0.2.1:5060")->to_string() == "192.0.2.1:5060");
    CHECK(Address::parse("[2001:db8::1]:5060")->to_string() == "[2001:db8::1]:5060");
    for (const char* bad : {"192.0.2.1",
                            "192.0.2.1:65536",
                            "2001:db8::1:5060",
                            "name:5060",
                            ":1",
                            "192.0.2.256:1",
                            ""}) {
        CHECK_FALSE(Address::parse(bad).has_value());
    }
    const auto range = AddressRange::parse("198.51.100.128/25");
    REQUIRE(range.has_value());
    CHECK(range->contains(*Address::parse("198.51.100.128:1")));
    CHECK(range->contains(*Address::parse("198.51.100.255:1")));
    CHECK_FALSE(range->contains(*Address::parse("198.51.100.127:1")));
    CHECK_FALSE(range->contains(*Address::parse("[::1]:1")));
    CHECK(AddressRange::parse("0.0.0.0/0")->contains(*Address::parse("8.8.8.8:1")));
    CHECK_FALSE(AddressRange::parse("198.51.100.0/33").has_value());
    CHECK(Address::parse("255.255.255.255:5060")->is_unusable());
    CHECK(Address::parse("224.0.0.1:5060")->is_unusable());
    CHECK(Address::parse("192.0.2.1:0")->is_unusable());
    CHECK_FALSE(Address::parse("192.0.2.1:1")->is_unusable());
    CHECK(Address::parse("172.31.255.1:1")->is_private());
    CHECK_FALSE(Address::parse("172.32.0.1:1")->is_private());
}
