// Random histories against a ledger kept beside the core: what was put in, what came out.

#include <map>
#include <set>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "acd/acd.h"
#include "acd/detail/test_floor.h"
#include "base/overloaded.h"

namespace escucha::acd {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kAgents = 8;
constexpr std::uint64_t kQueues = 4;
// Another company has the last queue and the last two agents, who are the second and the third
// of the first company.
constexpr std::uint64_t kForeignQueue = kQueues - 1;
constexpr std::uint64_t kFirstForeignAgent = kAgents - 2;
bool is_foreign_agent(std::uint64_t n) { return n >= kFirstForeignAgent; }
bool is_foreign_contact(std::uint64_t n) { return n % 5 == 3; }
UserId person_of(std::uint64_t agent) {
    return numbered<UserId>(5, is_foreign_agent(agent) ? agent - kFirstForeignAgent + 1 : agent);
}

/// What the effects say happened, in their own words.
class Ledger {
public:
    void read(const Effects& out, const Now& now) {
        for (const Action& action : out.actions) std::visit([&](const auto& a) { on(a); }, action);
        for (const Event& event : out.facts) {
            RC_ASSERT(event.at == now.wall);
            if (event.type == "contact_queued") ++queued_;
            if (event.type == "contact_left_queue") ++left_;
        }
    }
    void on(const RingAgent& a) {
        RC_ASSERT(ringing_.emplace(a.agent, a.offer).second);  // One offer to an agent...
        RC_ASSERT(rung_.emplace(a.contact, a.agent).second);   // ...and one agent for a contact.
        RC_ASSERT(!talking_.contains(a.agent));
        RC_ASSERT(offers_.insert(a.offer).second);
    }
    void on(const StopRinging& a) { stop(a.agent, a.contact, a.offer); }
    void on(const Connect& a) {
        stop(a.agent, a.contact, a.offer);
        RC_ASSERT(talking_.emplace(a.agent, a.contact).second);
        for (const auto& [agent, contact] : talking_) {
            RC_ASSERT(agent == a.agent || contact != a.contact);
        }
    }
    void on(const ReturnedToQueue&) {}
    void on(const StrayLeg&) {}
    void on(const AgentStateChanged& a) {
        auto& known = states_[a.agent];
        RC_ASSERT(known == a.previous);
        known = a.state;
        if (a.previous == AgentStateKind::Talking) talking_.erase(a.agent);
    }

    [[nodiscard]] std::int64_t in_queue() const { return queued_ - left_; }
    [[nodiscard]] AgentStateKind state(AgentId agent) const {
        const auto it = states_.find(agent);
        return it == states_.end() ? AgentStateKind::SignedOut : it->second;
    }

private:
    void stop(AgentId agent, ContactId contact, OfferId offer) {
        const auto it = ringing_.find(agent);
        RC_ASSERT(it != ringing_.end() && it->second == offer);
        ringing_.erase(it);
        RC_ASSERT(rung_.erase(contact) == 1);
    }

    std::map<AgentId, OfferId> ringing_;
    std::map<ContactId, AgentId> rung_;
    std::map<AgentId, ContactId> talking_;
    std::map<AgentId, AgentStateKind> states_;
    std::set<OfferId> offers_;
    std::int64_t queued_ = 0, left_ = 0;
};

struct History {
    Floor f;
    Ledger ledger;
    std::uint64_t next_contact = 0;
    std::map<std::uint64_t, WallTime> arrivals;  ///< Contacts the core should know.

    std::uint64_t restarts = 100;

    History() { configure(); }
    void configure() {
        for (std::uint64_t n = 0; n < kForeignQueue; ++n) f.add_queue(n);
        f.add_queue(kForeignQueue, kOtherCompany);
        for (std::uint64_t n = 0; n < kAgents; ++n) {
            AgentProfile profile{.id = f.a(n),
                                 .company = is_foreign_agent(n) ? kOtherCompany : kCompany,
                                 .memberships = {},
                                 .person = person_of(n)};
            if (is_foreign_agent(n)) profile.memberships = {{f.q(kForeignQueue)}};
            for (std::uint64_t q = 0; q < kForeignQueue && !is_foreign_agent(n); ++q) {
                if ((n >> q) % 2 == 1 || n == 0) {
                    const auto level = static_cast<std::uint8_t>(1 + (n + q) % 2);
                    profile.memberships.push_back({f.q(q), level});
                }
            }
            REQUIRE(f.acd.put_agent(std::move(profile), f.now, f.out));
        }
    }

