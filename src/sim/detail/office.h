#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "guard/guard.h"
#include "sim/detail/clock.h"
#include "sim/reading.h"

namespace escucha::sim {

inline constexpr std::size_t kPage = 50;  ///< Customers of a list as it is shown.

/// Somebody who reads customers, and what came of it.
struct Clerk {
    std::string habit;
    guard::Reader reader;
    guard::Profile profile = guard::Profile::Desk;
    std::optional<guard::InHand> in_hand{};
    bool is_on_shift = false;
    std::vector<CustomerId> follow_ups{};  ///< Cases of others that are looked at again.
    std::uint64_t reads = 0;
    std::vector<guard::Finding> findings{};
    std::vector<CustomerId> photographed{};  ///< All that was on the screen; of one who does that.
    bool takes_photographs = false;
};

/// A company's customers and those who read them, before the guard.
class Office {
public:
    explicit Office(const ReadingOptions& options);

    Clerk& hire(const std::string& habit);
    /// Works through the weeks.
    void run(std::uint32_t weeks);
    /// Something of the clerk's own at an instant of each working day, from the shift's begin.
    void each_day(std::uint32_t weeks, Duration after, std::function<void()> what);

    bool read(Clerk& clerk, guard::Kind kind, const std::vector<CustomerId>& customers);
    bool open(Clerk& clerk, CustomerId customer) {
        return read(clerk, guard::Kind::Open, {customer});
    }

    CustomerId anybody() { return customers_[dice.below(customers_.size())]; }
    /// In the order of names, from there on.
    [[nodiscard]] std::vector<CustomerId> list(std::size_t from, std::size_t length) const;
    [[nodiscard]] std::size_t size() const { return customers_.size(); }
    [[nodiscard]] bool is_canary(CustomerId customer) const { return canaries_.contains(customer); }
    /// Everybody on whose screen the customer was.
    [[nodiscard]] std::set<guard::Reader> readers_of(CustomerId customer) const;
    [[nodiscard]] WallTime now() const { return clock.now().wall; }
    std::vector<std::unique_ptr<Clerk>>& clerks() { return clerks_; }

    Clock clock;
    Dice dice;

private:
    void work_a_day(Clerk& clerk);
    void take_contact(Clerk& clerk, Instant end, Duration mean_pause);
    void find_caller(Clerk& clerk, CustomerId customer);
    void end_contact(Clerk& clerk);
    void work_on_case(Clerk& clerk, Instant end);
    void review(Clerk& clerk, Instant end);

    guard::Guard guard_;
    std::vector<CustomerId> customers_;  ///< In the order of their ids.
    std::vector<CustomerId> by_name_;
    std::set<CustomerId> canaries_;
    std::map<CustomerId, std::set<guard::Reader>> canary_readers_;
    std::vector<std::unique_ptr<Clerk>> clerks_;
};

}  // namespace escucha::sim
