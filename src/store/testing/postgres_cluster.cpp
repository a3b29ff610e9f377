#include "store/testing/postgres_cluster.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "store/sql.h"

namespace escucha::store::testing {
namespace {

constexpr std::string_view kBin = "/usr/lib/postgresql/15/bin/";

std::string read_all(const std::filesystem::path& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// Everything in a command is ours: fixed words and a path made by mkdtemp.
Result<void> shell(const std::string& command, const std::filesystem::path& log) {
    const std::string full = command + " >" + log.string() + " 2>&1 </dev/null";
    if (std::system(full.c_str()) == 0) return ok();  // NOLINT(cert-env33-c): see above
    return fail(Errc::Io, command + "\n" + read_all(log));
}

std::string user_for_server() {
    if (::geteuid() != 0) return {};
    return ::getpwnam("postgres") != nullptr ? "postgres" : "nobody";
}

std::string as_user(const std::string& user) {
    return user.empty() ? "" : "runuser -u " + user + " -- ";
}

}  // namespace

/// A child that waits for the end of a pipe only we hold: it ends when we close it, or die.
struct PostgresCluster::Watcher {
    Watcher(int end, pid_t child) : pipe{end}, process{child} {}
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    ~Watcher() {
        ::close(pipe);
        ::waitpid(process, nullptr, 0);
    }
    int pipe;
    pid_t process;
};

PostgresCluster::PostgresCluster(PostgresCluster&& other) noexcept = default;

PostgresCluster::PostgresCluster(std::unique_ptr<TemporaryFolder> folder)
    : folder_{std::move(folder)}, user_{user_for_server()} {}

Result<PostgresCluster> PostgresCluster::start() {
    const std::string initdb{std::string{kBin} + "initdb"};
    if (::access(initdb.c_str(), X_OK) != 0) {
        return fail(Errc::Io, initdb + " is missing: install the package postgresql-15");
    }
    PostgresCluster cluster{std::make_unique<TemporaryFolder>()};
    const auto& folder = cluster.folder_->path();
    if (const auto* user = cluster.user_.empty() ? nullptr : ::getpwnam(cluster.user_.c_str())) {
        if (::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
            return fail(Errc::Io, "cannot give the folder to the server's user");
        }
    }
    const std::string data = (folder / "data").string();
    ESC_TRY(shell("cd / && " + as_user(cluster.user_) + initdb + " -D " + data +
                      " -U escucha --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync",
                  folder / "initdb.log"));
    ESC_TRY(cluster.watch());
    ESC_TRY(cluster.control("start"));
    return cluster;
}

Result<void> PostgresCluster::watch() {
    const std::string folder = folder_->path().string();
    const std::string stop = "cd /; " + as_user(user_) + std::string{kBin} + "pg_ctl -D " + folder +
                             "/data -m immediate stop; rm -rf " + folder;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Errc::Io, "pipe");
    const pid_t child = ::fork();
    if (child < 0) return fail(Errc::Io, "fork");
    if (child == 0) {
        // Only calls that are safe after a fork. Whoever runs the test waits for the end of its
        // output, which must not be held here; nor does a signal to the test's group end this.
        ::setsid();
        const int nowhere = ::open("/dev/null", O_RDWR);
        for (int stream = 0; stream <= 2; ++stream) ::dup2(nowhere, stream);
        ::close(ends[1]);
        char byte = 0;
        while (::read(ends[0], &byte, 1) < 0 && errno == EINTR) {
        }
        ::execl("/bin/sh", "sh", "-c", stop.c_str(), nullptr);
        ::_exit(1);
    }
    ::close(ends[0]);
    watcher_ = std::make_unique<Watcher>(ends[1], child);
    return ok();
}

Result<void> PostgresCluster::control(const std::string& action) const {
    const auto& folder = folder_->path();
    std::string command = "cd / && " + as_user(user_) + std::string{kBin} + "pg_ctl -D " +
                          (folder / "data").string() + " -w -t 60 ";
    if (action == "start") {
        // The tests crash the server, not the machine: what it wrote stays with the kernel.
        command += "-l " + (folder / "server.log").string() +
                   " -o \"-c listen_addresses='' -c fsync=off -k " + folder.string() + "\" start";
    } else {
        command += "-m " + action + " stop";
    }
    return shell(command, folder / (action + ".log"));
}

PostgresCluster::~PostgresCluster() {
    if (folder_ != nullptr) static_cast<void>(control("immediate"));
}

// A schema and not a database: made in a millisecond, where a database is copied and flushed.
Result<std::string> PostgresCluster::create_database() {
    // Ours is no superuser's: to one the wall between companies would not be there.
    const std::string place = "host=" + folder_->path().string() + " dbname=postgres user=";
    ESC_TRY(const auto server, Database::open(place + "escucha"));
    ESC_TRY(auto connection, server.connect());
    if (databases_ == 0) {
        ESC_TRY(connection.run_script("CREATE ROLE application LOGIN"));
    }
    const std::string name = "test" + std::to_string(++databases_);
    ESC_TRY(connection.run_script("CREATE SCHEMA " + name + " AUTHORIZATION application"));
    return place + "application options='-c search_path=" + name + "'";
}

Result<void> PostgresCluster::crash_and_restart() {
    ESC_TRY(control("immediate"));
    return control("start");
}

}  // namespace escucha::store::testing
