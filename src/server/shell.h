#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "recording/keyring.h"
#include "server/config.h"
#include "server/control_port.h"
#include "store/journal.h"
#include "store/sql.h"

namespace escucha::server {

/// The shell around the cores: the control strand with its sockets and timers, the look-up and
/// speech pools, the media process. Holds no decision: those are `control::Centre`'s and
/// `sip::Stack`'s.
class Shell : public ControlPort {
public:
    /// `database` is migrated and holds at least one company; `journal` is open on it. Both outlive
    /// the shell, and so do the keys of recordings. Recovers what was live, opens the SIP port,
    /// starts media. Errors name the part.
    static Result<std::unique_ptr<Shell>> start(const Config& config,
                                                const store::Database& database,
                                                store::Journal& journal,
                                                recording::Keyring& keys);

    /// New calls get 503, live ones are ended politely, registrations are kept; waits at most
    /// `deadline` for the last words, then stops media and the threads.
    virtual void stop(std::chrono::seconds deadline) = 0;
};

}  // namespace escucha::server
