#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "store/sql.h"

namespace escucha::store::detail {

/// A table with one row of counters for each thing and local day.
enum class DayTable { Queue, Agent, Line };

/// What events add to the counters of a day, gathered so that a commit of many events writes each
/// row once. `longest_wait_ms` keeps the greatest; every other counter is a sum.
class DayCounters {
public:
    struct Counter {
        std::string_view column;  ///< One of the table's.
        std::int64_t add = 0;
    };
    void add(DayTable table,
             CompanyId company,
             std::string_view key,
             std::string_view day,
             std::span<const Counter> counters);
    /// Inside the caller's transaction; nothing is gathered any more afterwards.
    Result<void> write(Connection& connection);
    void discard() { rows_.clear(); }

private:
    using Key = std::tuple<DayTable, CompanyId, std::string, std::string>;
    /// In the order of the table's columns.
    using Sums = std::vector<std::int64_t>;
    std::map<Key, Sums> rows_;
};

}  // namespace escucha::store::detail
