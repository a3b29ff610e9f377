import type {
  Agent,
  AgentState,
  ContactLive,
  Desk,
  EventFrame,
  Floor,
  QueueLive,
  SecureInput,
  SecureInputKind,
  SupervisionMode,
} from '@/api/client';

// What each journal event (docs/journal.md) changes in the live picture. Pure. Frames leave personal
// fields out, so a picture is taken anew soon after events that bring some (see staleAfterMs).

/** Why one is not ready who takes part in another agent's conversation. */
const kTakesPart = new Set<string | null>(['consultation', 'conference', 'supervision']);

/** Are they in the conversation of a contact that is not theirs, or rung for it? */
export const takesPart = (agent: Agent): boolean =>
  agent.state === 'not_ready' && kTakesPart.has(agent.reason);

const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

export function reduceAgent(agent: Agent, frame: EventFrame): Agent {
  if (frame.agent_id !== agent.id) return agent;
  switch (frame.type) {
    case 'agent_state_changed': {
      const state = frame.data.state as AgentState;
      const isOnContact = state === 'offered' || state === 'talking' || state === 'wrap_up';
      return {
        ...agent,
        state,
        reason: state === 'not_ready' ? text(frame.data.reason) : null,
        since: frame.at,
        until: text(frame.data.until),
        contact_id:
          isOnContact || (state === 'not_ready' && kTakesPart.has(text(frame.data.reason)))
            ? (frame.contact_id ?? agent.contact_id)
            : null,
        next_state: isOnContact ? agent.next_state : null,
      };
    }
    case 'agent_next_status_chosen':
      return {
        ...agent,
        next_state: {
          state: frame.data.state as 'ready' | 'not_ready',
          reason: text(frame.data.reason),
        },
      };
    case 'phone_registered':
      return { ...agent, is_phone_registered: true };
    case 'phone_unregistered':
      return { ...agent, is_phone_registered: false };
    default:
      return agent;
  }
}

export function reduceContact(contact: ContactLive, frame: EventFrame): ContactLive {
  if (frame.contact_id !== contact.id) return contact;
  switch (frame.type) {
    case 'flow_node_entered':
      return { ...contact, menu_node: text(frame.data.node) };
    case 'language_chosen':
      return { ...contact, language: text(frame.data.language) ?? contact.language };
    case 'reask_counted':
      return { ...contact, reasks: contact.reasks + 1 };
    case 'contact_queued':
      return {
        ...contact,
        state: 'waiting',
        queue_id: frame.queue_id,
        agent_id: null,
        arrived_at: text(frame.data.arrived) ?? contact.arrived_at,
        since: frame.at,
        menu_node: null,
      };
    case 'offer_made':
      return { ...contact, state: 'offered', agent_id: frame.agent_id, since: frame.at };
    case 'offer_returned':
      return { ...contact, state: 'waiting', agent_id: null, since: frame.at };
    case 'contact_connected':
      return {
        ...contact,
        state: 'talking',
        agent_id: frame.agent_id,
        position: null,
        since: frame.at,
      };
    case 'hold_started':
      return { ...contact, state: 'held', since: frame.at };
    case 'hold_ended':
      return { ...contact, state: 'talking', since: frame.at };
    case 'outside_started':
      return frame.data.how === 'attended'
        ? { ...contact, consultation: asking(frame, null) }
        : contact;
    case 'outside_answered':
      return contact.consultation === null
        ? { ...contact, state: 'talking', agent_id: null, since: frame.at }
        : answered(contact, frame);
    case 'outside_ended':
      return { ...contact, outside: null, consultation: null };
    case 'consultation_started':
      return { ...contact, consultation: asking(frame, text(frame.data.with)) };
    case 'consultation_answered':
      return answered(contact, frame);
    case 'consultation_ended':
      return { ...contact, consultation: null };
    case 'conference_invited':
    case 'conference_joined':
    case 'conference_left':
    case 'conference_refused':
      return { ...contact, conference: members(contact, frame) };
    case 'supervision_asked':
    case 'supervision_started':
    case 'supervision_changed':
    case 'supervision_ended':
      return { ...contact, supervised_by: supervisors(contact, frame) };
    case 'secure_input_started':
      return {
        ...contact,
        secure_input: {
          kind: frame.data.kind as SecureInputKind,
          label: text(frame.data.label),
          state: 'keying',
          digits: 0,
          attempt: 1,
          since: frame.at,
          result: null,
          last_four: null,
          is_delivered: false,
        },
      };
    case 'secure_input_keyed':
      return withSecureInput(contact, { digits: count(frame.data.digits) });
    case 'secure_input_retried':
      return withSecureInput(contact, { digits: 0, attempt: count(frame.data.attempt) });
    case 'secure_input_ended':
      return withSecureInput(contact, {
        state: 'ended',
        digits: count(frame.data.digits),
        since: frame.at,
        result: text(frame.data.result) as SecureInput['result'],
        is_delivered: frame.data.delivered === true,
      });
    case 'recording_started':
      return {
        ...contact,
        recording_id: text(frame.data.recording),
        is_recording_paused: false,
        state: frame.data.kind === 'voicemail' ? 'voicemail' : contact.state,
      };
    case 'recording_paused':
      return { ...contact, is_recording_paused: true };
    case 'recording_resumed':
      return { ...contact, is_recording_paused: false };
    case 'contact_disconnected':
      // The agent is out of it, and the caller talks with a number outside or waits for it.
      if (contact.outside !== null && frame.data.by === 'transfer') {
        const state = contact.consultation?.is_answered ? 'talking' : contact.state;
        return { ...contact, agent_id: null, consultation: null, state };
      }
      return { ...contact, state: 'ended', since: frame.at };
    case 'contact_ended':
      return { ...contact, state: 'ended', since: frame.at };
    default:
      return contact;
  }
}

