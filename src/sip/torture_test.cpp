#include <doctest/doctest.h>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;

// Messages as hard as those of RFC 4475 (SIP) and RFC 5118 (SIP over IPv6), a case for each of
// theirs under its name and section, with what this server makes of it. Where the RFC leaves a
// choice, the comment tells which we took.

namespace {

/// What came of one message.
enum class Outcome { Answered, Call, Stray, Silence };

struct Torture {
    const char* name;
    std::string text;  ///< Lines end with "\n" here and with CRLF on the wire.
    Outcome outcome = Outcome::Answered;
    const char* answer = "";
};

std::string on_wire(std::string_view text) {
    std::string wire;
    for (const char c : text) wire.append(c == '\n' ? "\r\n" : std::string(1, c));
    return wire;
}

const std::string kSession =
    "v=0\no=ana 1 1 IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\n"
    "m=audio 4000 RTP/AVP 0\n";
const std::string kSession6 =
    "v=0\no=ana 1 1 IN IP6 2001:db8::20\ns=-\nc=IN IP6 2001:db8::20\nt=0 0\n"
    "m=audio 4000 RTP/AVP 0\n";

std::string body(const std::string& content, std::string_view type = "application/sdp") {
    return "Content-Type: " + std::string{type} +
           "\nContent-Length: " + std::to_string(on_wire(content).size()) + "\n\n" + content;
}

/// The usual headers for a message where they are not what is tried.
std::string usual(const std::string& method, std::string_view via = "") {
    std::string lines = via.empty() ? "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKtorture\n"
                                    : std::string{via};
    return lines + "Max-Forwards: 70\nFrom: <sip:ana@198.51.100.7>;tag=t1\n" +
           "To: <sip:100@192.0.2.100>\nCall-ID: torture@198.51.100.7\nCSeq: 9 " + method + "\n";
}
const std::string kContact = "Contact: <sip:ana@198.51.100.7>\n";
const std::string kNoBody = "Content-Length: 0\n\n";
std::string line(const std::string& method) { return method + " sip:100@192.0.2.100 SIP/2.0\n"; }

void check(const Torture& torture) {
    CAPTURE(torture.name);
    Harness h;
    h.receive(on_wire(torture.text));
    const auto calls = h.take<Incoming>();
    const auto sent = h.sent_lines();
    const auto& counters = h.stack.counters();
    CHECK(calls.size() == (torture.outcome == Outcome::Call ? 1 : 0));
    CHECK(counters.stray_responses == (torture.outcome == Outcome::Stray ? 1 : 0));
    CHECK(counters.parse_errors_garbage == (torture.outcome == Outcome::Silence ? 1 : 0));
    switch (torture.outcome) {
        case Outcome::Answered:
            REQUIRE(sent.size() == 1);
            CHECK(sent.front() == "SIP/2.0 " + std::string{torture.answer});
            break;
        case Outcome::Call:
            REQUIRE(sent.size() == 1);
            CHECK(sent.front() == "SIP/2.0 100 Trying");
            break;
        case Outcome::Stray:
        case Outcome::Silence:
            CHECK(sent.empty());
            break;
    }
}

void check_all(const std::vector<Torture>& all) {
    for (const Torture& torture : all) check(torture);
}

}  // namespace

