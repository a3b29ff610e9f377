// What the audit log told to be written is there, and the chain is whole, whatever happens to its
// process or its disk.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "audit/log.h"
#include "base/errc.h"
#include "base/rng.h"
#include "store/testing/engines.h"
#include "store/testing/failing_disk.h"

using namespace escucha;
using namespace escucha::audit;
using namespace escucha::store::testing;
using namespace std::chrono_literals;

namespace {

const WallTime kStart = from_micros(1'790'000'000'000'000);
const CompanyId kCompany{Uuid{1, 1}};

Entry numbered(std::int64_t number) {
    Entry entry;
    entry.company = kCompany;
    entry.at = kStart;
    entry.who.kind = ActorKind::Operator;
    entry.action = "get_customer";
    entry.object_id = std::to_string(number);
    entry.customers = {CustomerId{Uuid{3, 1}}};
    return entry;
}

SigningKeys keys_at(const std::filesystem::path& path) {
    return SigningKeys::open(path, SigningKeys::WhenMissing::Make, kStart).value();
}

/// In the child: appends without end, and tells each that was written to the pipe.
[[noreturn]] void write_until_killed(const std::string& url,
                                     const std::filesystem::path& keys_path,
                                     int pipe) {
    const auto database = store::Database::open(url);
    if (!database) ::_exit(1);
    auto journal = store::Journal::open(database.value());
    if (!journal) ::_exit(2);
    const SigningKeys keys = keys_at(keys_path);
    Log log{*journal.value(), keys, {.checkpoint_every = 50}};
    for (std::int64_t number = 1;; ++number) {
        const auto queued = log.append(numbered(number), [pipe](const Result<void>& done) {
            const char told = 'x';
            if (done) static_cast<void>(!::write(pipe, &told, 1));
        });
        // Full: the writer is behind; let it work.
        if (!queued) ::sched_yield();
    }
}

}  // namespace

TEST_CASE("a process killed while it appends leaves a whole chain with all that it told") {
    const auto fresh = sqlite_file(Schema::Current);
    const auto keys_path = fresh.folder->path() / "audit.keys";
    const SigningKeys keys = keys_at(keys_path);
    auto connection = fresh.database.connect().value();
    Rng rng{42};
    std::int64_t told = 0;
    for (int kill = 0; kill < 20; ++kill) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(ends[0]);
            write_until_killed(fresh.url, keys_path, ends[1]);
        }
        ::close(ends[1]);
        const auto enough = static_cast<std::int64_t>(1 + rng.below(400));
        char one = 0;
        std::int64_t seen = 0;
        while (::read(ends[0], &one, 1) == 1) {
            if (++seen == enough) ::kill(child, SIGKILL);
        }
        ::close(ends[0]);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));
        told += seen;
        const Report report = verify(connection, kCompany, &keys).value();
        CHECK_FALSE(report.first.has_value());
        CHECK(report.entries >= told);
        told = report.entries;
    }
    CHECK(told > 20);
}

TEST_CASE("while the disk fails nothing is told to be written, and afterwards the chain goes on") {
    for (const auto fault :
         {FailingDisk::Fault::Full, FailingDisk::Fault::Sync, FailingDisk::Fault::Write}) {
        for (std::int64_t nth = 1; nth <= 4; ++nth) {
            CAPTURE(static_cast<int>(fault));
            CAPTURE(nth);
            const auto fresh = sqlite_file(Schema::Current);
            const SigningKeys keys = keys_at(fresh.folder->path() / "audit.keys");
            FailingDisk disk;
            store::JournalOptions options;
            options.retry_first = 1ms;
            options.retry_at_most = 2ms;
            auto journal = store::Journal::open(fresh.database, options).value();
            Log log{*journal, keys, {.checkpoint_every = 4}};
            REQUIRE(log.append_and_wait(numbered(1), 30s));
            disk.fail(fault, nth, 3);
            std::int64_t told = 1;
            std::int64_t refused = 0;
            for (std::int64_t number = 2; number <= 40; ++number) {
                const auto done = log.append_and_wait(numbered(number), 30s);
                done ? ++told : ++refused;
                if (!done) CHECK(done.error().code == store::Errc::Busy);
                while (journal->health() == store::JournalHealth::Recovering) ::sched_yield();
            }
            CHECK(disk.failures() >= 1);
            journal.reset();
            auto connection = fresh.database.connect().value();
            const Report report = verify(connection, kCompany, &keys).value();
            CHECK_FALSE(report.first.has_value());
            CHECK(report.entries == told);
            CHECK(report.checkpoints >= told / 5);
        }
    }
}

TEST_CASE("what waits while the disk is full is refused at its deadline") {
    const auto fresh = sqlite_file(Schema::Current);
    const SigningKeys keys = keys_at(fresh.folder->path() / "audit.keys");
    FailingDisk disk;
    store::JournalOptions options;
    options.retry_first = 1ms;
    options.retry_at_most = 2ms;
    auto journal = store::Journal::open(fresh.database, options).value();
    Log log{*journal, keys};
    disk.fail(FailingDisk::Fault::Full, 1, 1'000'000);
    CHECK(log.append_and_wait(numbered(1), 50ms).error().code == escucha::Errc::Timeout);
    // By now it is known that nothing can be written: no waiting.
    CHECK(log.append_and_wait(numbered(2), 60s).error().code == store::Errc::Busy);
    CHECK(log.seal(Log::Seal::Everything, kStart, 60s).error().code == store::Errc::Busy);
    CHECK(log.counters().entries == 0);
    disk.fail(FailingDisk::Fault::Full, 1, 0);
    journal.reset();
}
