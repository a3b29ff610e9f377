#include "sip/detail/timers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "sip/detail/harness.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;
using namespace std::chrono_literals;

namespace {

constexpr Instant kStart{1'000s};

/// Objects with an alarm each, and the timers they are in.
struct Objects {
    Handle add(Instant due) {
        const Handle handle = alarms.add({});
        timers.set(handle, *alarms.get(handle), due);
        return handle;
    }
    Handle pop(Instant now) {
        return timers.pop(now, [this](Handle handle) { return alarms.get(handle); });
    }
    Slots<Alarm> alarms;
    Timers timers;
};

// A call: INVITE, 200, ACK, BYE, each with the branch and the Call-ID of this call.
void call_and_hang_up(Harness& h, std::size_t number) {
    const auto own = [&](TestRequest request) {
        request.call_id = std::to_string(number) + "@198.51.100.7";
        request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK" + request.method +
                      std::to_string(number) + ";rport";
        return request;
    };
    const auto incoming = h.incoming(own({}));
    REQUIRE(h.stack.answer(incoming.leg, kAnswer, h.now, h.effects).has_value());
    const std::string to = header(h.take<Send>().at(0).bytes, "To");
    h.receive(own(inside("ACK", to, 1)).text());
    h.receive(own(inside("BYE", to, 2)).text());
    h.effects.clear();
}

}  // namespace

TEST_CASE("alarms of objects that are gone are dropped, however far off they are") {
    Objects objects;
    for (std::size_t i = 0; i < 10 * Timers::kAlwaysKept; ++i) {
        objects.alarms.erase(objects.add(kStart + 900s));
        CHECK(objects.pop(kStart) == kNoHandle);
        REQUIRE(objects.timers.size() <= Timers::kAlwaysKept);
    }
}

TEST_CASE("alarms of objects that live outlast those of others, and come up in their order") {
    Objects objects;
    std::vector<Handle> living;
    for (std::size_t i = 0; i < 3 * Timers::kAlwaysKept; ++i) {
        living.push_back(objects.add(kStart + 900s - std::chrono::milliseconds{i}));
        for (int gone = 0; gone < 5; ++gone) objects.alarms.erase(objects.add(kStart + 900s));
        REQUIRE(objects.pop(kStart) == kNoHandle);
    }
    CHECK(objects.timers.size() < 4 * living.size());
    std::vector<Handle> due;
    while (const Handle handle = objects.pop(kStart + 900s)) due.push_back(handle);
    std::reverse(living.begin(), living.end());
    CHECK(due == living);
}

TEST_CASE("an alarm that was moved later before the others were dropped comes up at its new time") {
    Objects objects;
    const Handle moved = objects.add(kStart + 10s);
    objects.timers.set(moved, *objects.alarms.get(moved), kStart + 20s);
    for (std::size_t i = 0; i < 2 * Timers::kAlwaysKept; ++i) {
        objects.alarms.erase(objects.add(kStart + 900s));
        REQUIRE(objects.pop(kStart) == kNoHandle);
    }
    CHECK(objects.pop(kStart + 19s) == kNoHandle);
    CHECK(objects.pop(kStart + 20s) == moved);
}

TEST_CASE("calls that are over leave no timers behind that wait for their session's end") {
    Harness h;
    for (std::size_t i = 0; i < 2 * Timers::kAlwaysKept; ++i) {
        call_and_hang_up(h, i);
        h.advance(50ms);
    }
    h.advance(40s);  // Transactions are remembered for 32 s.
    CHECK(h.stack.gauges().legs == 0);
    CHECK(h.stack.gauges().transactions == 0);
    CHECK(h.stack.gauges().timers < 2 * Timers::kAlwaysKept + 100);
}
