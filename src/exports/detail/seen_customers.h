#pragma once

#include <set>
#include <string>
#include <vector>

#include "audit/log.h"
#include "base/result.h"
#include "exports/request.h"

namespace escucha::exports::detail {

/// Enters in the audit log whose data goes into a file, so that "who has seen me" finds it: an
/// entry for every so many customers, written before the file can be had.
class SeenCustomers {
public:
    SeenCustomers(audit::Log& log, const Request& request) : log_{log}, request_{request} {}

    Result<void> add(CustomerId customer);
    /// What was not entered yet, and always one entry.
    Result<void> finish();
    [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(known_.size()); }

private:
    Result<void> enter();

    audit::Log& log_;
    const Request& request_;
    std::set<CustomerId> known_;
    std::vector<CustomerId> waiting_;
    bool has_entered_ = false;
};

}  // namespace escucha::exports::detail