TEST_CASE("RFC 4475 3.1.1: valid messages that look like none") {
    check_all({
        {"wsinv 3.1.1.1",
         "INVITE sip:100@192.0.2.100;unknownparam SIP/2.0\n"
         "TO :\n sip:100@192.0.2.100 ;   tag    = \n"
         "from   : \"A. N. \\\\\\\" Autor\"\n  <sip:autor@198.51.100.7>\n  ;\n  tag = 98asjd8\n"
         "MaX-fOrWaRdS: 0068\n"
         "Call-ID: torture.white@198.51.100.7\n"
         "CSeq: 0009\n  INVITE\n"
         "Via  : SIP  /   2.0\n /UDP\n    198.51.100.7;branch=z9hG4bKwhite\n"
         "s :\n"
         "NewFangledHeader:   newfangled value\n continued newfangled value\n"
         "UnknownHeaderWithUnusualValue: ;;,,;;,;\n"
         "Route:\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\n"
         "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\n"
         "  branch  =   z9hG4bKwhite2 ,\n SIP  /    2.0   / UDP  198.51.100.9   ; branch="
         "z9hG4bKwhite3\n"
         "m:\"Quoted string \\\"\\\"\" <sip:autor@198.51.100.7> ; newparam =\n      newvalue ;\n"
         "  secondparam ; q = 0.33\n"
         "Content-Type: application/sdp\n"
         "l: " +
             std::to_string(on_wire(kSession).size()) + "\n\n" + kSession,
         Outcome::Call},
        {"intmeth 3.1.1.2",
         "!queer-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/"
         ";;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@192.0.2.100 SIP/2.0\n" +
             usual("!queer-Method0123456789_*+`.%indeed'~") + kNoBody,
         Outcome::Answered,
         "405 Method Not Allowed"},
        {"esc01 3.1.1.3",
         "INVITE sip:sips%3A100%40example.com@192.0.2.100 SIP/2.0\n" + usual("INVITE") +
             "Contact: <sip:cal%6Cer@198.51.100.7;%6C%72;n%61me=v%61lue%25%34%31>\n" +
             body(kSession),
         Outcome::Call},
        // Zero bytes stay escaped: they end no string and make two users one.
        {"escnull 3.1.1.4",
         "REGISTER sip:192.0.2.100 SIP/2.0\n"
         "To: sip:null-%00-null@192.0.2.100\nFrom: sip:null-%00-null@192.0.2.100;tag=839923423\n"
         "Max-Forwards: 70\nCall-ID: escnull@198.51.100.7\nCSeq: 14398234 REGISTER\n"
         "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKnull\n"
         "Contact: <sip:%00@198.51.100.7>\nContact: <sip:%00%00@198.51.100.7>\nL:0\n\n",
         Outcome::Answered,
         "401 Unauthorized"},
        // No escape in a method: this is not REGISTER.
        {"esc02 3.1.1.5",
         line("RE%47IST%45R") + usual("RE%47IST%45R") + kContact + kNoBody,
         Outcome::Answered,
         "405 Method Not Allowed"},
        {"lwsdisp 3.1.1.6",
         line("OPTIONS") +
             "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKdisp\nMax-Forwards: 70\n"
             "From: caller<sip:ana@198.51.100.7>;tag=323\nTo: <sip:100@192.0.2.100>\n"
             "Call-ID: lwsdisp@198.51.100.7\nCSeq: 60 OPTIONS\n" +
             kNoBody,
         Outcome::Answered,
         "200 OK"},
        {"longreq 3.1.1.7",
         line("INVITE") + usual("INVITE") + "Unknown-" + std::string(400, 'a') +
             "-Name: " + std::string(900, 'v') + "\nContact: <sip:" + std::string(400, 'u') +
             "@198.51.100.7>\nRoute: <sip:" + std::string(300, 'r') + ".example.com;lr>\n" +
             body(kSession),
         Outcome::Call},
        // What follows Content-Length in a datagram is nobody's.
        {"dblreq 3.1.1.8",
         "REGISTER sip:192.0.2.100 SIP/2.0\n" + usual("REGISTER") + kContact + kNoBody +
             line("INVITE") + usual("INVITE") + kContact + body(kSession),
         Outcome::Answered,
         "401 Unauthorized"},
        {"semiuri 3.1.1.9",
         "OPTIONS sip:user;par=u%40example.net@192.0.2.100 SIP/2.0\n" + usual("OPTIONS") + kNoBody,
         Outcome::Answered,
         "200 OK"},
        {"transports 3.1.1.10",
         line("OPTIONS") +
             usual("OPTIONS",
                   "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\n"
                   "Via: SIP/2.0/SCTP t1.example.com;branch=z9hG4bK2\n"
                   "Via: SIP/2.0/TLS t2.example.com;branch=z9hG4bK3\n"
                   "Via: SIP/2.0/UNKNOWN t3.example.com;branch=z9hG4bK4\n"
                   "Via: SIP/2.0/TCP t4.example.com;branch=z9hG4bK5\n") +
             kNoBody,
         Outcome::Answered,
         "200 OK"},
        // We take no MESSAGE, whatever is in it; an INVITE with such a body is in message_test.
        {"mpart01 3.1.1.11",
         line("MESSAGE") + usual("MESSAGE") +
             body("--7a9cb\nContent-Type: text/plain\n\nHola\n--7a9cb\nContent-Type: "
                  "application/pkcs7-signature\nContent-Transfer-Encoding: binary\n\n\x30\x82\x01"
                  "\x52\x06\n--7a9cb--\n",
                  "multipart/signed; boundary=7a9cb"),
         Outcome::Answered,
         "405 Method Not Allowed"},
        {"unreason 3.1.1.12",
         "SIP/2.0 200 = 2**3 * 5**2 \xD0\xBD\xD0\xBE \xD1\x81\xD1\x82\xD0\xBE\n" + usual("INVITE") +
             kContact + body(kSession),
         Outcome::Stray},
        {"noreason 3.1.1.13", "SIP/2.0 100 \n" + usual("INVITE") + kNoBody, Outcome::Stray},
    });
}

