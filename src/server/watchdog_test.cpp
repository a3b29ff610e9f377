#include "server/detail/watchdog.h"

#include <doctest/doctest.h>

#include <future>

namespace escucha::server {
namespace {

struct Told {
    std::promise<Watchdog::Blocked> first;
    int times = 0;
};

}  // namespace

TEST_CASE("work that holds up the thread is told once, with its name and where it stands") {
    Told told;
    auto blocked = told.first.get_future();
    Watchdog dog{[&](const Watchdog::Blocked& what) {
        if (++told.times == 1) told.first.set_value(what);
    }};
    std::promise<void> release;
    std::thread worker{[&] {
        dog.watch_this_thread();
        const Watchdog::Work outer{dog, "outer"};
        const Watchdog::Work inner{dog, "inner"};
        release.get_future().wait();
    }};
    const auto what = blocked.get();
    release.set_value();
    worker.join();
    CHECK(what.what == "inner");
    CHECK(what.for_at_least >= Watchdog::kLimit);
    CHECK(what.stack.find("escucha_server_test+0x") != std::string::npos);
    CHECK(dog.blocked() == 1);
    CHECK(told.times == 1);
}

}  // namespace escucha::server
