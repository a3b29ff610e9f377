// How many entries a second are linked, written and verified, and how long a look-up takes.
//
//   escucha_audit_bench [ENTRIES] [URL]
//
// Without a URL: a new SQLite file in the current folder, removed at the end.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "audit/log.h"
#include "base/rng.h"
#include "store/migrate.h"

namespace {

using namespace escucha;
using namespace escucha::audit;
using Clock = std::chrono::steady_clock;
using std::chrono::duration;

constexpr std::uint64_t kUsers = 500;
constexpr std::uint64_t kCustomers = 200'000;
const CompanyId kCompany{Uuid{1, 1}};
const CustomerId kCelebrity{Uuid{3, 1}};

Entry reading(Rng& rng, WallTime at) {
    Entry entry;
    entry.company = kCompany;
    entry.at = at;
    entry.who = {ActorKind::User, UserId{Uuid{2, 1 + rng.below(kUsers)}}.to_string()};
    entry.session = "0123456789abcdef";
    entry.action = "get_customer";
    entry.object_kind = "customer";
    // One customer is looked at by everybody.
    const CustomerId customer =
        rng.below(1'000) == 0 ? kCelebrity : CustomerId{Uuid{3, 2 + rng.below(kCustomers)}};
    entry.object_id = customer.to_string();
    entry.customers = {customer};
    entry.details = R"({"from":"192.0.2.7","status":200})";
    return entry;
}

double seconds_since(Clock::time_point start) {
    return duration<double>(Clock::now() - start).count();
}

void link_in_memory(const SigningKeys& keys) {
    constexpr std::int64_t kCount = 1'000'000;
    Rng rng{1};
    Linker linker;
    std::vector<Linked> links;
    links.reserve(kCount);
    const WallTime now = read_clocks().wall;
    std::vector<Checkpoint> checkpoints;
    Hash last{};
    for (std::int64_t number = 1; number <= kCount; ++number) {
        Entry entry = reading(rng, now);
        entry.number = number;
        last = linker.link(last, entry);
        links.push_back({std::move(entry), last});
        if (number % kCheckpointEvery == 0) {
            checkpoints.push_back(
                keys.sign(kCompany, number / kCheckpointEvery, {number, last}, now));
        }
    }
    const auto start = Clock::now();
    Verification walk{kCompany, checkpoints, &keys};
    for (const Linked& link : links) {
        if (!walk.take(link)) std::abort();
    }
    if (walk.finish().first) std::abort();
    std::printf("verify in memory             %9.0f entries/s\n",
                static_cast<double>(kCount) / seconds_since(start));
}

/// As many as the log takes at once.
void fill(Log& log, std::int64_t count) {
    Rng rng{2};
    std::atomic<std::int64_t> written{0};
    const auto start = Clock::now();
    const WallTime first = read_clocks().wall;
    for (std::int64_t i = 0; i < count; ++i) {
        const Entry entry = reading(rng, first + std::chrono::milliseconds{i * 3});
        while (!log.append(entry, [&](const Result<void>& done) {
            if (!done) std::abort();
            ++written;
        })) {
            std::this_thread::yield();
        }
    }
    while (written < count) std::this_thread::yield();
    std::printf(
        "write as many as it takes    %9.0f entries/s, %.1f in a commit\n",
        static_cast<double>(count) / seconds_since(start),
        static_cast<double>(log.counters().entries) / static_cast<double>(log.counters().commits));
}

/// Requests that wait for their entry, so many at a time.
void ask(Log& log, int together) {
    const auto before = log.counters();
    constexpr int kEach = 200;
    std::vector<std::thread> threads;
    std::vector<std::vector<double>> waits(static_cast<std::size_t>(together));
    const auto start = Clock::now();
    for (auto& mine : waits) {
        threads.emplace_back([&log, &mine] {
            Rng rng{3};
            for (int i = 0; i < kEach; ++i) {
                const auto sent = Clock::now();
                if (!log.append_and_wait(reading(rng, read_clocks().wall),
                                         std::chrono::seconds{30}))
                    std::abort();
                mine.push_back(seconds_since(sent) * 1e3);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    const double took = seconds_since(start);
    std::vector<double> all;
    for (const auto& mine : waits) all.insert(all.end(), mine.begin(), mine.end());
    std::ranges::sort(all);
    const auto after = log.counters();
    std::printf(
        "%3d that wait                %9.0f entries/s, %.1f in a commit, p50 %.2f ms, p99 %.2f "
        "ms\n",
        together,
        static_cast<double>(all.size()) / took,
        static_cast<double>(after.entries - before.entries) /
            static_cast<double>(after.commits - before.commits),
        all[all.size() / 2],
        all[all.size() * 99 / 100]);
}

void look_up(store::Connection& connection, const char* name, const Search& what) {
    double worst = 0;
    std::size_t rows = 0;
    for (int i = 0; i < 20; ++i) {
        const auto start = Clock::now();
        rows = search(connection, what).value().size();
        worst = std::max(worst, seconds_since(start) * 1e3);
    }
    std::printf("%-28s %9.2f ms at worst (%zu rows)\n", name, worst, rows);
}

void look_up_all(store::Connection& connection, WallTime last) {
    look_up(connection,
            "who has seen a customer",
            {.company = kCompany, .customer = CustomerId{Uuid{3, 77}}});
    look_up(connection, "who has seen a celebrity", {.company = kCompany, .customer = kCelebrity});
    look_up(connection,
            "... a page far down",
            {.company = kCompany, .customer = kCelebrity, .below = 100'000});
    const std::string user = UserId{Uuid{2, 7}}.to_string();
    look_up(connection, "what a user did", {.company = kCompany, .actor = user});
    look_up(connection,
            "... on an old day",
            {.company = kCompany, .actor = user, .to = last - std::chrono::hours{5}});
    look_up(connection,
            "one minute, long ago",
            {.company = kCompany,
             .from = last - std::chrono::hours{5},
             .to = last - std::chrono::hours{5} + std::chrono::minutes{1}});
}

}  // namespace

int main(int argc, char** argv) {
    const std::string file = "audit_bench.db";
    const auto count = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
    const std::string url = argc > 2 ? argv[2] : "sqlite:" + file;
    const auto keys = SigningKeys::open(std::filesystem::current_path() / "audit_bench.keys",
                                        SigningKeys::WhenMissing::Make,
                                        read_clocks().wall);
    const auto database = store::Database::open(url);
    if (!keys || !database || !store::migrate(database.value(), read_clocks().wall)) {
        std::fprintf(stderr, "cannot open %s\n", url.c_str());
        return 1;
    }
    link_in_memory(keys.value());
    auto journal = store::Journal::open(database.value()).value();
    Log log{*journal, keys.value()};
    for (const int together : {1, 4, 16, 64}) ask(log, together);
    fill(log, count);
    auto connection = database.value().connect(store::Access::ReadOnly).value();
    const auto newest = search(connection, {.company = kCompany, .limit = 1}).value();
    look_up_all(connection, newest.front().at);
    const auto start = Clock::now();
    const Report report = verify(connection, kCompany, &keys.value()).value();
    std::printf("verify in the store          %9.0f entries/s, %lld entries%s\n",
                static_cast<double>(report.entries) / seconds_since(start),
                static_cast<long long>(report.entries),
                report.first ? ", BROKEN" : "");
    journal.reset();
    std::filesystem::remove("audit_bench.keys");
    if (argc <= 2) {
        for (const char* end : {"", "-wal", "-shm", ".writer"}) std::filesystem::remove(file + end);
    }
    return report.first ? 1 : 0;
}
