#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "api/detail/call.h"
#include "api/detail/canary_watch.h"
#include "guard/guard.h"

namespace escucha::api {

/// How an operation reads customers, from its name and what it is about (operationId, x-audit);
/// none: it shows the work in hand (the desk, the floor, an agent's commands), or no customer.
std::optional<guard::Kind> kind_of_read(std::string_view operation, std::string_view audit_kind);

/// Every company's guard (src/guard) with what it must be told: who asks, which contact is in
/// hand, which cases are one's own. Raises what it finds as events. Any thread.
///
/// After a restart a company's guard reads the audit log of a week: what a read was judged to be
/// is in its entry, so nothing is written twice, and nobody can clear his own count.
class ReadGuard {
public:
    ReadGuard(store::Journal& journal, IdMaker& ids, const store::Database& database);

    struct Judged {
        bool is_withheld = false;
        /// For the entry's details; `replay` reads them.
        boost::json::object details;
    };
    /// The customers of `call.seen`, about to be shown.
    Attempt<Judged> judge(Call& call, guard::Kind kind);
    /// The same of what is about to be changed, without counting it.
    Attempt<bool> would_withhold(Call& call, guard::Kind kind);

    void lift(CompanyId company, guard::Reader reader);
    /// What is planted has changed.
    Attempt<void> plant(Call& call);

private:
    struct Company {
        guard::Guard guard;
        bool is_loaded = false;
        std::map<guard::Reader, WallTime> synced;  ///< What a reader handled is known up to then.
    };
    struct Circumstances;
    Attempt<Circumstances> circumstances(Call& call, guard::Kind kind);
    Attempt<void> load(Call& call, Company& company);
    Attempt<void> replay(Call& call, Company& company);
    Attempt<void> tell_work(Call& call, Company& company, const guard::Read& read);
    Attempt<void> prepare(Call& call, Company& company, const guard::Read& read);
    void raise(const Call& call, const guard::Finding& finding);

    store::Journal& journal_;
    IdMaker& ids_;
    std::mutex mutex_;  ///< Of the companies.
    std::map<CompanyId, Company> companies_;
    CanaryWatch canaries_;
};

/// Who asks, as the guard and the alerts name them.
guard::Reader reader_of(const identity::Principal& who);
std::string_view reader_kind_of(const identity::Principal& who);

}  // namespace escucha::api
