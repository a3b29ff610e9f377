#include "rtp/source_lock.h"

#include <doctest/doctest.h>

namespace escucha::rtp {
namespace {

using Verdict = SourceLock::Verdict;
using std::chrono::milliseconds;

Address peer(std::uint8_t host, std::uint16_t port = 4000) {
    return {.ip = {192, 0, 2, host}, .port = port};
}
Header packet(std::uint16_t sequence, std::uint32_t ssrc = 1) {
    return {.sequence = {sequence}, .ssrc = ssrc};
}
Instant at(int ms) { return Instant{milliseconds{ms}}; }

}  // namespace

TEST_CASE("nothing is accepted or sent before an address is known") {
    SourceLock lock;
    CHECK(lock.on_packet(peer(1), packet(1), at(0)) == Verdict::Refused);
    CHECK_FALSE(lock.target().has_value());
}

TEST_CASE("the signalled source locks at its first packet, and others are refused from then on") {
    SourceLock lock;
    lock.retarget(peer(1), SourceLock::Rule::Learn);
    CHECK(lock.target() == peer(1));
    CHECK(lock.on_packet(peer(1), packet(1), at(0)) == Verdict::AcceptedAndLocked);
    CHECK(lock.on_packet(peer(1), packet(2), at(20)) == Verdict::Accepted);
    for (std::uint16_t i = 0; i < 20; ++i) {
        CHECK(lock.on_packet(peer(9), packet(i, 9), at(40)) == Verdict::Refused);
    }
    CHECK(lock.target() == peer(1));
}

TEST_CASE("a peer behind a NAT is learnt at its fifth packet in a row") {
    SourceLock lock;
    lock.retarget(peer(1), SourceLock::Rule::Learn);
    for (std::uint16_t i = 1; i < SourceLock::kConsistent; ++i) {
        CHECK(lock.on_packet(peer(2), packet(i), at(20 * i)) == Verdict::Refused);
        CHECK(lock.target() == peer(1));
    }
    CHECK(lock.on_packet(peer(2), packet(5), at(100)) == Verdict::AcceptedAndLocked);
    CHECK(lock.target() == peer(2));
    CHECK(lock.on_packet(peer(1), packet(1), at(120)) == Verdict::Refused);
}

TEST_CASE("a gap, another SSRC or another port starts the count anew") {
    SourceLock lock;
    lock.retarget(peer(1), SourceLock::Rule::Learn);
    for (const std::uint16_t i : std::initializer_list<std::uint16_t>{1, 2, 3, 4, 6, 7, 8, 9}) {
        CHECK(lock.on_packet(peer(2), packet(i), at(0)) == Verdict::Refused);
    }
    CHECK(lock.on_packet(peer(2), packet(10, 2), at(0)) == Verdict::Refused);
    for (std::uint16_t i = 11; i < 14; ++i) {
        CHECK(lock.on_packet(peer(2), packet(i, 2), at(0)) == Verdict::Refused);
    }
    CHECK(lock.on_packet(peer(2, 4002), packet(14, 2), at(0)) == Verdict::Refused);
    CHECK(lock.on_packet(peer(2), packet(14, 2), at(0)) == Verdict::AcceptedAndLocked);
}

TEST_CASE("a spray of single packets does not keep the true peer out") {
    SourceLock lock;
    lock.retarget(peer(1), SourceLock::Rule::Learn);
    lock.on_packet(peer(2), packet(1), at(0));
    lock.on_packet(peer(2), packet(2), at(0));
    for (std::uint16_t i = 3; i <= 5; ++i) {
        for (std::uint16_t port = 1; port < 1000; ++port) {
            CHECK(lock.on_packet(peer(9, port), packet(port), at(0)) == Verdict::Refused);
        }
        lock.on_packet(peer(2), packet(i), at(0));
    }
    CHECK(lock.target() == peer(2));
}

TEST_CASE("by the signalled rule only that address is ever heard") {
    SourceLock lock;
    lock.retarget(peer(1), SourceLock::Rule::Signalled);
    for (std::uint16_t i = 0; i < 100; ++i) {
        CHECK(lock.on_packet(peer(2), packet(i), at(0)) == Verdict::Refused);
    }
    CHECK(lock.on_packet(peer(1), packet(1), at(0)) == Verdict::AcceptedAndLocked);
}

TEST_CASE("a new SSRC is accepted once in five seconds") {
    SourceLock lock;
    lock.retarget(peer(1), SourceLock::Rule::Learn);
    lock.on_packet(peer(1), packet(1, 1), at(0));
    CHECK(lock.on_packet(peer(1), packet(1, 2), at(100)) == Verdict::Accepted);
    CHECK(lock.on_packet(peer(1), packet(1, 3), at(5099)) == Verdict::Refused);
    CHECK(lock.on_packet(peer(1), packet(2, 2), at(5099)) == Verdict::Accepted);
    CHECK(lock.on_packet(peer(1), packet(1, 3), at(5100)) == Verdict::Accepted);
}

TEST_CASE("the same target keeps the lock, another one searches anew") {
    SourceLock lock;
    lock.retarget(peer(1), SourceLock::Rule::Learn);
    lock.on_packet(peer(1), packet(1), at(0));
    lock.retarget(peer(1), SourceLock::Rule::Learn);
    CHECK(lock.is_locked());
    lock.retarget(peer(3), SourceLock::Rule::Learn);
    CHECK_FALSE(lock.is_locked());
    CHECK(lock.on_packet(peer(1), packet(2), at(20)) == Verdict::Refused);
    CHECK(lock.on_packet(peer(3), packet(2), at(20)) == Verdict::AcceptedAndLocked);
}

}  // namespace escucha::rtp
