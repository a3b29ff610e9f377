#include "guard/guard.h"

#include <algorithm>
#include <array>
#include <utility>

#include "guard/detail/reader_state.h"
#include "guard/detail/shared_lists.h"

namespace escucha::guard {

using detail::kMeasures;
using detail::kWindows;
using detail::ReaderState;
using detail::Recent;

namespace {

template <typename Word, std::size_t size>
using Words = std::array<std::pair<Word, std::string_view>, size>;

template <typename Word, std::size_t size>
std::optional<Word> parse(const Words<Word, size>& words, std::string_view text) {
    for (const auto& [value, name] : words) {
        if (name == text) return value;
    }
    return std::nullopt;
}

constexpr Words<Kind, 6> kKinds{{
    {Kind::Search, "search"},
    {Kind::List, "list"},
    {Kind::Open, "open"},
    {Kind::Reveal, "reveal"},
    {Kind::Export, "export"},
    {Kind::Recording, "recording"},
}};
constexpr Words<Signal, 11> kSignals{{
    {Signal::Opened, "opened"},
    {Signal::WithoutContact, "without_contact"},
    {Signal::Shown, "shown"},
    {Signal::OffShift, "off_shift"},
    {Signal::Exported, "exported"},
    {Signal::Sequence, "sequence"},
    {Signal::ListWalk, "list_walk"},
    {Signal::Together, "together"},
    {Signal::Repeated, "repeated"},
    {Signal::CanaryOpened, "canary_opened"},
    {Signal::CanaryContacted, "canary_contacted"},
}};
constexpr Words<Severity, 4> kSeverities{{
    {Severity::Low, "low"},
    {Severity::Medium, "medium"},
    {Severity::High, "high"},
    {Severity::Critical, "critical"},
}};

// Kinds of alerts that are silent for a while after one, each for its own: two of every measure,
// then two of these.
enum class Pattern : std::size_t { Sequence, ListWalk, Together, RepeatedDay, RepeatedWeek };
constexpr std::size_t slot(std::size_t measure, bool blocks) {
    return measure * 2 + (blocks ? 1 : 0);
}
constexpr std::size_t slot(Pattern pattern, bool blocks) {
    return slot(kMeasures.size() + static_cast<std::size_t>(pattern), blocks);
}

bool looks_at_one(Kind kind) {
    return kind == Kind::Open || kind == Kind::Reveal || kind == Kind::Recording;
}

bool counts(Signal signal, const Read& read) {
    switch (signal) {
        case Signal::Opened:
            return looks_at_one(read.kind);
        case Signal::WithoutContact:
            return looks_at_one(read.kind) && !read.in_hand;
        case Signal::Shown:
            return read.kind == Kind::Search || read.kind == Kind::List;
        case Signal::OffShift:
            return read.shift == Shift::Off &&
                   (looks_at_one(read.kind) || read.kind == Kind::Export);
        case Signal::Exported:
            return read.kind == Kind::Export;
        case Signal::Sequence:
        case Signal::ListWalk:
        case Signal::Together:
        case Signal::Repeated:
        case Signal::CanaryOpened:
        case Signal::CanaryContacted:
            return false;
    }
    return false;
}

std::uint32_t narrow(std::size_t count) { return static_cast<std::uint32_t>(count); }

}  // namespace

std::string_view word(Kind kind) { return kKinds[static_cast<std::size_t>(kind)].second; }
std::optional<Kind> parse_kind(std::string_view text) { return parse(kKinds, text); }
std::string_view word(Signal signal) { return kSignals[static_cast<std::size_t>(signal)].second; }
std::optional<Signal> parse_signal(std::string_view text) { return parse(kSignals, text); }
std::string_view word(Severity severity) {
    return kSeverities[static_cast<std::size_t>(severity)].second;
}

std::size_t Verdict::beyond() const {
    return static_cast<std::size_t>(std::ranges::count(is_work, false));
}

Guard::Guard() : lists_{std::make_unique<detail::SharedLists>()} {
    for (const Profile profile : {Profile::Desk, Profile::Review, Profile::Program}) {
        limits_.emplace(profile, default_limits(profile));
    }
}
Guard::Guard(Guard&&) noexcept = default;
Guard& Guard::operator=(Guard&&) noexcept = default;
Guard::~Guard() = default;

ReaderState& Guard::state_of(Reader reader, WallTime& at) {
    // The clock of a machine may be put back; windows only move on.
    at = last_ = std::max(at, last_);
    const auto known = readers_.find(reader);
    if (known != readers_.end()) {
        known->second->last_read = at;
        return *known->second;
    }
    if (readers_.size() >= kMostReaders) {
        readers_.erase(std::ranges::min_element(
            readers_, {}, [](const auto& each) { return each.second->last_read; }));
    }
    auto& made = readers_[reader];
    made = std::make_unique<ReaderState>();
    made->last_read = at;
    return *made;
}

void Guard::handles(Reader reader,
                    ContactId contact,
                    std::optional<CustomerId> customer,
                    WallTime at) {
    ReaderState& state = state_of(reader, at);
    for (auto& handled : state.handled) handled.add(detail::HandledId{contact.value()}, at);
    if (!customer) return;
    if (state.customers_of.size() > 2 * kMostCounted) {
        std::erase_if(state.customers_of, [&](const auto& each) {
            return !state.handled.back().has(detail::HandledId{each.first}, at);
        });
    }
    auto& customers = state.customers_of[contact.value()];
    const bool is_known = std::ranges::find(customers, *customer) != customers.end();
    if (!is_known && customers.size() >= kCustomersOfContact) return;
    if (!is_known) customers.push_back(*customer);
    state.work.add(*customer, at);
}

void Guard::owns_case_of(Reader reader, CustomerId customer, WallTime at) {
    ReaderState& state = state_of(reader, at);
    if (state.cases.has(customer, at) || state.cases.count(at) < kCasesOfDay) {
        state.cases.add(customer, at);
        for (auto& handled : state.handled) handled.add(detail::HandledId{customer.value()}, at);
    }
}

void Guard::recall_work(Reader reader, CustomerId customer, WallTime at) {
    state_of(reader, at).work.add(customer, at);
}

bool Guard::is_work(Reader reader, CustomerId customer, WallTime at) {
    ReaderState& state = state_of(reader, at);
    return state.work.has(customer, at) || state.cases.has(customer, at);
}

bool Guard::would_withhold(const Read& read) {
    return is_blocked(read.reader) &&
           std::ranges::any_of(read.customers, [&](const CustomerId& customer) {
               return !is_work(read.reader, customer, read.at);
           });
}

Verdict Guard::judge(const Read& read) {
    WallTime at = std::max(read.at, last_);
    if (read.in_hand) {
        handles(read.reader, read.in_hand->contact, read.in_hand->customer, at);
        // Somebody whom nobody knows calls, and one customer is found: that is who calls.
        const bool is_identified = !read.in_hand->customer && read.customers.size() == 1 &&
                                   (read.kind == Kind::Search || read.kind == Kind::Open);
        if (is_identified) {
            handles(read.reader, read.in_hand->contact, read.customers.front(), at);
        }
    }
    Verdict verdict;
    for (const CustomerId& customer : read.customers) {
        verdict.is_work.push_back(is_work(read.reader, customer, at));
    }
    verdict.is_withheld = is_blocked(read.reader) && verdict.beyond() > 0;
    if (verdict.is_withheld) return verdict;

    judge_budgets(read, at, verdict);
    if (read.kind == Kind::Search || read.kind == Kind::List) lists_->show(read.customers, at);
    if (looks_at_one(read.kind)) judge_opened(read, at, verdict);
    if (std::ranges::any_of(verdict.findings, &Finding::blocks)) {
        block(read.reader);
        verdict.is_withheld = true;
    }
    return verdict;
}

void Guard::judge_budgets(const Read& read, WallTime at, Verdict& verdict) {
    if (verdict.beyond() == 0) return;
    ReaderState& state = state_of(read.reader, at);
    const Limits& limits = limits_.at(read.profile);
    for (std::size_t i = 0; i < kMeasures.size(); ++i) {
        const auto& measure = kMeasures[i];
        if (!counts(measure.signal, read)) continue;
        auto& counted = state.counted[i];
        for (std::size_t each = 0; each < read.customers.size(); ++each) {
            if (!verdict.is_work[each]) counted.add(read.customers[each], at);
        }
        const std::size_t handled = state.handled[measure.window].count(at);
        const std::uint32_t allowed = (limits.*measure.budget).allowed(handled);
        const std::uint32_t count = narrow(counted.count(at));
        if (count <= allowed) continue;
        const bool blocks = count > allowed * limits.block_percent / 100;
        const Duration window = kWindows[measure.window];
        if (!state.is_due(slot(i, blocks), std::max(window, detail::kDay), at)) continue;
        verdict.findings.push_back({.signal = measure.signal,
                                    .severity = blocks ? Severity::High : measure.severity,
                                    .blocks = blocks,
                                    .reader = read.reader,
                                    .other = std::nullopt,
                                    .at = at,
                                    .count = count,
                                    .allowed = allowed,
                                    .window = window,
                                    .handled = narrow(handled),
                                    .customers = counted.latest(kShownInFinding)});
    }
}

void Guard::judge_opened(const Read& read, WallTime at, Verdict& verdict) {
    const Limits& limits = limits_.at(read.profile);
    ReaderState& state = state_of(read.reader, at);
    const auto find = [&](Pattern pattern,
                          Signal signal,
                          std::uint32_t count,
                          std::uint32_t allowed,
                          Duration window,
                          std::vector<CustomerId> customers) -> Finding* {
        if (count < allowed) return nullptr;
        // One customer again and again is for a person to judge; it takes nothing away in bulk.
        const bool blocks =
            signal != Signal::Repeated && count >= allowed * limits.block_percent / 100;
        if (!state.is_due(slot(pattern, blocks), window, at)) return nullptr;
        verdict.findings.push_back({.signal = signal,
                                    .severity = blocks ? Severity::High : Severity::Medium,
                                    .blocks = blocks,
                                    .reader = read.reader,
                                    .other = std::nullopt,
                                    .at = at,
                                    .count = count,
                                    .allowed = allowed,
                                    .window = window,
                                    .handled = narrow(state.handled.back().count(at)),
                                    .customers = std::move(customers)});
        return &verdict.findings.back();
    };
    for (std::size_t i = 0; i < read.customers.size(); ++i) {
        const CustomerId customer = read.customers[i];
        if (verdict.is_work[i]) continue;
        judge_canary(read, customer, at, verdict);
        const std::uint32_t run = state.walk.step(customer);
        find(Pattern::Sequence,
             Signal::Sequence,
             run,
             limits.sequence,
             detail::kWeek,
             {state.walk.steps.begin(), state.walk.steps.end()});
        auto coverage = lists_->open(read.reader, customer, at);
        if (Finding* together = find(Pattern::Together,
                                     Signal::Together,
                                     coverage.together,
                                     limits.list_together,
                                     detail::kWeek,
                                     coverage.customers)) {
            together->other = coverage.other;
            together->severity = Severity::High;
        }
        find(Pattern::ListWalk,
             Signal::ListWalk,
             coverage.own,
             limits.list_walk,
             detail::kWeek,
             std::move(coverage.customers));
        const auto repeated = state.repeats.look_up(customer, at);
        if (!repeated.is_new) continue;
        find(Pattern::RepeatedDay,
             Signal::Repeated,
             repeated.day,
             limits.repeats_in_day,
             detail::kDay,
             {customer});
        find(Pattern::RepeatedWeek,
             Signal::Repeated,
             repeated.week,
             limits.repeats_in_week,
             detail::kWeek,
             {customer});
    }
}

void Guard::judge_canary(const Read& read, CustomerId customer, WallTime at, Verdict& verdict) {
    Recent<CustomerId>& met = state_of(read.reader, at).canaries;
    if (!canaries_.contains(customer) || met.has(customer, at)) return;
    met.add(customer, at);
    verdict.findings.push_back({.signal = Signal::CanaryOpened,
                                .severity = Severity::Low,
                                .reader = read.reader,
                                .at = at,
                                .count = 1,
                                .window = detail::kDay,
                                .customers = {customer}});
}

void Guard::lift(Reader reader) {
    blocked_.erase(reader);
    const auto known = readers_.find(reader);
    if (known == readers_.end()) return;
    // What was work stays work.
    auto fresh = std::make_unique<ReaderState>();
    fresh->last_read = known->second->last_read;
    fresh->handled = std::move(known->second->handled);
    fresh->work = std::move(known->second->work);
    fresh->cases = std::move(known->second->cases);
    fresh->customers_of = std::move(known->second->customers_of);
    known->second = std::move(fresh);
    lists_->forget(reader);
}

}  // namespace escucha::guard
