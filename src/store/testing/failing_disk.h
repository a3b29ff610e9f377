#pragma once

#include <cstdint>

namespace escucha::store::testing {

/// Makes SQLite's files fail on purpose. While one lives, databases opened in this process go
/// through it; they must be closed before it is destroyed. One at a time.
///
class FailingDisk {
public:
    enum class Fault {
        Sync,   ///< xSync answers an I/O error.
        Write,  ///< xWrite answers an I/O error.
        Full,   ///< xWrite answers that the disk is full.
    };

    FailingDisk();
    FailingDisk(const FailingDisk&) = delete;
    FailingDisk& operator=(const FailingDisk&) = delete;
    ~FailingDisk();

    /// The `nth` call of this kind from now on (1 is the next) fails, and so do the `times - 1`
    /// after it. Any thread.
    void fail(Fault fault, std::int64_t nth, std::int64_t times = 1);
    /// How many calls have failed.
    [[nodiscard]] std::int64_t failures() const;
};

}  // namespace escucha::store::testing
