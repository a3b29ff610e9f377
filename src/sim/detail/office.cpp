#include "sim/detail/office.h"

#include <algorithm>
#include <numeric>

namespace escucha::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A Monday.
const WallTime kMonday = from_micros(1'762'732'800'000'000);
constexpr Duration kShiftBegins = hours{9};
constexpr Duration kShift = hours{8};

std::size_t position(Dice& dice, std::size_t size, std::size_t length) {
    return dice.below(size - length);
}

}  // namespace

Office::Office(const ReadingOptions& options) : clock{kMonday}, dice{options.seed} {
    for (std::uint32_t i = 0; i < options.customers; ++i) {
        // Made over three years, so that an id says when.
        customers_.push_back(CustomerId::make(
            kMonday - hours{24} - minutes{(options.customers - i) * 80}, dice.rng()));
    }
    by_name_ = customers_;
    for (std::size_t i = by_name_.size() - 1; i > 0; --i) {
        std::swap(by_name_[i], by_name_[dice.below(i + 1)]);
    }
    while (canaries_.size() < options.canaries) canaries_.insert(anybody());
    guard_.set_canaries(canaries_);
}

Clerk& Office::hire(const std::string& habit) {
    auto clerk = std::make_unique<Clerk>();
    clerk->habit = habit;
    clerk->reader = guard::Reader::make(kMonday, dice.rng());
    if (habit == "reviewing") clerk->profile = guard::Profile::Review;
    clerks_.push_back(std::move(clerk));
    return *clerks_.back();
}

void Office::each_day(std::uint32_t weeks, Duration after, std::function<void()> what) {
    const Instant begin = clock.now().mono;
    for (std::uint32_t week = 0; week < weeks; ++week) {
        for (int day = 0; day < 5; ++day) {
            clock.at(begin + hours{24} * (static_cast<int>(week) * 7 + day) + kShiftBegins + after,
                     what);
        }
    }
}

void Office::run(std::uint32_t weeks) {
    for (const auto& clerk : clerks_) {
        each_day(weeks, Duration{0}, [this, who = clerk.get()] { work_a_day(*who); });
    }
    while (clock.step()) {
    }
}

bool Office::read(Clerk& clerk, guard::Kind kind, const std::vector<CustomerId>& customers) {
    const bool has_shift = clerk.profile == guard::Profile::Desk && clerk.habit != "back_office";
    const auto verdict = guard_.judge({.reader = clerk.reader,
                                       .profile = clerk.profile,
                                       .at = now(),
                                       .kind = kind,
                                       .customers = customers,
                                       .in_hand = clerk.in_hand,
                                       .shift = !has_shift          ? guard::Shift::Without
                                                : clerk.is_on_shift ? guard::Shift::On
                                                                    : guard::Shift::Off});
    ++clerk.reads;
    clerk.findings.insert(clerk.findings.end(), verdict.findings.begin(), verdict.findings.end());
    if (verdict.is_withheld) return false;
    for (const CustomerId& customer : customers) {
        if (is_canary(customer)) canary_readers_[customer].insert(clerk.reader);
    }
    if (clerk.takes_photographs) {
        clerk.photographed.insert(clerk.photographed.end(), customers.begin(), customers.end());
    }
    return true;
}

std::vector<CustomerId> Office::list(std::size_t from, std::size_t length) const {
    const auto begin = by_name_.begin() + static_cast<std::ptrdiff_t>(std::min(from, size()));
    const std::size_t left = size() - std::min(from, size());
    return {begin, begin + static_cast<std::ptrdiff_t>(std::min(length, left))};
}

std::set<guard::Reader> Office::readers_of(CustomerId customer) const {
    const auto found = canary_readers_.find(customer);
    return found == canary_readers_.end() ? std::set<guard::Reader>{} : found->second;
}

void Office::work_a_day(Clerk& clerk) {
    const Instant end = clock.now().mono + kShift;
    // Some are early and look something up before they sign in.
    if (dice.chance(0.15)) open(clerk, anybody());
    clerk.is_on_shift = true;
    clock.at(end, [&clerk] { clerk.is_on_shift = false; });
    if (clerk.habit == "busy") take_contact(clerk, end, minutes{1});
    if (clerk.habit == "slow") take_contact(clerk, end, minutes{9});
    if (clerk.habit == "back_office") work_on_case(clerk, end);
    if (clerk.habit == "reviewing") review(clerk, end);
}

