import { describe, expect, test } from 'vitest';
import { agent, contact, desk, floor, frame } from '@/live/frames';
import { deskStaleAfterMs, reduceAgent, reduceDesk, reduceFloor } from './reduce';

describe('the floor', () => {
  test('follows a caller from the first ring to the end', () => {
    let now = floor();
    now = reduceFloor(now, frame(11, 'contact_arrived', { contact_id: 'c' }));
    expect(now.contacts[0]).toMatchObject({ id: 'c', state: 'menu', position: null });

    now = reduceFloor(
      now,
      frame(12, 'contact_queued', {
        contact_id: 'c',
        queue_id: 'queue',
        data: { arrived: '2026-11-23T10:00:05Z' },
      }),
    );
    expect(now.contacts[0]).toMatchObject({ state: 'waiting', position: 1 });
    expect(now.queues[0]).toMatchObject({ waiting: 1, longest_since: '2026-11-23T10:00:05Z' });

    now = reduceFloor(
      now,
      frame(13, 'offer_made', { contact_id: 'c', agent_id: 'ana', queue_id: 'queue' }),
    );
    expect(now.contacts[0]).toMatchObject({ state: 'offered', agent_id: 'ana' });

    now = reduceFloor(now, frame(14, 'contact_connected', { contact_id: 'c', agent_id: 'ana' }));
    now = reduceFloor(
      now,
      frame(15, 'contact_left_queue', {
        contact_id: 'c',
        queue_id: 'queue',
        data: { reason: 'answered', wait_ms: 20_000 },
      }),
    );
    now = reduceFloor(
      now,
      frame(16, 'agent_state_changed', {
        agent_id: 'ana',
        contact_id: 'c',
        data: { state: 'talking' },
      }),
    );
    expect(now.queues[0]).toMatchObject({
      waiting: 0,
      longest_since: null,
      talking: 1,
      ready: 1,
      answered_today: 1,
      answered_within_20s_today: 1,
    });

    now = reduceFloor(now, frame(17, 'contact_ended', { contact_id: 'c' }));
    expect(now.contacts).toEqual([]);
  });

  test('gives a caller of a missed offer the old place back', () => {
    const first = contact('first', { arrived_at: '2026-11-23T09:58:00Z', state: 'offered' });
    const second = contact('second', { arrived_at: '2026-11-23T09:59:00Z', position: 2 });
    const after = reduceFloor(
      floor({ contacts: [second, first] }),
      frame(11, 'offer_returned', { contact_id: 'first', agent_id: 'ana', queue_id: 'queue' }),
    );
    const place = (id: string) => after.contacts.find((each) => each.id === id)?.position;
    expect([place('first'), place('second')]).toEqual([1, 2]);
    expect(after.queues[0]?.longest_since).toBe('2026-11-23T09:58:00Z');
  });

  test('counts an answer after 20 s, but not as a quick one; and abandoned ones apart', () => {
    const left = (seq: number, data: Record<string, unknown>) =>
      frame(seq, 'contact_left_queue', { contact_id: 'x', queue_id: 'queue', data });
    let now = reduceFloor(floor(), left(11, { reason: 'answered', wait_ms: 20_001 }));
    now = reduceFloor(now, left(12, { reason: 'abandoned', wait_ms: 3000 }));
    now = reduceFloor(now, left(13, { reason: 'voicemail', wait_ms: 3000 }));
    expect(now.queues[0]).toMatchObject({
      answered_today: 1,
      abandoned_today: 1,
      answered_within_20s_today: 0,
    });
  });

  test('ignores a type of event it does not know', () => {
    expect(reduceFloor(floor(), frame(11, 'brand_new_event'))).toMatchObject({ contacts: [] });
  });
});

describe('an agent', () => {
  test('keeps the chosen next status through the call and loses it afterwards', () => {
    let ana = reduceAgent(
      agent('ana', { state: 'talking', contact_id: 'c' }),
      frame(1, 'agent_next_status_chosen', {
        agent_id: 'ana',
        data: { state: 'not_ready', reason: 'lunch' },
      }),
    );
    ana = reduceAgent(
      ana,
      frame(2, 'agent_state_changed', {
        agent_id: 'ana',
        contact_id: 'c',
        data: { state: 'wrap_up', until: '2026-11-23T10:01:30Z' },
      }),
    );
    expect(ana).toMatchObject({
      state: 'wrap_up',
      until: '2026-11-23T10:01:30Z',
      contact_id: 'c',
      next_state: { state: 'not_ready', reason: 'lunch' },
    });
    ana = reduceAgent(
      ana,
      frame(3, 'agent_state_changed', {
        agent_id: 'ana',
        data: { state: 'not_ready', reason: 'lunch' },
      }),
    );
    expect(ana).toMatchObject({
      state: 'not_ready',
      reason: 'lunch',
      until: null,
      contact_id: null,
      next_state: null,
    });
  });

  test('is not touched by frames about others', () => {
    const ana = agent('ana');
    const other = frame(1, 'agent_state_changed', {
      agent_id: 'bruno',
      data: { state: 'talking' },
    });
    expect(reduceAgent(ana, other)).toBe(ana);
  });
});

