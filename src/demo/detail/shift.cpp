#include "demo/detail/shift.h"

#include <algorithm>

namespace escucha::demo::detail {

using namespace std::chrono_literals;

Shift::Shift(const DemoAgent& agent, CompanyId company, Hours hours, std::vector<Event>& out)
    : agent_{agent},
      company_{company},
      hours_{hours},
      out_{out},
      since_{hours.from},
      free_at_{hours.from + 90s} {
    enter("not_ready", hours.from, "signed_in");
    enter("ready", free_at_);
}

bool Shift::takes(std::string_view queue) const {
    return std::find(agent_.queues.begin(), agent_.queues.end(), queue) != agent_.queues.end();
}

void Shift::have_lunch_by(WallTime at) {
    constexpr auto kLunch = 45min;
    if (had_lunch_ || std::max(at, free_at_) < hours_.lunch) return;
    had_lunch_ = true;
    const WallTime start = std::max(free_at_, hours_.lunch);
    enter("not_ready", start, "lunch");
    free_at_ = start + kLunch;
    enter("ready", free_at_);
}

void Shift::enter(std::string_view state,
                  WallTime at,
                  std::string_view reason,
                  std::optional<ContactId> contact) {
    Event changed;
    changed.type = "agent_state_changed";
    changed.at = at;
    changed.company = company_;
    changed.agent = agent_.id;
    changed.contact = contact;
    changed.with("state", state).with("reason", reason).with("previous", state_);
    changed.with("previous_ms", state_ == "signed_out" ? 0 : to_ms(at - since_));
    out_.push_back(std::move(changed));
    state_ = state;
    since_ = at;
}

void Shift::sign_out() { enter("signed_out", std::max(free_at_, hours_.until)); }

}  // namespace escucha::demo::detail
