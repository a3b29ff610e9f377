#include "sim/reading.h"

#include <algorithm>

#include "base/check.h"
#include "sim/detail/office.h"

namespace escucha::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// A thief notes customers down one after another until the alarm and the block. Who works with an
/// accomplice has one notebook with him.
class Theft {
public:
    Theft(Office& office, TheftReport& report) : office_{office}, report_{report} {}

    /// What was seen is taken. What was withheld is not.
    void take(Clerk& clerk, guard::Kind kind, const std::vector<CustomerId>& customers) {
        begin();
        if (office_.read(clerk, kind, customers)) taken_.insert(customers.begin(), customers.end());
        look(clerk);
    }
    void begin() {
        if (!began_) began_ = office_.now();
    }
    /// What the thief was shown in the course of his work.
    void photograph(Clerk& clerk) {
        taken_.insert(clerk.photographed.begin(), clerk.photographed.end());
    }
    void look(const Clerk& clerk) {
        for (const guard::Finding& finding : clerk.findings) {
            const bool is_alarm = finding.severity != guard::Severity::Low;
            if (is_alarm && !report_.is_detected) detect(finding.signal);
            if (finding.blocks && !report_.is_blocked) {
                report_.is_blocked = true;
                report_.lost_to_block = static_cast<std::uint32_t>(taken_.size());
            }
        }
    }
    void detect(guard::Signal signal) {
        report_.is_detected = true;
        report_.signal = signal;
        report_.lost = static_cast<std::uint32_t>(taken_.size());
        report_.took = office_.now() - *began_;
    }
    [[nodiscard]] const std::set<CustomerId>& taken() const { return taken_; }

private:
    Office& office_;
    TheftReport& report_;
    std::optional<WallTime> began_;
    std::set<CustomerId> taken_;
};

/// Every `pause` during the shift of each day, from the first hour on.
void repeat(Office& office,
            std::uint32_t weeks,
            Duration pause,
            const std::function<void()>& what) {
    for (Duration after = hours{1}; after < hours{8}; after += pause) {
        office.each_day(weeks, after, what);
    }
}

/// Twenty an hour, five out of a list, here and there, between contacts and in them.
void steal_slowly(Office& office, Theft& theft, Clerk& thief, std::uint32_t weeks) {
    const auto page = std::make_shared<std::vector<CustomerId>>();
    repeat(office, weeks, minutes{3}, [&office, &theft, &thief, page] {
        constexpr std::size_t kOfList = 5;
        if (page->size() <= kPage - kOfList) {
            *page = office.list(office.dice.below(office.size() - kPage), kPage);
            office.read(thief, guard::Kind::List, *page);
        }
        const auto next =
            page->begin() + static_cast<std::ptrdiff_t>(office.dice.below(page->size()));
        theft.take(thief, guard::Kind::Open, {*next});
        page->erase(next);
    });
}

/// One every three seconds, down the list.
void steal_fast(Office& office, Theft& theft, Clerk& thief, std::uint32_t weeks) {
    const auto next = std::make_shared<std::size_t>(0);
    office.each_day(weeks, hours{1}, [&office, &theft, &thief, next] {
        for (int i = 0; i < 600; ++i) {
            office.clock.after(seconds{3} * i, [&office, &theft, &thief, next] {
                theft.take(thief, guard::Kind::Open, office.list((*next)++, 1));
            });
        }
    });
}

/// Opens nobody: turns the pages of the list of customers, one every two minutes.
void steal_lists(Office& office, Theft& theft, Clerk& thief, std::uint32_t weeks) {
    const auto from = std::make_shared<std::size_t>(0);
    repeat(office, weeks, minutes{2}, [&office, &theft, &thief, from] {
        theft.take(thief, guard::Kind::List, office.list(*from, kPage));
        *from += kPage;
    });
}

