#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <queue>

#include "sip/detail/harness.h"
#include "sip/detail/text.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

struct Weather {
    unsigned lost_percent = 0;
    unsigned doubled_percent = 0;
    Duration slowest{20ms};
    bool is_update_hidden = false;  ///< Neither knows that the other takes UPDATE.
};

/// Two Stacks, a caller and a callee, joined by a bad wire. Both are played by a random user who
/// rings, answers, rejects, holds and hangs up at random. Every rule is checked at the end.
class World {
public:
    World(std::uint64_t seed, Weather weather)
        : weather_{weather},
          rng_{seed},
          a_rng_{seed + 1},
          b_rng_{seed + 2},
          a_{settings(), a_rng_},
          b_{settings(), b_rng_} {
        b_.set_trunks({{.id = TrunkId{Uuid{.high = 1, .low = 1}},
                        .sources = {*AddressRange::parse("198.51.100.7")}}});
        a_.set_trunks({});
    }

    void run(int calls) {
        for (int i = 0; i < calls; ++i) {
            later(20ms * i, [this, i] { place_call(i); });
        }
        std::uint64_t steps = 0;
        while (step()) {
            REQUIRE(++steps < 4'000'000);
            // Nothing goes on for ever: users are patient for seconds, transactions for 32.
            REQUIRE(now_.mono < Instant{1000s} + 20ms * calls + 900s);
        }
    }

    void check() {
        for (const auto& [leg, end] : ends_) CHECK(end.count == 1);
        CHECK(a_.gauges().legs == 0);
        CHECK(b_.gauges().legs == 0);
        CHECK(a_.gauges().transactions == 0);
        CHECK(b_.gauges().transactions == 0);
    }
    [[nodiscard]] std::size_t ended() const { return ends_.size(); }
    [[nodiscard]] std::size_t refreshed() const { return refreshed_; }
    [[nodiscard]] const Stack& caller() const { return a_; }
    [[nodiscard]] const Stack& callee() const { return b_; }

private:
    static Settings settings() {
        Settings settings = test_settings();
        settings.is_tracing = false;
        // Short enough for every call to be refreshed, or to expire on a bad wire.
        settings.timing.session_expires = 16s;
        settings.timing.min_se = 12s;
        return settings;
    }
    struct Event {
        Instant at;
        std::uint64_t order;
        std::function<void()> run;
        bool operator>(const Event& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };
    struct End {
        int count = 0;
    };

