// The contacts' half of the core: where each is and how it leaves there.

#include "acd/detail/core.h"
#include "base/check.h"
#include "base/overloaded.h"

namespace escucha::acd {

void Acd::Core::hold_queue(const QueuedContact& contact) {
    if (QueueRecord* queue = find_queue(contact.queue)) ++queue->held;
}

void Acd::Core::forget(ContactId contact) {
    const auto it = contacts.find(contact);
    ESC_CHECK(it != contacts.end());
    if (QueueRecord* queue = find_queue(it->second.contact.queue)) --queue->held;
    contacts.erase(it);
}

void Acd::Core::make_available(ContactRecord& record) {
    QueueRecord& queue = queues.at(record.contact.queue);
    queue.available.insert(record.key());
    loose.push_back(record.key());
}

void Acd::Core::place_in_queue(QueuedContact contact, QueuedBecause because, Turn turn) {
    const ContactId id = contact.id;
    QueueRecord& queue = queues.at(contact.queue);
    Event& event = fact("contact_queued", contact.company, turn);
    event.contact = id;
    event.queue = contact.queue;
    event.with("arrived", to_rfc3339(contact.arrived))
        .with("priority", word(contact.priority))
        .with("reason", word(because));

    hold_queue(contact);
    ContactRecord& record = contacts[id];
    record = ContactRecord{.contact = std::move(contact),
                           .queued_at = turn.now.wall,
                           .queued = turn.now.mono,
                           .place = InQueue{},
                           .placed = turn.now.mono};
    queue.line.insert(record.key());
    ++queue.entered;
    make_available(record);
    turn.out.changed_contacts.push_back(id);
}

void Acd::Core::note_left_queue(const ContactRecord& record, std::string_view reason, Turn turn) {
    Event& event = fact("contact_left_queue", record.contact.company, turn);
    event.contact = record.contact.id;
    event.queue = record.contact.queue;
    event.with("reason", reason).with("wait_ms", to_ms(turn.now.mono - record.queued));
}

void Acd::Core::leave_line(ContactRecord& record, LeaveReason reason, Turn turn) {
    QueueRecord& queue = queues.at(record.contact.queue);
    queue.line.erase(record.key());
    queue.available.erase(record.key());
    ++(reason == LeaveReason::Abandoned ? queue.abandoned : queue.left_otherwise);
    note_left_queue(record, word(reason), turn);
}

void Acd::Core::detach(ContactId contact, LeaveReason reason, Turn turn) {
    ContactRecord& record = contact_of(contact);
    const Place place = record.place;
    std::visit(overloaded{
                   [&](const InQueue&) { leave_line(record, reason, turn); },
                   [&](const Ringing& ringing) {
                       AgentRecord& agent = agent_of(ringing.agent);
                       end_offer(agent, ReturnReason::CallerLeft, turn);
                       if (!ringing.is_direct) leave_line(record, reason, turn);
                       rest_as_before(agent, "caller_left", turn);
                   },
                   [&](const InTalk& talk) {
                       start_wrap_up(agent_of(talk.agent), "contact_finished", turn);
                   },
               },
               place);
    forget(contact);
    turn.out.changed_contacts.push_back(contact);
}

}  // namespace escucha::acd
