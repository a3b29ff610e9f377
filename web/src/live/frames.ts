import type { Agent, ContactLive, Desk, EventFrame, Floor, QueueLive } from '@/api/client';

// Builders for tests: one plain picture of a small centre, and frames about it.

export function frame(
  seq: number,
  type: string,
  part: Partial<EventFrame> & { data?: Record<string, unknown> } = {},
): EventFrame {
  return {
    seq,
    prev: seq - 1,
    type,
    at: '2026-11-23T10:00:30Z',
    contact_id: null,
    case_id: null,
    customer_id: null,
    agent_id: null,
    queue_id: null,
    data: {},
    ...part,
  };
}

export function agent(id: string, part: Partial<Agent> = {}): Agent {
  return {
    id,
    name: id,
    state: 'ready',
    reason: null,
    since: '2026-11-23T10:00:00Z',
    until: null,
    contact_id: null,
    next_state: null,
    is_phone_registered: true,
    queue_ids: ['queue'],
    ...part,
  };
}

export function contact(id: string, part: Partial<ContactLive> = {}): ContactLive {
  return {
    id,
    line_id: 'line',
    line_name: 'Servicio',
    caller: '+525512345678',
    diversion: null,
    language: 'es',
    state: 'waiting',
    menu_node: null,
    arrived_at: '2026-11-23T09:59:00Z',
    since: '2026-11-23T09:59:00Z',
    customer: null,
    case: null,
    queue_id: 'queue',
    position: 1,
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
    ...part,
  };
}

export function queue(part: Partial<QueueLive> = {}): QueueLive {
  return {
    id: 'queue',
    name: 'Servicio',
    waiting: 0,
    longest_since: null,
    ready: 0,
    talking: 0,
    wrap_up: 0,
    not_ready: 0,
    answered_today: 0,
    abandoned_today: 0,
    answered_within_20s_today: 0,
    is_stopped: false,
    ...part,
  };
}

export function floor(part: Partial<Floor> = {}): Floor {
  return {
    seq: 10,
    taken_at: '2026-11-23T10:00:00Z',
    queues: [queue()],
    agents: [agent('ana'), agent('bruno')],
    contacts: [],
    ...part,
  };
}

export function desk(part: Partial<Desk> = {}): Desk {
  return {
    seq: 10,
    taken_at: '2026-11-23T10:00:00Z',
    agent: agent('ana'),
    queues: [queue()],
    contact: null,
    case: null,
    customer: null,
    open_cases: [],
    ...part,
  };
}
