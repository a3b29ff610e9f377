#include "control/detail/circuit.h"

#include <doctest/doctest.h>

using namespace escucha;
using namespace escucha::control;
using namespace std::chrono_literals;
using Verdict = Circuit::Verdict;
using Outcome = Circuit::Outcome;
using Change = Circuit::Change;

namespace {

constexpr Instant kStart{1'000s};

Change fail_once(Circuit& circuit, Instant now) {
    REQUIRE(circuit.ask(now) == Verdict::Ask);
    return circuit.settle(Outcome::Failed, now);
}

void open(Circuit& circuit) {
    for (int i = 1; i < Circuit::kFailuresToOpen; ++i) {
        REQUIRE(fail_once(circuit, kStart) == Change::None);
    }
    REQUIRE(fail_once(circuit, kStart) == Change::Opened);
}

}  // namespace

TEST_CASE("a connector is asked through four failures in a row and not after the fifth") {
    Circuit circuit;
    for (int i = 1; i < Circuit::kFailuresToOpen; ++i) {
        CHECK(fail_once(circuit, kStart) == Change::None);
    }
    CHECK(fail_once(circuit, kStart) == Change::Opened);
    CHECK(circuit.ask(kStart) == Verdict::Resting);
}

TEST_CASE("an answer between failures begins the count anew") {
    Circuit circuit;
    for (int i = 0; i < 3 * Circuit::kFailuresToOpen; ++i) {
        REQUIRE(circuit.ask(kStart) == Verdict::Ask);
        const bool answers = i % Circuit::kFailuresToOpen == Circuit::kFailuresToOpen - 1;
        CHECK(circuit.settle(answers ? Outcome::Answered : Outcome::Failed, kStart) ==
              Change::None);
    }
}

TEST_CASE("after its rest one question tries, and its answer closes the circuit") {
    Circuit circuit;
    open(circuit);
    CHECK(circuit.ask(kStart + Circuit::kRest - 1us) == Verdict::Resting);
    const Instant later = kStart + Circuit::kRest;
    CHECK(circuit.ask(later) == Verdict::Ask);
    CHECK(circuit.ask(later) == Verdict::Resting);
    CHECK(circuit.settle(Outcome::Answered, later) == Change::Closed);
    CHECK(fail_once(circuit, later) == Change::None);
}

TEST_CASE("a trial that fails is followed by another rest") {
    Circuit circuit;
    open(circuit);
    const Instant later = kStart + Circuit::kRest;
    CHECK(fail_once(circuit, later) == Change::Opened);
    CHECK(circuit.ask(later + Circuit::kRest - 1us) == Verdict::Resting);
    CHECK(circuit.ask(later + Circuit::kRest) == Verdict::Ask);
}

TEST_CASE("a trial of which nothing is heard holds up the next for one rest") {
    Circuit circuit;
    open(circuit);
    const Instant later = kStart + Circuit::kRest;
    REQUIRE(circuit.ask(later) == Verdict::Ask);
    CHECK(circuit.ask(later + Circuit::kRest - 1us) == Verdict::Resting);
    CHECK(circuit.ask(later + Circuit::kRest) == Verdict::Ask);
}

TEST_CASE("an answer that comes after the circuit opened closes it, a failure changes nothing") {
    Circuit circuit;
    REQUIRE(circuit.ask(kStart) == Verdict::Ask);
    REQUIRE(circuit.ask(kStart) == Verdict::Ask);
    open(circuit);
    CHECK(circuit.settle(Outcome::Failed, kStart + 1s) == Change::None);
    CHECK(circuit.ask(kStart + Circuit::kRest - 1us) == Verdict::Resting);
    CHECK(circuit.settle(Outcome::Answered, kStart + 2s) == Change::Closed);
    CHECK(circuit.ask(kStart + 2s) == Verdict::Ask);
}

TEST_CASE("one question more than may be under way is refused until one is settled") {
    Circuit circuit;
    for (std::size_t i = 0; i < Circuit::kMostUnanswered; ++i) {
        REQUIRE(circuit.ask(kStart) == Verdict::Ask);
    }
    CHECK(circuit.ask(kStart) == Verdict::Busy);
    CHECK(circuit.settle(Outcome::Answered, kStart) == Change::None);
    CHECK(circuit.ask(kStart) == Verdict::Ask);
}