TEST_CASE("RFC 4475 3.1.1.10: every Via comes back, known transport or not") {
    Harness h;
    h.receive(on_wire(line("OPTIONS") +
                      usual("OPTIONS",
                            "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\n"
                            "Via: SIP/2.0/SCTP t1.example.com;branch=z9hG4bK2\n"
                            "Via: SIP/2.0/UNKNOWN t3.example.com;branch=z9hG4bK3\n") +
                      kNoBody));
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(sends[0].bytes.find("SIP/2.0/SCTP t1.example.com;branch=z9hG4bK2\r\n") !=
          std::string::npos);
    CHECK(sends[0].bytes.find("SIP/2.0/UNKNOWN t3.example.com;branch=z9hG4bK3\r\n") !=
          std::string::npos);
}

TEST_CASE("RFC 4475 3.1.2: invalid messages") {
    const std::string huge = "36893488147419103232";
    check_all({
        {"badinv01 3.1.2.1",
         line("INVITE") + usual("INVITE", "Via: SIP/2.0/UDP 198.51.100.7;;,;,,\n") +
             "Contact: \"Joe\" <sip:joe@198.51.100.7>;;;;\n" + body(kSession),
         Outcome::Answered,
         "400 Bad Via"},
        {"clerr 3.1.2.2",
         line("INVITE") + usual("INVITE") + kContact +
             "Content-Type: application/sdp\nContent-Length: 9999\n\n" + kSession,
         Outcome::Answered,
         "400 Body shorter than Content-Length"},
        {"ncl 3.1.2.3",
         line("INVITE") + usual("INVITE") + kContact +
             "Content-Type: application/sdp\nContent-Length: -999\n\n" + kSession,
         Outcome::Answered,
         "400 Bad Content-Length"},
        {"scalar02 3.1.2.4, CSeq",
         "REGISTER sip:192.0.2.100 SIP/2.0\n"
         "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKbig\nMax-Forwards: 300\n"
         "From: <sip:ana@198.51.100.7>;tag=t1\nTo: <sip:ana@192.0.2.100>\nCall-ID: scalar02\n"
         "CSeq: " +
             huge + " REGISTER\nExpires: 1" + std::string(60, '0') + "\n" + kContact + kNoBody,
         Outcome::Answered,
         "400 Bad CSeq"},
        {"scalar02 3.1.2.4, Max-Forwards",
         line("OPTIONS") +
             "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKbig\nMax-Forwards: 300\n"
             "From: <sip:ana@198.51.100.7>;tag=t1\nTo: <sip:ana@192.0.2.100>\nCall-ID: scalar02\n"
             "CSeq: 1 OPTIONS\n" +
             kNoBody,
         Outcome::Answered,
         "400 Bad Max-Forwards"},
        {"scalarlg 3.1.2.5",
         "SIP/2.0 503 Service Unavailable\nVia: SIP/2.0/UDP 192.0.2.100;branch=z9hG4bKl\n"
         "From: <sip:100@192.0.2.100>;tag=1\nTo: <sip:ana@198.51.100.7>;tag=2\nCall-ID: scalarlg\n"
         "CSeq: 9292394834772304023312 OPTIONS\nRetry-After: 949302838503028349304023988\n" +
             kNoBody,
         Outcome::Silence},
        {"quotbal 3.1.2.6",
         line("INVITE") +
             "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKq\nMax-Forwards: 70\n"
             "From: <sip:ana@198.51.100.7>;tag=t1\nTo: \"Mr. J. User <sip:100@192.0.2.100>\n"
             "Call-ID: quotbal\nCSeq: 1 INVITE\n" +
             kContact + body(kSession),
         Outcome::Answered,
         "400 Bad To"},
        {"ltgtruri 3.1.2.7",
         "INVITE <sip:100@192.0.2.100> SIP/2.0\n" + usual("INVITE") + kContact + body(kSession),
         Outcome::Answered,
         "400 Bad Request-URI"},
        {"lwsruri 3.1.2.8",
         "INVITE sip:100@192.0.2.100; lr SIP/2.0\n" + usual("INVITE") + kContact + body(kSession),
         Outcome::Answered,
         "400 Bad Request-URI"},
        {"lwsstart 3.1.2.9",
         "INVITE  sip:100@192.0.2.100  SIP/2.0\n" + usual("INVITE") + kContact + body(kSession),
         Outcome::Answered,
         "400 Bad Request-URI"},
        {"trws 3.1.2.10",
         "OPTIONS sip:100@192.0.2.100 SIP/2.0  \n" + usual("OPTIONS") + kNoBody,
         Outcome::Answered,
         "400 Bad Request Line"},
        // Headers in the Request-URI are not obeyed; the call is taken.
        {"escruri 3.1.2.11",
         "INVITE sip:100@192.0.2.100?Route=%3Csip:example.com%3E SIP/2.0\n" + usual("INVITE") +
             kContact + body(kSession),
         Outcome::Call},
        // We read no Date, so a wrong one harms nobody.
        {"baddate 3.1.2.12",
         line("INVITE") + usual("INVITE") + kContact + "Date: Fri, 01 Jan 2010 16:00:00 EST\n" +
             body(kSession),
         Outcome::Call},
        {"regbadct 3.1.2.13, as a call",
         line("INVITE") + usual("INVITE") +
             "Contact: sip:ana@198.51.100.7?Route=%3Csip:sip.example.com%3E\n" + body(kSession),
         Outcome::Answered,
         "400 Bad Contact"},
        // A blank beside the brackets says nothing else than none: taken.
        {"badaspec 3.1.2.14",
         line("OPTIONS") +
             "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKa\nMax-Forwards: 70\n"
             "From: \"Bell, Alexander\" <sip:ana@198.51.100.7>;tag=43\n"
             "To: \"Watson, Thomas\" < sip:100@192.0.2.100 >\n"
             "Call-ID: badaspec\nCSeq: 8 OPTIONS\n" +
             kNoBody,
         Outcome::Answered,
         "200 OK"},
        // Likewise a display name that wanted quotes.
        {"baddn 3.1.2.15",
         line("OPTIONS") +
             "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKd\nMax-Forwards: 70\n"
             "From: Bell, Alexander <sip:ana@198.51.100.7>;tag=433423\n"
             "To: Watson, Thomas <sip:100@192.0.2.100>\nCall-ID: baddn\nCSeq: 3923 OPTIONS\n" +
             kNoBody,
         Outcome::Answered,
         "200 OK"},
        {"badvers 3.1.2.16",
         "OPTIONS sip:100@192.0.2.100 SIP/7.0\n" +
             usual("OPTIONS", "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKv\n") + kNoBody,
         Outcome::Answered,
         "505 Version Not Supported"},
        {"mismatch01 3.1.2.17",
         line("OPTIONS") + usual("INVITE") + kNoBody,
         Outcome::Answered,
         "400 CSeq method does not match"},
        {"mismatch02 3.1.2.18",
         line("NEWMETHOD") + usual("INVITE") + kContact + body(kSession),
         Outcome::Answered,
         "400 CSeq method does not match"},
        {"bigcode 3.1.2.19",
         "SIP/2.0 4294967301 better not break the receiver\n" + usual("INVITE") + kNoBody,
         Outcome::Silence},
    });
}

