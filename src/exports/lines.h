#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "exports/request.h"
#include "store/sql.h"

namespace escucha::exports {

/// One line of an export as the store has it.
struct DataLine {
    std::optional<CustomerId> customer;  ///< Whose data it is.
    std::vector<std::string> cells;      ///< In the order of the request's columns.
};

/// Reads a request's lines page by page, in the order in which they came to be; each page is of its
/// own moment.
class LineReader {
public:
    static constexpr std::int64_t kPage = 1'000;
    /// `request` and `connection` outlive it.
    LineReader(store::Connection& connection, const Request& request);
    /// The next ones; none at the end.
    Result<std::vector<DataLine>> next();

private:
    store::Connection& connection_;
    const Request& request_;
    store::Param last_;
    bool is_done_ = false;
};

/// How many lines, or recordings, the request is for; counts no further than one over the limit.
/// `hears` limits recordings to contacts of this agent. Errors: `InvalidArgument` with the name of
/// the filter that is no id or no instant.
Result<std::int64_t> count(store::Connection& connection,
                           const Request& request,
                           const std::optional<AgentId>& hears);

struct RecordingFile {
    RecordingId id;
    ContactId contact;
    std::optional<CustomerId> customer;
    WallTime started_at;
    std::string path;
};
Result<std::vector<RecordingFile>> recordings_of(store::Connection& connection,
                                                 const Request& request);

}  // namespace escucha::exports
