// How many events a second the journal takes, and how long a caller waits for a commit.
//
//   escucha_journal_bench [URL] [EVENTS]
//
// Without a URL: a new SQLite file in the current folder, removed at the end. Each event is a
// `datum_given` of a live call with its live row (2 KiB), as the control core writes them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "store/journal.h"
#include "store/migrate.h"

namespace {

using namespace escucha;
using namespace escucha::store;
using Clock = std::chrono::steady_clock;

struct Figures {
    std::vector<double> waits_ms;
    double seconds = 0;

    [[nodiscard]] double at(double part) const {
        return waits_ms[static_cast<std::size_t>(part * static_cast<double>(waits_ms.size() - 1))];
    }
};

Batch batch_for(Rng& rng, CompanyId company, bool with_projection) {
    const auto now = read_clocks().wall;
    Event event;
    event.type = with_projection ? "flow_node_entered" : "datum_given";
    event.at = now;
    event.company = company;
    event.contact = ContactId{Uuid{1, 1 + rng.below(500)}};
    event.with("name", "document").with("given_by", "caller").with("node", "menu");
    Batch batch;
    batch.events.push_back(std::move(event));
    batch.live.push_back(LiveContact{*batch.events[0].contact, company, std::string(2048, 'x')});
    return batch;
}

/// Batches offered at `per_second`, or as fast as the queue takes them when it is 0.
Figures run(Journal& journal, CompanyId company, std::size_t count, double per_second) {
    Rng rng{1};
    Figures figures;
    figures.waits_ms.reserve(count);
    std::promise<void> all;
    const auto start = Clock::now();
    for (std::size_t i = 0; i < count; ++i) {
        if (per_second > 0) {
            const auto due =
                start + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(static_cast<double>(i) / per_second));
            while (Clock::now() < due) {
            }
        }
        const auto sent = Clock::now();
        const auto on_committed = [&, sent](const Result<Committed>& done) {
            if (!done) std::abort();
            const std::chrono::duration<double, std::milli> waited = Clock::now() - sent;
            figures.waits_ms.push_back(waited.count());
            if (figures.waits_ms.size() == count) all.set_value();
        };
        while (!journal.append(batch_for(rng, company, i % 2 == 0), on_committed)) {
        }
    }
    all.get_future().wait();
    figures.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::sort(figures.waits_ms.begin(), figures.waits_ms.end());
    return figures;
}

void print(const char* name, std::size_t count, const Figures& figures) {
    std::printf("%-28s %8.0f events/s   commit p50 %7.2f ms   p99 %7.2f ms   worst %7.2f ms\n",
                name,
                static_cast<double>(count) / figures.seconds,
                figures.at(0.5),
                figures.at(0.99),
                figures.at(1.0));
}

}  // namespace

int main(int argc, char** argv) {
    const std::string file = "journal_bench.db";
    const std::string url = argc > 1 ? argv[1] : "sqlite:" + file;
    const auto count = static_cast<std::size_t>(argc > 2 ? std::atoll(argv[2]) : 100'000);
    const auto database = Database::open(url);
    if (!database || !migrate(database.value(), read_clocks().wall)) {
        std::fprintf(stderr, "cannot open %s\n", url.c_str());
        return 1;
    }
    Rng rng{2};
    const auto company = CompanyId::make(read_clocks().wall, rng);
    {
        auto journal = Journal::open(database.value()).value();
        print("200 a second, one a commit", 1'000, run(*journal, company, 1'000, 200));
        print("2,000 a second", 10'000, run(*journal, company, 10'000, 2'000));
        print("as many as it takes", count, run(*journal, company, count, 0));
    }
    const auto before = Clock::now();
    auto journal = Journal::open(database.value()).value();
    auto connection = database.value().connect().value();
    const auto live = load_live(connection).value();
    const std::chrono::duration<double, std::milli> took = Clock::now() - before;
    std::printf("open a journal of %lld events and its %zu live rows: %.1f ms\n",
                static_cast<long long>(journal->last_committed()),
                live.contacts.size(),
                took.count());
    journal.reset();
    if (argc <= 1) {
        for (const char* end : {"", "-wal", "-shm", ".writer"}) std::filesystem::remove(file + end);
    }
    return 0;
}