TEST_CASE("RFC 4475 3.2 to 3.4: transactions, applications and peers of old") {
    check_all({
        {"badbranch 3.2.1",
         line("OPTIONS") + usual("OPTIONS", "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK\n") +
             kNoBody,
         Outcome::Answered,
         "200 OK"},
        {"insuf 3.3.1",
         line("INVITE") + "CSeq: 193942 INVITE\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKi\n" +
             body(kSession),
         Outcome::Answered,
         "400 Missing To"},
        {"unkscm 3.3.2",
         "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0\n" + usual("OPTIONS") +
             kNoBody,
         Outcome::Answered,
         "416 Unsupported URI Scheme"},
        {"novelsc 3.3.3",
         "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\n" + usual("OPTIONS") + kNoBody,
         Outcome::Answered,
         "416 Unsupported URI Scheme"},
        // Who has proved nothing yet learns nothing about what else was wrong.
        {"unksm2 3.3.4",
         "REGISTER sip:192.0.2.100 SIP/2.0\n"
         "To: isbn:2983792873\nFrom: <http://www.example.com>;tag=3234233\nCall-ID: unksm2\n"
         "CSeq: 234902 REGISTER\nMax-Forwards: 70\n"
         "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKs\nContact: <name:John_Smith>\nl: "
         "0\n\n",
         Outcome::Answered,
         "401 Unauthorized"},
        {"bext01 3.3.5",
         line("OPTIONS") + usual("OPTIONS") +
             "Proxy-Require: nothingSupportsThis, nothingSupportsThisEither\n"
             "Require: nothingSupportsThis, nothingSupportsThisEither\n" +
             kNoBody,
         Outcome::Answered,
         "420 Bad Extension"},
        {"invut 3.3.6",
         line("INVITE") + usual("INVITE") + kContact +
             body("<audio>\n <pcmu port=\"443\"/>\n</audio>\n", "application/unknownformat"),
         Outcome::Answered,
         "415 Unsupported Media Type"},
        {"regaut01 3.3.7",
         "REGISTER sip:192.0.2.100 SIP/2.0\n" + usual("REGISTER") + kContact +
             "Authorization: NoOneKnowsThisScheme opaque-data=here\n" + kNoBody,
         Outcome::Answered,
         "401 Unauthorized"},
        {"multi01 3.3.8",
         line("INVITE") + usual("INVITE") +
             "CSeq: 59 INVITE\nCall-ID: other@198.51.100.7\nMax-Forwards: 5\nFrom: "
             "<sip:b@x>;tag=2\n"
             "To: <sip:other@192.0.2.100>\n" +
             kContact + body(kSession),
         Outcome::Answered,
         "400 Repeated Header"},
        {"mcl01 3.3.9",
         line("OPTIONS") + usual("OPTIONS") + "Content-Length: 13\nContent-Length: 5\n\n" +
             "There's no way to know how many octets are supposed to be here.\n",
         Outcome::Answered,
         "400 Repeated Header"},
        {"bcast 3.3.10",
         "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bKa\n"
         "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKb\n"
         "Call-ID: bcast\nCSeq: 8 INVITE\nMax-Forwards: 70\nFrom: <sip:ana@198.51.100.7>;tag=1\n"
         "To: <sip:100@192.0.2.100>;tag=2\n" +
             kContact + kNoBody,
         Outcome::Stray},
        // Who asks the last hop is told, as RFC 3261 11 has it.
        {"zeromf 3.3.11",
         line("OPTIONS") +
             "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKz\nMax-Forwards: 0\n"
             "From: <sip:ana@198.51.100.7>;tag=t1\nTo: <sip:100@192.0.2.100>\nCall-ID: zeromf\n"
             "CSeq: 39234321 OPTIONS\n" +
             kNoBody,
         Outcome::Answered,
         "200 OK"},
        {"cparam01 3.3.12",
         "REGISTER sip:192.0.2.100 SIP/2.0\n" + usual("REGISTER") +
             "Contact: sip:+19725552222@198.51.100.7;unknownparam\n" + kNoBody,
         Outcome::Answered,
         "401 Unauthorized"},
        {"cparam02 3.3.13",
         "REGISTER sip:192.0.2.100 SIP/2.0\n" + usual("REGISTER") +
             "Contact: <sip:+19725552222@198.51.100.7;unknownparam>\n" + kNoBody,
         Outcome::Answered,
         "401 Unauthorized"},
        {"regescrt 3.3.14",
         "REGISTER sip:192.0.2.100 SIP/2.0\n" + usual("REGISTER") +
             "Contact: <sip:ana@198.51.100.7?Route=%3Csip:sip.example.com%3E>\n" + kNoBody,
         Outcome::Answered,
         "401 Unauthorized"},
        {"sdp01 3.3.15",
         line("INVITE") + usual("INVITE") + kContact + "Accept: text/nobodyKnowsThis\n" +
             body(kSession),
         Outcome::Answered,
         "406 Not Acceptable"},
        {"inv2543 3.4.1",
         line("INVITE") +
             "Via: SIP/2.0/UDP 198.51.100.7\nFrom: sip:ana@198.51.100.7\nTo: "
             "sip:100@192.0.2.100\n"
             "Call-ID: inv2543@198.51.100.7\nCSeq: 56 INVITE\nContact: sip:ana@198.51.100.7\n"
             "Record-Route: <sip:198.51.100.7;maddr=198.51.100.7;lr>\n" +
             body(kSession),
         Outcome::Call},
    });
}

