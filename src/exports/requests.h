#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "exports/request.h"
#include "store/sql.h"

namespace escucha::exports {

// The requests as the store has them. What writes is given the journal's writing connection.

/// Errors: `TooLarge` when the person has `kMaxOpen` already.
Result<void> add(store::Connection& connection, const Request& request, const MarkKey& key);

/// None when it is not the company's.
Result<std::optional<Request>> find(store::Connection& connection, CompanyId company, ExportId id);

struct Listed {
    CompanyId company;
    std::optional<UserId> asked_by;      ///< Only this person's,
    std::optional<UserId> not_asked_by;  ///< or only others'.
    std::optional<State> state;
    ExportId before;  ///< Older than this one.
    std::int64_t limit = 50;
};
/// Newest first.
Result<std::vector<Request>> list(store::Connection& connection, const Listed& which);

enum class Decision { Approve, Refuse };
/// Error: `Conflict` when it waits for nobody any more, or `by` asked for it.
Result<void> decide(store::Connection& connection,
                    const Request& request,
                    UserId by,
                    Decision decision,
                    const std::string& reason,
                    WallTime now);

/// Approved -> Making. Error: `Conflict`, also past its time.
Result<void> begin_making(store::Connection& connection, const Request& request, WallTime now);
/// Making -> Approved, with why.
Result<void> give_up_making(store::Connection& connection, ExportId id, const std::string& failure);
struct Made {
    std::int64_t rows = 0, customers = 0, bytes = 0;
};
/// Making -> Ready.
Result<void> finish_making(store::Connection& connection,
                           ExportId id,
                           const Made& made,
                           WallTime now);
/// One download more. Error: `Conflict` when it is not ready, its time is over, or all were used.
Result<void> count_download(store::Connection& connection, const Request& request, WallTime now);
/// Withdrawn by who asked. Error: `Conflict` when there is nothing to withdraw.
Result<void> withdraw(store::Connection& connection, const Request& request);

/// What was being made when the process ended is Approved again; what is past its time is Gone.
Result<void> recover(store::Connection& connection);
Result<void> expire(store::Connection& connection, WallTime now);
/// Of every company: whose file is to be there.
Result<std::vector<ExportId>> ready_ones(store::Connection& connection);

struct Keyed {
    Request request;
    MarkKey key{};
};
/// Everything that was ever made, newest first, to find where a file comes from.
Result<std::vector<Keyed>> made_ones(store::Connection& connection);

Result<MarkKey> mark_key_of(store::Connection& connection, ExportId id);

}  // namespace escucha::exports