/// Two share each page, every other customer, in no order, two an hour each.
void steal_together(Office& office, Theft& theft, Clerk& thief, Clerk& other, std::uint32_t weeks) {
    struct Plan {
        std::vector<CustomerId> page;
        std::size_t from = 0;
    };
    const auto plan = std::make_shared<Plan>();
    repeat(office, weeks, minutes{15}, [&office, &theft, &thief, &other, plan] {
        if (plan->page.empty()) {
            plan->page = office.list(plan->from, kPage);
            plan->from += kPage;
            office.read(thief, guard::Kind::List, plan->page);
            office.read(other, guard::Kind::List, plan->page);
        }
        const bool is_others = plan->page.size() % 2 == 0;
        const auto next =
            plan->page.begin() + static_cast<std::ptrdiff_t>(office.dice.below(plan->page.size()));
        theft.take(is_others ? other : thief, guard::Kind::Open, {*next});
        plan->page.erase(next);
    });
}

/// Photographs the screen at work, reads nothing besides, and calls the numbers from a telephone of
/// his own in the evening.
void photograph(
    Office& office, Theft& theft, Clerk& thief, TheftReport& report, std::uint32_t weeks) {
    thief.takes_photographs = true;
    office.each_day(1, Duration{0}, [&theft] { theft.begin(); });
    const auto called = std::make_shared<std::set<CustomerId>>();
    office.each_day(weeks, hours{10}, [&office, &theft, &thief, &report, called] {
        theft.photograph(thief);
        for (const CustomerId& customer : theft.taken()) {
            if (!called->insert(customer).second || !office.is_canary(customer)) continue;
            if (report.is_detected) return;
            const auto suspects = office.readers_of(customer);
            report.suspects = static_cast<std::uint32_t>(suspects.size());
            report.is_among_suspects = suspects.contains(thief.reader);
            theft.detect(guard::Signal::CanaryContacted);
        }
    });
}

/// A small export a day, each with its approval, put together elsewhere.
void export_slices(Office& office, Theft& theft, Clerk& thief, std::uint32_t weeks) {
    constexpr std::size_t kSlice = 40;
    const auto from = std::make_shared<std::size_t>(0);
    office.each_day(weeks, hours{3}, [&office, &theft, &thief, from] {
        theft.take(thief, guard::Kind::Export, office.list(*from, kSlice));
        *from += kSlice;
    });
}

bool is_counted(const guard::Finding& finding) { return finding.severity != guard::Severity::Low; }

}  // namespace

double HonestReport::alarms_per_week() const {
    std::uint32_t all = 0;
    for (const auto& [signal, count] : alarms) all += count;
    return agent_weeks == 0 ? 0 : static_cast<double>(all) / agent_weeks;
}

TheftReport run_theft(const std::string& name, const ReadingOptions& options) {
    Office office{options};
    TheftReport report;
    report.thief = name;
    Theft theft{office, report};
    Clerk& thief = office.hire("busy");
    Clerk& other = office.hire("busy");
    for (std::uint32_t i = 0; i < options.people; ++i) office.hire("busy");
    if (name == "slow") {
        steal_slowly(office, theft, thief, options.weeks);
    } else if (name == "fast") {
        steal_fast(office, theft, thief, options.weeks);
    } else if (name == "colluding") {
        steal_together(office, theft, thief, other, options.weeks);
    } else if (name == "lists") {
        steal_lists(office, theft, thief, options.weeks);
    } else if (name == "screenshot") {
        photograph(office, theft, thief, report, options.weeks);
    } else {
        ESC_CHECK(name == "export");
        export_slices(office, theft, thief, options.weeks);
    }
    office.run(options.weeks);
    return report;
}

std::vector<HonestReport> run_honest(const ReadingOptions& options) {
    Office office{options};
    for (const char* habit : {"busy", "slow", "back_office", "reviewing"}) {
        for (std::uint32_t i = 0; i < options.people; ++i) office.hire(habit);
    }
    office.run(options.weeks);
    std::vector<HonestReport> reports;
    for (const auto& clerk : office.clerks()) {
        if (reports.empty() || reports.back().habit != clerk->habit) {
            reports.push_back({.habit = clerk->habit,
                               .agent_weeks = 0,
                               .reads = 0,
                               .alarms = {},
                               .low = 0,
                               .blocks = 0});
        }
        HonestReport& report = reports.back();
        report.agent_weeks += options.weeks;
        report.reads += clerk->reads;
        for (const guard::Finding& finding : clerk->findings) {
            if (is_counted(finding)) ++report.alarms[finding.signal];
            if (!is_counted(finding)) ++report.low;
            if (finding.blocks) ++report.blocks;
        }
    }
    return reports;
}

}  // namespace escucha::sim
