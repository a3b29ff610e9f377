#include "guard/detail/shared_lists.h"

#include <algorithm>

#include "guard/detail/reader_state.h"

namespace escucha::guard::detail {
namespace {

/// Readers remembered of one customer; the latest.
constexpr std::size_t kMostOpenings = 6;

}  // namespace

void SharedLists::show(std::span<const CustomerId> customers, WallTime at) {
    for (const CustomerId& customer : customers) known_.add(customer, at);
    if (customers.size() < kLeastInList) return;
    customers = customers.first(std::min(customers.size(), Guard::kMostInList));
    const std::pair ends{customers.front().value(), customers.back().value()};
    if (const auto known = by_ends_.find(ends); known != by_ends_.end()) drop(known->second);
    while (lists_.size() >= Guard::kMostLists) drop(std::prev(lists_.end()));
    lists_.push_front({at, {customers.begin(), customers.end()}});
    by_ends_.emplace(ends, lists_.begin());
    for (const CustomerId& customer : customers) {
        auto& lists = lists_of_[customer.value()];
        // The same customer may be in a list of cases twice.
        if (std::ranges::find(lists, lists_.begin()) == lists.end()) {
            lists.push_back(lists_.begin());
        }
    }
}

void SharedLists::drop(Lists::iterator list) {
    for (const CustomerId& customer : list->customers) {
        const auto found = lists_of_.find(customer.value());
        if (found == lists_of_.end()) continue;
        std::erase(found->second, list);
        if (found->second.empty()) lists_of_.erase(found);
    }
    by_ends_.erase({list->customers.front().value(), list->customers.back().value()});
    lists_.erase(list);
}

SharedLists::Coverage SharedLists::open(Reader reader, CustomerId customer, WallTime at) {
    opened_.add(customer, at);
    if (openings_.size() > 2 * 8'192) {
        std::erase_if(openings_,
                      [&](const auto& each) { return !opened_.has(CustomerId{each.first}, at); });
    }
    auto& openings = openings_[customer.value()];
    std::erase_if(openings, [&](const Opening& each) {
        return each.reader == reader || at - each.at >= kWeek;
    });
    openings.push_back({reader, at});
    if (openings.size() > kMostOpenings) openings.erase(openings.begin());

    Coverage most;
    const auto found = lists_of_.find(customer.value());
    if (found == lists_of_.end()) return most;
    std::size_t looked_at = 0;
    for (auto each = found->second.rbegin();
         each != found->second.rend() && looked_at < Guard::kListsOfCustomer;
         ++each, ++looked_at) {
        if (known_.count(at) < (kLeastOthers + 1) * (*each)->customers.size()) continue;
        Coverage coverage = cover(**each, reader, at);
        if (coverage.own > most.own) most.own = coverage.own;
        if (coverage.together > most.together || most.customers.empty()) {
            most.together = coverage.together;
            most.other = coverage.other;
            most.customers = std::move(coverage.customers);
        }
    }
    return most;
}

SharedLists::Coverage SharedLists::cover(const Shown& list, Reader reader, WallTime at) const {
    Coverage coverage;
    // Who shares a list out looks at each customer once: whom several looked at is somebody known.
    std::map<Reader, std::vector<CustomerId>> alone;
    for (const CustomerId& customer : list.customers) {
        const auto found = openings_.find(customer.value());
        if (found == openings_.end()) continue;
        bool is_own = false;
        std::optional<Reader> only;
        std::size_t readers = 0;
        for (const Opening& opening : found->second) {
            if (at - opening.at >= kWeek) continue;
            is_own |= opening.reader == reader;
            only = opening.reader;
            ++readers;
        }
        if (is_own) ++coverage.own;
        if (readers == 1) alone[*only].push_back(customer);
    }
    std::size_t most = 0;
    std::uint32_t sharing = 0;
    for (const auto& [who, customers] : alone) {
        if (customers.size() < kLeastEach) continue;
        ++sharing;
        coverage.together += static_cast<std::uint32_t>(customers.size());
        for (const CustomerId& customer : customers) {
            if (coverage.customers.size() < kShownInFinding) coverage.customers.push_back(customer);
        }
        if (who != reader && customers.size() > most) {
            most = customers.size();
            coverage.other = who;
        }
    }
    if (sharing < 2 || !alone.contains(reader) || alone.at(reader).size() < kLeastEach) {
        coverage.together = 0;
    }
    return coverage;
}

void SharedLists::forget(Reader reader) {
    for (auto& [customer, openings] : openings_) {
        std::erase_if(openings, [&](const Opening& each) { return each.reader == reader; });
    }
    std::erase_if(openings_, [](const auto& each) { return each.second.empty(); });
}

}  // namespace escucha::guard::detail