TEST_CASE("RFC 4475 3.3.5: what is not understood is named") {
    Harness h;
    h.receive(on_wire(line("OPTIONS") + usual("OPTIONS") +
                      "Require: nothingSupportsThis, nothingSupportsThisEither\n" + kNoBody));
    const auto sends = h.take<Send>();
    REQUIRE(sends.size() == 1);
    CHECK(header(sends[0].bytes, "Unsupported") ==
          "nothingSupportsThis, nothingSupportsThisEither");
}

TEST_CASE("an INVITE's Accept is read as RFC 3261 20.1 has it") {
    const auto answer = [](const std::string& accept) {
        Harness h;
        h.receive(on_wire(line("INVITE") + usual("INVITE") + kContact + accept + body(kSession)));
        return h.sent_lines().front();
    };
    for (const char* good : {"",
                             "Accept: application/sdp\n",
                             "Accept: text/plain, APPLICATION/SDP;level=1\n",
                             "Accept: text/plain\nAccept: application/*;q=0.5\n",
                             "Accept: */*\n"}) {
        CAPTURE(good);
        CHECK(answer(good) == "SIP/2.0 100 Trying");
    }
    CHECK(answer("Accept:\n") == "SIP/2.0 406 Not Acceptable");
    CHECK(answer("Accept: application/isup, */plain\n") == "SIP/2.0 406 Not Acceptable");
}