void Office::take_contact(Clerk& clerk, Instant end, Duration mean_pause) {
    clock.after(dice.exponential(mean_pause) + seconds{5}, [this, &clerk, end, mean_pause] {
        if (clock.now().mono >= end) return;
        const CustomerId customer = anybody();
        const ContactId contact = ContactId::make(now(), dice.rng());
        // The number, or the menu, tells who calls; or nobody does.
        const bool is_known = dice.chance(0.75);
        clerk.in_hand = guard::InHand{contact, is_known ? std::optional{customer} : std::nullopt};
        if (is_known) {
            open(clerk, customer);
        } else {
            find_caller(clerk, customer);
        }
        clock.after(dice.between(minutes{2}, minutes{7}), [this, &clerk, end, mean_pause] {
            end_contact(clerk);
            take_contact(clerk, end, mean_pause);
        });
    });
}

// By name first, which many have, and whoever is not the first of them is opened too; then by
// document.
void Office::find_caller(Clerk& clerk, CustomerId customer) {
    if (dice.chance(0.5)) {
        const auto alike = list(position(dice, size(), 30), 2 + dice.below(28));
        read(clerk, guard::Kind::Search, alike);
        if (dice.chance(0.3)) open(clerk, alike[dice.below(alike.size())]);
    }
    read(clerk, guard::Kind::Search, {customer});
    clerk.in_hand->customer = customer;
    open(clerk, customer);
}

void Office::end_contact(Clerk& clerk) {
    // The account of somebody of the family, which the caller asks about as well.
    if (dice.chance(0.08)) open(clerk, anybody());
    // A recording of the contact, listened to again.
    if (clerk.in_hand->customer && dice.chance(0.05)) {
        read(clerk, guard::Kind::Recording, {*clerk.in_hand->customer});
    }
    clerk.in_hand.reset();
    // Between contacts: what a colleague asked for, looked at again on other days; the first page
    // of the customers, where the search begins.
    if (dice.chance(0.04)) {
        if (clerk.follow_ups.empty() || dice.chance(0.6)) clerk.follow_ups.push_back(anybody());
        open(clerk, clerk.follow_ups[dice.below(clerk.follow_ups.size())]);
    }
    if (dice.chance(0.05)) read(clerk, guard::Kind::List, list(0, kPage));
    if (dice.chance(0.02)) {
        read(clerk, guard::Kind::List, list(position(dice, size(), kPage), kPage));
    }
}

void Office::work_on_case(Clerk& clerk, Instant end) {
    clock.after(dice.exponential(minutes{6}) + seconds{20}, [this, &clerk, end] {
        if (clock.now().mono >= end) return;
        const CustomerId customer = anybody();
        // Most cases are one's own or the team's; a few are somebody else's.
        if (!dice.chance(0.05)) guard_.owns_case_of(clerk.reader, customer, now());
        open(clerk, customer);
        if (dice.chance(0.3)) open(clerk, customer);
        if (dice.chance(0.05)) {
            read(clerk, guard::Kind::List, list(position(dice, size(), kPage), kPage));
        }
        work_on_case(clerk, end);
    });
}

// A page of contacts, some of them looked into and heard.
void Office::review(Clerk& clerk, Instant end) {
    clock.after(dice.exponential(minutes{40}) + minutes{5}, [this, &clerk, end] {
        if (clock.now().mono >= end) return;
        std::vector<CustomerId> contacts;
        for (std::size_t i = 0; i < kPage; ++i) contacts.push_back(anybody());
        read(clerk, guard::Kind::List, contacts);
        for (std::size_t i = 0; i < 4; ++i) {
            const CustomerId customer = contacts[dice.below(contacts.size())];
            open(clerk, customer);
            read(clerk, guard::Kind::Recording, {customer});
            if (dice.chance(0.1)) clerk.follow_ups.push_back(customer);
        }
        if (!clerk.follow_ups.empty() && dice.chance(0.5)) {
            open(clerk, clerk.follow_ups[dice.below(clerk.follow_ups.size())]);
        }
        review(clerk, end);
    });
}

}  // namespace escucha::sim