/** Of a consultation that begins; `with_` is the colleague, or null for a number outside. */
function asking(frame: EventFrame, with_: string | null): ContactLive['consultation'] {
  return {
    by_agent_id: frame.agent_id ?? '',
    with_agent_id: with_,
    is_answered: false,
    since: frame.at,
  };
}

function answered(contact: ContactLive, frame: EventFrame): ContactLive {
  const { consultation } = contact;
  if (consultation === null) return contact;
  return { ...contact, consultation: { ...consultation, is_answered: true, since: frame.at } };
}

function members(contact: ContactLive, frame: EventFrame): ContactLive['conference'] {
  const with_ = text(frame.data.with) ?? '';
  const others = contact.conference.filter((each) => each.agent_id !== with_);
  if (frame.type === 'conference_left' || frame.type === 'conference_refused') return others;
  const now = {
    agent_id: with_,
    is_joined: frame.type === 'conference_joined',
    since: frame.at,
  };
  const isKnown = others.length < contact.conference.length;
  return isKnown
    ? contact.conference.map((each) => (each.agent_id === with_ ? now : each))
    : [...others, now];
}

function supervisors(contact: ContactLive, frame: EventFrame): ContactLive['supervised_by'] {
  const id = text(frame.data.supervisor) ?? '';
  const known = contact.supervised_by.find((each) => each.agent_id === id);
  const others = contact.supervised_by.filter((each) => each.agent_id !== id);
  if (frame.type === 'supervision_ended') return others;
  const mode = (text(frame.data.mode) ?? 'listen') as SupervisionMode;
  const isChange = frame.type === 'supervision_changed' && known !== undefined;
  const now = isChange
    ? { ...known, mode }
    : { agent_id: id, mode, is_joined: frame.type === 'supervision_started', since: frame.at };
  return [...others, now];
}

function withSecureInput(contact: ContactLive, part: Partial<SecureInput>): ContactLive {
  const { secure_input: input } = contact;
  return input === null ? contact : { ...contact, secure_input: { ...input, ...part } };
}

function reduceQueue(queue: QueueLive, frame: EventFrame): QueueLive {
  if (frame.queue_id !== queue.id) return queue;
  if (frame.type === 'queue_stopped') return { ...queue, is_stopped: true };
  if (frame.type === 'queue_resumed') return { ...queue, is_stopped: false };
  if (frame.type !== 'contact_left_queue') return queue;
  const isAnswered = frame.data.reason === 'answered';
  const isQuick = isAnswered && count(frame.data.wait_ms) <= 20_000;
  return {
    ...queue,
    answered_today: queue.answered_today + (isAnswered ? 1 : 0),
    abandoned_today: queue.abandoned_today + (frame.data.reason === 'abandoned' ? 1 : 0),
    answered_within_20s_today: queue.answered_within_20s_today + (isQuick ? 1 : 0),
  };
}

const isWaiting = (contact: ContactLive) =>
  contact.state === 'waiting' || contact.state === 'offered';

/** Places in a queue by arrival; the server's own order replaces them with the next snapshot. */
function withPlaces(contacts: ContactLive[]): ContactLive[] {
  const order = [...contacts].sort((a, b) => a.arrived_at.localeCompare(b.arrived_at));
  const next = new Map<string, number>();
  const place = new Map<string, number>();
  for (const contact of order) {
    if (!isWaiting(contact) || contact.queue_id === null) continue;
    const position = (next.get(contact.queue_id) ?? 0) + 1;
    next.set(contact.queue_id, position);
    place.set(contact.id, position);
  }
  return contacts.map((contact) => {
    const position = place.get(contact.id) ?? null;
    return contact.position === position ? contact : { ...contact, position };
  });
}

