// What the journal acknowledged is there, whatever happens to its process, its disk or its server.
#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>

#include "base/rng.h"
#include "store/journal.h"
#include "store/testing/engines.h"
#include "store/testing/failing_disk.h"

using namespace escucha;
using namespace escucha::store;
using namespace escucha::store::testing;
using namespace std::chrono_literals;

namespace {

Event numbered(CompanyId company, std::int64_t number) {
    Event event;
    event.type = "bug_met";
    event.company = company;
    event.with("number", number);
    return event;
}

/// The numbers in the journal, in its order.
std::vector<std::int64_t> numbers_in(const Database& database, CompanyId company) {
    auto connection = database.connect().value();
    std::vector<std::int64_t> numbers;
    const auto events = read_since(connection, company, 0, kMaxRows).value();
    for (std::size_t i = 0; i < events.size(); ++i) {
        CHECK(events[i].seq == static_cast<std::int64_t>(i) + 1);
        const auto& data = events[i].data;
        numbers.push_back(std::stoll(data.substr(data.find(':') + 1)));
    }
    return numbers;
}

/// In the child: writes without end, and tells each acknowledged number to the pipe.
[[noreturn]] void write_until_killed(const std::string& url, CompanyId company, int pipe) {
    const auto database = Database::open(url);
    if (!database) ::_exit(1);
    auto journal = Journal::open(database.value());
    if (!journal) ::_exit(2);
    std::int64_t number = journal.value()->last_committed();
    while (true) {
        ++number;
        const auto queued = journal.value()->append(
            Batch{{numbered(company, number)}, {}}, [pipe, number](Result<Committed> done) {
                if (done) static_cast<void>(!::write(pipe, &number, sizeof number));
            });
        // Full: the writer is behind; let it work.
        if (!queued) ::usleep(200);
        if (number % 7 == 0) ::usleep(50);
    }
}

/// Reads until `enough` numbers came, kills, then reads what was still in the pipe.
std::int64_t last_acknowledged_before_kill(int pipe, pid_t child, int enough) {
    std::int64_t number = 0;
    std::int64_t last = 0;
    int seen = 0;
    while (::read(pipe, &number, sizeof number) == sizeof number) {
        last = number;
        if (++seen == enough) ::kill(child, SIGKILL);
    }
    return last;
}

}  // namespace

TEST_CASE("a process killed while it writes loses nothing it acknowledged") {
    const auto fresh = sqlite_file(Schema::Current);
    auto connection = fresh.database.connect().value();
    const auto company = add_company(connection, "UTC");
    Rng rng{42};
    std::int64_t total = 0;
    for (int kill = 0; kill < 25; ++kill) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(ends[0]);
            write_until_killed(fresh.url, company, ends[1]);
        }
        ::close(ends[1]);
        const auto acknowledged =
            last_acknowledged_before_kill(ends[0], child, static_cast<int>(1 + rng.below(150)));
        ::close(ends[0]);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));

        const auto numbers = numbers_in(fresh.database, company);
        REQUIRE(static_cast<std::int64_t>(numbers.size()) >= acknowledged);
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            REQUIRE(numbers[i] == static_cast<std::int64_t>(i) + 1);
        }
        total = acknowledged;
    }
    CHECK(total > 25);
}

TEST_CASE(
    "a failed sync or write is never acknowledged; the journal opens again and loses nothing") {
    struct Case {
        FailingDisk::Fault fault;
        std::int64_t times;
    };
    for (const Case& one : {Case{FailingDisk::Fault::Sync, 1},
                            Case{FailingDisk::Fault::Sync, 5},
                            Case{FailingDisk::Fault::Write, 1},
                            Case{FailingDisk::Fault::Write, 4},
                            Case{FailingDisk::Fault::Full, 6}}) {
        for (std::int64_t nth = 1; nth <= 4; ++nth) {
            CAPTURE(static_cast<int>(one.fault));
            CAPTURE(nth);
            const auto fresh = sqlite_file(Schema::Current);
            auto connection = fresh.database.connect().value();
            const auto company = add_company(connection, "UTC");
            FailingDisk disk;
            JournalOptions options;
            options.retry_first = 1ms;
            options.retry_at_most = 4ms;
            auto journal = Journal::open(fresh.database, options).value();
            REQUIRE(journal->append_and_wait(Batch{{numbered(company, 1)}, {}}));
            disk.fail(one.fault, nth, one.times);
            std::vector<std::int64_t> acknowledged;
            for (std::int64_t number = 2; number <= 12; ++number) {
                const auto done = journal->append_and_wait(Batch{{numbered(company, number)}, {}});
                REQUIRE(done);
                CHECK(done.value().first == number);
            }
            CHECK(disk.failures() >= 1);
            CHECK(journal->counters().recoveries >= 1);
            CHECK(journal->health() == JournalHealth::Writing);
            journal.reset();
            const auto numbers = numbers_in(fresh.database, company);
            REQUIRE(numbers.size() == 12);
            for (std::size_t i = 0; i < 12; ++i) {
                CHECK(numbers[i] == static_cast<std::int64_t>(i) + 1);
            }
        }
    }
}