    QueuedContact contact(std::uint64_t n, std::uint64_t queue) {
        return {.id = f.c(n),
                .company = is_foreign_contact(n) ? kOtherCompany : kCompany,
                .queue = f.q(is_foreign_contact(n) ? kForeignQueue : queue % kForeignQueue),
                .arrived = arrivals.at(n),
                .priority = static_cast<Priority>(n % 4)};
    }
    std::optional<std::uint64_t> some_contact(std::uint64_t pick) const {
        if (arrivals.empty()) return std::nullopt;
        auto it = arrivals.begin();
        std::advance(it, static_cast<std::ptrdiff_t>(pick % arrivals.size()));
        return it->first;
    }

    void step(std::uint64_t what, std::uint64_t pick) {
        const std::uint64_t a = pick % kAgents;
        const std::uint64_t q = (pick / 7) % kQueues;
        switch (what) {
            case 0:
            case 1: {
                const std::uint64_t n = next_contact++;
                arrivals[n] = f.now.wall;
                RC_ASSERT(f.acd.enqueue(contact(n, q), f.now, f.out));
                break;
            }
            case 2:
                leave(pick);
                break;
            case 3:
                (void)f.acd.sign_in(f.a(a), f.now, f.out);
                break;
            case 4:
                (void)f.acd.choose_status(f.a(a), {}, f.now, f.out);
                break;
            case 5:
                (void)f.acd.choose_status(
                    f.a(a), {NextStatus::Kind::NotReady, "break"}, f.now, f.out);
                break;
            case 6:
                (void)f.acd.phone_reachable(f.a(a), Reachability::Reachable, f.now, f.out);
                break;
            case 7:
                (void)f.acd.phone_reachable(f.a(a), Reachability::Unreachable, f.now, f.out);
                break;
            case 8:
            case 9:
                offer_event(a, pick / 11);
                break;
            case 10:
                finish(a);
                break;
            case 11:
                (void)f.acd.finish_wrap_up(f.a(a), f.now, f.out);
                break;
            case 12:
                (void)f.acd.sign_out(f.a(a), f.now, f.out);
                break;
            case 13:
                transfer(a, pick / 13, q);
                break;
            case 14:
                (void)f.acd.extend_wrap_up(f.a(a), f.now, f.out);
                break;
            case 15:
                f.acd.reconcile(truth(), f.now, f.out);
                break;
            case 16:
                restart();
                break;
            default:
                f.pass(std::chrono::milliseconds{pick % 9000});
                break;
        }
    }
    void leave(std::uint64_t pick) {
        const auto n = some_contact(pick);
        if (!n) return;
        RC_ASSERT(f.acd.leave(f.c(*n), LeaveReason::Abandoned, f.now, f.out));
        arrivals.erase(*n);
    }
    void offer_event(std::uint64_t a, std::uint64_t pick) {
        const Offered* offered = f.offered(a);
        if (offered == nullptr) return;
        const OfferId offer = offered->offer;
        if (pick % 4 < 2) (void)f.acd.offer_answered(offer, f.now, f.out);
        if (pick % 4 == 2) (void)f.acd.offer_declined(offer, f.now, f.out);
        if (pick % 4 == 3) {
            (void)f.acd.offer_failed(offer, static_cast<OfferFailure>(pick / 4 % 2), f.now, f.out);
        }
    }
    std::optional<std::uint64_t> talks_with(std::uint64_t a) const {
        const auto view = f.acd.agent(f.a(a));
        const auto* talking = std::get_if<Talking>(&view->state);
        if (talking == nullptr) return std::nullopt;
        return talking->contact.value().low - 1;
    }
    void finish(std::uint64_t a) {
        const auto n = talks_with(a);
        if (!n) return;
        RC_ASSERT(f.acd.contact_finished(f.a(a), f.c(*n), f.now, f.out));
        arrivals.erase(*n);
    }
    void transfer(std::uint64_t a, std::uint64_t to, std::uint64_t q) {
        const auto n = talks_with(a);
        if (!n) return;
        if (to % 2 == 0) {
            RC_ASSERT(f.acd.enqueue(contact(*n, q), f.now, f.out));
            return;
        }
        const bool was_ready = f.kind(to % kAgents) == AgentStateKind::Ready &&
                               is_foreign_agent(to % kAgents) == is_foreign_contact(*n);
        const auto result = f.acd.offer_direct(contact(*n, q), f.a(to % kAgents), f.now, f.out);
        RC_ASSERT(static_cast<bool>(result) == was_ready);
    }
    Truth truth() const {
        Truth truth;
        for (std::uint64_t n = 0; n < kAgents; ++n) {
            const auto view = *f.acd.agent(f.a(n));
            const auto contact = view.contact();
            if (contact && kind_of(view.state) != AgentStateKind::WrapUp) {
                truth.legs.push_back({f.a(n), *contact});
            }
        }
        for (const auto& [n, arrived] : arrivals) truth.contacts.push_back(f.c(n));
        return truth;
    }
    // The process dies and another one goes on from the rows.
    void restart() {
        const std::string saved = encode(f.acd.rows());
        History fresh;
        fresh.f.acd = Acd{++restarts};  // Another process, another seed.
        fresh.configure();
        fresh.f.now = f.now;
        const auto rows = decode_rows(saved);
        RC_ASSERT(rows.has_value());
        RC_ASSERT(fresh.f.acd.restore(rows.value(), f.now, f.out).empty());
        RC_ASSERT(encode(fresh.f.acd.rows()) == saved);
        f.acd = std::move(fresh.f.acd);
    }

