import { describe, expect, test } from 'vitest';
import { agent, contact, desk } from '@/live/frames';
import { hasConference, partOf } from './part';

const since = '2026-11-23T10:00:10Z';
const luis = desk({ agent: agent('luis', { state: 'not_ready', reason: 'conference' }) });

describe('what an agent has to do with a contact', () => {
  test('nothing to do with it, or all: it is their own', () => {
    expect(partOf(luis, null)).toBeNull();
    expect(partOf(luis, contact('c', { agent_id: 'luis' }))).toBeNull();
    expect(hasConference(null)).toBe(false);
    expect(hasConference(contact('c'))).toBe(false);
  });

  test('who is asked answers to who asks', () => {
    const consultation = {
      by_agent_id: 'ana',
      with_agent_id: 'luis',
      is_answered: true,
      since,
    };
    expect(partOf(luis, contact('c', { consultation }))).toEqual({
      kind: 'consultation',
      by: 'ana',
      isThere: true,
      since,
    });
  });

  test('who is rung for a conference is not there yet', () => {
    const rung = contact('c', {
      agent_id: 'ana',
      conference: [{ agent_id: 'luis', is_joined: false, since }],
    });
    expect(partOf(luis, rung)).toEqual({ kind: 'conference', by: 'ana', isThere: false, since });
    expect(hasConference(rung)).toBe(true);
  });

  test('who supervises is no part of the conference', () => {
    const watched = contact('c', {
      agent_id: 'ana',
      supervised_by: [{ agent_id: 'luis', mode: 'listen', is_joined: true, since }],
    });
    expect(partOf(luis, watched)).toEqual({ kind: 'supervision', by: 'ana', isThere: true, since });
    expect(hasConference(watched)).toBe(false);
  });
});
