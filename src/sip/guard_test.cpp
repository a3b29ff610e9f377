#include <doctest/doctest.h>

#include "sip/detail/guard.h"
#include "sip/detail/harness.h"
#include "sip/detail/test_phone.h"

namespace escucha::sip {
namespace {

using namespace detail;
using namespace std::chrono_literals;

constexpr Limits::Strangers kFew{.question_burst = 3,
                                 .question_every = std::chrono::milliseconds{100},
                                 .guesses = 3,
                                 .guess_forgiven_every = std::chrono::seconds{30},
                                 .first_ban = std::chrono::minutes{10},
                                 .longest_ban = std::chrono::hours{1},
                                 .sources = 2};

Now at(Duration since_start) {
    return {.mono = Instant{std::chrono::hours{1}} + since_start,
            .wall = from_micros(1'700'000'000'000'000) + since_start};
}

Address source(std::string_view text) { return *Address::parse(text); }

Settings with_few() {
    Settings settings = test_settings();
    settings.limits.strangers = kFew;
    return settings;
}

void with_phones(Harness& h) {
    h.stack.set_phones({credentials("ana", "correct horse"), credentials("luis", "battery staple")},
                       h.now,
                       h.effects);
}

/// Three guesses are let pass, the fourth bans.
TestPhone guess_until_banned(Harness& h) {
    TestPhone thief;
    thief.user = "luis";
    thief.password = "guess";
    thief.call_id = "thief";
    thief.flow = udp_flow("203.0.113.50:6666");
    for (int i = 0; i < 4; ++i) {
        CHECK(first_line(thief.run(h)) == "SIP/2.0 403 Forbidden");
        h.advance(1s);
    }
    return thief;
}

}  // namespace

TEST_CASE("a source asks in a burst, then at a rate, and its network is one source") {
    SourceGuard guard{kFew};
    const Address a = source("192.0.2.1:5060");
    for (int i = 0; i < 3; ++i) CHECK(guard.may_ask(a, at(0s).mono));
    CHECK_FALSE(guard.may_ask(a, at(0s).mono));
    CHECK_FALSE(guard.may_ask(source("192.0.2.1:9999"), at(99ms).mono));
    CHECK(guard.may_ask(a, at(100ms).mono));
    CHECK_FALSE(guard.may_ask(a, at(100ms).mono));
    CHECK(guard.may_ask(source("192.0.2.2:5060"), at(100ms).mono));

    SourceGuard six{kFew};
    for (int i = 0; i < 3; ++i) CHECK(six.may_ask(source("[2001:db8::1]:5060"), at(0s).mono));
    CHECK_FALSE(six.may_ask(source("[2001:db8::2:0:0:1]:5060"), at(0s).mono));
    CHECK(six.may_ask(source("[2001:db8:0:1::1]:5060"), at(0s).mono));
}

TEST_CASE("each ban of a source is twice the last, up to the longest, and can be lifted") {
    SourceGuard guard{kFew};
    const Address thief = source("192.0.2.1:5060");
    Duration passed = 0s;
    for (const auto length : {10min, 20min, 40min, 60min, 60min}) {
        for (int i = 0; i < 3; ++i) CHECK_FALSE(guard.on_guess(thief, at(passed)));
        const auto ban = guard.on_guess(thief, at(passed));
        REQUIRE(ban.has_value());
        CHECK(ban->source == source("192.0.2.1:0"));
        CHECK(ban->until == at(passed).wall + length);
        CHECK(guard.bans(at(passed)).size() == 1);
        CHECK(guard.is_banned(thief, at(passed + length - 1ms).mono));
        passed += length;
        CHECK_FALSE(guard.is_banned(thief, at(passed).mono));
        CHECK(guard.bans(at(passed)).empty());
    }
    while (!guard.on_guess(thief, at(passed))) {
    }
    CHECK(guard.lift(source("192.0.2.1:0")));
    CHECK_FALSE(guard.is_banned(thief, at(passed).mono));
    CHECK_FALSE(guard.lift(thief));
}

TEST_CASE("guesses are forgiven with time, and the memory of sources is bounded") {
    SourceGuard guard{kFew};
    for (int i = 0; i < 100; ++i) {
        CHECK_FALSE(guard.on_guess(source("192.0.2.1:5060"), at(30s * i)));
    }
    guard.may_ask(source("192.0.2.2:5060"), at(1h).mono);
    guard.may_ask(source("192.0.2.3:5060"), at(1h).mono);
    CHECK(guard.watched() == kFew.sources);
}

TEST_CASE("who guesses passwords is banned: silence until the ban ends") {
    Harness h{with_few()};
    with_phones(h);
    TestPhone thief = guess_until_banned(h);
    const auto bans = h.take<Ban>();
    REQUIRE(bans.size() == 1);
    CHECK(bans[0].source == *Address::parse("203.0.113.50:0"));
    CHECK(h.stack.bans(h.now).size() == 1);
    CHECK(h.stack.counters().banned == 1);

    h.receive(thief.request().text(), thief.flow);
    CHECK(h.take<Send>().empty());
    CHECK(h.stack.counters().dropped_banned == 1);
    h.advance(10min);
    h.receive(thief.request().text(), thief.flow);
    CHECK(h.sent_lines() == std::vector<std::string>{"SIP/2.0 401 Unauthorized"});
}

TEST_CASE("a ban spares the phones that are registered at the same address") {
    Harness h{with_few()};
    with_phones(h);
    TestPhone ana;
    REQUIRE(first_line(ana.run(h)) == "SIP/2.0 200 OK");
    guess_until_banned(h);
    REQUIRE(h.take<Ban>().size() == 1);
    h.advance(10s);
    CHECK(first_line(ana.authorised(h)) == "SIP/2.0 200 OK");
    CHECK(h.stack.lift_ban(*Address::parse("203.0.113.50:5060")));
    TestPhone luis;
    luis.user = "luis";
    luis.password = "battery staple";
    luis.call_id = "luis";
    luis.contact = "<sip:luis@203.0.113.50:7000>";
    luis.flow = udp_flow("203.0.113.50:7000");
    CHECK(first_line(luis.run(h)) == "SIP/2.0 200 OK");
}

TEST_CASE("nobody gets another banned: a nonce proves only the address it was sent to") {
    Harness h{with_few()};
    with_phones(h);
    TestPhone thief;
    thief.password = "guess";
    thief.flow = udp_flow("192.0.2.66:6666");
    h.receive(thief.request().text(), thief.flow);
    thief.nonce = unquote(*TestPhone::find_nonce(h.take<Send>()[0].bytes));
    thief.flow = udp_flow("203.0.113.50:6666");
    for (int i = 0; i < 10; ++i) {
        CHECK(first_line(thief.authorised(h)) == "SIP/2.0 403 Forbidden");
        h.advance(1s);
    }
    CHECK(h.take<Ban>().empty());
}

TEST_CASE("a phone with a nonce from elsewhere, or from before a restart, is asked once more") {
    Harness h;
    with_phones(h);
    TestPhone ana;
    REQUIRE(first_line(ana.run(h)) == "SIP/2.0 200 OK");
    ana.flow = udp_flow("203.0.113.99:5060");
    const std::string moved = ana.authorised(h);
    CHECK(first_line(moved) == "SIP/2.0 401 Unauthorized");
    CHECK(moved.find("stale=true") != std::string::npos);

    Settings restarted = test_settings();
    restarted.secret[0] = 99;
    Harness later{restarted};
    with_phones(later);
    CHECK(ana.authorised(later).find("stale=true") != std::string::npos);
    CHECK(first_line(ana.run(later)) == "SIP/2.0 200 OK");
}

TEST_CASE("strangers that ask too often are met with silence, trunks and proven peers never") {
    Harness h{with_few()};
    with_phones(h);
    TestRequest options;
    options.method = "OPTIONS";
    const Flow stranger = udp_flow("192.0.2.66:5060");
    for (int i = 0; i < 5; ++i) {
        options.via = "SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bKo" + std::to_string(i) + ";rport";
        h.receive(options.text(), stranger);
        h.receive(options.text());
    }
    const auto sends = h.take<Send>();
    const auto to_stranger = std::count_if(sends.begin(), sends.end(), [&](const Send& send) {
        return send.flow.remote == stranger.remote;
    });
    CHECK(to_stranger == 3);
    CHECK(sends.size() == 8);
    CHECK(h.stack.counters().silenced == 2);

    TestPhone ana;
    for (int i = 0; i < 10; ++i) CHECK(first_line(ana.run(h)) == "SIP/2.0 200 OK");
}

}  // namespace escucha::sip
