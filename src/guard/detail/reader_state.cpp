#include "guard/detail/reader_state.h"

#include <algorithm>

namespace escucha::guard::detail {

std::uint32_t Walk::step(CustomerId customer) {
    if (customer == last) return std::max(up, down);
    const bool is_first = last.is_nil();
    up = is_first || customer < last ? 1 : up + 1;
    down = is_first || customer > last ? 1 : down + 1;
    last = customer;
    steps.push_front(customer);
    if (steps.size() > kShownInFinding) steps.pop_back();
    return std::max(up, down);
}

Repeats::Counts Repeats::look_up(CustomerId customer, WallTime at) {
    known_.add(customer, at);
    if (at_.size() > 2 * Guard::kMostCounted) {
        std::erase_if(at_,
                      [&](const auto& each) { return !known_.has(CustomerId{each.first}, at); });
    }
    auto& times = at_[customer.value()];
    while (!times.empty() && at - times.front() >= kWeek) times.pop_front();
    Counts counts;
    counts.is_new = times.empty() || at - times.back() >= kApart;
    if (counts.is_new) times.push_back(at);
    if (times.size() > kMostEach) times.pop_front();
    counts.week = static_cast<std::uint32_t>(times.size());
    counts.day = static_cast<std::uint32_t>(
        std::ranges::count_if(times, [&](WallTime each) { return at - each < kDay; }));
    return counts;
}

ReaderState::ReaderState()
    : handled{Recent<HandledId>{kWindows[0], Guard::kMostCounted},
              Recent<HandledId>{kWindows[1], Guard::kMostCounted},
              Recent<HandledId>{kWindows[2], Guard::kMostCounted},
              Recent<HandledId>{kWindows[3], Guard::kMostCounted}},
      work{Guard::kWorkLasts, Guard::kMostCounted},
      cases{Guard::kWorkLasts, Guard::kCasesOfDay},
      canaries{kDay, Guard::kMostCounted} {
    for (const Measure& measure : kMeasures) {
        counted.emplace_back(kWindows[measure.window], Guard::kMostCounted);
    }
}

bool ReaderState::is_due(std::size_t kind, Duration window, WallTime at) {
    if (alerted.size() <= kind) alerted.resize(kind + 1);
    auto& [last, silence] = alerted[kind];
    if (last != WallTime{} && at - last < silence) return false;
    last = at;
    silence = window;
    return true;
}

}  // namespace escucha::guard::detail
