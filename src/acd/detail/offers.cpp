// Who rings whom, and the match of contacts that became available with agents who became free.

#include <algorithm>

#include "acd/detail/core.h"
#include "base/check.h"

namespace escucha::acd {

namespace {
constexpr std::size_t kExplainedCandidates = 5;
}  // namespace

Explanation Acd::Core::explain(const QueueRecord& queue, AgentId chosen, Turn turn) const {
    Explanation why{.eligible = queue.ready.size(), .waiting = queue.line.size()};
    const auto add = [&](AgentId agent, std::uint8_t level) {
        why.first.push_back(
            {.agent = agent, .level = level, .idle = turn.now.mono - agents.at(agent).since});
    };
    for (const Membership& m : agents.at(chosen).profile.memberships) {
        if (m.queue == queue.config.id) add(chosen, m.level);
    }
    for (const ReadyKey& key : queue.ready) {
        if (why.first.size() >= kExplainedCandidates) break;
        if (key.agent != chosen) add(key.agent, key.level);
    }
    return why;
}

void Acd::Core::begin_offer(ContactRecord& record, AgentRecord& agent, Explanation why, Turn turn) {
    const QueuedContact& contact = record.contact;
    const bool is_direct = !std::holds_alternative<InQueue>(record.place);
    QueueRecord& queue = queues.at(contact.queue);
    const std::chrono::seconds ring = queue.config.ring_time;
    const OfferId offer = OfferId::make(turn.now.wall, rng);
    const Deadline deadline{.at = turn.now.mono + ring, .wall = turn.now.wall + ring};
    const std::optional<QueueId> from = is_direct ? std::nullopt : std::optional{contact.queue};
    const OfferReason reason = is_direct ? OfferReason::Transfer : OfferReason::LongestIdle;

    if (!is_direct) queue.available.erase(record.key());
    record.place = Ringing{
        .offer = offer, .agent = agent.profile.id, .began = turn.now.wall, .is_direct = is_direct};
    record.placed = turn.now.mono;
    turn.out.changed_contacts.push_back(contact.id);

    Event& event = fact("offer_made", contact.company, turn);
    event.contact = contact.id;
    event.agent = agent.profile.id;
    event.queue = from;
    event.with("offer", offer.to_string())
        .with("ring_s", static_cast<std::int64_t>(ring.count()))
        .with("reason", word(reason));

    const std::uint64_t idle_rank = std::get<Ready>(agent.state).idle_rank;
    set_state(agent,
              Offered{.offer = offer,
                      .contact = contact.id,
                      .deadline = deadline,
                      .idle_rank = idle_rank,
                      .next = {}},
              "offer",
              turn);
    turn.out.actions.emplace_back(RingAgent{.offer = offer,
                                            .contact = contact.id,
                                            .agent = agent.profile.id,
                                            .queue = from,
                                            .deadline = deadline,
                                            .reason = reason,
                                            .explanation = std::move(why)});
}

// The fact and the end of the ringing; the caller of this decides what becomes of the two.
void Acd::Core::end_offer(AgentRecord& agent, ReturnReason reason, Turn turn) {
    const auto& offered = std::get<Offered>(agent.state);
    const ContactRecord& record = contact_of(offered.contact);
    const auto& ringing = std::get<Ringing>(record.place);
    Event& event = fact("offer_returned", record.contact.company, turn);
    event.contact = offered.contact;
    event.agent = agent.profile.id;
    if (!ringing.is_direct) event.queue = record.contact.queue;
    event.with("offer", offered.offer.to_string())
        .with("reason", word(reason))
        .with("ring_ms", to_ms(turn.now.mono - record.placed));
    turn.out.actions.emplace_back(StopRinging{.offer = offered.offer,
                                              .contact = offered.contact,
                                              .agent = agent.profile.id,
                                              .reason = reason});
}

// The agent leaves the pool before the contact is available again; the other way round the caller
// could be handed straight back to the same empty chair. The place is that of the first arrival,
// so a missed offer never costs the caller anything.
void Acd::Core::give_back(AgentRecord& agent, ReturnReason reason, Turn turn) {
    end_offer(agent, reason, turn);
    const Offered offered = std::get<Offered>(agent.state);
    if (reason == ReturnReason::Unreachable) set_reachable(agent, false, turn.out);
    if (offered.next.kind != NextStatus::Kind::Ready || reason == ReturnReason::Unreachable) {
        rest(agent, offered.next, word(reason), turn);
    } else {
        set_state(agent, NotReady{.reason = std::string{word(reason)}}, word(reason), turn);
    }

    return_contact(offered.contact, reason, turn);
}

// As give_back, for an offer that ended through no act of the agent's or their phone's.
void Acd::Core::cancel_offer(AgentRecord& agent, Turn turn) {
    const Offered offered = std::get<Offered>(agent.state);
    end_offer(agent, ReturnReason::Unreachable, turn);
    rest_as_before(agent, "repaired", turn);
    return_contact(offered.contact, ReturnReason::Unreachable, turn);
}

void Acd::Core::return_contact(ContactId id, ReturnReason reason, Turn turn) {
    ContactRecord& record = contact_of(id);
    const QueueId queue = record.contact.queue;
    if (std::get<Ringing>(record.place).is_direct) {
        QueuedContact contact = record.contact;
        forget(id);
        place_in_queue(std::move(contact), QueuedBecause::OfferReturned, turn);
    } else {
        record.place = InQueue{};
        record.placed = turn.now.mono;
        make_available(record);
        turn.out.changed_contacts.push_back(id);
    }
    turn.out.actions.emplace_back(ReturnedToQueue{.contact = id, .queue = queue, .reason = reason});
}

Result<AgentRecord*> Acd::Core::open_offer(OfferId offer, std::string_view what, Turn turn) {
    const auto it = offers.find(offer);
    if (it == offers.end()) return fail(Errc::OfferClosed, std::string{what});
    AgentRecord& agent = agent_of(it->second);
    if (turn.now.mono >= std::get<Offered>(agent.state).deadline.at) {
        give_back(agent, ReturnReason::NoAnswer, turn);
        settle(turn);
        return fail(Errc::OfferClosed, std::string{what} + " came too late");
    }
    return &agent;
}

void Acd::Core::connect(AgentRecord& agent, Turn turn) {
    const Offered offered = std::get<Offered>(agent.state);
    ContactRecord& record = contact_of(offered.contact);
    const bool is_direct = std::get<Ringing>(record.place).is_direct;
    const Duration ring = turn.now.mono - record.placed;
    Connect connect{.offer = offered.offer,
                    .contact = offered.contact,
                    .agent = agent.profile.id,
                    .ring = ring};
    if (!is_direct) {
        connect.queue = record.contact.queue;
        connect.wait = turn.now.mono - record.queued;
        QueueRecord& queue = queues.at(record.contact.queue);
        queue.line.erase(record.key());
        ++queue.answered;
        note_left_queue(record, "answered", turn);
    }
    record.place = InTalk{.agent = agent.profile.id};
    record.placed = turn.now.mono;
    turn.out.changed_contacts.push_back(offered.contact);
    set_state(
        agent,
        Talking{.contact = offered.contact, .queue = record.contact.queue, .next = offered.next},
        "answered",
        turn);
    turn.out.actions.emplace_back(connect);
}

// A contact that became available takes the best Ready agent of its queue. Only when that agent
// became free in this very event may an earlier contact of another queue be waiting for them; then
// the agent chooses, and the contact asks again.
void Acd::Core::settle(Turn turn) {
    std::sort(loose.begin(), loose.end());
    for (const PlaceKey& key : loose) {
        while (true) {
            ContactRecord* record = find_contact(key.contact);
            if (record == nullptr || !std::holds_alternative<InQueue>(record->place)) break;
            QueueRecord& queue = queues.at(record->contact.queue);
            if (!offer_to_best(queue, *record, turn)) break;
        }
    }
    loose.clear();
    while (!freed.empty()) {
        const AgentId id = *freed.begin();
        freed.erase(freed.begin());
        serve(agent_of(id), turn);
    }
}

// False when nobody is Ready or the contact was offered; true to ask again.
bool Acd::Core::offer_to_best(QueueRecord& queue, ContactRecord& record, Turn turn) {
    if (queue.ready.empty()) return false;
    const AgentId best = queue.ready.begin()->agent;
    if (freed.erase(best) > 0) {
        serve(agent_of(best), turn);
        return true;
    }
    Explanation why = explain(queue, best, turn);
    why.queues_compared = 1;
    begin_offer(record, agent_of(best), std::move(why), turn);
    return false;
}

void Acd::Core::serve(AgentRecord& agent, Turn turn) {
    ESC_CHECK(std::holds_alternative<Ready>(agent.state));
    const PlaceKey* first = nullptr;
    AgentRecord* chosen = nullptr;
    std::size_t compared = 0;
    for (const AgentId id : chairs_of(agent)) {
        AgentRecord& chair = agent_of(id);
        if (!std::holds_alternative<Ready>(chair.state)) continue;
        compared += chair.profile.memberships.size();
        for (const Membership& m : chair.profile.memberships) {
            const QueueRecord* queue = find_queue(m.queue);
            if (queue == nullptr || queue->available.empty()) continue;
            const PlaceKey& head = *queue->available.begin();
            if (first != nullptr && !(head < *first)) continue;
            first = &head;
            chosen = &chair;
        }
    }
    if (chosen == nullptr) return;
    ContactRecord& record = contact_of(first->contact);
    Explanation why = explain(queues.at(record.contact.queue), chosen->profile.id, turn);
    why.queues_compared = compared;
    begin_offer(record, *chosen, std::move(why), turn);
}

}  // namespace escucha::acd
