#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/time.h"
#include "demo/detail/world.h"

namespace escucha::demo::detail {

/// One agent's working day in the history: states follow one another without a gap, from signing in
/// to signing out. Appends its events to a list it borrows.
class Shift {
public:
    struct Hours {
        WallTime from, until, lunch;
    };

    Shift(const DemoAgent& agent, CompanyId company, Hours hours, std::vector<Event>& out);

    /// Goes to lunch when `at`, or the end of the present work, is past its hour.
    void have_lunch_by(WallTime at);
    /// From when on the agent may be offered a contact.
    [[nodiscard]] WallTime free_at() const { return free_at_; }
    [[nodiscard]] bool takes(std::string_view queue) const;
    [[nodiscard]] bool is_on(WallTime at) const { return at < hours_.until; }

    /// `at` never goes back.
    void enter(std::string_view state,
               WallTime at,
               std::string_view reason = {},
               std::optional<ContactId> contact = {});
    /// Busy until then; the next state is entered by the caller.
    void busy_until(WallTime at) { free_at_ = at; }
    void sign_out();

    [[nodiscard]] AgentId agent() const { return agent_.id; }
    [[nodiscard]] UserId user() const { return agent_.user; }

private:
    const DemoAgent& agent_;
    CompanyId company_;
    Hours hours_;
    std::vector<Event>& out_;
    std::string_view state_ = "signed_out";
    WallTime since_;
    WallTime free_at_;
    bool had_lunch_ = false;
};

inline std::int64_t to_ms(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace escucha::demo::detail
