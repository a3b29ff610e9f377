#include <doctest/doctest.h>

#include "sip/detail/harness.h"
#include "sip/detail/trunk_client.h"

namespace escucha::sip {
namespace {

using namespace detail;
using namespace std::chrono_literals;

const Flow kFirst = udp_flow("192.0.2.10:5060");
const Flow kSecond = udp_flow("192.0.2.20:5060");
const std::string kChallenge =
    "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\"\r\n";

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// A Stack with one account and the carrier's servers, which answer as the test says.
struct Carrier {
    Harness h;
    TrunkAccount account{.trunk = h.trunk,
                         .domain = "carrier.example",
                         .username = "400",
                         .password = "sesame",
                         .route = {},
                         .is_registering = true,
                         .expires = 600s,
                         .options_interval = 0s};

    void open(std::vector<Flow> flows) {
        h.stack.set_trunk_accounts({account}, h.now, h.effects);
        REQUIRE(h.stack.set_trunk_route(h.trunk, std::move(flows), h.now, h.effects).has_value());
    }
    /// The one request sent since the last look, with its repetitions; it must be of this method
    /// and to this server.
    std::string sent(std::string_view method, const Flow& to = kFirst) {
        const auto sends = h.take<Send>();
        REQUIRE_FALSE(sends.empty());
        for (const Send& send : sends) CHECK(send.bytes == sends[0].bytes);
        CHECK(sends[0].bytes.starts_with(std::string{method} + " "));
        CHECK(sends[0].flow == to);
        return sends[0].bytes;
    }
    void answer(const std::string& request,
                int status,
                const std::string& lines = {},
                const Flow& from = kFirst) {
        h.receive(response_to(request, status, "carrier", lines), from);
    }
    /// Nothing but repetitions of one request, or nothing at all, and time passes.
    void silence(Duration duration) {
        h.advance(duration);
        h.take<Send>();
    }
    /// The last that was told, and nothing more is.
    TrunkState state() {
        const auto states = h.take<TrunkState>();
        REQUIRE_FALSE(states.empty());
        return states.back();
    }
    [[nodiscard]] Duration until_wakeup() const { return *h.stack.next_wakeup() - h.now.mono; }
    void register_at(const Flow& flow, const std::string& lines = {}) {
        answer(sent("REGISTER", flow), 200, lines, flow);
        // What is left of the transaction is none of these tests' business.
        h.advance(6s);
    }
};

std::string contact_of(const std::string& request) {
    std::string contact = header(request, "Contact");
    return contact.substr(1, contact.find('>') - 1);
}

std::string user_of(const std::string& request) {
    const std::string uri = contact_of(request);
    return uri.substr(4, uri.find('@') - 4);
}

}  // namespace

TEST_CASE("trunk: we register with digest, and refresh with the same nonce before it runs out") {
    Carrier c;
    c.open({kFirst});
    const auto first = c.sent("REGISTER");
    CHECK(first.starts_with("REGISTER sip:carrier.example SIP/2.0\r\n"));
    CHECK(header(first, "To") == "<sip:400@carrier.example>");
    CHECK(header(first, "Expires") == "600");
    CHECK(header(first, "Authorization").empty());
    CHECK(has(contact_of(first), "@192.0.2.100:5060"));
    c.answer(first, 401, kChallenge);
    const auto second = c.sent("REGISTER");
    CHECK(has(header(second, "Authorization"), "username=\"400\",realm=\"carrier\",nonce=\"n1\""));
    CHECK(header(second, "Call-ID") == header(first, "Call-ID"));
    CHECK(header(second, "CSeq") == "2 REGISTER");
    CHECK(contact_of(second) == contact_of(first));
    c.answer(second, 200, "Contact: <" + contact_of(second) + ">;expires=100\r\n");
    const auto state = c.state();
    CHECK(state.registration == TrunkRegistration::Registered);
    CHECK(state.reach == TrunkReach::Reachable);
    CHECK(state.flow == kFirst);

    c.h.advance(74s);
    CHECK(c.h.take<Send>().empty());
    c.h.advance(6s);
    const auto refresh = c.sent("REGISTER");
    CHECK(has(header(refresh, "Authorization"), "nc=00000002"));
    c.answer(refresh, 200, "Contact: <" + contact_of(second) + ">;expires=100\r\n");
    CHECK(c.h.take<TrunkState>().empty());
}

TEST_CASE("trunk: what the carrier grants counts: by our Contact, by Expires, or as we asked") {
    const auto wait = [](const std::string& lines) {
        Carrier c;
        c.open({kFirst});
        const auto request = c.sent("REGISTER");
        std::string whole = lines;
        if (const auto at = whole.find("OURS"); at != std::string::npos) {
            whole.replace(at, 4, "<" + contact_of(request) + ">");
        }
        c.answer(request, 200, whole);
        c.h.advance(6s);  // Timer K.
        return std::chrono::duration_cast<std::chrono::seconds>(c.until_wakeup() + 6s);
    };
    CHECK(wait("Contact: <sip:other@192.0.2.9>;expires=20, OURS;expires=200\r\n") <= 160s);
    CHECK(wait("Contact: <sip:other@192.0.2.9>;expires=20, OURS;expires=200\r\n") >= 150s);
    CHECK(wait("Expires: 300\r\n") <= 240s);
    CHECK(wait("Expires: 300\r\n") >= 225s);
    CHECK(wait("") >= 450s);
    CHECK(wait("") <= 480s);
}

TEST_CASE("trunk: a wrong password is told, and not tried again for long") {
    Carrier c;
    c.open({kFirst});
    c.answer(c.sent("REGISTER"), 401, kChallenge);
    c.answer(c.sent("REGISTER"), 401, kChallenge);
    const auto state = c.state();
    CHECK(state.registration == TrunkRegistration::Failed);
    CHECK(state.why == "wrong user or password (401)");
    CHECK(state.reach == TrunkReach::Reachable);
    c.h.advance(599s);
    CHECK(c.h.take<Send>().empty());
    c.h.advance(1s);
    CHECK(header(c.sent("REGISTER"), "Authorization").empty());
    // A new one is tried at once.
    c.account.password = "open";
    c.open({kFirst});
    c.sent("REGISTER");
}

TEST_CASE("trunk: a stale nonce is no wrong password, and a challenge without end is not obeyed") {
    Carrier c;
    c.open({kFirst});
    c.answer(c.sent("REGISTER"), 407, "Proxy-Authenticate: Digest realm=\"r\", nonce=\"a\"\r\n");
    const std::string stale = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"b\", stale=true\r\n";
    for (int i = 0; i < 3; ++i) c.answer(c.sent("REGISTER"), 407, stale);
    const auto last = c.sent("REGISTER");
    CHECK(has(header(last, "Proxy-Authorization"), "nonce=\"b\""));
    c.answer(last, 407, stale);
    CHECK(c.h.take<Send>().empty());
    CHECK(has(c.state().why, "without end"));
}

TEST_CASE("trunk: without a password, or with a digest we do not know, no challenge is answered") {
    Carrier nobody;
    nobody.account.password.clear();
    nobody.open({kFirst});
    nobody.answer(nobody.sent("REGISTER"), 401, kChallenge);
    CHECK(nobody.h.take<Send>().empty());
    CHECK(nobody.state().why == "the carrier wants user and password (401)");
    Carrier strange;
    strange.open({kFirst});
    strange.answer(strange.sent("REGISTER"), 401, "WWW-Authenticate: Basic realm=\"r\"\r\n");
    CHECK(strange.h.take<Send>().empty());
    CHECK(has(strange.state().why, "a kind of digest that we do not know"));
}

TEST_CASE("trunk: too brief a time is asked for again as long as the carrier wants, once") {
    Carrier c;
    c.account.expires = 60s;
    c.open({kFirst});
    c.answer(c.sent("REGISTER"), 423, "Min-Expires: 1800\r\n");
    const auto longer = c.sent("REGISTER");
    CHECK(header(longer, "Expires") == "1800");
    c.answer(longer, 423, "Min-Expires: 1800\r\n");
    CHECK(c.h.take<Send>().empty());
    CHECK(c.state().why == "refused: 423 Interval Too Brief");
}

TEST_CASE("trunk: pauses between attempts grow from half a minute to ten, a little by chance") {
    Rng rng{7};
    const Timing timing;
    for (unsigned i = 0; i < 100; ++i) {
        CHECK(rest_after(1, timing, rng) >= 30s);
        CHECK(rest_after(1, timing, rng) <= 37'500ms);
        CHECK(rest_after(3, timing, rng) >= 120s);
        CHECK(rest_after(3, timing, rng) <= 150s);
        CHECK(rest_after(5, timing, rng) >= 480s);
        CHECK(rest_after(6, timing, rng) == 600s);
        CHECK(rest_after(1'000'000, timing, rng) == 600s);
    }
}

TEST_CASE("trunk: a refusal is told, tried again later, and 403 much later") {
    Carrier c;
    c.open({kFirst});
    c.answer(c.sent("REGISTER"), 404);
    CHECK(c.state().why == "refused: 404 Not Found");
    c.h.advance(29s);
    CHECK(c.h.take<Send>().empty());
    c.h.advance(9s);
    c.answer(c.sent("REGISTER"), 403);
    CHECK(c.state().why == "refused: 403 Forbidden");
    c.h.advance(599s);
    CHECK(c.h.take<Send>().empty());
}

TEST_CASE(
    "trunk: a server in trouble or silent is left for the next, and the first is tried again") {
    for (const int status : {503, 408, 500, 0}) {
        CAPTURE(status);
        Carrier c;
        c.open({kFirst, kSecond});
        const auto lost = c.sent("REGISTER");
        if (status == 0) {
            c.h.advance(7999ms);
            CHECK(c.h.take<Send>().size() == 4);
            c.h.advance(1ms);
        } else {
            c.answer(lost, status);
        }
        c.register_at(kSecond, "Expires: 100\r\n");
        CHECK(c.state().flow == kSecond);
        c.h.advance(75s);
        // Its refresh is the moment to look whether the first is back.
        c.register_at(kFirst, "Expires: 100\r\n");
        CHECK(c.state().flow == kFirst);
    }
}

TEST_CASE("trunk: when no server answers we are not registered, whatever was granted before") {
    Carrier c;
    c.open({kFirst, kSecond});
    c.register_at(kFirst);
    c.state();
    c.silence(480s);
    c.silence(16s);
    const auto state = c.state();
    CHECK(state.registration == TrunkRegistration::Failed);
    CHECK(state.why == "no answer");
    CHECK(state.reach == TrunkReach::Unreachable);
    c.silence(30s);
    c.h.advance(8s);
    CHECK_FALSE(c.h.take<Send>().empty());
}

TEST_CASE("trunk: Retry-After of a server in trouble is heeded within bounds") {
    const auto shunned_for = [](const std::string& lines) {
        Carrier c;
        c.open({kFirst, kSecond});
        c.answer(c.sent("REGISTER"), 503, lines);
        const Instant began = c.h.now.mono;
        // Each refresh by the second is the moment to look for the first, every 37 to 40 s.
        while (true) {
            const auto sends = c.h.take<Send>();
            if (sends.empty()) {
                c.h.advance(1s);
                continue;
            }
            if (sends[0].flow == kFirst) return c.h.now.mono - began;
            c.answer(sends[0].bytes, 200, "Expires: 50\r\n", kSecond);
        }
    };
    CHECK(shunned_for("") >= 37s);
    CHECK(shunned_for("") <= 40s);
    CHECK(shunned_for("Retry-After: 120 (maintenance)\r\n") >= 120s);
    CHECK(shunned_for("Retry-After: 120 (maintenance)\r\n") <= 160s);
    CHECK(shunned_for("Retry-After: 86400\r\n") <= 640s);
}

TEST_CASE("trunk: each flow is probed; three losses are down, any answer but 408 and 503 is up") {
    Carrier c;
    c.account.is_registering = false;
    c.account.options_interval = 30s;
    c.open({kFirst});
    const auto probe = c.sent("OPTIONS");
    CHECK(probe.starts_with("OPTIONS sip:carrier.example SIP/2.0\r\n"));
    CHECK(c.h.take<TrunkState>().empty());
    c.answer(probe, 404);
    CHECK(c.state().reach == TrunkReach::Reachable);
    c.h.advance(30s);
    c.answer(c.sent("OPTIONS"), 503);
    c.silence(30s);
    c.silence(30s);
    CHECK(c.h.take<TrunkState>().empty());
    c.silence(8s);
    const auto down = c.state();
    CHECK(down.reach == TrunkReach::Unreachable);
    CHECK(down.registration == TrunkRegistration::NotWanted);
    c.h.advance(22s);
    c.answer(c.sent("OPTIONS"), 200);
    CHECK(c.state().reach == TrunkReach::Reachable);
}

TEST_CASE(
    "trunk: a dead server loses our registration to the next, and has it back when it lives") {
    Carrier c;
    c.account.options_interval = 10s;
    c.h.stack.set_trunk_accounts({c.account}, c.h.now, c.h.effects);
    REQUIRE(c.h.stack.set_trunk_route(c.h.trunk, {kFirst, kSecond}, c.h.now, c.h.effects));
    bool is_first_alive = true;
    std::vector<Address> registered;
    const auto run = [&](Duration duration) {
        const Instant end = c.h.now.mono + duration;
        while (c.h.now.mono < end) {
            for (const Send& send : c.h.take<Send>()) {
                if (send.flow == kFirst && !is_first_alive) continue;
                if (send.bytes.starts_with("REGISTER")) registered.push_back(send.flow.remote);
                c.answer(send.bytes, 200, {}, send.flow);
            }
            c.h.advance(100ms);
        }
    };
    run(1s);
    CHECK(c.state().flow == kFirst);
    is_first_alive = false;
    run(40s);
    auto state = c.state();
    CHECK(state.flow == kSecond);
    CHECK(state.reach == TrunkReach::Reachable);
    is_first_alive = true;
    run(10s);
    CHECK(c.state().flow == kFirst);
    CHECK(registered == std::vector{kFirst.remote, kSecond.remote, kFirst.remote});
}

TEST_CASE("trunk: at the end, and when its account goes, a registration is taken back") {
    Carrier c;
    c.open({kFirst});
    c.answer(c.sent("REGISTER"), 401, kChallenge);
    c.register_at(kFirst);
    CHECK_FALSE(c.h.stack.is_leaving_trunks());
    c.h.stack.leave_trunks(c.h.now, c.h.effects);
    CHECK(c.h.stack.is_leaving_trunks());
    const auto last = c.sent("REGISTER");
    CHECK(header(last, "Expires") == "0");
    c.answer(last, 401, "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n2\"\r\n");
    const auto again = c.sent("REGISTER");
    CHECK(has(header(again, "Authorization"), "nonce=\"n2\""));
    c.answer(again, 200);
    CHECK_FALSE(c.h.stack.is_leaving_trunks());
    c.silence(1h);
    CHECK(c.state().registration == TrunkRegistration::NotWanted);

    Carrier gone;
    gone.open({kFirst});
    gone.register_at(kFirst);
    gone.h.stack.set_trunk_accounts({}, gone.h.now, gone.h.effects);
    CHECK(header(gone.sent("REGISTER"), "Expires") == "0");
    CHECK(gone.h.stack.is_leaving_trunks());
    gone.silence(2s);  // Nobody answers: not waited for longer.
    CHECK_FALSE(gone.h.stack.is_leaving_trunks());
    CHECK_FALSE(gone.h.stack.set_trunk_route(gone.h.trunk, {kFirst}, gone.h.now, gone.h.effects));
}

TEST_CASE("trunk: an unchanged account goes on undisturbed, and so does a server that stays") {
    Carrier c;
    c.open({kFirst});
    c.register_at(kFirst);
    c.open({kSecond, kFirst});
    CHECK(c.h.take<Send>().empty());
    c.open({kSecond});
    c.register_at(kSecond);
    CHECK(c.state().flow == kSecond);
    c.open({});
    CHECK(c.h.take<Send>().empty());
}

TEST_CASE("trunk: a carrier without a known address is told") {
    Carrier c;
    c.open({});
    CHECK(c.state().why == "no address of its server is known");
    c.open({kFirst});
    c.register_at(kFirst);
    CHECK(c.state().registration == TrunkRegistration::Registered);
}

TEST_CASE("trunk: a call to our Contact is the trunk's, and To has the dialled number") {
    Carrier c;
    c.h.stack.set_trunks({{.id = c.h.trunk}});
    c.open({kFirst});
    const auto request = c.sent("REGISTER");
    TestRequest invite;
    invite.uri = contact_of(request);
    invite.to = "<sip:+34911234567@carrier.example>";
    invite.via = "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKone;rport";
    invite.body = kOffer;
    // From elsewhere our Contact is no password.
    c.h.receive(invite.text(), udp_flow("203.0.113.66:5060"));
    CHECK(c.h.sent_lines() == std::vector<std::string>{"SIP/2.0 403 Forbidden"});
    // A large carrier calls from another port than its registrar's.
    c.h.receive(invite.text(), udp_flow("192.0.2.10:15060"));
    const auto calls = c.h.take<Incoming>();
    REQUIRE(calls.size() == 1);
    CHECK(std::get<TrunkId>(calls[0].source) == c.h.trunk);
    CHECK(calls[0].request_user == "+34911234567");
    // And one that dials in the Request-URI is understood as ever.
    invite.uri = "sip:900@192.0.2.100";
    invite.call_id = "call-2";
    invite.via = "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKtwo;rport";
    c.h.receive(invite.text(), kFirst);
    CHECK(c.h.take<Incoming>().at(0).request_user == "900");
}

TEST_CASE("trunk: of two accounts at one carrier the called Contact tells which is meant") {
    Carrier c;
    const TrunkId other{Uuid{.high = 2, .low = 2}};
    c.h.stack.set_trunks({{.id = c.h.trunk}, {.id = other}});
    TrunkAccount second = c.account;
    second.trunk = other;
    second.username = "500";
    c.h.stack.set_trunk_accounts({c.account, second}, c.h.now, c.h.effects);
    for (const TrunkId trunk : {c.h.trunk, other}) {
        REQUIRE(c.h.stack.set_trunk_route(trunk, {kFirst}, c.h.now, c.h.effects).has_value());
        const auto request = c.sent("REGISTER");
        TestRequest invite;
        invite.uri = contact_of(request);
        invite.body = kOffer;
        invite.call_id = user_of(request);
        invite.via = "SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK" + user_of(request) + ";rport";
        c.h.receive(invite.text(), kFirst);
        CHECK(std::get<TrunkId>(c.h.take<Incoming>().at(0).source) == trunk);
        c.h.take<Send>();
    }
}

TEST_CASE("trunk: our Contact is the same after a restart, and another one's differs") {
    Carrier c;
    c.open({kFirst});
    Carrier restarted;
    restarted.h.stack.set_trunks({});
    restarted.open({kFirst});
    const auto before = c.sent("REGISTER");
    const auto after = restarted.sent("REGISTER");
    CHECK(contact_of(before) == contact_of(after));
    Carrier other;
    other.h.trunk = TrunkId{Uuid{.high = 9, .low = 9}};
    other.account.trunk = other.h.trunk;
    other.open({kFirst});
    CHECK(user_of(other.sent("REGISTER")) != user_of(before));
}

TEST_CASE("trunk: over TCP a closed connection is opened again by registering, not too often") {
    Carrier c;
    Flow flow = kFirst;
    flow.transport = Transport::Tcp;
    c.open({flow});
    const auto request = c.sent("REGISTER", flow);
    CHECK(has(contact_of(request), ";transport=tcp"));
    Flow open = flow;
    open.connection = 7;
    c.answer(request, 200, {}, open);
    c.h.stack.connection_closed(7, c.h.now, c.h.effects);
    c.h.advance(29s);
    CHECK(c.h.take<Send>().empty());
    c.h.advance(1s);
    c.answer(c.sent("REGISTER", flow), 200, {}, open);
    c.h.advance(31s);
    c.h.stack.connection_closed(7, c.h.now, c.h.effects);
    c.h.advance(0s);
    const auto last = c.sent("REGISTER", flow);
    c.h.take<TrunkState>();
    c.h.stack.connection_closed(0, c.h.now, c.h.effects);
    c.answer(last, 200, {}, open);
    c.h.advance(480s);
    c.sent("REGISTER", open);
    c.h.stack.connection_closed(7, c.h.now, c.h.effects);
    CHECK(c.state().why == "no answer");
}

TEST_CASE(
    "trunk: an outbound proxy is named as a Route, and addresses over the limit are left out") {
    Carrier c;
    c.account.route = "<sip:proxy.example;lr>";
    c.account.options_interval = 30s;
    std::vector<Flow> flows;
    for (std::size_t i = 0; i <= Limits{}.trunk_flows; ++i) {
        flows.push_back(udp_flow("192.0.2." + std::to_string(i + 1) + ":5060"));
    }
    c.open(flows);
    const auto sends = c.h.take<Send>();
    CHECK(sends.size() == Limits{}.trunk_flows + 1);  // One probe each, and the REGISTER.
    for (const Send& send : sends) CHECK(header(send.bytes, "Route") == "<sip:proxy.example;lr>");
}

TEST_CASE(
    "trunk: an account over the limit is left out, and one that is gone is asked for in vain") {
    Carrier c;
    std::vector<TrunkAccount> accounts;
    for (std::uint64_t i = 0; i <= Limits{}.trunk_accounts; ++i) {
        accounts.push_back(c.account);
        accounts.back().trunk = TrunkId{Uuid{.high = 3, .low = i + 1}};
    }
    c.h.stack.set_trunk_accounts(accounts, c.h.now, c.h.effects);
    const auto knows = [&](const TrunkAccount& account) {
        return c.h.stack.set_trunk_route(account.trunk, {}, c.h.now, c.h.effects).has_value();
    };
    CHECK(knows(accounts[accounts.size() - 2]));
    CHECK_FALSE(knows(accounts.back()));
    c.h.stack.set_trunk_accounts({}, c.h.now, c.h.effects);
    CHECK_FALSE(knows(accounts[0]));
}

TEST_CASE("trunk: no password comes into what is traced") {
    Carrier c;
    c.open({kFirst});
    c.answer(c.sent("REGISTER"), 401, kChallenge);
    c.sent("REGISTER");
    for (const Trace& trace : c.h.take<Trace>()) {
        CHECK_FALSE(has(trace.line, "sesame"));
        CHECK_FALSE(has(trace.line, "response="));
    }
}

}  // namespace escucha::sip
