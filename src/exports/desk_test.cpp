#include "exports/desk.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>
#include <sodium.h>
#include <sys/resource.h>

#include "base/errc.h"
#include "exports/archive.h"
#include "exports/lines.h"
#include "store/testing/engines.h"

using namespace escucha;
using namespace escucha::exports;
using namespace std::chrono_literals;

namespace {

/// What 7-Zip, which shares no code with what wrote it, takes out of an archive; empty when it
/// refuses.
std::string opened(const std::filesystem::path& path,
                   const std::string& passphrase,
                   const std::string& name) {
    const std::string command = "7z x -so -p" + passphrase + " '" + path.string() + "' '" + name +
                                "' 2>/dev/null </dev/null";
    FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string out;
    std::array<char, 4'096> piece{};
    for (std::size_t count = 0; (count = fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
        out.append(piece.data(), count);
    }
    return pclose(pipe) == 0 ? out : std::string{};
}

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

struct World {
    World() {
        auto connection = fresh.database.connect().value();
        company = store::testing::add_company(connection, "Europe/Madrid");
        journal = store::Journal::open(fresh.database).value();
        log.emplace(*journal, keys);
        std::vector<Event> events;
        for (int i = 0; i < kCustomers; ++i) {
            Event created;
            created.type = "customer_created";
            created.at = now;
            created.company = company;
            created.customer = CustomerId::make(now, rng);
            created.with("name", "Rosa Ruiz" + std::to_string(i) + " Paz")
                .with("document_id", std::to_string(10'000'000 + i) + 'Z')
                .with("notes", i == 0 ? "=1+1" : "");
            events.push_back(std::move(created));
        }
        REQUIRE(journal->append_and_wait({.events = std::move(events), .live = {}}).has_value());
    }
    void start() {
        desk = std::make_unique<Desk>(
            Desk::Options{.folder = folder, .recordings_dir = folder, .audit = &*log},
            fresh.database,
            *journal);
    }
    template <typename Work>
    void write(Work work) {
        REQUIRE(journal->write(std::move(work)).has_value());
    }
    Request ask() {
        Request request;
        request.id = ExportId::make(now, rng);
        request.company = company;
        request.columns = {"name", "document", "notes"};
        request.language = "es";
        request.reason = "campaña de avisos";
        request.asked_by = asker;
        request.asked_at = now;
        request.expires_at = now + kAskedFor;
        write([&](store::Connection& connection) {
            return exports::add(connection, request, make_mark_key());
        });
        return request;
    }
    Request approved() {
        Request request = ask();
        write([&](store::Connection& connection) {
            return decide(connection, request, other, Decision::Approve, "sí", now);
        });
        return request;
    }
    Request making() {
        Request request = approved();
        write(
            [&](store::Connection& connection) { return begin_making(connection, request, now); });
        return request;
    }
    Request found(const Request& request) {
        auto connection = fresh.database.connect(store::Access::ReadOnly).value();
        return exports::find(connection, company, request.id).value().value();
    }
    Request when(const Request& request, State state) {
        while (found(request).state != state) std::this_thread::yield();
        return found(request);
    }

    static constexpr int kCustomers = 2'500;
    Rng rng{3};
    WallTime now = read_clocks().wall;
    store::testing::FreshDatabase fresh =
        store::testing::sqlite_file(store::testing::Schema::Current);
    std::filesystem::path folder = fresh.folder->path() / "exports";
    CompanyId company;
    UserId asker = UserId::make(now, rng), other = UserId::make(now, rng);
    audit::SigningKeys keys =
        audit::SigningKeys::open(
            fresh.folder->path() / "audit.keys", audit::SigningKeys::WhenMissing::Make, now)
            .value();
    std::unique_ptr<store::Journal> journal;
    std::optional<audit::Log> log;
    std::unique_ptr<Desk> desk;
};

}  // namespace

TEST_CASE(
    "an approved export becomes a file that its passphrase opens, and tells where it is from") {
    World world;
    world.start();
    const Request request = world.making();
    const std::string passphrase = make_passphrase();
    REQUIRE(world.desk->make({.request = request, .asker = "sara", .passphrase = passphrase})
                .has_value());
    const Request ready = world.when(request, State::Ready);
    CHECK(ready.rows == World::kCustomers);
    CHECK(ready.customers == World::kCustomers);
    const auto path = world.desk->file_of(request.id);
    CHECK(ready.bytes == static_cast<std::int64_t>(std::filesystem::file_size(path)));

    const auto text = opened(path, passphrase, file_name(request) + ".csv");
    const auto lines = read_table(text).value();
    REQUIRE(lines.size() == World::kCustomers + 1);
    CHECK(lines[0] == Line{"Nombre", "Documento", "Observaciones", "Exportado por"});
    CHECK(lines[1].back().starts_with("sara 20"));
    CHECK(text.find("\"'=1+1\"") != std::string::npos);
    CHECK(opened(path, passphrase, "LEEME.txt").find("campaña de avisos") != std::string::npos);
    CHECK(opened(path, "otra", file_name(request) + ".csv").empty());
    CHECK(bytes_of(path).find("Rosa") == std::string::npos);

    auto connection = world.fresh.database.connect(store::Access::ReadOnly).value();
    const auto made = made_ones(connection).value();
    REQUIRE(made.size() == 1);
    CHECK(Trace{lines}.judge(made[0].key).log10_chance < -100);
    // Each of them has been seen, by who asked.
    const auto seen =
        connection.query_one("SELECT COUNT(DISTINCT customer_id) FROM audit_subject").value();
    CHECK(seen->get<std::int64_t>(0).value() == World::kCustomers);
}

TEST_CASE("nobody decides what he asked himself, nothing is decided twice or too late") {
    World world;
    const Request request = world.ask();
    const auto attempt = [&](UserId by, WallTime now) {
        return world.journal->write([&, by, now](store::Connection& connection) {
            return decide(connection, request, by, Decision::Approve, "sí", now);
        });
    };
    CHECK(attempt(world.asker, world.now).error().code == escucha::Errc::Conflict);
    CHECK(attempt(world.other, request.expires_at).error().code == escucha::Errc::Conflict);
    CHECK(attempt(world.other, world.now).has_value());
    CHECK(attempt(world.other, world.now).error().code == escucha::Errc::Conflict);
    CHECK(world.found(request).decided_by == world.other);
}

TEST_CASE("a restart in the middle leaves no file and the export to be made again") {
    World world;
    const Request interrupted = world.making();
    std::filesystem::create_directories(world.folder);
    const auto partial = world.folder / (interrupted.id.to_string() + ".zip.part");
    std::ofstream{partial} << "half";
    world.start();
    CHECK(world.when(interrupted, State::Approved).failure == "interrupted");
    while (std::filesystem::exists(partial)) std::this_thread::yield();
    // And stopping in the middle is the same.
    world.write([&](store::Connection& connection) {
        return begin_making(connection, interrupted, world.now);
    });
    REQUIRE(
        world.desk->make({.request = interrupted, .asker = "sara", .passphrase = "x"}).has_value());
    world.desk.reset();
    const State state = world.found(interrupted).state;
    CHECK((state == State::Approved || state == State::Making || state == State::Ready));
    world.start();
    while (world.found(interrupted).state == State::Making) std::this_thread::yield();
    for (const auto& entry : std::filesystem::directory_iterator{world.folder}) {
        CHECK(entry.path().extension() != ".part");
    }
}

TEST_CASE("what is past its time is gone with its file, and so is what nobody knows") {
    World world;
    world.start();
    const Request request = world.making();
    REQUIRE(world.desk->make({.request = request, .asker = "sara", .passphrase = "x"}).has_value());
    world.when(request, State::Ready);
    const auto path = world.desk->file_of(request.id);
    CHECK(std::filesystem::exists(path));
    const auto fetch = [&](WallTime now) {
        return world.journal->write([&, now](store::Connection& connection) {
            return count_download(connection, request, now);
        });
    };
    for (std::int64_t i = 0; i < kMaxDownloads; ++i) CHECK(fetch(world.now).has_value());
    CHECK(fetch(world.now).error().code == escucha::Errc::Conflict);
    world.write([&](store::Connection& connection) {
        return expire(connection, world.found(request).expires_at - 1us);
    });
    CHECK(world.found(request).state == State::Ready);
    world.write([&](store::Connection& connection) {
        return expire(connection, world.found(request).expires_at);
    });
    std::ofstream{world.folder / "stray"} << "x";
    world.desk->sweep_soon();
    while (std::filesystem::exists(path) || std::filesystem::exists(world.folder / "stray")) {
        std::this_thread::yield();
    }
    CHECK(world.found(request).state == State::Gone);
}

TEST_CASE("a folder that cannot be written leaves the export approved, and says so") {
    World world;
    // A file where the folder should be: as with a full disk, nothing can be made in it.
    std::ofstream{world.folder} << "in the way";
    world.start();
    const Request request = world.making();
    REQUIRE(world.desk->make({.request = request, .asker = "sara", .passphrase = "x"}).has_value());
    CHECK(world.when(request, State::Approved).failure == "disk");
}

TEST_CASE("a disk that is full in the middle ends the archive with an error") {
    store::testing::TemporaryFolder folder;
    auto archive = SealedArchive::create(folder.path() / "a.zip", "clave").value();
    REQUIRE(archive.begin("a.bin").has_value());
    // No file of this process may grow beyond this: what a full disk is to a writer.
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit small = before;
    small.rlim_cur = 64 * 1'024;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    std::string noise(1'000'000, '\0');
    randombytes_buf(noise.data(), noise.size());
    const auto written = archive.write(noise);
    const auto closed = archive.close();
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, handler);
    CHECK((!written || !closed));
    if (!written) CHECK(written.error().code == escucha::Errc::Io);
}

