#include "exports/detail/seen_customers.h"

#include <chrono>
#include <utility>

namespace escucha::exports::detail {

Result<void> SeenCustomers::add(CustomerId customer) {
    if (!known_.insert(customer).second) return ok();
    waiting_.push_back(customer);
    return waiting_.size() < audit::kMaxCustomers ? ok() : enter();
}

Result<void> SeenCustomers::finish() {
    if (waiting_.empty() && has_entered_) return ok();
    return enter();
}

Result<void> SeenCustomers::enter() {
    constexpr std::chrono::seconds kDeadline{10};
    audit::Entry entry;
    entry.company = request_.company;
    entry.at = read_clocks().wall;
    entry.who = {audit::ActorKind::User, request_.asked_by.to_string()};
    entry.action = "make_export_file";
    entry.object_kind = "export";
    entry.object_id = request_.id.to_string();
    entry.customers = std::exchange(waiting_, {});
    entry.reason = request_.reason;
    has_entered_ = true;
    return log_.append_and_wait(std::move(entry), kDeadline);
}

}  // namespace escucha::exports::detail
