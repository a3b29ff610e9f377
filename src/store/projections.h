#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/detail/day_counters.h"
#include "store/sql.h"
#include "store/stored_event.h"

namespace escucha::store {

/// Writes what one event means into the read tables; one small function per type, all in
/// projections*.cpp. A function reads only its event and the read tables, so that the same journal
/// always makes the same tables. An unknown type changes nothing.
class Projector {
public:
    /// Inside the caller's transaction, which must end with `write_counters`. `fields` are the
    /// event's `data`, when already decoded.
    Result<void> apply(Connection& connection,
                       const StoredEvent& event,
                       const boost::json::object& fields);
    Result<void> apply(Connection& connection, const StoredEvent& event);

    /// What the events since the last time add to the counters of their days.
    Result<void> write_counters(Connection& connection) { return counters_.write(connection); }
    /// After a transaction, or a part of one, was undone.
    void discard_counters() { counters_.discard(); }

    /// Forgets the companies' zones; after a company was changed or a transaction failed.
    void forget();

private:
    Result<std::string> day(Connection& connection, const CompanyId& company, WallTime at);
    friend struct ProjectionStep;
    struct Day {
        std::int64_t quarter = 0;  ///< Of an hour, since 1970.
        std::string day;
    };
    std::map<CompanyId, std::string> zones_;
    std::map<CompanyId, Day> days_;
    detail::DayCounters counters_;
};

/// Empties the read tables and computes them again from the whole journal, in one transaction.
/// The number of events read.
Result<std::int64_t> rebuild_projections(Connection& connection);

/// The local day of an instant, "2026-11-23". `zone` is an IANA name; an unknown one counts as UTC.
std::string local_day(WallTime at, std::string_view zone);

}  // namespace escucha::store