    void later(Duration delay, std::function<void()> run) {
        events_.push({now_.mono + delay, ++order_, std::move(run)});
    }
    Duration soon(Duration most) {
        return Duration{
            static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(most.count())))};
    }

    bool step() {
        std::optional<Instant> next = earliest(a_.next_wakeup(), b_.next_wakeup());
        const bool is_event = !events_.empty() && (!next || events_.top().at <= *next);
        if (is_event) next = events_.top().at;
        if (!next) return false;
        if (*next > now_.mono) {
            now_.wall += *next - now_.mono;
            now_.mono = *next;
        }
        if (is_event) {
            const Event event = events_.top();
            events_.pop();
            event.run();
        } else {
            for (Stack* stack : {&a_, &b_}) {
                Effects effects;
                stack->wake(now_, effects);
                handle(*stack, effects);
            }
        }
        return true;
    }

    void place_call(int number) {
        InviteRequest request;
        request.leg = LegId{Uuid{.high = 5, .low = static_cast<std::uint64_t>(number) + 1}};
        request.target = UriTarget{
            .uri = "sip:" + std::to_string(number) + "@192.0.2.100:5060",
            .flow = {
                .transport = Transport::Udp, .remote = callee_address_, .local = caller_address_}};
        request.from_user = std::to_string(number);
        if (rng_.below(4) != 0) request.offer = kOffer;
        ends_[request.leg];
        Effects effects;
        REQUIRE(a_.invite(request, now_, effects).has_value());
        handle(a_, effects);
        // One caller in five loses patience before or around the answer.
        if (rng_.below(5) == 0) hang_up_later(a_, request.leg, soon(4s));
    }

    void hang_up_later(Stack& stack, LegId leg, Duration delay) {
        later(delay, [this, &stack, leg] {
            Effects effects;
            static_cast<void>(stack.hang_up(leg, "done", now_, effects));
            handle(stack, effects);
        });
    }

    void handle(Stack& stack, Effects& effects) {
        for (Effect& effect : effects) {
            if (auto* send = std::get_if<Send>(&effect)) {
                carry(stack, std::move(*send));
            } else if (auto* call = std::get_if<Incoming>(&effect)) {
                on_incoming(*call);
            } else if (auto* answered = std::get_if<Answered>(&effect)) {
                on_answered(stack, *answered);
            } else if (auto* confirmed = std::get_if<Confirmed>(&effect)) {
                talk(stack, confirmed->leg);
            } else if (auto* offered = std::get_if<Reinvite>(&effect)) {
                on_reinvite(stack, offered->leg);
            } else if (std::holds_alternative<Refreshed>(effect)) {
                ++refreshed_;
            } else if (auto* failed = std::get_if<Failed>(&effect)) {
                ++ends_[failed->leg].count;
            } else if (auto* ended = std::get_if<Ended>(&effect)) {
                ++ends_[ended->leg].count;
            }
        }
    }

    void carry(Stack& from, Send send) {
        if (rng_.below(100) < weather_.lost_percent) return;
        // Half of the callers want the duty themselves; else the callee takes it.
        const std::size_t expires = send.bytes.find("Session-Expires: 16\r\n");
        if (expires != std::string::npos && rng_.below(2) == 0) {
            send.bytes.insert(expires + 19, ";refresher=uac");
        }
        // A third of the callers with an offer require reliable ringing.
        const std::size_t supported = send.bytes.find("Supported: timer, replaces, 100rel\r\n");
        if (send.bytes.starts_with("INVITE ") && supported != std::string::npos &&
            header(send.bytes, "Call-ID")[0] % 3 == 0) {
            send.bytes.insert(supported, "Require: 100rel\r\n");
        }
        const std::size_t update = send.bytes.find(", UPDATE");
        if (weather_.is_update_hidden && update != std::string::npos) send.bytes.erase(update, 8);
        const bool is_doubled = rng_.below(100) < weather_.doubled_percent;
        Stack& to = &from == &a_ ? b_ : a_;
        const Flow flow{
            .transport = Transport::Udp, .remote = send.flow.local, .local = send.flow.remote};
        for (int copy = 0; copy < (is_doubled ? 2 : 1); ++copy) {
            later(1ms + soon(weather_.slowest), [this, &to, flow, bytes = send.bytes] {
                Effects effects;
                to.receive(flow, as_bytes(bytes), now_, effects);
                handle(to, effects);
            });
        }
    }

    void on_incoming(const Incoming& call) {
        ends_[call.leg];
        const LegId leg = call.leg;
        later(soon(200ms), [this, leg] {
            Effects effects;
            std::optional<std::string> early;
            if (rng_.below(3) == 0) early = kAnswer;
            static_cast<void>(b_.ring(leg, early ? 183 : 180, early, now_, effects));
            handle(b_, effects);
        });
        const bool is_refused = rng_.below(6) == 0;
        later(200ms + soon(3s), [this, leg, is_refused] {
            Effects effects;
            if (is_refused) {
                static_cast<void>(b_.reject(leg, {.status = 486}, now_, effects));
            } else {
                static_cast<void>(b_.answer(leg, kAnswer, now_, effects));
            }
            handle(b_, effects);
        });
        hang_up_later(b_, leg, 3s + soon(40s));
    }

    void on_answered(Stack& stack, const Answered& answered) {
        const LegId leg = answered.leg;
        // Offerless: our ACK carries the answer. With an offer this is refused, and must be.
        Effects effects;
        static_cast<void>(stack.ack_with_answer(leg, kAnswer, now_, effects));
        handle(stack, effects);
        talk(stack, leg);
    }

    void talk(Stack& stack, LegId leg) {
        for (int i = 0; i < 2; ++i) {
            later(soon(8s), [this, &stack, leg] {
                Effects effects;
                static_cast<void>(stack.reinvite(leg, kOffer, now_, effects));
                handle(stack, effects);
            });
        }
        hang_up_later(stack, leg, soon(20s));
    }

    void on_reinvite(Stack& stack, LegId leg) {
        const bool is_refused = rng_.below(4) == 0;
        later(soon(300ms), [this, &stack, leg, is_refused] {
            Effects effects;
            if (is_refused) {
                static_cast<void>(stack.reject_reinvite(leg, 488, now_, effects));
            } else {
                static_cast<void>(stack.accept_reinvite(leg, kAnswer, now_, effects));
            }
            handle(stack, effects);
        });
    }

    Weather weather_;
    Rng rng_;
    Rng a_rng_;
    Rng b_rng_;
    Stack a_;
    Stack b_;
    Address caller_address_ = *Address::parse("198.51.100.7:5060");
    Address callee_address_ = *Address::parse("192.0.2.100:5060");
    Now now_{.mono = Instant{1000s}, .wall = WallTime{std::chrono::seconds{1'800'000'000}}};
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::uint64_t order_ = 0;
    std::map<LegId, End> ends_;
    std::size_t refreshed_ = 0;
};

}  // namespace

TEST_CASE("on a good wire every call ends exactly once on both sides and nothing is left") {
    World world{1, {}};
    world.run(1000);
    world.check();
    CHECK(world.ended() == 2000);
    CHECK(world.refreshed() > 1000);
    CHECK(world.caller().counters().requests_out[Counters::Update] > 0);
    CHECK(world.callee().counters().requests_out[Counters::Update] > 0);
    CHECK(world.caller().counters().requests_out[Counters::Prack] > 100);
    CHECK(world.callee().counters().ack_timeouts == 0);
    CHECK(world.caller().counters().transaction_timeouts == 0);
}

TEST_CASE("on a bad wire every call still ends exactly once on both sides and nothing is left") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        World world{seed,
                    {.lost_percent = static_cast<unsigned>(seed % 4) * 10,
                     .doubled_percent = 10,
                     .slowest = seed % 2 == 0 ? Duration{50ms} : Duration{1500ms},
                     .is_update_hidden = seed % 3 == 0}};
        world.run(300);
        world.check();
    }
}

TEST_CASE("a wire that loses everything leaves nothing behind") {
    World world{99, {.lost_percent = 100, .doubled_percent = 0}};
    world.run(50);
    world.check();
    CHECK(world.caller().counters().transaction_timeouts == 50);
}