TEST_CASE("what 7-Zip opens is what went in, and no file is written over") {
    store::testing::TemporaryFolder folder;
    const auto path = folder.path() / "a.zip";
    auto archive = SealedArchive::create(path, "clave").value();
    REQUIRE(archive.begin("a.txt").has_value());
    REQUIRE(archive.write(std::string(1'000'000, 'a')).has_value());
    REQUIRE(archive.close().has_value());
    CHECK(opened(path, "clave", "a.txt") == std::string(1'000'000, 'a'));
    CHECK(SealedArchive::create(path, "clave").error().code == escucha::Errc::Conflict);
}

TEST_CASE("a passphrase has a hundred bits, and none is like another") {
    const auto one = make_passphrase();
    CHECK(one.size() == 24);
    CHECK(one.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ-") == std::string::npos);
    CHECK(one != make_passphrase());
}

TEST_CASE("one person has so many open at once and no more") {
    World world;
    std::vector<Request> asked;
    for (std::int64_t i = 0; i < kMaxOpen; ++i) asked.push_back(world.ask());
    Request one_more = asked.front();
    one_more.id = ExportId::make(world.now, world.rng);
    const auto attempt = [&] {
        return world.journal->write([&](store::Connection& connection) {
            return exports::add(connection, one_more, make_mark_key());
        });
    };
    CHECK(attempt().error().code == escucha::Errc::TooLarge);
    world.write([&](store::Connection& connection) { return withdraw(connection, asked.front()); });
    CHECK(attempt().has_value());
}