TEST_CASE("while the disk fails nothing is acknowledged and the journal says why") {
    const auto fresh = sqlite_file(Schema::Current);
    auto connection = fresh.database.connect().value();
    const auto company = add_company(connection, "UTC");
    FailingDisk disk;
    JournalOptions options;
    options.retry_first = 1ms;
    options.retry_at_most = 2ms;
    auto journal = Journal::open(fresh.database, options).value();
    disk.fail(FailingDisk::Fault::Full, 1, 1'000'000);
    std::atomic<int> acknowledged{0};
    std::promise<Result<Committed>> promise;
    auto outcome = promise.get_future();
    REQUIRE(journal->append(Batch{{numbered(company, 1)}, {}}, [&](Result<Committed> done) {
        ++acknowledged;
        promise.set_value(std::move(done));
    }));
    while (journal->counters().failures < 3) std::this_thread::yield();
    CHECK(acknowledged == 0);
    CHECK(journal->health() == JournalHealth::Recovering);
    CHECK(journal->is_congested());
    CHECK(journal->trouble().find("no room left") != std::string::npos);
    disk.fail(FailingDisk::Fault::Full, 1, 0);
    CHECK(outcome.get());
    CHECK(journal->health() == JournalHealth::Writing);
    CHECK(journal->trouble().empty());
    journal.reset();
    CHECK(numbers_in(fresh.database, company).size() == 1);
}

TEST_CASE("a journal closed while its disk fails tells its callers and ends") {
    const auto fresh = sqlite_file(Schema::Current);
    auto connection = fresh.database.connect().value();
    const auto company = add_company(connection, "UTC");
    FailingDisk disk;
    auto journal = Journal::open(fresh.database).value();
    disk.fail(FailingDisk::Fault::Write, 1, 1'000'000);
    int refused = 0;
    for (std::int64_t number = 1; number <= 3; ++number) {
        REQUIRE(
            journal->append(Batch{{numbered(company, number)}, {}}, [&](Result<Committed> done) {
                if (!done) ++refused;
            }));
    }
    journal.reset();
    CHECK(refused == 3);
    disk.fail(FailingDisk::Fault::Write, 1, 0);
    CHECK(numbers_in(fresh.database, company).empty());
}

TEST_CASE("a PostgreSQL server that crashes costs nothing acknowledged, and writing goes on") {
    const auto fresh = postgres(Schema::Current);
    auto connection = fresh.database.connect().value();
    const auto company = add_company(connection, "UTC");
    auto journal = Journal::open(fresh.database).value();
    std::atomic<std::int64_t> acknowledged{0};
    std::atomic<bool> stop{false};
    std::thread writer{[&] {
        for (std::int64_t number = 1; !stop; ++number) {
            const auto done = journal->append_and_wait(Batch{{numbered(company, number)}, {}});
            if (!done) break;
            acknowledged = number;
        }
    }};
    while (acknowledged < 50) std::this_thread::yield();
    crash_postgres();
    const auto after_crash = acknowledged.load();
    while (acknowledged < after_crash + 50) std::this_thread::yield();
    stop = true;
    writer.join();
    CHECK(journal->counters().recoveries >= 1);
    journal.reset();
    const auto numbers = numbers_in(fresh.database, company);
    REQUIRE(static_cast<std::int64_t>(numbers.size()) == acknowledged);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        REQUIRE(numbers[i] == static_cast<std::int64_t>(i) + 1);
    }
}

TEST_CASE("a journal that someone else wrote to stops instead of guessing") {
    const auto fresh = sqlite_file(Schema::Current);
    auto connection = fresh.database.connect().value();
    const auto company = add_company(connection, "UTC");
    auto journal = Journal::open(fresh.database).value();
    REQUIRE(journal->append_and_wait(Batch{{numbered(company, 1)}, {}}));
    const std::vector<Event> foreign{numbered(company, 99)};
    REQUIRE(import_events(connection, foreign));
    const auto refused = journal->append_and_wait(Batch{{numbered(company, 2)}, {}});
    REQUIRE_FALSE(refused);
    CHECK(journal->health() == JournalHealth::Stopped);
    CHECK(journal->append(Batch{}, {}).error().code == store::Errc::Closed);
    CHECK(numbers_in(fresh.database, company) == std::vector<std::int64_t>{1, 99});
}
