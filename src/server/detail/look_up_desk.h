#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/ids.h"
#include "control/look_ups.h"
#include "store/sql.h"

namespace escucha::server {

/// Answers the centre's questions: those to the store on its own few threads, each with its own
/// read connection; those to HTTP connectors without holding a thread, so that a slow one delays
/// nobody.
class LookUpDesk {
public:
    static constexpr std::size_t kThreads = 2;
    /// Questions that wait for a thread; beyond it the answer is NotAvailable at once.
    static constexpr std::size_t kMaxQueued = 10'000;

    using Done = std::function<void(control::Answer)>;

    LookUpDesk(const store::Database& database,
               const std::map<std::string, std::string>& connectors);
    ~LookUpDesk();

    /// `done` is called once, on one of the desk's threads or at once on this one.
    void ask(CompanyId company, control::Question question, Done done);
    /// Other blocking work of the shell, on the same threads.
    void run(std::function<void()> work);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace escucha::server
