#include "guard/guard.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/rng.h"

namespace escucha::guard {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNine = from_micros(1'762'765'200'000'000);

/// A company of customers made one a minute, and one reader of it.
struct Company {
    Guard guard;
    Rng rng{5};
    std::vector<CustomerId> customers;
    Reader ana = Reader::make(kNine, rng);
    Reader luis = Reader::make(kNine, rng);
    ContactId contact = ContactId::make(kNine, rng);
    WallTime now = kNine;

    Company() {
        for (int i = 0; i < 3'000; ++i) {
            customers.push_back(CustomerId::make(kNine - hours{2'000} + minutes{i}, rng));
        }
    }
    Verdict read(Reader who, Kind kind, std::vector<CustomerId> whom, Read how = {}) {
        how.reader = who;
        how.kind = kind;
        how.at = now;
        how.customers = whom;
        return guard.judge(how);
    }
    Verdict open(Reader who, std::size_t index, Read how = {}) {
        return read(who, Kind::Open, {customers[index]}, how);
    }
    /// In no order of ids: up, down, up.
    static std::size_t scattered(std::size_t i) { return (i % 2 == 0 ? 1'000 + i : 900 - i); }
    [[nodiscard]] std::vector<CustomerId> page(std::size_t from, std::size_t length) const {
        const auto begin = customers.begin() + static_cast<std::ptrdiff_t>(from);
        return {begin, begin + static_cast<std::ptrdiff_t>(length)};
    }
};

const Finding* found(const Verdict& verdict, Signal signal) {
    const auto at = std::ranges::find(verdict.findings, signal, &Finding::signal);
    return at == verdict.findings.end() ? nullptr : &*at;
}

TEST_CASE("one more than the budget of an hour raises an alert, half as many again a block") {
    Company it;
    const std::uint32_t allowed = default_limits(Profile::Desk).alone_hour.base;
    const std::uint32_t blocked_after = allowed * 150 / 100;
    for (std::uint32_t i = 0; i < allowed; ++i) {
        CHECK(it.open(it.ana, Company::scattered(i)).findings.empty());
        it.now += minutes{2};
    }
    const Verdict alert = it.open(it.ana, Company::scattered(allowed));
    const Finding* finding = found(alert, Signal::WithoutContact);
    REQUIRE(finding != nullptr);
    CHECK(finding->count == allowed + 1);
    CHECK(finding->allowed == allowed);
    CHECK(finding->window == hours{1});
    CHECK(finding->customers.size() == allowed + 1);
    CHECK(finding->customers.front() == it.customers[Company::scattered(allowed)]);
    CHECK_FALSE(finding->blocks);
    CHECK_FALSE(alert.is_withheld);

    for (std::uint32_t i = allowed + 1; i < blocked_after; ++i) {
        it.now += minutes{3};
        CHECK_FALSE(it.open(it.ana, Company::scattered(i)).is_withheld);
    }
    const Verdict block = it.open(it.ana, Company::scattered(blocked_after));
    CHECK(block.is_withheld);
    CHECK(std::ranges::any_of(block.findings, &Finding::blocks));
    CHECK(it.guard.is_blocked(it.ana));
    CHECK_FALSE(it.guard.is_blocked(it.luis));
}

TEST_CASE("a window slides: what was read an hour ago counts no more") {
    Company it;
    for (std::uint32_t i = 0; i < 16; ++i) {
        CHECK(it.open(it.ana, Company::scattered(i)).findings.empty());
        it.now += minutes{8};
    }
}

TEST_CASE(
    "the customer of a contact in hand is work, however often and also for a blocked reader") {
    Company it;
    it.guard.block(it.ana);
    const InHand hand{it.contact, it.customers[7]};
    for (int i = 0; i < 50; ++i) {
        const Verdict verdict = it.open(it.ana, 7, {.in_hand = hand});
        CHECK_FALSE(verdict.is_withheld);
        CHECK(verdict.findings.empty());
        it.now += minutes{20};
    }
    CHECK(it.open(it.ana, 8, {.in_hand = hand}).is_withheld);
    CHECK(it.read(it.ana, Kind::Search, it.page(7, 2), {.in_hand = hand}).is_withheld);
}

TEST_CASE("a blocked reader finds out who an unknown caller is, and no more than a few") {
    Company it;
    it.guard.block(it.ana);
    const InHand hand{it.contact, std::nullopt};
    CHECK(it.read(it.ana, Kind::Search, it.page(10, 2), {.in_hand = hand}).is_withheld);
    for (std::size_t i = 0; i < Guard::kCustomersOfContact; ++i) {
        CHECK_FALSE(it.read(it.ana, Kind::Search, it.page(i, 1), {.in_hand = hand}).is_withheld);
        CHECK_FALSE(it.open(it.ana, i, {.in_hand = hand}).is_withheld);
    }
    CHECK(it.open(it.ana, 50, {.in_hand = hand}).is_withheld);
}

TEST_CASE("the customers of one's own cases are work, as many as a day has") {
    Company it;
    for (std::size_t i = 0; i < Guard::kCasesOfDay + 1; ++i) {
        it.guard.owns_case_of(it.ana, it.customers[i], it.now);
    }
    CHECK(it.guard.is_work(it.ana, it.customers[Guard::kCasesOfDay - 1], it.now));
    CHECK_FALSE(it.guard.is_work(it.ana, it.customers[Guard::kCasesOfDay], it.now));
    CHECK_FALSE(it.guard.is_work(it.luis, it.customers[0], it.now));
    CHECK_FALSE(it.guard.is_work(it.ana, it.customers[0], it.now + Guard::kWorkLasts));
}

TEST_CASE("who handles more may read more") {
    const Budget budget{.base = 10, .per_ten_handled = 8};
    CHECK(budget.allowed(0) == 10);
    CHECK(budget.allowed(10) == 18);
    Company it;
    for (int i = 0; i < 40; ++i) {
        it.guard.handles(it.ana, ContactId::make(it.now, it.rng), std::nullopt, it.now);
    }
    const InHand hand{it.contact, it.customers[2'900]};
    for (std::uint32_t i = 0; i < 30; ++i) {
        it.now += seconds{100};
        CHECK(it.open(it.ana, Company::scattered(i), {.in_hand = hand}).findings.empty());
    }
}

TEST_CASE("lists that are leafed through are found by how many customers they show") {
    Company it;
    std::uint32_t shown = 0;
    bool is_withheld = false;
    for (std::size_t page = 0; page < 10 && !is_withheld; ++page) {
        const Verdict verdict = it.read(it.ana, Kind::List, it.page(page * 50, 50));
        is_withheld = verdict.is_withheld;
        if (!is_withheld) shown += 50;
        it.now += seconds{5};
    }
    CHECK(is_withheld);
    CHECK(shown == 200);
}

TEST_CASE("customers opened in the order of their ids are noticed, up and down") {
    for (const bool is_up : {true, false}) {
        Company it;
        const std::uint32_t run = default_limits(Profile::Desk).sequence;
        Verdict verdict;
        for (std::uint32_t i = 0; i < run; ++i) {
            CHECK(found(verdict, Signal::Sequence) == nullptr);
            it.now += hours{9};
            verdict = it.open(it.ana, is_up ? i * 3 : 2'000 - i * 3);
        }
        const Finding* finding = found(verdict, Signal::Sequence);
        REQUIRE(finding != nullptr);
        CHECK(finding->count == run);
        CHECK(finding->customers.size() == run);
    }
}

TEST_CASE("two who share a list out are named together, and neither by himself") {
    Company it;
    for (std::size_t page = 0; page < 20; ++page) {
        it.read(it.luis, Kind::List, it.page(page * 40, 40), {.profile = Profile::Review});
        it.now += hours{5};
    }
    it.read(it.ana, Kind::List, it.page(0, 40));
    Verdict verdict;
    for (std::size_t i = 0; i < 12; ++i) {
        CHECK(verdict.findings.empty());
        it.now += hours{3};
        verdict = it.open(i % 2 == 0 ? it.ana : it.luis, (i * 17) % 40);
    }
    const Finding* finding = found(verdict, Signal::Together);
    REQUIRE(finding != nullptr);
    CHECK(finding->reader == it.luis);
    CHECK(finding->other == it.ana);
    CHECK(finding->count == 12);
}

TEST_CASE("in a company with few customers a list says nothing") {
    Company it;
    it.read(it.ana, Kind::List, it.page(0, 40));
    for (std::size_t i = 0; i < 20; ++i) {
        it.now += hours{6};
        const Verdict verdict = it.open(i % 2 == 0 ? it.ana : it.luis, (i * 17) % 40);
        CHECK(found(verdict, Signal::Together) == nullptr);
        CHECK(found(verdict, Signal::ListWalk) == nullptr);
    }
}

TEST_CASE("one customer looked up again and again is noticed; a page that is loaded again is not") {
    Company it;
    const std::uint32_t most = default_limits(Profile::Desk).repeats_in_day;
    Verdict verdict;
    for (std::uint32_t i = 0; i < most; ++i) {
        CHECK(found(verdict, Signal::Repeated) == nullptr);
        it.now += minutes{30};
        verdict = it.open(it.ana, 3);
        for (int again = 0; again < 5; ++again) {
            CHECK(found(it.open(it.ana, 3), Signal::Repeated) == nullptr);
        }
    }
    const Finding* finding = found(verdict, Signal::Repeated);
    REQUIRE(finding != nullptr);
    CHECK(finding->count == most);
    CHECK(finding->customers == std::vector{it.customers[3]});
    CHECK_FALSE(finding->blocks);
}

TEST_CASE("who reads while signed out of the shift is noticed after a few") {
    Company it;
    const std::uint32_t allowed = default_limits(Profile::Desk).off_shift_day.base;
    Verdict verdict;
    for (std::uint32_t i = 0; i <= allowed; ++i) {
        CHECK(verdict.findings.empty());
        it.now += hours{2};
        verdict = it.open(it.ana, Company::scattered(i), {.shift = Shift::Off});
    }
    CHECK(found(verdict, Signal::OffShift) != nullptr);
}

TEST_CASE(
    "a canary that is opened is a low alert, once a day; among the results of a search it is "
    "none") {
    Company it;
    it.guard.set_canaries({it.customers[3]});
    CHECK(it.read(it.ana, Kind::Search, it.page(0, 10)).findings.empty());
    const Verdict verdict = it.open(it.ana, 3);
    REQUIRE(verdict.findings.size() == 1);
    CHECK(verdict.findings.front().signal == Signal::CanaryOpened);
    CHECK(verdict.findings.front().severity == Severity::Low);
    CHECK_FALSE(verdict.is_withheld);
    CHECK(it.open(it.ana, 3).findings.empty());
}

TEST_CASE("a lifted block begins the count anew and leaves the work") {
    Company it;
    for (std::uint32_t i = 0; i < 13; ++i) it.open(it.ana, Company::scattered(i));
    REQUIRE(it.guard.is_blocked(it.ana));
    it.guard.handles(it.ana, it.contact, it.customers[7], it.now);
    it.guard.lift(it.ana);
    CHECK_FALSE(it.guard.is_blocked(it.ana));
    CHECK(it.guard.is_work(it.ana, it.customers[7], it.now));
    const Verdict verdict = it.open(it.ana, Company::scattered(20));
    CHECK(verdict.findings.empty());
    CHECK_FALSE(verdict.is_withheld);
}

TEST_CASE("would_withhold judges without counting") {
    Company it;
    const std::vector whom{it.customers[5]};
    Read change{.reader = it.ana, .at = it.now, .customers = whom};
    CHECK_FALSE(it.guard.would_withhold(change));
    it.guard.block(it.ana);
    CHECK(it.guard.would_withhold(change));
    it.guard.handles(it.ana, it.contact, it.customers[5], it.now);
    CHECK_FALSE(it.guard.would_withhold(change));
}

TEST_CASE("a clock that is put back moves no window") {
    Company it;
    it.open(it.ana, 3);
    it.now -= hours{48};
    for (std::uint32_t i = 0; i < 8; ++i) it.open(it.ana, Company::scattered(i));
    CHECK(found(it.open(it.ana, Company::scattered(9)), Signal::Opened) == nullptr);
    CHECK(it.guard.is_work(it.ana, it.customers[3], it.now) == false);
}

TEST_CASE("readers beyond the most push out whoever read longest ago") {
    Company it;
    for (int i = 0; i < 8; ++i) it.open(it.ana, Company::scattered(static_cast<std::size_t>(i)));
    for (std::size_t i = 0; i < Guard::kMostReaders; ++i) {
        it.now += seconds{1};
        it.open(Reader::make(it.now, it.rng), 5);
    }
    // Forgotten, so that the ninth is the first.
    it.now = it.now - seconds{1};
    CHECK(it.open(it.ana, Company::scattered(9)).findings.empty());
}

TEST_CASE("every budget's block is within what can be counted, on a day with many contacts") {
    constexpr std::size_t kManyContacts = 200;
    for (const Profile profile : {Profile::Desk, Profile::Review, Profile::Program}) {
        CHECK(parse_profile(word(profile)) == profile);
        const Limits limits = default_limits(profile);
        for (const Budget& budget : {limits.opened_burst,
                                     limits.opened_hour,
                                     limits.opened_day,
                                     limits.opened_week,
                                     limits.alone_hour,
                                     limits.alone_day,
                                     limits.alone_week,
                                     limits.shown_burst,
                                     limits.shown_hour,
                                     limits.shown_day,
                                     limits.off_shift_day,
                                     limits.exported_day,
                                     limits.exported_week}) {
            CHECK(budget.base > 0);
            CHECK(budget.allowed(kManyContacts) * limits.block_percent / 100 < Guard::kMostCounted);
        }
        CHECK(limits.list_walk * limits.block_percent / 100 <= Guard::kMostInList);
    }
    CHECK_FALSE(parse_profile("nobody").has_value());
}

TEST_CASE("words and values are one to one") {
    for (const Kind kind :
         {Kind::Search, Kind::List, Kind::Open, Kind::Reveal, Kind::Export, Kind::Recording}) {
        CHECK(parse_kind(word(kind)) == kind);
    }
    for (const Signal signal : {Signal::Opened,
                                Signal::WithoutContact,
                                Signal::Shown,
                                Signal::OffShift,
                                Signal::Exported,
                                Signal::Sequence,
                                Signal::ListWalk,
                                Signal::Together,
                                Signal::Repeated,
                                Signal::CanaryOpened,
                                Signal::CanaryContacted}) {
        CHECK(parse_signal(word(signal)) == signal);
    }
    CHECK_FALSE(parse_signal("").has_value());
}

}  // namespace
}  // namespace escucha::guard
