#include <doctest/doctest.h>

#include "sip/detail/diversion.h"
#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

/// What is told of a call that comes with these header lines.
std::optional<Diversion> told(const std::string& lines) {
    TestRequest request;
    request.body = kOffer;
    request.extra = lines;
    Harness h;
    h.receive(request.text());
    const auto calls = h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    return calls[0].diversion;
}

std::optional<Diversion> diverted(std::string from,
                                  DiversionReason reason,
                                  std::uint32_t count = 1) {
    return Diversion{.from = std::move(from), .reason = reason, .count = count};
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

std::string headers_of(DiversionHeader kind,
                       const std::optional<Diversion>& before = std::nullopt,
                       bool is_private = false) {
    std::string all;
    for (const auto& [name, value] : diversion_headers(kind,
                                                       {.by = "+34910000100",
                                                       .target = "+34600123456",
                                                       .domain = "acme.example",
                                                       .before = before,
                                                       .is_private = is_private})) {
        all.append(name).append(": ").append(value).append("\n");
    }
    return all;
}

}  // namespace

TEST_CASE("a call is diverted from the number that sent it on last, and for its reason") {
    CHECK(told("") == std::nullopt);
    CHECK(told("Diversion: <sip:+34911000200@carrier.example>;reason=no-answer;counter=1\r\n") ==
          diverted("+34911000200", DiversionReason::NoAnswer));
    CHECK(told("Diversion: \"Ana\" <tel:+34-911-000.200>;reason=\"user-busy\"\r\n") ==
          diverted("+34911000200", DiversionReason::Busy));
    CHECK(
        told("Diversion: <sip:200@x>;reason=time-of-day, <sip:100@x>;reason=away;counter=3\r\n") ==
        diverted("200", DiversionReason::Unconditional, 4));
    CHECK(told("Diversion: <sip:200@x>;reason=out-of-service\r\nDiversion: <sip:100@x>\r\n") ==
          diverted("200", DiversionReason::Unavailable, 2));
    CHECK(told("Diversion: <sip:200@x>;reason=moon-phase\r\n") ==
          diverted("200", DiversionReason::Unknown));
}

TEST_CASE("a number that is to be private is not told, and that it was diverted is") {
    for (const char* privacy : {"full", "name", "uri", "\"full\"", "something"}) {
        CAPTURE(privacy);
        CHECK(told("Diversion: <sip:+34911000200@x>;reason=deflection;privacy=" +
                   std::string{privacy} + "\r\n") == diverted("", DiversionReason::Deflection));
    }
    CHECK(told("Diversion: <sip:200@x>;privacy=\"off\"\r\n") ==
          diverted("200", DiversionReason::Unknown));
    CHECK(told("Diversion: <sip:anonymous@anonymous.invalid>;reason=user-busy\r\n") ==
          diverted("", DiversionReason::Busy));
    CHECK(told("History-Info: <sip:200@x?Privacy=history>;index=1, "
               "<sip:100@y;cause=486>;index=1.1;mp=1\r\n") == diverted("", DiversionReason::Busy));
    CHECK(told("Privacy: id;history\r\nHistory-Info: <sip:200@x>;index=1, "
               "<sip:100@y;cause=486>;index=1.1;mp=1\r\n") == diverted("", DiversionReason::Busy));
}

TEST_CASE("the history of a call names who sent it on, by the new way and by the old one") {
    CHECK(told("History-Info: <sip:+34911000200@x>;index=1,"
               "<sip:100@y;cause=408>;index=1.1;mp=1\r\n") ==
          diverted("+34911000200", DiversionReason::NoAnswer));
    // RFC 4244: the reason is with who answered so.
    CHECK(told("History-Info: <sip:200@x?Reason=SIP%3Bcause%3D302>;index=1,"
               "<sip:100@y>;index=2\r\n") == diverted("200", DiversionReason::Unconditional));
    CHECK(told("History-Info: <sip:200@x?Reason=SIP%3Bcause%3D480%3Btext%3D%22x%22>;index=1,"
               "<sip:100@y>;index=2\r\n") == diverted("200", DiversionReason::Unavailable));
    // Twice, and one entry in between that only passed it on.
    CHECK(
        told(
            "History-Info: <sip:300@x>;index=1\r\n"
            "History-Info: <sip:200@x;cause=486>;index=1.1;mp=1, <sip:200@z>;index=1.1.1;rc=1.1\r\n"
            "History-Info: <sip:100@y;cause=480>;index=1.1.1.1;mp=1.1\r\n") ==
        diverted("200", DiversionReason::Deflection, 2));
    CHECK(told("History-Info: <sip:100@x>;index=1, <sip:100@y>;index=1.1;rc=1\r\n") ==
          std::nullopt);
    // Where both speak, the history does; where it has nothing to say, the other.
    const std::string diversion = "Diversion: <sip:700@x>;reason=user-busy\r\n";
    CHECK(told(diversion + "History-Info: <sip:200@x>;index=1,"
                           "<sip:100@y;cause=503>;index=1.1;mp=1\r\n") ==
          diverted("200", DiversionReason::Unavailable));
    CHECK(told(diversion + "History-Info: <sip:100@x>;index=1\r\n") ==
          diverted("700", DiversionReason::Busy));
}

