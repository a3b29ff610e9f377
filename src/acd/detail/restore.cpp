// After a restart, and while running: what the states say against what signalling knows.

#include <algorithm>
#include <unordered_set>

#include "acd/detail/core.h"
#include "base/check.h"
#include "base/overloaded.h"

namespace escucha::acd {

namespace {

using LegKey = std::pair<AgentId, ContactId>;

Instant rebase(WallTime then, Now now) { return now.mono + (then - now.wall); }

// A wall clock that was set meanwhile must not turn a ring of seconds into one of years.
Deadline rebase(Deadline deadline, std::chrono::seconds longest, Now now) {
    const WallTime wall = std::clamp(deadline.wall, now.wall, now.wall + longest);
    return {.at = rebase(wall, now), .wall = wall};
}

}  // namespace

void Acd::Core::note_repair(const Repair& repair, CompanyId company, Turn turn) {
    Event& event = fact("state_repaired", company, turn);
    event.agent = repair.agent;
    event.contact = repair.contact;
    event.with("what", repair.what).with("found", repair.found).with("expected", repair.expected);
}

void Acd::Core::reconcile_agent(AgentRecord& agent, bool has_leg, Turn turn) {
    if (turn.now.mono - agent.since < kLeaseGrace) return;
    const Repair repair{.agent = agent.profile.id,
                        .contact = acd::contact_of(agent.state),
                        .what = word(kind_of(agent.state)),
                        .found = "no_leg",
                        .expected = "leg"};
    if (has_leg) return;
    if (std::holds_alternative<Offered>(agent.state)) {
        note_repair(repair, agent.profile.company, turn);
        cancel_offer(agent, turn);
    } else if (const auto* talking = std::get_if<Talking>(&agent.state)) {
        note_repair(repair, agent.profile.company, turn);
        detach(talking->contact, LeaveReason::Closed, turn);
    }
}

void Acd::reconcile(const Truth& truth, Now now, Effects& out) {
    const Turn turn{now, out};
    std::set<LegKey> legs;
    for (const LiveLeg& leg : truth.legs) legs.insert({leg.agent, leg.contact});
    const std::unordered_set<ContactId> alive{truth.contacts.begin(), truth.contacts.end()};

    std::vector<AgentId> ids;
    for (const auto& [id, agent] : core_->agents) ids.push_back(id);
    std::ranges::sort(ids);
    for (const AgentId id : ids) {
        AgentRecord& agent = core_->agent_of(id);
        const auto contact = acd::contact_of(agent.state);
        if (!contact) continue;
        core_->reconcile_agent(agent, legs.contains({id, *contact}), turn);
    }
    for (const LegKey& leg : legs) {
        const AgentRecord* agent = core_->find_agent(leg.first);
        const auto holds = [&](const auto& state) { return state.contact == leg.second; };
        const auto* offered = agent == nullptr ? nullptr : std::get_if<Offered>(&agent->state);
        const auto* talking = agent == nullptr ? nullptr : std::get_if<Talking>(&agent->state);
        if ((offered != nullptr && holds(*offered)) || (talking != nullptr && holds(*talking))) {
            continue;
        }
        if (agent != nullptr && now.mono - agent->since < kLeaseGrace) continue;
        out.actions.emplace_back(StrayLeg{.agent = leg.first, .contact = leg.second});
    }
    std::vector<PlaceKey> gone;
    for (const auto& [id, record] : core_->contacts) {
        if (!std::holds_alternative<InQueue>(record.place) || alive.contains(id)) continue;
        if (now.mono - record.placed >= kLeaseGrace) gone.push_back(record.key());
    }
    std::ranges::sort(gone);
    for (const PlaceKey& key : gone) {
        const CompanyId company = core_->contact_of(key.contact).contact.company;
        core_->note_repair({.agent = std::nullopt,
                            .contact = key.contact,
                            .what = "waiting",
                            .found = "no_caller",
                            .expected = "caller"},
                           company,
                           turn);
        core_->detach(key.contact, LeaveReason::Abandoned, turn);
    }
    core_->settle(turn);
}

std::optional<AgentRow> Acd::agent_row(AgentId id) const {
    const auto it = core_->agents.find(id);
    if (it == core_->agents.end()) return std::nullopt;
    return AgentRow{.agent = id,
                    .state = it->second.state,
                    .since = it->second.since_wall,
                    .is_phone_reachable = it->second.is_phone_reachable};
}

std::optional<ContactRow> Acd::contact_row(ContactId id) const {
    const auto it = core_->contacts.find(id);
    if (it == core_->contacts.end()) return std::nullopt;
    return ContactRow{.contact = it->second.contact,
                      .queued_at = it->second.queued_at,
                      .place = it->second.place};
}

Rows Acd::rows() const {
    Rows rows;
    for (const auto& [id, agent] : core_->agents) rows.agents.push_back(*agent_row(id));
    for (const auto& [id, contact] : core_->contacts) rows.contacts.push_back(*contact_row(id));
    std::ranges::sort(rows.agents, {}, &AgentRow::agent);
    std::ranges::sort(rows.contacts, {}, [](const ContactRow& row) { return row.contact.id; });
    return rows;
}

AgentState Acd::Core::revived(const AgentRow& row, Now now) {
    AgentState state = row.state;
    const auto keep_rank = [&](std::uint64_t rank) {
        next_idle_rank = std::max(next_idle_rank, rank + 1);
    };
    std::visit(overloaded{
                   [](SignedOut&) {},
                   [](NotReady&) {},
                   [&](Ready& ready) { keep_rank(ready.idle_rank); },
                   [&](Offered& offered) {
                       keep_rank(offered.idle_rank);
                       offered.deadline = rebase(offered.deadline, kMaxRingTime, now);
                   },
                   [](Talking&) {},
                   [&](WrapUp& wrap_up) {
                       wrap_up.deadline =
                           rebase(wrap_up.deadline,
                                  kMaxWrapUpTime + kWrapUpExtension * kMaxWrapUpExtensions,
                                  now);
                   },
               },
               state);
    return state;
}

// False when the contact's queue is gone and nobody talks with it.
bool Acd::Core::restore_contact(const ContactRow& row, Turn turn) {
    const ContactId id = row.contact.id;
    if (contacts.contains(id)) return true;
    Place place = row.place;
    const auto agrees = [&](AgentId agent_id, const auto* state) {
        return state != nullptr && state->contact == id && find_agent(agent_id) != nullptr;
    };
    if (const auto* ringing = std::get_if<Ringing>(&place)) {
        const AgentRecord* agent = find_agent(ringing->agent);
        const auto* offered = agent == nullptr ? nullptr : std::get_if<Offered>(&agent->state);
        if (!agrees(ringing->agent, offered) || offered->offer != ringing->offer) place = InQueue{};
    } else if (const auto* talk = std::get_if<InTalk>(&place)) {
        const AgentRecord* agent = find_agent(talk->agent);
        const auto* talking = agent == nullptr ? nullptr : std::get_if<Talking>(&agent->state);
        if (!agrees(talk->agent, talking)) place = InQueue{};
    }
    QueueRecord* queue = find_queue(row.contact.queue, row.contact.company);
    if (queue == nullptr && !std::holds_alternative<InTalk>(place)) return false;

    ContactRecord& record = contacts[id];
    const auto* ringing = std::get_if<Ringing>(&place);
    record = ContactRecord{
        .contact = row.contact,
        .queued_at = row.queued_at,
        .queued = std::min(rebase(row.queued_at, turn.now), turn.now.mono),
        .place = place,
        .placed = ringing == nullptr ? turn.now.mono
                                     : std::min(rebase(ringing->began, turn.now), turn.now.mono)};
    hold_queue(record.contact);
    if (record.is_in_line()) {
        queue->line.insert(record.key());
        ++queue->entered;
    }
    if (std::holds_alternative<InQueue>(place)) make_available(record);
    if (place.index() != row.place.index()) {
        note_repair({.agent = std::nullopt,
                     .contact = id,
                     .what = "restored_contact",
                     .found = "no_agent",
                     .expected = "agent"},
                    record.contact.company,
                    turn);
        turn.out.changed_contacts.push_back(id);
    }
    return true;
}

// An agent whose state names a contact that does not name the agent.
void Acd::Core::mend_restored_agent(AgentRecord& agent, Turn turn) {
    const AgentId id = agent.profile.id;
    std::optional<NextStatus> next;
    if (const auto* offered = std::get_if<Offered>(&agent.state)) {
        const ContactRecord* record = find_contact(offered->contact);
        const auto* ringing = record == nullptr ? nullptr : std::get_if<Ringing>(&record->place);
        if (ringing == nullptr || ringing->offer != offered->offer) next = offered->next;
    } else if (const auto* talking = std::get_if<Talking>(&agent.state)) {
        const ContactRecord* record = find_contact(talking->contact);
        const auto* talk = record == nullptr ? nullptr : std::get_if<InTalk>(&record->place);
        if (talk == nullptr || talk->agent != id) next = talking->next;
    }
    if (!next) return;
    note_repair({.agent = id,
                 .contact = acd::contact_of(agent.state),
                 .what = "restored_agent",
                 .found = "no_contact",
                 .expected = "contact"},
                agent.profile.company,
                turn);
    rest(agent, *next, "repaired", turn);
}

std::vector<ContactId> Acd::restore(const Rows& rows, Now now, Effects& out) {
    const Turn turn{now, out};
    for (const AgentRow& row : rows.agents) {
        AgentRecord* agent = core_->find_agent(row.agent);
        if (agent == nullptr) continue;
        core_->unindex_state(*agent);
        agent->state = core_->revived(row, now);
        agent->since_wall = row.since;
        agent->since = std::min(rebase(row.since, now), now.mono);
        agent->is_phone_reachable = row.is_phone_reachable;
        core_->index_state(*agent);
    }
    std::vector<ContactId> without_queue;
    for (const ContactRow& row : rows.contacts) {
        if (!core_->restore_contact(row, turn)) without_queue.push_back(row.contact.id);
    }
    std::vector<AgentId> ids;
    for (const auto& [id, agent] : core_->agents) ids.push_back(id);
    std::ranges::sort(ids);
    for (const AgentId id : ids) core_->mend_restored_agent(core_->agent_of(id), turn);
    // An agent added while nobody ran has no row yet; the person has one status all the same.
    for (const AgentRow& row : rows.agents) {
        AgentRecord* agent = core_->find_agent(row.agent);
        if (agent != nullptr) core_->align_chairs(*agent, "repaired", turn);
    }
    core_->settle(turn);
    return without_queue;
}

}  // namespace escucha::acd
