#pragma once

#include <memory>

#include <boost/json/object.hpp>

#include "api/detail/access.h"
#include "api/detail/call.h"
#include "api/detail/handlers.h"
#include "api/detail/remembered.h"
#include "audit/log.h"

namespace escucha::api {

/// The audit log as the API writes to it. Any thread.
struct Auditor {
    audit::Log& log;
    /// What somebody listens to: a player asks for one recording in many parts, and they are one
    /// reading while they come close together.
    /// Shared with entries that are still being written when the server is gone.
    using Heard = Remembered<std::string>;
    std::shared_ptr<Heard> heard =
        std::make_shared<Heard>(std::chrono::minutes{10}, Heard::Repeat::PutsOff);
};

/// What is answered when the entry could not be written.
Problem not_audited();

/// What one request leaves in the audit log. A change is entered before it is made, what is shown
/// before it leaves, a refusal with its status; whatever cannot be entered is not done and not
/// shown.
///
/// Operations that read or change nobody's data (x-audit: none) leave an entry only when a role is
/// refused.
class AuditTrail {
public:
    AuditTrail(Auditor& auditor,
               Call& call,
               const Route& route,
               Access::Kind access,
               const boost::json::object& operation);

    /// The caller's role may not.
    Attempt<void> refuse();
    /// The request is understood and about to be handled.
    Attempt<void> begin();
    /// It was handled. What is shown departs when its entry is on disk, without keeping this
    /// thread. The problem, if there is one, is to be the answer instead.
    Attempt<void> end(Answer& answer);

private:
    [[nodiscard]] bool is_change() const { return call_.request.method != "GET"; }
    Attempt<void> find_named();
    Attempt<void> find_named(std::string_view name, std::string_view id);
    [[nodiscard]] audit::Entry entry(audit::Outcome outcome, unsigned status) const;
    Attempt<void> enter(audit::Outcome outcome, unsigned status);
    Attempt<void> enter_shown(net::Response& response);
    Attempt<void> withhold();

    Auditor& auditor_;
    Call& call_;
    const Route& route_;
    Access::Kind access_;
    std::string_view action_, kind_;
    const boost::json::value* kept_of_body_;  ///< x-audit-body: names of its members.
    std::size_t begun_with_ = 0;  ///< Customers that the entry of `begin` names.
    boost::json::object judged_ = {};  ///< How the guard took the read.
};

}  // namespace escucha::api
