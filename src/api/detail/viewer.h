#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/detail/call.h"
#include "api/detail/masking.h"
#include "privacy/clearance.h"

namespace escucha::api {

/// What sessions revealed, in memory: a restart masks again. Any thread.
class Reveals {
public:
    /// Beyond these a session, and all sessions, reveal nothing more until something has ended.
    static constexpr std::size_t kMostOfSession = 100;
    static constexpr std::size_t kMost = 10'000;

    /// False when there are too many. One that is there is put off.
    bool add(const std::string& session, privacy::Reveal reveal, WallTime now);
    [[nodiscard]] std::vector<privacy::Reveal> of(const std::string& session, WallTime now);

private:
    struct Kept {
        std::string session;
        privacy::Reveal reveal;
    };
    void forget_ended(WallTime now);

    std::mutex mutex_;
    std::vector<Kept> kept_;
};

/// The contact that the caller's own agent is offered, talks with or writes up.
std::optional<privacy::ContactInHand> contact_in_hand(Call& call);

/// The session of one request, to the path that `pattern` is the template of.
class CallViewer final : public Viewer {
public:
    CallViewer(Call& call, std::string_view pattern) : call_{call}, pattern_{pattern} {}
    [[nodiscard]] bool sees_all(Sensitivity sensitivity) const override;
    const privacy::Clearance& clearance() override;
    privacy::Subject named() override;

private:
    [[nodiscard]] std::optional<std::string> path_value(std::string_view name) const;

    Call& call_;
    std::string pattern_;
    std::optional<privacy::Clearance> clearance_;
};

}  // namespace escucha::api