describe('the desk', () => {
  const talking = desk({
    agent: agent('ana', { state: 'talking', contact_id: 'c' }),
    contact: contact('c', { state: 'talking', agent_id: 'ana' }),
  });

  test('shows hold and recording pause at once', () => {
    let now = reduceDesk(talking, frame(11, 'hold_started', { contact_id: 'c', agent_id: 'ana' }));
    expect(now.contact?.state).toBe('held');
    now = reduceDesk(now, frame(12, 'recording_paused', { contact_id: 'c' }));
    expect(now.contact?.is_recording_paused).toBe(true);
  });

  test('a colleague who is asked keeps the card, and the caller is theirs in the end', () => {
    const held = contact('c', { state: 'held', agent_id: 'ana' });
    const asked = frame(11, 'consultation_started', {
      contact_id: 'c',
      agent_id: 'ana',
      data: { with: 'luis', by: 'page' },
    });
    const luis = agent('luis', { state: 'not_ready', reason: 'consultation' });
    let now = reduceDesk(desk({ agent: luis, contact: held }), asked);
    expect(now.contact?.consultation).toEqual({
      by_agent_id: 'ana',
      with_agent_id: 'luis',
      is_answered: false,
      since: asked.at,
    });
    now = reduceDesk(now, frame(12, 'consultation_answered', { contact_id: 'c', agent_id: 'ana' }));
    expect(now.contact?.consultation?.is_answered).toBe(true);
    const over = frame(13, 'consultation_ended', { contact_id: 'c', agent_id: 'ana' });
    expect(reduceDesk(now, over).contact?.consultation).toBeNull();
    const free = frame(14, 'agent_state_changed', { agent_id: 'luis', data: { state: 'ready' } });
    expect(reduceDesk(now, free).contact).toBeNull();
  });

  test('a conference shows who rings, who is in it and who has left', () => {
    const step = (now: typeof talking, type: string, data: Record<string, unknown>) =>
      reduceDesk(now, frame(11, type, { contact_id: 'c', agent_id: 'ana', data }));
    let now = step(talking, 'conference_joined', { with: 'luis', ring_ms: 900 });
    now = step(now, 'conference_invited', { with: 'eva' });
    expect(now.contact?.conference.map((each) => [each.agent_id, each.is_joined])).toEqual([
      ['luis', true],
      ['eva', false],
    ]);
    now = step(now, 'conference_joined', { with: 'eva' });
    now = step(now, 'conference_left', { with: 'luis', result: 'removed' });
    expect(now.contact?.conference.map((each) => [each.agent_id, each.is_joined])).toEqual([
      ['eva', true],
    ]);
    now = step(now, 'conference_refused', { with: 'eva', result: 'busy' });
    expect(now.contact?.conference).toEqual([]);
  });

  test('a supervisor is shown with the mode, from the first ring to the end', () => {
    const step = (now: typeof talking, type: string, data: Record<string, unknown>) =>
      reduceDesk(
        now,
        frame(11, type, {
          contact_id: 'c',
          agent_id: 'ana',
          data: { supervisor: 'sara', ...data },
        }),
      );
    let now = step(talking, 'supervision_asked', { mode: 'listen' });
    expect(now.contact?.supervised_by[0]?.is_joined).toBe(false);
    now = step(now, 'supervision_started', { mode: 'listen' });
    now = step(now, 'supervision_changed', { mode: 'whisper' });
    expect(now.contact?.supervised_by).toEqual([
      { agent_id: 'sara', mode: 'whisper', is_joined: true, since: '2026-11-23T10:00:30Z' },
    ]);
    expect(step(now, 'supervision_ended', { result: 'left' }).contact?.supervised_by).toEqual([]);
  });

  test('a colleague in a conference keeps the card', () => {
    const luis = agent('luis', { state: 'not_ready', reason: 'consultation' });
    const start = desk({ agent: luis, contact: contact('c', { agent_id: 'ana' }) });
    const now = reduceDesk(
      start,
      frame(11, 'agent_state_changed', {
        agent_id: 'luis',
        data: { state: 'not_ready', reason: 'conference' },
      }),
    );
    expect(now.contact?.id).toBe('c');
  });

  test('a secret is counted while it is keyed and its end is told, without a digit of it', () => {
    const about = { contact_id: 'c', agent_id: 'ana' };
    let now = reduceDesk(
      talking,
      frame(11, 'secure_input_started', { ...about, data: { kind: 'card', label: '' } }),
    );
    expect(now.contact?.secure_input).toMatchObject({ kind: 'card', state: 'keying', digits: 0 });
    now = reduceDesk(now, frame(12, 'secure_input_keyed', { ...about, data: { digits: 3 } }));
    expect(now.contact?.secure_input?.digits).toBe(3);
    now = reduceDesk(now, frame(13, 'secure_input_retried', { ...about, data: { attempt: 2 } }));
    expect(now.contact?.secure_input).toMatchObject({ digits: 0, attempt: 2 });
    const ended = { result: 'complete', digits: 16, delivered: true };
    now = reduceDesk(now, frame(14, 'secure_input_ended', { ...about, data: ended }));
    expect(now.contact?.secure_input).toMatchObject({
      state: 'ended',
      result: 'complete',
      digits: 16,
      is_delivered: true,
      last_four: null,
    });
    const late = frame(15, 'secure_input_ended', about);
    expect(reduceDesk(talking, late).contact?.secure_input).toBeNull();
  });

  test('a number outside that is asked first talks with the agent, and then with the caller', () => {
    const held = contact('c', { state: 'held', agent_id: 'ana', outside: '+34600123456' });
    const by = { contact_id: 'c', agent_id: 'ana' };
    const asked = frame(11, 'outside_started', { ...by, data: { how: 'attended' } });
    let now = reduceFloor(floor({ contacts: [held] }), asked);
    expect(now.contacts[0]?.consultation?.with_agent_id).toBeNull();
    now = reduceFloor(now, frame(12, 'outside_answered', by));
    expect(now.contacts[0]?.consultation?.is_answered).toBe(true);
    expect(now.contacts[0]).toMatchObject({ state: 'held', agent_id: 'ana' });
    const leaves = frame(13, 'contact_disconnected', { ...by, data: { by: 'transfer' } });
    expect(reduceFloor(now, leaves).contacts[0]).toMatchObject({
      state: 'talking',
      agent_id: null,
      consultation: null,
    });
    const returns = frame(13, 'outside_ended', by);
    expect(reduceFloor(now, returns).contacts[0]).toMatchObject({
      state: 'held',
      agent_id: 'ana',
      outside: null,
      consultation: null,
    });
  });

  test('a caller who was passed on outside still talks when the agent is out of it', () => {
    const passedOn = contact('c', { state: 'held', agent_id: 'ana', outside: '+34600123456' });
    let now = reduceFloor(
      floor({ contacts: [passedOn] }),
      frame(11, 'outside_answered', { contact_id: 'c', agent_id: 'ana' }),
    );
    now = reduceFloor(
      now,
      frame(12, 'contact_disconnected', {
        contact_id: 'c',
        agent_id: 'ana',
        data: { by: 'transfer' },
      }),
    );
    expect(now.contacts[0]?.state).toBe('talking');
    expect(now.contacts[0]?.agent_id).toBeNull();
    now = reduceFloor(now, frame(13, 'outside_ended', { contact_id: 'c', agent_id: 'ana' }));
    expect(now.contacts[0]?.outside).toBeNull();
  });

  test('keeps the contact through wrap-up and clears it when the agent is free', () => {
    let now = reduceDesk(
      talking,
      frame(11, 'contact_disconnected', {
        contact_id: 'c',
        agent_id: 'ana',
        data: { by: 'caller' },
      }),
    );
    now = reduceDesk(
      now,
      frame(12, 'agent_state_changed', {
        agent_id: 'ana',
        contact_id: 'c',
        data: { state: 'wrap_up' },
      }),
    );
    expect(now.contact?.id).toBe('c');
    now = reduceDesk(
      now,
      frame(13, 'agent_state_changed', { agent_id: 'ana', data: { state: 'ready' } }),
    );
    expect(now).toMatchObject({ contact: null, customer: null, open_cases: [] });
  });

  test('is fetched at once for an offer of its own and not for strangers', () => {
    const offer = frame(11, 'offer_made', { agent_id: 'ana', contact_id: 'new' });
    expect(deskStaleAfterMs(desk(), offer)).toBe(0);
    const foreign = frame(12, 'note_saved', { agent_id: 'bruno', contact_id: 'other' });
    expect(deskStaleAfterMs(desk(), foreign)).toBeUndefined();
  });
});
