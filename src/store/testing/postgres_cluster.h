#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "store/testing/temporary_folder.h"

namespace escucha::store::testing {

/// A PostgreSQL 15 server of its own, from Debian's packages, in a temporary folder: reached by a
/// Unix socket only, never by TCP. Stopped and removed when destroyed, and also when the test
/// dies. When the test runs as root, the server runs as the user `postgres`, or `nobody`:
/// PostgreSQL refuses root.
class PostgresCluster {
public:
    /// Takes about two seconds. Error: what is missing or what the server said.
    static Result<PostgresCluster> start();
    PostgresCluster(PostgresCluster&& other) noexcept;
    PostgresCluster& operator=(PostgresCluster&&) = delete;
    ~PostgresCluster();

    /// An empty place for tables, apart from all others; its address for `Database::open`. Advisory
    /// locks are shared: one journal is open at a time.
    Result<std::string> create_database();

    /// Stops at once, as in a crash, and starts again; connections are lost, commits are not.
    Result<void> crash_and_restart();

private:
    struct Watcher;
    explicit PostgresCluster(std::unique_ptr<TemporaryFolder> folder);
    Result<void> control(const std::string& action) const;

    /// Leaves a process behind that stops the server when this one is gone.
    Result<void> watch();

    // Behind a pointer so that a cluster can be moved out of its Result.
    std::unique_ptr<TemporaryFolder> folder_;
    std::string user_;  ///< Who runs the server; empty when it is who runs the test.
    int databases_ = 0;
    std::unique_ptr<Watcher> watcher_;
};

}  // namespace escucha::store::testing