    void check() {
        ledger.read(f.out, f.now);
        const auto broken = f.acd.broken_invariant();
        if (broken) RC_FAIL(*broken);
        std::int64_t waiting = 0;
        for (std::uint64_t q = 0; q < kQueues; ++q) {
            const auto line = f.acd.waiting(f.q(q), 1000);
            waiting += static_cast<std::int64_t>(line.size());
            std::optional<std::pair<Priority, WallTime>> last;
            for (const WaitingView& one : line) {
                const std::uint64_t n = one.contact.value().low - 1;
                RC_ASSERT(one.arrived == arrivals.at(n));
                RC_ASSERT(f.acd.position(one.contact) == one.position);
                const std::pair place{static_cast<Priority>(n % 4), one.arrived};
                RC_ASSERT(!last || *last <= place);
                last = place;
            }
        }
        RC_ASSERT(waiting == ledger.in_queue());
        for (std::uint64_t n = 0; n < kAgents; ++n) {
            RC_ASSERT(f.kind(n) == ledger.state(f.a(n)));
        }
        for (const auto& [n, arrived] : arrivals) RC_ASSERT(f.acd.contact_row(f.c(n)).has_value());
        f.out = {};
    }
};

}  // namespace

TEST_CASE("no history loses a contact, serves it twice or breaks the order") {
    const bool held = rc::check("random histories", [] {
        const auto steps =
            *rc::gen::container<std::vector<std::pair<std::uint64_t, std::uint64_t>>>(
                rc::gen::pair(rc::gen::inRange<std::uint64_t>(0, 21),
                              rc::gen::inRange<std::uint64_t>(0, 1'000'000)));
        History history;
        for (const auto& [what, pick] : steps) {
            history.step(what, pick);
            history.check();
            history.f.acd.wake(history.f.now, history.f.out);
            history.check();
        }
    });
    CHECK(held);
}

TEST_CASE("a long history ends with everybody served") {
    const bool held = rc::check("long histories", [] {
        Rng rng{*rc::gen::arbitrary<std::uint64_t>()};
        History history;
        for (int i = 0; i < 1000; ++i) {
            history.step(rng.below(21), rng.below(1'000'000));
            history.check();
            history.f.acd.wake(history.f.now, history.f.out);
            history.check();
        }
        // Everybody at work now: no contact may be left behind.
        for (int round = 0; round < 5000 && !history.arrivals.empty(); ++round) {
            for (std::uint64_t a = 0; a < kAgents; ++a) {
                history.step(3, a);
                history.step(6, a);
                history.step(4, a);
                history.offer_event(a, 0);
                history.finish(a);
                history.step(11, a);
            }
            history.check();
        }
        RC_ASSERT(history.arrivals.empty());
    });
    CHECK(held);
}

}  // namespace escucha::acd