TEST_CASE("what is broken, too long or too much costs its own entry and nothing else") {
    CHECK(told("Diversion: <sip:>, ,<<>>;;reason, <sip:200@x>;reason=user-busy\r\n") ==
          diverted("200", DiversionReason::Busy));
    CHECK(told("Diversion: \xff\xfe\r\nHistory-Info: ;index=1,<sip:\r\n") == std::nullopt);
    CHECK(told("Diversion: <sip:200%0d%0aInjected@x>;reason=user-busy\r\n") ==
          diverted("", DiversionReason::Busy));
    for (const char* counter : {"0", "-1", "100", "99999999999999999999", "x", ""}) {
        CAPTURE(counter);
        CHECK(told("Diversion: <sip:200@x>;counter=" + std::string{counter} + "\r\n") ==
              diverted("200", DiversionReason::Unknown));
    }
    CHECK(told("Diversion: <sip:200@x>;counter=99, <sip:1@x>;counter=99\r\n") ==
          diverted("200", DiversionReason::Unknown, kMostDiversions));
    const std::string longest(kMaxDivertedBytes, '1');
    CHECK(told("Diversion: <sip:" + longest + "@x>\r\n") ==
          diverted(longest, DiversionReason::Unknown));
    CHECK(told("Diversion: <sip:" + longest + "1@x>\r\n") ==
          diverted("", DiversionReason::Unknown));
    const std::string most = "Diversion: " + repeated("<sip:2@x>,", kMaxDiversionEntries);
    CHECK(told(most + "\r\n")->count == kMaxDiversionEntries);
    CHECK(told(most + "<sip:2@x>\r\n")->count == kMaxDiversionEntries);
    CHECK(told("History-Info: <sip:200@x>;index=" + std::string(65, '1') +
               ",<sip:100@y;cause=486>;index=1.1;mp=1\r\n") == std::nullopt);
    CHECK(told("History-Info: <sip:200@x>;index=1, <sip:100@y;cause=99999>;index=1.1;mp=9\r\n") ==
          diverted("200", DiversionReason::Unknown));
}

TEST_CASE("what we divert is said as the carrier wants it, with what came before") {
    CHECK(headers_of(DiversionHeader::None).empty());
    CHECK(headers_of(DiversionHeader::Diversion) ==
          "Diversion: <sip:+34910000100@acme.example>;reason=deflection;counter=1;privacy=off\n");
    CHECK(headers_of(DiversionHeader::HistoryInfo) ==
          "History-Info: <sip:+34910000100@acme.example>;index=1, "
          "<sip:+34600123456@acme.example;cause=480>;index=1.1;mp=1\n");
    const auto before = diverted("+34911000200", DiversionReason::NoAnswer, 2);
    CHECK(headers_of(DiversionHeader::Diversion, before, true) ==
          "Diversion: <sip:+34910000100@acme.example>;reason=deflection;counter=1;privacy=full\n"
          "Diversion: <sip:+34911000200@acme.example>;reason=no-answer;counter=2\n");
    CHECK(headers_of(DiversionHeader::HistoryInfo, before, true) ==
          "History-Info: <sip:+34911000200@acme.example>;index=1, "
          "<sip:+34910000100@acme.example;cause=408?Privacy=history>;index=1.1;mp=1, "
          "<sip:+34600123456@acme.example;cause=480>;index=1.1.1;mp=1.1\n");
    // One whose number was private is not made up.
    const auto nobody = diverted("", DiversionReason::Busy);
    CHECK(headers_of(DiversionHeader::Diversion, nobody) == headers_of(DiversionHeader::Diversion));
}

TEST_CASE("what we say is understood by ourselves") {
    const auto before = diverted("+34911000200", DiversionReason::NoAnswer, 2);
    for (const auto kind : {DiversionHeader::Diversion, DiversionHeader::HistoryInfo}) {
        std::string lines;
        for (const auto& [name, value] : diversion_headers(kind,
                                                           {.by = "+34910000100",
                                                           .target = "100",
                                                           .domain = "x.example",
                                                           .before = before})) {
            lines += name + ": " + value + "\r\n";
        }
        const auto heard = told(lines);
        REQUIRE(heard);
        CHECK(heard->from == "+34910000100");
        CHECK(heard->reason == DiversionReason::Deflection);
        CHECK(heard->count >= 2);
    }
}