TEST_CASE("RFC 5118: IPv6 in SIP") {
    const auto request = [](std::string_view uri, std::string_view via, std::string_view to) {
        return "OPTIONS " + std::string{uri} + " SIP/2.0\nVia: " + std::string{via} +
               "\nMax-Forwards: 70\nFrom: sip:ana@example.com;tag=81x2\nTo: " + std::string{to} +
               "\nCall-ID: v6@2001:db8::10\nCSeq: 98176 OPTIONS\n" + kNoBody;
    };
    const std::string_view via = "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111";
    const std::string_view to = "sip:user@example.com";
    const auto call = [](std::string_view contact, const std::string& session) {
        return "INVITE sip:100@[2001:db8::20] SIP/2.0\n"
               "Via: SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKinv\nMax-Forwards: 70\n"
               "From: <sip:ana@[2001:db8::20]>;tag=t1\nTo: <sip:100@[2001:db8::20]>\nCall-ID: "
               "v6inv\nCSeq: 612 INVITE\nContact: " +
               std::string{contact} + "\n" + body(session);
    };
    const std::string several =
        "v=0\no=ana 1 1 IN IP6 2001:db8::20\ns=-\nt=0 0\nm=audio 6000 RTP/AVP 0\n"
        "c=IN IP6 2001:db8::1\nm=video 6024 RTP/AVP 107\nc=IN IP6 2001:db8::2\n";
    std::string mapped = kSession6;
    while (mapped.find("2001:db8::20") != std::string::npos) {
        mapped.replace(mapped.find("2001:db8::20"), 12, "::ffff:192.0.2.10");
    }
    check_all({
        {"4.1 with brackets", request("sip:[2001:db8::10]", via, to), Outcome::Answered, "200 OK"},
        {"4.2 without brackets",
         request("sip:2001:db8::10", via, to),
         Outcome::Answered,
         "400 Bad Request-URI"},
        // 4.3: the port is part of the address: no error can be seen in it.
        {"4.3 port inside the brackets",
         request("sip:[2001:db8::10:5070]", via, to),
         Outcome::Answered,
         "200 OK"},
        {"4.4 port outside the brackets",
         request("sip:[2001:db8::10]:5070", via, to),
         Outcome::Answered,
         "200 OK"},
        {"4.5.1 received with brackets",
         request("sip:[2001:db8::10]",
                 "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3",
                 to),
         Outcome::Answered,
         "200 OK"},
        {"4.5.2 received without",
         request("sip:[2001:db8::10]",
                 "SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas4",
                 to),
         Outcome::Answered,
         "200 OK"},
        {"4.6 in the session", call("<sip:ana@[2001:db8::20]>", kSession6), Outcome::Call},
        {"4.7 both families in the headers",
         call("\"Caller\" <sip:caller@[2001:db8::1]>, <sip:caller@198.51.100.7>", kSession),
         Outcome::Call},
        {"4.8 several in the session", call("<sip:ana@[2001:db8::20]>", several), Outcome::Call},
        {"4.9 IPv4 mapped into IPv6",
         call("<sip:ana@[::ffff:192.0.2.10]:19823>", mapped),
         Outcome::Call},
        // 4.10: what RFC 3261's grammar allowed by mistake is taken, as older peers send it.
        {"4.10 three colons",
         request("sip:user@[2001:db8:::192.0.2.1]", via, "sip:user@[2001:db8:::192.0.2.1]"),
         Outcome::Answered,
         "200 OK"},
    });
}