function withCounts(queue: QueueLive, floor: Floor): QueueLive {
  const members = floor.agents.filter((agent) => agent.queue_ids.includes(queue.id));
  const inState = (state: AgentState) => members.filter((agent) => agent.state === state).length;
  const waiting = floor.contacts.filter((c) => isWaiting(c) && c.queue_id === queue.id);
  const arrivals = waiting.map((contact) => contact.arrived_at).sort();
  return {
    ...queue,
    waiting: waiting.length,
    longest_since: arrivals[0] ?? null,
    ready: inState('ready'),
    talking: inState('talking'),
    wrap_up: inState('wrap_up'),
    not_ready: inState('not_ready'),
  };
}

function arrived(frame: EventFrame): ContactLive {
  return {
    id: frame.contact_id ?? '',
    line_id: text(frame.data.line) ?? '',
    line_name: '',
    caller: null,
    diversion: null,
    language: text(frame.data.language) ?? 'es',
    state: 'menu',
    menu_node: null,
    arrived_at: frame.at,
    since: frame.at,
    customer: null,
    case: null,
    queue_id: null,
    position: null,
    agent_id: null,
    outside: null,
    consultation: null,
    conference: [],
    supervised_by: [],
    secure_input: null,
    recording_id: null,
    is_recording_paused: false,
    reasks: 0,
    context: [],
  };
}

export function reduceFloor(floor: Floor, frame: EventFrame): Floor {
  let contacts = floor.contacts;
  const isKnown = contacts.some((contact) => contact.id === frame.contact_id);
  if (frame.type === 'contact_arrived' && !isKnown) {
    contacts = [...contacts, arrived(frame)];
  } else if (frame.type === 'contact_ended') {
    contacts = contacts.filter((contact) => contact.id !== frame.contact_id);
  } else {
    contacts = contacts.map((contact) => reduceContact(contact, frame));
  }
  const next: Floor = {
    ...floor,
    agents: floor.agents.map((agent) => reduceAgent(agent, frame)),
    contacts: withPlaces(contacts),
    queues: floor.queues.map((queue) => reduceQueue(queue, frame)),
  };
  return { ...next, queues: next.queues.map((queue) => withCounts(queue, next)) };
}

/** How soon the floor must be taken anew: names and callers are not in the frames. */
export function floorStaleAfterMs(_floor: Floor | undefined, frame: EventFrame): number {
  return frame.type === 'contact_arrived' || frame.type === 'contact_queued' ? 300 : 2000;
}

export function reduceDesk(desk: Desk, frame: EventFrame): Desk {
  const agent = reduceAgent(desk.agent, frame);
  let contact = desk.contact;
  if (contact && contact.id === frame.contact_id) {
    const isTakenAway =
      frame.agent_id === desk.agent.id &&
      (frame.type === 'offer_returned' ||
        (frame.type === 'contact_disconnected' && frame.data.by === 'transfer'));
    contact = isTakenAway ? null : reduceContact(contact, frame);
  }
  const isIdle =
    agent.state === 'ready' || agent.state === 'not_ready' || agent.state === 'signed_out';
  if (isIdle && !takesPart(agent)) contact = null;
  const queues = desk.queues.map((queue) => reduceQueue(queue, frame));
  return contact === null
    ? { ...desk, agent, queues, contact, case: null, customer: null, open_cases: [] }
    : { ...desk, agent, queues, contact };
}

/** An offer brings a caller whose card must be fetched at once; other matters of this agent, contact
 * or case follow quickly; counts of the own queues may wait a little. */
export function deskStaleAfterMs(desk: Desk | undefined, frame: EventFrame): number | undefined {
  if (desk === undefined) return 0;
  if (frame.agent_id === desk.agent.id) return frame.type === 'note_saved' ? 1000 : 0;
  if (frame.contact_id !== null && frame.contact_id === desk.contact?.id) return 0;
  if (frame.case_id !== null && frame.case_id === desk.case?.case.id) return 100;
  if (frame.customer_id !== null && frame.customer_id === desk.customer?.id) return 100;
  if (frame.queue_id !== null && desk.queues.some((queue) => queue.id === frame.queue_id)) {
    return 1000;
  }
  return frame.type === 'agent_state_changed' ? 1500 : undefined;
}
