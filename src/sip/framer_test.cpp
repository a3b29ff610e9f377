#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "sip/detail/harness.h"
#include "sip/framer.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

const Now kNow{.mono = Instant{10s}, .wall = WallTime{10s}};

// Everything the framer has, or nullopt when it gives up.
std::optional<std::vector<std::string>> drain(StreamFramer& framer) {
    std::vector<std::string> messages;
    while (true) {
        auto next = framer.next();
        if (!next) return std::nullopt;
        if (!next.value()) return messages;
        messages.emplace_back(as_text(*next.value()));
    }
}

std::string message(const std::string& body = "") {
    TestRequest request;
    request.body = body;
    return request.text();
}

}  // namespace

TEST_CASE("messages are cut by length however the stream is chopped") {
    CHECK(rc::check([] {
        const auto bodies = *rc::gen::container<std::vector<std::string>>(
            rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
        std::string stream;
        std::vector<std::string> expected;
        for (const std::string& body : bodies) {
            expected.push_back(message(body));
            stream += *rc::gen::element<std::string>("", "\r\n", "\r\n\r\n") + expected.back();
        }
        StreamFramer framer{Limits{}};
        std::vector<std::string> got;
        std::size_t at = 0;
        while (at < stream.size()) {
            const auto length = *rc::gen::inRange<std::size_t>(1, 700);
            const std::string piece = stream.substr(at, length);
            at += piece.size();
            RC_ASSERT(framer.append(as_bytes(piece), kNow).has_value());
            const auto messages = drain(framer);
            RC_ASSERT(messages.has_value());
            got.insert(got.end(), messages->begin(), messages->end());
        }
        RC_ASSERT(got == expected);
        RC_ASSERT(!framer.deadline().has_value());
    }));
}

TEST_CASE("a double CRLF asks for an answer, a single one does not") {
    StreamFramer framer{Limits{}};
    REQUIRE(framer.append(as_bytes("\r\n\r\n\r\n"), kNow).has_value());
    CHECK(drain(framer)->empty());
    CHECK(framer.take_pings() == 1);
    CHECK(framer.take_pings() == 0);
    CHECK_FALSE(framer.deadline().has_value());
}

TEST_CASE("a stream that cannot be framed is given up") {
    std::string no_length = message();
    no_length.erase(no_length.find("Content-Length"));
    no_length += "\r\n";
    std::string two = message();
    two.insert(two.find("Content-Length"), "Content-Length: 5\r\n");
    std::string negative = message();
    negative.replace(negative.find("Content-Length: 0"), 17, "Content-Length: -1");
    for (const std::string& text : {no_length, two, negative}) {
        StreamFramer framer{Limits{}};
        REQUIRE(framer.append(as_bytes(text), kNow).has_value());
        CHECK_FALSE(drain(framer).has_value());
    }
}

TEST_CASE("compact and folded lengths are found") {
    for (const char* line : {"l: 2", "content-length :2", "Content-Length:\r\n 2"}) {
        std::string text = message();
        text.replace(text.find("Content-Length: 0"), 17, line);
        text += "ab";
        StreamFramer framer{Limits{}};
        REQUIRE(framer.append(as_bytes(text), kNow).has_value());
        CHECK(drain(framer) == std::vector<std::string>{text});
    }
}

TEST_CASE("the limits of headers and messages hold at their edges") {
    Limits limits;
    const std::string text = message("0123456789");
    limits.tcp_message_bytes = text.size();
    limits.header_bytes = text.size() - 10;
    StreamFramer fits{limits};
    REQUIRE(fits.append(as_bytes(text), kNow).has_value());
    CHECK(drain(fits)->size() == 1);
    for (int which = 0; which < 2; ++which) {
        Limits tight = limits;
        --(which == 0 ? tight.tcp_message_bytes : tight.header_bytes);
        StreamFramer framer{tight};
        REQUIRE(framer.append(as_bytes(text), kNow).has_value());
        CHECK_FALSE(drain(framer).has_value());
    }
    // Headers that never end are given up before the message limit.
    Limits usual;
    StreamFramer endless{usual};
    REQUIRE(endless.append(as_bytes("INVITE sip:a@b SIP/2.0\r\nX: " + std::string(9000, 'x')), kNow)
                .has_value());
    CHECK_FALSE(drain(endless).has_value());
}

TEST_CASE("an unfinished message has a deadline from its first byte") {
    StreamFramer framer{Limits{}};
    const std::string text = message("body");
    CHECK_FALSE(framer.deadline().has_value());
    REQUIRE(framer.append(as_bytes(text.substr(0, 20)), kNow).has_value());
    CHECK(drain(framer)->empty());
    Now later = kNow;
    later.mono += 9s;
    REQUIRE(framer.append(as_bytes(text.substr(20, 20)), later).has_value());
    CHECK(drain(framer)->empty());
    CHECK(framer.deadline() == kNow.mono + StreamFramer::kMessageDeadline);
    REQUIRE(framer.append(as_bytes(text.substr(40) + text.substr(0, 5)), later).has_value());
    CHECK(drain(framer)->size() == 1);
    CHECK(framer.deadline() == later.mono + StreamFramer::kMessageDeadline);
}
