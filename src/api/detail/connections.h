#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "store/sql.h"

namespace escucha::api {

/// Reading connections for the API's threads: taken, given back, never more than were in use at
/// once. Any thread. On PostgreSQL those of `ReadOneCompany` see what they saw last until they are
/// told whose rows to see.
class Connections {
public:
    Connections(const store::Database& database, store::Access access)
        : database_{database}, access_{access} {}

    /// A connection until the lease ends.
    class Lease {
    public:
        Lease(Connections& owner, store::Connection connection)
            : owner_{&owner}, connection_{std::move(connection)} {}
        Lease(Lease&& other) noexcept
            : owner_{std::exchange(other.owner_, nullptr)},
              connection_{std::move(other.connection_)} {}
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (owner_ != nullptr) owner_->give_back(std::move(connection_));
        }
        store::Connection& operator*() { return connection_; }

    private:
        Connections* owner_;
        store::Connection connection_;
    };

    Result<Lease> take() {
        {
            const std::scoped_lock lock{mutex_};
            if (!idle_.empty()) {
                Lease lease{*this, std::move(idle_.back())};
                idle_.pop_back();
                return lease;
            }
        }
        ESC_TRY(auto connection, database_.connect(access_));
        return Lease{*this, std::move(connection)};
    }

    /// After a failure that may be the connection's: the next one is a new one.
    void forget() {
        const std::scoped_lock lock{mutex_};
        idle_.clear();
    }

private:
    void give_back(store::Connection connection) {
        const std::scoped_lock lock{mutex_};
        idle_.push_back(std::move(connection));
    }

    const store::Database& database_;
    const store::Access access_;
    std::mutex mutex_;
    std::vector<store::Connection> idle_;
};

}  // namespace escucha::api
